"""What is wanted of a plan: the true accuracy, a target, or the best bound for a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rhoset_check.verdict import Verdict

from .context import EXACT, Context
from .measure import verdict_of
from .pairs import Plan, rank
from .proof import Proof

MARGIN = 0.003
"""An accuracy estimated on a sample may be off by this much: a plan must promise so much more."""
TRIES = 4
"""Runs of a plan with a growing limit of exact work before the limit is lifted."""


@dataclass(frozen=True)
class Wish:
    """`accuracy` None: the true accuracy. `budget`: at most this share of exhaustive work."""

    accuracy: float | None = None
    budget: float | None = None

    @property
    def exact(self) -> bool:
        """The true accuracy is wanted, whatever it costs."""
        return self.accuracy is None and self.budget is None


@dataclass(frozen=True, eq=False)
class Staged:
    """A plan's bound as its exact work grows: (cost, accuracy) without any and with all of it."""

    plan: Plan
    base: tuple[float, float]
    full: tuple[float, float]

    def cost_of(self, accuracy: float) -> float:
        """Expected cost of a bound; infinite where the plan cannot reach it."""
        if self.base[1] >= min(accuracy + MARGIN, 1.0):
            return self.base[0]
        gain = self.full[1] - self.base[1]
        if self.full[1] + MARGIN < accuracy or gain <= 0:
            return float("inf")
        part = min(1.0, max(0.0, accuracy - self.base[1]) / gain)
        return self.base[0] + part * (self.full[0] - self.base[0])

    def accuracy_for(self, budget: float) -> float:
        """Expected bound for a cost; −1 where the plan costs more from the start."""
        if budget >= self.full[0]:
            return self.full[1]
        if budget < self.base[0]:
            return -1.0
        part = (budget - self.base[0]) / max(self.full[0] - self.base[0], 1e-12)
        return self.base[1] + part * (self.full[1] - self.base[1])


def staged(context: Context, plan: Plan) -> Staged:
    """Estimate a plan without its exact work as well."""
    full = (plan.estimate.cost, plan.estimate.accuracy)
    rules = [rule for rule in plan.proof.rules if rule["rule"] != "exact"]
    if len(rules) == len(plan.proof.rules):
        return Staged(plan, full, full)
    if not rules:
        return Staged(plan, (0.0, 0.0), full)
    made = context.estimate(f"{plan.name}, bounds only", replace(plan.proof, rules=rules))
    return Staged(plan, (made.cost, made.accuracy), full)


def choose(context: Context, plans: Sequence[Plan], wish: Wish) -> tuple[Proof, Verdict] | None:
    """The plan that serves the wish best, and its verdict; None when there is no plan."""
    if not plans:
        return None
    if wish.exact:
        best = min(plans, key=rank)
        return best.proof, verdict_of(context.subject, best.proof)
    known = [staged(context, plan) for plan in plans]
    if wish.budget is not None:
        return _within(context, known, wish.budget, wish.accuracy)
    assert wish.accuracy is not None
    return _reach(context, known, wish.accuracy)


def _reach(context: Context, known: Sequence[Staged], accuracy: float) -> tuple[Proof, Verdict]:
    best = min(known, key=lambda s: (s.cost_of(accuracy), -s.full[1], s.full[0]))
    cost = best.cost_of(accuracy)
    if cost == float("inf"):
        return best.plan.proof, verdict_of(context.subject, best.plan.proof)
    exhaustive = context.subject.exhaustive
    limit = int(max(0.0, cost - best.base[0]) * exhaustive)
    for _ in range(TRIES):
        proof = limited(best.plan.proof, limit)
        verdict = verdict_of(context.subject, proof)
        if verdict.accuracy_bound >= accuracy:
            return proof, verdict
        missing = accuracy - verdict.accuracy_bound + MARGIN
        limit = int(limit * 1.05 + 1.1 * missing * exhaustive)
    return best.plan.proof, verdict_of(context.subject, best.plan.proof)


def _within(
    context: Context, known: Sequence[Staged], budget: float, accuracy: float | None
) -> tuple[Proof, Verdict] | None:
    exhaustive = context.subject.exhaustive
    ceiling = 2.0 if accuracy is None else accuracy
    order = sorted(known, key=lambda s: (-min(s.accuracy_for(budget), ceiling), s.full[0]))
    for best in order:
        limit = int(max(0.0, budget - best.base[0]) * exhaustive)
        for _ in range(2):
            proof = limited(best.plan.proof, limit)
            verdict = verdict_of(context.subject, proof)
            over = verdict.operations - int(budget * exhaustive)
            if over <= 0:
                return proof, verdict
            limit -= over
            if limit < 0:
                break
    return None


def limited(proof: Proof, operations: int) -> Proof:
    """The proof with at most so many multiply-adds of exact evaluation; none at all for 0."""
    rules = [rule for rule in proof.rules if rule["rule"] != "exact"]
    had = len(rules) < len(proof.rules)
    if had and (operations > 0 or not rules):
        rules = [*rules, {**EXACT, "max_operations": operations}]
    return replace(proof, rules=rules)
