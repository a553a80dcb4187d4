"""Arrays that nobody changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def read_only(array: NDArray[Any], dtype: DTypeLike = np.int32) -> NDArray[Any]:
    """Read-only C-contiguous array of ``dtype``; the array itself where it is all that and nobody can write to it."""
    array = np.asarray(array)
    out: NDArray[Any] = array.astype(dtype, order="C", copy=False)  # asarray would view an equal dtype anew
    base: Any = out
    while isinstance(base, np.ndarray) and not base.flags.writeable:
        base = base.base
    if out is array and not isinstance(base, np.ndarray):
        return array
    if np.may_share_memory(out, array):
        out = out.copy()
    out.setflags(write=False)
    return out
