"""The reference of the campaign against sums of fractions, written out, and against cases known by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from check.exact import Dyadic, logits, single_truth, truth
from check.networks import random_tables
from check.small_groups import NAMES, ORDERS, is_group, random_action, random_matrices, shuffled, small_group
from hypothesis import given
from hypothesis import strategies as st

CYCLIC = small_group("C3").table.astype(np.int32)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, min_size=1, max_size=8))
def test_a_dyadic_array_is_exactly_the_floats(values: list[float]) -> None:
    dyadic = Dyadic.of(np.array(values))
    exact = [Fraction(int(v)) * Fraction(2) ** dyadic.exponent for v in dyadic.values]
    assert exact == [Fraction(v) for v in values]


@pytest.mark.parametrize("activation", ["relu", "abs", "square", "linear"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_logits_are_the_sums_of_fractions(activation: str, dtype: type) -> None:
    rng = np.random.default_rng(1)
    t = {name: array.astype(dtype) for name, array in random_tables(3, 4, rng).items()}
    f = logits(t, activation)
    act = {"relu": lambda v: max(v, 0), "abs": abs, "square": lambda v: v * v, "linear": lambda v: v}[activation]
    for x, y, z in np.ndindex(3, 3, 3):
        total = Fraction(float(t["bias"][z]))
        for i in range(4):
            h = act(Fraction(float(t["left"][x, i])) + Fraction(float(t["right"][y, i])))
            total += Fraction(float(t["unembed"][i, z])) * h
        assert int(f.values[3 * x + y, z]) * Fraction(2) ** f.exponent == total


def test_factors_are_multiplied_exactly() -> None:
    rng = np.random.default_rng(2)
    e, h = rng.normal(size=(3, 2)), rng.normal(size=(2, 1))
    factors = {"embed_left": e, "hidden_left": h, "embed_right": e * 0, "hidden_right": h, "unembed": np.ones((1, 3))}
    f = logits(factors, "linear")
    want = Fraction(e[1, 0]) * Fraction(h[0, 0]) + Fraction(e[1, 1]) * Fraction(h[1, 0])
    assert int(f.values[3, 0]) * Fraction(2) ** f.exponent == want


def test_a_tie_is_wrong_and_an_ulp_decides() -> None:
    tie = {"left": np.zeros((3, 1)), "right": np.zeros((3, 1)), "unembed": np.zeros((1, 3)), "bias": np.zeros(3)}
    assert truth(tie, CYCLIC, "relu").right == 0
    tie["bias"] = np.array([0.0, 0.0, 5e-324])
    assert truth(tie, CYCLIC, "relu").right == 3
    assert truth(tie, CYCLIC, "relu").margin == -Fraction(5e-324)


def test_loss_is_the_cross_entropy() -> None:
    rng = np.random.default_rng(3)
    t = random_tables(3, 4, rng)
    f = logits(t, "relu")
    values = f.values.astype(float) * 2.0**f.exponent
    loss = np.mean(np.log(np.exp(values).sum(axis=1)) - values[np.arange(9), CYCLIC.ravel()])
    assert math.isclose(math.exp(truth(t, CYCLIC, "relu").log_loss), loss, rel_tol=1e-12)


def test_orders_of_summation_differ() -> None:
    """1 + 2^-24 + 2^-24 is 1 or 1 + 2^-23 in float32: right in real arithmetic, wrong in some order."""
    unembed = np.array([[1, 1, 1], [2.0**-24, 0, 0], [2.0**-24, 0, 0]], np.float32)
    ones = np.ones((3, 3), np.float32)
    t = {"left": ones, "right": 0 * ones, "unembed": unembed, "bias": np.zeros(3, np.float32)}
    assert truth(t, CYCLIC, "relu").right == 3
    assert single_truth(t, CYCLIC, "relu").right == 0
    t["unembed"] = (unembed * [1, 0.5, 0.25]).astype(np.float32)
    assert single_truth(t, CYCLIC, "relu").right == 3


@pytest.mark.parametrize("name", NAMES)
def test_groups_actions_and_representations(name: str) -> None:
    rng = np.random.default_rng(4)
    group = shuffled(small_group(name), rng)
    assert group.order == ORDERS[name]
    assert is_group(group.table)
    action, matrices = random_action(group, rng), random_matrices(group, rng)
    for x in range(group.order):
        assert (action[group.table[x]] == action[x][action]).all()
        assert np.allclose(matrices[group.table[x]], matrices[x] @ matrices, atol=1e-8)


def test_tables_of_no_group() -> None:
    table = small_group("S3").table.copy()
    table[1, 2] = table[1, 3]
    assert not is_group(table)
    assert not is_group(np.zeros((3, 3), dtype=np.intp))
    assert not is_group(np.minimum.outer(np.arange(3), np.arange(3)))
