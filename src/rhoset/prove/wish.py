"""What is wanted of a proof: the true accuracy, a target, or the best bound for a budget; by the count or the clock."""

from __future__ import annotations

from dataclasses import dataclass

from rhoset.errors import RhosetError
from rhoset.prove.search import Candidate, Estimate

OBJECTIVES = ("time", "operations")
CEILING = 1.1
"""No plan that costs more than this share of exhaustive is preferred to another."""

Target = float | str | None


@dataclass(frozen=True)
class Wish:
    """`accuracy` None: the true accuracy. `budget`: at most this share of exhaustive work."""

    accuracy: float | None = None
    budget: float | None = None
    objective: str = "time"

    @property
    def exact(self) -> bool:
        """The true accuracy is wanted, whatever it costs."""
        return self.accuracy is None and self.budget is None

    def price(self, estimate: Estimate) -> float:
        """What is to be small: seconds, or multiply-adds over exhaustive."""
        return estimate.seconds if self.objective == "time" else estimate.cost

    def rank(self, made: Candidate) -> tuple[float, float]:
        """Cheapest first among plans that prove as much; plans that prove less come later, and last those that cost
        more than the exhaustive check."""
        proved = -1.0 if made.estimate.cost > CEILING else round(made.estimate.accuracy, 3)
        return (-proved, self.price(made.estimate))


def wish(target: Target, budget: float | None, objective: str) -> Wish:
    """The wish of a call.

    Raises RhosetError (slugs ``bad-target``, ``bad-budget``, ``bad-objective``) where it is out of range.
    """
    if objective not in OBJECTIVES:
        raise RhosetError(f"objective {objective!r}: must be time or operations", slug="bad-objective")
    if budget is not None and not 0 < budget < float("inf"):
        raise RhosetError(
            f"budget {budget}: must be a positive share of exhaustive work, such as 0.3", slug="bad-budget"
        )
    if target is None or (isinstance(target, str) and target == "exact"):
        return Wish(None, budget, objective)
    try:
        value = float(target)
    except (TypeError, ValueError):
        value = float("nan")
    if not 0 <= value <= 1:
        raise RhosetError(f"target {target!r}: must be 'exact' or an accuracy from 0 to 1", slug="bad-target")
    return Wish(value, budget, objective)
