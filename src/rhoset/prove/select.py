"""What is wanted of a plan: the true accuracy, a target, or the best bound for a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rhoset_check.verdict import Verdict

from .context import Context
from .measure import verdict_of
from .pairs import Plan, rank
from .proof import Proof

MARGIN = 0.003
"""An accuracy estimated on a sample may be off by this much: a plan must promise so much more."""
STAGED = 6
"""Plans of each kind whose bound is followed as their work grows."""
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
    """A plan's bound as its in-span and exact work grow together: (cost, accuracy) without any and
    with all of it."""

    plan: Plan
    base: tuple[float, float]
    full: tuple[float, float]

    def share_for(self, accuracy: float) -> float:
        """Share of that work that a bound is expected to need; infinite where all is too little."""
        if self.base[1] >= min(accuracy + MARGIN, 1.0):
            return 0.0
        gain = self.full[1] - self.base[1]
        if self.full[1] + MARGIN < accuracy or gain <= 0:
            return float("inf")
        return min(1.0, max(0.0, accuracy - self.base[1]) / gain)

    def cost_of(self, accuracy: float) -> float:
        """Expected cost of a bound."""
        share = self.share_for(accuracy)
        return self.base[0] + share * (self.full[0] - self.base[0]) if share <= 1 else share

    def share_within(self, budget: float) -> float:
        """Share of that work that a budget pays; negative where the plan costs more from the start."""
        return min(1.0, (budget - self.base[0]) / max(self.full[0] - self.base[0], 1e-12))

    def accuracy_for(self, budget: float) -> float:
        """Expected bound for a cost; −1 where the plan costs more from the start."""
        share = self.share_within(budget)
        return self.base[1] + share * (self.full[1] - self.base[1]) if share >= 0 else -1.0

    def limited(self, share: float, exhaustive: int) -> Proof:
        """The proof with this share of its in-span and exact work, all of it for 1 or more."""
        made = self.plan.estimate
        parts = (share * made.span * exhaustive, share * made.exact * exhaustive)
        return limited(self.plan.proof, *(None if share >= 1 else int(max(part, 0)) for part in parts))


def staged(context: Context, plan: Plan) -> Staged:
    """Estimate a plan without its in-span and exact work as well."""
    full = (plan.estimate.cost, plan.estimate.accuracy)
    if plan.estimate.span + plan.estimate.exact <= 0:
        return Staged(plan, full, full)
    if [rule["rule"] for rule in plan.proof.rules] == ["exact"]:
        return Staged(plan, (0.0, 0.0), full)
    made = context.estimate(f"{plan.name}, bounds only", limited(plan.proof, 0, 0))
    return Staged(plan, (made.cost, made.accuracy), full)


def choose(context: Context, plans: Sequence[Plan], wish: Wish) -> tuple[Proof, Verdict] | None:
    """The plan that serves the wish best, and its verdict; None when there is no plan that the
    checker takes."""
    plans = [plan for plan in plans if plan.estimate.cost < float("inf")]
    if not plans:
        return None
    if wish.exact:
        best = min(plans, key=rank)
        return best.proof, verdict_of(context.subject, best.proof)
    known = [staged(context, plan) for plan in _promising(plans)]
    if wish.budget is not None:
        return _within(context, known, wish.budget, wish.accuracy)
    assert wish.accuracy is not None
    return _reach(context, known, wish.accuracy)


def _promising(plans: Sequence[Plan]) -> list[Plan]:
    """The plans that cost least in all, and those whose bounds alone cost least."""
    whole = sorted(plans, key=rank)[:STAGED]
    bounds = sorted(plans, key=lambda p: p.estimate.cost - p.estimate.span - p.estimate.exact)
    return list({id(p): p for p in [*whole, *bounds[:STAGED]]}.values())


def _reach(context: Context, known: Sequence[Staged], accuracy: float) -> tuple[Proof, Verdict]:
    best = min(known, key=lambda s: (s.cost_of(accuracy), -s.full[1], s.full[0]))
    share = best.share_for(accuracy)
    for _ in range(TRIES):
        if share > 1:
            break
        proof = best.limited(share, context.subject.exhaustive)
        verdict = verdict_of(context.subject, proof)
        if verdict.accuracy_bound >= accuracy:
            return proof, verdict
        gain = max(best.full[1] - best.base[1], MARGIN)
        share += 1.1 * (accuracy - verdict.accuracy_bound + MARGIN / 10) / gain + 0.01
    return best.plan.proof, verdict_of(context.subject, best.plan.proof)


def _within(
    context: Context, known: Sequence[Staged], budget: float, accuracy: float | None
) -> tuple[Proof, Verdict] | None:
    exhaustive = context.subject.exhaustive
    ceiling = 2.0 if accuracy is None else accuracy
    order = sorted(known, key=lambda s: (-min(s.accuracy_for(budget), ceiling), s.full[0]))
    for best in order:
        share = best.share_within(budget)
        for _ in range(TRIES):
            if share < 0:
                break
            proof = best.limited(share, exhaustive)
            verdict = verdict_of(context.subject, proof)
            over = verdict.operations / exhaustive - budget
            if over <= 0:
                return proof, verdict
            share = min(share, 1.0) - 1.02 * over / max(best.full[0] - best.base[0], 1e-12) - 1e-4
    return None


def limited(proof: Proof, span: int | None, exact: int | None) -> Proof:
    """The proof with at most so many multiply-adds of in-span and of exact work (None: no limit);
    with none of the latter its rule is left out."""
    rules = []
    for rule in proof.rules:
        kept = dict(rule)
        limit = {"pairs": span, "exact": exact}.get(str(rule["rule"]))
        if limit is not None:
            kept["max_operations"] = limit
        if rule["rule"] != "exact" or exact != 0 or len(proof.rules) == 1:
            rules.append(kept)
    return replace(proof, rules=rules)
