"""The one form of every rule: bounds for groups of outputs, then for single outputs of the groups that stay open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from rhoset_check.exact import EXP, exact_outputs
from rhoset_check.files import CALL, PASS
from rhoset_check.near import Array, Ints, up
from rhoset_check.network import Model


@dataclass(frozen=True)
class Bounds:
    """Of some pairs, (pairs,): lower bounds of the least margin, upper bounds of Σ exp(−margin). `by_group` (which):
    lower bounds of the margins of each group, (which, groups); `outputs` (g, which, z): of the margins against the
    outputs z, those of group g, (which, outputs)."""

    least: Array
    excess: Array
    by_group: Callable[[Ints], Array]
    outputs: Callable[[int, Ints, Ints], Array]


Outcome = tuple[Array, Array]
"""(pairs,) each: lower bounds of the least margin, upper bounds of Σ exp(−margin)."""


class Rule(Protocol):
    """`groups`: a partition of the w ≠ e; `price`: of one output's bound, in multiply-adds of a product."""

    @property
    def name(self) -> str: ...
    @property
    def groups(self) -> Sequence[Ints]: ...
    @property
    def price(self) -> int: ...

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds: ...


@dataclass
class Budget:
    """How many more pairs may be evaluated, up to how many outputs of a pair singly, and what may still be spent on
    single outputs. Decides no bound's truth."""

    work: float
    span: float = float("inf")
    exact: float = float("inf")
    singles: int = 0
    spent: Counter[str] = field(default_factory=Counter)
    """For readers: pairs that each stage evaluated, and outputs evaluated singly."""

    def take(self, what: str, wanted: int) -> int:
        """So many of the pairs wanted may be evaluated; they are now."""
        count = int(min(wanted, getattr(self, what)))
        setattr(self, what, getattr(self, what) - count)
        self.spent[what] += count
        return count

    def pay(self, price: int, wanted: Ints) -> int:
        """For how many pairs, the first of these, so many outputs each at this price can be paid; they are now."""
        total = price * np.cumsum(wanted)
        count = int(np.searchsorted(total, self.work, side="right"))
        self.work -= float(total[count - 1]) if count else 0.0
        return count


def by_outputs(model: Model, rule: Rule, found: Bounds, pairs: tuple[Ints, Ints, Ints], budget: Budget) -> Outcome:
    """What single outputs say of some pairs that groups leave open; `pairs` are their places in `found`, x and y.

    First the rule's bound of every output of an open group; then, of pairs with few outputs still open, these from all
    neurons.
    """
    which, x, y = pairs
    table = model.group.table
    budget.spent[f"{rule.name} open"] += len(which)
    least, listed, failing = found.by_group(which), list[tuple[int, Ints, Ints, Array]](), np.zeros(len(which), np.intp)
    excess = up(np.array([len(w) for w in rule.groups]) * np.exp(-least) * EXP)
    for g, w in enumerate(rule.groups):
        here = np.flatnonzero(~(least[:, g] > model.floor))
        here = here[: budget.pay(rule.price, np.full(len(here), len(w)))]
        if not len(here):
            continue
        budget.work -= 20 * CALL
        budget.spent[f"{rule.name} {g}"] += len(here)
        z = table[table[x[here, None], w], y[here, None]].astype(np.intp)
        lower = found.outputs(g, which[here], z)
        failing[here] += (~(lower > model.floor)).sum(axis=1)
        listed.append((g, here, z, lower))
    few = np.flatnonzero((failing > 0) & (failing <= budget.singles))
    few = few[: budget.pay(5 * PASS * model.width, failing[few])]
    single = np.zeros(len(which), bool)
    single[few[: budget.take("exact", len(few))]] = True
    for g, here, z, lower in listed:
        row, column = np.nonzero(~(lower > model.floor) & single[here, None])
        pair = here[row]
        budget.spent["singles"] += len(pair)
        lower[row, column] = exact_outputs(model, x[pair], y[pair], z[row, column])
        least[here, g] = np.fmax(least[here, g], lower.min(axis=1))
        excess[here, g] = np.fmin(excess[here, g], up(np.exp(-lower).sum(axis=1) * EXP))
    return least.min(axis=1, initial=np.inf), up(excess.sum(axis=1))
