"""Steps for large groups: a softmax over a sample of the outputs, on pairs whose right answers are in the sample.

A step draws s outputs Z and b/s left operands X, and takes the b pairs (x, x⁻¹z) for x in X, z in Z. Each pair is a
uniform one, and each of the s logits of a pair serves every pair: no row of `unembed` is gathered for a pair alone, as
it must be where right answers and sampled outputs are drawn apart. Only the rows of the embeddings that occur are
folded. A wrong output stands for (n − 1) / (s − 1) of them: its logit is raised by the logarithm of that number
(sampled softmax, Jean et al. 2015, with uniform proposals).

With a curriculum the first steps draw left operands and outputs from a subgroup, so that the right operands lie in it
too.

Of many outputs a uniform sample misses those that are nearly right, on which the loss soon rests. With `coset_outputs`
the right answers of a step are a coset gKh of a subgroup K, so that an answer's neighbours zk are among the outputs
where k lies in a conjugate of K; uniform ones are added. A wrong output w of a pair with answer z stands for one over
the chance that it is drawn beside z, which depends on the class of z⁻¹w: the sum over the sample is then, on average,
that over all outputs.
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
from rhoset.training.curriculum import Curriculum, check_subgroups
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
        (a, k) the right operand of pair (left[i], ·) with answer outputs[j], as a position in `right`.
    outputs
        (s,) distinct outputs, of which the first k are the right answers: all of them without `coset_outputs`.
    stands_for
        (k, s) logarithm of the number of outputs that outputs[j] stands for where outputs[i] is right; 0 for i = j.
    """

    left: Tensor
    right: Tensor
    place: Tensor
    outputs: Tensor
    stands_for: Tensor


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
        part of the pairs only, or a stage of the curriculum or `coset_outputs` is no proper subgroup.
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
        self.pairs, self.outputs = config.batch, outputs
        identity = int(np.flatnonzero((table == np.arange(n)).all(axis=1))[0])
        self.inverse = (table == identity).argmax(axis=1)
        self.curriculum = Curriculum(table, config)
        check_subgroups(table, "coset_outputs", config.coset_outputs)
        self.coset, self.uniform_until = config.coset_outputs[0] if config.coset_outputs else (0, 0)
        if self.coset:
            if not self.coset < outputs:
                refuse("coset_outputs", [[self.coset, self.uniform_until]], f"fewer than sampled_outputs, {outputs}")
            beside = _share_of_conjugates(table, self.inverse, self.coset)
            beside += (1 - beside) * (outputs - self.coset) / (n - self.coset)
            self.log_chance = np.log(beside)

    def at(self, step: int) -> OutputSample:
        """The sample of the step numbered from 1. A subgroup with fewer elements than rows or outputs gives all."""
        generator = np.random.default_rng([_SAMPLE_STREAM, self.seed, step])
        n = self.curriculum.among(step)
        coset = bool(self.coset) and step > self.uniform_until and n == len(self.table)
        answers = self.coset if coset else min(n, self.outputs)
        left = generator.choice(n, min(n, self.pairs // answers), replace=False)
        if coset:
            outputs = self._coset_and_others(generator)
            change = self.table[np.ix_(self.inverse[outputs[:answers]], outputs)]
            stands_for = -self.log_chance[change]
        else:
            outputs = generator.choice(n, answers, replace=False)
            stands_for = np.full((answers, answers), math.log((n - 1) / (answers - 1)))
        np.fill_diagonal(stands_for, 0.0)
        right, place = np.unique(self.table[np.ix_(self.inverse[left], outputs[:answers])], return_inverse=True)
        return OutputSample(
            left=torch.from_numpy(left),
            right=torch.from_numpy(right.astype(np.int64)),
            place=torch.from_numpy(place.reshape(len(left), answers)),
            outputs=torch.from_numpy(outputs),
            stands_for=torch.from_numpy(stands_for),
        )

    def _coset_and_others(self, generator: np.random.Generator) -> NDArray[np.int64]:
        """(s,) outputs: gKh for random g and h, then uniform ones of the rest."""
        g, h = generator.choice(len(self.table), 2)
        coset = self.table[self.table[g, : self.coset], h].astype(np.int64)
        rest = np.delete(np.arange(len(self.table)), coset)
        return np.concatenate([coset, generator.choice(rest, self.outputs - self.coset, replace=False)])


def _share_of_conjugates(table: NDArray[np.int32], inverse: NDArray[np.int64], elements: int) -> NDArray[np.float64]:
    """(n,) share of the h with h d h⁻¹ among the first elements, for every d. Costs n² look-ups."""
    found = np.zeros(len(table))
    for h in range(len(table)):
        found += table[table[h], inverse[h]] < elements
    return found / len(table)


def sampled_loss(p: Mapping[str, Tensor], sample: OutputSample, config: TrainConfig) -> Tensor:
    """Mean cross-entropy of a step's pairs over its outputs, differentiable in the parameters by name.

    Costs 3·b·s·m multiply-adds for b pairs and s outputs, and those of folding the rows that occur.
    """
    (answers, s), m = sample.stands_for.shape, p["unembed"].shape[0]
    left = folded_half(p, "left", sample.left)
    right = folded_half(p, "right", sample.right)
    if "hidden_bias" in p:
        left = left + p["hidden_bias"]
    start = left.unsqueeze(1) + right.index_select(0, sample.place.view(-1)).view(-1, answers, m)
    hidden = activation(config.activation).function(start).view(-1, m)
    logits = hidden @ p["unembed"].index_select(1, sample.outputs)
    if "unembed_bias" in p:
        logits = logits + p["unembed_bias"].index_select(0, sample.outputs)
    logits = (logits.view(-1, answers, s) + sample.stands_for.to(logits.dtype)).view(-1, s)
    return torch.nn.functional.cross_entropy(logits, torch.arange(answers).repeat(len(sample.left)))


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
