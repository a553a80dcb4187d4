"""What elements generate: closure by right multiplication, and a greedy choice of generators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.groups.arrays import IntArray

CANDIDATES = 8
"""Elements tried at each step of the greedy search for generators; more gives fewer generators."""


def best_extension(table: IntArray, chosen: list[int], inside: NDArray[np.bool_]) -> tuple[int, NDArray[np.bool_]]:
    """The candidate outside ``inside`` that generates most with ``chosen``, and what they give."""
    outside = np.flatnonzero(~inside)
    positions = np.linspace(0, len(outside) - 1, min(CANDIDATES, len(outside)))
    best: tuple[int, NDArray[np.bool_]] | None = None
    for s in outside[positions.astype(int)]:
        closed = close(table, [*chosen, int(s)], inside)
        if best is None or closed.sum() > best[1].sum():
            best = (int(s), closed)
        if closed.all():
            break
    assert best is not None
    return best


def close(table: IntArray, gens: list[int], start: NDArray[np.bool_], most: int | None = None) -> NDArray[np.bool_]:
    """Mask of everything reached from ``start`` by right multiplication with ``gens``; of all elements where that is
    more than ``most``."""
    inside = start.copy()
    layer = np.flatnonzero(inside)
    columns = table[:, gens]
    while len(layer):
        fresh = np.zeros_like(inside)
        fresh[columns[layer].ravel()] = True
        fresh &= ~inside
        inside |= fresh
        layer = np.flatnonzero(fresh)
        if most is not None and inside.sum() > most:
            return np.ones_like(inside)
    return inside
