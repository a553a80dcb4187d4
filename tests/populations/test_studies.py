"""Studies: what a file may say, resuming, what is published, readouts with known answers."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import rhoset as rs
from rhoset.cli import main
from rhoset.errors import RhosetError
from rhoset.groups import group, irreps
from rhoset.populations import Stack, observables
from rhoset.populations.measuring import frequencies
from rhoset.populations.studies import read_study, run_study, study_network, study_so_far
from rhoset.populations.studies import running as running_module
from rhoset.populations.studies import work as work_module
from rhoset.populations.studies.readouts import (
    READOUTS,
    complex_dimensions,
    doubled,
    orbits_of_sets,
    simulated,
    total_variation,
)
from rhoset.populations.studies.results import StudyResults
from rhoset.populations.studies.work import FORMAT, Job, TrainedNetworks, packed, run_job

pytest.importorskip("torch", reason="studies train networks")

SMALL = """
[study]
name = "small"
models = {models}
first_seed = 7
readouts = ["same_class", "law_changes", "over_time", "proportions", "growth"]
[settings]
activation = "relu"
tau_power = -0.5
max_steps = 40
evaluate_every = 20
[grid]
group = ["C3", "S3"]
width = [2, 4]
decay = [0.0, 0.01]
[observables]
at = [10, 20]
proofs = "exhaustive"
[quick]
models = 1
[quick.settings]
max_steps = 5
[quick.grid]
width = [2]
"""


def written(tmp_path: Path, text: str = SMALL, models: int = 3) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(text.replace("{models}", str(models)), encoding="utf-8")
    return path


def drawn(job: Job) -> TrainedNetworks:
    """No training: random networks by seed."""
    n, m, k = job.group.order, job.config.width, len(job.seeds)
    draws = [np.random.default_rng([seed, n, m]).standard_normal((3, n, m)) for seed in job.seeds]
    left, right, up = (np.stack([d[i] for d in draws]) for i in range(3))
    stack = Stack(job.group, left, right, up.transpose(0, 2, 1), np.zeros((k, n)), job.config.activation)
    ones = np.ones(k)
    return TrainedNetworks(stack, ones.astype(np.int64), ones > 0, ones, 0 * ones, ones, dict.fromkeys(job.at, stack))


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_module, "trained", drawn)
    monkeypatch.setattr(running_module, "job_size", lambda group, config: 2)


def test_o61_is_the_published_specification():
    study = read_study("o61")
    assert len(study.settings) == 24
    assert study.models * len(study.settings) == 2400
    assert (study.epsilon, study.delta) == (0.005, 0.05)
    grid = {(s.group.name, s.config.activation, s.config.width, s.decay) for s in study.settings}
    wanted = {(g, a, m, d) for g in ("C5", "S3") for a in ("square", "relu") for m in (2, 8) for d in (0.0, 1e-4, 1e-2)}
    assert grid == wanted
    for setting in study.settings:
        config = setting.config
        assert config.init == "gaussian"
        assert config.init_scale == pytest.approx(setting.group.order**-0.5)
        assert config.weight_decay == 2 * setting.decay  # the gradient of λ‖θ‖² is 2λθ
        assert (config.optimizer, config.learning_rate, config.betas) == ("adam", 1e-3, (0.9, 0.999))
        assert (config.epsilon, config.batch, config.train_fraction) == (1e-8, 0, 1.0)
        assert (config.max_steps, config.convergence_tolerance, config.convergence_updates) == (20_000, 1e-7, 500)
        assert (config.architecture, config.hidden_bias, config.unembed_bias) == ("folded", False, False)
        assert (config.stop_loss, config.plateau_window, config.precision) == (0.0, 0, "float64")


@pytest.mark.parametrize("name", ["o61", "o57", "o54", "o52", "o58"])
def test_built_in_studies_read(name: str):
    whole, quick = read_study(name), read_study(name, quick=True)
    assert whole.name == quick.name == name
    assert quick.models * len(quick.settings) < whole.models * len(whole.settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('name = "small"', 'name = "a/b"'), "a word of letters"),
        (("models = {models}", "models = 0"), "study.models is 0"),
        (('"growth"]', '"nope"]'), "known are same_class"),
        (('group = ["C3", "S3"]', 'group = ["C3", "Q5"]'), "Q5"),
        (("width = [2, 4]", "width = []"), "at least one value"),
        (("decay = [0.0, 0.01]", "decay = [-1.0]"), "at least 0"),
        (("decay = [0.0, 0.01]", "decay = [0.0, 0.0]"), "same"),
        (("tau_power = -0.5", "width = 3"), "both in"),
        (("tau_power = -0.5", "speed = 3"), "no training setting"),
        (("at = [10, 20]", "at = [0]"), "list of numbers of updates"),
        (("at = [10, 20]", "at = [10, 41]"), "names 41, but a setting is trained for max_steps = 40"),
        (('proofs = "exhaustive"', 'proofs = "yes"'), "one of auto"),
        (("[observables]", "[observables]\nepsilon = 2"), "in (0, 1)"),
        (("[quick]", "[hasty]"), "not known at the top"),
        (("[study]", "[study"), "not TOML"),
    ],
)
def test_what_a_file_may_not_say(tmp_path: Path, change: tuple[str, str], said: str):
    assert change[0] in SMALL
    with pytest.raises(RhosetError) as caught:
        read_study(written(tmp_path, SMALL.replace(*change)))
    assert said in str(caught.value)
    assert "small.toml" in str(caught.value)


def test_the_file_of_the_docs_reads(tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "studies" / "index.md").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    study = read_study(path)
    assert (study.name, len(study.settings), study.models) == ("mine", 3, 20)
    assert read_study(path, quick=True).models == 2


def test_a_name_that_is_none():
    with pytest.raises(RhosetError, match="built in are o61"):
        read_study("o99")


def test_quick_changes_what_it_names(tmp_path: Path):
    study = read_study(written(tmp_path), quick=True)
    assert (study.models, len(study.settings)) == (1, 4)
    assert study.settings[0].config.max_steps == 5
    assert study.at == ()  # none of 10 and 20 is reached
    assert study.settings[0].config.evaluate_every == 20


@pytest.mark.usefixtures("untrained")
def test_what_is_published(tmp_path: Path):
    study = read_study(written(tmp_path, models=5))
    results = run_study(study, tmp_path / "out", workers=1)
    out = tmp_path / "out"
    said = json.loads((out / "results.json").read_text())
    assert said["study"] == "small"
    assert said["settings"][0]["name"] == "C3,width=2,decay=0.0"
    for setting, of in zip(said["settings"], results.settings, strict=True):
        assert setting["runs"] == 5
        assert sum(entry["count"] for entry in setting["key_sets"]) == 5
        for entry in setting["key_sets"]:
            assert entry["share"] == entry["count"] / 5
            assert entry["low"] < entry["share"] <= entry["high"]
        stack = of.stack()
        again = observables(stack)
        assert again.key_sets(study.epsilon) == of.key_sets()
        assert again.spectral_counts().tolist() == of.counts.tolist()
        assert again.multiplicities() == pytest.approx(of.multiplicities)
    assert {r["name"] for r in said["readouts"]} == set(study.readouts)
    settings = json.loads((out / "settings.json").read_text())
    assert settings["seeds"] == [7, 11]
    assert settings["settings"][1]["config"]["weight_decay"] == 0.02
    rows = list(csv.DictReader((out / "networks.csv").read_text().splitlines()))
    assert len(rows) == 40
    assert rows[0]["seed"] == "7"
    assert list((out / "parts").iterdir()) == []
    assert len(list((out / "checkpoints").iterdir())) == 8
    page = (out / "study.md").read_text()
    assert "Key sets over training" in page
    assert (out / "key-sets.svg").read_text().startswith("<svg")


@pytest.mark.usefixtures("untrained")
def test_a_published_network_is_the_one_that_was_certified(tmp_path: Path):
    run_study(read_study(written(tmp_path)), tmp_path / "out", workers=1)
    path = tmp_path / "out" / "checkpoints" / "S3,width=4,decay=0.0.safetensors"
    arrays = load_file(path)
    network = study_network(tmp_path / "out", "S3,width=4,decay=0.0", 8)
    assert network.metadata["seed"] == "8"
    assert rs.certify(network, method="exhaustive").verdict.right == arrays["right_pairs"][1]
    with pytest.raises(RhosetError, match="no network with seed 99"):
        study_network(tmp_path / "out", "S3,width=4,decay=0.0", 99)
    with pytest.raises(RhosetError, match="no such setting"):
        study_network(tmp_path / "out", "S4", 8)


@pytest.mark.usefixtures("untrained")
def test_a_stopped_study_goes_on_and_gives_the_same(tmp_path: Path):
    study = read_study(written(tmp_path))
    run_study(study, tmp_path / "whole", workers=1)
    calls: list[Job] = []

    def failing(job: Job) -> bytes:
        calls.append(job)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return run_job(job)

    with pytest.raises(KeyboardInterrupt):
        run_study(study, tmp_path / "out", workers=1, runner=failing)
    parts = sorted((tmp_path / "out" / "parts").iterdir())
    assert len(parts) == 1  # the first setting is whole, the second half done
    partial = study_so_far(study, tmp_path / "out")
    assert [len(of) for of in partial.settings] == [3, 2]
    assert sum(partial.missing.values()) == 24 - 5
    assert partial.missing["C3,width=2,decay=0.01"] == 1
    whole = json.loads((tmp_path / "whole" / "results.json").read_text())
    early = json.loads((tmp_path / "out" / "results.json").read_text())
    assert early["settings"][0] == whole["settings"][0]
    assert (early["missing"], whole["missing"]) == (partial.missing, {})
    page = (tmp_path / "out" / "study.md").read_text()
    assert "**Not finished:** 19 networks are not there. In part: C3,width=2,decay=0.01 (2 of 3)." in page
    assert "Not finished" not in (tmp_path / "whole" / "study.md").read_text()
    parts[0].write_bytes(parts[0].read_bytes()[:100])  # and cut by a crash of the disk
    told = []
    run_study(study, tmp_path / "out", workers=1, progress=lambda news: told.append(news.done))
    assert told[0] == 3
    assert told[-1] == 24
    for path in (tmp_path / "whole" / "checkpoints").iterdir():
        assert path.read_bytes() == (tmp_path / "out" / "checkpoints" / path.name).read_bytes()
    for name in ("results.json", "networks.csv", "study.md"):
        assert (tmp_path / "whole" / name).read_text() == (tmp_path / "out" / name).read_text()

    def never(job: Job) -> bytes:
        raise AssertionError("done twice")

    run_study(study, tmp_path / "out", workers=1, runner=never)


def test_processes_and_a_cluster_give_the_same_bytes(tmp_path: Path):
    distributed = pytest.importorskip("distributed")
    study = read_study(written(tmp_path, models=2))
    run_study(study, tmp_path / "here", workers=1)
    run_study(study, tmp_path / "two", workers=2)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", dashboard_address=None
    ) as cluster:
        run_study(study, tmp_path / "there", cluster=cluster.scheduler_address)
    for path in (tmp_path / "here").rglob("*"):
        if path.is_file() and path.name != ".lock":
            for other in ("two", "there"):
                assert path.read_bytes() == (tmp_path / other / path.relative_to(tmp_path / "here")).read_bytes()


def killed(job: Job) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def test_a_killed_process_is_one_line(tmp_path: Path):
    with pytest.raises(RhosetError, match="was killed") as caught:
        run_study(read_study(written(tmp_path)), tmp_path / "out", workers=2, runner=killed)
    assert caught.value.slug == "worker-died"


def slept(job: Job) -> bytes:
    Path(os.environ["PLACE"], f"{os.getpid()}").touch()
    time.sleep(3000)
    return b""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_processes_end_with_a_study_that_is_killed(tmp_path: Path):
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('slept_module', {str(Path(__file__))!r})\n"
        "module = importlib.util.module_from_spec(spec); sys.modules['slept_module'] = module\n"
        "spec.loader.exec_module(module)\n"
        "from rhoset.populations.studies import read_study, run_study\n"
        "if __name__ == '__main__':\n"
        f"    study = read_study({str(written(tmp_path))!r})\n"
        f"    run_study(study, {str(tmp_path / 'out')!r}, workers=2, runner=module.slept)\n"
    )
    script = tmp_path / "study.py"
    script.write_text(code)
    place = tmp_path / "pids"
    place.mkdir()
    with subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PLACE": str(place)}) as study:
        pids = _until(lambda: [int(p.name) for p in place.iterdir()], lambda found: len(found) == 2)
        study.kill()
    assert _until(lambda: [pid for pid in pids if _alive(pid)], lambda left: not left) == []


def _until(look, enough):
    """What `look` finds once it is `enough`, or after ten minutes."""
    for _ in range(6000):
        found = look()
        if enough(found):
            break
        time.sleep(0.1)
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_no_scheduler_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(running_module, "CONNECT_SECONDS", 1)
    with pytest.raises(RhosetError, match="no Dask scheduler answers"):
        run_study(read_study(written(tmp_path)), tmp_path / "out", cluster="tcp://127.0.0.1:9")
    with pytest.raises(RhosetError, match="HOST:PORT"):
        run_study(read_study(written(tmp_path)), tmp_path / "out", cluster="nonsense")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("untrained")
def test_other_studies_and_strange_folders_are_left_alone(tmp_path: Path):
    out = tmp_path / "out"
    run_study(read_study(written(tmp_path)), out, workers=1)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    with pytest.raises(RhosetError, match="other settings") as caught:
        run_study(read_study(written(tmp_path, models=4)), out, workers=1)
    assert caught.value.slug == "run-settings-differ"
    assert "--quick" not in str(caught.value)
    with pytest.raises(RhosetError, match="begun without --quick"):
        run_study(read_study(written(tmp_path), quick=True), out, workers=1)
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with pytest.raises(RhosetError, match=r"thesis\.tex"):
        run_study(read_study(written(tmp_path)), tmp_path / "mine", workers=1)


@pytest.mark.usefixtures("untrained")
def test_so_far_needs_networks_of_the_same_study(tmp_path: Path):
    study, out = read_study(written(tmp_path)), tmp_path / "out"
    with pytest.raises(RhosetError, match="without --so-far"):
        study_so_far(study, out)
    assert not out.exists()

    def stopped(job: Job) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(study, out, workers=1, runner=stopped)
    with pytest.raises(RhosetError, match="no network of the study is there yet"):
        study_so_far(study, out)
    with pytest.raises(RhosetError, match="other settings"):
        study_so_far(read_study(written(tmp_path, models=4)), out)


@pytest.mark.usefixtures("untrained")
def test_the_page_has_every_network_s_count_and_multiplicity(tmp_path: Path):
    results = run_study(read_study(written(tmp_path)), tmp_path / "out", workers=1)
    page = (tmp_path / "out" / "study.md").read_text().split("## Spectral counts and multiplicities")[1]
    for of in results.settings:
        row = next(line for line in page.splitlines() if line.startswith(f"| {of.setting.name} |"))
        counts = dict(part.split(": ") for part in row.split(" | ")[1].split(", "))
        assert {int(k): int(v) for k, v in counts.items()} == {
            int(k): int((of.counts == k).sum()) for k in np.unique(of.counts)
        }


def test_trained_for_real_and_the_objective_has_its_decay(tmp_path: Path):
    """loss + λ‖θ‖² is what the definition says, and a job done again gives the same bits."""
    study = read_study(written(tmp_path, models=2))
    results = run_study(study, tmp_path / "out", workers=1)
    for of in results.settings:
        a = of.arrays
        square = sum((a[name].astype(float) ** 2).sum(axis=(1, 2)) for name in ("left", "right", "unembed"))
        assert a["objective"] == pytest.approx(a["loss"] + of.setting.decay * square)
        assert (a["loss"] < math.log(of.setting.group.order) + 0.5).all()
        for k in range(2):
            assert rs.evaluate(of.stack().network(k)).loss == pytest.approx(a["loss"][k], rel=1e-6)
        assert a["weights_at"].shape == (2, *a["weights"].shape)
        assert a["left"].dtype == np.float64
        assert (a["steps"] == 40).all()
    first = results.settings[0].arrays
    again = run_job(next(iter(running_module._jobs(study, tmp_path / "empty").values())))
    (tmp_path / "again").write_bytes(again)
    assert np.array_equal(load_file(tmp_path / "again")["left"], first["left"])


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
        return packed(made, {"format": FORMAT, "classes": classes})

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


@pytest.mark.usefixtures("untrained")
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = written(tmp_path)
    out = str(tmp_path / "out")
    assert main(["study", str(path), "--out", out, "--quick", "--workers", "1", "--json", "-q"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said["settings"][0]["key_sets"][0]) >= {"set", "count", "share", "low", "high"}
    assert main(["study", str(path), "--out", out, "--quick", "--workers", "1", "-q"]) == 0
    assert "study.md" in capsys.readouterr().out
    assert main(["study", "o99", "--out", out, "-q"]) == 2
    assert main(["study", str(path), "--out", out, "-q", "--workers", "1"]) == 2
    assert "other settings" in capsys.readouterr().err


def test_labels_in_the_figure_are_short(tmp_path: Path):
    def arrays(of, classes):
        return np.ones((40, len(classes))) / len(classes), np.zeros((40, 2))

    results_with(tmp_path, "long", '"growth"', ["C5", "C23"], arrays)
    figure = (tmp_path / "long" / "key-sets.svg").read_text()
    assert ">{f=1, f=2}</text>" in figure
    assert ">{f=1, … 11 classes}</text>" in figure
    assert "<title>{f=1, f=2, f=3, f=4, f=5, f=6, f=7, f=8, f=9, f=10, f=11}: 100%</title>" in figure


def test_groups_in_the_names_of_settings(tmp_path: Path):
    study = read_study(written(tmp_path, SMALL.replace('"C3", "S3"', '"perm:(1 2 3)"')))
    assert study.settings[0].name.startswith("perm_(1_2_3),")
    assert study.settings[0].group.order == group("C3").order
