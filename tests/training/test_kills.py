"""Runs whose process is killed: what comes after is what would have come without it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from support.tables import networks

from rhoset.groups import group
from rhoset.training import TrainConfig, train_population

SCRIPT = """
import sys, json, signal
from rhoset.groups import group
from rhoset.training import TrainConfig, train_population
config = TrainConfig.from_dict(json.loads(sys.argv[2]))
train_population(
    group(sys.argv[5]), config, int(sys.argv[3]), sys.argv[1], workers=int(sys.argv[4]), state_every=0.05,
    progress=lambda news: print(news.index, flush=True),
)
print("done", flush=True)
signal.pause()
"""


def kill_and_resume(folder: Path, config: TrainConfig, name: str, models: int, workers: int, kills: int) -> int:
    """Kill the training process `kills` times: at its first news, then at random moments after that.
    Returns how many of the kills met a run that had not ended."""
    generator = np.random.default_rng(kills)
    unfinished = 0
    for kill in range(kills):
        with subprocess.Popen(
            [
                *(sys.executable, "-c", SCRIPT, str(folder), json.dumps(config.to_dict())),
                *(str(models), str(workers), name),
            ],
            stdout=subprocess.PIPE,
            env=dict(os.environ, OMP_NUM_THREADS="1"),
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            news = [process.stdout.readline()]
            time.sleep(generator.uniform(0, 0.4) if kill else 0)
            process.send_signal(signal.SIGKILL)
            news += process.stdout.readlines()
        orphans_end(process.pid)
        assert process.returncode == -signal.SIGKILL
        assert news[0], "the process ended before its first news"
        unfinished += b"done\n" not in news
    return unfinished


def orphans_end(session: int) -> None:
    """Waits until the workers of a killed process have noticed that it is gone; the test's limit is the limit."""
    while any(living == session for living in sessions()):
        time.sleep(0.05)


def sessions() -> Iterator[int]:
    """The process group of every process that is there and no zombie; none where there is no /proc."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, group_of = place.read_text().rpartition(")")[2].split()[:3]
            if state != "Z":
                yield int(group_of)


STACKED = TrainConfig(width=24, embed_dim=16, max_steps=400, evaluate_every=50)
KERNEL = TrainConfig(architecture="folded", width=400, max_steps=40, evaluate_every=10)
"""A shape that is trained in stacks (on S3), and one that is not (on S4)."""


def check_killed_run(tmp_path: Path, name: str, config: TrainConfig, kills: int, models: int, workers: int) -> None:
    assert kill_and_resume(tmp_path / "killed", config, name, models, workers, kills) >= 1
    chosen = group(name)
    found = train_population(chosen, config, models, tmp_path / "killed", workers=1)
    train_population(chosen, config, models, tmp_path / "whole", workers=1)
    assert networks(tmp_path / "killed") == networks(tmp_path / "whole")
    assert [r["index"] for r in found.rows] == list(range(models))
    assert found.notes == ()
    names = [p.name for p in (tmp_path / "killed").rglob("*") if p.name.endswith(".tmp")]
    assert names == []
    assert list((tmp_path / "killed" / "state").iterdir()) == []


@pytest.mark.ends_within(600)
def test_a_killed_run_is_finished_without_loss_or_duplicate(tmp_path: Path) -> None:
    check_killed_run(tmp_path, "S3", STACKED, kills=2, models=10, workers=1)


@pytest.mark.slow
@pytest.mark.ends_within(3600)
@pytest.mark.parametrize(
    ("name", "config", "models"), [("S3", STACKED.replace(max_steps=6000), 150), ("S4", KERNEL, 150)]
)
def test_a_run_killed_many_times(tmp_path: Path, name: str, config: TrainConfig, models: int) -> None:
    """About a minute each on two free cores."""
    check_killed_run(tmp_path, name, config, kills=12, models=models, workers=2)
