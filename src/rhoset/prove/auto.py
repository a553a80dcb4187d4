"""Choosing the cheapest plan over all methods, quickly: cheap proofs first, giving up when nothing helps."""

from __future__ import annotations

from dataclasses import replace

from . import methods
from .context import EXACT, Context
from .pairs import PairsSearch, Plan, cheapest, rank

GIVE_UP = 0.95
"""A plan expected to cost more than this share of exhaustive work is not worth its risk: exhaustive is certain."""
GOOD = 0.02
"""Below this share no further plan is looked for."""


def automatic(context: Context, wanted: float | None, budget: float | None) -> Plan:
    """The plan expected to be cheapest among those that prove what is wanted."""
    plans = methods.uniform(context)
    done = [p for p in plans if p.estimate.accuracy >= (1 if wanted is None else wanted)]
    best = cheapest(done)
    if best is not None and best.estimate.cost < GOOD:
        return _with_exact(context, best)
    search = PairsSearch(context, "mixture", context.mixed)
    found = search.run()
    first = cheapest(found)
    if first is not None:
        found += list(search.refine(first))
    candidates = found + [_with_exact(context, p) for p in done]
    chosen = min(candidates, key=rank, default=None)
    if chosen is None or chosen.estimate.cost > GIVE_UP:
        return methods.exhaustive(context)[0]
    return chosen


def _with_exact(context: Context, plan: Plan) -> Plan:
    """The plan, with what it leaves open evaluated exactly."""
    names = {rule["rule"] for rule in plan.proof.rules}
    if "exact" in names:
        return plan
    proof = replace(plan.proof, rules=[*plan.proof.rules, EXACT])
    return Plan(f"{plan.name}, exact", proof, context.estimate(f"{plan.name}, exact", proof))
