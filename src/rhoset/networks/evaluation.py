"""Evaluation of a network on all n² pairs, in blocks of pairs that stay in cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.errors import RhosetError
from rhoset.networks.activations import activation
from rhoset.networks.network import Network

BLOCK_NUMBERS = 1 << 18
"""Numbers held in the larger of a block's hidden and logit arrays. Larger blocks leave the cache
and need more memory, smaller ones pay more Python overhead; the result moves by rounding only."""


@dataclass(frozen=True)
class Evaluation:
    """What a network does on all n² pairs.

    Attributes
    ----------
    accuracy
        Share of the pairs whose right logit is strictly above every other one; a tie is wrong.
    loss
        Mean cross-entropy in nats.
    margin
        Least over all pairs of the right logit minus the largest other one (∞ when n = 1).
    correct
        Number of right pairs.
    """

    accuracy: float
    loss: float
    margin: float
    correct: int


def evaluate(network: Network, dtype: Any = None) -> Evaluation:
    """Accuracy, loss and least margin over all pairs, in floating point.

    Parameters
    ----------
    network
        Any network.
    dtype
        Type to compute in; that of the tables by default, at least float32.

    Notes
    -----
    Cost n³m multiply-adds; memory is one block of `BLOCK_NUMBERS` numbers, never n² × n. Not
    rigorous: `rhoset certify --method exhaustive` is.
    """
    n = network.order
    if n == 1:
        return Evaluation(accuracy=1.0, loss=0.0, margin=float("inf"), correct=1)
    left, right, unembed, bias = _tables(network, dtype)
    phi = activation(network.activation)
    correct, loss, margin = 0, 0.0, float("inf")
    for xs, ys in _blocks(n, network.width):
        h = phi(left[xs, None, :] + right[None, ys, :])
        f = h.reshape(h.shape[0] * h.shape[1], network.width) @ unembed
        f += bias
        answer = network.table[xs, ys].reshape(-1, 1)
        f -= np.take_along_axis(f, answer, axis=1)
        np.put_along_axis(f, answer, -np.inf, axis=1)
        worst = f.max(axis=1)
        correct += int(np.count_nonzero(worst < 0))
        margin = min(margin, -float(worst.max()))
        f -= worst[:, None]
        np.exp(f, out=f)
        others = worst.astype(np.float64) + np.log(f.sum(axis=1, dtype=np.float64))
        loss += float(np.logaddexp(0.0, others).sum())
    return Evaluation(accuracy=correct / n**2, loss=loss / n**2, margin=margin, correct=correct)


def logits(network: Network, x: ArrayLike, y: ArrayLike, dtype: Any = None) -> NDArray[Any]:
    """Logits f(z | x, y) for arrays of elements that broadcast: shape (…, n).

    Raises RhosetError (slug ``element-out-of-range``) for what is no element.
    """
    _, _, unembed, bias = _tables(network, dtype)
    return hidden(network, x, y, dtype) @ unembed + bias


def hidden(
    network: Network, x: ArrayLike | None = None, y: ArrayLike | None = None, dtype: Any = None
) -> NDArray[Any]:
    """Hidden activations φ(left[x] + right[y]): shape (…, m) for arrays of elements that broadcast,
    (n, n, m) for all pairs when both are left out.

    Raises RhosetError (slug ``element-out-of-range``) for what is no element.
    """
    left, right, _, _ = _tables(network, dtype)
    every = np.arange(network.order)
    rows = every[:, None] if x is None else _elements(x, network.order)
    columns = every if y is None else _elements(y, network.order)
    return activation(network.activation)(left[rows] + right[columns])


def _elements(values: ArrayLike, order: int) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or (array.size and not 0 <= array.min() <= array.max() < order):
        raise RhosetError(
            f"elements must be integers from 0 to {order - 1}, got"
            f" {np.array2string(array, threshold=6)}",
            slug="element-out-of-range",
        )
    return array


def _tables(network: Network, dtype: Any) -> tuple[NDArray[Any], ...]:
    tables = (network.left, network.right, network.unembed, network.bias)
    if dtype is None:
        dtype = np.result_type(np.float32, *tables)
    return tuple(table.astype(dtype, copy=False) for table in tables)


def _blocks(n: int, m: int) -> Iterator[tuple[slice, slice]]:
    """Slices of rows x and columns y that cover all pairs, `BLOCK_NUMBERS` numbers a block."""
    pairs = max(1, BLOCK_NUMBERS // max(n, m, 1))
    rows, columns = (pairs // n, n) if pairs >= n else (1, pairs)
    for x in range(0, n, rows):
        for y in range(0, n, columns):
            yield slice(x, min(x + rows, n)), slice(y, min(y + columns, n))
