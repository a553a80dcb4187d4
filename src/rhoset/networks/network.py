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

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.networks.activations import activation_name
from rhoset.networks.arrays import checked_table, checked_weights
from rhoset.networks.digest import TABLE_TENSORS, network_digest
from rhoset.networks.factors import Factors
from rhoset.reading import plain
from rhoset.summaries import Shown

if TYPE_CHECKING:
    from rhoset.groups import Group


@dataclass(frozen=True, eq=False, repr=False)
class Network(Shown):
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
        One of `rhoset.networks.ACTIVATIONS`, or another spelling of it (`activation_name`).
    factors
        ``embed_left`` and ``embed_right`` (n, E), ``hidden_left`` and ``hidden_right`` (E, m),
        ``unembed`` (m, n) and perhaps ``bias`` (n,), when the file stores these instead of the
        tables; `digest` names the factors then. Tables and factors never disagree: see Notes.
    metadata
        Strings: group, activation, how it was trained, …

    Raises
    ------
    RhosetError
        Slugs ``network-shape``, ``network-dtype``, ``network-not-finite``, ``network-table``,
        ``unknown-activation``.

    Notes
    -----
    What is new decides. Factors that no network held before replace the tables by their products in
    float64, so ``dataclasses.replace(network, factors=…)`` is the network of the new factors. Tables
    that are not those of the factors that a network held make it a network without factors, so
    ``dataclasses.replace(network, unembed=…)`` is the network of the new table. Either way it gets a
    new digest, and evaluation, files and certificates speak of the same function. Factors of one
    network beside tables of another are refused (``network-factors``).

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
        given: Any = self.factors
        factors = given if isinstance(given, Factors) else Factors(given or {}, n)
        if factors and factors is not given:
            for name, array in factors.tables.items():
                object.__setattr__(self, name, array)
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
        factors = self._agreeing(factors)
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "activation", activation_name(self.activation))
        object.__setattr__(self, "factors", factors)
        metadata = {str(key): str(value) for key, value in self.metadata.items()}
        object.__setattr__(self, "metadata", MappingProxyType(metadata))

    def _agreeing(self, factors: Factors) -> Factors:
        """The factors where the tables are theirs, none where single tables were replaced."""
        pairs = [(getattr(self, name), made) for name, made in factors.tables.items()] if factors else []
        if all(_same(table, made) for table, made in pairs):
            return factors
        if not any(table is made for table, made in pairs):
            raise RhosetError(
                "the tables are not the products of the factors: give factors={} for the network of these tables, or"
                " the factors as a plain dict for the network of the factors",
                slug="network-factors",
            )
        return Factors({}, len(self.left))

    @property
    def order(self) -> int:
        """n, the number of elements of the group."""
        return int(self.left.shape[0])

    @property
    def width(self) -> int:
        """m, the number of hidden neurons."""
        return int(self.left.shape[1])

    @property
    def stored(self) -> dict[str, NDArray[Any]]:
        """The tensors that stand for it in a file: its factors, or the four tables where it has none."""
        return dict(self.factors) or {name: getattr(self, name) for name in TABLE_TENSORS}

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
        return network_digest(self.stored, self.activation)

    def without(self, *what: Any, **named: Any) -> Network:
        """See `rhoset.frameworks.without`: ``network.without(irrep="[3,1]")``."""
        from rhoset.frameworks import without

        return without(self, *what, **named)

    def activations(self, *elements: Any, **options: Any) -> NDArray[Any]:
        """See `rhoset.frameworks.activations`."""
        from rhoset.frameworks import activations

        return activations(self, *elements, **options)

    def __repr__(self) -> str:
        name = plain(self.metadata.get("group", ""))
        return (
            f"Network({name + ', ' if name else ''}n={self.order}, m={self.width}, "
            f"{self.activation}, {self.left.dtype}{', factored' if self.factors else ''})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        tables = (self.left, self.right, self.unembed, self.bias, self.table)
        return Network, (*tables, self.activation, dict(self.factors), dict(self.metadata))


@public
def fold_factors(
    factors: Mapping[str, NDArray[Any]],
    table: NDArray[Any],
    *,
    activation: str = "relu",
    metadata: Mapping[str, str] | None = None,
) -> Network:
    """The network of a factored parametrisation, which it keeps as ``factors``.

    Parameters
    ----------
    factors
        ``embed_left`` and ``embed_right`` (n, E), ``hidden_left`` and ``hidden_right`` (E, m),
        ``unembed`` (m, n) and perhaps ``bias`` (n,).
    table
        (n, n) multiplication table.

    Raises
    ------
    RhosetError
        What `rhoset.networks.factors.Factors` and `Network` refuse.

    Notes
    -----
    Cost 2n·m·E multiply-adds.
    """
    table = checked_table(table)
    checked = Factors(factors, table.shape[0])
    if not checked:
        checked = Factors({"": None}, table.shape[0])  # says which factors are missing
    return Network(**checked.tables, table=table, activation=activation, factors=checked, metadata=metadata or {})


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a is b or (a.dtype == b.dtype and np.array_equal(a, b))


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
