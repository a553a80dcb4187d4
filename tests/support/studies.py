"""A small study that needs no training: its file, and networks drawn by their seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rhoset.populations import Stack
from rhoset.populations.studies.work import Job, TrainedNetworks

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
