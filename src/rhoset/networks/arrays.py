"""Arrays of a network as it keeps them: checked, read-only, C-contiguous."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arrays import read_only
from rhoset.errors import RhosetError

FLOAT_DTYPES = ("float16", "float32", "float64")
"""Types that weights may have; they are kept as they are."""


def checked_table(table: Any) -> NDArray[np.int32]:
    """The table as a read-only (n, n) int32 array with entries in 0 … n−1, or RhosetError."""
    array = _array("the multiplication table", table)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] == 0:
        raise RhosetError(
            f"the multiplication table has shape {array.shape}, expected (n, n) with n ≥ 1",
            slug="network-table",
        )
    if array.dtype.kind not in "iu":
        raise RhosetError(
            f"the multiplication table is of type {array.dtype}, expected int32",
            slug="network-table",
        )
    n = array.shape[0]
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= n:
        value = low if low < 0 else high
        x, y = np.argwhere(array == value)[0]
        raise RhosetError(
            f"the multiplication table holds {value} at row {x}, column {y}: entries are elements, 0 to {n - 1}",
            slug="network-table",
        )
    return read_only(array)


def checked_weights(name: str, value: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """The tensor as a read-only finite float array of that shape, or RhosetError."""
    array = _array(f"tensor {name!r}", value)
    if array.shape != shape:
        raise RhosetError(f"tensor {name!r} has shape {array.shape}, expected {shape}", slug="network-shape")
    if array.dtype.newbyteorder("=").name not in FLOAT_DTYPES:
        raise RhosetError(
            f"tensor {name!r} is of type {array.dtype}, expected one of {', '.join(FLOAT_DTYPES)}",
            slug="network-dtype",
        )
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise RhosetError(
            f"tensor {name!r} holds {int((~finite).sum())} values that are not finite, the first"
            f" at {where}: weights must be finite numbers",
            slug="network-not-finite",
        )
    return read_only(array, array.dtype.newbyteorder("="))


def _array(what: str, value: Any) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raise RhosetError(
            f"{what} is no array: its rows differ in length or hold no numbers", slug="network-shape"
        ) from None


def float_type(dtype: Any) -> np.dtype[Any]:
    """The NumPy type, where it is one of `FLOAT_DTYPES`; RhosetError (slug ``bad-argument``) otherwise."""
    found: np.dtype[Any] | None
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):
        found = None
    if dtype is None or found is None or found.newbyteorder("=").name not in FLOAT_DTYPES:
        raise RhosetError(f"dtype is {dtype!r}, expected one of {', '.join(FLOAT_DTYPES)}", slug="bad-argument")
    return found


def own(array: NDArray[Any]) -> NDArray[Any]:
    """Mark an array that nobody else holds as read-only, so that `Network` need not copy it."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base.setflags(write=False)
        base = base.base
    return array


def as_array(tensor: Any) -> NDArray[Any]:
    """A tensor of PyTorch, on whatever device, as an array, bfloat16 as float32; anything else as numpy takes it."""
    if callable(getattr(tensor, "detach", None)):
        tensor = tensor.detach().cpu()
        tensor = (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    return np.asarray(tensor)
