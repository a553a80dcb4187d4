"""Arrays that nobody changes, and what names a table."""

from __future__ import annotations

import hashlib
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


def table_sha(table: NDArray[np.int32]) -> str:
    """SHA-256, as hex, of a multiplication table: ``b"rhoset-table-v1"``, n as 8 bytes (little-endian, unsigned), then
    the table as little-endian int32 in C order."""
    sha = hashlib.sha256(b"rhoset-table-v1" + len(table).to_bytes(8, "little"))
    sha.update(np.ascontiguousarray(table, dtype="<i4"))
    return sha.hexdigest()
