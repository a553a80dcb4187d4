"""A study as its TOML file says it.

    [study]
    name = "o61"
    title = "Which irreps do small networks select?"
    models = 100                     # networks of each setting, seeds first_seed, first_seed + 1, …
    first_seed = 0
    readouts = ["same_class", "law_changes"]

    [settings]                       # the same everywhere: fields of TrainConfig, or of ENSEMBLE below
    tau = 1.0
    tau_power = -0.5                 # every coordinate starts as N(0, (tau · n^tau_power)²)
    max_steps = 20_000

    [grid]                           # every combination is a setting
    group = ["C5", "S3"]
    width = [2, 8]
    decay = [0.0, 1e-4]              # λ of the loss + λ‖θ‖²

    [observables]
    epsilon = 0.005                  # key sets: b_[ρ] ≥ ε
    delta = 0.05                     # spectral counts and purity
    at = [1000, 5000]                # key sets after these updates as well
    proofs = "exhaustive"            # or "auto", "none": every final network is certified

    [quick]                          # what --quick changes
    models = 4
    [quick.settings]
    max_steps = 500

Without other settings a network is that of the open problems of agenda A5: three tables, no bias, full-batch Adam.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from rhoset.errors import RhosetError, naming
from rhoset.groups import Group
from rhoset.populations.observables import DELTA, EPSILON
from rhoset.training import TrainConfig
from rhoset.training.grid import GridFile, plain

BUILTIN = ("o61", "o57", "o54", "o52", "o58")
"""Studies that come with the library, by their number in the public list of open problems."""

LETTERS = "-_.()=+"
"""Beside letters and digits, in names of studies and settings."""

PROOFS = ("auto", "exhaustive", "none")

ENSEMBLE: dict[str, Any] = {"tau": 1.0, "tau_power": 0.0, "decay": 0.0, "width_per_element": 0.0}
"""Settings of the ensemble that depend on the group or are named as in the literature. ``tau``, ``tau_power``:
standard deviation tau · n^tau_power of every initial coordinate. ``decay``: λ of the loss + λ‖θ‖² (`weight_decay` of
`TrainConfig` is 2λ). ``width_per_element``: C, for a width of ⌈C n⌉; 0 leaves `width`."""

BASE: dict[str, Any] = {
    "architecture": "folded",
    "hidden_bias": False,
    "unembed_bias": False,
    "init": "gaussian",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "betas": (0.9, 0.999),
    "epsilon": 1e-8,
    "weight_decay": 0.0,
    "max_steps": 20_000,
    "evaluate_every": 1000,
    "precision": "float64",
    "convergence_tolerance": 1e-7,
    "convergence_updates": 500,
}
"""Settings that a study's file need not name."""


@dataclass(frozen=True, eq=False)
class Setting:
    """One combination of a study's grid.

    Attributes
    ----------
    name
        Of its files, e.g. ``C5,width=2,decay=0.0001``.
    values
        The grid's columns, group included.
    group
        The group.
    config
        All settings of training.
    tau, decay
        The standard deviation of the start, and λ.
    """

    name: str
    values: Mapping[str, Any]
    group: Group
    config: TrainConfig
    tau: float
    decay: float


@dataclass(frozen=True, eq=False)
class Study:
    """A study as its file says, quick changes made.

    Attributes
    ----------
    name, title
        Of the file's [study].
    settings
        In the order of the grid, the last key fastest.
    models, first_seed
        Networks of each setting.
    readouts
        Names of `READOUTS`.
    epsilon, delta, at, proofs
        See the module.
    quick
        Whether quick changes were made.
    text
        The file.
    """

    name: str
    title: str
    settings: tuple[Setting, ...]
    models: int
    first_seed: int
    readouts: tuple[str, ...]
    epsilon: float
    delta: float
    at: tuple[int, ...]
    proofs: str
    quick: bool
    text: str

    @property
    def seeds(self) -> range:
        """Seeds of every setting."""
        return range(self.first_seed, self.first_seed + self.models)


def read_study(name: str | Path, *, quick: bool = False) -> Study:
    """Read and check a study; groups and settings are built here, so a wrong one is found before anything trains.

    Parameters
    ----------
    name
        One of `BUILTIN`, or a TOML file.
    quick
        Whether to make the changes of its [quick].

    Raises
    ------
    RhosetError
        ``bad-study``, or what the group's name or a setting raises, naming the file.
    """
    text = _text(name)
    with naming(name):
        return _parse(_FILE.parsed(text), text, quick)


def _text(name: str | Path) -> str:
    if str(name) in BUILTIN:
        place = resources.files("rhoset.populations.studies").joinpath("builtin", f"{name}.toml")
        return place.read_text(encoding="utf-8")
    if not Path(name).is_file():
        raise RhosetError(
            f"{name}: no such study; built in are {', '.join(BUILTIN)}, others are TOML files", slug="no-such-study"
        )
    return _FILE.read(name)


READOUTS: dict[str, Callable[..., Any]] = {}
"""What `study.readouts` may name: functions of the results, under their names."""


def readout(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator that makes a function of `StudyResults` a readout."""
    READOUTS[function.__name__] = function
    return function


_FILE = GridFile("study", slug="bad-study")
_TABLES = {
    "study": ("name", "title", "models", "first_seed", "readouts"),
    "observables": ("epsilon", "delta", "at", "proofs"),
    "quick": ("models", "settings", "grid", "observables"),
}


def _parse(said: dict[str, Any], text: str, quick: bool) -> Study:
    _FILE.known(said, (*_TABLES, "settings", "grid"), "at the top")
    for table, keys in _TABLES.items():
        _FILE.known(said.get(table, {}), keys, f"in [{table}]")
    hasty = said.get("quick", {}) if quick else {}
    head = {**said.get("study", {}), **{k: v for k, v in hasty.items() if k == "models"}}
    seen = {**said.get("observables", {}), **hasty.get("observables", {})}
    grid = {**said.get("grid", {}), **hasty.get("grid", {})}
    fixed = {**said.get("settings", {}), **hasty.get("settings", {})}
    name = head.get("name")
    if not isinstance(name, str) or not name or plain(name, LETTERS) != name:
        _FILE.bad(f"study.name is {name!r}; it must be a word of letters, digits, - and _")
    settings = tuple(_setting(values, of, {**fixed, **values}) for values, of in _FILE.combinations(grid, fixed))
    at = seen.get("at", [])
    if not isinstance(at, list) or not all(type(step) is int and step > 0 for step in at):
        _FILE.bad(f"observables.at is {at!r}; it must be a list of numbers of updates")
    end = min(setting.config.max_steps for setting in settings)
    if quick:
        at = [step for step in at if step <= end]
    elif max(at, default=0) > end:
        _FILE.bad(f"observables.at names {max(at)}, but a setting is trained for max_steps = {end} updates")
    proofs = seen.get("proofs", "none")
    if proofs not in PROOFS:
        _FILE.bad(f"observables.proofs is {proofs!r}; it must be one of {', '.join(PROOFS)}")
    return Study(
        name=str(name),
        title=str(head.get("title", name)),
        settings=settings,
        models=_FILE.whole(head, "models", 1, 1, "study."),
        first_seed=_FILE.whole(head, "first_seed", 0, 0, "study."),
        readouts=_readouts(head.get("readouts", [])),
        epsilon=_share(seen, "epsilon", EPSILON),
        delta=_share(seen, "delta", DELTA),
        at=tuple(sorted(set(at))),
        proofs=str(proofs),
        quick=quick,
        text=text,
    )


def _setting(values: dict[str, Any], of: Group, wanted: dict[str, Any]) -> Setting:
    ensemble = {key: _number(key, wanted.pop(key, value)) for key, value in ENSEMBLE.items()}
    wanted.pop("group")
    tau = ensemble["tau"] * of.order ** ensemble["tau_power"]
    if ensemble["decay"] and wanted.get("weight_decay"):
        _FILE.bad("decay (λ of λ‖θ‖²) and weight_decay (2λ) are both given; leave one out")
    changes = {"init_scale": tau, **({"weight_decay": 2 * ensemble["decay"]} if ensemble["decay"] else {})}
    if ensemble["width_per_element"]:
        changes["width"] = math.ceil(ensemble["width_per_element"] * of.order)
    config = TrainConfig.from_dict({**BASE, **wanted, **changes})
    rest = [f"{key}={value}" for key, value in values.items() if key != "group"]
    name = ",".join([plain(part, LETTERS) for part in (str(values["group"]), *rest)])
    return Setting(name, values, of, config, tau, config.weight_decay / 2)


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _FILE.bad(f"{key} is {value!r}; it must be a number")
    if key != "tau_power" and value < 0:
        _FILE.bad(f"{key} is {value!r}; it must be at least 0")
    return float(value)


def _readouts(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list):
        _FILE.bad(f"study.readouts is {names!r}; it must be a list")
    for name in names:
        if name not in READOUTS:
            _FILE.bad(f"study.readouts names {name!r}; known are {', '.join(READOUTS)}")
    return tuple(names)


def _share(of: Mapping[str, Any], key: str, default: float) -> float:
    value = of.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        _FILE.bad(f"observables.{key} is {value!r}; it must be in (0, 1)")
    return float(value)
