"""The methods of theory.md §4, each as a search for its best plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from rhoset_check.rigor import Rejected

from ..errors import RhosetError
from ..explaining import Circuit
from . import orbit
from .context import Context, Written
from .pairs import PairsSearch, Plan, cheapest, rank
from .proof import SlotBlock

SCREENED = 1.02
"""Share of exhaustive work up to which a float32 screen is worth its second looks."""
MOST_PATTERNS = 1500
"""Patterns of slot types (of x times of y) up to which rule `uniform` is tried with types: each is one reference."""


def exhaustive(context: Context, exact: bool = True) -> list[Plan]:
    """Every output of every pair; n³m. Without the float32 screen where that settles little (ties)."""
    plans = []
    for work in (context.work, "float64"):
        proof = context.proof("exhaustive", [{"rule": "exact", "work": work}])
        plans.append(Plan(f"exhaustive, {work}", proof, context.estimate(f"exhaustive, {work}", proof)))
        if plans[-1].estimate.cost <= SCREENED:
            break
    return plans


def irrep(context: Context, exact: bool = True) -> list[Plan]:
    """unembed in few irreps, the logits inside exactly: n²(mR + nR)."""
    return PairsSearch(context, "irrep", context.whole, references=False, exact=exact).run()


def equivariant(context: Context, exact: bool = True) -> list[Plan]:
    """Few irreps, and near bi-equivariance: n²(mR + Σd³)."""
    search = PairsSearch(context, "equivariant", context.whole, plain=False, exact=exact)
    found = search.run()
    return [*found, *search.refine(found)]


def mixture(context: Context, exact: bool = True) -> list[Plan]:
    """Slots where circuits give them, whole irreps for what is left."""
    searches = [PairsSearch(context, "mixture", context.mixed, exact=exact)]
    if context.mixed.shapes != context.spanned.shapes:
        searches.append(PairsSearch(context, "mixture", context.spanned, exact=exact))
    starts = [search.start() for search in searches]
    firsts = [cheapest(plans) for plans in starts]
    ranks = {k: rank(first) for k, first in enumerate(firsts) if first is not None}
    if not ranks:
        return []
    chosen = min(ranks, key=ranks.__getitem__)
    search = searches[chosen]
    found = [*starts[chosen], *search.run(starts[chosen])]
    return [*found, *search.refine(found)]


def uniform(context: Context) -> list[Plan]:
    """The orbit bound from single inputs: one type of slot, then rows and columns of like slots.

    Sorted where that proves everything (n log n), else pair by pair, else with the linear half of
    relu evaluated.
    """
    found = context.explanation
    if not found.circuits:
        return []
    blocks = orbit.circuit_blocks(found)
    plans: list[Plan] = []
    for name, slots in _slot_types(context, blocks):
        try:
            written = orbit.uniform_written(context, slots)
        except Rejected:  # numbers out of the checker's range
            return plans
        for rule in _uniform_rules(context.network.activation):
            proof = context.proof("orbit", [rule], written)
            how = "linear halves" if "linear" in rule else str(rule["count"])
            estimate = context.estimate(f"orbit: {name}, {how}", proof)
            plans.append(Plan(f"{name}, {how}", proof, estimate))
            if estimate.accuracy == 1:
                return plans
    return plans


def _uniform_rules(activation: str) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = [{"rule": "uniform", "count": count} for count in ("sorted", "dense")]
    if activation == "relu":
        rules.append({"rule": "uniform", "count": "dense", "linear": True})
    return rules


def _slot_types(context: Context, blocks: list[SlotBlock]) -> Iterator[tuple[str, list[SlotBlock]]]:
    """The blocks, then with types at every level that tells slots apart, while patterns are few."""
    yield "one type of slot", blocks
    found = context.explanation
    seen: set[tuple[bytes, ...]] = set()
    for level in orbit.LEVELS:
        typed = [orbit.typed(found, c, b, level) for c, b in zip(found.circuits, blocks, strict=True)]
        key = tuple(np.asarray(side).tobytes() for b in typed for side in (b.row_type, b.column_type))
        patterns = orbit.patterns(typed, context.subject.group)
        if patterns > min(MOST_PATTERNS, context.network.order**2 / 4):
            return
        if patterns > 1 and key not in seen:
            seen.add(key)
            yield f"types of slots at {level}", typed


def per_input(context: Context) -> list[Plan]:
    """Slot blocks, every input compared with references; no logit is evaluated."""
    if not context.explanation.circuits:
        return []
    search = PairsSearch(context, "orbit", context.slots, plain=False, in_span=False, exact=False)
    found = search.run()
    return [*found, *search.refine(found)]


def orbits(context: Context, exact: bool = False) -> list[Plan]:
    """Slot blocks alone, never an exact evaluation: uniform, then per input, then with the logits
    that the slots span."""
    plans = uniform(context)
    for more in (per_input, _spanned):
        if max((p.estimate.accuracy for p in plans), default=0.0) < 1:
            plans += more(context)
    return plans


def _spanned(context: Context) -> list[Plan]:
    if not context.explanation.circuits:
        return []
    search = PairsSearch(context, "orbit", context.slots, exact=False)
    found = search.run()
    return [*found, *search.refine(found)]


def coset(context: Context, exact: bool = True) -> list[Plan]:
    """Coset concentration alone (Stander et al.)."""
    blocks = [replace(b, coupling=np.zeros_like(b.coupling)) for b in orbit.circuit_blocks(context.explanation)]
    if not blocks:
        return []
    proof = context.proof("coset", [{"rule": "coset"}, *([context.exact] if exact else [])], Written(tuple(blocks), {}))
    return [Plan("coset", proof, context.estimate("coset", proof))]


def paper(context: Context, exact: bool = False) -> list[Plan]:
    """The published verifier (Wu et al.), made sound: full circuits only."""
    found = context.explanation
    full = [(c, b) for c, b in zip(found.circuits, orbit.circuit_blocks(found), strict=True) if filled(c)]
    if not full:
        return []
    blocks = tuple(orbit.paper_block(c, b) for c, b in full)
    proof = context.proof("paper", [{"rule": "paper"}], Written(blocks, {}))
    return [Plan("paper", proof, context.estimate("paper", proof))]


def filled(circuit: Circuit) -> bool:
    """Every slot holds a neuron."""
    slots = circuit.rows.astype(np.int64) * circuit.shape[1] + circuit.columns
    return len(np.unique(slots)) == circuit.shape[0] * circuit.shape[1]


METHODS: dict[str, Callable[..., list[Plan]]] = {
    "exhaustive": exhaustive,
    "irrep": irrep,
    "equivariant": equivariant,
    "orbit": orbits,
    "coset": coset,
    "paper": paper,
    "mixture": mixture,
}
"""Plans by method; `auto` chooses among them."""


def plans_of(method: str, context: Context) -> list[Plan]:
    """The plans of a method.

    Raises RhosetError where the method is unknown (slug ``unknown-method``).
    """
    if method not in METHODS:
        raise RhosetError(f"method {method!r}: must be auto, {', '.join(METHODS)}", slug="unknown-method")
    return METHODS[method](context)
