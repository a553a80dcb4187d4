"""Networks of one shape side by side: the arrays that all observables are computed from."""

from __future__ import annotations

from collections.abc import Sequence
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

    def column(name: str) -> Any:
        return np.stack([getattr(network, name).astype(np.float64) for network in networks])

    tables = (column("left"), column("right"), column("unembed"), column("bias"))
    return Stack(first.group, *tables, first.activation)
