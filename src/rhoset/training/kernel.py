"""Pairs → hidden → cross-entropy and its gradient, block by block, without an array of size n²·n.

A block of pairs (about eight x-rows) goes through the whole network and back while its hidden
values and logits are in the processor's cache; the softmax is turned into the gradient where it
stands. Three matrix products per block are all the arithmetic that matters: hidden·unembed,
gradient·unembedᵀ and hiddenᵀ·gradient.

The bias is a row below `unembed` and meets a column of ones beside the hidden values, so it costs
nothing extra.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhoset.training.activations import Activation, activation
from rhoset.training.outcome import scored
from rhoset.training.pairs import Bags, DenseBlock, PairBlocks, RaggedBlock, all_pairs

SAFE_SUM = (1e-20, 1e30)
"""Sums of exp(logit) between which the softmax needs no shift by the row's maximum: nothing
overflows, and what underflows is below a part in 1e17. Outside, the block's softmax is computed
again with the shift."""

_PAD = 16
"""Columns added to the hidden buffer: one of ones, the rest keeps rows aligned."""


@dataclass(frozen=True, eq=False)
class Gradients:
    """Mean cross-entropy over the pairs and its gradient in each folded table."""

    loss: Tensor  # ()
    left: Tensor  # (n, m)
    right: Tensor  # (n, m)
    unembed: Tensor  # (m, n)
    bias: Tensor  # (n,)


class _Views(NamedTuple):
    """A workspace's buffers for one block of k pairs."""

    start: Tensor  # (k, m) before the activation
    hidden: Tensor  # (k, m) after it
    extended: Tensor  # (k, m + 1) with a column of ones
    logits: Tensor  # (k, n)
    flat: Tensor  # (k·n,) the same
    back: Tensor  # (k, m)
    sums: Tensor  # (k,)


class PairLoss:
    """Workspace for the cross-entropy of folded tables on a multiplication table.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    m
        Width.
    activation_name
        φ.
    dtype
        float32, or float64 for checks.

    Notes
    -----
    Buffers are allocated once and hold one block. One step takes 6·k·n·m floating-point operations
    for k pairs. Not shared between threads.
    """

    def __init__(
        self,
        table: NDArray[np.int32],
        m: int,
        activation_name: str = "relu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.table = table
        self.n, self.m = len(table), m
        self.activation: Activation = activation(activation_name)
        self.dtype = dtype
        self._ones = torch.ones(self.n, dtype=dtype)
        self._size = 0

    @cached_property
    def every_pair(self) -> PairBlocks:
        """All n² pairs, in blocks; made when first asked for, as large groups may never be."""
        return all_pairs(self.table, self.m)

    def _grow(self, size: int) -> None:
        if size <= self._size:
            return
        self._size = size
        self._hidden = torch.zeros(size, self.m + _PAD, dtype=self.dtype)
        self._hidden[:, self.m] = 1
        self._logits = torch.empty(size, self.n, dtype=self.dtype)
        self._back = torch.empty(size, self.m, dtype=self.dtype)
        keeps = self.activation.keeps_input
        self._input = torch.empty(size if keeps else 0, self.m, dtype=self.dtype)
        self._sums = torch.empty(size, dtype=self.dtype)
        self._row_ones = torch.ones(size, dtype=self.dtype)
        self._views: dict[int, _Views] = {}

    def _views_of(self, size: int) -> _Views:
        """The buffers cut to a block of `size` pairs; almost all blocks have the same size."""
        if size not in self._views:
            hidden = self._hidden[:size, : self.m]
            start = self._input[:size] if self.activation.keeps_input else hidden
            logits = self._logits[:size]
            self._views[size] = _Views(
                start=start,
                hidden=hidden,
                extended=self._hidden[:size, : self.m + 1],
                logits=logits,
                flat=logits.view(-1),
                back=self._back[:size],
                sums=self._sums[:size],
            )
        return self._views[size]

    @torch.no_grad()
    def gradients(self, left: Tensor, right: Tensor, unembed: Tensor, bias: Tensor, pairs: PairBlocks) -> Gradients:
        """Mean cross-entropy over `pairs` and its gradients.

        Parameters
        ----------
        left, right, unembed, bias
            (n, m), (n, m), (m, n), (n,).
        pairs
            From `all_pairs` or `some_pairs`.
        """
        self._grow(pairs.largest)
        n, m = self.n, self.m
        weights = torch.cat([unembed, bias.unsqueeze(0)])  # (m + 1, n)
        unembed_t = unembed.T
        d_left, d_right = torch.zeros_like(left), torch.zeros_like(right)
        d_weights = torch.zeros_like(weights)
        loss = torch.zeros((), dtype=torch.float64)
        for block in pairs.blocks:
            views = self._forward(left, right, block)
            torch.mm(views.extended, weights, out=views.logits)
            losses = self._softmax_gradient(views, weights, block.targets)
            times = block.times if isinstance(block, RaggedBlock) else None
            if times is not None:
                times = times.to(self.dtype)
                losses = losses * times.squeeze(1)
                views.logits.mul_(times)
            loss += losses.sum(dtype=torch.float64)
            d_weights.addmm_(views.extended.T, views.logits)
            back = torch.mm(views.logits, unembed_t, out=views.back)
            self.activation.pull_back(back, views.start)
            if isinstance(block, DenseBlock):
                rows = slice(block.first, block.first + block.rows)
                torch.sum(back.view(block.rows, n, m), 1, out=d_left[rows])
                ones = self._row_ones[: block.rows]
                d_right.view(-1).addmv_(back.view(block.rows, n * m).T, ones)
            else:
                _add_bags(d_left, back, block.by_x)
                _add_bags(d_right, back, block.by_y)
        scale = 1.0 / pairs.count
        d_weights.mul_(scale)
        return Gradients(
            loss=(loss * scale).to(self.dtype),
            left=d_left.mul_(scale),
            right=d_right.mul_(scale),
            unembed=d_weights[:m],
            bias=d_weights[m],
        )

    def _forward(self, left: Tensor, right: Tensor, block: DenseBlock | RaggedBlock) -> _Views:
        """Fills the hidden values of a block."""
        views = self._views_of(len(block.targets))
        if isinstance(block, DenseBlock):
            rows = left[block.first : block.first + block.rows].unsqueeze(1)
            out = views.start.view(block.rows, self.n, self.m)
            torch.add(rows, right.unsqueeze(0), out=out)
        else:
            rows = left.index_select(0, block.x)
            torch.add(rows, right.index_select(0, block.y), out=views.start)
        self.activation.apply(views.start, views.hidden)
        return views

    def _softmax_gradient(self, views: _Views, weights: Tensor, targets: Tensor) -> Tensor:
        """Turns logits into softmax − one-hot in place; returns the cross-entropy of every pair."""
        exps, flat = views.logits.exp_(), views.flat
        sums = torch.mv(exps, self._ones, out=views.sums)
        low, high = torch.aminmax(sums)
        if float(low) > SAFE_SUM[0] and float(high) < SAFE_SUM[1]:
            exps.mul_(sums.reciprocal_().unsqueeze(1))
            right_answer = flat.take(targets)
            losses = -right_answer.log()
            if math.isfinite(losses.sum()):
                flat.put_(targets, right_answer - 1)
                return losses
        logits = torch.mm(views.extended, weights, out=views.logits)
        losses = -torch.log_softmax(logits, 1).view(-1).take(targets)
        torch.softmax(logits, 1, out=logits)
        flat.put_(targets, flat.take(targets) - 1)
        return losses

    @torch.no_grad()
    def losses(self, left: Tensor, right: Tensor, unembed: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy and correctness of every pair.

        Returns
        -------
        tuple
            As `scored` has them, (n, n) each.
        """
        self._grow(self.every_pair.largest)
        n = self.n
        weights = torch.cat([unembed, bias.unsqueeze(0)])
        losses = torch.empty(n * n, dtype=self.dtype)
        correct = torch.empty(n * n, dtype=torch.bool)
        labels = torch.from_numpy(self.table.reshape(-1).astype(np.int64))
        for block in self.every_pair.blocks:
            assert isinstance(block, DenseBlock)
            views = self._forward(left, right, block)
            logits = torch.mm(views.extended, weights, out=views.logits)
            here = slice(block.first * n, block.first * n + len(logits))
            losses[here], correct[here] = scored(logits, labels[here])
        return losses.view(n, n), correct.view(n, n)


def _add_bags(total: Tensor, rows: Tensor, bags: Bags) -> None:
    """Adds each row to the entry of `total` that its key names."""
    sums = torch.nn.functional.embedding_bag(bags.order, rows, bags.starts, mode="sum")
    if bags.keys is None:
        total.add_(sums)
    else:
        total.index_add_(0, bags.keys, sums)


class PairCrossEntropy(torch.autograd.Function):
    """The kernel as a differentiable function of the four folded tables.

    ``PairCrossEntropy.apply(left, right, unembed, bias, workspace, pairs)`` is the mean
    cross-entropy. The gradients are computed with the loss, in the forward pass, because only there
    is a block in cache; `backward` scales them.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from rhoset.training.kernel import PairCrossEntropy, PairLoss
    >>> table = (np.arange(3)[:, None] + np.arange(3)) % 3
    >>> work = PairLoss(table.astype(np.int32), 4)
    >>> tables = [torch.zeros(3, 4, requires_grad=True) for _ in "lr"]
    >>> unembed, bias = torch.zeros(4, 3, requires_grad=True), torch.zeros(3)
    >>> loss = PairCrossEntropy.apply(*tables, unembed, bias, work, work.every_pair)
    >>> round(float(loss), 4)  # log 3
    1.0986
    """

    @staticmethod
    def forward(
        ctx: Any,
        left: Tensor,
        right: Tensor,
        unembed: Tensor,
        bias: Tensor,
        workspace: PairLoss,
        pairs: PairBlocks,
    ) -> Tensor:
        found = workspace.gradients(left, right, unembed, bias, pairs)
        ctx.save_for_backward(found.left, found.right, found.unembed, found.bias)
        return found.loss

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return (*(saved * grad for saved in ctx.saved_tensors), None, None)
