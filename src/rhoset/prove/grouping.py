"""The partition of the outputs w that rule `pairs` compares by: few parts are cheap, many settle more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset_check.blocks import Block, read_blocks, rescale
from rhoset_check.model import Tally
from rhoset_check.pairs import PairsRule, outer_sum

from . import nearness
from .features import Array
from .measure import Subject
from .proof import Proof, as_certificate

FINEST = 64
"""Parts that the search starts from."""
PAIRS = 384
"""Sampled pairs on which parts are judged."""


def partition(subject: Subject, proof: Proof) -> NDArray[np.int32]:
    """(n,) the contiguous partition, in order of difficulty, with the least expected cost.

    The proof's first rule is `pairs` with references. For every part the expected cost is blocks + 1
    comparisons a pair, and in-span logits of its outputs for the pairs that it leaves open; dynamic
    programming over at most `FINEST` steps.
    """
    certificate = as_certificate(proof, subject.network)
    model = rescale(certificate, subject.model)
    blocks = read_blocks(certificate, model)
    rule = PairsRule(certificate, model, blocks, dict(proof.rules[0]), Tally())
    x, y = (side[:: max(1, len(side) // PAIRS)] for side in subject.sample)
    hidden, _ = rule.residual.hidden(x, y, np.float32)
    sums = [b.sums(hidden) for b in blocks]
    if rule.residual.mode == "centred":
        sums = [s + outer_sum(*sides, x, y) for s, sides in zip(sums, rule.additive, strict=True)]
    rest, correct, _ = rule.residual.at(hidden, x, y, rule.exact_correct)
    loss = np.asarray(rule.residual.worst(x, y, rest, correct)) + rule.needed
    label = rule.labels[x, y]
    states = [b.transport(s, x, y) for b, s in zip(blocks, sums, strict=True)]
    kept = np.split(proof.tensors["references"].T, np.cumsum([b.p * b.q for b in blocks])[:-1])
    lengths = np.stack(
        [
            np.sqrt(np.square(b.centre(s - k[:, label])).sum(axis=0))
            for b, s, k in zip(blocks, states, kept, strict=True)
        ]
    )
    least = nearness.margins(model, blocks, proof.tensors["references"])[:, label]
    return optimal(blocks, least - loss, lengths, nearness.distances(model, blocks), model.group.identity)


def optimal(blocks: Sequence[Block], least: Array, lengths: Array, distance: Array, identity: int) -> NDArray[np.int32]:
    """The partition for margins `least` (n, pairs), ‖Q − K‖ `lengths` (blocks, pairs) and ‖ΔF‖
    `distance` (n, blocks)."""
    n, pairs = least.shape
    others = np.flatnonzero(np.arange(n) != identity)
    order = others[np.argsort((least - distance @ lengths)[others].mean(axis=1), kind="stable")]
    steps = np.array_split(order, min(FINEST, len(order)))
    count = len(steps)
    low = np.stack([least[step].min(axis=0) for step in steps])
    far = np.stack([distance[step].max(axis=0) for step in steps])
    size = np.array([len(step) for step in steps], dtype=np.float64)
    each = 2.0 + sum(b.logits_work(others)[1] for b in blocks) / max(len(others), 1)
    check = float(len(blocks) + 1) * pairs
    best, start = np.full(count + 1, np.inf), np.zeros(count + 1, dtype=np.intp)
    best[0] = 0.0
    costs = np.full((count, count), np.inf)  # of the part from step i up to step j
    for i in range(count):
        lows = np.minimum.accumulate(low[i:], axis=0)
        fars = np.maximum.accumulate(far[i:], axis=0)
        open_ = (lows - fars @ lengths <= 0).sum(axis=1)
        costs[i, i:] = check + open_ * each * np.cumsum(size[i:])
    for j in range(1, count + 1):
        total = best[:j] + costs[:j, j - 1]
        start[j] = int(total.argmin())
        best[j] = total[start[j]]
    labels, j, part = np.zeros(n, dtype=np.int32), count, 0
    while j > 0:
        for step in steps[start[j] : j]:
            labels[step] = part
        j, part = int(start[j]), part + 1
    return labels


def regrouped(subject: Subject, proof: Proof) -> Proof:
    """The proof with the partition that suits it."""
    from dataclasses import replace

    tensors: Mapping[str, NDArray[np.generic]] = {**proof.tensors, "groups": partition(subject, proof)}
    return replace(proof, tensors=tensors)
