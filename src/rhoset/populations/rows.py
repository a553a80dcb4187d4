"""From NET arguments to one record a network: settings, what was measured, what is proved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from rhoset.errors import Attempt, RhosetError, naming, raising
from rhoset.networks import read_network
from rhoset.networks.runs import RunRows, open_networks
from rhoset.populations.measuring import measured, proved
from rhoset.populations.record import Record

Place = str | os.PathLike[str]
Progress = Callable[[int, int], None]

TRAINED = ("seed", "steps", "generalised_at", "label", "train_accuracy", "train_loss")
"""Columns of a run's table of results that a record carries."""
SETTINGS = ("differing", "all", "none")
"""Which settings of training become columns."""


def records(
    files: Sequence[tuple[str, Path]],
    *,
    bounds: bool = True,
    progress: Progress = lambda done, total: None,
    attempt: Attempt = raising,
) -> list[Record]:
    """One record a network of runs, sweeps, folders and files, in the order given.

    Parameters
    ----------
    files
        As `files_of` gives them.
    bounds
        Whether to check the certificates beside the networks.
    progress
        Called with networks done and in all.
    attempt
        Around each network, each run's table of results and each certificate that cannot be read: a caller who gives
        one says what an error costs, and there is no record of a bad network. Without it the first bad network
        raises, and certificates that cannot be read stand in ``refused``.

    Returns
    -------
    list
        One for each network that could be read.

    Raises
    ------
    RhosetError
        As `open_networks` and `read_network`; ``no-such-network`` for no arguments.
    """
    runs = RunRows(attempt)
    said = []
    progress(0, len(files))
    for done, (label, path) in enumerate(files):
        with attempt(label):
            said.append(_record(label, path, runs, bounds))
        progress(done + 1, len(files))
    if attempt is not raising:
        for record in said:
            for method in record["unreadable"]:
                with attempt(f"{record['network']}, certificate {method}"):
                    raise RhosetError(record["refused"][method], slug="unreadable")
    return said


def files_of(specs: Sequence[Place], attempt: Attempt = raising) -> list[tuple[str, Path]]:
    """Label and file of every network, as `open_networks`; a study's folder is refused with what to do instead."""
    if not specs:
        raise RhosetError("no networks were named; give runs, sweeps, folders or files", slug="no-such-network")
    found = []
    for spec in specs:
        with attempt(os.fspath(spec)):
            if os.path.isfile(Path(spec) / "settings.json") and os.path.isdir(Path(spec) / "checkpoints"):
                raise RhosetError(
                    f"{spec} is a study: its networks.csv has one row a network, and"
                    " `rhoset.populations.studies.study_network` opens one of them",
                    slug="no-such-network",
                )
            found += open_networks(spec, attempt)
    return found


def _record(label: str, path: Path, runs: RunRows, bounds: bool) -> Record:
    network = read_network(path)
    with naming(label):
        found = measured(network, path)
    run, row = runs.of(path)
    config = {} if run is None else run.manifest.get("config", {})
    settings = dict(config) if isinstance(config, Mapping) else {}
    seed = row.get("seed", network.metadata.get("seed"))
    said = {"network": label, "group": found["group"], "seed": _number(seed), "settings": settings, "file": str(path)}
    said["training"] = {key: row[key] for key in TRAINED[1:] if key in row}
    said |= {key: value for key, value in found.items() if key not in ("measures", "version", "table")}
    said["digest_of_table"] = found["table"]
    said["bounds"], said["refused"], said["unreadable"] = proved(path) if bounds else ({}, {}, [])
    return cast(Record, said)


def _number(seed: Any) -> int | None:
    try:
        return int(seed)
    except (TypeError, ValueError):
        return None


def differing(said: Sequence[Record]) -> list[str]:
    """Settings that not all records share, in order of appearance."""
    names = dict.fromkeys(name for record in said for name in record["settings"])
    return [name for name in names if len({repr(record["settings"].get(name)) for record in said}) > 1]


def irreps_text(record: Record) -> str:
    """``[4,1] ×64, [2,2,1] ×60``: the irreps that dominate neurons, most first; frequencies where there are."""
    turning = record["frequency"]
    used = sorted((i for i in record["irreps"] if i["neurons"]), key=lambda i: -i["neurons"])
    return ", ".join(f"{irrep_text(i['name'], turning)} ×{i['neurons']}" for i in used)


def key_set_text(record: Record) -> str:
    """``{[4,1], [2,2,1]}``; nothing where the group is too large for spectral weights."""
    if record["key_set"] is None:
        return ""
    turning = record["frequency"]
    return "{" + ", ".join(irrep_text(name, turning) for name in record["key_set"]) + "}"


def circuits_text(record: Record) -> str:
    """``[4,1] 5×5 full, …``, the same ones counted."""
    turning, kinds = record["frequency"], dict[str, int]()
    for circuit in record["circuits"]:
        text = circuit_text(circuit, turning)
        kinds[text] = kinds.get(text, 0) + 1
    return ", ".join(text if count == 1 else f"{count}× {text}" for text, count in kinds.items())


def circuit_text(circuit: Mapping[str, Any], turning: Mapping[str, int]) -> str:
    """``[4,1] 5×5 full``."""
    return f"{irrep_text(circuit['irrep'], turning)} {circuit['left_size']}×{circuit['right_size']} {circuit['kind']}"


def irrep_text(name: str, turning: Mapping[str, int]) -> str:
    """Its name; ``f=3`` where it turns by a frequency."""
    return f"f={turning[name]}" if name in turning else name


def flat(said: Sequence[Record], *, settings: str = "differing", spectrum: bool = False) -> Iterator[dict[str, Any]]:
    """Records as rows of scalars; the columns are those of `rhoset.populations.tables.COLUMNS`.

    `settings`: ``differing`` (those that not all networks share), ``all`` or ``none``. `spectrum`: columns of b² and ν
    for every class as well.
    """
    if settings not in SETTINGS:
        raise RhosetError(f"settings is {settings!r}; it must be one of {', '.join(SETTINGS)}", slug="bad-settings")
    chosen = differing(said)
    if settings == "all":
        chosen = list(dict.fromkeys(name for record in said for name in record["settings"]))
    elif settings == "none":
        chosen = []
    methods = list(dict.fromkeys(method for record in said for method in record["bounds"]))
    classes = list(dict.fromkeys(name for record in said for name in record["multiplicity"]))
    measured_settings = {"width", "activation"}  # have columns of their own
    for record in said:
        known: Mapping[str, Any] = record
        row = {key: known[key] for key in ("network", "group", "order", "seed", "width", "activation")}
        row |= {name: _cell(record["settings"].get(name)) for name in chosen if name not in measured_settings}
        row["steps"] = record["training"].get("steps")
        row |= {key: known[key] for key in ("accuracy", "loss", "margin", "explained")}
        row["irreps"], row["circuits"] = irreps_text(record), circuits_text(record)
        row["key_set"], row["spectral_count"] = key_set_text(record), record["spectral_count"]
        row["pure"] = sum(record["multiplicity"].values())
        for method in methods:
            bound: Mapping[str, Any] = record["bounds"].get(method, {})
            row[f"{method}_bound"] = bound.get("accuracy_bound")
            row[f"{method}_cost"], row[f"{method}_seconds"] = bound.get("cost"), bound.get("seconds")
        if spectrum:
            row |= {f"b2 {name}": (record["spectral_weights"] or {}).get(name) for name in classes}
            row |= {f"nu {name}": record["multiplicity"].get(name) for name in classes}
        yield row


def _cell(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value
