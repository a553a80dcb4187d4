"""Slots: what the neurons at each (b, c) add up to, and what kind of circuit that makes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.networks.circuits import Circuit

KINDS = {
    "full": "every slot filled, weights even, all neurons read with one vector a up to sign",
    "split": "every slot filled, weights even, the vectors a differ",
    "uneven": "every slot filled, weights differ",
    "rows": "whole rows of slots empty, the others filled",
    "columns": "whole columns of slots empty, the others filled",
    "partial": "other slots are empty",
    "twisted": "every slot filled, and C is neither B nor −B",
}
"""The kinds of circuits."""

EMPTY = 0.15
"""A slot is empty when its weight is below this share of the median filled slot's weight."""

EVEN = 0.1
"""Slot weights are even when their standard deviation is at most this share of their mean."""

SAME_READING = 0.98
"""Neurons read alike when the mean squared cosine of their readings with the common one exceeds
this."""


def slot_weights(circuit: Circuit) -> NDArray[np.float64]:
    """(p, q): Σ κ_i ‖(α_i, γ_i)‖ over the neurons of each slot.

    Norms are of the centred readings, per point. Where B = −B and C = −C, (b, c) and (−b, −c) write
    the same and share their weight evenly (for ReLU, a and −a then differ by an additive part).
    """
    strength = circuit.weight * reading_norms(circuit)
    weights = np.zeros(circuit.shape)
    np.add.at(weights, (circuit.rows, circuit.columns), strength)
    left, right = circuit.left_set.antipodes(), circuit.right_set.antipodes()
    if left is not None and right is not None:
        opposite = np.ix_(left, right)
        if np.allclose(circuit.coupling[opposite], circuit.coupling):
            weights = (weights + weights[opposite]) / 2
    return weights


def centred_readings(circuit: Circuit) -> NDArray[np.float64]:
    """(k, p + q): α and γ less their means over the points, each divided by √(points)."""
    parts = [
        (table - table.mean(axis=1, keepdims=True)) / np.sqrt(table.shape[1])
        for table in (circuit.alpha, circuit.gamma)
    ]
    return np.hstack(parts)


def reading_norms(circuit: Circuit) -> NDArray[np.float64]:
    """(k,) root mean square of α plus that of γ, as a Euclidean norm."""
    return np.asarray(np.linalg.norm(centred_readings(circuit), axis=1))


def filled_slots(weights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(p, q) bool: weight at least `EMPTY` of the median weight of the non-zero slots."""
    size = np.abs(weights)
    nonzero = size[size > 0]
    return size >= EMPTY * np.median(nonzero) if nonzero.size else np.zeros(size.shape, dtype=bool)


def reading_agreement(circuit: Circuit) -> float:
    """Mean squared cosine of the neurons' readings with their common axis, weighted by strength: 1
    when all read with one vector a up to sign."""
    readings = centred_readings(circuit)
    norms = np.linalg.norm(readings, axis=1)
    strength = np.abs(circuit.weight) * norms
    total = float(strength.sum())
    if not total > 0:
        return 0.0
    unit = readings / np.where(norms > 0, norms, 1.0)[:, None]
    return float(np.linalg.norm(unit * np.sqrt(strength)[:, None], ord=2) ** 2 / total)


def reading_families(circuit: Circuit) -> NDArray[np.int32]:
    """(k,) family of each neuron: neurons of one family read with the same vector a up to sign.

    The strongest neuron without a family founds one and takes all whose readings have a squared
    cosine of at least `SAME_READING` with its own. Cost k (p + q) for each family.
    """
    readings = centred_readings(circuit)
    norms = np.linalg.norm(readings, axis=1)
    unit = readings / np.where(norms > 0, norms, 1.0)[:, None]
    order = np.argsort(-np.abs(circuit.weight) * norms, kind="stable")
    family = np.full(len(order), -1, dtype=np.int32)
    count = 0
    for i in order:
        if family[i] < 0:
            family[(family < 0) & ((unit @ unit[i]) ** 2 >= SAME_READING)] = count
            family[i] = count
            count += 1
    return family


def is_twisted(circuit: Circuit) -> bool:
    """True when the points of C are neither those of B nor those of −B."""
    b, c = circuit.left_set.points, circuit.right_set.points
    if len(b) != len(c):
        return True
    near = np.abs(b @ c.T).max(axis=1)
    return bool(near.min() < 1 - 1e-6)


def kind_of(circuit: Circuit) -> str:
    """One of `KINDS`."""
    weights = slot_weights(circuit)
    filled = filled_slots(weights)
    if not filled.all():
        rows, columns = filled.any(axis=1), filled.any(axis=0)
        if filled[rows].all() and columns.all():
            return "rows"
        if filled[:, columns].all() and rows.all():
            return "columns"
        return "partial"
    if weights.std() > EVEN * abs(weights.mean()):
        return "uneven"
    if is_twisted(circuit):
        return "twisted"
    return "full" if reading_agreement(circuit) >= SAME_READING else "split"
