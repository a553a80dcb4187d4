"""Plans with rule `pairs`: how much to write, how to bound the rest, what to compare with; chosen by estimates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import writing
from .context import EXACT, Context, Written, referenced, weighted
from .measure import Estimate
from .proof import Proof

DETAIL = (0.03, 0.1, 0.01, 0.003)
"""How much a term must save, see `writing.choose`; the first is where the search starts."""
RESIDUALS = ("plain", "norm", "centred")
SAMPLES = 8
"""Columns averaged for the additive part of a centred residual."""
CLUSTERS = (1.0, 8.0)
"""References tried beside one, as multiples of n."""
COARSE = (0.3, 1.0)
"""Coarser tolerances of the partition of the outputs, tried when comparisons are a noticeable cost."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A proof with its estimate."""

    name: str
    proof: Proof
    estimate: Estimate


def pairs_rule(residual: str, order: int, in_span: bool = True) -> dict[str, object]:
    """The rule's JSON, for a group of that order."""
    return {
        "rule": "pairs",
        "work": "float32",
        "residual": residual,
        "exact_correct": residual != "plain",
        "samples": min(SAMPLES, order),
        "in_span": in_span,
    }


@dataclass(eq=False)
class PairsSearch:
    """Plans `pairs[, exact]` with one dictionary; `first` are rules that go before."""

    context: Context
    method: str
    dictionary: writing.Dictionary
    references: bool = True
    plain: bool = True
    """Plans without references too."""
    in_span: bool = True
    exact: bool = True

    def plan(self, name: str, written: Written, residual: str) -> Plan:
        """Estimate one plan."""
        rules = [pairs_rule(residual, self.context.network.order, self.in_span), *([EXACT] if self.exact else [])]
        proof = self.context.proof(self.method, rules, written)
        return Plan(name, proof, self.context.estimate(f"{self.method}: {name}", proof))

    def run(self) -> list[Plan]:
        """Plans, a few dozen at most: detail × residual × references, then finer references for the best."""
        plans: list[Plan] = []
        modes = [(r, ref) for r in RESIDUALS for ref in ((True, False) if self.plain else (True,)) if ref <= self.references]
        for k, detail in enumerate(DETAIL):
            made = writing.blocks(self.dictionary, writing.choose(self.dictionary, detail))
            if not made:
                continue
            kinds = {ref: referenced(self.context, made) if ref else weighted(self.context, made) for ref in {m[1] for m in modes}}
            new = [self.plan(f"detail {detail}, {r}{', references' if ref else ''}", kinds[ref], r) for r, ref in modes]
            plans += new
            if k == 0:
                order = sorted(range(len(modes)), key=lambda i: rank(new[i]))
                modes = [modes[i] for i in order[:2]]
        return plans

    def refine(self, best: Plan) -> Iterator[Plan]:
        """More references, coarser groups of outputs."""
        blocks, tensors = list(best.proof.blocks), best.proof.tensors
        if "references" not in tensors:
            return
        residual = str(best.proof.rules[0]["residual"])
        n, m = self.context.network.order, self.context.network.width
        groups = int(tensors["groups"].max()) + 1
        if groups * (len(blocks) + 1) > m / 4:
            for tolerance in COARSE:
                yield self.plan(f"{best.name}, groups {tolerance}", referenced(self.context, blocks, 1, tolerance), residual)
        for multiple in CLUSTERS:
            count = int(multiple * n)
            yield self.plan(f"{best.name}, {count} references", referenced(self.context, blocks, count), residual)


def rank(plan: Plan) -> tuple[float, float]:
    """Cheapest first among plans that prove as much; plans that prove less come later."""
    return (-round(plan.estimate.accuracy, 3), plan.estimate.cost)


def cheapest(plans: Sequence[Plan]) -> Plan | None:
    """The best by `rank`."""
    return min(plans, key=rank, default=None)
