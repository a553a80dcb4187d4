"""Read-only integer arrays, and walking over large tables in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

IntArray = NDArray[np.int32]

BLOCK_ENTRIES = 1 << 17
"""Table entries handled at a time; bounds transient memory to a few times 4 · 2¹⁷ bytes."""


def read_only(array: NDArray[Any], dtype: DTypeLike = np.int32) -> NDArray[Any]:
    """Read-only C-contiguous array of ``dtype``; the array itself where it is all that and nobody can write to it."""
    array = np.asarray(array)
    out: NDArray[Any] = np.asarray(array, dtype=dtype, order="C")
    base: Any = out
    while isinstance(base, np.ndarray) and not base.flags.writeable:
        base = base.base
    if out is array and not isinstance(base, np.ndarray):
        return array
    if np.may_share_memory(out, array):
        out = out.copy()
    out.setflags(write=False)
    return out


def row_blocks(n: int, width: int | None = None) -> list[slice]:
    """Slices over n rows such that a block of ``width`` (default n) columns stays small."""
    step = max(1, BLOCK_ENTRIES // max(1, width or n))
    return [slice(i, min(n, i + step)) for i in range(0, n, step)]
