"""A population in numbers: shares proved with intervals, medians of cost and time, irreps learned."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rhoset.reproduce.published import PUBLISHED
from rhoset.reproduce.questions import neurons_of_full_circuits, proved_by_neurons
from rhoset.reproduce.verifier.bound import MOST_SETS
from rhoset.shares import quartiles, wilson

Row = Mapping[str, Any]

ROUNDED = 1e-12
"""A bound is rounded down, an accuracy to the nearest float; two fractions of n² inputs that differ, differ by more."""


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Numbers of one population from the rows of `measure`.

    Shares come with Wilson 95 % intervals, costs and times as medians over the networks.
    """
    methods = dict.fromkeys(m for row in rows for m in row["methods"])
    return {
        "networks": len(rows),
        "full_accuracy": sum(row["accuracy"] >= 1 for row in rows),
        "steps": _median(row["steps"] for row in rows if row.get("steps")),
        "loss": _median(row["loss"] for row in rows),
        "explained": _median(row["explained"] for row in rows),
        "ideal_accuracy": _median(row["ideal_accuracy"] for row in rows),
        "times": _times([row["times"] for row in rows if "times" in row]),
        "methods": {method: _method(rows, method) for method in methods},
        "published": _published([row["published"] for row in rows]),
        "alone": {name: _alone([row["alone"][name] for row in rows]) for name in (rows[0]["alone"] if rows else ())},
        "irreps": _uses(row["irreps"] for row in rows),
        "irrep_sets": _counted(" + ".join(sorted(row["irreps"])) for row in rows),
        "kinds": _counted(c["kind"] for row in rows for c in row["circuits"]),
        "full_circuits": neurons_of_full_circuits(rows),
        "proved_by_neurons": proved_by_neurons(rows, PUBLISHED.wanted),
        "equivariance": {
            name: {"median": _median(values), "least": min(values)}
            for name in ("left", "right", "both")
            if (values := [row["equivariance"][name] for row in rows])
        },
        "replaced": {
            key: _median(row["replaced"][key] for row in rows if key in row["replaced"])
            for key in ("error", "largest_error", "correlation", "least_correlation")
        },
    }


def _method(rows: Sequence[Row], method: str) -> dict[str, Any]:
    rows = [row for row in rows if method in row["methods"]]
    found = [row["methods"][method] for row in rows]
    proved = sum(f["bound"] >= PUBLISHED.wanted for f in found)
    exact = sum(row["accuracy"] - f["bound"] < ROUNDED for f, row in zip(found, rows, strict=True))
    costs = [f["operations"] / f["exhaustive_operations"] for f in found]
    unsound = [row["index"] for f, row in zip(found, rows, strict=True) if f["bound"] > row["accuracy"]]
    return {
        "networks": len(found),
        **_share(proved, len(found)),
        "above_zero": sum(f["bound"] > 0 for f in found),
        "exact": exact,
        "margin": _median(f["margin"] for f in found if f.get("margin") is not None),
        "distance": _median(f["distance"] for f in found if f.get("distance") is not None),
        "cost": _median(costs),
        "cost_quartiles": list(quartiles(costs)[1:4:2]),
        "within_hundredth": sum(
            f["bound"] >= PUBLISHED.wanted and c <= 0.01 for f, c in zip(found, costs, strict=True)
        ),
        "loss": _median(f["loss_bound"] for f in found if f["loss_bound"] is not None),
        "seconds": _median(f["seconds"] for f in found),
        "search_seconds": _median(f["search_seconds"] for f in found),
        "above_accuracy": unsound,
    }


def _share(proved: int, total: int) -> dict[str, Any]:
    found = wilson(proved, total)
    return {"proved": proved, "share": found.share, "low": found.low, "high": found.high}


def _published(rows: Sequence[Row]) -> dict[str, Any]:
    """The float-only published verifier over a population. It tries more ρ-sets an irrep only while the bound is
    low: with fewer allowed it proves those that needed no more."""
    sets = [row["sets"] for row in rows if row["accuracy"] >= PUBLISHED.wanted]
    return {
        **_share(len(sets), len(rows)),
        "proved_with_sets": [sum(needed <= allowed for needed in sets) for allowed in range(1, MOST_SETS + 1)],
        "above_half": sum(row["accuracy"] > 0.5 for row in rows),
        "above_zero": sum(row["accuracy"] > 0 for row in rows),
        **{flag: sum(row[flag] for row in rows) for flag in ("irrep_bad", "a_not_constant")},
        "either": sum(row["irrep_bad"] or row["a_not_constant"] for row in rows),
        "loss": _median(row["loss"] for row in rows),
        "loss_where_proved": _median(row["loss"] for row in rows if row["accuracy"] >= PUBLISHED.wanted),
    }


def _times(rows: Sequence[Row]) -> dict[str, Any]:
    """Medians of the published check's time over brute force's, one input at a time and on all at once."""
    return {
        "one_at_a_time": _median(row["check_one"] / row["brute_one"] for row in rows),
        "all_at_once": _median(row["check_all"] / row["brute_all"] for row in rows),
    }


def _alone(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "above_zero": sum(row["accuracy"] > 0 for row in rows),
        "margin": _median(row["margin"] for row in rows),
        "distance": _median(row["distance"] for row in rows),
    }


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(statistics.median(found)) if found else None


def _uses(used: Iterable[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    rows = [set(names) for names in used]
    counted = Counter(name for names in rows for name in names)
    found = {}
    for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        share = wilson(count, len(rows))
        found[name] = {"networks": count, "share": share.share, "low": share.low, "high": share.high}
    return found


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())
