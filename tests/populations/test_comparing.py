"""Comparisons: tests against known values, populations that differ and that do not, distances of functions."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from rhoset.cli import main
from rhoset.errors import RhosetError
from rhoset.groups import all_automorphisms, group
from rhoset.networks import Network, evaluate, read_network
from rhoset.networks.constructing import construct
from rhoset.populations import compare, distance_matrix
from rhoset.populations.testing import (
    detectable_shares,
    energy_test,
    fisher_exact,
    mann_whitney,
    rank_test,
    share_test,
)
from rhoset.shares import clopper_pearson


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0), (1, 20, 0.0013, 0.2487)],
)
def test_exact_intervals_as_in_published_tables(count: int, total: int, low: float, high: float):
    found = clopper_pearson(count, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_fishers_tea():
    """Fisher 1935: four cups of each, three and three right; one-sided 17/70, two-sided 34/70."""
    assert share_test("tea", (3, 1), (4, 4)).p == pytest.approx(34 / 70)


def test_mann_and_whitneys_smallest_case():
    test = rank_test("x", "", [1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert test is not None
    assert test.p == pytest.approx(2 / 20)
    assert test.greater == 0.0
    assert rank_test("x", "", [], [1.0]) is None


def test_tests_are_those_of_scipy():
    from scipy import stats

    rng = np.random.default_rng(5)
    for case in range(120):
        m, n = rng.integers(1, 24, 2).tolist()
        a, b = rng.standard_normal(m), rng.standard_normal(n) + 0.5
        a, b = (np.round(side, case % 3 - 1) if case % 3 else side for side in (a, b))  # ties
        said = stats.mannwhitneyu(a, b, alternative="two-sided", method="auto")
        expected = 1.0 if np.isnan(said.pvalue) else said.pvalue  # all equal
        assert mann_whitney(a.tolist(), b.tolist()) == pytest.approx((said.statistic, expected), abs=1e-12)
        i, j = int(rng.integers(0, m + 1)), int(rng.integers(0, n + 1))
        fisher = stats.fisher_exact(np.array([[i, m - i], [j, n - j]]))[1]
        assert fisher_exact((i, j), (m, n)) == pytest.approx(fisher, abs=1e-12)


def test_detectable_shares_are_found_four_times_of_five():
    """The stated share is put to the test: by exact enumeration the power is near 80 %."""
    totals = (100, 100)
    below, above = detectable_shares(0.3, totals)
    assert below is not None
    assert above is not None
    from scipy import stats

    for other in (below, above):
        a, b = (stats.binom.pmf(range(101), 100, p) for p in (0.3, other))
        power = 0.0
        for i in range(10, 55):
            for j in range(101):
                if a[i] * b[j] > 1e-7 and share_test("", (i, j), totals).p <= 0.05:
                    power += a[i] * b[j]
        assert 0.7 < power < 0.85
    assert detectable_shares(0.5, (3, 3)) == (None, None)


def test_energy_statistic_by_hand():
    points = np.array([0.0, 1.0, 10.0, 12.0])
    statistic, p = energy_test(np.abs(points[:, None] - points), 2, shuffles=999)
    assert statistic == pytest.approx(2 * (10 + 12 + 9 + 11) / 4 - 1 - 2)
    assert p == pytest.approx(1 / 3, abs=0.06)  # 2 of the 6 labellings are as extreme


def test_the_same_recipe_shows_no_difference(standard: Path, again: Path):
    found = compare(standard, again)
    assert "No difference was found." in found.said
    assert "With 6 and 6 networks" in found.said[-1]
    assert found.laws["irreps in use"] == 1.0


def test_another_irrep_is_found(standard: Path, other: Path):
    found = compare(standard, other)
    assert "No difference was found." not in found.said
    share = next(t for t in found.shares if t.name == "irrep [3,1]")
    assert share.counts == (6, 0)
    assert share.p == pytest.approx(2 / math.comb(12, 6))
    assert share.p <= share.p_adjusted
    assert found.distances is not None
    assert found.distances.p is not None
    assert found.distances.p <= 0.05


def test_different_groups_are_compared_by_name_only(standard: Path, tmp_path: Path):
    from rhoset.networks import write_network

    write_network(tmp_path / "s3.safetensors", construct("S3", ["[2,1]"]).network)
    found = compare(standard, tmp_path / "s3.safetensors")
    assert found.distances is None
    assert "different multiplication tables" in found.said[0]


def shuffled(network: Network, seed: int = 0) -> Network:
    """The same function: neurons in another order, one of them split in two, one rescaled."""
    order = np.random.default_rng(seed).permutation(network.width)
    left, right, unembed = network.left[:, order], network.right[:, order], network.unembed[order]
    left, right = np.c_[left, left[:, :1]], np.c_[right, right[:, :1]]
    unembed = np.r_[unembed, unembed[:1]] * np.r_[0.5, np.ones(network.width - 1), 0.5][:, None]
    scale = np.r_[1.0, 3.0, np.ones(network.width - 1)]
    bias = network.bias + 7.0
    return Network(left * scale, right * scale, unembed / scale[:, None], bias, network.table, network.activation)


def test_distances_are_of_functions(standard: Path):
    network = read_network(standard / "0000.safetensors")
    found = distance_matrix([network, shuffled(network), read_network(standard / "0001.safetensors")])
    assert found[0, 1] < 1e-2
    assert found[0, 2] > 10 * found[0, 1]
    assert np.allclose(found, found.T)


def test_distance_is_the_root_mean_square_of_all_logits():
    networks = [construct("S3", ["[2,1]"], noise=0.3, seed=s).network for s in range(2)]
    n = 6
    f = np.zeros((2, n, n, n))
    for k, network in enumerate(networks):
        for a in range(n):
            for b in range(n):
                h = np.maximum(network.left[a].astype(float) + network.right[b], 0)
                f[k, a, b] = h @ network.unembed + network.bias
                f[k, a, b] -= f[k, a, b].mean()
    expected = math.sqrt(((f[0] - f[1]) ** 2).mean())
    assert distance_matrix(networks)[0, 1] == pytest.approx(expected, rel=1e-5)
    cosine = (f[0] * f[1]).sum() / math.sqrt((f[0] ** 2).sum() * (f[1] ** 2).sum())
    assert distance_matrix(networks, scale_free=True)[0, 1] == pytest.approx(math.sqrt(1 - cosine), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "order"), [("C5", 4), ("C8", 4), ("S3", 6), ("Q8", 24), ("D4", 8), ("A4", 24), ("C2^3", 168), ("C1", 1)]
)
def test_numbers_of_automorphisms(name: str, order: int):
    of = group(name)
    found = all_automorphisms(of)
    assert len(found) == order
    for move in found[:10]:
        assert np.array_equal(move[of.table], of.table[np.ix_(move, move)])


def test_renaming_by_an_automorphism_is_no_difference_where_asked():
    of = group("C7")
    draw = np.random.default_rng(3).standard_normal
    network = Network(draw((7, 4)), draw((7, 4)), draw((4, 7)), draw(7), of.table)
    move = 3 * np.arange(7) % 7
    renamed = Network(network.left[move], network.right[move], network.unembed[:, move], network.bias[move], of.table)
    assert evaluate(renamed).accuracy == evaluate(network).accuracy
    assert distance_matrix([network, renamed])[0, 1] > 0.1
    assert distance_matrix([network, renamed], automorphisms=True)[0, 1] < 1e-2


def test_distances_refuse_different_tables_and_too_much():
    ones = np.ones((8, 1))
    networks = [Network(ones, ones, ones.T, np.zeros(8), group(name).table) for name in ("D4", "Q8")]
    with pytest.raises(RhosetError, match="tables differ"):
        distance_matrix(networks)
    with pytest.raises(RhosetError, match="automorphisms"):
        all_automorphisms(group("C2^3"), limit=100)


def test_the_command(standard: Path, other: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["compare", "-q", "--json", str(standard), str(other)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["sizes"] == [6, 6]
    assert main(["compare", "-q", str(standard), str(other), "--no-distances"]) == 0
    text = capsys.readouterr().out
    assert "irrep [3,1]" in text
    assert "after correction" in text
    assert main(["compare", "-q", str(standard), "nowhere"]) == 2
