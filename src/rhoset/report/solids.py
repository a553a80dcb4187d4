"""Points of a ρ-set as a figure: which points are joined, which faces they span, how to look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.report.views import SolidView

NEAREST = 1.02
"""Points are joined when their distance is at most this multiple of the least distance. Raising it
joins second neighbours too."""
MAX_EDGES = 600
"""Figures with more edges than this are drawn as points alone."""
COPLANAR = 1e-6
"""Facets whose unit normals and offsets differ by less than this are one face."""


def solid(
    points: NDArray[np.float64], irrep: str, weights: NDArray[np.float64] | None = None
) -> SolidView:
    """The figure of a ρ-set.

    Parameters
    ----------
    points
        (k, d) orbit of one vector.
    irrep
        Name shown with the figure.
    weights
        (k,) non-negative weight of each point, if they differ.

    Cost: k²d, and a convex hull when d = 3.
    """
    points = np.asarray(points, dtype=float)
    axes = _axes(points)
    turned = points @ axes
    shares: tuple[float, ...] = ()
    if weights is not None and float(np.sum(weights)) > 0:
        shares = tuple(round(float(w), 4) for w in np.asarray(weights) / np.sum(weights))
    return SolidView(
        irrep=irrep,
        dim=points.shape[1],
        points=tuple(tuple(round(float(v), 4) + 0.0 for v in row) for row in turned),
        edges=nearest_pairs(points),
        faces=hull_faces(turned) if points.shape[1] == 3 else (),
        weights=shares,
    )


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


def _around(
    points: NDArray[np.float64], corners: list[int], normal: NDArray[np.float64]
) -> tuple[int, ...]:
    """Corners sorted by angle about their centre, counter-clockwise seen from outside."""
    centre = points[corners].mean(axis=0)
    first = points[corners[0]] - centre
    second = np.cross(normal, first)
    spokes = points[corners] - centre
    angle = np.arctan2(spokes @ second, spokes @ first)
    return tuple(corners[k] for k in np.argsort(angle))


def _axes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(d, d) orthogonal: directions in which the figure looks symmetric, first to last.

    All directions of an irreducible orbit carry equal variance, so principal axes say nothing.
    Instead the points are seen along the vector of one of them, and its nearest neighbours span
    the next directions.
    """
    dim = points.shape[1]
    order = np.argsort(-(points @ points[0]), kind="stable")
    spanning = np.concatenate([points[order], np.eye(dim)]).T
    chosen: list[NDArray[np.float64]] = []
    for vector in spanning.T:
        rest = vector - sum(((a @ vector) * a for a in chosen), start=np.zeros(dim))
        length = float(np.linalg.norm(rest))
        if length > 1e-6:
            chosen.append(rest / length)
        if len(chosen) == dim:
            break
    axes = np.array(chosen).T
    # The first point's direction is drawn upwards (second screen axis), the others around it.
    if dim >= 2:
        axes[:, [0, 1]] = axes[:, [1, 0]]
    if np.linalg.det(axes) < 0:
        axes[:, -1] *= -1
    return axes
