"""The curve of bound against cost that `rhoset certify --frontier` leaves beside a network."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rhoset.errors import RhosetError
from rhoset.prove.files import frontier_file
from rhoset.reading import read_text
from rhoset.report.views import FrontierView


def frontier_view(network: Path, unread: list[tuple[str, str]]) -> FrontierView | None:
    """The curve of a network file; None where there is none that can be read, which is added to `unread`."""
    place = frontier_file(network)
    try:
        points = json.loads(read_text(place, "a curve that rhoset certify --frontier wrote", "frontier"))["points"]
        found = [(str(p["method"]), float(p["cost"]), float(p["accuracy_bound"])) for p in points]
    except (ValueError, KeyError, TypeError, RecursionError):
        unread.append((str(place), "not a curve that rhoset certify --frontier wrote"))
        return None
    except RhosetError as error:
        if os.path.lexists(place):
            unread.append((str(place), str(error)))
        return None
    usable = [p for p in found if 0 < p[1] < float("inf") and 0 <= p[2] <= 1]
    usable.sort(key=lambda p: (p[1], -p[2]))
    return FrontierView(tuple(usable)) if len(usable) > 1 else None
