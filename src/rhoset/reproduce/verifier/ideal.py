"""Steps 4 to 7 of the published verifier: the ideal network whose slots are equally weighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep
from rhoset.networks import Network
from rhoset.reproduce.verifier.clustering import Clusters, settle
from rhoset.reproduce.verifier.neurons import IrrepNeurons

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

FIXED = 1e-2
"""A group element that moves a settled centre less than this fixes it."""
LEAST_STABILISER = 5
"""A circuit whose b has fewer elements than this in its stabiliser is dropped."""
UNEVEN = (0.2, 0.8)
"""An irrep is bad when each of its circuits lacks a share of its slots between these, or was dropped."""
UNEMBED_SHARE = 0.01
"""Weight of unembed against left and right when a neuron's scale is chosen."""


@dataclass(frozen=True, eq=False)
class IdealNetwork:
    """Tables of the ideal network, in the network's own neurons.

    Parameters
    ----------
    left, right
        (n, m), zero for neurons that no circuit holds.
    unembed
        (m, n); the network's own rows for those.
    bias
        (n,): what an uneven sign circuit leaves over, taken off.
    bad
        Names of the irreps none of whose circuits is nearly full or nearly empty.
    """

    left: Array
    right: Array
    unembed: Array
    bias: Array
    bad: tuple[str, ...]


def idealise(network: Network, parts: Sequence[tuple[IrrepNeurons, Clusters, Clusters]]) -> IdealNetwork:
    """The ideal network of the neurons of each irrep with their clusters of b and of c."""
    left, right = np.zeros_like(network.left, dtype=np.float64), np.zeros_like(network.right, dtype=np.float64)
    unembed, bias = np.array(network.unembed, dtype=np.float64), np.zeros(network.order)
    bad = []
    for part, b_clusters, c_clusters in parts:
        rho, sets = part.irrep, (settle(part.irrep, b_clusters), settle(part.irrep, c_clusters))
        if rho.dim == 1:
            weight, remainder = _even_signs(part, (b_clusters, c_clusters), sets)
            bias -= remainder * rho.matrices[:, 0, 0]
        else:
            weight, uneven = _even_slots(part, (b_clusters, c_clusters), sets)
            bad += [rho.name] if uneven else []
        held = np.flatnonzero(weight)
        b = _placed(rho, b_clusters, sets[0])[held]
        c = _placed(rho, c_clusters, sets[1])[held]
        moved = np.einsum("gij,j->gi", rho.matrices, part.a)
        pulled = np.einsum("gij,i->gj", rho.matrices, part.a)
        given = moved @ b.T, pulled @ c.T, weight[held, None] * np.einsum("ki,gij,kj->kg", b, rho.matrices, c)
        for place, i in enumerate(part.neurons[held]):
            own = (network.left[:, i], network.right[:, i], network.unembed[i])
            ideal = (given[0][:, place], given[1][:, place], given[2][place])
            scale = best_scale(own, ideal)
            left[:, i], right[:, i], unembed[i] = ideal[0] / scale, ideal[1] / scale, ideal[2] * scale
    return IdealNetwork(left, right, unembed, bias, tuple(bad))


def best_scale(own: Sequence[Array], ideal: Sequence[Array]) -> float:
    """s > 0 that minimises |l̂/s − l|² + |r̂/s − r|² + 0.01 |s û − u|².

    Setting the derivative to zero and multiplying by s³ gives a quartic.
    """
    (l_own, r_own, u_own), (l_ideal, r_ideal, u_ideal) = (
        [np.asarray(v, dtype=np.float64) for v in t] for t in (own, ideal)
    )
    read = float(l_ideal @ l_ideal + r_ideal @ r_ideal)
    along = float(l_ideal @ l_own + r_ideal @ r_own)
    write, match = UNEMBED_SHARE * float(u_ideal @ u_ideal), UNEMBED_SHARE * float(u_ideal @ u_own)
    roots = np.roots([write, -match, 0.0, along, -read])
    positive = roots.real[(np.abs(roots.imag) < 1e-8 * np.abs(roots)) & (roots.real > 1e-8)]

    def objective(s: float) -> float:
        return read / s**2 - 2 * along / s + write * s**2 - 2 * match * s

    return float(min(positive, key=objective, default=1.0))


def _placed(rho: Irrep, clusters: Clusters, centres: Array) -> Array:
    """(k, d): ρ(g)·centre for every neuron."""
    found: Array = np.einsum("kij,kj->ki", rho.matrices[clusters.element], centres[clusters.label])
    return found


def _even_signs(
    part: IrrepNeurons, clusters: tuple[Clusters, Clusters], sets: tuple[Array, Array]
) -> tuple[Array, float]:
    """Weights with slots (b, c) and (−b, −c) made equal, and the multiple of σ(z) that is left over."""
    b, c = (np.sign(_placed(part.irrep, k, s)[:, 0]) for k, s in zip(clusters, sets, strict=True))
    weight, means = np.zeros(len(b)), {}
    for sign in (1, -1):  # bc = 1: slots 00 and 11; bc = −1: slots 01 and 10
        slots = [(b == first) & (c == sign * first) for first in (1, -1)]
        sums = [float(part.weight[slot].sum()) for slot in slots]
        means[sign] = sum(sums) / 2 if all(slot.any() for slot in slots) else 0.0
        for slot, total in zip(slots, sums, strict=True):
            if means[sign] and total:
                weight[slot] = part.weight[slot] * means[sign] / total
    size = float(np.abs(part.a[0]))
    return weight, size * (means[1] - means[-1])


def _even_slots(
    part: IrrepNeurons, clusters: tuple[Clusters, Clusters], sets: tuple[Array, Array]
) -> tuple[Array, bool]:
    """Weights with the slots of full circuits at the mean, 0 elsewhere; whether all circuits are uneven."""
    rho, weight, uneven = part.irrep, np.zeros(len(part.weight)), True
    for k, l in product(range(len(sets[0])), range(len(sets[1]))):
        inside = (clusters[0].label == k) & (clusters[1].label == l)
        row, p, fixed = _cosets(rho, sets[0][k])
        column, q, _ = _cosets(rho, sets[1][l])
        if fixed < LEAST_STABILISER:
            continue
        slot = row[clusters[0].element] * q + column[clusters[1].element]
        filled = np.bincount(slot[inside], minlength=p * q) > 0
        missing = 1 - float(filled.mean())
        uneven &= UNEVEN[0] <= missing <= UNEVEN[1]
        if missing:
            continue
        sums = np.bincount(slot[inside], part.weight[inside], p * q)
        mean = sums.mean()
        factor = np.divide(mean, sums, out=np.zeros_like(sums), where=sums != 0)
        weight[inside] = part.weight[inside] * factor[slot[inside]]
    return weight, uneven


def _cosets(rho: Irrep, centre: Array) -> tuple[Ints, int, int]:
    """(n,) which point of the centre's orbit each element takes it to, how many points, how many fix it."""
    moved = rho.matrices @ centre
    label = np.full(len(moved), -1, dtype=np.intp)
    count = 0
    for g in range(len(moved)):
        if label[g] < 0:
            label[(label < 0) & (np.linalg.norm(moved - moved[g], axis=1) < FIXED)] = count
            count += 1
    return label, count, int((np.linalg.norm(moved - centre, axis=1) < FIXED).sum())
