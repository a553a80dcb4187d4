"""Integer arrays, and walking over large tables in blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]

BLOCK_ENTRIES = 1 << 17
"""Table entries handled at a time; bounds transient memory to a few times 4 · 2¹⁷ bytes."""


def row_blocks(n: int, width: int | None = None) -> list[slice]:
    """Slices over n rows such that a block of ``width`` (default n) columns stays small."""
    step = max(1, BLOCK_ENTRIES // max(1, width or n))
    return [slice(i, min(n, i + step)) for i in range(0, n, step)]
