"""Read-only integer arrays, and walking over large tables in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]

BLOCK_ENTRIES = 1 << 17
"""Table entries handled at a time; bounds transient memory to a few times 4 · 2¹⁷ bytes."""


def read_only(array: NDArray[Any], dtype: type = np.int32) -> NDArray[Any]:
    """Read-only C-contiguous array of ``dtype``; a copy unless the input already is all that."""
    array = np.asarray(array)
    out: NDArray[Any] = np.ascontiguousarray(array, dtype=dtype)
    if out is array and not array.flags.writeable:
        return array
    if np.shares_memory(out, array):
        out = out.copy()
    out.setflags(write=False)
    return out


def row_blocks(n: int, width: int | None = None) -> list[slice]:
    """Slices over n rows such that a block of ``width`` (default n) columns stays small."""
    step = max(1, BLOCK_ENTRIES // max(1, width or n))
    return [slice(i, min(n, i + step)) for i in range(0, n, step)]
