"""The network as numbers with error bounds, its hidden vectors, and exact evaluation of pairs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .group import Group
from .inputs import Weights
from .rigor import EXP_SLACK, SINGLE_MOST, TINY, Array, gamma, require, up

Ints = NDArray[np.intp]
RATIONAL_WORK = 4_000_000
"""Products that rational arithmetic may form for margins too small for float64; the rest count as wrong."""


@dataclass
class Tally:
    """What has been proved so far, and what exact evaluation may still spend."""

    right: int = 0
    loss: float = 0.0
    margin: float = float("inf")
    operations: int = 0
    exact_left: float = float("inf")
    span_left: float = float("inf")
    """Multiply-adds that in-span evaluation may still spend."""
    rational_left: int = RATIONAL_WORK

    def add(self, chunk: Chunk) -> None:
        self.right += int(chunk.right.sum())
        least = float(chunk.least.min(initial=np.inf))
        self.margin = min(self.margin, least) if least == least else -np.inf
        self.loss += float(chunk.loss.sum())


@dataclass
class Chunk:
    """Some pairs: proved right or not, a lower bound of the margin, an upper bound of the cross-entropy."""

    x: Ints
    y: Ints
    right: NDArray[np.bool_]
    least: Array
    loss: Array


@dataclass(frozen=True)
class Model:
    """f(z|x,y) = Σ_i unembed[i,z] φ(left[x,i] + right[y,i]) + bias[z], transposed so that a neuron is a row."""

    group: Group
    left: Array = field(repr=False)  # (m, n)
    right: Array = field(repr=False)  # (m, n)
    unembed: Array = field(repr=False)  # (n, m)
    bias: Array = field(repr=False)  # (n,)
    activation: str
    floor: float
    """A real margin above this is a right answer in the arithmetic of the statement."""
    reach: Array  # (m,)
    """Bound on every neuron's activation over all pairs."""
    magnitude: float
    """max_z Σ_i |u_i(z)| reach_i + |β(z)|."""
    exact_tables: bool
    """The four tables are the stored ones (no folding)."""
    single_fits: bool
    """Weights and activations are small enough for float32 work."""
    scale: Array
    """(m,) factors by which neurons were rescaled."""
    source: Model | None = None
    """The model before rescaling, which exact evaluation uses."""

    @property
    def order(self) -> int:
        return len(self.group.table)

    @property
    def width(self) -> int:
        return len(self.left)

    def activate(self, t: NDArray[Any]) -> NDArray[Any]:
        """φ, in place."""
        if self.activation == "relu":
            return np.maximum(t, 0, out=t)
        if self.activation == "abs":
            return np.abs(t, out=t)
        return np.multiply(t, t, out=t) if self.activation == "square" else t

    @cached_property
    def single(self) -> tuple[NDArray[Any], ...]:
        """left, right, unembed, bias rounded to float32."""
        return tuple(a.astype(np.float32) for a in (self.left, self.right, self.unembed, self.bias))

    def tables(self, dtype: type) -> tuple[NDArray[Any], ...]:
        """left, right, unembed, bias in that precision."""
        return self.single if dtype is np.float32 else (self.left, self.right, self.unembed, self.bias)

    def hidden(self, x: Ints, y: Ints, dtype: type = np.float64) -> NDArray[Any]:
        """(m, number of pairs) hidden vectors."""
        left, right, *_ = self.tables(dtype)
        return self.activate(outer_sum(left, right, x, y))

    def evaluation_error(self, precision: str) -> float:
        """Bound on |computed − real| of a difference of two logits evaluated in that precision."""
        if not self.magnitude:
            return 0.0
        largest = 1 + float(self.reach.max(initial=0)) + float(np.abs(self.unembed).max(initial=0))
        underflow = (self.width + 4) * TINY[precision] * largest
        return 2 * (gamma(self.width + 16, precision) * self.magnitude + underflow)


def outer_sum(left: NDArray[Any], right: NDArray[Any], x: Ints, y: Ints) -> NDArray[Any]:
    """left[:, x] + right[:, y]; whole rows of pairs are formed without gathering."""
    n = left.shape[1]
    if len(x) % n == 0:
        xs, ys = x.reshape(-1, n), y.reshape(-1, n)
        if (xs == xs[:, :1]).all() and (ys == np.arange(n)).all():
            return (left[:, xs[:, 0], None] + right[:, None, :]).reshape(len(left), -1)
    return left.take(x, axis=1) + right.take(y, axis=1)


def build_model(weights: Weights, group: Group, arithmetic: str) -> Model:
    """Fold if need be, and bound what the arithmetic of the statement and the folding can change."""
    stored = {name: array.astype(np.float64) for name, array in weights.tensors.items()}
    single = arithmetic == "float32"
    if single:
        require(
            all(a.dtype != np.float64 for a in weights.tensors.values()),
            "network: float32 arithmetic speaks of float32 (or float16) weights; these are float64",
        )
    unembed, n = stored["unembed"], len(weights.table)
    m = len(unembed)
    slack = folded = np.zeros(m)
    if weights.factored:
        width = stored["embed_left"].shape[1]
        parts = [(stored["embed_left"], stored["hidden_left"]), (stored["embed_right"], stored["hidden_right"])]
        left, right = (e @ w for e, w in parts)
        steps = gamma(2 * width + 4, "float64") + (gamma(2 * width + 4, "float32") if single else 0.0)
        loss = TINY["float32"] if single else TINY["float64"]
        folded = np.asarray(sum((np.abs(e) @ np.abs(w)).max(axis=0, initial=0) for e, w in parts))
        slack = up(steps * folded + 4 * (width + 1) * loss)
        bias = stored.get("bias", np.zeros(n))
    else:
        left, right, bias = stored["left"], stored["right"], stored["bias"]
    widest = up(np.abs(left).max(axis=0) + np.abs(right).max(axis=0)) + slack
    square = weights.activation == "square"
    reach = up(np.square(widest)) if square else widest
    lipschitz = 2 * widest if square else np.ones(m)
    sizes = np.abs(unembed)
    magnitude = float(up((reach @ sizes + np.abs(bias)).max(initial=0)))
    magnitude = 0.0 if magnitude <= 1e-289 and not unembed.any() and not bias.any() else magnitude
    floor = float(2 * up(((slack * lipschitz) @ sizes).max(initial=0))) if weights.factored else 0.0
    if single:
        underflow = TINY["float32"] * (m + 4) * (1 + float(reach.max(initial=0)) + float(sizes.max(initial=0)))
        floor += 2 * (gamma(m + 8, "float32") * magnitude + underflow)
        fits = max(magnitude, *(float(a.max(initial=0)) for a in (widest, reach, folded))) < 3e38
        floor = floor if fits else float("inf")
    return Model(
        group,
        np.ascontiguousarray(left.T),
        np.ascontiguousarray(right.T),
        np.ascontiguousarray(unembed.T),
        bias,
        weights.activation,
        floor,
        reach,
        magnitude,
        not weights.factored,
        max(magnitude, *(float(a.max(initial=0)) for a in (widest, reach, sizes))) <= SINGLE_MOST,
        np.ones(m),
    )


def new_chunk(model: Model, x: Ints, y: Ints) -> Chunk:
    """Pairs of which nothing is known but the size of the weights; they count as wrong."""
    worst = 2 * model.magnitude
    loss = np.full(len(x), (np.log(model.order) + worst) * EXP_SLACK)
    return Chunk(x, y, np.zeros(len(x), dtype=bool), np.full(len(x), -worst), loss)


def cross_entropy(excess: Array) -> Array:
    """Upper bound of log(1 + Σ_w exp(−margin(w))); infinite or NaN sums give infinity."""
    return np.where(np.isfinite(excess), np.log1p(excess + 1e-30) * EXP_SLACK, np.inf)


def evaluate_pairs(model: Model, tally: Tally, chunk: Chunk, which: Ints, dtype: type = np.float64) -> None:
    """All outputs of these pairs; in float32 first where asked, again in float64 what that leaves open."""
    model = model.source or model
    each = model.width * (model.order + 1)
    which = which[: int(min(len(which), tally.exact_left // each))]
    dtype = dtype if model.single_fits else np.float64
    if not len(which):
        return
    tally.exact_left -= len(which) * each
    tally.operations += len(which) * each
    error = model.evaluation_error(np.dtype(dtype).name)
    *_, unembed, bias = model.tables(dtype)
    x, y, columns = chunk.x[which], chunk.y[which], np.arange(len(which))
    product = model.group.table[x, y]
    with np.errstate(all="ignore"):
        logits = unembed @ model.hidden(x, y, dtype)
        logits += bias[:, None]
        logits -= logits[product, columns]
        logits[product, columns] = -np.inf
        margin = -logits.max(axis=0, initial=-np.inf).astype(np.float64)
        excess = np.exp(logits, out=logits).sum(axis=0, dtype=np.float64) * np.exp(error) * EXP_SLACK
        excess += model.order * TINY["float32"]
        loss = np.fmin(cross_entropy(excess), np.maximum(0, error - margin) + np.log(model.order) * EXP_SLACK)
    _record(model, tally, chunk, which, margin, error, dtype is np.float64)
    chunk.loss[which] = np.fmin(loss, chunk.loss[which])
    open_ = which[~chunk.right[which] & ~(margin < -error)]
    if dtype is not np.float64 and error > 0 and len(open_):
        evaluate_pairs(model, tally, chunk, open_)


def evaluate_outputs(
    model: Model, tally: Tally, chunk: Chunk, pair: Ints, output: Ints, least: Array, excess: Array
) -> None:
    """Single outputs of pairs (sorted by pair); `least` and `excess` say what is known of all other outputs."""
    model = model.source or model
    pairs, start = np.unique(pair, return_index=True)
    each = model.width * (len(pair) + 2 * len(pairs))
    if not len(pairs) or each > tally.exact_left:
        return
    tally.exact_left -= each
    tally.operations += each
    error = model.evaluation_error("float64")
    hidden = model.hidden(chunk.x[pairs], chunk.y[pairs]).T
    product = model.group.table[chunk.x[pairs], chunk.y[pairs]]
    place = np.searchsorted(pairs, pair)
    margin = np.empty(len(pair))
    with np.errstate(all="ignore"):
        correct = np.einsum("ij,ij->i", hidden, model.unembed[product]) + model.bias[product]
        for begin in range(0, len(pair), 4096):
            part = slice(begin, begin + 4096)
            value = np.einsum("ij,ij->i", hidden[place[part]], model.unembed[output[part]]) + model.bias[output[part]]
            margin[part] = correct[place[part]] - value
        total = excess[pairs] + np.add.reduceat(np.exp(-margin), start) * np.exp(error) * EXP_SLACK
        margin = np.minimum.reduceat(margin, start)
    chunk.loss[pairs] = np.fmin(cross_entropy(total), chunk.loss[pairs])
    _record(model, tally, chunk, pairs, margin, error, True)
    chunk.least[pairs] = np.fmin(least[pairs], chunk.least[pairs])


def _record(model: Model, tally: Tally, chunk: Chunk, which: Ints, margin: Array, error: float, ties: bool) -> None:
    chunk.right[which] = (margin > model.floor + error) & ((margin < np.inf) | (model.order == 1))
    exact = ties and error > 0 and model.exact_tables and model.floor == 0
    close = which[~(np.abs(margin) > error)] if exact else which[:0]
    for j in close:
        tally.rational_left -= model.width * model.order
        chunk.right[j] = tally.rational_left >= 0 and _wins(model, int(chunk.x[j]), int(chunk.y[j]))
    chunk.least[which] = np.fmax(margin - error, -2 * model.magnitude)


def _wins(model: Model, x: int, y: int) -> bool:
    """Whether the right answer beats every other, in rational arithmetic."""
    hidden = []
    for a, b in zip(model.left[:, x], model.right[:, y]):
        t = Fraction(float(a)) + Fraction(float(b))
        hidden.append({"relu": max(t, Fraction(0)), "abs": abs(t), "square": t * t, "linear": t}[model.activation])

    def logit(z: int) -> Fraction:
        terms = (Fraction(float(u)) * h for u, h in zip(model.unembed[z], hidden) if h)
        return sum(terms, Fraction(float(model.bias[z])))

    product = int(model.group.table[x, y])
    best = logit(product)
    return all(logit(z) < best for z in range(model.order) if z != product)
