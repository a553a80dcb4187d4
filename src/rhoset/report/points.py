"""What the points of a ρ-set are: their names as cosets, in words, and how group elements move them."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Natural:
    """The points of a ρ-set as the group's natural points, pairs of them and so on, or ± the natural points."""

    labels: tuple[str, ...]
    said: str
    """What they are, between "the" and the shape."""


def point_labels(rho_set: RhoSet, group: Group) -> tuple[str, ...]:
    """The name of each point b = g·b₀: the coset gH of the stabilizer H of point 0.

    Where the group comes as permutations and each stabilizer fixes a natural point, a set of them or a natural point
    with a sign of its own, that: 3, 1|4, −2 (from 1).
    """
    if rho_set.irrep.dim == 1 and len(rho_set.points) == 2:
        return tuple("+" if point > 0 else "−" for point in rho_set.points[:, 0])
    found = natural_points(rho_set, group)
    if found is not None:
        return found.labels
    action = rho_set.gset.action
    first = [int(np.argmax(action[:, 0] == b)) for b in range(action.shape[1])]
    return tuple("H" if action[group.identity, 0] == b else f"{group.element_name(g)}H" for b, g in enumerate(first))


def points_said(rho_set: RhoSet, shape: str, group: Group) -> str:
    """The points in words: 'the 5 points that S5 permutes (a simplex)'."""
    count = len(rho_set.points)
    shape = "a simplex" if shape.startswith("a regular simplex") else shape
    said = f" ({shape})" if shape else ""
    if count == 1:
        return "one point"
    found = natural_points(rho_set, group)
    if found is not None:
        return f"the {found.said}{said}"
    if rho_set.irrep.dim == 1:
        kernel = rho_set.gset.stabilizer.order
        return f"±1, by the subgroup of {kernel} elements that it sends to 1"
    fixing = rho_set.gset.stabilizer.order
    return f"the {count} cosets of a subgroup of order {fixing}{said}" if fixing > 1 else f"the {count} elements{said}"


def natural_points(rho_set: RhoSet, group: Group) -> Natural | None:
    """What the points are by the group's natural action; None where it does not tell them."""
    natural, action = group.permutations, rho_set.gset.action
    count = action.shape[1]
    if natural is None or not 1 < count <= MOVED_POINTS:
        return None
    degree = natural.shape[1]
    permuted = f"{degree} points that {group.name} permutes"
    for size in range(1, degree // 2 + 1):
        if math.comb(degree, size) == count:
            sets = list(itertools.combinations(range(degree), size))
            found = _matched(action, _on_sets(natural, sets))
            if found is not None:
                labels = tuple("|".join(str(b + 1) for b in sets[j]) for j in found)
                return Natural(
                    labels, permuted if size == 1 else f"{count} {_SETS.get(size, 'sets')} of the {permuted}"
                )
    if count == 2 * degree:
        opposite = np.argmin(rho_set.points @ rho_set.points.T, axis=1)
        first = np.flatnonzero(np.arange(count) < opposite)
        if len(first) == degree and np.allclose(rho_set.points[opposite], -rho_set.points):
            place = np.empty(count, dtype=np.int64)
            place[first] = place[opposite[first]] = np.arange(degree)
            found = _matched(place[action[:, first]], natural)
            if found is not None:
                signs = np.where(np.isin(np.arange(count), first), "", "−")
                return Natural(
                    tuple(f"{sign}{found[k] + 1}" for sign, k in zip(signs, place, strict=True)),
                    f"{permuted}, each with both signs",
                )
    return None


_SETS = {2: "pairs", 3: "triples"}


def _on_sets(natural: NDArray[np.int32], sets: list[tuple[int, ...]]) -> NDArray[np.int64]:
    """(n, len(sets)): which of the sets each element takes each of them to."""
    place = {one: j for j, one in enumerate(sets)}
    moved = np.sort(natural[:, np.array(sets)], axis=2)
    return np.array([[place[tuple(int(b) for b in one)] for one in row] for row in moved])


def _matched(action: NDArray[Any], natural: NDArray[Any]) -> list[int] | None:
    """For each point the natural point with the same stabilizer; None where there is no such matching."""
    every = np.arange(action.shape[1])
    same = ((action == every)[:, :, None] == (natural == every)[:, None, :]).all(axis=0)
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
