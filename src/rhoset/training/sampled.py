"""Steps for large groups: a softmax over a sample of the outputs, on pairs whose right answers are in the sample.

A step draws s outputs Z and b/s left operands X, and takes the b pairs (x, x⁻¹z) for x in X, z in Z. Each pair is a
uniform one, and each of the s logits of a pair serves every pair: no row of `unembed` is gathered for a pair alone, as
it must be where right answers and sampled outputs are drawn apart. Only the rows of the embeddings that occur are
folded. A wrong output stands for (n − 1) / (s − 1) of them: its logit is raised by the logarithm of that number
(sampled softmax, Jean et al. 2015, with uniform proposals).

With a curriculum the first steps draw left operands and outputs from a subgroup, so that the right operands lie in it
too: a task of its own, of the subgroup's order, whose solution the next subgroup's pairs start from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhoset.training.activations import activation
from rhoset.training.config import TrainConfig, refuse
from rhoset.training.model import folded_half
from rhoset.training.outcome import scored

_SAMPLE_STREAM, _EVALUATION_STREAM = 3, 4
"""Keep the steps' and the evaluations' random numbers apart from each other and from those of `batches`."""

ALL_PAIRS = 720 * 720
"""Up to so many pairs (S6) evaluations see all of them, unless the configuration says otherwise. Beyond, a sample."""

SAMPLE_PAIRS = 16_384
"""Pairs of an evaluation where all are too many: an accuracy of 99 % is then known to ±0.2 points."""

EVALUATION_BYTES = 1 << 26
"""Bytes of logits that an evaluation on a sample holds at once."""


@dataclass(frozen=True, eq=False)
class OutputSample:
    """The pairs and outputs of one step.

    Parameters
    ----------
    left
        (a,) distinct left operands.
    right
        (r,) distinct right operands that occur.
    place
        (a, s) the right operand of pair (left[i], ·) with answer outputs[j], as a position in `right`.
    outputs
        (s,) distinct outputs.
    among
        Number of elements that operands and outputs were drawn from: n, or fewer in a stage of a curriculum.
    """

    left: Tensor
    right: Tensor
    place: Tensor
    outputs: Tensor
    among: int


class OutputSamples:
    """The sample of each step, a function of seed and step.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    config
        `batch` pairs and `sampled_outputs` outputs a step.
    seed
        The network's.

    Raises
    ------
    RhosetError
        ``bad-setting`` when the batch is no multiple of the outputs, they are more than there are, training sees a
        part of the pairs only, or a stage of the curriculum is no proper subgroup.
    """

    def __init__(self, table: NDArray[np.int32], config: TrainConfig, seed: int) -> None:
        n, outputs = len(table), config.sampled_outputs
        if not 2 <= outputs <= n:
            refuse("sampled_outputs", outputs, f"from 2 to the order, {n}")
        if config.batch % outputs or not outputs <= config.batch <= outputs * n:
            refuse("batch", config.batch, f"a multiple of sampled_outputs, {outputs}, and at most {outputs * n}")
        if config.train_fraction != 1:
            refuse("train_fraction", config.train_fraction, "1 with sampled_outputs")
        self.table, self.seed = table, seed
        self.rows, self.outputs = config.batch // outputs, outputs
        identity = int(np.flatnonzero((table == np.arange(n)).all(axis=1))[0])
        self.inverse = (table == identity).argmax(axis=1)
        self.stages = config.curriculum
        _check_stages(table, self.stages)

    def at(self, step: int) -> OutputSample:
        """The sample of the step numbered from 1. A subgroup with fewer elements than rows or outputs gives all."""
        generator = np.random.default_rng([_SAMPLE_STREAM, self.seed, step])
        n = next((elements for elements, last in self.stages if step <= last), len(self.table))
        left = generator.choice(n, min(n, self.rows), replace=False)
        outputs = generator.choice(n, min(n, self.outputs), replace=False)
        right, place = np.unique(self.table[np.ix_(self.inverse[left], outputs)], return_inverse=True)
        return OutputSample(
            left=torch.from_numpy(left),
            right=torch.from_numpy(right.astype(np.int64)),
            place=torch.from_numpy(place.reshape(len(left), len(outputs))),
            outputs=torch.from_numpy(outputs),
            among=n,
        )


def _check_stages(table: NDArray[np.int32], stages: tuple[tuple[int, int], ...]) -> None:
    """Refuses a stage whose first elements are not closed under the product."""
    if not stages:
        return
    reach = np.maximum.accumulate([max(table[k, : k + 1].max(), table[: k + 1, k].max()) for k in range(len(table))])
    closed = [k for k in range(2, len(table)) if reach[k - 1] < k]
    for elements, _ in stages:
        if elements not in closed:
            right = f"stages [elements, last step] of proper subgroups; the first {elements} elements are none"
            known = f"first elements that are: {', '.join(map(str, closed)) or 'none'}"
            refuse("curriculum", [list(stage) for stage in stages], f"{right} ({known})")


def sampled_loss(p: Mapping[str, Tensor], sample: OutputSample, config: TrainConfig) -> Tensor:
    """Mean cross-entropy of a step's pairs over its outputs, differentiable in the parameters by name.

    Costs 3·b·s·m multiply-adds for b pairs and s outputs, and those of folding the rows that occur.
    """
    s, m = len(sample.outputs), p["unembed"].shape[0]
    left = folded_half(p, "left", sample.left)
    right = folded_half(p, "right", sample.right)
    if "hidden_bias" in p:
        left = left + p["hidden_bias"]
    start = left.unsqueeze(1) + right.index_select(0, sample.place.view(-1)).view(-1, s, m)
    hidden = activation(config.activation).function(start).view(-1, m)
    logits = hidden @ p["unembed"].index_select(1, sample.outputs)
    if "unembed_bias" in p:
        logits = logits + p["unembed_bias"].index_select(0, sample.outputs)
    stands_for = torch.full((s, s), math.log((sample.among - 1) / (s - 1)), dtype=logits.dtype).fill_diagonal_(0)
    logits = (logits.view(-1, s, s) + stands_for).view(-1, s)
    return torch.nn.functional.cross_entropy(logits, torch.arange(s).repeat(len(sample.left)))


def evaluation_pairs(n: int, config: TrainConfig, seed: int) -> NDArray[np.int64] | None:
    """Sorted flat positions of the pairs that evaluations on the way are made on; None: all."""
    count = config.evaluation_pairs
    if not count:
        count = SAMPLE_PAIRS if n * n > ALL_PAIRS or config.sampled_outputs else n * n
    if count >= n * n:
        return None
    generator = np.random.default_rng([_EVALUATION_STREAM, seed])
    return np.sort(generator.choice(n * n, count, replace=False, shuffle=False))


@torch.no_grad()
def losses_on(
    tables: tuple[Tensor, Tensor, Tensor, Tensor], table: NDArray[np.int32], pairs: NDArray[np.int64], name: str
) -> tuple[Tensor, Tensor]:
    """Cross-entropy over all n outputs and correctness (right logit above all others) of some pairs, (k,) each.

    Parameters
    ----------
    tables
        left (n, m), right (n, m), unembed (m, n), bias (n,).
    table
        (n, n) multiplication table.
    pairs
        (k,) flat positions.
    name
        The activation.
    """
    left, right, unembed, bias = tables
    n, function = len(table), activation(name).function
    size = max(1, EVALUATION_BYTES // (4 * n))
    found = []
    for start in range(0, len(pairs), size):
        x, y = np.divmod(pairs[start : start + size], n)
        logits = torch.addmm(bias, function(left[torch.from_numpy(x)] + right[torch.from_numpy(y)]), unembed)
        found.append(scored(logits, torch.from_numpy(table[x, y].astype(np.int64))))
    losses, correct = zip(*found, strict=True)
    return torch.cat(losses), torch.cat(correct)
