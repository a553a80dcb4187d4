"""Which point of which ρ-set each neuron's vectors b and c are.

A neuron of a ρ-set circuit has coefficient matrices M_L = b aᵀ, M_R = a cᵀ and M_U = κ b cᵀ (Wu et
al. 2024, section 4), so b is read from left and unembed, c from right and unembed. A direction is
then compared with every point of every candidate orbit; where the fixed vectors of a stabilizer
have more than one dimension, the orbit is that through the neuron which most others agree with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep, RhoSet, RhoSetFamily, orbit
from rhoset.networks import Tables

POINT_FIT = 0.8
"""A vector belongs to a ρ-set when its squared cosine with a point is at least this, and at least
what `BY_CHANCE` asks. Trained neurons reach 0.95; lower values admit neurons of no circuit."""

BY_CHANCE = 0.3
"""... and at least so much that, were all vectors random, their expected number is at most this
share of the vectors found there. A neuron must pass on both sides, so about the square of it is the
share of neurons that are in a circuit by chance."""

SMALLER_IS_ENOUGH = 2.0
"""A smaller ρ-set is preferred to a better fitting one while its misfit, less `SLACK`, is at most
this multiple of the other's."""

SLACK = 0.03
"""Misfit that counts for nothing when a smaller ρ-set is preferred."""

AGREE = 3
"""Neurons that must share an orbit whose stabilizer fixes more than one dimension."""

SAME = 1e-6
"""Squared cosines that differ by less than this are equal: points that fit a neuron equally well do so up to rounding
(about 1e-12, or 1e-7 for float32 weights), and the first of them is taken."""

PROPOSALS = 32
"""Neurons, the strongest first, through which such an orbit is tried."""


@dataclass(frozen=True, eq=False)
class Directions:
    """Leading directions of N neurons: an orthonormal frame each (one vector for a real irrep, a
    line over the endomorphism algebra otherwise) and the share of the form that lies in it."""

    frames: NDArray[np.float64]  # (N, d, e)
    share: NDArray[np.float64]  # (N,)
    importance: NDArray[np.float64]  # (N,)


@dataclass(frozen=True, eq=False)
class Placement:
    """The ρ-sets used on one side and each neuron's place; −1 where none fits."""

    sets: tuple[RhoSet, ...]
    chosen: NDArray[np.int32]  # (N,) index into sets
    point: NDArray[np.int32]  # (N,)
    fit: NDArray[np.float64]  # (N,)

    def __getitem__(self, neurons: NDArray[np.integer]) -> Placement:
        return Placement(self.sets, self.chosen[neurons], self.point[neurons], self.fit[neurons])


def directions(forms: NDArray[np.float64], importance: NDArray[np.float64], columns: int) -> Directions:
    """The leading eigenvectors of (N, d, d) positive forms; cost N d³."""
    values, vectors = np.linalg.eigh(forms)
    total = values.sum(axis=1)
    share = values[:, -columns:].sum(axis=1) / np.where(total > 0, total, 1.0)
    frames = vectors[:, :, -columns:]
    if columns > 1:
        frames = _settled(frames)
    return Directions(frames, share, importance)


def left_directions(matrices: Tables, importance: NDArray[np.float64], e: int) -> Directions:
    """Directions of b, from M_L M_Lᵀ and M_U M_Uᵀ of the coefficients (N, d, d); e = dim End."""
    left, unembed = matrices.left, matrices.unembed
    return directions(left @ left.transpose(0, 2, 1) + unembed @ unembed.transpose(0, 2, 1), importance, e)


def right_directions(
    matrices: Tables, vectors: NDArray[np.float64], importance: NDArray[np.float64], e: int
) -> Directions:
    """Directions of c once b (N, d) is known: from M_RᵀM_R and M_Uᵀb.

    Over ℂ or ℍ, right alone knows c up to a unit scalar; b and unembed fix the scalar.
    """
    pulled = np.einsum("iab,ia->ib", matrices.unembed, vectors)
    forms = matrices.right.transpose(0, 2, 1) @ matrices.right
    if e == 1:
        return directions(forms + pulled[:, :, None] * pulled[:, None, :], importance, 1)
    length = np.linalg.norm(pulled, axis=1)
    frame = pulled / np.where(length > 0, length, 1.0)[:, None]
    held = np.einsum("ia,iab,ib->i", frame, forms, frame) + length**2
    total = np.einsum("iaa->i", forms) + (matrices.unembed**2).sum(axis=(1, 2))
    share = np.minimum(e * held / np.where(total > 0, total, 1.0), 1.0)
    return Directions(frame[:, :, None], share, importance)


def _settled(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same subspaces with a first vector that the subspace alone determines: the projection of
    the coordinate axis nearest to it. The others complete it within the subspace."""
    axes = first_of_largest((frames**2).sum(axis=2), SAME)
    inside = frames[np.arange(len(frames)), axes]  # (N, e): the axis, in the frame's coordinates
    inside = inside / np.linalg.norm(inside, axis=1, keepdims=True)
    turns = np.linalg.qr(inside[:, :, None], mode="complete").Q
    turns *= np.sign(np.einsum("ia,ia->i", turns[:, :, 0], inside))[:, None, None]
    return np.asarray(frames @ turns)


def first_of_largest(values: NDArray[np.float64], tolerance: float) -> NDArray[np.intp]:
    """Along the last axis, the first index whose value is within the tolerance of the largest.

    What is equal but for rounding stays equal, whatever the level, so that the choice does not hang
    on the last digits.
    """
    return np.asarray(np.argmax(values >= values.max(axis=-1, keepdims=True) - tolerance, axis=-1))


def fits(points: NDArray[np.float64], found: Directions) -> NDArray[np.float64]:
    """(N, p) squared cosines of each neuron's direction with each point, times its share."""
    count, d, e = found.frames.shape
    inner = points @ found.frames.transpose(1, 0, 2).reshape(d, count * e)
    return np.asarray((inner.reshape(-1, count, e) ** 2).sum(axis=2).T * found.share[:, None])


def threshold(points: NDArray[np.float64], best: NDArray[np.float64], columns: int = 1) -> float:
    """The fit asked for on this ρ-set, given each neuron's best fit on it: see `BY_CHANCE`.

    A random line over the endomorphism algebra (e = `columns` real dimensions) in ℝ^d has squared
    cosine distributed as Beta(e/2, (d−e)/2) with each point; the probabilities of the points are
    added. With e = d every line is every other and any fit will do; ∞ where no level is enough.
    """
    p, d = points.shape
    if d == columns:
        return POINT_FIT
    levels = np.sort(best[best >= POINT_FIT])
    found = levels.size - np.arange(levels.size)
    tail = beta_tail((d - columns) / 2, columns / 2, np.minimum(levels, 1.0))
    enough = np.flatnonzero(len(best) * p * tail <= BY_CHANCE * found)
    if enough.size == 0:
        return np.inf
    return float(levels[enough[0]]) - 1e-8 if enough[0] else POINT_FIT


def beta_tail(a: float, b: float, level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that Beta(b, a) exceeds a level of at least 1/2, to twelve digits: the incomplete beta function
    I(1 − level; a, b) by its power series (Abramowitz and Stegun 26.5.4), without scipy, which takes long to load."""
    k, x = np.arange(48.0), 1 - level
    series = np.append(1.0, np.cumprod((k[1:] - b) / k[1:])) / (a + k)
    size = np.exp(lgamma(a + b) - lgamma(a) - lgamma(b))
    return np.asarray(size * x**a * (x[:, None] ** k @ series))


def place(irrep: Irrep, options: Sequence[RhoSetFamily], found: Directions, first: Sequence[RhoSet] = ()) -> Placement:
    """The smallest fitting ρ-set and point of each neuron's direction.

    Parameters
    ----------
    options
        `rhoset.groups.rho_set_families` of the irrep, smallest first.
    found
        Directions of the neurons.
    first
        ρ-sets to try before others of their size: those of the other side whose stabilizers fix
        more than a line, since C is B or −B more often than not.

    Cost N Σp d over the candidates with a one-dimensional fixed space, `PROPOSALS` times that for
    those neurons that none of these holds.
    """
    count = len(found.share)
    sets: list[RhoSet] = []
    tables: list[NDArray[np.float64]] = []
    asked: list[float] = []

    def add(rho_set: RhoSet) -> None:
        sets.append(rho_set)
        tables.append(fits(rho_set.points, found))
        asked.append(threshold(rho_set.points, tables[-1].max(axis=1), found.frames.shape[2]))

    for option in options:
        if option.fixed_dim == 1:
            add(option.rho_set())
    for rho_set in first:
        add(rho_set)
    free = _choose(tables, asked, count)[0] < 0
    for option in options:
        while option.fixed_dim > 1 and int(free.sum()) >= AGREE:
            shared, held = _shared_orbit(irrep, option, found, free)
            if shared is None:
                break
            add(shared)
            free &= ~held
    chosen, point, fit = _choose(tables, asked, count)
    return Placement(tuple(sets), chosen, point, fit)


def _choose(
    tables: Sequence[NDArray[np.float64]], asked: Sequence[float], count: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Per neuron the smallest set that fits nearly as well as the best one."""
    chosen = np.full(count, -1, dtype=np.int32)
    point = np.zeros(count, dtype=np.int32)
    fit = np.zeros(count)
    if not tables:
        return chosen, point, fit
    best = np.stack([table.max(axis=1) for table in tables], axis=1)  # (N, sets)
    passes = best >= np.asarray(asked)
    misfit = 1 - best
    least = np.where(passes, misfit, np.inf).min(axis=1)
    sizes = np.array([table.shape[1] for table in tables])
    order = np.argsort(sizes, kind="stable")
    for s in order[::-1]:
        good = passes[:, s] & (misfit[:, s] - SLACK <= SMALLER_IS_ENOUGH * least)
        chosen[good] = s
    for s in np.unique(chosen[chosen >= 0]):
        here = chosen == s
        point[here] = first_of_largest(tables[s][here], SAME)
        fit[here] = best[here, s]
    return chosen, point, fit


def _shared_orbit(
    irrep: Irrep, option: RhoSetFamily, found: Directions, free: NDArray[np.bool_]
) -> tuple[RhoSet | None, NDArray[np.bool_]]:
    """The orbit with this stabilizer on which most of the free neurons lie, and which those are."""
    nobody = np.zeros(len(free), dtype=bool)
    matrices = irrep.matrices[option.gset.first]  # (p, d, d)
    images = option.basis @ matrices.transpose(0, 2, 1)  # (p, f, d): row j of point 0's space, moved
    members = np.flatnonzero(free & (found.share >= POINT_FIT))
    columns = found.frames.shape[2]
    sub = Directions(found.frames[members], found.share[members], found.importance[members])
    if len(members) < AGREE:
        return None, nobody
    strongest = np.argsort(-sub.importance, kind="stable")[:PROPOSALS]
    best_score, best_vector = 0.0, None
    for j in strongest:
        inner = images @ sub.frames[j, :, 0]  # (p, f)
        at = int(first_of_largest((inner**2).sum(axis=1), SAME))
        if float((inner[at] ** 2).sum()) * sub.share[j] < POINT_FIT:
            continue
        vector = inner[at] / np.linalg.norm(inner[at]) @ option.basis
        points = matrices @ vector
        best = fits(points, sub).max(axis=1)
        held = best >= threshold(points, best, columns)
        score = float((sub.importance * best)[held].sum())
        if int(held.sum()) >= AGREE and score > best_score:
            best_score, best_vector = score, vector
    if best_vector is None:
        return None, nobody
    vector = _refined(matrices, option, sub, best_vector)
    rho_set = orbit(option.stabilizer.group, irrep, vector)
    held = np.zeros(len(free), dtype=bool)
    best = fits(rho_set.points, sub).max(axis=1)
    held[members] = best >= threshold(rho_set.points, best, columns)
    if int(held.sum()) < AGREE:
        return None, nobody
    return rho_set, held


def _refined(
    matrices: NDArray[np.float64],
    option: RhoSetFamily,
    found: Directions,
    vector: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The vector that agrees best with the neurons that its orbit holds, two rounds."""
    columns = found.frames.shape[2]
    if columns > 1:
        return vector
    for _ in range(2):
        points = matrices @ vector
        table = fits(points, found)
        best = table.max(axis=1)
        held = best >= threshold(points, best, columns)
        if not held.any():
            return vector
        back = np.einsum("iab,ia->ib", matrices[first_of_largest(table, SAME)], found.frames[:, :, 0])
        inside = (back @ option.basis.T)[held]
        weights = found.importance[held]
        _, vectors = np.linalg.eigh((inside * weights[:, None]).T @ inside)
        refined = vectors[:, -1] @ option.basis
        vector = refined if refined @ vector >= 0 else -refined
    return vector
