"""The reference: the true accuracy of a network in exact integers, and a lower bound of it in float32.

Written without a look at how the checker evaluates. Every float is an integer times a power of two, so a whole table
is an array of Python integers times one power of two, and sums, products, maxima of such arrays are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Dyadic:
    """``values · 2**exponent`` with Python integers."""

    values: NDArray[Any]
    exponent: int

    @classmethod
    def of(cls, array: NDArray[Any]) -> Dyadic:
        """Exactly this array of floats."""
        mantissa, power = np.frexp(np.asarray(array, dtype=np.float64))
        whole = np.ldexp(mantissa, 53).astype(np.int64).astype(object)
        power = np.where(mantissa == 0, 0, power - 53)
        lowest = int(power.min(initial=0, where=mantissa != 0)) if array.size else 0
        shift = np.maximum(power - lowest, 0).astype(object)
        return cls(np.asarray(whole * 2**shift, dtype=object).reshape(array.shape), lowest)

    def at(self, exponent: int) -> NDArray[Any]:
        """The integers at a lower exponent."""
        return self.values * (1 << (self.exponent - exponent))

    def __add__(self, other: Dyadic) -> Dyadic:
        low = min(self.exponent, other.exponent)
        return Dyadic(self.at(low) + other.at(low), low)

    def __mul__(self, other: Dyadic) -> Dyadic:
        return Dyadic(self.values * other.values, self.exponent + other.exponent)

    def __matmul__(self, other: Dyadic) -> Dyadic:
        shape = (self.values.shape[0], other.values.shape[1])
        inner = self.values.shape[1]
        product = self.values @ other.values if inner else np.zeros(shape, dtype=object)
        return Dyadic(np.asarray(product, dtype=object).reshape(shape), self.exponent + other.exponent)


@dataclass(frozen=True)
class Truth:
    """What is true of a network."""

    right: int
    inputs: int
    margin: Fraction | float
    log_loss: float
    """Natural logarithm of the mean cross-entropy (−inf for a loss of zero)."""

    @property
    def accuracy(self) -> Fraction:
        return Fraction(self.right, self.inputs)


def tables(tensors: Arrays) -> tuple[Dyadic, Dyadic, Dyadic, Dyadic]:
    """left (n, m), right (n, m), unembed (m, n), bias (1, n), folded exactly when the file holds factors."""
    if "left" in tensors:
        left, right = Dyadic.of(tensors["left"]), Dyadic.of(tensors["right"])
    else:
        left = Dyadic.of(tensors["embed_left"]) @ Dyadic.of(tensors["hidden_left"])
        right = Dyadic.of(tensors["embed_right"]) @ Dyadic.of(tensors["hidden_right"])
    unembed = Dyadic.of(tensors["unembed"])
    bias = Dyadic.of(np.asarray(tensors.get("bias", np.zeros(unembed.values.shape[1]))).reshape(1, -1))
    return left, right, unembed, bias


def logits(tensors: Arrays, activation: str) -> Dyadic:
    """(n·n, n): every logit of every pair, x slowest, exactly."""
    left, right, unembed, bias = tables(tensors)
    low = min(left.exponent, right.exponent)
    t = left.at(low)[:, None, :] + right.at(low)[None, :, :]
    h = Dyadic(t.reshape(-1, t.shape[2]), low)
    if activation == "square":
        h = h * h
    elif activation == "relu":
        h = Dyadic(np.where(h.values > 0, h.values, 0), low)
    elif activation == "abs":
        h = Dyadic(np.where(h.values > 0, h.values, -h.values), low)
    elif activation != "linear":
        raise ValueError(activation)
    return h @ unembed + bias


def fractions(array: NDArray[Any]) -> Any:
    """The same numbers, exactly."""
    return np.vectorize(lambda v: Fraction(float(v)), otypes=[object])(array)


def truth(tensors: Arrays, table: NDArray[Any], activation: str) -> Truth:
    """Accuracy, least margin and mean loss in real arithmetic; a tie is a wrong answer."""
    f = logits(tensors, activation)
    n = len(table)
    pairs, product = np.arange(n * n), table.reshape(-1).astype(np.intp)
    own = f.values[pairs, product]
    gaps = own[:, None] - f.values
    others = np.ones((n * n, n), dtype=bool)
    others[pairs, product] = False
    if n == 1:
        return Truth(1, 1, math.inf, -math.inf)
    least = [min(g[o]) for g, o in zip(gaps, others)]
    right = sum(1 for value in least if value > 0)
    scale = Fraction(2) ** f.exponent
    logs = []
    for g, o in zip(gaps, others):
        exponents = [-_float(int(v), f.exponent) for v in g[o]]
        top = max(exponents)
        log_sum = top + math.log(sum(math.exp(v - top) for v in exponents)) if math.isfinite(top) else top
        logs.append(_log_log1p(log_sum))
    top = max(logs)
    log_loss = top + math.log(sum(math.exp(v - top) for v in logs) / len(logs)) if math.isfinite(top) else top
    return Truth(right, n * n, min(least) * scale, log_loss)


def _float(value: int, exponent: int) -> float:
    """value · 2**exponent as a float, ±inf beyond its range."""
    if value == 0:
        return 0.0
    bits = value.bit_length()
    keep = max(bits - 60, 0)
    try:
        return math.ldexp(float(value >> keep), exponent + keep)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _log_log1p(log_excess: float) -> float:
    """log(log(1 + exp(log_excess)))."""
    if log_excess < -30:
        return log_excess
    if log_excess > 700:
        return math.log(log_excess)
    return math.log(math.log1p(math.exp(log_excess)))


def single_truth(tensors: Arrays, table: NDArray[Any], activation: str, seed: int = 0, shuffles: int = 4) -> Truth:
    """The worst that float32 evaluation can do over the orders of summation that are tried here.

    Every single logit may be summed in its own order, so a pair is right only if the least of the right logit over
    orders is above the greatest of every other. More orders can only make it worse.
    """
    n = len(table)
    pairs, product = np.arange(n * n), table.reshape(-1).astype(np.intp)
    low, high = np.full((n * n, n), np.inf, np.float32), np.full((n * n, n), -np.inf, np.float32)
    broken = np.zeros((n * n, n), dtype=bool)
    for f in single_logits(tensors, activation, np.random.default_rng(seed), shuffles):
        broken |= ~np.isfinite(f)
        low, high = np.fmin(low, f), np.fmax(high, f)
    if n == 1:
        return Truth(1, 1, math.inf, -math.inf)
    own = low[pairs, product].astype(np.float64)
    high[pairs, product] = -np.inf
    lost = broken.any(axis=1)
    with np.errstate(all="ignore"):
        gaps = np.where(lost[:, None], -np.inf, own[:, None] - high.astype(np.float64))
        margin = gaps.min(axis=1)
        top = (-gaps).max(axis=1)
        excess = top + np.log(np.exp(-gaps - top[:, None]).sum(axis=1))
        logs = np.array([_log_log1p(float(v)) for v in excess[~lost]])
        log_loss = float(logs.max() + np.log(np.exp(logs - logs.max()).sum() / (n * n))) if len(logs) else -math.inf
    return Truth(int((margin > 0).sum()), n * n, float(margin.min()), math.inf if lost.any() else log_loss)


def single_logits(
    tensors: Arrays, activation: str, rng: np.random.Generator, shuffles: int
) -> Iterator[NDArray[np.float32]]:
    """(n·n, n) float32 logits in a number of orders of summation; only IEEE float32 operations."""
    f32 = {name: np.asarray(a).astype(np.float32) for name, a in tensors.items()}
    n = f32["unembed"].shape[1]
    bias = f32.get("bias", np.zeros(n, np.float32))
    with np.errstate(all="ignore"):
        for left, right in _single_inputs(f32, rng):
            t = (left[:, None, :] + right[None, :, :]).reshape(n * n, -1)
            h = _activate(t, activation)
            terms = h[:, :, None] * f32["unembed"][None, :, :]  # (pairs, m, n)
            first = np.broadcast_to(bias, (n * n, 1, n))
            yield (_in_order(terms) + bias) if terms.shape[1] else np.broadcast_to(bias, (n * n, n))
            whole = np.concatenate([first, terms], axis=1)
            yield _in_order(whole)
            yield _in_order(whole[:, ::-1])
            for key in (whole, np.abs(whole)):
                order = np.argsort(key, axis=1, kind="stable")
                yield _in_order(np.take_along_axis(whole, order, 1))
                yield _in_order(np.take_along_axis(whole, order[:, ::-1], 1))
            yield _tree(whole)
            for _ in range(shuffles):
                yield _in_order(whole[:, rng.permutation(whole.shape[1])])


def _activate(t: NDArray[np.float32], activation: str) -> NDArray[np.float32]:
    if activation == "square":
        return t * t
    return np.maximum(t, 0) if activation == "relu" else np.abs(t) if activation == "abs" else t


def _in_order(terms: NDArray[np.float32]) -> NDArray[np.float32]:
    total = np.zeros((terms.shape[0], terms.shape[2]), np.float32)
    for i in range(terms.shape[1]):
        total = total + terms[:, i]
    return total


def _tree(terms: NDArray[np.float32]) -> NDArray[np.float32]:
    while terms.shape[1] > 1:
        if terms.shape[1] % 2:
            terms = np.concatenate([terms, np.zeros_like(terms[:, :1])], axis=1)
        terms = terms[:, ::2] + terms[:, 1::2]
    return terms[:, 0]


def _single_inputs(
    f32: dict[str, NDArray[np.float32]], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """left and right tables; for factors, folded in several orders."""
    if "left" in f32:
        yield f32["left"], f32["right"]
        return
    width = f32["embed_left"].shape[1]
    for order in (np.arange(width), np.arange(width)[::-1], rng.permutation(width)):
        yield tuple(
            _in_order((f32[f"embed_{s}"][:, :, None] * f32[f"hidden_{s}"][None])[:, order]) for s in ("left", "right")
        )  # type: ignore[misc]
