"""Populations: the same networks however they are trained, stopped and resumed."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas
import polars
import pytest
from support.tables import TABLES, networks

from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.networks import evaluate, read_network
from rhoset.networks.files import read_parameters
from rhoset.networks.runs import open_run, read_record
from rhoset.training import Progress, TrainConfig, retrain, train_network, train_population
from rhoset.training.company import cpu_threads
from rhoset.training.manifest import open_training_run
from rhoset.training.pool import Failed, Job, _Worker, train_in_processes
from rhoset.training.statefile import read_state, write_state
from rhoset.training.together import Hooks, Training
from rhoset.training.trainer import Trainer


def test_a_network_alone_is_the_networks_of_a_population(
    s3: Group, quick: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when one of the processes is killed on the way and replaced."""
    give = _Worker.give
    killed: list[Job] = []

    def give_and_kill(self: _Worker, job: Job, settings: dict[str, object]) -> None:
        give(self, job, settings)
        if not killed:
            killed.append(job)
            self.process.kill()

    monkeypatch.setattr(_Worker, "give", give_and_kill)
    train_population(s3, quick, 3, tmp_path / "one", workers=1, first_seed=5)
    train_population(s3, quick, 3, tmp_path / "two", workers=2, first_seed=5)
    assert len(killed) == 1
    together = networks(tmp_path / "one")
    assert together == networks(tmp_path / "two")
    for name in ("0000", "0001", "0002"):
        files = [tmp_path / run / "networks" / f"{name}.safetensors" for run in ("one", "two")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert len({v["left"] for v in together.values()}) == 3
    network, outcome = train_network(s3.table, quick, seed=6)
    alone = network.to_network(s3.table, {})
    assert together[1] == {name: getattr(alone, name).tobytes() for name in TABLES}
    again = retrain(tmp_path / "two", 1)
    assert again.digest == read_network(tmp_path / "one" / "networks" / "0001.safetensors").digest
    assert outcome.label == "generalised"


def test_what_a_run_holds(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    news: list[Progress] = []
    config = quick.replace(checkpoints=4)
    found = train_population(s3, config, 2, tmp_path / "run", workers=1, progress=news.append)
    assert found.notes == ()
    network = read_network(tmp_path / "run" / "networks" / "0001.safetensors")
    assert network.left.dtype == np.float32
    assert network.metadata["group"] == "S3"
    assert network.metadata["seed"] == "1"
    assert TrainConfig.from_dict(json.loads(network.metadata["config"])) == config
    riding = read_parameters(tmp_path / "run" / "networks" / "0001.safetensors")
    assert set(riding) == {
        "embed_left", "embed_right", "hidden_left", "hidden_right", "unembed_bias",
    }  # fmt: skip
    folded = riding["embed_left"] @ riding["hidden_left"]
    np.testing.assert_allclose(folded, network.left, atol=1e-5)
    seen = evaluate(network)
    assert seen.accuracy == found.rows[1]["accuracy"] == 1.0
    assert seen.loss == pytest.approx(found.rows[1]["loss"], rel=1e-3)
    steps = sorted(p.name for p in (tmp_path / "run" / "networks" / "0001.steps").iterdir())
    assert steps == ["000001.safetensors", "000005.safetensors", "000024.safetensors",
                     "000120.safetensors"]  # fmt: skip
    last = read_network(tmp_path / "run" / "networks" / "0001.steps" / steps[-1])
    assert last.left.tobytes() == network.left.tobytes()
    finished = [p for p in news if p.row is not None]
    assert [p.done for p in finished] == [1, 2]
    assert finished[-1].seconds_left == 0
    record = read_record(tmp_path / "run" / "networks" / "0001.safetensors")
    assert record is not None
    assert [step for step, *_ in record["history"]] == [0, 20, 40, 60, 80, 100, 120]


def test_results_open_in_pandas_and_polars(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    train_population(s3, quick, 2, tmp_path / "run", workers=1)
    path = tmp_path / "run" / "results.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [r["seed"] for r in rows] == ["0", "1"]
    assert pandas.read_csv(path)["accuracy"].tolist() == [1.0, 1.0]
    assert polars.read_csv(path)["label"].to_list() == ["generalised"] * 2
    assert open_run(tmp_path / "run").results()[0]["seed"] == 0


def test_a_run_grows_and_is_not_trained_twice(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    train_population(s3, quick, 1, tmp_path / "run", workers=1)
    before = (tmp_path / "run" / "networks" / "0000.safetensors").stat().st_mtime_ns
    found = train_population(s3, quick.replace(preset="named"), 3, tmp_path / "run", workers=1)
    assert (tmp_path / "run" / "networks" / "0000.safetensors").stat().st_mtime_ns == before
    assert [r["seed"] for r in found.rows] == [0, 1, 2]
    fewer = train_population(s3, quick, 1, tmp_path / "run", workers=1)
    assert len(fewer.rows) == 3
    assert open_training_run(tmp_path / "run").models == 3


def test_the_state_of_a_finished_network_goes(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    """A process may be killed between writing a network and taking its state away."""
    train_population(s3, quick, 2, tmp_path / "run", workers=1)
    left = open_training_run(tmp_path / "run").run.state_path(1)
    left.write_bytes(b"a state")
    train_population(s3, quick, 3, tmp_path / "run", workers=1)
    assert not left.exists()


def test_other_settings_are_refused(s3: Group, d5: Group, quick: TrainConfig, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_population(s3, quick, 1, run, workers=1)
    with pytest.raises(RhosetError, match=r"width 24, now 32") as caught:
        train_population(s3, quick.replace(width=32), 1, run, workers=1)
    assert caught.value.slug == "run-settings-differ"
    with pytest.raises(RhosetError, match="first_seed 0, now 7"):
        train_population(s3, quick, 1, run, first_seed=7, workers=1)
    with pytest.raises(RhosetError, match="group S3, now D5"):
        train_population(d5, quick, 1, run, workers=1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(RhosetError, match="not empty"):
        train_population(s3, quick, 1, other, workers=1)
    assert {p.name for p in other.iterdir()} - {".lock"} == {"thesis.txt"}
    with pytest.raises(RhosetError, match="is a file"):
        train_population(s3, quick, 1, other / "thesis.txt", workers=1)
    with pytest.raises(RhosetError, match="models 0"):
        train_population(s3, quick, 0, run)


def test_another_machine_or_thread_count_is_said(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    run = tmp_path / "run"
    quick = quick.replace(max_steps=3)
    train_population(s3, quick, 1, run, workers=1)
    manifest = (run / "run.toml").read_text()
    processor = open_run(run).manifest["environment"]["processor"]
    (run / "run.toml").write_text(manifest.replace(processor, "Another Processor"))
    found = train_population(s3, quick, 2, run, workers=1)
    assert found.notes == (f"processor was Another Processor, is {processor} now",)
    assert open_run(run).manifest["resumed"][0]["processor"] == processor
    threads = train_population(s3, quick, 3, run, workers=1, threads=2)
    assert any("threads was 1, is 2 now" in note for note in threads.notes)
    assert open_run(run).results()[2]["threads"] == 2


def test_a_network_that_diverges_is_recorded_and_the_others_go_on(
    s3: Group, quick: TrainConfig, tmp_path: Path
) -> None:
    config = quick.replace(optimizer="sgd", learning_rate=1e8, activation="square")
    found = train_population(s3, config, 2, tmp_path / "run", workers=1)
    assert [r["label"] for r in found.rows] == ["diverged"] * 2
    assert all(r["reason"] == "non-finite" and math.isfinite(r["loss"]) for r in found.rows)
    assert open_run(tmp_path / "run").indices == ()
    again = train_population(s3, config, 3, tmp_path / "run", workers=1)
    assert len(again.rows) == 3


def test_only_the_diverging_network_stops(
    s3: Group, quick: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the kernel of large shapes, whatever the shape."""
    monkeypatch.setattr("rhoset.training.company.suits_stack", lambda n, config: False)
    advance = Trainer.advance
    monkeypatch.setattr(Trainer, "advance", lambda self: np.array([math.nan]) if self.seeds == [1] else advance(self))
    found = train_population(s3, quick, 3, tmp_path / "run", workers=1)
    assert [r["label"] for r in found.rows] == ["generalised", "diverged", "generalised"]


def test_labels(d5: Group, quick: TrainConfig) -> None:
    few = quick.replace(train_fraction=0.3, weight_decay=0.0, max_steps=200)
    outcome = train_network(d5.table, few, seed=0)[1]
    assert outcome.label == "memorised"
    assert outcome.generalised_at is None
    assert train_network(d5.table, quick.replace(max_steps=3), seed=0)[1].label == "undertrained"


def test_stopping_rules(s3: Group, quick: TrainConfig) -> None:
    by_loss = quick.replace(stop_loss=0.05, max_steps=1000)
    outcome = train_network(s3.table, by_loss, seed=0)[1]
    assert outcome.reason == "loss"
    assert outcome.final.loss <= 0.05
    plateau = quick.replace(plateau_window=50, plateau_tolerance=0.05, max_steps=5000)
    outcome = train_network(s3.table, plateau, seed=0)[1]
    assert outcome.reason == "plateau"
    assert 100 <= outcome.steps < 5000
    late = train_network(s3.table, by_loss.replace(min_steps=300), seed=0)[1]
    assert late.steps == 300
    never = plateau.replace(plateau_loss=1e-9, max_steps=400)
    assert train_network(s3.table, never, seed=0)[1].reason == "max_steps"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch": 7},
        {"train_fraction": 0.6, "optimizer": "adamw", "plateau_window": 30},
        {"optimizer": "sgd", "learning_rate": 0.5, "schedule": "cosine"},
    ],
)
@pytest.mark.parametrize("at", [47, 60])
def test_training_goes_on_bit_for_bit_from_its_state(
    changes: dict[str, object], at: int, s3: Group, quick: TrainConfig, tmp_path: Path
) -> None:
    """From between two evaluations, and from the step of one."""
    config = quick.replace(**changes)
    with cpu_threads(1):
        whole = Trainer(s3.table, config, seed=3)
        ((_, _, outcome, _),) = Training(whole).run(Hooks())
        first = Trainer(s3.table, config, seed=3)

        class Stop(Exception):
            pass

        def stop(training: Training) -> None:
            if first.step == at:
                ((_, state),) = training.states()
                write_state(tmp_path / "state", state, "me")
                raise Stop

        with pytest.raises(Stop):
            list(Training(first).run(Hooks(every_step=stop)))
        state = read_state(tmp_path / "state", "me")
        assert state is not None
        assert read_state(tmp_path / "state", "somebody else") is None
        second = Trainer(s3.table, config, seed=3, state=state)
        ((_, _, resumed, _),) = Training(second, [state]).run(Hooks())
    assert resumed.history == outcome.history
    for a, b in zip(whole.module.parameters(), second.module.parameters(), strict=True):
        assert a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
    (tmp_path / "state").write_bytes((tmp_path / "state").read_bytes()[:-100])
    assert read_state(tmp_path / "state", "me") is None


def test_a_full_disk_names_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from rhoset.training.runlock import locked

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(RhosetError, match=r"\.lock: No space left") as caught, locked(tmp_path):
        pass
    assert caught.value.slug == "cannot-write"
    assert not list(tmp_path.iterdir())


def test_two_processes_do_not_write_to_one_run(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    from rhoset.training.runlock import locked

    train_population(s3, quick, 1, tmp_path / "run", workers=1)
    with (
        locked(tmp_path / "run"),
        pytest.raises(RhosetError, match=f"process {os.getpid()} is training here") as caught,
    ):
        train_population(s3, quick, 2, tmp_path / "run", workers=1)
    assert caught.value.slug == "run-busy"
    train_population(s3, quick, 2, tmp_path / "run", workers=1)


def test_damaged_files_are_trained_again(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_population(s3, quick, 3, run, workers=1)
    whole = networks(run)
    (run / "networks" / "0000.safetensors").write_bytes(b"not a network")
    (run / "records" / "0001.json").write_text("{")
    (run / "results.csv").write_text("")
    (run / "group.safetensors").unlink()
    found = train_population(s3, quick, 3, run, workers=1)
    assert "[0, 1] were incomplete or damaged" in found.notes[0]
    assert networks(run) == whole
    assert len(open_run(run).results()) == 3


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("run.toml", b"[[[", "not TOML"),
        ("run.toml", b'format = "other"', "not the manifest of a training run"),
        ("group.safetensors", b"\x00" * 40, "cannot be read"),
    ],
)
def test_a_damaged_run_is_named(
    name: str, content: bytes, named: str, s3: Group, quick: TrainConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train_population(s3, quick, 1, run, workers=1)
    (run / name).write_bytes(content)
    with pytest.raises(RhosetError, match=named) as caught:
        train_population(s3, quick, 1, run, workers=1)
    assert caught.value.slug == "bad-run"
    with pytest.raises(RhosetError):
        retrain(run, 0)


def test_a_worker_that_keeps_dying_is_reported(
    s3: Group, quick: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RhosetError, match=r"ended its process 3 times \(exit code 1") as caught:
        train_population(s3, quick, 2, tmp_path / "run", workers=2)
    assert caught.value.slug == "worker-died"


def test_what_a_worker_refuses_is_passed_on(tmp_path: Path) -> None:
    (event,) = train_in_processes([(tmp_path / "nowhere", (0,))], 1, 1, 60.0)
    assert isinstance(event, Failed)
    assert event.slug == "bad-run"


def test_an_index_that_is_not_there(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    train_population(s3, quick, 1, tmp_path / "run", workers=1)
    with pytest.raises(RhosetError, match="has networks 0 to 0, not 4"):
        retrain(tmp_path / "run", 4)
