"""Which input pairs (x, y) a step sees, cut into blocks that stay in the processor's cache.

All n² pairs are walked in blocks of whole x-rows (`DenseBlock`). A subset, or a minibatch, is
walked in blocks of pairs sorted by x (`RaggedBlock`) that carry what the backward pass needs to sum
gradients per x and per y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BLOCK_BYTES = 1_500_000
"""Bytes of float32 that a block's hidden values and logits may take together (two buffers of width
m, one of n): below a core's second-level cache. Twice as much costs about a tenth in speed on S5;
half as much likewise, because the matrix products get thin."""


def block_pairs(n: int, m: int) -> int:
    """How many pairs a block holds for order n and width m (at least 64)."""
    return max(64, BLOCK_BYTES // (4 * (2 * m + n)))


@dataclass(frozen=True, eq=False)
class DenseBlock:
    """The rows x = first … first + rows − 1, with every y."""

    first: int
    rows: int
    targets: Tensor  # (rows·n,) positions of the right answers in the flattened block of logits


@dataclass(frozen=True, eq=False)
class Bags:
    """How to sum rows of a block by a key: positions ordered by key, and where each key starts."""

    keys: Tensor | None  # (k,) int64, distinct keys; None when they are all of 0 … n−1
    order: Tensor  # (pairs,)
    starts: Tensor  # (k,)


@dataclass(frozen=True, eq=False)
class RaggedBlock:
    """Some pairs (x_j, y_j), sorted by x."""

    x: Tensor
    y: Tensor
    targets: Tensor
    by_x: Bags
    by_y: Bags
    times: Tensor | None = None  # (pairs, 1) how often each counts; None: once


@dataclass(frozen=True, eq=False)
class PairBlocks:
    """The pairs of one step as blocks.

    Parameters
    ----------
    blocks
        All dense or all ragged.
    count
        Number of pairs in all, each as often as it counts.
    largest
        Pairs in the largest block: the size of the buffers.
    """

    blocks: tuple[DenseBlock | RaggedBlock, ...]
    count: int
    largest: int


def all_pairs(table: NDArray[np.int32], m: int) -> PairBlocks:
    """All n² pairs, in blocks of whole rows.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    m
        Width of the network; sets the size of the blocks.
    """
    n = len(table)
    rows = max(1, min(n, block_pairs(n, m) // n))
    while n % rows and n % rows * 2 < rows and rows > 1:  # avoid a thin last block
        rows -= 1
    blocks = []
    for first in range(0, n, rows):
        labels = torch.from_numpy(table[first : first + rows].reshape(-1).astype(np.int64))
        targets = torch.arange(len(labels)) * n + labels
        blocks.append(DenseBlock(first, len(labels) // n, targets))
    return PairBlocks(tuple(blocks), n * n, rows * n)


def some_pairs(table: NDArray[np.int32], pairs: NDArray[np.integer], m: int) -> PairBlocks:
    """The pairs with the given flat positions x·n + y (a training set or a minibatch).

    Parameters
    ----------
    table
        (n, n) multiplication table.
    pairs
        (k,) positions in 0 … n² − 1, in any order; one that is there several times counts as often.
    m
        Width of the network.

    Notes
    -----
    About k log k work; a minibatch is prepared anew at each step, a training set once.
    """
    n = len(table)
    count = len(pairs)
    pairs, times = np.unique(pairs.astype(np.int64), return_counts=True)
    size = block_pairs(n, m)
    blocks = []
    labels = table.reshape(-1)[pairs].astype(np.int64)
    for start in range(0, len(pairs), size):
        part = pairs[start : start + size]
        x, y = np.divmod(part, n)
        blocks.append(
            RaggedBlock(
                x=torch.from_numpy(x),
                y=torch.from_numpy(y),
                targets=torch.from_numpy(np.arange(len(part)) * n + labels[start : start + size]),
                by_x=_bags(x, n),
                by_y=_bags(y, n),
                times=torch.from_numpy(times[start : start + size]).unsqueeze(1) if len(pairs) < count else None,
            )
        )
    return PairBlocks(tuple(blocks), count, min(size, len(pairs)))


def _bags(keys: NDArray[np.int64], n: int) -> Bags:
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    return Bags(
        keys=None if len(distinct) == n else torch.from_numpy(distinct),
        order=torch.from_numpy(order),
        starts=torch.from_numpy(starts.astype(np.int64)),
    )
