"""Bound against cost over all methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rhoset.arguments import public
from rhoset.counting import Cost
from rhoset.networks import Network
from rhoset.prove.certificates import bounds_only
from rhoset.prove.choose import staged, without_singles
from rhoset.prove.methods import BASELINES, METHODS, candidates
from rhoset.prove.search import Candidate, Search
from rhoset.prove.subject import judged, subject
from rhoset.prove.wish import Wish
from rhoset_check.files import Certificate
from rhoset_check.verdict import Verdict

if TYPE_CHECKING:
    from rhoset.explaining import Explanation

SHARES = (0.1, 0.25, 0.5, 0.75)
"""Shares of a plan's single and exact work at which its curve is measured, beside none and all."""
LEAST_SPAN = 0.01
"""A plan whose single and exact work is less than this share of exhaustive is one point."""
FRONTIER_METHODS = tuple(method for method in METHODS if method not in BASELINES)


@dataclass(frozen=True, eq=False)
class Point:
    """A bound and what it costs: of the checker's verdict."""

    method: str
    plan: str
    cost: Cost
    verdict: Verdict
    best: bool = False
    """No other point has a higher bound for at most this cost."""

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "method": self.method,
            "plan": self.plan,
            "cost": self.cost.share,
            "accuracy_bound": self.verdict.accuracy_bound,
            "loss_bound": self.verdict.loss_bound,
            "operations": self.cost.operations,
            "seconds": self.verdict.seconds,
            "best": self.best,
        }


@public
def certify_frontier(
    network: Network,
    *,
    arithmetic: str = "real",
    explanation: Explanation | None = None,
    methods: Sequence[str] = FRONTIER_METHODS,
) -> list[Point]:
    """Points (cost, bound) of every method, by cost: its best plan without exact work, then with growing shares of it.

    Every point is a full check; cost about ten times exhaustive for S5.
    """
    search = Search(subject(network, arithmetic), explanation)
    wanted = Wish(objective="operations")
    points: list[Point] = []
    for method in methods:
        possible = [c for c in candidates(method, search, wanted) if c.estimate.cost < float("inf")]
        if possible:
            points += _curve(search, method, min(possible, key=wanted.rank))
    points.sort(key=lambda p: (p.cost.operations, -p.verdict.accuracy_bound))
    marked, top = [], -1.0
    for point in points:
        ahead = point.verdict.accuracy_bound > top
        top = max(top, point.verdict.accuracy_bound)
        marked.append(replace(point, best=ahead))
    return marked


def _curve(search: Search, method: str, made: Candidate) -> list[Point]:
    """The plan in full, its bounds alone, and with shares of the pairs that it evaluates, with single outputs and
    without."""
    plans: list[tuple[str, Certificate]] = [(made.name, made.certificate)]
    if made.certificate.rule != "exact" and made.estimate.single + made.estimate.exact > 0:
        plans.append((f"{made.name}, bounds only", bounds_only(made.certificate)))
    for one in without_singles(search, made):
        known = staged(search, one)
        if known.full[0] - known.base[0] > LEAST_SPAN:
            plans += [(f"{one.name}, {share:.0%} of the rest", known.limited(share)) for share in SHARES]
    points = []
    for name, certificate in plans:
        found = judged(search.subject, certificate)
        if found is not None:
            points.append(Point(method, name, found.cost, found.verdict))
    return points
