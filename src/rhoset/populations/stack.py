"""Networks of one shape side by side: the arrays that all observables are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.networks import Network

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stack:
    """k networks on one group with n elements, all of width m and with one activation.

    Attributes
    ----------
    group
        The group.
    left, right
        (k, n, m).
    unembed
        (k, m, n).
    bias
        (k, n); zeros where the networks have none.
    activation
        Name of the activation.
    """

    group: Group
    left: Array
    right: Array
    unembed: Array
    bias: Array
    activation: str

    def __len__(self) -> int:
        return len(self.left)

    @property
    def width(self) -> int:
        """m, hidden neurons of each network."""
        return int(self.left.shape[2])

    @property
    def wide(self) -> Stack:
        """The same numbers as float64."""
        return self.of(self.group, vars(self), self.activation, np.float64)

    @staticmethod
    def of(group: Group, tables: Mapping[str, NDArray[Any]], activation: str, dtype: Any = None) -> Stack:
        """The stack of (k, ...) tables under the names of its fields; without ``bias`` it is 0."""
        left, right, unembed = (np.asarray(tables[name], dtype) for name in ("left", "right", "unembed"))
        bias = np.asarray(tables.get("bias", np.zeros(left.shape[:2], left.dtype)), dtype)
        return Stack(group, left, right, unembed, bias, activation)

    def network(self, index: int, metadata: dict[str, str] | None = None) -> Network:
        """Network `index`, with the group's name in its metadata."""
        return Network(
            self.left[index],
            self.right[index],
            self.unembed[index],
            self.bias[index],
            self.group.table,
            self.activation,
            metadata={"group": self.group.name, **(metadata or {})},
        )


def stacked(networks: Sequence[Network]) -> Stack:
    """Networks of one table, width and activation as a `Stack`, in float64.

    Raises
    ------
    RhosetError
        There is none, or they differ in table, width or activation (slug ``mixed-networks``).
    """
    if not networks:
        raise RhosetError("a stack needs at least one network", slug="mixed-networks")
    first = networks[0]
    for position, network in enumerate(networks):
        same = network.width == first.width and network.activation == first.activation
        if not same or not np.array_equal(network.table, first.table):
            raise RhosetError(
                f"network {position} ({network!r}) differs from the first ({first!r}) in table, width or"
                " activation; a stack holds networks of one shape",
                slug="mixed-networks",
            )

    return Stack.of(first.group, columns(networks), first.activation, np.float64)


def columns(networks: Sequence[Network]) -> dict[str, NDArray[Any]]:
    """The tables of networks of one shape, each (k, ...)."""
    names = ("left", "right", "unembed", "bias")
    return {name: np.stack([getattr(network, name) for network in networks]) for name in names}
