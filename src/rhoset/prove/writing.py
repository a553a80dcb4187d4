"""Where neurons write: unembed as few features as a given accuracy needs, on slots of small ρ-sets where that is cheap.

Each neuron's coefficient matrix in an irrep is a sum of rank-one terms w·b cᵀ, b and c points of ρ-sets (slots, one
multiply-add each), found by orthogonal matching pursuit, or is taken whole (d² multiply-adds). What is not written is
the residual: with the best weights of the Cauchy-Schwarz inequality it costs Σ_i σ_i ‖δ_i‖ of every margin, σ_i the
size of the activation. So terms are taken in order of what they save of that sum per multiply-add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rhoset.prove.features import (
    Sets,
    WrittenSpectrum,
    invariant,
    matrix_block,
    representable,
    slot_actions,
    spectrum_of,
)
from rhoset_check.files import MatrixTensors, SlotTensors
from rhoset_check.near import Array, Ints

if TYPE_CHECKING:
    from rhoset.explaining import Explanation
    from rhoset.explaining.analysis import Circuits

MOST_SLOTS = 144
"""Slot blocks with more slots than this are not tried: moving their sums costs 3 multiply-adds a slot and pair."""
MAIN = 0.3
"""A neuron belongs to an irrep that holds more than this share of its energy."""
MOST_TERMS = 8
"""Rank-one terms of one neuron in one irrep, at most; what needs more is dearer than the whole matrix."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of one feature block, in order for each neuron.

    `save` (K, m): energy (squared norm over z) that the k-th term adds; `cost` multiply-adds of one term; `once`
    multiply-adds of the block a pair. For slots `rows`, `columns` (K, m) and `weights` (K, K, m): weights[k] are
    those of the first k + 1 terms.
    """

    irrep: int
    sets: Sets | None
    save: Array
    cost: int
    once: int
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    weights: Array


@dataclass(frozen=True, eq=False)
class Dictionary:
    """All terms of a network, and how large its activations are."""

    generators: Ints
    spectrum: WrittenSpectrum
    terms: tuple[Terms, ...]
    size: Array
    """(m + 1,) root mean square of each activation over sampled pairs, at least 1e-6 of the largest."""

    @property
    def shapes(self) -> tuple[bool, ...]:
        """Which irreps are written on slots."""
        return tuple(t.sets is not None for t in self.terms)


def dictionary(
    known: Explanation | Circuits, size: Array, kind: str = "mixed", like: Dictionary | None = None
) -> Dictionary:
    """Terms in every irrep that is not constant; cost n² m for the spectrum and m p q d a term.

    `kind`: ``mixed`` (slots where circuits give small ρ-sets, else whole irreps), ``spanned`` (the
    same, but whole irreps where those are cheaper once all logits are evaluated), ``whole`` or
    ``slots`` alone. `like`: another of this network, whose terms on slots are these.
    """
    network = known.network
    unembed = np.concatenate([network.unembed, network.bias[None]]).astype(np.float64)
    spectrum = spectrum_of(unembed, known.irreps) if like is None else like.spectrum
    pursued = {} if like is None else {t.irrep: t for t in like.terms if t.sets is not None}
    generators = np.array(network.group.generators, dtype=np.intp)
    size = np.maximum(size, 1e-6 * size.max(initial=1e-300))
    terms = []
    for j, irrep in enumerate(spectrum.irreps):
        if irrep.is_trivial:
            continue
        tried = kind != "whole" and irrep.type == "real" and (irrep.dim > 1 or kind == "slots")
        sets = _sets(known, j) if tried else None
        if sets is not None and kind == "spanned" and not _cheaper_spanned(spectrum, j, sets):
            sets = None
        if sets is not None:
            terms.append(pursued.get(j) or _pursuit(spectrum, j, sets))
        elif kind != "slots":
            terms.append(_whole(spectrum, j))
    return Dictionary(generators, spectrum, tuple(terms), size)


def _sets(known: Explanation | Circuits, j: int) -> Sets | None:
    """The ρ-sets that the irrep's circuits use most, if they are small."""
    irrep = known.irreps[j]
    found = [c for c in known.circuits if c.irrep.name == irrep.name and c.shape[0] * c.shape[1] <= MOST_SLOTS]
    if not found:
        return None
    best = max(found, key=lambda c: len(c.neurons))
    return best.rho_sets


def _cheaper_spanned(spectrum: WrittenSpectrum, j: int, sets: Sets) -> bool:
    """Whether slots beat the whole irrep when every logit is evaluated for every pair."""
    irrep, (p, q) = spectrum.irreps[j], (len(s.points) for s in sets)
    n = len(irrep.matrices)
    neurons = int((spectrum.energy[j] > MAIN * spectrum.total).sum())
    coupling = np.round(sets[0].points @ sets[1].points.T, 9)
    most = np.unique(coupling, return_counts=True)[1].max()
    varied = coupling.size - (most if most * 2 > coupling.size else 0)
    slots = neurons + 2 * p * q + varied * q + n * q
    return bool(slots < irrep.rank * neurons + irrep.dim**3 + n * irrep.rank)


def _whole(spectrum: WrittenSpectrum, j: int) -> Terms:
    irrep = spectrum.irreps[j]
    none = np.empty((1, 0), dtype=np.intp)
    return Terms(j, None, spectrum.energy[j][None], irrep.rank, irrep.dim**3, none, none, np.empty((1, 1, 0)))


def _pursuit(spectrum: WrittenSpectrum, j: int, sets: Sets) -> Terms:
    """Orthogonal matching pursuit of every neuron's coefficient matrix on the atoms b cᵀ."""
    irrep, b, c = spectrum.irreps[j], sets[0].points, sets[1].points
    d, p, q = irrep.dim, len(b), len(c)
    wanted = spectrum.coefficients[j]
    m = len(wanted)
    scale = spectrum.energy[j] / np.maximum((wanted**2).sum(axis=(1, 2)), 1e-300)
    count = min(d * d, MOST_TERMS)
    rows, columns = np.zeros((count, m), dtype=np.intp), np.zeros((count, m), dtype=np.intp)
    weights, save = np.zeros((count, count, m)), np.zeros((count, m))
    rest, left = wanted, (wanted**2).sum(axis=(1, 2))
    for k in range(count):
        inner = np.abs(b @ (rest.reshape(m * d, d) @ c.T).reshape(m, d, q)).reshape(m, -1)
        rows[k], columns[k] = np.divmod(inner.argmax(axis=1), q)
        left_atoms, right_atoms = b[rows[: k + 1].T], c[columns[: k + 1].T]  # (m, k + 1, d)
        gram = (left_atoms @ left_atoms.swapaxes(1, 2)) * (right_atoms @ right_atoms.swapaxes(1, 2))
        right = (left_atoms @ wanted * right_atoms).sum(axis=2)
        solution = np.linalg.solve(gram + 1e-10 * np.eye(k + 1), right[..., None])
        weights[k, : k + 1] = solution[..., 0].T
        rest = wanted - (left_atoms * solution).swapaxes(1, 2) @ right_atoms
        now = (rest**2).sum(axis=(1, 2))
        save[k] = np.maximum(left - now, 0.0) * scale
        left = now
    return Terms(j, sets, save, 1, 2 * p * q, rows, columns, weights)


def choose(known: Dictionary, least: float) -> list[tuple[Terms, NDArray[np.intp]]]:
    """For each block how many terms of every neuron are worth their cost.

    A term is taken when it lowers Σ_i σ_i ‖δ_i‖ by at least `least`·(that sum before anything is written)/m for
    each multiply-add; a block when its terms together do so with the block's own cost counted in.
    """
    spectrum, size = known.spectrum, known.size
    m = len(size)
    if not known.terms or m == 0:
        return []
    unit = least * float((np.sqrt(np.maximum(spectrum.total, 0)) * size).sum()) / m
    entries = [(t, k) for t in known.terms for k in range(len(t.save))]
    saves = np.array([t.save[k] for t, k in entries])  # (E, m)
    costs = np.array([t.cost for t, _ in entries], dtype=np.float64)
    # a later term of a block cannot come before an earlier one: order by the running minimum
    rate = saves / costs[:, None]
    for e, (_, k) in enumerate(entries):
        if k:
            rate[e] = np.minimum(rate[e], rate[e - 1] * (1 - 1e-9))
    order = np.argsort(-rate, axis=0, kind="stable")
    sorted_saves = np.take_along_axis(saves, order, axis=0)
    before = spectrum.total - np.vstack([np.zeros(m), np.cumsum(sorted_saves, axis=0)[:-1]])
    after = np.sqrt(np.maximum(before - sorted_saves, 0))
    value = (np.sqrt(np.maximum(before, 0)) - after) * size
    good = value >= unit * costs[order]
    upto = np.where(good.any(axis=0), len(entries) - 1 - np.argmax(good[::-1], axis=0), -1)
    taken = np.zeros((len(entries), m), dtype=bool)
    np.put_along_axis(taken, order, np.arange(len(entries))[:, None] <= upto, axis=0)
    worth = np.zeros((len(entries), m))
    np.put_along_axis(worth, order, value, axis=0)
    chosen = []
    for t in known.terms:
        mine = [e for e, (u, _) in enumerate(entries) if u is t]
        count = taken[mine].sum(axis=0)
        total = float((worth[mine] * taken[mine]).sum())
        if count.any() and total >= unit * (t.cost * int(count.sum()) + t.once):
            chosen.append((t, count))
    return chosen


def blocks(known: Dictionary, chosen: Sequence[tuple[Terms, NDArray[np.intp]]]) -> list[SlotTensors | MatrixTensors]:
    """The chosen terms as blocks of a certificate."""
    out: list[SlotTensors | MatrixTensors] = []
    for t, count in chosen:
        if t.sets is None:
            out.append(matrix_block(known.spectrum, t.irrep, known.generators, np.flatnonzero(count)))
            continue
        k, neuron = np.nonzero(np.arange(len(t.save))[:, None] < count)
        weights = representable(t.weights[count[neuron] - 1, k, neuron])
        left, right = slot_actions(t.sets, known.generators)
        coupling = invariant(t.sets[0].points @ t.sets[1].points.T, left, right)
        out.append(SlotTensors(left, right, coupling, neuron, t.rows[k, neuron], t.columns[k, neuron], weights))
    return out
