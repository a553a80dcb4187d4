"""The curve of bound against cost that `rhoset certify --frontier` leaves beside a network."""

from __future__ import annotations

from pathlib import Path

from rhoset.networks.runs import frontier_path
from rhoset.reading import read_json
from rhoset.report.views import FrontierView


def frontier_view(network: Path, unread: list[tuple[str, str]]) -> FrontierView | None:
    """The curve of a network file; None where there is none that can be read, which is added to `unread`."""
    place = frontier_path(network)
    curve = read_json(place, unread)
    if curve is None:
        return None
    try:
        found = [(str(p["method"]), float(p["cost"]), float(p["accuracy_bound"])) for p in curve["points"]]
    except (ValueError, KeyError, TypeError):
        unread.append((str(place), "not a curve that rhoset certify --frontier wrote"))
        return None
    usable = [p for p in found if 0 < p[1] < float("inf") and 0 <= p[2] <= 1]
    usable.sort(key=lambda p: (p[1], -p[2]))
    return FrontierView(tuple(usable)) if len(usable) > 1 else None
