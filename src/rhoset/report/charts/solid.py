"""A still of a ρ-set, seen as the interactive figure shows it at first."""

from __future__ import annotations

import math

from rhoset.report.charts.figure import Figure, Row
from rhoset.report.views import SolidView

TILT, TURN = 0.34, 0.42
"""Radians by which the viewer turns a figure about the first and the second axis before it is drawn."""
DISTANCE = 4.2
"""Distance of the eye from the centre of the unit sphere."""


def solid_figure(view: SolidView) -> Figure:
    """Faces, edges and points of a figure in perspective; beyond three dimensions, of its first three axes."""
    seen = [_seen(point) for point in view.points]
    rows: list[Row] = []
    for item, face in enumerate(sorted(view.faces, key=lambda f: sum(seen[k][2] for k in f) / len(f))):
        rows += [_corner("face", f"f{item}", k, seen[corner]) for k, corner in enumerate(face)]
    for item, (a, b) in enumerate(sorted(view.edges, key=lambda e: seen[e[0]][2] + seen[e[1]][2])):
        depth = (seen[a][2] + seen[b][2]) / 2
        rows += [{**_corner("edge", f"e{item}", k, seen[end]), "depth": depth} for k, end in enumerate((a, b))]
    many = len(view.points)
    most = max(view.weights, default=1.0)
    for k in sorted(range(many), key=lambda k: seen[k][2]):
        label = view.labels[k] if k < len(view.labels) else str(k)
        size = view.weights[k] / most if view.weights else 1.0
        rows.append({**_corner("point", f"p{k}", 0, seen[k]), "label": label, "size": max(size, 0.05)})
    return Figure("solid", rows, f"{many} points of a ρ-set of {view.irrep} in dimension {view.dim}", ("solid",))


def _seen(point: tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = (*point, 0.0, 0.0)[:3]
    if len(point) > 2:
        y, z = math.cos(TILT) * y - math.sin(TILT) * z, math.sin(TILT) * y + math.cos(TILT) * z
        x, z = math.cos(TURN) * x - math.sin(TURN) * z, math.sin(TURN) * x + math.cos(TURN) * z
    near = DISTANCE / (DISTANCE - z)
    return x * near, y * near, z


def _corner(kind: str, item: str, corner: int, at: tuple[float, float, float]) -> Row:
    return {
        "kind": kind,
        "item": item,
        "corner": corner,
        "x": round(at[0], 4),
        "y": round(at[1], 4),
        "depth": round(at[2], 4),
    }
