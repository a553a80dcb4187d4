"""The table of certificates: what is proved of every network, for how much work, beside exhaustive.

    python benchmarks/certify.py --population runs/s5 --public PATH/TO/public-checkpoints

One network at a time, on one core. For each: the vectorised float32 exhaustive evaluation in the same
run, `certify --method auto` (search and check), and methods gaps, equivariant and orbit alone. Then one
line a target of the project. ``--json FILE`` writes all figures.
"""

# ruff: noqa: E402 - threads are fixed before numpy is imported

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from rhoset.networks import Network, evaluate, read_network
from rhoset.networks.runs import open_networks
from rhoset.prove import certify
from rhoset_check import check

ALONE = ("gaps", "equivariant", "orbit")
"""Methods that are measured beside ``auto``."""
REPEAT = 3
"""Times are the least of so many runs."""


@dataclass(frozen=True)
class Row:
    """Figures of one network; costs are multiply-adds over exhaustive, times seconds.

    `alone`: bound, cost and seconds of the check of each of `ALONE`.
    """

    name: str
    group: str
    width: int
    true: float
    method: str
    bound: float
    cost: float
    alone: dict[str, tuple[float, float, float]]
    exhaustive_seconds: float
    search_seconds: float
    check_seconds: float
    file_seconds: float


def float32_exhaustive(network: Network) -> float:
    """Right answers by one vectorised float32 pass: rows of pairs, a matrix product, an argmax."""
    n = network.order
    left, right, unembed = (
        np.ascontiguousarray(t, dtype=np.float32) for t in (network.left, network.right, network.unembed)
    )
    bias = network.bias.astype(np.float32)
    right_answers = 0
    for x in range(n):
        hidden = right + left[x]
        np.maximum(hidden, 0, out=hidden)
        logits = hidden @ unembed
        logits += bias
        right_answers += int((logits.argmax(axis=1) == network.table[x]).sum())
    return right_answers / n**2


def least_time(run: Callable[[], object], repeat: int = REPEAT) -> float:
    """Seconds of the fastest of a few runs."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


def measure(name: str, path: Path, folder: Path) -> Row:
    """All figures of one network."""
    network = read_network(path)
    exhaustive = least_time(lambda: float32_exhaustive(network))
    made = certify(network)
    verdict = made.verdict
    certificate = made.write(folder / "auto.cert")
    check_seconds = min(check(certificate, path).seconds for _ in range(REPEAT))
    file_seconds = least_time(lambda: check(certificate, path))
    return Row(
        name,
        network.group.name,
        network.width,
        evaluate(network, np.float64).accuracy,
        verdict.method,
        verdict.accuracy_bound,
        made.cost.share,
        {method: alone(network, method) for method in ALONE},
        exhaustive,
        made.search_seconds,
        check_seconds,
        file_seconds,
    )


def alone(network: Network, method: str) -> tuple[float, float, float]:
    """Bound, cost and seconds of the check of one method, the length of the proof its objective."""
    made = certify(network, method=method, objective="operations")
    return made.verdict.accuracy_bound, made.cost.share, made.verdict.seconds


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    head = ["network", "true", "proved", "method", "cost"]
    head += [title for method in ALONE for title in (method, "cost")]
    head += ["search s", "check ms", "float32 exhaustive ms"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for r in rows:
        cells = [r.name, f"{r.true:.4f}", f"{r.bound:.4f}", r.method, f"{r.cost:.4f}"]
        cells += [said for method in ALONE for said in (f"{r.alone[method][0]:.3f}", f"{r.alone[method][1]:.4f}")]
        cells += [f"{r.search_seconds:.2f}", f"{1e3 * r.check_seconds:.1f}", f"{1e3 * r.exhaustive_seconds:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def share(rows: Sequence[Row], test: Callable[[Row], bool]) -> str:
    """How many rows pass, in words."""
    passed = sum(map(test, rows))
    return f"{passed} of {len(rows)} ({passed / len(rows):.0%})"


def summary(population: Sequence[Row], public: Sequence[Row]) -> list[str]:
    """One line a target."""
    lines = []
    if population:
        costs = sorted(r.cost for r in population)
        tenth = costs[min(len(costs) - 1, int(np.ceil(0.9 * len(costs))) - 1)]
        lines += [
            f"population: true accuracy proved for {share(population, lambda r: r.bound == r.true)}; "
            f"cost median {median(costs):.4f} (target 0.05), nine in ten ≤ {tenth:.4f} (0.35), "
            f"most {costs[-1]:.4f}",
            "population: ≥ 95 % by "
            + ", ".join(f"{m} {share(population, lambda r, m=m: r.alone[m][0] >= 0.95)}" for m in ALONE)
            + " (published 45 %)",
        ]
        certify_check = median((r.search_seconds + r.check_seconds) / r.exhaustive_seconds for r in population)
        only_check = median(r.check_seconds / r.exhaustive_seconds for r in population)
        lines.append(
            f"population, wall time over float32 exhaustive: certify and check {certify_check:.2f} "
            f"(target 0.3), check {only_check:.2f}"
        )
    kinds = [
        ("S5, width ≥ 96", lambda r: r.group == "S5" and r.width >= 96, 0.30, "median"),
        ("C113, C118", lambda r: r.group in ("C113", "C118"), 0.15, "most"),
        ("D59, D61", lambda r: r.group in ("D59", "D61"), 0.25, "most"),
        ("badly trained", lambda r: r.true < 0.9, 1.1, "most"),
    ]  # fmt: skip
    for name, belongs, target, how in kinds:
        rows = [r for r in public if belongs(r)]
        if rows:
            costs = [r.cost for r in rows]
            value = median(costs) if how == "median" else max(costs)
            lines.append(
                f"public {name}: true accuracy proved for {share(rows, lambda r: r.bound == r.true)}; "
                f"cost {how} {value:.4f} (target {target})"
            )
    return lines


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--population", help="a run folder")
    parser.add_argument("--public", help="the folder of the public checkpoints")
    parser.add_argument("--limit", type=int, help="only the first so many of each")
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    if not options.population and not options.public:
        parser.error("give --population RUN, --public FOLDER, or both")
    import tempfile

    found: dict[str, list[Row]] = {"population": [], "public": []}
    with tempfile.TemporaryDirectory() as folder:
        for kind, rows in found.items():
            spec = getattr(options, kind)
            for label, path in open_networks(spec)[: options.limit] if spec else []:
                name = path.stem if kind == "public" else label.rpartition("#")[2]
                rows.append(measure(name, path, Path(folder)))
    for kind, rows in found.items():
        if rows:
            print(f"\n## {kind}\n\n{table(rows)}")
    print("\n" + "\n".join(f"- {line}" for line in summary(found["population"], found["public"])))
    if options.json:
        figures = {kind: [asdict(r) for r in rows] for kind, rows in found.items()}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
