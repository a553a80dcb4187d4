"""Running a plan: a rule for all pairs, then single outputs of what stays open, then whole pairs (THEOREMS.md, §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rhoset_check import files
from rhoset_check.circles import CirclesRule
from rhoset_check.each import EachRule
from rhoset_check.even import EvenRule
from rhoset_check.exact import CHUNK, EXP, Bounds, exact_bounds, exact_outputs
from rhoset_check.limits import PASS, SECOND, Budget, exhaustive
from rhoset_check.lowrank import LowRankRule
from rhoset_check.near import Array, Ints, up
from rhoset_check.network import Model
from rhoset_check.points import PointsRule


class Rule(Protocol):
    """A rule with all that does not depend on pairs computed."""

    row: int
    """How many numbers it forms for each pair; 0 if it takes all pairs of some x at once."""

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of pairs in order; where `row` is 0, of all pairs with these x."""
        ...


RULES: dict[type, Callable[[Any, files.Certificate, Model], Rule]] = {
    files.GapTensors: EvenRule, files.EachTensors: EachRule, files.CircleTensors: CirclesRule,
    files.PointsTensors: PointsRule, files.LowRankTensors: LowRankRule,
}  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """What a certificate asks for, ready to be run on pairs; `settle` runs it."""

    model: Model
    rule: Rule | None
    singles: int
    budget: Budget


@np.errstate(all="ignore")
def prepare(certificate: files.Certificate, model: Model) -> Rules:
    """Prove what the certificate says of the group, and compute its rule's tables."""
    build = RULES.get(type(certificate.given))
    rule = build(certificate.given, certificate, model) if build else None
    budget = Budget(exhaustive(model.order, model.width - 1) + SECOND / 2, certificate.exact)
    return Rules(model, rule, certificate.singles, budget)


@np.errstate(all="ignore")
def settle(rules: Rules, xs: Ints) -> tuple[Array, Array]:
    """Of all pairs with some x, in order, what the plan gives: lower bounds of the least margin, less the floor, and
    upper bounds of the cross-entropy. No other code runs a plan: a search does on some x."""
    model, budget, floor, n = rules.model, rules.budget, rules.model.floor, rules.model.order
    x, y = np.repeat(xs, n), np.tile(np.arange(n), len(xs))
    margin, excess = np.full((2, len(x)), [[-np.inf], [np.inf]])

    def keep(which: slice | Ints, least: Array, total: Array) -> None:  # a NaN says nothing
        margin[which], excess[which] = np.fmax(margin[which], least), np.fmin(excess[which], total)

    if rules.rule:
        for here in blocks(len(x), rules.rule.row, n):
            found = rules.rule.bounds(x[here], y[here], budget)
            keep(here, found.least, found.excess)
            still = np.flatnonzero(~(found.least > floor))
            for which in (still[part] for part in blocks(len(still), n, 1)):
                if rules.singles and budget.work > 0:
                    pairs = here.start + which
                    keep(pairs, *singly(rules, found.outputs(which), x[pairs], y[pairs]))
    open_ = np.flatnonzero(~(margin > floor))[: budget.exact]
    budget.exact -= len(open_)
    for pairs in (open_[part] for part in blocks(len(open_), max(n, model.width), n)):
        keep(pairs, *exact_bounds(model, x[pairs], y[pairs], budget))
    loss = np.log1p(up(excess * np.exp(floor) * EXP)) * EXP
    if not (margin > 0).all() or not np.isfinite(loss).all():
        logits = model.logits(x[:1], y[:1], "float64")
        worst = float(up(2.0 * (logits.size + logits.error).max()))
        margin, loss = np.fmax(margin, -worst), np.fmin(loss, (worst + floor + np.log(n)) * EXP)
    if floor:  # rounded down; a NaN is ∞ − ∞
        margin = np.nextafter(np.fmax(margin - up(floor), -np.inf), -np.inf)
    return margin, up(loss)


def blocks(count: int, row: int, whole: int) -> Iterator[slice]:
    """So many pairs at a time that `row` numbers of each stay in cache, multiples of `whole` if possible; all for 0."""
    step = max(1, CHUNK // row) if row else 1 << 62
    step -= step % whole if step > whole else 0
    return (slice(start, start + step) for start in range(0, count, step))


def singly(rules: Rules, lower: Array, x: Ints, y: Ints) -> tuple[Array, Array]:
    """What lower bounds of every output of some pairs say, (pairs, n), once those that are open, if few, are evaluated
    from all neurons."""
    budget, model, price = rules.budget, rules.model, 5 * PASS * (rules.model.width + 8)
    budget.pay("open", len(lower), 10 * PASS * model.order)
    lower[np.arange(len(x)), model.products(x, y)] = np.inf  # the right answer is no rival
    open_ = ~(lower > model.floor)
    i, j = np.nonzero(open_ & (open_.sum(axis=1, keepdims=True) <= rules.singles))
    i, j = (part[: max(0, int(budget.work // price))] for part in (i, j))
    budget.pay("singles", len(i), price)
    lower[i, j] = exact_outputs(model, x[i], y[i], j)
    return lower.min(axis=1), up(up(np.exp(-lower) * EXP).sum(axis=1))
