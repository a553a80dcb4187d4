"""What a study found: networks of each setting, laws of key sets with intervals, files for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rhoset
from rhoset.errors import Attempt, RhosetError, raising
from rhoset.groups import Group, irreps
from rhoset.networks import Network
from rhoset.populations.measuring import frequencies
from rhoset.populations.observables import Observables, spectral_counts
from rhoset.populations.stack import Stack
from rhoset.populations.studies.spec import READOUTS, Setting, Study
from rhoset.populations.studies.work import unpacked
from rhoset.shares import clopper_pearson

KeySet = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SettingResults:
    """The networks of one setting.

    Attributes
    ----------
    setting
        What was trained.
    arrays
        As `rhoset.populations.studies.work.run_job` writes them.
    classes
        Names of the r classes of irreps.
    epsilon, delta, at
        Of the study.
    """

    setting: Setting
    arrays: Mapping[str, NDArray[Any]]
    classes: tuple[str, ...]
    epsilon: float
    delta: float
    at: tuple[int, ...]

    @cached_property
    def labels(self) -> dict[str, str]:
        """Name of each class → what it is called in tables: ``f=2`` in cyclic and dihedral groups."""
        turning = frequencies(self.setting.group, irreps(self.setting.group))
        return {name: f"f={turning[name]}" if name in turning else name for name in self.classes}

    def __len__(self) -> int:
        return len(self.arrays["seed"])

    @property
    def converged(self) -> NDArray[np.bool_]:
        """(k,)"""
        return np.asarray(self.arrays["converged"] > 0)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(k,) right on every pair."""
        return np.asarray(self.arrays["accuracy"] == 1)

    @property
    def proved(self) -> NDArray[np.bool_] | None:
        """(k,) proved right on every pair; None where the study asks for no proofs."""
        right = self.arrays["right_pairs"]
        return None if (right < 0).all() else np.asarray(right == self.setting.group.order**2)

    def key_sets(self, *, squared: bool = False, moment: int | None = None) -> list[KeySet]:
        """K_ε of each network, at the end or at a moment of `at`."""
        weights = self.arrays["weights"] if moment is None else self.arrays["weights_at"][moment]
        return Observables(self.classes, weights, np.zeros((len(weights), 0, 0))).key_sets(
            self.epsilon, squared=squared
        )

    @property
    def counts(self) -> NDArray[np.int64]:
        """(k,) spectral counts N_δ."""
        return spectral_counts(self.arrays["weights"], self.delta)

    @property
    def multiplicities(self) -> NDArray[np.float64]:
        """(k, r) ν_[ρ],δ."""
        pure = self.arrays["pure"]
        return np.stack([(pure == c).mean(axis=1) for c in range(len(self.classes))], axis=1)

    def law(self, *, squared: bool = False, moment: int | None = None) -> list[dict[str, Any]]:
        """Key sets with how often each is seen and its exact 95 % interval, most frequent first."""
        sets = self.key_sets(squared=squared, moment=moment)
        settled = Counter(s for s, ok in zip(sets, self.converged, strict=True) if ok)
        found = []
        for key_set, count in sorted(Counter(sets).items(), key=lambda item: (-item[1], item[0])):
            share = clopper_pearson(count, len(sets))
            found.append(
                {
                    "set": list(key_set),
                    "label": self.name_of(key_set),
                    "count": count,
                    "converged": settled[key_set],
                    "share": share.share,
                    "low": share.low,
                    "high": share.high,
                }
            )
        return found

    def name_of(self, key_set: KeySet) -> str:
        """``{f=1, f=2}``."""
        return "{" + ", ".join(self.labels[name] for name in key_set) + "}"

    def stack(self) -> Stack:
        """The final networks, in the precision of their training."""
        return Stack.of(self.setting.group, self.arrays, self.setting.config.activation)

    def to_json(self) -> dict[str, Any]:
        """One entry of ``settings`` in results.json."""
        proved, counts = self.proved, self.counts
        return {
            "name": self.setting.name,
            "values": dict(self.setting.values),
            "runs": len(self),
            "converged": int(self.converged.sum()),
            "nonconvergent": int((~self.converged).sum()),
            "right_everywhere": int(self.correct.sum()),
            "proved_everywhere": None if proved is None else int(proved.sum()),
            "median_loss": float(np.median(self.arrays["loss"])),
            "median_steps": float(np.median(self.arrays["steps"])),
            "classes": [{"name": name, "label": label} for name, label in self.labels.items()],
            "key_sets": self.law(),
            "key_sets_squared": self.law(squared=True),
            "spectral_count": {str(k): int(v) for k, v in sorted(Counter(counts.tolist()).items())},
            "mean_spectral_count": float(counts.mean()),
            "multiplicity": dict(zip(self.classes, self.multiplicities.mean(axis=0).tolist(), strict=True)),
            "key_sets_at": [
                {"updates": step, "key_sets": self.law(moment=moment)} for moment, step in enumerate(self.at)
            ],
        }


@dataclass(frozen=True, eq=False)
class StudyResults:
    """A study with the networks of all its settings."""

    study: Study
    settings: tuple[SettingResults, ...]

    @property
    def missing(self) -> dict[str, int]:
        """Setting → networks that the study asks for and that are not there; empty for a finished study."""
        there = {of.setting.name: len(of) for of in self.settings}
        lacking = {setting.name: self.study.models - there.get(setting.name, 0) for setting in self.study.settings}
        return {name: count for name, count in lacking.items() if count}

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What results.json and ``rhoset study --json`` say."""
        return {
            "study": self.study.name,
            "title": self.study.title,
            "quick": self.study.quick,
            "version": rhoset.__version__,
            "epsilon": self.study.epsilon,
            "delta": self.study.delta,
            "seeds": [self.study.seeds.start, self.study.seeds.stop - 1],
            "missing": self.missing,
            "settings": [setting.to_json() for setting in self.settings],
            "readouts": [READOUTS[name](self).to_json() for name in self.study.readouts],
        }


def checkpoint(folder: Path, setting: Setting) -> Path:
    """Where a setting's networks are."""
    return folder / "checkpoints" / f"{setting.name}.safetensors"


def part_of(folder: Path, setting: Setting, first: int) -> Path:
    """Where the networks of a job are, until all of its setting's are done; `first` is the place of its first seed."""
    return folder / "parts" / f"{setting.name}.{first:06d}.safetensors"


def joined(parts: Sequence[Path]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and metadata of some jobs of one setting, one after the other."""
    loaded = [unpacked(part) for part in parts]
    arrays: dict[str, NDArray[Any]] = {}
    for key in loaded[0][0]:
        pieces = [tensors[key] for tensors, _ in loaded]
        arrays[key] = pieces[0] if key == "table" else np.concatenate(pieces, axis=1 if key == "weights_at" else 0)
    return arrays, loaded[0][1]


def _readable(parts: Sequence[Path], setting: str, attempt: Attempt) -> list[Path]:
    found = []
    for part in parts:
        with attempt(str(part)):
            unpacked(part, setting)
            found.append(part)
    return found


def collect(study: Study, folder: Path, *, so_far: bool = False, attempt: Attempt = raising) -> StudyResults:
    """Read a study's files: a finished one's, or, `so_far`, what there is of each setting (nothing: it is left out).

    With `so_far` a file that does not open is left out too, and `attempt` says what its error costs.

    Raises
    ------
    RhosetError
        ``bad-study-folder``, naming the file that is missing or does not open.
    """
    found = []
    for setting in study.settings:
        whole = checkpoint(folder, setting)
        parts = [whole]
        if so_far and not whole.is_file():
            parts = [path for first in range(study.models) if (path := part_of(folder, setting, first)).is_file()]
        if so_far:
            parts = _readable(parts, setting.name, attempt)
        if parts:
            arrays, about = joined(parts)
            classes = tuple(about["classes"])
            found.append(SettingResults(setting, arrays, classes, study.epsilon, study.delta, study.at))
    if not found:
        raise RhosetError(f"{folder}: no network of the study is there yet", slug="bad-study-folder")
    return StudyResults(study, tuple(found))


def study_network(folder: str | Path, setting: str, seed: int) -> Network:
    """One final network of a study, to be explained, certified or written.

    Parameters
    ----------
    folder
        The study's.
    setting
        Name of a setting, such as ``C5,activation=square,width=2,decay=0.0``.
    seed
        Of the network.

    Raises
    ------
    RhosetError
        ``no-such-network``; ``bad-study-folder`` for a file that is none of a study's.
    """
    path = Path(folder) / "checkpoints" / f"{setting}.safetensors"
    if not path.is_file():
        raise RhosetError(f"{path}: no such setting of a study", slug="no-such-network")
    arrays, about = unpacked(path)
    places = np.flatnonzero(arrays["seed"] == seed)
    if not len(places):
        raise RhosetError(f"{path}: no network with seed {seed}", slug="no-such-network")
    stack = Stack.of(Group(about["group"], arrays["table"]), arrays, about["activation"])
    return stack.network(int(places[0]), {"seed": str(seed), "study": setting})
