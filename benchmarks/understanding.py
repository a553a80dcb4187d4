"""The tables of docs/understanding.md: every account of every network of a population, side by side.

python benchmarks/understanding.py measure OUT.jsonl NET...   # one JSON line a network, as it goes
python benchmarks/understanding.py decide OUT.jsonl NET...    # what readings and training pairs decide (slow)
python benchmarks/understanding.py table OUT.jsonl            # least and median of each number, in Markdown
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from rhoset.explaining import analyse, compare, equivariance, minimality, reading_law, writing_law
from rhoset.networks import Network, open_networks, read_network


def measure(network: Network) -> dict[str, Any]:
    """Accounts, equivariance, the laws at the network, minimality."""
    of = analyse(network)
    row: dict[str, Any] = {}
    for each in compare(of):
        row[f"{each.name}: explained"] = each.explained
        row[f"{each.name}: ideal accuracy"] = each.result.accuracy
    found = equivariance(network)
    row |= {f"equivariant: {name}": getattr(found, name) for name in ("left", "right", "both", "by_class")}
    row |= {f"unembed by {name}": value for name, value in of.writing_law.shares().items() if value == value}
    reading = reading_law(network)
    if reading is not None:
        row |= {f"reading: {name}": value for name, value in reading.shares().items()}
    parts = minimality(of.explanation)
    smallest = min(map(len, parts.sufficient), default=0)
    return row | {"parts": len(parts.parts), "parts that are enough": smallest, "minimal": float(parts.minimal)}


def decide(network: Network) -> dict[str, Any]:
    """The convex problem solved."""
    law = writing_law(network, decide=True)
    row = {f"unembed by {name}": value for name, value in law.shares().items() if value == value}
    return row if law.decided is None else row | {"distance to the minimum": law.decided.distance}


def table(lines: list[dict[str, Any]]) -> None:
    """One row a number: how many networks have it, least, median, most."""
    print(f"{len(lines)} networks\n\n| | networks | least | median | most |\n|---|---|---|---|---|")
    for name in dict.fromkeys(key for line in lines for key in line if key != "network"):
        values = np.array([line[name] for line in lines if name in line], dtype=float)
        print(f"| {name} | {len(values)} | {values.min():.4f} | {np.median(values):.4f} | {values.max():.4f} |")


def main(mode: str, out: str, *specs: str) -> None:
    if mode == "table":
        table([json.loads(line) for line in Path(out).read_text(encoding="utf-8").splitlines()])
        return
    with Path(out).open("a", encoding="utf-8") as target:
        for spec in specs:
            for label, path in open_networks(spec):
                row = {"measure": measure, "decide": decide}[mode](read_network(path))
                target.write(json.dumps({"network": label, **row}) + "\n")
                target.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
