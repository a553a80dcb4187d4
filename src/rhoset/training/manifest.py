"""The manifest of a run of training: enough to train every network again, and refused when settings
differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli_w
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.networks import read_network, table_digest, write_atomic
from rhoset.networks.runs import FOLDERS, GROUP_FILE, MANIFEST, NETWORKS, Run, create_run, open_run
from rhoset.training.config import TrainConfig
from rhoset.training.curriculum import Curriculum
from rhoset.training.environment import differences, environment
from rhoset.training.model import require_start
from rhoset.training.sampled import OutputSamples

FORMAT = "rhoset-training-run/1"
_IGNORED = ("preset",)
"""Settings that are labels: they may differ between two calls for the same run."""


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A run folder with what its manifest says.

    Parameters
    ----------
    run
        The folder.
    config
        Settings of every network.
    first_seed
        Network i has seed first_seed + i.
    models
        Networks the run is to hold.
    table
        (n, n) int32.
    group
        The group's name.
    described
        Metadata for network files that say which element is which.
    """

    run: Run
    config: TrainConfig
    first_seed: int
    models: int
    table: NDArray[np.int32]
    group: str
    described: Mapping[str, str]

    @property
    def path(self) -> Path:
        return self.run.path

    def identity(self, index: int) -> str:
        """What a saved state must have been made for."""
        said = self.config.to_dict() | {
            "seed": self.first_seed + index,
            "table": table_digest(self.table),
        }
        return json.dumps({k: v for k, v in said.items() if k not in _IGNORED}, sort_keys=True)


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a call wants of a run: `models` networks, seeds from first_seed on, and by what arithmetic."""

    group: Group
    config: TrainConfig
    models: int
    first_seed: int = 0
    threads: int = 1
    device: str = "cpu"


def open_or_create(path: Path, wanted: Wanted) -> tuple[TrainingRun, tuple[str, ...]]:
    """The run to train into, new or resumed, with notes for the user; raises as `resume_training_run`."""
    if (path / MANIFEST).exists():
        return resume_training_run(path, wanted)
    return create_training_run(path, wanted), ()


def create_training_run(path: Path, wanted: Wanted) -> TrainingRun:
    """Makes the folder. One that was left half-made by a kill is made again."""
    group = wanted.group
    if (path / NETWORKS).is_dir() and not any((path / NETWORKS).iterdir()):
        (path / NETWORKS).rmdir()
    manifest = {
        "format": FORMAT,
        "group": group.name,
        "order": len(group.table),
        "table_sha256": table_digest(group.table),
        "models": wanted.models,
        "first_seed": wanted.first_seed,
        "config": wanted.config.to_dict(),
        "environment": environment(wanted.threads, wanted.device),
    } | _start(wanted.config)
    create_run(path, manifest)
    _complete(path, group)
    return open_training_run(path)


def _start(config: TrainConfig) -> dict[str, str]:
    """The digest of the network that training begins with, as a file may change; nothing where there is none."""
    return {"start_sha256": read_network(config.start_from).digest} if config.start_from else {}


def require_trainable(table: NDArray[np.int32], config: TrainConfig) -> None:
    """Raise what training would of settings that depend on the group or on a file; to be asked before a run is made."""
    Curriculum(table, config)
    if config.sampled_outputs:
        OutputSamples(table, config, seed=0)
    require_start(table, config)


def _complete(path: Path, group: Group) -> None:
    """Makes what a run has beside its manifest, where it is missing."""
    for folder in FOLDERS:
        (path / folder).mkdir(exist_ok=True)
    if (path / GROUP_FILE).exists():
        return
    described = {"group": group.name}
    if group.convention:
        described["element_order"] = group.convention
    if group.element_names:
        described["elements"] = json.dumps(list(group.element_names), ensure_ascii=False)
    write_atomic(path / GROUP_FILE, save({"table": group.table.copy()}, metadata=described))


def open_training_run(path: Path) -> TrainingRun:
    """Opens a run made by training.

    Raises
    ------
    RhosetError
        ``bad-run``, naming what is missing or damaged.
    """
    run = open_run(path)
    said = run.manifest
    try:
        if said["format"] != FORMAT:
            raise KeyError(f"format {said['format']!r}")
        config = TrainConfig.from_dict(said["config"])
        first_seed, models = int(said["first_seed"]), int(said["models"])
        digest, group = str(said["table_sha256"]), str(said["group"])
    except (KeyError, TypeError, ValueError) as error:
        raise RhosetError(
            f"{path}/run.toml is not the manifest of a training run ({error}); expected format "
            f"{FORMAT!r} with group, table_sha256, models, first_seed and [config]",
            slug="bad-run",
        ) from None
    try:
        with safe_open(path / GROUP_FILE, framework="np") as file:
            table = file.get_tensor("table")
            described = dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise RhosetError(
            f"{path}/{GROUP_FILE} cannot be read ({error}); it must hold the run's table",
            slug="bad-run",
        ) from None
    if table_digest(table) != digest:
        raise RhosetError(
            f"{path}/{GROUP_FILE} holds another table than run.toml names ({digest[:12]}…)",
            slug="bad-run",
        )
    return TrainingRun(run, config, first_seed, models, table, group, described)


def resume_training_run(path: Path, wanted: Wanted) -> tuple[TrainingRun, tuple[str, ...]]:
    """Opens a run to go on with it.

    Returns
    -------
    tuple
        The run, and what differs between the machine that began it and this one: networks trained
        from here on are then not bit-identical to what the first machine would have made. The
        manifest records both.

    Raises
    ------
    RhosetError
        ``run-settings-differ``, naming each setting with both values.
    """
    if open_run(path).manifest.get("table_sha256") == table_digest(wanted.group.table):
        _complete(path, wanted.group)
    found = open_training_run(path)
    wrong = _compare(found, wanted)
    if wrong:
        raise RhosetError(
            f"{path} was made with other settings: {'; '.join(wrong)}. Give the "
            "same settings to go on with it, or another folder",
            slug="run-settings-differ",
        )
    manifest = dict(found.run.manifest)
    here = environment(wanted.threads, wanted.device)
    known = [manifest.get("environment", {}), *manifest.get("resumed", [])]
    notes = differences(known[0], here)
    if wanted.models > found.models or here not in known:
        manifest["models"] = max(wanted.models, found.models)
        if here not in known:
            manifest["resumed"] = [*manifest.get("resumed", []), here]
        write_atomic(path / MANIFEST, tomli_w.dumps(manifest))
        found = open_training_run(path)
    for folder in (path, *(path / part for part in FOLDERS)):
        for leftover in folder.glob(".*.tmp"):  # of a writer that was killed
            leftover.unlink(missing_ok=True)
    return found, notes


def _compare(found: TrainingRun, wanted: Wanted) -> list[str]:
    group, first_seed = wanted.group, wanted.first_seed
    then, now = found.config.to_dict(), wanted.config.to_dict()
    wrong = [f"{key} {then[key]!r}, now {now[key]!r}" for key in now if key not in _IGNORED and then[key] != now[key]]
    if first_seed != found.first_seed:
        wrong.append(f"first_seed {found.first_seed}, now {first_seed}")
    began = found.run.manifest.get("start_sha256")  # older manifests do not say
    if not wrong and began not in (None, _start(wanted.config).get("start_sha256")):
        wrong.append(f"start_from {wanted.config.start_from!r} with SHA-256 {began}, now of other weights")
    if table_digest(group.table) != table_digest(found.table):
        wrong.append(f"group {found.group}, now {group.name} (another table)")
    return wrong
