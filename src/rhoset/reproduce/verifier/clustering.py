"""Step 3 of the published verifier: k-means modulo the group, from fixed starts in place of 200 random ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

STARTS = 80
"""Starts of one clustering. The original draws 200 at random, most of which end in one of a few optima."""
LEADERS_APART = 0.3
"""Neurons' own vectors whose orbits come nearer than this are one start."""
OUTLIERS = 2.0
"""Vectors farther from their centre than this many root mean square distances are left out of it."""
NEARLY_FIXED = 0.3
"""A group element that moves a centre less than this is taken to fix it when the centre is averaged."""
IMPROVEMENT = 1e-4
"""k-means stops when the mean distance falls by less."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Vectors as ρ(g)·centre.

    Parameters
    ----------
    centres
        (k, d).
    element
        (m,) g of each vector.
    label
        (m,) which centre.
    error
        Mean distance.
    """

    centres: Array
    element: Ints
    label: Ints
    error: float


def cluster_modulo(irrep: Irrep, vectors: Array, count: int, keep: int = 1) -> list[Clusters]:
    """The best distinct clusterings of vectors into `count` orbits, best first, at most `keep`.

    Parameters
    ----------
    irrep
        Orthogonal matrices ρ.
    vectors
        (m, d).
    count
        Number of centres.
    keep
        How many results with different errors.

    Notes
    -----
    The original draws 200 starts from a normal distribution and keeps the best. Here the starts are sets of
    the vectors themselves: one for each orbit that occurs (`LEADERS_APART`), the most populous first, in all
    combinations, `STARTS` at most. Cost: starts × rounds × m n k d.
    """
    leaders = _leaders(irrep, vectors)
    chosen = islice(combinations(range(len(leaders)), min(count, len(leaders))), STARTS)
    found = [cluster_from(irrep, vectors, leaders[list(start)]) for start in chosen]
    found.sort(key=lambda clusters: clusters.error)
    distinct: list[Clusters] = []
    for clusters in found:
        if all(clusters.error - other.error > IMPROVEMENT for other in distinct):
            distinct.append(clusters)
    return distinct[:keep]


def cluster_from(irrep: Irrep, vectors: Array, centres: Array) -> Clusters:
    """k-means modulo the group from given centres (step 3 for c starts at −b)."""
    centres, before = centres.copy(), np.inf
    while True:
        element, label, distance = _nearest(irrep, vectors, centres)
        pulled = np.einsum("mij,mi->mj", irrep.matrices[element], vectors)  # ρ(g)ᵀ v
        for k in range(len(centres)):
            own = pulled[label == k]
            if not len(own):
                continue
            far = np.linalg.norm(own - own.mean(axis=0), axis=1)
            near = own[far <= OUTLIERS * np.sqrt(np.square(far).mean())]
            centres[k] = near.mean(axis=0)
        error = float(distance.mean())
        if not error <= before - IMPROVEMENT:
            return Clusters(centres, element, label, error)
        before = error


def settle(irrep: Irrep, clusters: Clusters) -> Array:
    """(k, d) the centres, each averaged over the elements that nearly fix it."""
    out = np.empty_like(clusters.centres)
    for k, centre in enumerate(clusters.centres):
        moved = irrep.matrices @ centre
        out[k] = moved[np.linalg.norm(moved - centre, axis=1) < NEARLY_FIXED].mean(axis=0)
    return out


def _nearest(irrep: Irrep, vectors: Array, centres: Array) -> tuple[Ints, Ints, Array]:
    d = irrep.dim
    orbits = (irrep.matrices.reshape(-1, d) @ centres.T).reshape(-1, d, len(centres)).transpose(0, 2, 1).reshape(-1, d)
    square = np.square(vectors).sum(axis=1)[:, None] + np.square(orbits).sum(axis=1) - 2 * vectors @ orbits.T
    best = square.argmin(axis=1)  # equal ones lie in one coset: any will do
    distance = np.sqrt(np.maximum(square[np.arange(len(vectors)), best], 0))
    return best // len(centres), best % len(centres), distance


def _leaders(irrep: Irrep, vectors: Array) -> Array:
    """Vectors whose orbits are apart, the one with most others near its orbit first."""
    left = np.arange(len(vectors))
    found: list[tuple[int, int]] = []
    while len(left):
        first = int(left[0])
        _, _, distance = _nearest(irrep, vectors[left], vectors[first][None])
        near = distance <= LEADERS_APART
        near[0] = True
        found.append((int(near.sum()), first))
        left = left[~near]
    found.sort(key=lambda item: (-item[0], item[1]))
    return vectors[[index for _, index in found]]
