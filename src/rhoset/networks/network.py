"""The network type: four tables, the multiplication table they are judged by, and an activation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.activations import activation as _activation
from rhoset.networks.digest import TABLE_TENSORS, network_digest

if TYPE_CHECKING:
    from rhoset.groups import Group

FLOAT_DTYPES = ("float16", "float32", "float64")
"""Types that weights may have; they are kept as they are."""


@dataclass(frozen=True, eq=False)
class Network:
    """A one-hidden-layer network on pairs of elements of a group with n elements:

        f(z | x, y) = Σ_i unembed[i, z] · φ(left[x, i] + right[y, i]) + bias[z].

    Construction checks shapes, types, finiteness and the range of the table; arrays are copied if
    they are not read-only and C-contiguous already, and set read-only.

    Parameters
    ----------
    left, right
        (n, m), float16, float32 or float64.
    unembed
        (m, n).
    bias
        (n,).
    table
        (n, n) integers; ``table[x, y]`` is the right answer for the input (x, y). That it is a
        group's is checked when `group` is asked for.
    activation
        One of `rhoset.networks.ACTIVATIONS`.
    factors
        ``embed_left`` and ``embed_right`` (n, E), ``hidden_left`` and ``hidden_right`` (E, m),
        ``unembed`` (m, n) and perhaps ``bias`` (n,), when the file stores these instead of the
        tables; the four tables are then their products in float64, and `digest` names the factors.
    metadata
        Strings: group, activation, how it was trained, …

    Raises
    ------
    RhosetError
        Slugs ``network-shape``, ``network-dtype``, ``network-not-finite``, ``network-table``,
        ``unknown-activation``.

    Examples
    --------
    >>> import numpy as np
    >>> table = (np.arange(3)[:, None] + np.arange(3)) % 3
    >>> net = Network(np.eye(3), np.eye(3), np.eye(3), np.zeros(3), table)
    >>> net.order, net.width
    (3, 3)
    """

    left: NDArray[Any]
    right: NDArray[Any]
    unembed: NDArray[Any]
    bias: NDArray[Any]
    table: NDArray[np.int32]
    activation: str = "relu"
    factors: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        table = checked_table(self.table)
        n = table.shape[0]
        left = np.asarray(self.left)
        if left.ndim != 2 or left.shape[0] != n:
            raise RhosetError(
                f"tensor 'left' has shape {left.shape}, expected ({n}, m): one row for each of the"
                f" {n} elements of the table",
                slug="network-shape",
            )
        m = left.shape[1]
        shapes = {"left": (n, m), "right": (n, m), "unembed": (m, n), "bias": (n,)}
        for name in TABLE_TENSORS:
            object.__setattr__(self, name, checked_weights(name, getattr(self, name), shapes[name]))
        object.__setattr__(self, "table", table)
        _activation(self.activation)
        factors = {name: _read_only(np.asarray(value)) for name, value in self.factors.items()}
        object.__setattr__(self, "factors", MappingProxyType(factors))
        metadata = {str(key): str(value) for key, value in self.metadata.items()}
        object.__setattr__(self, "metadata", MappingProxyType(metadata))

    @property
    def order(self) -> int:
        """n, the number of elements of the group."""
        return int(self.left.shape[0])

    @property
    def width(self) -> int:
        """m, the number of hidden neurons."""
        return int(self.left.shape[1])

    @cached_property
    def group(self) -> Group:
        """The group that the table says, under the name that the metadata gives it; one object for networks alike.

        Raises RhosetError where the table is no group's. Cost: that of constructing a `Group`, once for a run.
        """
        from rhoset.groups.cache import shared_group

        return shared_group(
            name=plain(self.metadata.get("group", "")) or f"group of order {self.order}",
            table=self.table,
            element_names=element_names(self.metadata, self.order),
            convention=plain(self.metadata.get("element_order", ""), 1000),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) that names the network, see `rhoset.networks.digest`."""
        if self.factors:
            return network_digest(self.factors, self.activation)
        return network_digest({k: getattr(self, k) for k in TABLE_TENSORS}, self.activation)

    def __repr__(self) -> str:
        name = plain(self.metadata.get("group", ""))
        return (
            f"Network({name + ', ' if name else ''}n={self.order}, m={self.width}, "
            f"{self.activation}, {self.left.dtype}{', factored' if self.factors else ''})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        tables = (self.left, self.right, self.unembed, self.bias, self.table)
        return Network, (*tables, self.activation, dict(self.factors), dict(self.metadata))


NAME_LENGTH = 80
"""Characters of a name from a file that are kept."""


def plain(text: str, length: int = NAME_LENGTH) -> str:
    """Text from a file without control characters and line breaks, cut to a length: it is shown in
    terminals and reports."""
    return "".join(letter for letter in text if letter.isprintable())[:length].strip()


def element_names(metadata: Mapping[str, str], order: int) -> tuple[str, ...]:
    """The names of the elements where the metadata's ``elements`` (a JSON list of strings or of
    lists of integers, one for each element) gives them; empty otherwise."""
    try:
        listed = json.loads(metadata.get("elements", ""))
    except (ValueError, RecursionError):
        return ()
    if not isinstance(listed, list) or len(listed) != order:
        return ()
    names = tuple(plain(" ".join(map(str, entry)) if isinstance(entry, list) else str(entry)) for entry in listed)
    return names if len(set(names)) == order else ()


def checked_table(table: Any) -> NDArray[np.int32]:
    """The table as a read-only (n, n) int32 array with entries in 0 … n−1, or RhosetError."""
    array = np.asarray(table)
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
    return _read_only(array.astype(np.int32, copy=False))


def checked_weights(name: str, value: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """The tensor as a read-only finite float array of that shape, or RhosetError."""
    array = np.asarray(value)
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
    return _read_only(array.astype(array.dtype.newbyteorder("="), copy=False))


def own(array: NDArray[Any]) -> NDArray[Any]:
    """Mark an array that nobody else holds as read-only, so that `Network` need not copy it."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base.setflags(write=False)
        base = base.base
    return array


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """The array itself when nobody can write to it, a read-only C-contiguous copy otherwise."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    if array.flags.writeable or base.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, order="C", copy=True)
        array.setflags(write=False)
    return array
