"""Readouts of studies on networks with known answers."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from rhoset.groups import irreps
from rhoset.populations.measuring import frequencies
from rhoset.populations.studies import read_study, run_study
from rhoset.populations.studies.readouts import (
    complex_dimensions,
    doubled,
    orbits_of_sets,
    simulated,
    total_variation,
)
from rhoset.populations.studies.results import StudyResults
from rhoset.populations.studies.spec import READOUTS
from rhoset.populations.studies.work import FORMAT, Job, packed


def results_with(tmp_path: Path, name: str, readouts: str, groups: list[str], arrays) -> StudyResults:
    """A study whose arrays are made up: `arrays(group, classes)` → weights (k, r), pure (k, m)."""
    text = f"""
[study]
name = "{name}"
models = 40
readouts = [{readouts}]
[settings]
width = 2
max_steps = 1
[grid]
group = {json.dumps(groups)}
"""
    path = tmp_path / f"{name}.toml"
    path.write_text(text)

    def runner(job: Job) -> bytes:
        classes = [irrep.name for irrep in irreps(job.group)[1:]]
        k, n, m = len(job.seeds), job.group.order, 2
        weights, pure = arrays(job.group, classes)
        ones = np.ones(k)
        made = {
            "left": np.zeros((k, n, m)),
            "right": np.zeros((k, n, m)),
            "unembed": np.zeros((k, m, n)),
            "table": np.array(job.group.table),
            "seed": np.array(job.seeds),
            "steps": ones.astype(np.int64),
            "converged": ones.astype(np.uint8),
            "loss": ones,
            "accuracy": ones,
            "objective": ones,
            "right_pairs": -ones.astype(np.int64),
            "weights": weights,
            "pure": pure.astype(np.int32),
            "weights_at": np.zeros((0, *weights.shape)),
        }
        return packed(made, {"format": FORMAT, "setting": job.setting, "classes": classes})

    return run_study(read_study(path), tmp_path / name, workers=1, runner=runner)


def test_same_class_counts_networks_not_neurons(tmp_path: Path):
    def arrays(of, classes):
        pure = np.array([[0, 0]] * 10 + [[0, 1]] * 10 + [[0, -1]] * 10 + [[-1, -1]] * 10)
        return np.tile([0.5, 0.5], (40, 1)), pure

    results = results_with(tmp_path, "same", '"same_class"', ["C5"], arrays)
    row = READOUTS["same_class"](results).rows[0]
    assert row[1:4] == (40, 10, 0.25)
    assert row[6] == 10


def test_proportions_and_dimensions_of_all_types(tmp_path: Path):
    def arrays(of, classes):
        k = len(classes)
        return np.tile(np.ones(k) / k, (40, 1)), np.tile([0, k - 1], (40, 1))

    results = results_with(tmp_path, "prop", '"proportions"', ["Q8", "F21"], arrays)
    for of in results.settings:
        dims = complex_dimensions(of)
        assert sum(count * d * d for count, d in dims) == of.setting.group.order - 1
    rows = READOUTS["proportions"](results).rows
    assert [row[4] for row in rows if row[0] == "Q8"] == [0.5, 0.0, 0.0, 0.5]
    assert sum(row[7] for row in rows if row[0] == "Q8") == pytest.approx(1)


def test_growth_finds_a_power_law(tmp_path: Path):
    def arrays(of, classes):
        used = {5: 2, 7: 3, 13: 6, 11: 5}[of.order]  # about n/2
        weights = np.zeros((40, len(classes)))
        weights[:, :used] = 1 / used
        return weights, np.zeros((40, 2))

    results = results_with(tmp_path, "growth", '"growth"', ["C5", "C7", "C11", "C13"], arrays)
    rows = READOUTS["growth"](results).rows
    assert [row[4] for row in rows[:4]] == [2, 3, 5, 6]
    assert rows[4][-1].startswith("N ∝ n^1.1")


def test_doubling_is_seen_when_it_is_there_and_not_otherwise(tmp_path: Path):
    def planted(of, classes):
        weights = np.zeros((40, len(classes)))
        rng = np.random.default_rng(2)
        turning = {c: i for i, c in enumerate(classes)}
        where = {f: turning[name] for name, f in frequencies(of, irreps(of)).items() if name in turning}
        for row in range(40):
            f = int(rng.integers(1, 7))
            g = min(2 * f % 13, -2 * f % 13)
            if of.order == 13:
                weights[row, [where[f], where[g]]] = 0.5
        return weights, np.zeros((40, 2))

    results = results_with(tmp_path, "double", '"uniform_sets"', ["C13"], planted)
    (row,) = READOUTS["uniform_sets"](results).rows
    assert row[1:3] == (2, 40)
    assert row[5] > 0.9
    assert row[6] == pytest.approx(6 / 15)
    assert row[8] < 0.01
    assert row[9] < 0.01


@pytest.mark.parametrize(("p", "k"), [(7, 2), (11, 2), (13, 3), (13, 2)])
def test_orbits_of_sets_partition_and_are_closed(p: int, k: int):
    orbits = orbits_of_sets(p, k)
    half = (p - 1) // 2
    assert sum(map(len, orbits)) == math.comb(half, k)
    assert set().union(*orbits) == {frozenset(s) for s in combinations(range(1, half + 1), k)}
    for orbit in orbits:
        for s in orbit:
            assert frozenset(min(3 * f % p, -3 * f % p) for f in s) in orbit
            assert doubled(s, p) == sum(1 for f in s if {2 * f % p, p - 2 * f % p} & set(s))


def test_simulated_chi_square_agrees_with_the_asymptotic_one():
    from scipy import stats

    observed, expected = np.array([30, 50, 20]), np.array([0.3, 0.4, 0.3])
    p = simulated(observed, expected, np.random.default_rng(0))
    assert p == pytest.approx(stats.chisquare(observed, 100 * expected).pvalue, abs=0.02)
    assert total_variation([("a",), ("a",)], [("a",), ("b",)]) == 0.5
    one, two = [("a",)] * 37 + [("b",)] * 63, [("b",)] * 87 + [("c",)] * 13
    assert total_variation(one, two) == 0.37 == total_variation(two[::-1], one[::-1])  # to the last bit, in any order


def test_labels_in_the_figure_are_short(tmp_path: Path):
    def arrays(of, classes):
        return np.ones((40, len(classes))) / len(classes), np.zeros((40, 2))

    results_with(tmp_path, "long", '"growth"', ["C5", "C23"], arrays)
    figure = (tmp_path / "long" / "key-sets.svg").read_text()
    assert ">{f=1, f=2}</text>" in figure
    assert ">{f=1, … 11 classes}</text>" in figure
    assert "<title>{f=1, f=2, f=3, f=4, f=5, f=6, f=7, f=8, f=9, f=10, f=11}: 100%</title>" in figure
