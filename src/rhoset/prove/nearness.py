"""What the transported sums are near to: references, which pairs go with which, groups of outputs, residual weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rhoset_check.blocks import Block
from rhoset_check.near import Array, Near
from rhoset_check.network import Model

Real = TypeVar("Real", np.float32, np.float64)

GROUP_TOLERANCE = 0.1
"""Outputs share a group when their difficulties agree to this part of the largest: finer groups settle more and cost
(blocks + 1) comparisons a pair each."""
LEAST_WEIGHT = 1e-4
"""Squares of weights of a Cauchy-Schwarz inequality lie within this factor of the largest."""
LEAST_SIZE = 1e-5
"""Activations are taken to be at least this part of the largest: below, float32's errors are what is bounded."""
CARRIED = 1024
"""Pairs whose sums are carried by y at once."""
LEARNED = 4096
"""Points that Lloyd's algorithm runs on, at least four for each reference."""
ROUNDS = 5
"""Rounds of Lloyd's algorithm; more move the references little."""


def transported(model: Model, blocks: Sequence[Block], x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.float32]:
    """(pairs, features) Q(x, y) of all blocks in order, in float32; x sorted."""
    out = np.empty((len(x), sum(len(block.writing) for block in blocks)), dtype=np.float32)
    starts = np.flatnonzero(np.diff(x, prepend=-1))
    ends, sums = [*starts[1:], len(x)], list[Near]()
    for start, end in zip(starts, ends, strict=True):
        hidden = model.hidden(x[start:end], y[start:end], "float32")
        moved = np.concatenate([block.carry_left(int(x[start]))[0] for block in blocks])
        sums.append(hidden.times(moved.T))
        size = sum(len(part.value) for part in sums)
        if end < len(x) and size < CARRIED:
            continue
        part, column, total = slice(end - size, end), 0, Near.stacked(sums)
        for block in blocks:
            columns = slice(column, column + len(block.writing))
            out[part, columns] = block.carry_right(total.columns(columns), y[part]).value
            column += len(block.writing)
        sums = []
    return out


def distances(blocks: Sequence[Block], identity: int, order: int) -> Array:
    """(n, blocks) ‖F(e) − F(w)‖."""
    e, w = np.array([identity]), np.arange(order)
    gaps = [np.square(b.features(e) - b.features(w)).sum(axis=1) for b in blocks]
    return np.sqrt(np.stack(gaps, axis=1)) if gaps else np.zeros((order, 0))


def margins(blocks: Sequence[Block], identity: int, order: int, references: Array) -> Array:
    """(n, J) ⟨K, F(e) − F(w)⟩ for references (J, features)."""
    e, w = np.array([identity]), np.arange(order)
    delta = np.concatenate([b.features(e) - b.features(w) for b in blocks], axis=1)
    return np.asarray(delta @ references.T)


def output_groups(least: Array, distance: Array, identity: int, tolerance: float = GROUP_TOLERANCE) -> NDArray[np.intp]:
    """(n,) a partition of the w by how much deviation of each block they stand, ‖ΔF(w)‖ over the margin at K.

    `least` (n,), `distance` (n, blocks). Leaders are taken in order of difficulty; who is within the tolerance of a
    leader joins it.
    """
    floor = 1e-3 * float(np.abs(least).max(initial=1e-300))
    difficulty = distance / np.maximum(least, floor)[:, None]
    others = np.flatnonzero(np.arange(len(least)) != identity)
    span = difficulty[others].max(axis=0, initial=0.0) + 1e-300
    scaled = difficulty / span
    labels = np.zeros(len(least), dtype=np.intp)
    free = others[np.argsort(-scaled[others].sum(axis=1), kind="stable")]
    count = 0
    while len(free):
        near = (np.abs(scaled[free] - scaled[free[0]]) <= tolerance).all(axis=1)
        near[0] = True  # the leader, even where its numbers are not finite
        labels[free[near]] = count
        free, count = free[~near], count + 1
    return labels


def cluster(states: NDArray[np.float32], scale: Array, count: int, seed: int = 0) -> tuple[NDArray[np.intp], Array]:
    """Labels (pairs,) and references (J, features), J ≤ count, by Lloyd's algorithm on features times `scale`."""
    points = states * scale.astype(np.float32)
    points /= max(float(np.abs(points).max(initial=0.0)), 1e-30)
    random = np.random.default_rng(seed)
    some = random.permutation(len(points))[: max(LEARNED, 4 * count)]
    learned = points[some]
    centres = learned[: min(count, len(learned))]
    for _ in range(ROUNDS):
        centres = _means(learned, _nearest(learned, centres), len(centres))[0]
    labels = _nearest(points, centres)
    references, used = _means(states.astype(np.float64), labels, len(centres))
    return np.searchsorted(used, labels), references


def _nearest(points: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.intp]:
    offset = np.square(centres).sum(axis=1) / 2
    parts = (points[k : k + 4096] for k in range(0, len(points), 4096))
    return np.concatenate([(offset - part @ centres.T).argmin(axis=1) for part in parts])


def _means(points: NDArray[Real], labels: NDArray[np.intp], count: int) -> tuple[NDArray[Real], NDArray[np.intp]]:
    """Means of the labels that are used, and those labels."""
    size = np.bincount(labels, minlength=count)
    used = np.flatnonzero(size)
    starts = np.concatenate([[0], np.cumsum(size[used])[:-1]])
    total = np.add.reduceat(points[np.argsort(labels, kind="stable")], starts, axis=0)
    return np.asarray(total / size[used, None], dtype=points.dtype), used


def balanced(lengths: Array, size: Array) -> Array:
    """(m + 1,) weights, the largest 1, that make Cauchy-Schwarz over neurons Σ_i σ_i‖δ_i‖ on average.

    `lengths` ‖δ_i‖, `size` σ_i: the root mean square of what δ_i meets. The weights are √(‖δ_i‖/σ_i).
    """
    weight = lengths / np.maximum(size, LEAST_SIZE * size.max(initial=1e-300))
    top = float(weight.max(initial=0.0))
    return np.sqrt(np.maximum(weight / top, LEAST_WEIGHT)) if top > 0 else np.ones(len(size))


def residual_scale(model: Model, blocks: Sequence[Block], size: Array) -> Array:
    """`balanced` for what the blocks leave of unembed; (m + 1,). The bias neuron's part is exact: it weighs little."""
    delta = model.unembed["float64"].copy()
    for block in blocks:
        delta -= (block.features(np.arange(model.order)) @ block.writing).T
    delta -= delta.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(delta, axis=1)
    return balanced(lengths, size)


def block_scale(blocks: Sequence[Block], distance: Array) -> Array:
    """(features,) how much a deviation of each feature costs: the mean ‖ΔF‖ of its block."""
    mean = np.sqrt(np.square(distance).mean(axis=0))
    return np.repeat(mean, [len(b.writing) for b in blocks])
