"""What is said about a figure of a ρ-set, and its data for the viewer."""

from __future__ import annotations

import json

from rhoset.report.views import SolidView


def solid_data(solid: SolidView, hue: int) -> str:
    """The figure as the JSON that the viewer reads."""
    data = {
        "p": solid.points,
        "e": solid.edges,
        "f": solid.faces,
        "w": solid.weights,
        "c": hue,
        "n": solid.labels,
        "m": [{"g": move.name, "p": move.points, "t": move.turns, "r": move.mirrors} for move in solid.moves],
    }
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def solid_said(solid: SolidView) -> str:
    """One line under the figure."""
    count = len(solid.points)
    shape = solid_name(solid)
    said = f"{count} points in dimension {solid.dim}" + (f": {shape}." if shape else ".")
    if solid.dim > 3:
        said += " Seen in a three-dimensional projection; lines join nearest points."
    elif solid.edges:
        said += " Lines join nearest points."
    else:
        said += " Too many nearest pairs to draw lines."
    if solid.weights:
        said += " Larger points carry more of the circuit's weight; dashed ones carry none."
    return said


NAMED = {
    (1, 2, 1): "a pair of opposite points",
    (2, 3, 3): "a triangle",
    (2, 4, 4): "a square",
    (2, 5, 5): "a regular pentagon",
    (2, 6, 6): "a regular hexagon",
    (3, 4, 6): "a tetrahedron",
    (3, 6, 12): "an octahedron",
    (3, 8, 12): "a cube",
    (3, 12, 24): "a cuboctahedron",
    (3, 12, 30): "an icosahedron",
    (3, 20, 30): "a dodecahedron",
    (3, 30, 60): "an icosidodecahedron",
}
"""(dimension, points, edges) → name; these orbits of vectors are vertex-transitive, and among such
figures the three numbers fix the name."""


def solid_name(solid: SolidView) -> str:
    """The name of a well-known figure, or an empty string."""
    count, edges = len(solid.points), len(solid.edges)
    if count == solid.dim + 1 and edges == count * (count - 1) // 2 and solid.dim > 3:
        return f"a regular simplex with {count} corners"
    if count == 2 * solid.dim and edges == count * (count - 2) // 2 and solid.dim > 3:
        return f"a cross-polytope with {count} corners"
    return NAMED.get((solid.dim, count, edges), "")
