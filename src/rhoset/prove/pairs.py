"""Plans with rule `pairs`: how much to write, how to bound the rest, what to compare with; chosen by estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rhoset_check.rigor import Rejected

from . import writing
from .context import Context, Written, referenced, weighted
from .grouping import regrouped
from .measure import Estimate
from .proof import Proof, SlotBlock

DETAIL = (0.03, 0.1, 0.01, 0.003)
"""How much a term must save, see `writing.choose`; the first is where the search starts."""
NEARER = (0.75, 1.4)
"""Details tried around the best one, as multiples of it."""
RESIDUALS = ("plain", "norm", "centred")
MODES = 3
"""Ways of bounding (residual, references) that are kept after the first detail."""
SAMPLES = 24
"""Columns averaged for the additive part of a centred residual: few miss part of it (or, evenly spaced, take one
frequency for another), many cost 2/n² of exhaustive work each."""
SAMPLINGS = (8, 12, 16, 20, 32, 48)
"""Other numbers of columns, tried on the best plan."""
LARGE = 2048
"""Groups of more elements get neither tables of n² numbers (a centred residual) nor n² labels."""
CEILING = 1.1
"""No plan that costs more than this share of exhaustive is preferred to another."""
CLUSTERS = (1, 8)
"""References tried beside one, as multiples of n."""
WORTH = 0.02
"""More references are tried where in-span and exact work is more than this share of exhaustive."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A proof with its estimate."""

    name: str
    proof: Proof
    estimate: Estimate

    @property
    def residual(self) -> str:
        """How rule `pairs` bounds what is not written; empty where the plan has no such rule."""
        return next((str(r["residual"]) for r in self.proof.rules if r["rule"] == "pairs"), "")

    @property
    def references(self) -> bool:
        """Whether sums are compared with references."""
        return "references" in self.proof.tensors


def pairs_rule(context: Context, residual: str, in_span: bool = True) -> dict[str, object]:
    """The rule's JSON."""
    return {
        "rule": "pairs",
        "work": context.work,
        "residual": residual,
        "exact_correct": residual != "plain",
        "samples": min(SAMPLES, context.network.order),
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
        rules = [pairs_rule(self.context, residual, self.in_span), *([self.context.exact] if self.exact else [])]
        proof = self.context.proof(self.method, rules, written)
        return Plan(name, proof, self.context.estimate(f"{self.method}: {name}", proof))

    @property
    def modes(self) -> list[tuple[str, bool]]:
        """Ways of bounding: residual, references or none."""
        return [
            (residual, references)
            for residual in (RESIDUALS if self.context.network.order <= LARGE else RESIDUALS[:2])
            for references in ((True, False) if self.plain else (True,))
            if references <= self.references
        ]

    def start(self) -> list[Plan]:
        """Every mode at the first detail."""
        return self._at(DETAIL[0], self.modes)

    def run(self, start: Sequence[Plan] | None = None) -> list[Plan]:
        """Plans by detail, residual and references: first over a coarse grid, then near the best.

        `start` are the plans of `start()` when they are at hand; then they are not among the result.
        """
        first = self.start() if start is None else list(start)
        plans = list(first)
        details = {id(plan): DETAIL[0] for plan in first}
        kept = [(p.residual, p.references) for p in sorted(first, key=rank)[:MODES]] or self.modes
        for detail in DETAIL[1:]:
            new = self._at(detail, kept)
            details |= {id(plan): detail for plan in new}
            plans += new
        best = cheapest(plans)
        if best is not None:
            mode = best.residual, best.references
            for factor in NEARER:
                plans += self._at(details[id(best)] * factor, [mode])
        return plans if start is None else plans[len(first) :]

    def _at(self, detail: float, modes: Sequence[tuple[str, bool]]) -> list[Plan]:
        """One plan a mode, nothing when no term is worth its cost."""
        made = writing.blocks(self.dictionary, writing.choose(self.dictionary, detail))
        if not made:
            return []
        try:
            written = {
                references: referenced(self.context, made) if references else weighted(self.context, made)
                for references in {mode[1] for mode in modes}
            }
        except Rejected:  # numbers out of the checker's range
            return []
        return [
            self.plan(
                f"detail {detail:.3g}, {residual}{', references' if references else ''}",
                written[references],
                residual,
            )
            for residual, references in modes
        ]

    def refine(self, plans: Sequence[Plan]) -> list[Plan]:
        """Groups of outputs that suit the best plans, and more references."""
        best = cheapest(plans)
        if best is None or not self.references:
            return []
        out: list[Plan] = []
        tried: set[int] = set()
        starts = [best, cheapest([p for p in plans if p.references])]
        if not self.exact and best.estimate.accuracy < 1:
            finest = [p for p in plans if p.residual == "norm"] or plans
            starts = [min(plans, key=lambda p: p.estimate.loss), max(finest, key=sums)]
        for start in starts:
            if start is None or id(start.proof.blocks) in tried:
                continue
            tried.add(id(start.proof.blocks))
            out += self._more(start)
        best = cheapest([*plans, *out])
        if best is not None and best.residual == "centred":
            out += self._resampled(best)
        return out

    def _resampled(self, start: Plan) -> list[Plan]:
        """The plan with other columns averaged."""
        out = []
        for samples in SAMPLINGS:
            if samples > self.context.network.order:
                break
            rules = [{**rule} for rule in start.proof.rules]
            rules[0]["samples"] = samples
            name = f"{start.name}, {samples} columns"
            proof = replace(start.proof, rules=rules)
            out.append(Plan(name, proof, self.context.estimate(f"{self.method}: {name}", proof)))
        best = cheapest([start, *out])
        if best is not None and best is not start and best.references:
            out.append(self._regrouped(best, best.name))
        return out

    def _more(self, start: Plan) -> list[Plan]:
        blocks, residual = list(start.proof.blocks), start.residual
        out = []
        if start.references:
            out.append(self._regrouped(start, start.name))
        last = min(start.estimate.cost, *(p.estimate.cost for p in out), float("inf"))
        for multiple in CLUSTERS:
            settled = start.estimate.accuracy == 1 or self.exact
            if self.context.network.order > LARGE:
                break
            if settled and start.estimate.span + start.estimate.exact < WORTH:
                break
            count = multiple * self.context.network.order
            name = f"{start.name.removesuffix(', references')}, {count} references"
            written = referenced(self.context, blocks, count)
            made = self._regrouped(self.plan(name, written, residual), name)
            out.append(made)
            if settled and made.estimate.cost > last:
                break
            last = made.estimate.cost
        return out

    def _regrouped(self, plan: Plan, name: str) -> Plan:
        if not plan.estimate.cost < float("inf"):
            return plan
        proof = regrouped(self.context.subject, plan.proof)
        return Plan(name, proof, self.context.estimate(f"{self.method}: {name}, groups", proof))


def sums(plan: Plan) -> int:
    """Multiply-adds of the blocks' sums, roughly: how much is written."""
    return sum(len(b.neurons) if isinstance(b, SlotBlock) else int(b.coefficients.size) for b in plan.proof.blocks)


def rank(plan: Plan) -> tuple[float, float]:
    """Cheapest first among plans that prove as much; plans that prove less come later, and last
    those that cost more than the exhaustive check."""
    proved = -1.0 if plan.estimate.cost > CEILING else round(plan.estimate.accuracy, 3)
    return (-proved, plan.estimate.cost)


def cheapest(plans: Sequence[Plan]) -> Plan | None:
    """The best by `rank`."""
    return min(plans, key=rank, default=None)
