"""Run folders: a manifest, one file for each trained network, one table of results.

    RUN/run.toml                           how the networks were trained
    RUN/group.safetensors                  the group's table
    RUN/networks/0003.safetensors          network 3
    RUN/networks/0003.steps/000500.safetensors  the same after 500 updates
    RUN/networks/0003.auto.cert            a certificate of network 3
    RUN/networks/0003.frontier.json        what can be proved of it for how much work
    RUN/records/0003.json                  its row of results and its history of training
    RUN/state/0003.safetensors             while it trains: where to go on
    RUN/results.csv                        one row for each network

No other module says where in a run something lies. Every file is written atomically, so a run that is killed at any
moment holds whole files only.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli_w

from rhoset.arguments import public
from rhoset.errors import Attempt, RhosetError, raising
from rhoset.networks.atomic import cannot_write, make_folder, write_atomic
from rhoset.reading import read_json, require_file, shown
from rhoset.summaries import Shown

MANIFEST = "run.toml"
"""Name of the manifest; a folder that holds one is a run."""

RESULTS = "results.csv"
"""Name of the table of results."""

GROUP_FILE = "group.safetensors"
"""The multiplication table in a run, so that a run stands alone whatever the group's name was."""

NETWORKS, RECORDS, STATE = FOLDERS = ("networks", "records", "state")
"""Folders of a run."""

SWEEP, CELLS = "sweep.toml", "cells"
"""A folder that holds both is a sweep: each folder in the second is a run."""

_NETWORK_FILE = re.compile(r"(\d{4,})\.safetensors")


@dataclass(frozen=True, eq=False, repr=False)
class Run(Shown):
    """A run folder.

    Parameters
    ----------
    path
        The folder.
    manifest
        What ``run.toml`` says.
    """

    path: Path
    manifest: Mapping[str, Any]

    @property
    def indices(self) -> tuple[int, ...]:
        """Indices of the networks that are there, ascending; looks at the folder each time."""
        folder = self.path / NETWORKS
        if not folder.is_dir():
            return ()
        found = (_NETWORK_FILE.fullmatch(entry.name) for entry in folder.iterdir())
        return tuple(sorted({int(match[1]) for match in found if match}))

    def network_path(self, index: int) -> Path:
        """Where network ``index`` is or will be."""
        return self.path / NETWORKS / f"{index:04d}.safetensors"

    def record_path(self, index: int) -> Path:
        """Where the record of network ``index`` is: ``{"row": …, "history": […]}``."""
        return self.path / RECORDS / f"{index:04d}.json"

    def state_path(self, index: int) -> Path:
        """Where the state of network ``index`` is while it trains."""
        return self.path / STATE / f"{index:04d}.safetensors"

    def certificates(self, index: int) -> dict[str, Path]:
        """The certificates of network ``index`` by method."""
        return certificates(self.network_path(index))

    def results(self) -> list[dict[str, Any]]:
        """The rows of ``results.csv``, numbers and truth values parsed; none where it is missing.

        Raises RhosetError (slug ``bad-run``) where the file is no table.
        """
        path = self.path / RESULTS
        try:
            text = path.read_text(encoding="utf-8")
            rows = list(csv.DictReader(io.StringIO(text), strict=True))
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise RhosetError(f"{path}: not a table of results ({error})", slug="bad-run") from None
        return [{key: _parse(value) for key, value in row.items() if key} for row in rows]

    def rows(self) -> dict[int, dict[str, Any]]:
        """`results` by the index of the network."""
        return {row["index"]: row for row in self.results() if isinstance(row.get("index"), int)}

    def write_results(self, rows: Iterable[Mapping[str, Any]]) -> Path:
        """Write ``results.csv`` atomically; columns in order of first appearance, None is empty."""
        rows = list(rows)
        columns = list(dict.fromkeys(key for row in rows for key in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _format(value) for key, value in row.items()} for row in rows)
        return write_atomic(self.path / RESULTS, text.getvalue())


@public
def create_run(path: str | os.PathLike[str], manifest: Mapping[str, Any]) -> Run:
    """Make a run folder with that manifest.

    Raises
    ------
    RhosetError
        The folder is a run already or holds something else (slug ``run-exists``); it is left
        as it is.
    """
    path = Path(path)
    try:
        if path.exists() and (not path.is_dir() or any(_visible(path))):
            what = "a run is there already" if (path / MANIFEST).exists() else "it is not empty"
            raise RhosetError(f"{path}: {what}; choose another folder", slug="run-exists")
    except OSError as error:
        raise cannot_write(path, error) from None
    make_folder(path / NETWORKS)
    write_atomic(path / MANIFEST, tomli_w.dumps(dict(manifest)))
    return open_run(path)


@public
def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder.

    Raises
    ------
    RhosetError
        It is no folder with a readable ``run.toml`` (slug ``bad-run``).
    """
    path = Path(path)
    try:
        with open(path / MANIFEST, "rb") as handle:
            manifest = tomllib.load(handle)
    except FileNotFoundError:
        raise RhosetError(
            f"{path} is not a run: it has no {MANIFEST}; give a folder that `rhoset train` wrote",
            slug="bad-run",
        ) from None
    except NotADirectoryError:
        raise RhosetError(f"{path} is a file, expected a run folder", slug="bad-run") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RhosetError(f"{path / MANIFEST}: not TOML ({error})", slug="bad-run") from None
    except OSError as error:
        raise RhosetError(f"{path / MANIFEST}: {error.strerror or error}", slug="bad-run") from None
    return Run(path, MappingProxyType(manifest))


def run_of(network: Path) -> Path | None:
    """The folder of the run that a network file belongs to; None for other files."""
    folder = network.parent.parent
    return folder if network.parent.name == NETWORKS and (folder / MANIFEST).is_file() else None


@dataclass(frozen=True)
class RunRows:
    """What runs say of network files; each run is read once."""

    attempt: Attempt = raising
    """Around each table of results: without one that can be read its networks have no row."""
    known: dict[Path, tuple[Run, dict[int, dict[str, Any]]]] = field(default_factory=dict)

    def of(self, network: Path) -> tuple[Run | None, dict[str, Any]]:
        """The run of a network file, and the file's row of results; None and nothing for other files."""
        folder = run_of(network)
        if folder is None:
            return None, {}
        if folder not in self.known:
            run, rows = open_run(folder), dict[int, dict[str, Any]]()
            with self.attempt(str(folder / RESULTS)):
                rows = run.rows()
            self.known[folder] = run, rows
        run, rows = self.known[folder]
        return run, rows.get(int(network.stem) if network.stem.isdigit() else -1, {})


def read_record(network: Path) -> dict[str, Any] | None:
    """The record of a network file of a run; None where there is none that can be read."""
    place = record_of(network)
    return None if place is None else read_json(place)


def record_of(network: Path) -> Path | None:
    """Where the record of a network file of a run is; None for other files."""
    folder = run_of(network)
    return None if folder is None else folder / RECORDS / f"{network.stem}.json"


def steps_folder(network: Path) -> Path:
    """Where the snapshots of a network file's training are, named by their step."""
    return network.with_suffix(".steps")


@public
def certificate_path(network: str | os.PathLike[str], method: str, folder: Path | None = None) -> Path:
    """Where the certificate of a network file by that method lies: ``NNNN.METHOD.cert`` beside it, or in a folder."""
    return _beside(Path(network), f"{method}.cert", folder)


def frontier_path(network: Path, folder: Path | None = None) -> Path:
    """Where the curve of bound against cost of a network file lies: ``NNNN.frontier.json`` at the same place."""
    return _beside(network, "frontier.json", folder)


def _beside(network: Path, ending: str, folder: Path | None) -> Path:
    """A file named after the network's; raises RhosetError (slug ``cannot-write``) where the folder can't be made."""
    name = f"{network.name.removesuffix('.safetensors')}.{ending}"
    return (network.parent if folder is None else make_folder(folder)) / name


@public
def certificates(network: str | os.PathLike[str]) -> dict[str, Path]:
    """The certificates beside a network file, by method, in order of their names."""
    network = Path(network)
    stem = network.name.removesuffix(".safetensors")
    pattern = re.compile(re.escape(stem) + r"\.([A-Za-z0-9_-]+)\.cert")
    found: dict[str, Path] = {}
    for entry in sorted(network.parent.iterdir()) if network.parent.is_dir() else []:
        if match := pattern.fullmatch(entry.name):
            found[match[1]] = entry
    return found


@public
def open_networks(spec: str | os.PathLike[str], attempt: Attempt = raising) -> list[tuple[str, Path]]:
    """The network files that a NET argument means, with a label for each.

    Parameters
    ----------
    spec
        A network file; a run folder (all its networks, labelled ``RUN#INDEX``); ``RUN#3`` (network
        3 of a run); a sweep (all networks of all its cells, labelled ``SWEEP/cells/CELL#INDEX``); or
        a folder of network files. Files are not opened here; a pipe or a broken link in a folder is named as any
        other file, so that whoever opens it says what it is.
    attempt
        Around each cell of a sweep.

    Raises
    ------
    RhosetError
        Nothing there, not a run, no such index, no network yet (slug ``no-such-network``); a folder that may not be
        read (``bad-run``).
    """
    text = os.fspath(spec)
    path = Path(text)
    if os.path.isfile(path):
        return [(text, path)]
    if os.path.isdir(path):
        try:
            return _folder(text, path, attempt)
        except OSError as error:
            raise RhosetError(f"{shown(text)}: {error.strerror or error}", slug="bad-run") from None
    if os.path.exists(path):
        require_file(path, "a network file, a run folder or RUN#3", "no-such-network")
    if "#" in text:
        folder, _, number = text.rpartition("#")
        run = open_run(folder or ".")
        if not re.fullmatch(r"\d{1,9}", number):
            raise RhosetError(
                f"{text!r}: {number!r} is no index; write RUN#3 for network 3 of a run",
                slug="no-such-network",
            )
        if int(number) not in run.indices:
            raise RhosetError(
                f"{text!r}: the run has no network {int(number)}; it has {_ranges(run.indices)}",
                slug="no-such-network",
            )
        return [(f"{folder or '.'}#{int(number)}", run.network_path(int(number)))]
    raise RhosetError(
        f"{text!r}: no such file or folder; expected a network file, a run folder or RUN#3",
        slug="no-such-network",
    )


def one_network(spec: str | os.PathLike[str], what: str = "this call") -> tuple[str, Path]:
    """The label and the file of the one network that a NET argument means.

    Raises RhosetError as `open_networks`, and with slug ``several-networks`` where it means several, which `what`, such
    as ``a certificate``, can't speak of.
    """
    found = open_networks(spec)
    if len(found) != 1:
        raise RhosetError(
            f"{os.fspath(spec)!r} means {len(found)} networks; {what} speaks of one: choose it, as in {found[0][0]!r}",
            slug="several-networks",
        )
    return found[0]


def _folder(text: str, path: Path, attempt: Attempt) -> list[tuple[str, Path]]:
    label = text.rstrip("/") or text
    if (path / MANIFEST).is_file():
        run = open_run(path)
        networks = [(f"{label}#{index}", run.network_path(index)) for index in run.indices]
        if not networks:
            raise RhosetError(f"{text!r}: the run holds no finished network yet", slug="no-such-network")
        return networks
    if (path / SWEEP).is_file() and (path / CELLS).is_dir():
        return _sweep(label, path, attempt)
    files = network_files(path)
    if not files:
        raise RhosetError(
            f"{text!r} is not a run (no {MANIFEST}) and holds no .safetensors files;"
            " expected a network file, a run folder or RUN#3",
            slug="no-such-network",
        )
    return [(str(entry), entry) for entry in files]


def network_files(folder: Path) -> list[Path]:
    """What is named as a network file in a folder, in order; pipes and broken links too, which do not open."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.suffix == ".safetensors" and not entry.name.startswith(".") and not os.path.isdir(entry)
    )


def _sweep(label: str, path: Path, attempt: Attempt) -> list[tuple[str, Path]]:
    def natural(cell: Path) -> list[tuple[int, str]]:  # width=64 before width=128
        return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", cell.name)]

    networks = []
    for cell in sorted((path / CELLS).iterdir(), key=natural):
        with attempt(f"{label}/{CELLS}/{cell.name}"):
            if not os.path.isdir(cell) or not os.path.lexists(cell / MANIFEST):
                continue
            run = open_run(cell)
            networks += [(f"{label}/{CELLS}/{cell.name}#{index}", run.network_path(index)) for index in run.indices]
    if not networks:
        raise RhosetError(f"{label!r}: the sweep holds no finished network yet", slug="no-such-network")
    return networks


def _visible(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if not entry.name.startswith(".")]


def _ranges(indices: tuple[int, ...]) -> str:
    """``0–4, 7`` for 0, 1, 2, 3, 4, 7; ``none`` for none."""
    parts: list[str] = []
    start = previous = None
    for index in (*indices, None):
        if start is not None and (index is None or previous is None or index != previous + 1):
            parts.append(f"{start}" if start == previous else f"{start}–{previous}")
            start = index
        elif start is None:
            start = index
        previous = index
    return ", ".join(parts) or "none"


def _format(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, float):
        return "NaN" if value != value else repr(float(value))  # polars knows NaN, not nan
    return value


def _parse(value: str | None) -> Any:
    if value is None or value == "":
        return None
    if value in ("True", "False"):
        return value == "True"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
