"""The file for the proof assistant: the network's bits, the explanation's integers, one theorem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from rhoset.formalize.fixed_point import UNIT, Places
from rhoset.formalize.reading import Explanation, Stored
from rhoset_check.files import SlotTensors

COUPLING_BITS = 30
"""Bits of the largest coupling and of the largest weight of an explanation."""

TENSORS = {
    False: ("left", "right", "unembed", "bias"),
    True: ("embed_left", "embed_right", "hidden_left", "hidden_right", "unembed", "bias"),
}


def _row(values: Iterable[int]) -> str:
    return "[" + "; ".join(str(int(v)) for v in values) + "]"


def _matrix(name: str, rows: NDArray[np.integer]) -> Iterator[str]:
    """A definition for each row: short terms, which the assistant reads quickly."""
    for i, row in enumerate(rows):
        yield f"Definition {name}_{i} : list int := {_row(row)}%uint63."
    yield f"Definition {name} : list (list int) := [{'; '.join(f'{name}_{i}' for i in range(len(rows)))}]."


def _bits(array: NDArray[np.float32]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(array, dtype="<f4").view("<u4")


def network_lines(stored: Stored) -> Iterator[str]:
    """`weights`, from the bits of the stored tensors."""
    names = TENSORS[stored.factored]
    for name in names[:-1]:
        yield from _matrix(f"net_{name}", _bits(stored.tensors[name]))
    yield f"Definition net_bias : list int := {_row(_bits(stored.tensors['bias']))}%uint63."
    yield from _matrix("net_table", stored.table)
    kind, make = ("factored", "Factored") if stored.factored else ("stored", "Stored")
    yield f"Definition weights : {kind} := {make} {' '.join(f'net_{name}' for name in names)} net_table."


def fixed_scale(explanation: Explanation, places: Places) -> tuple[int, int, int]:
    """Places of couplings and of weights, and D: what brings unembed to the unit of their products."""
    top = [max((float(np.abs(a).max(initial=0.0)) for a in arrays), default=0.0) or 1.0 for arrays in (
        [block.coupling for block in explanation.blocks], [block.weights for block in explanation.blocks])]  # fmt: skip
    coupling, weights = (COUPLING_BITS - int(np.ceil(np.log2(t))) for t in top)
    weights = max(weights, 2 * COUPLING_BITS - coupling, places.writes - coupling)
    return coupling, weights, 1 << (coupling + weights - places.writes)


def explanation_lines(explanation: Explanation, coupling: int, weights: int) -> Iterator[str]:
    """`blocks`, in fixed point."""
    names = []
    for j, block in enumerate(explanation.blocks):
        yield f"Definition block_{j} : given := Given {_images(block.left)} {_images(block.right)}"
        yield f"  [{'; '.join(_row(_fixed(row, coupling)) for row in block.coupling)}]%Z"
        yield f"  [{'; '.join(_entries(block, weights))}]."
        names.append(f"block_{j}")
    yield f"Definition blocks : list given := [{'; '.join(names)}]."


def _images(rows: NDArray[np.integer]) -> str:
    return f"[{'; '.join(_row(row) for row in rows)}]%nat"


def _potentials(table: NDArray[np.float64] | None, places: Places, carries: list[bool]) -> str:
    """In the unit of the outputs, of which float64 numbers fill 30 places below 1; none at points without neurons."""
    unit = places.reads + places.writes
    rows = (
        ()
        if table is None
        else (
            _row(v << max(0, unit - 30) for v in _fixed(row, min(unit, 30))) if there else "[]"
            for row, there in zip(table, carries, strict=True)
        )
    )
    return f"[{'; '.join(rows)}]%Z"


def _pairs(pairs: Iterable[tuple[int, int]]) -> str:
    return "; ".join(f"({j}, {c})" for j, c in pairs)


def _sets(explanation: Explanation, places: Places, potentials: bool) -> Iterator[str]:
    """`gsets` and `places`: the G-sets, with their potentials or without, and where neurons stand."""
    stands = {(int(j), int(c)) for j, c in explanation.places}
    names = []
    for j, (images, table) in enumerate(zip(explanation.gsets, explanation.potentials, strict=True)):
        carries = [(j, c) in stands for c in range(images.shape[1])]
        names.append(f"({_images(images)}, {_potentials(table if potentials else None, places, carries)})")
    yield f"Definition gsets : list given_set := [{'; '.join(names)}]."
    yield f"Definition places : list (nat * nat) := [{_pairs(explanation.places)}]%nat."


def _fixed(values: NDArray[np.float64], places: int) -> list[int]:
    """Equal floats become equal integers: the coupling stays exactly invariant."""
    return [round(float(v) * 2.0**places) for v in values]


def _entries(block: SlotTensors, places: int) -> Iterator[str]:
    for i, b, c, w in zip(block.neurons, block.rows, block.columns, _fixed(block.weights, places), strict=True):
        yield f"({i}%nat, ({b}%nat, ({c}%nat, {w}%Z)))"


def theorem_lines(stored: Stored, explanation: Explanation, places: Places, rule: str, right: int) -> Iterator[str]:
    """The theorem and its proof: one evaluation of the proved checker.

    For rule pairs the definitions that the extracted checker writes come before (`sums_given` and the places kept).
    """
    yield f"Definition generators : list nat := {_row(explanation.generators)}%nat."
    suffix = "_factored" if stored.factored else ""
    table = "factored_table" if stored.factored else "table"
    kept: list[int] | list[str] = [UNIT - places.reads, UNIT - places.writes]
    if stored.factored:
        kept = [UNIT - places.embed, UNIT - places.linear, places.dropped, UNIT - places.writes]
    arguments = "generators"
    if rule == "uniform":
        coupling, weights, scale = fixed_scale(explanation, places)
        yield from explanation_lines(explanation, coupling, weights)
        arguments = f"generators blocks {scale}"
    if rule in ("gaps", "even"):
        yield from _sets(explanation, places, rule == "gaps")
        arguments = "generators gsets places"
    if rule == "even":
        one = [] if explanation.types is None else [explanation.types]
        kept_off = "; ".join(["false", "true"][int(c)] for c in explanation.centred)
        yield "Definition evenly : given_even :="
        yield f"  GivenEven gsets places {_row(explanation.units)}%Z [{_pairs(one)}]%nat [{kept_off}]."
        arguments = "generators evenly"
    if rule == "pairs":
        arguments = "generators sums_given sums_scale"
        folded = ["kept_embed", "kept_linear", "kept_dropped", "kept_writes"]
        kept = folded if stored.factored else ["kept_reads", "kept_writes"]
    everything = right == stored.order**2
    relation = f"right_pairs (exact{suffix}_network weights) = {right}"
    if not everything:
        relation = f"{right} <= right_pairs (exact{suffix}_network weights)"
    yield ""
    yield f"Lemma proved_by_{rule} : proved{suffix} weights {right}."
    yield "Proof."
    yield f"  apply (by_{rule}{suffix} weights {right} {arguments} {' '.join(map(str, kept))})."
    yield "  vm_cast_no_check (eq_refl true)."
    yield "Qed."
    yield ""
    yield f"(** Of {stored.order}² = {stored.order**2} pairs. *)"
    yield "Theorem network_right :"
    yield f"  well_formed{suffix} weights = true /\\"
    yield f"  is_group (length ({table} weights)) (table_product ({table} weights)) /\\"
    yield f"  {relation}."
    if everything:
        yield f"Proof. apply (complete{suffix} weights {right} proved_by_{rule}). vm_compute. reflexivity. Qed."
    else:
        yield f"Proof. exact proved_by_{rule}. Qed."
    yield ""
    yield "Print Assumptions network_right."
