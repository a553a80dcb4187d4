"""Points of a ρ-set as a figure: which points are joined, which faces they span, how to look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Group, RhoSet
from rhoset.report.captions import solid_name
from rhoset.report.points import moves, point_labels, points_said
from rhoset.report.views import SolidView

NEAREST = 1.02
"""Points are joined when their distance is at most this multiple of the least distance. Raising it
joins second neighbours too."""
MAX_EDGES = 600
"""Figures with more edges than this are drawn as points alone."""
COPLANAR = 1e-6
"""Facets whose unit normals and offsets differ by less than this are one face."""
EIGENVALUE = 1e-9
"""Eigenvalues of a rotation with a smaller imaginary part count as real."""
INDEPENDENT = 1e-6
"""A vector whose part outside the span of the earlier ones is shorter adds no direction."""


def solid(rho_set: RhoSet, weights: NDArray[np.float64] | None = None, group: Group | None = None) -> SolidView:
    """The figure of a ρ-set.

    Parameters
    ----------
    rho_set
        k points in ℝ^d.
    weights
        (k,) non-negative weight of each point, if they differ.
    group
        The same group with names for its elements and its natural action, where the ρ-set's own has none.

    Cost: k²d, and a convex hull when d = 3.
    """
    group = group or rho_set.gset.stabilizer.group
    points = np.asarray(rho_set.points, dtype=float)
    axes = viewing_axes(rho_set)
    turned = points @ axes
    shares: tuple[float, ...] = ()
    if weights is not None and float(np.sum(weights)) > 0:
        shares = tuple(round(float(w), 4) for w in np.asarray(weights) / np.sum(weights))
    view = SolidView(
        irrep=rho_set.irrep.label,
        dim=points.shape[1],
        points=tuple(tuple(round(float(v), 4) + 0.0 for v in row) for row in turned),
        edges=nearest_pairs(points),
        faces=hull_faces(turned) if points.shape[1] == 3 else (),
        weights=shares,
        labels=point_labels(rho_set, group),
        moves=moves(rho_set, axes, group),
    )
    return replace(view, said=points_said(rho_set, solid_name(view), group))


def nearest_pairs(points: NDArray[np.float64]) -> tuple[tuple[int, int], ...]:
    """Pairs of points at the least distance that occurs; none when there are too many to read.

    >>> nearest_pairs(np.array([[1.0, 1], [-1, 1], [-1, -1], [1, -1]]))
    ((0, 1), (0, 3), (1, 2), (2, 3))
    """
    if len(points) < 2:
        return ()
    gram = points @ points.T
    norms = np.diag(gram)
    distance = np.sqrt(np.maximum(norms[:, None] + norms[None, :] - 2 * gram, 0))
    rows, columns = np.triu_indices(len(points), 1)
    apart = distance[rows, columns]
    joined = apart <= NEAREST * apart.min()
    if joined.sum() > MAX_EDGES:
        return ()
    return tuple((int(i), int(j)) for i, j in zip(rows[joined], columns[joined], strict=True))


def hull_faces(points: NDArray[np.float64]) -> tuple[tuple[int, ...], ...]:
    """The faces of the convex hull of points in ℝ³, corners in order around each face.

    Triangles that lie in one plane are joined: a cube has six faces. Empty for flat figures.
    """
    from scipy.spatial import ConvexHull, QhullError

    if len(points) < 4:
        return ()
    try:
        hull = ConvexHull(points)
    except QhullError:
        return ()
    planes: list[tuple[NDArray[np.float64], set[int]]] = []
    for equation, corners in zip(hull.equations, hull.simplices, strict=True):
        for plane, members in planes:
            if np.abs(plane - equation).max() < COPLANAR:
                members.update(map(int, corners))
                break
        else:
            planes.append((equation, set(map(int, corners))))
    return tuple(_around(points, sorted(members), plane[:3]) for plane, members in planes)


def _around(points: NDArray[np.float64], corners: list[int], normal: NDArray[np.float64]) -> tuple[int, ...]:
    """Corners sorted by angle about their centre, counter-clockwise seen from outside."""
    centre = points[corners].mean(axis=0)
    first = points[corners[0]] - centre
    second = np.cross(normal, first)
    spokes = points[corners] - centre
    angle = np.arctan2(spokes @ second, spokes @ first)
    return tuple(corners[k] for k in np.argsort(angle))


def viewing_axes(rho_set: RhoSet) -> NDArray[np.float64]:
    """(d, d) orthogonal: directions in which the figure looks symmetric, first to last.

    All directions of an irreducible orbit carry equal variance, so principal axes say nothing. Up
    to dimension 3 the first point is drawn at the top. Beyond, the screen is the plane in which the
    group element with the longest cycle of points turns: as for Coxeter planes, the points fall on
    regular polygons; the planes of its other rotations follow.
    """
    points = np.asarray(rho_set.points, dtype=float)
    dim = points.shape[1]
    if dim <= 3:
        # Towards point 0 (drawn upwards), then towards its nearest neighbours.
        near = points[np.argsort(-(points @ points[0]), kind="stable")]
        axes = _orthonormal(near, dim)
        if dim >= 2:
            axes[:, [0, 1]] = axes[:, [1, 0]]
    else:
        axes = _orthonormal(_turning_planes(rho_set), dim)
    if np.linalg.det(axes) < 0:
        axes[:, -1] *= -1
    return axes


def _turning_planes(rho_set: RhoSet) -> NDArray[np.float64]:
    """(·, d): vectors that span the planes in which one group element turns, widest first."""
    action, group = rho_set.gset.action, rho_set.gset.stabilizer.group
    lengths = [_cycle_length(action[g]) for g in range(group.order)]
    turn = int(np.argmax(lengths))
    values, vectors = np.linalg.eig(rho_set.irrep.matrices[turn])
    radius = np.abs(rho_set.points[0] @ vectors)
    # Round the key, so that which plane comes first does not hang on the last digit.
    upper = [k for k in range(len(values)) if values[k].imag >= -EIGENVALUE]
    upper.sort(key=lambda k: (-round(float(radius[k]), 6), round(float(np.angle(values[k])), 6)))
    rows = [part for k in upper for part in (vectors[:, k].real, vectors[:, k].imag)]
    return np.array(rows)


def _cycle_length(permutation: NDArray[np.int32]) -> int:
    """Length of the cycle of point 0."""
    length, place = 1, int(permutation[0])
    while place != 0:
        length, place = length + 1, int(permutation[place])
    return length


def _orthonormal(vectors: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """(d, d): Gram-Schmidt on the vectors in order, completed to a basis, as columns."""
    chosen: list[NDArray[np.float64]] = []
    for vector in np.concatenate([vectors, np.eye(dim)]):
        rest = vector - sum(((a @ vector) * a for a in chosen), start=np.zeros(dim))
        length = float(np.linalg.norm(rest))
        if length > INDEPENDENT:
            chosen.append(rest / length)
        if len(chosen) == dim:
            break
    return np.array(chosen).T
