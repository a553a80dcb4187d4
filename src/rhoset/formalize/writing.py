"""The file for the proof assistant: the network's bits, the explanation's integers, one theorem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from rhoset.formalize.fixed_point import UNIT, Places
from rhoset.formalize.reading import Explanation, Stored

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


def _images(rows: NDArray[np.integer]) -> str:
    return f"[{'; '.join(_row(row) for row in rows)}]%nat"


def _pairs(pairs: Iterable[tuple[int, int]]) -> str:
    return "; ".join(f"({j}, {c})" for j, c in pairs)


def theorem_lines(stored: Stored, explanation: Explanation, places: Places, rule: str, right: int) -> Iterator[str]:
    """The theorem and its proof: one evaluation of the proved checker.

    For rule lowrank the definitions that the extracted checker writes come before (`rank_given` and the places kept).
    """
    yield f"Definition generators : list nat := {_row(explanation.generators)}%nat."
    suffix = "_factored" if stored.factored else ""
    table = "factored_table" if stored.factored else "table"
    kept: list[int] | list[str] = [UNIT - places.reads, UNIT - places.writes]
    if stored.factored:
        kept = [UNIT - places.embed, UNIT - places.linear, places.dropped, UNIT - places.writes]
    arguments = "generators"
    if rule == "even":
        one = [] if explanation.types is None else [explanation.types]
        split = "; ".join(["false", "true"][int(c)] for c in explanation.split)
        yield f"Definition gsets : list (list (list nat)) := [{'; '.join(map(_images, explanation.gsets))}]."
        yield f"Definition places : list (nat * nat) := [{_pairs(explanation.places)}]%nat."
        yield "Definition evenly : given_even :="
        yield f"  GivenEven gsets places {_row(explanation.lefts)}%nat [{_pairs(one)}]%nat [{split}] []."
        arguments = "generators evenly"
    if rule == "lowrank":
        arguments = "generators rank_given rank_times"
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
