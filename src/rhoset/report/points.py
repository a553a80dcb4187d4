"""What the points of a ρ-set are: their names as cosets, in words, and how group elements move them."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Group, RhoSet
from rhoset.report.views import MoveView

MOST_MOVES = 8
"""Group elements offered to the viewer: the generators, then one of each conjugacy class."""
MOVED_POINTS, MOVED_DIM = 60, 8
"""Figures with more points or dimensions are not moved."""
SAME = 1e-9
"""Eigenvalues of a rotation nearer than this to ±1 count as ±1."""


def point_labels(rho_set: RhoSet, group: Group) -> tuple[str, ...]:
    """The name of each point b = g·b₀: the coset gH of the stabilizer H of point 0.

    Where the group comes as permutations and each stabilizer fixes one point of its own, that point's number (from 1).
    """
    natural = _natural(rho_set, group)
    if natural is not None:
        return tuple(str(j + 1) for j in natural)
    action = rho_set.gset.action
    first = [int(np.argmax(action[:, 0] == b)) for b in range(action.shape[1])]
    return tuple("H" if action[group.identity, 0] == b else f"{group.element_name(g)}H" for b, g in enumerate(first))


def points_said(rho_set: RhoSet, shape: str, group: Group) -> str:
    """The points in words: 'the 5 points that S5 permutes (a regular simplex with 5 corners)'."""
    count = len(rho_set.points)
    shape = "a simplex" if shape.startswith("a regular simplex") else shape
    said = f" ({shape})" if shape else ""
    if count == 1:
        return "one point"
    if _natural(rho_set, group) is not None:
        return f"the {count} points that {group.name} permutes{said}"
    if rho_set.irrep.dim == 1:
        kernel = rho_set.gset.stabilizer.order
        return f"±1, by the subgroup of {kernel} elements that it sends to 1"
    return f"the {count} cosets of a subgroup of order {rho_set.gset.stabilizer.order}{said}"


def _natural(rho_set: RhoSet, group: Group) -> list[int] | None:
    """For each point the natural point with the same stabilizer; None where there is no such matching."""
    natural, action = group.permutations, rho_set.gset.action
    if natural is None or natural.shape[1] != action.shape[1]:
        return None
    fixed = action == np.arange(action.shape[1])
    known = natural == np.arange(natural.shape[1])
    same = (fixed[:, :, None] == known[:, None, :]).all(axis=0)
    if not (same.sum(axis=0) == 1).all() or not (same.sum(axis=1) == 1).all():
        return None
    return [int(j) for j in np.argmax(same, axis=1)]


def moves(rho_set: RhoSet, axes: NDArray[np.float64], group: Group) -> tuple[MoveView, ...]:
    """Generators and one element of each class as motions of the figure in the basis `axes` (columns)."""
    points = rho_set.points
    if len(points) > MOVED_POINTS or points.shape[1] > MOVED_DIM or len(points) < 2:
        return ()
    chosen = _elements(group)
    made = []
    for g in chosen:
        turns, mirrors = rigid(axes.T @ rho_set.irrep.matrices[g] @ axes)
        made.append(
            MoveView(
                name=group.element_name(g),
                points=tuple(int(b) for b in rho_set.gset.action[g]),
                turns=tuple((round(angle, 5), _row(u), _row(v)) for angle, u, v in turns),
                mirrors=tuple(_row(w) for w in mirrors),
            )
        )
    return tuple(made)


@functools.lru_cache(maxsize=8)
def _elements(group: Group) -> tuple[int, ...]:
    listed = [*group.generators, *(int(g) for g in group.classes.representatives)]
    return tuple(g for g in dict.fromkeys(listed) if g != group.identity)[:MOST_MOVES]


Turn = tuple[float, NDArray[np.float64], NDArray[np.float64]]


def rigid(matrix: NDArray[np.float64]) -> tuple[list[Turn], list[NDArray[np.float64]]]:
    """An orthogonal matrix as turns (angle in (0, π], u, v) in orthogonal planes and at most one mirror.

    A turn sends u to cos u + sin v. From the real Schur form, whose blocks are 1 × 1 (±1) or rotations.
    """
    from scipy.linalg import schur

    form, basis = schur(matrix, output="real")
    turns: list[Turn] = []
    reversed_: list[NDArray[np.float64]] = []
    k, d = 0, len(matrix)
    while k < d:
        if k + 1 < d and abs(form[k + 1, k]) > SAME:
            angle = math.atan2(form[k + 1, k], form[k, k])
            turns.append((angle, basis[:, k], basis[:, k + 1]))
            k += 2
        else:
            if form[k, k] < 0:
                reversed_.append(basis[:, k])
            k += 1
    while len(reversed_) > 1:
        v, u = reversed_.pop(), reversed_.pop()
        turns.append((math.pi, u, v))
    return turns, reversed_


def _row(vector: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(v), 4) + 0.0 for v in vector)
