"""Running a plan: rules for groups of outputs, then single outputs of what stays open, then whole pairs (§5)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from rhoset_check.circles import CirclesRule
from rhoset_check.each import EachRule
from rhoset_check.even import EvenRule
from rhoset_check.exact import CHUNK, EXP, Bounds, exact_bounds, exact_outputs
from rhoset_check.files import Certificate
from rhoset_check.limits import CALL, PASS, SECOND, exhaustive
from rhoset_check.lowrank import LowRankRule
from rhoset_check.near import Array, Ints, up
from rhoset_check.network import Model
from rhoset_check.points import PointsRule

PairRule = CirclesRule | PointsRule | LowRankRule
Rule = EvenRule | EachRule | PairRule
"""`groups`: a partition of the w ≠ e. `price`: multiply-adds of a pair with outputs bounded singly, and of each. `row`:
how many numbers a rule of pairs forms for each."""


@dataclass
class Budget:
    """How many more pairs may be evaluated, up to how many outputs of a pair singly, and what may still be spent on
    single outputs. Decides no bound's truth."""

    work: float
    single: float = float("inf")
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


@dataclass(frozen=True)
class Rules:
    """The rules of a certificate with all that does not depend on pairs computed; `settle` runs them."""

    model: Model
    gaps: EvenRule | EachRule | None
    pairs: list[PairRule]
    """Those that bound single pairs, in turn."""
    budget: Budget


@np.errstate(all="ignore")
def prepare(certificate: Certificate, model: Model) -> Rules:
    """Prove what the certificate says of the group, and compute every rule's tables."""
    plan, pairs = certificate.plan, list[PairRule]()
    gaps: EvenRule | EachRule | None = None
    if certificate.gaps is not None:
        gaps = (EvenRule if certificate.gaps.joins is None else EachRule)(certificate, model)
    if certificate.circles is not None:
        pairs.append(CirclesRule(certificate.circles, certificate, model))
    if certificate.points is not None:
        pairs.append(PointsRule(certificate.points, certificate, model))
    if certificate.lowrank is not None:
        pairs.append(LowRankRule(certificate.lowrank, certificate, model))
    single, exact = (math.inf if limit is None else limit for limit in (plan.single_pairs, plan.exact_pairs))
    work = exhaustive(model.order, model.width - 1) + SECOND / 2
    return Rules(model, gaps, pairs, Budget(work, single, exact, plan.singles))


@dataclass(frozen=True)
class Settled:
    """Of some pairs: lower bounds of the least margin, less the floor, and upper bounds of the cross-entropy."""

    margin: Array
    loss: Array


@np.errstate(all="ignore")
def settle(rules: Rules, xs: Ints) -> Settled:
    """Run the rules on all pairs with some x, in order. No other code runs a plan: a search does on some x."""
    model, budget, floor, n = rules.model, rules.budget, rules.model.floor, rules.model.order
    margin, excess = np.full((2, len(xs) * n), [[-np.inf], [np.inf]])
    open_ = np.arange(len(margin))

    def at_once(row: int) -> int:
        step = max(1, CHUNK // row)
        return step - step % n if step > n else step  # whole rows of pairs are formed more quickly

    def pairs(which: Ints) -> tuple[Ints, Ints]:
        return xs[which // n], which % n

    def keep(which: Ints, least: Array, total: Array) -> None:
        margin[which], excess[which] = np.fmax(margin[which], least), np.fmin(excess[which], total)

    def singly(rule: Rule, found: Bounds, asked: Ints) -> None:
        still = np.flatnonzero(~(found.least > floor))
        paid = budget.pay(2 * PASS * n, np.ones(len(still), np.intp))
        for which in chunks(still[: budget.take("single", paid)], max(1, (1 << 20) // n)):
            keep(asked[which], *by_outputs(rules, rule, found, (which, *pairs(asked[which]))))

    if rules.gaps:
        found = rules.gaps.bounds(xs, budget.spent)
        margin, excess = np.fmax(found.least, -np.inf), np.fmin(found.excess, np.inf)  # a NaN says nothing
        singly(rules.gaps, found, open_)
        open_ = np.flatnonzero(~(margin > floor))
    for rule in rules.pairs:
        for asked in chunks(open_, at_once(rule.row)):
            found = rule.bounds(*pairs(asked), budget.spent)
            keep(asked, found.least, found.excess)
            singly(rule, found, asked)
        open_ = open_[~(margin[open_] > floor)]
    open_ = open_[: budget.take("exact", len(open_))]
    for asked in chunks(open_, at_once(max(n, model.width))):
        keep(asked, *exact_bounds(model, *pairs(asked), budget.spent))
    loss = np.log1p(up(excess * np.exp(floor) * EXP)) * EXP
    if not (margin > 0).all() or not np.isfinite(loss).all():
        error, size = model.ends["float64"]
        worst = float(up(2.0 * (size + error).max()))
        margin, loss = np.fmax(margin, -worst), np.fmin(loss, (worst + floor + np.log(n)) * EXP)
    if floor:  # rounded down
        margin = np.nextafter(margin - up(floor), -np.inf)
    return Settled(margin, up(loss))


def chunks(which: Ints, size: int) -> list[Ints]:
    """So many at a time."""
    return np.split(which, range(size, len(which), size)) if len(which) else []


def by_outputs(rules: Rules, rule: Rule, found: Bounds, pairs: tuple[Ints, Ints, Ints]) -> tuple[Array, Array]:
    """What single outputs say of some pairs that groups leave open; `pairs` are their places in `found`, x and y.

    First the rule's bound of every output of an open group; then, of pairs with few outputs still open, these from all
    neurons.
    """
    (which, x, y), model, budget, table = pairs, rules.model, rules.budget, rules.model.group.table
    budget.spent[f"{rule.name} open"] += len(which)
    least, sizes = found.by_group(which), np.array([len(w) for w in rule.groups])
    total, looked = np.exp(-least) * sizes, list[tuple[int, Ints, Ints, Array]]()
    counts = np.where(least > model.floor, 0, model.order)  # of open outputs; n, which is too many, where none is known
    for g, w in enumerate(rule.groups):
        here = np.flatnonzero(counts[:, g])
        here = here[: budget.pay(rule.price[0] + rule.price[1] * len(w), np.ones(len(here), np.intp))]
        if len(here):
            budget.work -= 20 * CALL
            budget.spent[f"{rule.name} {g}"] += len(here)
            z = table[table[x[here, None], w], y[here, None]].astype(np.intp)
            if isinstance(rule, LowRankRule):
                z = np.broadcast_to(w, z.shape)
            lower = np.fmax(least[here, g, None], found.outputs(g, which[here], z))
            looked.append((g, here, z, lower))
            counts[here, g] = (~(lower > model.floor)).sum(axis=1)
    open_ = counts.sum(axis=1)
    few = np.flatnonzero((open_ > 0) & (open_ <= min(budget.singles, model.order - 1)))
    few = few[: budget.pay(5 * PASS * model.width, open_[few])]
    few = few[: budget.take("exact", len(few))]
    for g, here, z, lower in looked:
        i, j = np.nonzero(~(lower > model.floor) & np.isin(here, few)[:, None])
        budget.spent["singles"] += len(i)
        lower[i, j] = exact_outputs(model, x[here[i]], y[here[i]], z[i, j])
        least[here, g], total[here, g] = lower.min(axis=1), np.exp(-lower).sum(axis=1)
    return least.min(axis=1, initial=np.inf), up(up(total * EXP).sum(axis=1))
