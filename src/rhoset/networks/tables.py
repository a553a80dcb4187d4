"""The three tables of some neurons in one orientation: one row a neuron."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.networks.network import Network

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tables:
    """Left, right and unembed of k neurons, one row a neuron.

    (k, n) each, the elements last, unlike the file's left and right, which are (n, m). What is
    computed from them neuron by neuron, such as (k, d, d) coefficients, travels in the same type.
    """

    left: Array
    right: Array
    unembed: Array

    @classmethod
    def of(cls, network: Network, neurons: NDArray[np.integer] | slice = slice(None)) -> Tables:
        """Those of a network's neurons (all when left out), in float64."""
        left, right, unembed = network.left.T[neurons], network.right.T[neurons], network.unembed[neurons]
        return cls(*(table.astype(np.float64) for table in (left, right, unembed)))

    @classmethod
    def zeros(cls, neurons: int, order: int) -> Tables:
        """(neurons, order) zeros, to be filled with `put`."""
        return cls(*(np.zeros((neurons, order)) for _ in range(3)))

    def __iter__(self) -> Iterator[Array]:
        return iter((self.left, self.right, self.unembed))

    def __getitem__(self, neurons: Any) -> Tables:
        return self.map(lambda table: table[neurons])

    def map(self, function: Callable[[Array], Array]) -> Tables:
        """The function of each table."""
        return Tables(*(function(table) for table in self))

    def put(self, neurons: NDArray[np.integer], rows: Tables) -> None:
        """Set the rows of these neurons in place."""
        for table, part in zip(self, rows, strict=True):
            table[neurons] = part

    def centred(self) -> Tables:
        """Left and right with equal means (a constant moved between them) and unembed with mean 0
        over the outputs: none of these changes what the neuron computes, but for a constant."""
        left, right, unembed = (table.mean(axis=1, keepdims=True) for table in self)
        shift = (left - right) / 2
        return Tables(self.left - shift, self.right + shift, self.unembed - unembed)

    def network(self, like: Network) -> Network:
        """The network of these neurons with the group, activation and metadata of another; the bias
        is the mean of the other's."""
        n = like.order
        bias = np.full(n, float(like.bias.astype(np.float64).mean()))
        tables = (self.left.T, self.right.T, self.unembed, bias, like.table)
        return Network(*tables, activation=like.activation, metadata=dict(like.metadata))
