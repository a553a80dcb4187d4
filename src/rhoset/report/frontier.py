"""The curve of bound against cost that `rhoset certify --frontier` leaves beside a network."""

from __future__ import annotations

from pathlib import Path

from rhoset.prove.files import frontier_file
from rhoset.reading import read_json
from rhoset.report.views import FrontierView


def frontier_view(network: Path) -> FrontierView | None:
    """The curve of a network file; None where there is none that can be read."""
    curve = read_json(frontier_file(network)) or {}
    try:
        found = [(str(p["method"]), float(p["cost"]), float(p["accuracy_bound"])) for p in curve["points"]]
    except (ValueError, KeyError, TypeError):
        return None
    usable = [p for p in found if 0 < p[1] < float("inf") and 0 <= p[2] <= 1]
    usable.sort(key=lambda p: (p[1], -p[2]))
    return FrontierView(tuple(usable)) if len(usable) > 1 else None
