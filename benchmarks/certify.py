"""The table of short proofs: what is proved of every network, for how many operations, beside exhaustive.

    python benchmarks/certify.py population=runs/s5 public=PATH/TO/public-checkpoints --limit 20

One network at a time, on one core: ``certify --objective operations``, and how far slots alone go (method orbit).
Times are over the rigorous exhaustive check of the same network in the same run; `clock.py` measures ``--objective
time``. ``--json FILE`` writes all figures.
"""

# ruff: noqa: E402 - threads are fixed before numpy is imported

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rhoset.networks import read_network
from rhoset.networks.runs import open_networks
from rhoset.prove import CertifyResult, certify_subject, subject


@dataclass(frozen=True)
class Row:
    """Figures of one network; costs are multiply-adds over exhaustive, times over the exhaustive check's seconds."""

    kind: str
    name: str
    group: str
    width: int
    true: float
    method: str
    bound: float
    cost: float
    orbit: float
    orbit_cost: float
    search: float
    check: float
    table_operations: int


def measure(kind: str, name: str, path: Path) -> Row:
    """All figures of one network."""
    network = read_network(path)

    def proof(**options: str) -> CertifyResult:
        return certify_subject(subject(network, path=path), **options)

    plain = min((proof(method="exhaustive") for _ in range(2)), key=lambda m: m.verdict.seconds)
    made = proof(objective="operations")
    orbit = proof(method="orbit", objective="operations")
    seconds = plain.verdict.seconds
    return Row(
        kind,
        name,
        network.group.name,
        network.width,
        plain.verdict.accuracy_bound,
        made.verdict.method,
        made.verdict.accuracy_bound,
        made.cost.share,
        orbit.verdict.accuracy_bound,
        orbit.cost.share,
        made.search_seconds / seconds,
        made.verdict.seconds / seconds,
        made.cost.table,
    )


def table(rows: list[Row]) -> str:
    """One line a network."""
    lines = [
        "| network | group | width | true | method | bound | cost | orbit | cost | search | check |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.name} | {r.group} | {r.width} | {r.true:.4f} | {r.method} | {r.bound:.4f} | {r.cost:.4f} |"
        f" {r.orbit:.4f} | {r.orbit_cost:.4f} | {r.search:.1f} | {r.check:.2f} |"
        for r in rows
    ]
    return "\n".join(lines)


def summary(rows: list[Row]) -> list[str]:
    """Lines that say how a kind of networks fares."""
    costs = sorted(r.cost for r in rows)
    tenth = costs[min(len(costs) - 1, int(0.9 * len(costs)))]
    methods = ", ".join(f"{count} {name}" for name, count in Counter(r.method for r in rows).most_common())
    orbit = [r for r in rows if r.orbit >= 0.95]
    return [
        f"true accuracy proved for {sum(r.bound == r.true for r in rows)} of {len(rows)}; by {methods}",
        f"cost: median {median(costs):.4f}, nine in ten ≤ {tenth:.4f}, most {costs[-1]:.4f}",
        f"slots alone prove ≥ 95 % of {len(orbit)} of {len(rows)}",
        f"over the exhaustive check's seconds: search median {median(r.search for r in rows):.1f}, "
        f"check median {median(r.check for r in rows):.2f}",
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="+", metavar="NAME=NET", help="networks by kind; a name may come several times")
    parser.add_argument("--limit", type=int, help="only the first so many of each NET")
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    rows = []
    for given in options.kinds:
        kind, _, spec = given.partition("=")
        for label, path in open_networks(spec)[: options.limit]:
            rows.append(measure(kind, label.rpartition("#")[2] or path.stem, path))
    for kind in dict.fromkeys(r.kind for r in rows):
        mine = [r for r in rows if r.kind == kind]
        print(f"\n## {kind}\n\n{table(mine)}\n\n" + "\n".join(f"- {line}" for line in summary(mine)))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
