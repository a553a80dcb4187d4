"""Irreps, cosets and circuits on the same footing, and explanations that users add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from explain.planting import analysis_of, planted, structure
from support.groups import named

from rhoset.errors import RhosetError
from rhoset.explaining import (
    Analysis,
    account,
    compare,
    coset_concentration,
    explanations,
    register,
    spectrum,
    unregister,
)
from rhoset.explaining.cosets import all_conjugates, within_cosets
from rhoset.groups import coset_means
from rhoset.networks import Tables


def test_all_explanations_hold_an_exact_network() -> None:
    made = planted("S5", "[4,1]", "sign")
    accounts = compare(analysis_of("S5", made.network))
    assert [a.name for a in accounts] == ["irreps", "cosets", "circuits", "writing law"]
    for each in accounts[:3]:
        assert each.explained == pytest.approx(1, abs=1e-9)
        assert each.result.accuracy == 1
    assert repr(accounts[0]) == "Account(irreps, 100.0% of the weights explained, accuracy 100.0000% in its place)"


def test_noise_costs_the_narrower_explanation_more() -> None:
    made = planted("S5", "[4,1]", "[2,2,1]", noise=0.2)
    by_name = {a.name: a.explained for a in compare(analysis_of("S5", made.network))}
    assert by_name["circuits"] <= by_name["irreps"] < 1
    assert by_name["circuits"] > 0.9


def test_cosets_are_those_of_the_points_stabilizers() -> None:
    made = planted("S5", "[4,1]")
    found, subgroups = structure("S5")
    concentrated = coset_concentration(spectrum(made.network, found), subgroups)
    assert all(concentrated.subgroups[i].order == 24 for i in concentrated.left)
    assert concentrated.conjugate.all()
    assert concentrated.left_mean.max() < 1e-9
    assert concentrated.left_largest.max() < 1e-9


def test_within_cosets_splits_the_variance() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 6).astype(np.int32)
    table = rng.normal(size=(3, 24))
    mean, largest = within_cosets(table, labels)
    means = coset_means(table, labels)
    np.testing.assert_allclose(means.var(axis=1) + mean, table.var(axis=1))
    assert np.all(largest >= mean)


def test_all_conjugates_are_subgroups() -> None:
    group = named("S4")
    subgroups, classes = all_conjugates(structure("S4")[1])
    assert len(subgroups) == 28  # 30 subgroups of S4, less the trivial one and S4
    assert len(set(classes.tolist())) == 9
    for h in subgroups:
        assert set(group.table[np.ix_(h.elements, h.elements)].ravel()) == set(h.elements)


def test_a_user_adds_an_explanation() -> None:
    @register("keep half")
    def half(of: Analysis):  # type: ignore[no-untyped-def]
        keep = np.arange(of.network.width) % 2 == 0
        own = Tables.of(of.network)
        return replace(own, unembed=own.unembed * keep[:, None]), {"kept": float(keep.mean())}

    try:
        made = planted("S5", "[4,1]")
        assert explanations()[-1] == "keep half"
        mine = account(analysis_of("S5", made.network), "keep half")
        assert mine.numbers == {"kept": pytest.approx(0.52)}
        assert mine.share.max() == pytest.approx(1)
        assert mine.share.min() == pytest.approx(0.5)
        assert mine.result.accuracy < 1
    finally:
        unregister("keep half")
    assert "keep half" not in explanations()


def test_errors_say_what_is_wrong() -> None:
    of = analysis_of("S5", planted("S5", "[4,1]").network)
    with pytest.raises(RhosetError, match="no explanation is named 'tea leaves'"):
        account(of, "tea leaves")
    with pytest.raises(RhosetError, match="exists already"):
        register("irreps")(lambda of: ((), {}))  # type: ignore[arg-type,return-value]

    @register("wrong shape")
    def wrong(of: Analysis):  # type: ignore[no-untyped-def]
        return Tables(of.network.left, of.network.right, of.network.unembed), {}

    try:
        with pytest.raises(RhosetError, match=r"left of shape \(120, 25\), expected Tables of \(25, 120\)"):
            account(of, "wrong shape")
    finally:
        unregister("wrong shape")
