"""What the transported sums are near to: references, which pairs go with which, groups of outputs, residual weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rhoset_check.blocks import Block, read_blocks
from rhoset_check.model import Model

from .features import Array
from .measure import Subject
from .proof import MatrixBlock, Proof, SlotBlock, as_certificate

Real = TypeVar("Real", np.float32, np.float64)

GROUP_TOLERANCE = 0.1
"""Outputs share a group when their difficulties agree to this part of the largest: finer groups settle more and cost
(blocks + 1) comparisons a pair each."""
LEAST_OMEGA = 1e-4
"""Weights of the residual's Cauchy-Schwarz inequality lie within this factor of the largest."""
LEARNED = 4096
"""Points that Lloyd's algorithm runs on, at least four for each reference."""
ROUNDS = 5
"""Rounds of Lloyd's algorithm; more move the references little."""


def proved_blocks(subject: Subject, blocks: Sequence[SlotBlock | MatrixBlock]) -> list[Block]:
    """The checker's form of the blocks."""
    proof = Proof("", subject.arithmetic, subject.group.generators, (), blocks)
    return read_blocks(as_certificate(proof, subject.network), subject.model)


def transported(
    model: Model, blocks: Sequence[Block], x: NDArray[np.intp], y: NDArray[np.intp], chunk: int = 2048
) -> NDArray[np.float32]:
    """(pairs, features) Q(x, y) of all blocks in order, in float32."""
    out = np.empty((len(x), sum(b.p * b.q for b in blocks)), dtype=np.float32)
    for start in range(0, len(x), chunk):
        part = slice(start, start + chunk)
        hidden = model.hidden(x[part], y[part], np.float32)
        moved = [b.transport(b.sums(hidden), x[part], y[part]) for b in blocks]
        out[part] = np.concatenate(moved).T if moved else out[part]
    return out


def distances(model: Model, blocks: Sequence[Block]) -> Array:
    """(n, blocks) ‖F(e) − F(w)‖."""
    e, w = np.array([model.group.identity]), np.arange(model.order)
    gaps = [np.square(b.features(e) - b.features(w)).sum(axis=1) for b in blocks]
    return np.sqrt(np.stack(gaps, axis=1)) if gaps else np.zeros((model.order, 0))


def margins(model: Model, blocks: Sequence[Block], references: Array) -> Array:
    """(n, J) ⟨K, F(e) − F(w)⟩ for references (J, features)."""
    e, w = np.array([model.group.identity]), np.arange(model.order)
    parts = np.split(references.T, np.cumsum([b.p * b.q for b in blocks])[:-1])
    total = np.zeros((model.order, len(references)))
    for b, k in zip(blocks, parts, strict=True):
        total += b.logits(k, e) - b.logits(k, w)
    return total


def output_groups(
    least: Array, distance: Array, identity: int, tolerance: float = GROUP_TOLERANCE
) -> NDArray[np.int64]:
    """(n,) a partition of the w by how much deviation of each block they stand, ‖ΔF(w)‖ over the margin at K.

    `least` (n,), `distance` (n, blocks). Leaders are taken in order of difficulty; who is within the tolerance of a
    leader joins it.
    """
    floor = 1e-3 * float(np.abs(least).max(initial=1e-300))
    difficulty = distance / np.maximum(least, floor)[:, None]
    others = np.flatnonzero(np.arange(len(least)) != identity)
    span = difficulty[others].max(axis=0, initial=0.0) + 1e-300
    scaled = difficulty / span
    labels = np.zeros(len(least), dtype=np.int64)
    free = others[np.argsort(-scaled[others].sum(axis=1), kind="stable")]
    count = 0
    while len(free):
        near = (np.abs(scaled[free] - scaled[free[0]]) <= tolerance).all(axis=1)
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


def residual_weights(model: Model, blocks: Sequence[Block], size: Array) -> Array:
    """(m,) ω ∝ ‖δ_i‖ / σ_i, which makes the Cauchy-Schwarz bound Σ σ_i ‖δ_i‖ on average; the largest is 1."""
    delta = model.unembed - sum((b.written(model) for b in blocks), np.zeros_like(model.unembed))
    delta = delta - delta.mean(axis=0)
    length = np.sqrt(np.square(delta).sum(axis=0))
    weight = length / np.maximum(size, 1e-6 * size.max(initial=1e-300))
    top = float(weight.max(initial=0.0))
    return np.maximum(weight / top, LEAST_OMEGA) if top > 0 else np.ones(len(size))


def block_scale(blocks: Sequence[Block], distance: Array) -> Array:
    """(features,) how much a deviation of each feature costs: the mean ‖ΔF‖ of its block."""
    mean = np.sqrt(np.square(distance).mean(axis=0))
    return np.repeat(mean, [b.p * b.q for b in blocks])
