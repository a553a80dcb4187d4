"""What elements generate: closure by right multiplication, and a greedy choice of generators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset.groups.arrays import IntArray, mask_of

CANDIDATES = 8
"""Elements tried at each step of the greedy search for generators; more gives fewer generators."""


def greedy_generators(table: IntArray, identity: int) -> Iterator[int]:
    """Elements that generate everything, each the candidate that gives most with those before it."""
    chosen: list[int] = []
    inside = mask_of(len(table), identity)
    while not inside.all():
        outside = np.flatnonzero(~inside)
        positions = np.linspace(0, len(outside) - 1, min(CANDIDATES, len(outside)))
        best = -1, inside
        for s in outside[positions.astype(int)]:
            closed = close(table, [*chosen, int(s)], inside)
            if closed.sum() > best[1].sum():
                best = int(s), closed
            if closed.all():
                break
        inside = best[1]
        chosen.append(best[0])
        yield best[0]


def spread(
    table: IntArray, gens: Sequence[int], identity: int
) -> Iterator[tuple[int, NDArray[np.integer], NDArray[np.integer]]]:
    """Every element that the generators reach but the identity, once and layer by layer: (k, sources, targets) with
    targets = sources · gens[k]."""
    seen = mask_of(len(table), identity)
    layer = np.array([identity])
    while len(layer):
        grown = [layer[:0]]
        for k, s in enumerate(gens):
            target = table[layer, s]
            fresh = ~seen[target]
            yield k, layer[fresh], target[fresh]
            seen[target[fresh]] = True
            grown.append(target[fresh])
        layer = np.concatenate(grown)


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
