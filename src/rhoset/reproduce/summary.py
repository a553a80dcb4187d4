"""A population in numbers: shares proved with intervals, medians of cost and time, irreps learned."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rhoset.report.words import wilson
from rhoset.reproduce.published import PUBLISHED

Row = Mapping[str, Any]


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Numbers of one population from the rows of `measure`.

    Shares come with Wilson 95 % intervals, costs and times as medians over the networks.
    """
    total = len(rows)
    methods = list(rows[0]["methods"]) if rows else []
    return {
        "networks": total,
        "full_accuracy": sum(row["accuracy"] >= 1 for row in rows),
        "loss": _median(row["loss"] for row in rows),
        "explained": _median(row["explained"] for row in rows),
        "ideal_accuracy": _median(row["ideal_accuracy"] for row in rows),
        "brute_force_seconds": _median(row["brute_force_seconds"] for row in rows),
        "vectorised_seconds": _median(row["vectorised_seconds"] for row in rows),
        "methods": {method: _method(rows, method) for method in methods},
        "irreps": _uses(row["irreps"] for row in rows),
        "irrep_sets": _counted(" + ".join(sorted(row["irreps"])) for row in rows),
        "kinds": _counted(c["kind"] for row in rows for c in row["circuits"]),
        "dearest_terms": _counted(str(row["dearest_term"]).split(" ")[0] for row in rows if row["dearest_term"]),
    }


def _method(rows: Sequence[Row], method: str) -> dict[str, Any]:
    found = [row["methods"][method] for row in rows]
    proved = sum(f["bound"] >= PUBLISHED.wanted for f in found)
    exact = sum(f["bound"] == row["accuracy"] for f, row in zip(found, rows, strict=True))
    costs = [f["operations"] / f["exhaustive_operations"] for f in found]
    unsound = [row["index"] for f, row in zip(found, rows, strict=True) if f["bound"] > row["accuracy"]]
    low, high = wilson(proved, len(found))
    return {
        "proved": proved,
        "share": proved / len(found),
        "low": low,
        "high": high,
        "exact": exact,
        "cost": _median(costs),
        "cost_quartiles": _quartiles(costs),
        "within_30_percent": sum(
            f["bound"] >= PUBLISHED.wanted and c <= PUBLISHED.time_share for f, c in zip(found, costs, strict=True)
        ),
        "seconds": _median(f["seconds"] for f in found),
        "over_brute_force": _median(
            f["seconds"] / row["brute_force_seconds"] for f, row in zip(found, rows, strict=True)
        ),
        "over_vectorised": _median(
            f["seconds"] / row["vectorised_seconds"] for f, row in zip(found, rows, strict=True)
        ),
        "search_seconds": _median(f["search_seconds"] for f in found),
        "above_accuracy": unsound,
    }


def _median(values: Any) -> float | None:
    found = list(values)
    return float(statistics.median(found)) if found else None


def _quartiles(values: Sequence[float]) -> list[float]:
    if len(values) < 2:
        return [*values, *values]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return [low, high]


def _uses(used: Any) -> dict[str, dict[str, float]]:
    rows = [set(names) for names in used]
    counted = Counter(name for names in rows for name in names)
    found = {}
    for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        low, high = wilson(count, len(rows))
        found[name] = {"networks": count, "share": count / len(rows), "low": low, "high": high}
    return found


def _counted(values: Any) -> dict[str, int]:
    return dict(Counter(values).most_common())
