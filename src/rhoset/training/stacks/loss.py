"""Cross-entropy over the pairs of a small group and its gradient, for a stack of networks at once.

Every network's numbers come out the same in whatever stack it stands. Three kinds of operation make that so, and no
other may be used here:

1. elementwise operations, correctly rounded or a function of the element alone (exp, log, erf);
2. matrix products over the last two axes: numpy calls BLAS once for each network, with the shape of one network;
3. sums along one axis of a fixed length, with the axes of a network behind the axis of the stack.

A choice (which way to sum, whether to shift a softmax) is made by the shape, or for each network from its own numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.training.stacks.activations import STACK_ACTIVATIONS

Array = NDArray[Any]

SAFE_SUM = (1e-20, 1e30)
"""Sums of exp(logit) between which a network's softmax needs no shift by the row's maximum; see the kernel's."""

INCIDENCE_ORDER = 16
"""Up to this n the sums over x and over y are one product with the pairs' incidence matrix (2n, n²): twice the
arithmetic of the product with `unembed`, and no loop over short rows."""


class StackLoss:
    """Workspace for k networks of one shape.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    count
        k.
    width
        m.
    activation
        φ by name.
    dtype
        float32 or float64.

    Notes
    -----
    A step takes 6·n³·m floating-point operations a network, and up to 8·n³·m more for small n. Memory is
    k·n²·(3m + n) numbers.
    """

    def __init__(self, table: NDArray[np.int32], count: int, width: int, activation: str, dtype: Any) -> None:
        self.n = n = len(table)
        self.activation = STACK_ACTIVATIONS[activation]
        pairs = n * n
        self.start = np.empty((count, pairs, width), dtype)
        self.hidden = np.empty_like(self.start)
        self.back = np.empty_like(self.start)
        self.logits = np.empty((count, pairs, n), dtype)
        self.sums = np.empty((count, pairs, 1), dtype)
        self.targets = np.arange(pairs) * n + table.reshape(-1).astype(np.int64)
        self.one_hot = np.zeros((pairs, n), dtype)
        self.one_hot.reshape(-1)[self.targets] = 1
        self.ones = np.ones((n, 1), dtype)
        self.pair_ones = np.ones((1, pairs), dtype)
        self.incidence = np.zeros((2 * n, pairs), dtype)
        self.incidence[np.arange(pairs) // n, np.arange(pairs)] = 1
        self.incidence[n + np.arange(pairs) % n, np.arange(pairs)] = 1
        self.by_product = n <= INCIDENCE_ORDER

    def forward(self, tables: Array, unembed: Array, bias: Array | None) -> Array:
        """Logits (k, n², n) of the tables (k, 2n, m), `left` above `right`; a buffer that the next call overwrites."""
        k, n = len(tables), self.n
        if self.by_product:
            np.matmul(self.incidence.T, tables, out=self.start)
        else:
            out = self.start.reshape(k, n, n, -1)
            np.add(tables[:, :n, None], tables[:, None, n:], out=out)
        self.activation.apply(self.start, self.hidden)
        np.matmul(self.hidden, unembed, out=self.logits)
        if bias is not None:
            self.logits += bias[:, None]
        return self.logits

    def gradients(
        self, tables: Array, unembed: Array, bias: Array | None, out: dict[str, Array], mask: Array | None
    ) -> Array:
        """Summed cross-entropies (k,) in float64; their gradients into `out`.

        Parameters
        ----------
        tables, unembed, bias
            (k, 2n, m), (k, m, n), (k, n) or None.
        out
            Arrays of these shapes by name.
        mask
            (k, n², 1), or (1, n², 1) for all: 1 at the pairs that count, 0 elsewhere; None: all count.
        """
        self.forward(tables, unembed, bias)
        losses = self._softmax(unembed, bias)
        error = self.logits
        np.subtract(error, self.one_hot, out=error)
        if mask is not None:
            error *= mask
            losses *= mask[:, :, 0]
        np.matmul(self.hidden.transpose(0, 2, 1), error, out=out["unembed"])
        if bias is not None:
            np.matmul(self.pair_ones, error, out=out["bias"][:, None])
        np.matmul(error, unembed.transpose(0, 2, 1), out=self.back)
        self.activation.pull_back(self.back, self.start)
        self._sum_pairs(out["tables"])
        return np.asarray(np.add.reduce(losses, axis=1))

    def _sum_pairs(self, out: Array) -> None:
        """Sums of `back` over y and over x."""
        if self.by_product:
            np.matmul(self.incidence, self.back, out=out)
            return
        k, n = len(self.back), self.n
        rows = self.back.reshape(k, n, n, -1)
        np.add.reduce(rows, axis=2, out=out[:, :n])
        np.add.reduce(rows, axis=1, out=out[:, n:])

    def _softmax(self, unembed: Array, bias: Array | None) -> Array:
        """Turns logits into probabilities in place; returns the cross-entropies (k, n²) in float64."""
        k = len(self.logits)
        np.exp(self.logits, out=self.logits)
        np.matmul(self.logits, self.ones, out=self.sums)
        np.divide(self.logits, self.sums, out=self.logits)
        answers = np.take(self.logits.reshape(k, -1), self.targets, axis=1).astype(np.float64)
        losses = -np.log(answers)
        low, high = self.sums.reshape(k, -1).min(axis=1), self.sums.reshape(k, -1).max(axis=1)
        unsafe = ~((low > SAFE_SUM[0]) & (high < SAFE_SUM[1]) & (answers.min(axis=1) > 0))
        if unsafe.any():
            for place in np.flatnonzero(unsafe):
                logits = self.hidden[place] @ unembed[place]
                if bias is not None:
                    logits += bias[place]
                probabilities, lost = self._shifted(logits)
                self.logits[place] = probabilities
                losses[place] = lost
        return losses

    def _shifted(self, logits: Array) -> tuple[Array, Array]:
        logits -= logits.max(axis=-1, keepdims=True)
        answers = logits.reshape(-1)[self.targets].astype(np.float64)
        np.exp(logits, out=logits)
        sums = logits @ self.ones
        logits /= sums
        return logits, np.log(sums[:, 0].astype(np.float64)) - answers

    def losses(self, tables: Array, unembed: Array, bias: Array | None) -> tuple[Array, Array]:
        """Cross-entropy (k, n²), float64, and correctness of every pair: whether the right logit is strictly above
        all others (a tie or a non-finite logit counts as wrong)."""
        logits = self.forward(tables, unembed, bias)
        flat = logits.reshape(len(logits), -1)
        answers = np.take(flat, self.targets, axis=1)
        top = logits.max(axis=2, keepdims=True)
        shifted = np.exp(logits - top)
        sums = (shifted @ self.ones)[:, :, 0].astype(np.float64)
        lost = np.log(sums) - (answers - top[:, :, 0]).astype(np.float64)
        flat[:, self.targets] = -np.inf
        return lost, (answers > logits.max(axis=2)) & np.isfinite(answers)
