"""The pairs (x, y) on which activations are looked at: all, or evenly spaced ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.networks import Network, Tables, activation

PAIRS = 1 << 14
"""Pairs, evenly spaced, over which activations are averaged and correlated when n² is larger."""

PAIR_LOGITS = 1 << 24
"""Logits of those pairs, at most (memory: 128 MiB for each table of them)."""


def spread_pairs(order: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) x and (N,) y of all n² pairs, or of `PAIRS` evenly spaced ones; fewer, but 256, where they
    would have more than `PAIR_LOGITS` logits."""
    most = min(order * order, PAIRS, max(256, PAIR_LOGITS // order))
    if most == order * order:
        x, y = np.divmod(np.arange(most), order)
        return x, y
    pairs = np.unique(np.linspace(0, order * order - 1, most).astype(np.int64))
    return pairs // order, pairs % order


def activations(network: Network, neurons: NDArray[np.integer] | None = None) -> NDArray[np.float64]:
    """(N, k) activations of neurons (all when left out) over the pairs of `spread_pairs`."""
    found: NDArray[np.float64] = activations_of(network, neurons)(*spread_pairs(network.order))
    return found


def activations_of(
    network: Network, neurons: NDArray[np.integer] | None = None, dtype: Any = np.float64
) -> Callable[[NDArray[np.integer], NDArray[np.integer]], Any]:
    """The function from (N,) x and (N,) y to (N, k) activations of neurons, all when left out."""
    own, phi = Tables.of(network, slice(None) if neurons is None else neurons), activation(network.activation)
    left, right = (np.ascontiguousarray(table.T, dtype=dtype) for table in (own.left, own.right))

    def found(x: NDArray[np.integer], y: NDArray[np.integer]) -> Any:
        reads = left.take(x, axis=0)
        reads += right.take(y, axis=0)
        return np.asarray(phi(reads))

    return found
