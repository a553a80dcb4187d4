"""The partition of the outputs w that rule `pairs` compares by: few parts are cheap, many settle more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset.prove import nearness
from rhoset.prove.search import Search
from rhoset_check.blocks import differences
from rhoset_check.files import Certificate
from rhoset_check.near import Array
from rhoset_check.pairs import PairsRule

FINEST = 64
"""Parts that the search starts from."""
PAIRS = 384
"""Sampled pairs on which parts are judged."""


def regrouped(search: Search, certificate: Certificate) -> Certificate:
    """The certificate, which has references, with the contiguous partition, in order of difficulty, that should cost
    least.

    For every part the expected cost is blocks + 1 comparisons a pair, and in-span logits of its outputs for the pairs
    that it leaves open; dynamic programming over at most `FINEST` steps.

    Raises `Rejected` where the checker does.
    """
    rule = search.prepared(certificate).pairs
    if not isinstance(rule, PairsRule) or certificate.references is None:
        raise ValueError("only rule pairs with references has groups to choose")
    n, e = search.subject.network.order, search.model.group.identity
    needed, lengths, label = _stands(search, rule)
    least = nearness.margins(rule.blocks, e, n, certificate.references)[:, label] + needed
    others = np.flatnonzero(np.arange(n) != e)
    delta = differences(rule.blocks, e, others).value
    each = float(np.count_nonzero(delta) / max(len(others), 1)) + (3.0 if certificate.plan.samples else 1.0)
    distance = nearness.distances(rule.blocks, e, n)
    return replace(certificate, groups=optimal(least[others], lengths, distance[others], others, each))


def _stands(search: Search, rule: PairsRule) -> tuple[Array, Array, NDArray[np.intp]]:
    """Of some pairs: the margin apart from the references' (pairs,), ‖Q − K‖ (blocks, pairs), and their labels."""
    x, y = search.sample(PAIRS)
    every = max(1, len(x) // PAIRS)
    x, y = x[::every], y[::every]
    state = rule.state(x, y)
    label = np.zeros(len(x), np.intp) if rule.labels is None else rule.labels[x, y].astype(np.intp)
    away = state.carried - rule.kept.rows(label)
    lengths = [away.columns(part).length() for part in rule.parts]
    needed = state.own.lower[:, 0] - rule.worst[0][x] - rule.worst[1][y] - rule.model.floor
    return needed, np.stack(lengths) if lengths else np.zeros((0, len(x))), label


def optimal(least: Array, lengths: Array, distance: Array, outputs: NDArray[np.intp], each: float) -> NDArray[np.intp]:
    """(n,) the partition of outputs with margins `least` (outputs, pairs), for ‖Q − K‖ `lengths` (blocks, pairs), ‖ΔF‖
    `distance` (outputs, blocks); a logit in the span costs `each`."""
    pairs, blocks = least.shape[1], len(lengths)
    order = np.argsort((least - distance @ lengths).mean(axis=1), kind="stable")
    steps = np.array_split(order, min(FINEST, len(order)))
    count = len(steps)
    low = np.stack([least[step].min(axis=0) for step in steps])
    far = np.stack([distance[step].max(axis=0) for step in steps])
    size = np.array([len(step) for step in steps], dtype=np.float64)
    check = float(blocks + 1) * pairs
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
    labels, j, part = np.zeros(len(outputs) + 1, dtype=np.intp), count, 0
    while j > 0:
        for step in steps[start[j] : j]:
            labels[outputs[step]] = part
        j, part = int(start[j]), part + 1
    return labels
