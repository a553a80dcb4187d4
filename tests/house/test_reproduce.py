"""The reproduction: rows of real networks, tables that add up, and a run that goes on."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import rhoset as rs
from rhoset.cli.reproduce import _named
from rhoset.groups import irreps
from rhoset.networks import evaluate
from rhoset.reproduce import (
    BASELINES,
    FULL,
    QUICK,
    Experiment,
    continued,
    contrast,
    markdown,
    measure_runs,
    reproduce,
    stopped,
    summarise,
)
from rhoset.reproduce.measure import KEPT, METHODS, measure, wanting
from rhoset.reproduce.plan import Population
from rhoset.reproduce.published import PUBLISHED
from rhoset.reproduce.timing import Rivals
from rhoset.reproduce.verifier import published_bound
from rhoset.shares import wilson
from rhoset.training import preset


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("reproduce")
    network = rs.construct("S4", ["[3,1]"], noise=0.01, seed=1).network
    path = rs.write_network(folder / "0000.safetensors", network)
    row = measure(path)
    assert {p.name for p in folder.glob("*.cert")} == {f"0000.{method}.cert" for method in (*KEPT, *BASELINES)}
    return {"index": 0, "steps": 25000, **row}


def test_a_row(row: dict):
    assert set(row["methods"]) == {*METHODS, *BASELINES}
    assert row["accuracy"] == 1
    assert row["methods"]["exhaustive"]["bound"] == 1
    assert all(m["bound"] <= row["accuracy"] for m in row["methods"].values())
    assert [c["irrep"] for c in row["circuits"]] == ["[3,1]"]
    assert row["methods"]["paper"]["bound"] == pytest.approx(row["published"]["accuracy"])
    assert row["replaced"]["neurons"] == row["circuits"][0]["neurons"]
    assert 0 < row["replaced"]["error"] < 0.1
    assert row["replaced"]["least_correlation"] > 0.95
    assert {name: found["accuracy"] for name, found in row["alone"].items()}["irreps"] == 0
    json.dumps(row)


def test_rivals_count_the_same_in_both_ways():
    network = rs.construct("S4", ["[3,1]", "[1,1,1,1]"], noise=0.02, seed=4).network
    said = published_bound(network, irreps(network.group))
    rivals, pairs = Rivals(network, said.ideal), [[x, y] for x in range(24) for y in range(24)]
    assert rivals.check_one(pairs) == rivals.check_all() == pytest.approx(576 * said.accuracy, abs=2)
    assert 0 < said.accuracy < 1
    assert rivals.brute_one(pairs) == rivals.brute_all() == 576 * evaluate(network).accuracy
    assert all(seconds > 0 for seconds in vars(rivals.times()).values())


def test_what_is_missing_is_measured(row: dict, tmp_path: Path):
    network = rs.construct("S4", ["[3,1]"], noise=0.01, seed=1).network
    path = rs.write_network(tmp_path / "0000.safetensors", network)
    part = {**row, "methods": {m: row["methods"][m] for m in ("paper", "gaps")}}
    assert wanting(None, ("gaps",))
    assert wanting(part, ("gaps",))
    assert not wanting(row, METHODS)
    again = measure(path, ("gaps",), part)
    assert set(again["methods"]) == {"paper", "gaps", "coset"}
    assert again["methods"]["gaps"] == row["methods"]["gaps"], "what was there is kept"
    assert again["methods"]["coset"]["bound"] == row["methods"]["coset"]["bound"]
    assert not wanting(again, ("gaps",))


def test_summary_counts(row: dict):
    rows = [copy.deepcopy(row) for _ in range(4)]
    for k, bound in enumerate((1.0, 0.95, 0.9499, 0.0)):
        rows[k]["index"] = k
        rows[k]["methods"]["paper"]["bound"] = bound
        rows[k]["methods"]["paper"]["operations"] = 10 * (k + 1)
        rows[k]["methods"]["paper"]["exhaustive_operations"] = 100
    rows[3]["accuracy"] = 0.5
    rows[3]["irreps"] = {"[2,2]": 1.0}
    found = summarise(rows)
    paper = found["methods"]["paper"]
    assert (paper["proved"], paper["share"], paper["exact"]) == (2, 0.5, 1)
    assert (paper["low"], paper["high"]) == (wilson(2, 4).low, wilson(2, 4).high)
    assert paper["cost"] == 0.25
    assert paper["cost_quartiles"] == pytest.approx([0.175, 0.325])
    assert paper["within_hundredth"] == 0
    assert found["published"]["proved"] == sum(r["published"]["accuracy"] >= 0.95 for r in rows)
    for r, sets in zip(rows, (1, 3, 2, 1), strict=True):
        r["published"].update(sets=sets, accuracy=1.0 if r is not rows[2] else 0.9)
    assert summarise(rows)["published"]["proved_with_sets"] == [2, 2, 3]
    assert found["full_circuits"] == {"k²": 4, "k² + 1 to 5": 0, "k² + 6 to 15": 0, "more": 0}
    assert found["methods"]["exhaustive"]["above_accuracy"] == [3], "a bound above the accuracy shows"
    assert found["full_accuracy"] == 3
    assert found["irreps"]["[2,2]"]["networks"] == 1
    assert found["irreps"]["[3,1]"]["networks"] == 3


@pytest.mark.parametrize("full_batch", [False, True])
def test_tables(row: dict, full_batch: bool):
    assert row["circuits"][0]["neurons"] == 16
    machine = dict.fromkeys(("rhoset", "python", "numpy", "torch", "processor", "cores", "workers"), "x")
    names = ("S5", "S4", "S5, full batch")[: 3 if full_batch else 2]
    results = {
        "machines": dict.fromkeys(names, machine),
        "summary": {name: summarise([row]) for name in names},
    }
    few = {**row, "methods": {name: row["methods"][name] for name in ("paper", "exhaustive")}}
    assert "| bound ≥ 95.0 % | 45 |" in markdown({**results, "summary": {"S5": summarise([few])}})
    text = markdown(results)
    assert "| bound ≥ 95.0 % | 45 |" in text
    assert not any("full batch" in line for line in text.splitlines() if line.startswith("|"))
    if full_batch:
        text += "\n\n" + contrast(results)
        assert "| here, pairs drawn | here, full batch |" in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1, table[0]


def test_plans():
    for plan in (FULL, QUICK):
        assert plan.populations[0].group == "S5"
        for population in plan.populations:
            assert rs.group(population.group).order <= 168
            assert preset("wu2024").replace(**population.settings).train_fraction == 0.4
    assert FULL.populations[0].models == PUBLISHED.networks == 100
    drawn, full = (preset(p.preset).replace(**{**p.settings, "checkpoints": 0}) for p in FULL.populations[:2])
    assert drawn.replace(preset=full.preset, replacement=False) == full
    assert drawn.replacement
    assert len({population.folder for population in FULL.populations}) == len(FULL.populations)
    assert all(p.settings["max_steps"] == 7 for p in FULL.shortened(7).populations)
    assert "max_steps" not in FULL.populations[0].settings


def test_smallgroup_96_227():
    """The group of the plan is V4 × V4 with S3 on both: ((C2×C2×C2×C2) ⋊ C3) ⋊ C2, of order 96."""
    group = rs.group(next(p.group for p in FULL.populations if p.name == "SmallGroup(96,227)"))
    assert group.order == 96
    kept = np.asarray(group.element_orders)
    # 15 involutions of V4 × V4, 12 outside it, 32 elements of order 3, 36 of order 4
    assert {int(k): int((kept == k).sum()) for k in np.unique(kept)} == {1: 1, 2: 27, 3: 32, 4: 36}


def alike(one: object, other: object) -> bool:
    """Equal, floats to nine digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == (pytest.approx(other, rel=1e-8) if isinstance(other, float) else other)


def test_kept_results_are_sound_and_shown():
    """The results in the repository: no bound above the accuracy, and the docs show these tables."""
    results = files("rhoset.reproduce").joinpath("results", "full.json")
    if not results.is_file():
        pytest.skip("no results are kept yet")
    kept = json.loads(results.read_text(encoding="utf-8"))
    for name, summary in kept["summary"].items():
        rows = kept["populations"][name]
        assert alike(json.loads(json.dumps(summarise(rows))), summary)
        for method in summary["methods"].values():
            assert method["above_accuracy"] == []
    page = Path(__file__).resolve().parents[2] / "docs" / "reproduction.md"
    text = page.read_text(encoding="utf-8")
    assert markdown(kept) in text, "run scripts/write_reproduction.py"
    split = json.loads(results.with_name("split_slots.json").read_text(encoding="utf-8"))
    before = {row["index"]: row["published"]["accuracy"] for row in kept["populations"]["S5, full batch"]}
    assert contrast(kept) in text, "run scripts/write_reproduction.py"
    assert continued(split, before) in text, "run scripts/write_reproduction.py"
    stops = json.loads(results.with_name("stopping.json").read_text(encoding="utf-8"))
    assert stopped(stops) in text, "run scripts/write_reproduction.py"


def test_two_lengths_of_training_side_by_side():
    early = {"steps": 5000, "loss": 0.03, "bound": 0.2, "rigorous": 0.1, "gaps": 0.01}
    early["circuits"] = [["[4,1]", 5, 5, "full", 40], ["[4,1]", 5, 5, "partial", 3], ["[3,2]", 10, 10, "partial", 9]]
    late = {**early, "steps": 25000, "bound": 0.97, "rigorous": 0.96, "circuits": [["[4,1]", 5, 5, "full", 25]]}
    text = stopped([{"network": 7, "unembed": 0.5, "logits": 0.02, "early": early, "late": late}])
    assert "| 7 | 0.50 | 0.020 | [3,2] 9, [4,1] 43 → [4,1] 25 | 0.0300 | 0.200 → 0.970 | 1.0 % |" in text
    assert "5,000 steps → 25,000" in text
    assert "proves 0 → 1 (rigorous 0 → 1)" in text


def test_a_growing_run_is_measured_as_it_is(row: dict, tmp_path: Path):
    run = tmp_path / "run"
    (run / "networks").mkdir(parents=True)
    (run / "run.toml").write_text('format = "rhoset-training-run/1"\ngroup = "S4"\n')
    network = rs.construct("S4", ["[3,1]"], noise=0.01, seed=1).network
    rs.write_network(run / "networks" / "0000.safetensors", network)
    first = measure_runs({"S4": run}, tmp_path, workers=1, methods=("gaps",))
    (measured,) = first["populations"]["S4"]
    assert measured["published"] == row["published"]
    assert json.loads((tmp_path / "results.json").read_text()) == json.loads(json.dumps(first))
    rs.write_network(run / "networks" / "0003.safetensors", network)
    (run / "results.csv").write_text("index,seed,steps\n0,7,5000\n3,10,5000\n")
    again = measure_runs({"S4": run}, tmp_path, workers=1, methods=("gaps",))
    assert again["populations"]["S4"][0] == {**measured, "seed": 7, "steps": 5000}, "what was there is kept"
    assert [r["index"] for r in again["populations"]["S4"]] == [0, 3]
    assert again["summary"]["S4"]["steps"] == 5000
    assert again["machines"].keys() == {"S4"}


def test_runs_are_named(tmp_path: Path):
    (tmp_path / "a=b").mkdir()
    (tmp_path / "a=b" / "run.toml").write_text('format = "rhoset-training-run/1"\ngroup = "S4"\n')
    path = str(tmp_path / "a=b")
    assert _named((path, f"S4, again={path}")) == {"S4": Path(path), "S4, again": Path(path)}
    with pytest.raises(rs.RhosetError, match="S4 is there already"):
        _named((path, path))
    with pytest.raises(rs.RhosetError, match="nowhere"):
        _named(("nowhere",))


def test_nothing_is_trained_where_nothing_is_wanted(tmp_path: Path):
    with pytest.raises(rs.RhosetError) as caught:
        reproduce(QUICK, tmp_path, device=None)
    assert caught.value.slug == "nothing-to-measure"
    assert not list(tmp_path.iterdir())


QUICKLY = {"max_steps": 600, "width": 32, "train_fraction": 1.0}


@pytest.mark.slow
@pytest.mark.ends_within(1800)
def test_a_small_experiment_goes_on(tmp_path: Path):
    pytest.importorskip("torch")
    small = Experiment("small", (Population("S3", 1, QUICKLY),))
    told: list[str] = []
    first = reproduce(small, tmp_path, workers=1, progress=lambda text, share: told.append(text))
    assert first["summary"]["S3"]["networks"] == 1
    assert any(text.startswith("certifying") for text in told)
    told.clear()
    grown = Experiment("small", (Population("S3", 2, QUICKLY),))
    second = reproduce(grown, tmp_path, workers=1, progress=lambda text, share: told.append(text))
    assert second["populations"]["S3"][0] == first["populations"]["S3"][0]
    assert sum(text.startswith("certifying") for text in told) == 1
    assert json.loads((tmp_path / "results.json").read_text()) == json.loads(json.dumps(second))
