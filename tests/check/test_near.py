"""The one arithmetic against exact integers: every operation of Near, at all sizes from subnormal to overflow.

A `Near` holds |t − value| ≤ error and |t| ≤ size for real t; the tests know t exactly (tests/check/exact.py).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from check.exact import Dyadic
from numpy.typing import NDArray
from rhoset_check import near
from rhoset_check.files import Weights
from rhoset_check.group import prove_group
from rhoset_check.near import Near, lower_sum
from rhoset_check.network import build_model

Exact = NDArray[Any]
"""An array of Fractions."""
CASES = 120


def fractions(array: NDArray[Any]) -> Exact:
    dyadic = Dyadic.of(array)
    unit = Fraction(2) ** dyadic.exponent
    return np.array([int(v) * unit for v in dyadic.values.ravel()], dtype=object).reshape(array.shape)


def draw(rng: np.random.Generator, rows: int, columns: int, dtype: str) -> tuple[Near, Exact]:
    """Real numbers near stored ones: columns of very different sizes; errors of nothing, a rounding, or much."""
    low, high = (-149, 128) if dtype == "float32" else (-1074, 1023)
    power = rng.integers(low, high, columns) if rng.random() < 0.5 else rng.choice([0, 20, high - 9, high - 1], columns)
    with np.errstate(all="ignore"):
        value = np.ldexp(rng.normal(size=(rows, columns)), power).astype(dtype)
        value = np.nan_to_num(value, posinf=0.0, neginf=0.0)
        off = np.abs(value.astype(np.float64)).max(axis=0) * rng.choice([0, 2.0**-24, 2.0**-53, 0.1], columns)
    off = np.where(off < 2.0**-1000, 0.0, off)
    real = fractions(value) + fractions(rng.choice([-1.0, 1.0], (rows, columns)) * off)
    size = np.array([float(max(abs(t) for t in column)) for column in real.T]) * (1 + 2.0**-50) + 5e-324
    return Near(value, off, size), real


def holds(found: Near, real: Exact) -> bool:
    """Both inequalities, entry by entry; an error of infinity claims nothing."""
    value = found.value.astype(np.float64)
    for index in np.ndindex(value.shape):
        error, size, v = found.error[index[1]], found.size[index[1]], value[index]
        if np.isinf(error):
            continue
        if not np.isfinite(v) or np.isnan(error):
            return False
        if abs(Fraction(float(v)) - real[index]) > Fraction(float(error)):
            return False
        if np.isfinite(size) and abs(real[index]) > Fraction(float(size)) * (1 + Fraction(1, 2**20)):
            return False
    return True


def _activated(kind: str) -> Callable[[Exact], Exact]:
    rule = {"relu": lambda t: max(t, Fraction(0)), "abs": abs, "square": lambda t: t * t, "linear": lambda t: t}[kind]
    return np.vectorize(rule, otypes=[object])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("operation", ["add", "sub", "to", "times", "zeros", "some", "dot", "relu", "abs", "square"])
def test_an_operation_keeps_both_inequalities(operation: str, dtype: str) -> None:
    claimed = 0
    for seed in range(CASES):
        rng = np.random.default_rng([seed, 5])
        rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 6))
        (a, s), (b, t) = draw(rng, rows, columns, dtype), draw(rng, rows, columns, dtype)
        with np.errstate(all="ignore"):
            found, real = _applied(operation, (a, s), (b, t), rng)
        assert holds(found, real), (operation, dtype, seed)
        claimed += bool(np.isfinite(found.error).any())
    assert claimed > CASES // 4  # not by claiming nothing


def _applied(
    operation: str, left: tuple[Near, Exact], right: tuple[Near, Exact], rng: np.random.Generator
) -> tuple[Near, Exact]:
    (a, s), (b, t) = left, right
    if operation == "add":
        return a + b, s + t
    if operation == "sub":
        return a - b, s - t
    if operation == "to":
        return a.to("float32"), s
    if operation == "times":
        matrix = np.ldexp(rng.normal(size=(s.shape[1], 3)), rng.integers(-60, 61, 3))
        return a.times(matrix), s.dot(fractions(matrix))
    if operation == "zeros":  # as many roundings as there are other entries
        matrix = np.ldexp(rng.normal(size=(s.shape[1], 2)), rng.integers(-60, 61, 2))
        matrix[rng.random(matrix.shape) < 0.7] = 0.0
        return a.times(matrix), s.dot(fractions(matrix))
    if operation == "some":
        chosen = rng.integers(0, s.shape[1], 4)
        return a.some(a.value[:, chosen]).columns(np.zeros(4, np.intp)), s[:, chosen[[0] * 4]]
    if operation == "dot":
        return a.dot(b), (s * t).sum(axis=1)[:, None]
    copied = Near(a.value.copy(), a.error, a.size)
    return copied.activate(operation), _activated(operation)(s)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_length_is_not_exceeded(dtype: str) -> None:
    claimed = 0
    for seed in range(CASES):
        rng = np.random.default_rng([seed, 6])
        a, s = draw(rng, 2, int(rng.integers(1, 6)), dtype)
        weights = 2.0 ** rng.uniform(-60, 60, (len(a.size), 3)) * rng.integers(0, 2, (len(a.size), 3))
        with np.errstate(all="ignore"):
            length, weighted = a.length(), a.lengths(weights)
        claimed += int(np.isfinite(weighted).sum())
        for bounds, row in zip(np.column_stack([length, weighted]), s, strict=True):
            for bound, factors in zip(bounds, (np.ones(len(row)), *weights.T), strict=True):
                squares = (row * fractions(factors)) ** 2
                assert np.isinf(bound) or Fraction(float(bound)) ** 2 >= squares.sum()
    assert claimed > CASES  # not by claiming nothing


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lower_and_most_are_bounds(dtype: str) -> None:
    for seed in range(CASES):
        a, s = draw(np.random.default_rng([seed, 7]), 2, 3, dtype)
        assert all(Fraction(float(v)) <= t for v, t in zip(a.lower.ravel(), s.ravel(), strict=True))
        assert all(Fraction(float(v)) >= max(row) for v, row in zip(a.most(), s, strict=True))


def test_a_lower_sum_is_below_the_sum() -> None:
    for seed in range(CASES):
        rng = np.random.default_rng([seed, 8])
        terms = [np.ldexp(rng.normal(size=(3, 2)), int(rng.integers(-60, 61))) for _ in range(int(rng.integers(1, 6)))]
        real = sum((fractions(term) for term in terms[1:]), fractions(terms[0]))
        assert all(Fraction(float(v)) <= t for v, t in zip(lower_sum(terms).ravel(), real.ravel(), strict=True))


WITHOUT: dict[str, tuple[dict[str, Any], str]] = {
    "no overflow": ({"LARGEST": {"float64": np.inf, "float32": np.inf}}, "add"),
    "no underflow": ({"LOST": {"float64": 0.0, "float32": 0.0}}, "square"),
    "no unit": ({"UNIT": {"float64": 0.0, "float32": 0.0}}, "add"),
    "no γ": ({"gamma": lambda terms, dtype: 0.0, "UNIT": {"float64": 2.0**-60, "float32": 2.0**-60}}, "dot"),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_these_tests_can_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed, operation = WITHOUT[name]
    for what, value in changed.items():
        monkeypatch.setattr(near, what, value)
    with pytest.raises(AssertionError):
        test_an_operation_keeps_both_inequalities(operation, "float32")


def test_weights_too_small_for_float32_are_in_the_size_of_logits() -> None:
    """Lemma 2.3 speaks of the stored matrix, not of what float32 makes of it."""
    table, small, first = np.array([[0, 1], [1, 0]], np.int32), 2.0**-160, np.zeros(1, np.intp)
    stored = {
        "left": np.ones((2, 1)),
        "right": np.zeros((2, 1)),
        "unembed": np.full((1, 2), small),
        "bias": np.zeros(2),
    }
    model = build_model(Weights(stored, table, "relu", "", ""), prove_group(table, np.array([1])), "real")
    logits = model.logits(first, first, "float32")
    assert holds(logits, np.full((1, 2), Fraction(small)))
    assert (logits.size >= small).all()
