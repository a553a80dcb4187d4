"""What a slot adds up to: tables T, their even and uneven parts, and the symmetry that is left.

A neuron of slot s fires, for the input that puts it at reading position (b', c') = (x⁻¹b, y·c),
with φ(α(b') + γ(c')); the slot's table is

    T_s(b', c') = Σ_{i in s} κ_i φ(α_i(b') + γ_i(c')),     Q[b, c](x, y) = T_{(x·b, y⁻¹·c)}(b, c),

so the circuit is bi-equivariant exactly when all slots have one table (up to parts that υ does not
see: functions of b' alone or c' alone cancel in the sum over a full circuit). As ReLU is
(t + |t|)/2, double centring leaves Σ κ_i |α_i(b') + γ_i(c')| / 2, for a circuit with C = −B a sum
of cut metrics Σ κ_i |⟨a_i, p − p'⟩| / 2 on the points of B: the *slot metric*.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.slots import filled_slots, reading_families, slot_weights
from rhoset.groups import Group
from rhoset.networks.circuits import Circuit, slot_symmetries

SAME_SLOT = 0.15
"""Rows (or columns) of slots are alike when the root mean square difference of their slot metrics is
at most this share of the root mean square metric. Larger values find more symmetry, with a larger
error to pay."""

TABLE_NUMBERS = 1 << 22
"""Circuits whose slot tables hold more numbers (p² q²) are compared by their slot weights alone."""


@dataclass(frozen=True, eq=False)
class SlotReport:
    """How even a circuit is.

    Attributes
    ----------
    weights
        (p, q) slot weights, see `slot_weights`.
    weight_spread
        Standard deviation of the filled slots' weights over their mean.
    metric_spread
        Root mean square deviation of the filled slots' doubly centred tables from their mean, over
        the mean's norm: 0 when all slots have one metric.
    additive_spread
        The same for the additive parts f_s(b') + g_s(c') of the tables, over the norm of the mean
        doubly centred table.
    filled
        (p, q) bool.
    families
        Number of vectors a, up to sign, that the neurons read with.
    """

    weights: NDArray[np.float64]
    weight_spread: float
    metric_spread: float
    additive_spread: float
    filled: NDArray[np.bool_]
    families: int


def slot_tables(circuit: Circuit) -> NDArray[np.float64]:
    """(p, q, p, q): T[b, c, b', c'] of every slot, 0 for empty ones.

    Slots that write the same, as (b, c) and (−b, −c) do where B = −B and C = −C, share what their
    neurons do. Cost and memory k p q and p² q².
    """
    tables = circuit.slot_tables()
    pairs = slot_symmetries(circuit.left_set, circuit.right_set, circuit.coupling)
    if len(pairs) == 1:
        return tables
    shared = np.zeros_like(tables)
    for b, c in pairs:
        shared += tables[np.ix_(b, c, b, c)]
    return shared / len(pairs)


def carried_slots(circuit: Circuit, dtype: Any) -> Callable[[Any, Any], Any]:
    """The function from (N,) x and (N,) y to (N, p q) Q[b, c](x, y): so many numbers of the slot tables."""
    p, q = circuit.shape
    tables, slot = circuit.slot_tables().astype(dtype), np.arange(p * q).reshape(p, q)
    rows = circuit.left_set.gset.action.astype(np.intp) * (q * p * q) + slot[:, 0]
    columns = circuit.right_set.gset.action[circuit.group.inverse].astype(np.intp) * (p * q) + slot[0]
    return _looked_up(tables, rows, columns)


def slot_sums(circuit: Circuit, dtype: Any) -> Callable[[Any, Any], Any]:
    """The function from (N,) x and (N,) y to (N, p q) P[b, c](x, y) = T_bc(x⁻¹·b, y·c): what each slot's neurons add up
    to, looked up in the slot tables."""
    p, q = circuit.shape
    tables, slot = circuit.slot_tables().astype(dtype), np.arange(p * q).reshape(p, q) * (p * q)
    rows = circuit.left_set.gset.action[circuit.group.inverse].astype(np.intp) * q + slot[:, 0]
    columns = circuit.right_set.gset.action.astype(np.intp) + slot[0]
    return _looked_up(tables, rows, columns)


def _looked_up(tables: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Callable[[Any, Any], Any]:
    """The function from (N,) x and (N,) y to (N, p q) entries of the tables at rows[x, b] + columns[y, c]. Both are
    laid out for all slots here: sums of a few numbers at a time would take twice as long."""
    (_, p), (_, q) = rows.shape, columns.shape
    rows, columns = np.repeat(rows, q, axis=1), np.tile(columns, p)
    return lambda x, y: tables.take(rows.take(x, axis=0) + columns.take(y, axis=0))


def doubly_centred(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last two axes less their row and column means: the part that no f(b') + g(c') holds."""
    rows = tables.mean(axis=-1, keepdims=True)
    columns = tables.mean(axis=-2, keepdims=True)
    return np.asarray(tables - rows - columns + tables.mean(axis=(-2, -1), keepdims=True))


def slot_report(circuit: Circuit) -> SlotReport:
    """Evenness of the filled slots of a circuit; cost as `slot_tables`."""
    weights = slot_weights(circuit)
    filled = filled_slots(weights)
    values = weights[filled]
    mean = float(values.mean()) if values.size else 0.0
    tables = slot_tables(circuit)[filled]
    metric = doubly_centred(tables)
    additive = tables - metric
    additive = additive - additive.mean(axis=(1, 2), keepdims=True)
    common = metric.mean(axis=0)
    size = float(np.linalg.norm(common))

    def spread(parts: NDArray[np.float64]) -> float:
        deviation = np.sqrt(((parts - parts.mean(axis=0)) ** 2).sum(axis=(1, 2)).mean())
        return float(deviation) / size if size > 0 else float("inf")

    return SlotReport(
        weights=weights,
        weight_spread=float(values.std()) / abs(mean) if mean else float("inf"),
        metric_spread=spread(metric),
        additive_spread=spread(additive),
        filled=filled,
        families=int(reading_families(circuit).max(initial=-1)) + 1,
    )


def slot_distances(circuit: Circuit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(p, p) between rows and (q, q) between columns of slots: root mean square difference of their
    metrics over the root mean square metric of all slots; see `SAME_SLOT`. Cost as `slot_tables`."""
    p, q = circuit.shape
    if p * p * q * q <= TABLE_NUMBERS:
        tables = doubly_centred(slot_tables(circuit)).reshape(p, q, p * q)
    else:
        tables = slot_weights(circuit)[:, :, None]
    size = float((tables**2).mean()) or 1.0
    found = []
    for lines in (tables.reshape(p, -1), tables.transpose(1, 0, 2).reshape(q, -1)):
        squares = (lines**2).sum(axis=1)
        gaps = squares[:, None] + squares[None, :] - 2 * lines @ lines.T
        found.append(np.sqrt(np.maximum(gaps, 0) / lines.shape[1] / size))
    return found[0], found[1]


def symmetry(
    group: Group, circuits: Sequence[Circuit], tolerance: float = SAME_SLOT
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Γ_L and Γ_R: elements that permute like rows (columns) of slots among themselves.

    Rows of slots are alike when their distance (`slot_distances`) is at most the tolerance, or when
    a chain of such rows joins them; Γ_L holds the g for which g·b is like b in every circuit. Both
    are subgroups whatever the weights are. Cost n Σ (p + q) and that of the slot tables.

    Returns
    -------
    (|Γ_L|,) and (|Γ_R|,) sorted elements.
    """
    keep = np.ones((2, group.order), dtype=bool)
    for circuit in circuits:
        gsets = (circuit.left_set.gset, circuit.right_set.gset)
        for side, distances in enumerate(slot_distances(circuit)):
            label = _alike(distances <= tolerance)
            keep[side] &= np.all(label[gsets[side].action] == label, axis=1)
    left, right = (np.flatnonzero(side).astype(np.int32) for side in keep)
    return left, right


def _alike(near: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Labels of the connected components of a symmetric relation."""
    near = near | np.eye(len(near), dtype=bool)
    label = np.arange(len(near))
    while True:
        smaller = np.where(near, label[None, :], len(near)).min(axis=1)
        if np.array_equal(smaller, label):
            return label
        label = smaller
