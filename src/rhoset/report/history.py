"""Training as the run recorded it: losses at each evaluation, and energies of the snapshots."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from rhoset.errors import RhosetError
from rhoset.explain import spectrum
from rhoset.groups import Irrep
from rhoset.networks import read_network
from rhoset.report.views import HistoryView, Matrix

POINTS = 160
"""Most evaluations drawn; more are thinned evenly."""


def history_view(network: Path, irreps: Sequence[Irrep]) -> HistoryView | None:
    """The curve of a network file in a run, from ``records/NNNN.json`` and, where there are
    snapshots, ``networks/NNNN.steps/``; None when neither is there."""
    steps, loss, accuracy = _record(network.parent.parent / "records" / f"{network.stem}.json")
    energy_steps, energy = _snapshots(network.with_suffix(".steps"), irreps)
    if len(steps) < 2:
        return None
    every = max(1, math.ceil(len(steps) / POINTS))
    kept = sorted({*range(0, len(steps), every), len(steps) - 1})
    return HistoryView(
        steps=tuple(steps[k] for k in kept),
        loss=tuple(loss[k] for k in kept),
        accuracy=tuple(accuracy[k] for k in kept),
        energy_steps=energy_steps,
        energy=energy,
    )


def _record(path: Path) -> tuple[list[int], list[float], list[float]]:
    """Steps, losses and accuracies; empty where there is no readable record."""
    try:
        history = json.loads(path.read_text(encoding="utf-8"))["history"]
        rows = [(int(v[0]), float(v[1]), float(v[2])) for v in history]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return [], [], []
    rows = [row for row in rows if math.isfinite(row[1])]
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


def _snapshots(folder: Path, irreps: Sequence[Irrep]) -> tuple[tuple[int, ...], Matrix]:
    """Steps, and the share of the weights' energy in each irrep at each."""
    steps, shares = [], []
    for path in sorted(folder.glob("*.safetensors")) if folder.is_dir() else []:
        try:
            energy = spectrum(read_network(path), irreps).energy
        except RhosetError:
            continue
        steps.append(int(path.stem))
        shares.append(tuple(round(float(v), 4) for v in energy.by_irrep()))
    return (tuple(steps), tuple(shares)) if len(steps) > 1 else ((), ())
