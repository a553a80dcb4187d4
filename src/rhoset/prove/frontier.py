"""Bound against cost over all methods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rhoset_check.verdict import Verdict

from ..explaining import Explanation
from ..networks import Network
from .context import Context
from .measure import verdict_of
from .methods import plans_of
from .pairs import Plan, cheapest
from .select import limited, staged

SHARES = (0.1, 0.25, 0.5, 0.75)
"""Shares of a plan's in-span and exact work at which its curve is measured, beside none and all."""
LEAST_SPAN = 0.01
"""A plan whose in-span and exact work is less than this share of exhaustive is one point."""
FRONTIER_METHODS = ("paper", "coset", "orbit", "irrep", "equivariant", "mixture", "exhaustive")


@dataclass(frozen=True, eq=False)
class Point:
    """A bound and what it costs: both measured by the checker."""

    method: str
    plan: str
    cost: float
    verdict: Verdict
    best: bool
    """No other point has a higher bound for at most this cost."""

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "method": self.method,
            "plan": self.plan,
            "cost": self.cost,
            "accuracy_bound": self.verdict.accuracy_bound,
            "loss_bound": self.verdict.loss_bound,
            "operations": self.verdict.operations,
            "seconds": self.verdict.seconds,
            "best": self.best,
        }


def certify_frontier(
    network: Network,
    *,
    arithmetic: str = "real",
    explanation: Explanation | None = None,
    methods: tuple[str, ...] = FRONTIER_METHODS,
) -> list[Point]:
    """Points (cost, bound) of every method, by cost: its best plan without exact work, then with
    growing shares of it.

    Every point is a full check; cost about ten times exhaustive for S5.
    """
    context = Context(network, arithmetic, explanation)
    points: list[Point] = []
    for method in methods:
        for plan in _plans(context, method):
            points += _curve(context, method, plan)
    points.sort(key=lambda p: (p.cost, -p.verdict.accuracy_bound))
    marked, top = [], -1.0
    for point in points:
        ahead = point.verdict.accuracy_bound > top
        top = max(top, point.verdict.accuracy_bound)
        marked.append(replace(point, best=ahead))
    return marked


def _plans(context: Context, method: str) -> list[Plan]:
    """The method's cheapest plan, and for orbit the cheapest uniform one too."""
    plans = plans_of(method, context)
    chosen = cheapest(plans)
    if chosen is None or chosen.estimate.cost == float("inf"):
        return []
    cheap = min(plans, key=lambda p: p.estimate.cost)
    extra = [cheap] if cheap is not chosen and method == "orbit" else []
    return [*extra, chosen]


def _curve(context: Context, method: str, plan: Plan) -> list[Point]:
    points = [_point(method, plan.name, verdict_of(context.subject, plan.proof))]
    known = staged(context, plan)
    if known.full[0] - known.base[0] <= LEAST_SPAN:
        return points
    if known.base[0] > 0:
        bare = verdict_of(context.subject, limited(plan.proof, 0, 0))
        points.append(_point(method, f"{plan.name}, bounds only", bare))
    for share in SHARES:
        part = known.limited(share, context.subject.exhaustive)
        name = f"{plan.name}, {share:.0%} of the rest"
        points.append(_point(method, name, verdict_of(context.subject, part)))
    return points


def _point(method: str, plan: str, verdict: Verdict) -> Point:
    cost = verdict.operations / verdict.exhaustive_operations
    return Point(method, plan, cost, verdict, False)
