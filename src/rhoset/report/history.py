"""Training as the run recorded it: losses at each evaluation, and energies of the snapshots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from rhoset.errors import RhosetError
from rhoset.explaining.spectrum import spectrum
from rhoset.groups import Irrep
from rhoset.networks import Network, read_network
from rhoset.networks.runs import record_of, steps_folder
from rhoset.reading import read_json
from rhoset.report.views import HistoryView

POINTS = 160
"""Most evaluations drawn; more are thinned evenly."""


def history_view(
    network: Path,
    irreps: Sequence[Irrep],
    explained: Callable[[Network], float] | None,
    unread: list[tuple[str, str]],
) -> HistoryView | None:
    """The curve of a network file in a run.

    Parameters
    ----------
    network
        The file; the losses are in its run's record, snapshots beside it.
    irreps
        Of the group.
    explained
        Share of a snapshot's weights that circuits explain; left out when None.
    unread
        Gets (file, why) of a record or snapshots that are there and could not be read.

    None when there is no record.
    """
    steps, loss, accuracy = _losses(network, unread)
    if len(steps) < 2:
        return None
    saved = _snapshots(steps_folder(network), unread)
    if saved and saved[-1][0] < steps[-1]:
        saved.append((steps[-1], read_network(network)))
    energies = [spectrum(snapshot, irreps).energy.by_irrep() for _, snapshot in saved]
    every = max(1, math.ceil(len(steps) / POINTS))
    kept = sorted({*range(0, len(steps), every), len(steps) - 1})
    return HistoryView(
        steps=tuple(steps[k] for k in kept),
        loss=tuple(loss[k] for k in kept),
        accuracy=tuple(accuracy[k] for k in kept),
        energy_steps=tuple(step for step, _ in saved),
        energy=tuple(tuple(round(float(v), 4) for v in energy) for energy in energies),
        explained=tuple(round(explained(n), 4) for _, n in saved) if explained else (),
    )


def _losses(network: Path, unread: list[tuple[str, str]]) -> tuple[list[int], list[float], list[float]]:
    """Steps, losses and accuracies; empty where there is no record that says them."""
    place = record_of(network)
    record = None if place is None else read_json(place, unread)
    if record is None:
        return [], [], []
    try:
        rows = [(int(v[0]), float(v[1]), float(v[2])) for v in record["history"]]
    except (ValueError, KeyError, TypeError, IndexError):
        unread.append((str(place), "not the record of a training"))
        return [], [], []
    rows = [row for row in rows if math.isfinite(row[1])]
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


def _snapshots(folder: Path, unread: list[tuple[str, str]]) -> list[tuple[int, Network]]:
    """The snapshots of one network by step; none when there are fewer than two."""
    found = []
    for path in sorted(folder.glob("*.safetensors")) if folder.is_dir() else []:
        if not path.stem.isdigit():
            continue
        try:
            found.append((int(path.stem), read_network(path)))
        except RhosetError as error:
            unread.append((str(path), str(error)))
    return found if len(found) > 1 else []
