"""Evaluation of a network on all n² pairs, in blocks of pairs that stay in cache."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.networks.activations import activation
from rhoset.networks.arrays import float_type
from rhoset.networks.network import Network
from rhoset.summaries import Shown

BLOCK_NUMBERS = 1 << 17
"""Numbers held in the larger of a block's hidden and logit arrays. Larger blocks leave the cache
and need more memory, smaller ones pay more Python overhead; the result moves by rounding only."""


SINGLE_MOST = 1e37
"""Where sums could exceed this, float64 takes the place of float32, which ends at 3.4e38."""

SAMPLE_SEED = 0
"""Seed of the pairs that are drawn when all of them are too dear; fixed, so that a network always
gets the same figures."""


@dataclass(frozen=True, repr=False)
class Evaluation(Shown):
    """What a network does on the pairs of elements.

    Attributes
    ----------
    accuracy
        Share of the pairs whose right logit is strictly above every other one; a tie is wrong.
    loss
        Mean cross-entropy in nats.
    margin
        Least over the pairs of the right logit minus the largest other one (∞ when n = 1).
    correct
        Number of right pairs.
    pairs
        Number of pairs evaluated: n², unless a budget allowed only a sample.
    """

    accuracy: float
    loss: float
    margin: float
    correct: int
    pairs: int


@public
def evaluate(network: Network, dtype: Any = None, *, operations: float | None = None) -> Evaluation:
    """Accuracy, loss and least margin, in floating point.

    Parameters
    ----------
    network
        Any network.
    dtype
        Type to compute in; that of the tables by default, at least float32.
    operations
        Multiply-adds to spend. Where all n² pairs need more, a random sample of pairs is taken
        that fits, always the same for the same n and m, at least one pair.

    Notes
    -----
    Cost n³m multiply-adds (n·m for each pair); memory is one block of `BLOCK_NUMBERS` numbers,
    never n² × n. Not rigorous: `rhoset certify --method exhaustive` is.
    """
    n = network.order
    if n == 1:
        return Evaluation(accuracy=1.0, loss=0.0, margin=float("inf"), correct=1, pairs=1)
    left, right, unembed, bias = tables_of(network, dtype)
    writes = unembed.any(axis=1)  # most neurons of an idealised network write nothing
    if not writes.all():
        left, right, unembed = left[:, writes], right[:, writes], unembed[writes]
    phi, width = activation(network.activation), len(unembed)
    pairs = affordable_pairs(network, operations)
    blocks = _blocks(n, max(width, 1)) if pairs == n * n else blocks_of(*sampled_pairs(n, pairs), max(n, network.width))

    def of_blocks() -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        room = np.empty((0, 0))
        for xs, ys in blocks:
            h = phi(left[xs] + right[ys])
            h = h.reshape(math.prod(h.shape[:-1]), width)
            room = np.empty((n, len(h)), h.dtype) if room.shape[1] != len(h) else room  # the same for many blocks
            f = np.matmul(unembed.T, h.T, out=room).T  # so laid out that rows are compared quickly
            f += bias
            yield f, network.table[xs, ys].ravel()

    return evaluation_of(of_blocks())


def affordable_pairs(network: Network, operations: float | None) -> int:
    """How many pairs so many multiply-adds are enough for: all n², or as many as fit, at least one."""
    if operations is not None and not operations > 0:
        raise RhosetError(f"operations is {operations}, expected a positive number", slug="bad-argument")
    n, each = network.order, network.order * max(network.width, 1)
    return n * n if operations is None or n * n * each <= operations else max(1, int(operations // each))


def evaluation_of(blocks: Iterable[tuple[NDArray[Any], NDArray[Any]]]) -> Evaluation:
    """Accuracy, loss and least margin from blocks of (N, n) logits, which are overwritten, and (N,) right outputs."""
    correct, pairs, loss, margin = 0, 0, 0.0, float("inf")
    for f, right in blocks:
        answer = np.arange(len(f)), right
        own = f[answer]
        f[answer] = -np.inf
        most = f.max(axis=1)
        worst = most - own
        correct += int(np.count_nonzero(worst < 0))
        margin = min(margin, -float(worst.max()))
        f -= most[:, None]
        np.exp(f, out=f)
        others = worst.astype(np.float64) + np.log(f.sum(axis=1, dtype=np.float64))
        loss += float(np.logaddexp(0.0, others).sum())
        pairs += len(f)
    return Evaluation(correct / pairs, loss / pairs, margin, correct, pairs)


@public
def logits(network: Network, x: ArrayLike, y: ArrayLike, dtype: Any = None) -> NDArray[Any]:
    """Logits f(z | x, y) for arrays of elements that broadcast: shape (…, n).

    Raises RhosetError (slug ``element-out-of-range``) for what is no element.
    """
    _, _, unembed, bias = tables_of(network, dtype)
    found: NDArray[Any] = hidden(network, x, y, dtype) @ unembed + bias
    return found


@public
def hidden(network: Network, x: ArrayLike | None = None, y: ArrayLike | None = None, dtype: Any = None) -> NDArray[Any]:
    """Hidden activations φ(left[x] + right[y]): shape (…, m) for arrays of elements that broadcast,
    (n, n, m) for all pairs when both are left out.

    Raises RhosetError (slug ``element-out-of-range``) for what is no element.
    """
    left, right, _, _ = tables_of(network, dtype)
    every = np.arange(network.order)
    rows = every[:, None] if x is None else _elements(x, network.order)
    columns = every if y is None else _elements(y, network.order)
    try:
        np.broadcast_shapes(rows.shape, columns.shape)
    except ValueError:
        raise RhosetError(
            f"hidden: x of shape {rows.shape} and y of shape {columns.shape} do not broadcast", slug="bad-argument"
        ) from None
    return activation(network.activation)(left[rows] + right[columns])


def _elements(values: ArrayLike, order: int) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or (array.size and not 0 <= array.min() <= array.max() < order):
        raise RhosetError(
            f"elements must be integers from 0 to {order - 1}, got {np.array2string(array, threshold=6)}",
            slug="element-out-of-range",
        )
    return array


def margins_of(logits: NDArray[Any], answers: NDArray[np.integer]) -> NDArray[Any]:
    """(N,) the right logit less the largest other one, of (N, n) logits, in which the right ones are overwritten."""
    at = answers.astype(np.int64)[:, None]
    right = np.take_along_axis(logits, at, axis=1)[:, 0]
    np.put_along_axis(logits, at, -np.inf, axis=1)
    return np.asarray(right - logits.max(axis=1))


def tables_of(network: Network, dtype: Any = None) -> tuple[NDArray[Any], ...]:
    """left, right, unembed and bias in a type; in their own, at least float32, when it is left out."""
    tables = (network.left, network.right, network.unembed, network.bias)
    if dtype is None:
        dtype = np.result_type(np.float32, *tables)
        if dtype == np.float32 and _reach(network) > SINGLE_MOST:
            dtype = np.float64
    dtype = float_type(dtype)
    return tuple(table.astype(dtype, copy=False) for table in tables)


def _reach(network: Network) -> float:
    """A number that no sum in the evaluation exceeds, in size."""
    h, *rest = (float(np.abs(table).max(initial=0)) for table in (network.left, network.unembed, network.bias))
    h += float(np.abs(network.right).max(initial=0))
    return max(1.0, h) ** 2 * max(1.0, rest[0]) * max(1, network.width) + rest[1]


def _blocks(n: int, m: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Rows (r, 1) and columns (c,) that cover all pairs, `BLOCK_NUMBERS` numbers a block."""
    pairs = max(1, BLOCK_NUMBERS // max(n, m, 1))
    rows, columns = (pairs // n, n) if pairs >= n else (1, pairs)
    every = np.arange(n)
    for x in range(0, n, rows):
        for y in range(0, n, columns):
            yield every[x : x + rows, None], every[y : y + columns]


def blocks_of(xs: NDArray[Any], ys: NDArray[Any], most: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """The pairs in blocks of `BLOCK_NUMBERS` numbers, of which each has so many at most."""
    step = max(1, BLOCK_NUMBERS // max(most, 1))
    for start in range(0, len(xs), step):
        yield xs[start : start + step], ys[start : start + step]


def sampled_pairs(order: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(k,) x and (k,) y of all n² pairs in order, or of `most` different ones drawn at random, always the same."""
    total = order * order
    rng = np.random.default_rng(SAMPLE_SEED)
    drawn = np.arange(total) if most >= total else rng.choice(total, most, replace=False, shuffle=False)
    return drawn // order, drawn % order
