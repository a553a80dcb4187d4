"""The files of one network of a run: its record with its row in the table of results, its weights, snapshots."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rhoset.errors import RhosetError
from rhoset.networks import read_network, write_atomic, write_network
from rhoset.networks.runs import read_record, steps_folder
from rhoset.shares import wilson
from rhoset.training.manifest import TrainingRun
from rhoset.training.model import GroupNetwork
from rhoset.training.outcome import Outcome

COLUMNS = (
    "index",
    "seed",
    "label",
    "loss",
    "accuracy",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "steps",
    "generalised_at",
    "reason",
    "seconds",
    "threads",
    "sample",
    "accuracy_low",
    "accuracy_high",
)
"""Columns of a run's table of results. `generalised_at` is empty where the network had not
generalised by `steps`; `seconds` are processor seconds. Where loss and accuracy are estimates from
`sample` pairs, the last two are the accuracy's 95 % interval (Wilson); empty where all pairs were seen."""

_LATER = ("sample", "accuracy_low", "accuracy_high")
"""Columns that records of earlier versions lack."""


def write_member(run: TrainingRun, index: int, network: GroupNetwork, outcome: Outcome, threads: int) -> dict[str, Any]:
    """Write the record and the network file of a network that is done; returns its row."""
    row = row_of(index, outcome, threads)
    history = [e.to_list() for e in outcome.history]
    write_atomic(run.run.record_path(index), json.dumps({"row": row, "history": history}))
    if outcome.label != "diverged":
        _write(run.run.network_path(index), run, network, outcome.seed, _said(outcome))
    return row


def write_checkpoint(run: TrainingRun, index: int, step: int, network: GroupNetwork) -> None:
    """Write ``networks/NNNN.steps/STEP.safetensors``."""
    folder = steps_folder(run.run.network_path(index))
    folder.mkdir(exist_ok=True)
    seed = run.first_seed + index
    _write(folder / f"{step:06d}.safetensors", run, network, seed, {"steps": str(step)})


def row_of(index: int, outcome: Outcome, threads: int) -> dict[str, Any]:
    """A network's row in the table of results; what is not a number is None."""
    low = high = None
    if outcome.sample is not None:
        share = wilson(round(outcome.final.accuracy * outcome.sample), outcome.sample)
        low, high = share.low, share.high
    values = {
        **vars(outcome),
        **{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in vars(outcome.final).items()},
        "index": index,
        "seconds": round(outcome.seconds, 3),
        "threads": threads,
        "accuracy_low": low,
        "accuracy_high": high,
    }
    return {column: values[column] for column in COLUMNS}


def finished_row(run: TrainingRun, index: int) -> dict[str, Any] | None:
    """The row of a network that is done, with a readable file; None when it has to be trained
    (again)."""
    record = read_record(run.run.network_path(index)) or {}
    try:
        known = dict.fromkeys(_LATER) | record["row"]
        row = {column: known[column] for column in COLUMNS}
    except (KeyError, TypeError):
        return None
    if row["index"] != index or row["seed"] != run.first_seed + index:
        return None
    if row["label"] == "diverged":
        return row
    try:
        network = read_network(run.run.network_path(index))
    except RhosetError:
        return None
    return row if network.metadata.get("seed") == str(row["seed"]) else None


def _said(outcome: Outcome) -> dict[str, str]:
    return {
        "steps": str(outcome.steps),
        "label": outcome.label,
        "loss": repr(outcome.final.loss),
        "accuracy": repr(outcome.final.accuracy),
    }


def _write(path: Path, run: TrainingRun, network: GroupNetwork, seed: int, said: Mapping[str, str]) -> None:
    config = run.config.to_dict()
    metadata = {
        **run.described,
        "architecture": run.config.architecture,
        "seed": str(seed),
        "config": json.dumps(config, sort_keys=True),
        **said,
    }
    write_network(path, network.to_network(run.table, metadata), network.riding_parameters())
