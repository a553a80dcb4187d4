"""Intervals and censoring, against published numbers and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhoset.errors import RhosetError
from rhoset.shares import clopper_pearson, wilson
from rhoset.training.statistics import kaplan_meier, summarise


def test_wilson_against_newcombe() -> None:
    """Newcombe, Stat. Med. 17 (1998) 857, table I, method 3."""
    for count, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(count, total)
        assert found.low == pytest.approx(low, abs=5e-5)
        assert found.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_share(pair: tuple[int, int]) -> None:
    found = wilson(*pair)
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert wilson(pair[1] - pair[0], pair[1]).low == pytest.approx(1 - found.high)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.99))
def test_intervals_are_those_of_scipy(pair: tuple[int, int], confidence: float) -> None:
    from scipy.stats import binomtest

    for method, found in (("wilson", wilson(*pair, confidence)), ("exact", clopper_pearson(*pair, confidence))):
        wanted = binomtest(*pair).proportion_ci(confidence, method)
        assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_kaplan_meier_against_freireich() -> None:
    """The 6-MP arm of Freireich et al. 1963, as in every textbook on survival (Cox and Oakes, table
    1.1)."""
    steps = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    seen = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(steps, [bool(s) for s in seen])
    np.testing.assert_array_equal(curve.steps, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_allclose(curve.share, [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], atol=5e-5)
    np.testing.assert_array_equal(curve.at_risk, [21, 17, 15, 12, 11, 7, 6])
    assert curve.low[0] == pytest.approx(0.6197, abs=5e-4)
    assert curve.high[0] == pytest.approx(0.9516, abs=5e-4)
    assert curve.median()[0] == 23
    assert curve.censored == 12


def test_without_censoring_it_is_the_empirical_share() -> None:
    curve = kaplan_meier([3, 1, 2, 4], [True] * 4)
    np.testing.assert_allclose(curve.share, [0.75, 0.5, 0.25, 0.0])
    assert curve.quantile(0.5) == 2
    assert curve.quantile(1.0) == 4


def test_nothing_observed() -> None:
    curve = kaplan_meier([100, 100], [False, False])
    assert len(curve.steps) == 0
    assert curve.median() == (None, None, None)
    assert curve.censored == 2


def test_summaries() -> None:
    def row(group: str, label: str, at: int | None, steps: int, loss: float) -> dict[str, object]:
        return {
            "group": group, "label": label, "generalised_at": at, "steps": steps, "loss": loss,
            "seconds": 2.0,
        }  # fmt: skip

    rows = [
        row("S4", "generalised", 100, 500, 0.1),
        row("S4", "memorised", None, 500, 3.0),
        row("A5", "generalised", 200, 500, 0.2),
        row("S4", "generalised", 300, 500, 0.3),
    ]
    s4, a5 = summarise(rows, by=["group"])
    assert s4.key == {"group": "S4"}
    assert (s4.generalised.count, s4.generalised.total) == (2, 3)
    assert s4.labels["memorised"].count == 1
    assert s4.time.median()[0] == 300
    assert s4.time.censored == 1
    assert s4.loss[1] == pytest.approx(0.2)
    assert s4.seconds == 6
    assert a5.generalised.share == 1
    (everything,) = summarise(rows)
    assert everything.generalised.total == 4
    assert math.isnan(summarise([rows[1]])[0].loss[0])
    with pytest.raises(RhosetError, match="no column 'width'"):
        summarise(rows, by=["width"])


def test_wrong_numbers_are_named() -> None:
    with pytest.raises(RhosetError, match="count 3 of 2"):
        wilson(3, 2)
    with pytest.raises(RhosetError, match="equally long"):
        kaplan_meier([1, 2], [True])
