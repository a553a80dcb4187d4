"""Choosing the cheapest plan over all methods, quickly: cheap proofs first, giving up when nothing helps."""

from __future__ import annotations

from dataclasses import replace

from . import methods
from .context import Context
from .pairs import Plan
from .select import Wish

GIVE_UP = 0.95
"""A plan expected to cost more than this share of exhaustive work is not worth its risk: exhaustive is certain."""
GOOD = 0.02
"""Below this share no further plan is looked for."""


def automatic(context: Context, wish: Wish) -> list[Plan]:
    """The plans worth choosing from; exhaustive is always among them."""
    plans = methods.uniform(context)
    enough = 1.0 if wish.accuracy is None else wish.accuracy
    done = [p for p in plans if p.estimate.accuracy >= enough and p.estimate.cost < GOOD]
    if done:
        best = min(done, key=lambda p: p.estimate.cost)
        return [best if is_sorted(best) else with_exact(context, best)]
    found = methods.mixture(context)
    found += [with_exact(context, p) for p in plans if p.estimate.accuracy > 0 and not is_sorted(p)]
    if wish.exact:
        found = [p for p in found if p.estimate.cost <= GIVE_UP]
    return [*found, *methods.exhaustive(context)]


def with_exact(context: Context, plan: Plan) -> Plan:
    """The plan, with what it leaves open evaluated exactly."""
    names = {rule["rule"] for rule in plan.proof.rules}
    if "exact" in names or any(rule.get("count") == "sorted" for rule in plan.proof.rules):
        return plan
    proof = replace(plan.proof, rules=[*plan.proof.rules, context.exact])
    return Plan(f"{plan.name}, exact", proof, context.estimate(f"{plan.name}, exact", proof))


def is_sorted(plan: Plan) -> bool:
    """Whether no pair is looked at: then the estimate is the verdict, and `exact` cannot follow."""
    return any(rule.get("count") == "sorted" for rule in plan.proof.rules)
