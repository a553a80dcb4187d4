"""Tables of a run, as bytes."""

from __future__ import annotations

from pathlib import Path

from rhoset.networks import read_network
from rhoset.networks.runs import open_run

TABLES = ("left", "right", "unembed", "bias")


def networks(folder: Path) -> dict[int, dict[str, bytes]]:
    run = open_run(folder)
    return {
        i: {name: getattr(read_network(run.network_path(i)), name).tobytes() for name in TABLES} for i in run.indices
    }
