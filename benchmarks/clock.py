"""Search and check by the clock, over the rigorous exhaustive check of the same network.

    python benchmarks/clock.py own=runs/s5 public=PATH/TO/S5_seed1.safetensors S6=s6.safetensors --limit 10

One core, one process. For every network exhaustive check and certification are run in turn, several times, and the
least of each is taken, so that a busy machine slows both alike. What depends on the group alone (subgroups, cosets,
irreps) is found before. Both verdicts are the checker's; the bounds must agree. ``--objective operations`` measures the
search for the shortest proof; ``--json FILE`` writes all figures, ``--page docs/prove.md`` puts the table into the
page, between the comments ``<!-- clock -->`` and ``<!-- /clock -->``.
"""

# ruff: noqa: E402 - threads are fixed before numpy is imported

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rhoset.networks import read_network
from rhoset.networks.runs import open_networks
from rhoset.prove import CertifyResult, certify_subject, subject


@dataclass(frozen=True)
class Row:
    """Figures of one network: seconds, and multiply-adds of the check over exhaustive."""

    kind: str
    name: str
    method: str
    agrees: bool
    exhaustive: float
    total: float
    check: float
    cost: float

    @property
    def ratio(self) -> float:
        """Search and check over the exhaustive check."""
        return self.total / self.exhaustive

    @property
    def check_ratio(self) -> float:
        """The check alone over the exhaustive check."""
        return self.check / self.exhaustive


def measure(kind: str, name: str, path: Path, objective: str, repeat: int) -> Row:
    """All figures of one network."""
    network = read_network(path)

    def proof(**options: Any) -> CertifyResult:
        return certify_subject(subject(network, path=path), **options)

    proof(objective=objective)  # what depends on the group, and code seen for the first time
    exhaustive, total, check = [], [], []
    for _ in range(repeat):
        plain = proof(method="exhaustive")
        exhaustive.append(plain.verdict.seconds)
        begin = time.perf_counter()
        made = proof(objective=objective)
        total.append(time.perf_counter() - begin)
        check.append(made.verdict.seconds)
    agrees = made.verdict.right == plain.verdict.right
    return Row(kind, name, made.verdict.method, agrees, min(exhaustive), min(total), min(check), made.cost.share)


def table(rows: list[Row]) -> str:
    """One line a kind: how many, by which methods, exhaustive milliseconds, the two ratios (median and most), cost."""
    lines = [
        "| networks | by | exhaustive, ms | search + check: median, most | check: median, most | operations | agree |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in dict.fromkeys(row.kind for row in rows):
        mine = [row for row in rows if row.kind == kind]
        methods = ", ".join(f"{count} {name}" for name, count in Counter(row.method for row in mine).most_common())
        ratios, checks = sorted(row.ratio for row in mine), sorted(row.check_ratio for row in mine)
        lines.append(
            f"| {kind} ({len(mine)}) | {methods} | {1000 * median(row.exhaustive for row in mine):.1f} |"
            f" {median(ratios):.2f}, {ratios[-1]:.2f} | {median(checks):.2f}, {checks[-1]:.2f} |"
            f" {median(row.cost for row in mine):.4f} | {sum(row.agrees for row in mine)} |"
        )
    return "\n".join(lines)


def put(page: Path, made: str) -> None:
    """Replace what stands between the two comments of a page."""
    before, begin, rest = page.read_text(encoding="utf-8").partition("<!-- clock -->\n")
    _, end, after = rest.partition("<!-- /clock -->")
    if not begin or not end:
        raise SystemExit(f"{page}: no <!-- clock --> and <!-- /clock --> on lines of their own")
    page.write_text(f"{before}{begin}\n{made}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="+", metavar="NAME=NET", help="networks by kind; a name may come several times")
    parser.add_argument("--objective", choices=["time", "operations"], default="time")
    parser.add_argument("--limit", type=int, help="only the first so many of each NET")
    parser.add_argument("--repeat", type=int, default=5, help="the least of so many runs [5]")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--page", type=Path, help="put the table into this page")
    options = parser.parse_args()
    rows = []
    for given in options.kinds:
        kind, _, spec = given.partition("=")
        for label, path in open_networks(spec)[: options.limit]:
            rows.append(measure(kind, label, path, options.objective, options.repeat))
    print(table(rows))
    if options.page:
        put(options.page, table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
