"""The curve of bound against cost that `rhoset certify --frontier` leaves beside a network."""

from __future__ import annotations

import json
from pathlib import Path

from rhoset.prove.files import frontier_file
from rhoset.report.views import FrontierView


def frontier_view(network: Path) -> FrontierView | None:
    """The curve of a network file; None where there is none that can be read."""
    try:
        points = json.loads(frontier_file(network).read_text(encoding="utf-8"))["points"]
        found = [(str(p["method"]), float(p["cost"]), float(p["accuracy_bound"])) for p in points]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    usable = [p for p in found if 0 < p[1] < float("inf") and 0 <= p[2] <= 1]
    usable.sort(key=lambda p: (p[1], -p[2]))
    return FrontierView(tuple(usable)) if len(usable) > 1 else None
