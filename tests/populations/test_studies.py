"""Studies: resuming, processes and clusters, what is published."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from support.studies import written

import rhoset as rs
from rhoset.cli import main
from rhoset.errors import RhosetError
from rhoset.populations import observables
from rhoset.populations.studies import read_study, run_study, study_network, study_so_far
from rhoset.populations.studies import running as running_module
from rhoset.populations.studies.work import Job, run_job

pytest.importorskip("torch", reason="studies train networks")


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
    tests = str(Path(__file__).parents[1])  # this file, loaded there, imports what the tests share
    env = {**os.environ, "PLACE": str(place), "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen([sys.executable, str(script)], env=env) as study:
        pids = _until(
            lambda: [int(p.name) for p in place.iterdir()], lambda found: len(found) == 2 or study.poll() is not None
        )
        assert study.poll() is None, "the study ended before it was killed"
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
    monkeypatch.setattr("rhoset.training.cluster.CONNECT_SECONDS", 1)
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
def test_a_bad_checkpoint_costs_itself_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """So far it is named and left out, be it damaged or another setting's; a whole run trains those networks again."""
    file = written(tmp_path)
    study, out = read_study(file), tmp_path / "out"
    before = run_study(study, out, workers=1).summary
    places = sorted((out / "checkpoints").iterdir())
    good = [place.read_bytes() for place in places]
    places[0].write_bytes(good[0][:100])
    places[1].write_bytes(good[2])
    assert main(["study", str(file), "--out", str(out), "--so-far", "--json"]) == 2
    said, err = capsys.readouterr()
    assert {failure["input"] for failure in json.loads(said)["failures"]} == {str(place) for place in places[:2]}
    assert len(json.loads(said)["settings"]) == len(study.settings) - 2
    assert "expected 'C" in err
    with pytest.raises(RhosetError, match="not a file of networks of a study"):
        study_so_far(study, out)
    assert run_study(study, out, workers=1).summary == before
    assert [place.read_bytes() for place in places] == good


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
