"""Integer arrays, and walking over large tables in blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]

BLOCK_ENTRIES = 1 << 17
"""Table entries handled at a time; bounds transient memory to a few times 4 · 2¹⁷ bytes."""


def orbit_labels(images: IntArray) -> NDArray[np.intp]:
    """(N,) the orbit of each point under the group that s permutations (s, N) generate, numbered in the order of their
    first points.

    Every point takes the least number it can see through a permutation, either way, and then that one's. Cost s N for
    each of about log N rounds.
    """
    least = np.arange(images.shape[1])
    while True:
        before = least.copy()
        for image in images:
            near = np.minimum(least, least[image])
            near[image] = np.minimum(near[image], near)
            least = near
        least = least[least]
        if np.array_equal(least, before):
            return np.unique(least, return_inverse=True)[1]


def mask_of(n: int, places: int | slice | NDArray[np.integer]) -> NDArray[np.bool_]:
    """(n,) True at these places."""
    mask = np.zeros(n, dtype=bool)
    mask[places] = True
    return mask


def row_blocks(n: int, width: int | None = None) -> list[slice]:
    """Slices over n rows such that a block of ``width`` (default n) columns stays small."""
    step = max(1, BLOCK_ENTRIES // max(1, width or n))
    return [slice(i, min(n, i + step)) for i in range(0, n, step)]
