"""How the cost of proofs grows with the order of the group, from S3 (6) to M11 (7,920).

    python benchmarks/scaling.py --out docs

For each group a constructed network (natural action, noisy, shuffled, rescaled), each in a process
of its own on one core: explain and certify, then `rhoset_check` of the files. Exhaustive is timed on
a sample of pairs and extrapolated wherever all pairs would take more than a minute; such figures are
marked. Seconds are CPU seconds, which a loaded machine changes little. Writes ``scaling.json`` and
``scaling.svg`` into the folder and the table into its ``scaling.md``.
"""

# ruff: noqa: E402 - threads are fixed before numpy is imported

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

CASES: tuple[tuple[str, str], ...] = (
    ("S3", "natural:directions=4"),
    ("S4", "natural:directions=4"),
    ("A5", "natural:directions=4"),
    ("S5", "natural:directions=4"),
    ("A6", "natural:directions=4"),
    ("PSL(2,11)", "natural:directions=4"),
    ("S6", "natural:directions=4"),
    ("A7", "natural:directions=4"),
    ("S7", "natural:directions=4"),
    ("M11", "natural:directions=8"),
)
"""Groups whose natural action is 2-transitive, with the circuit that is planted."""

NOISE = 0.003
"""Noise on the weights, relative to each table's root mean square."""

EXHAUSTIVE_SECONDS = 60.0
"""Exhaustive evaluation is run in full when it is expected to take less."""

SAMPLE_OPERATIONS = 2e10
"""Multiply-adds of the sample of pairs from which it is extrapolated otherwise."""

BEGIN, END = "<!-- table of benchmarks/scaling.py -->", "<!-- end of table -->"
"""Markers in the page between which the table stands."""

EQUIVARIANT_MAX_ORDER = 400
"""Above, the bound for each input takes minutes."""


def peak_gb() -> float:
    """Peak resident memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def prove_stage(name: str, plan: str, folder: Path) -> dict[str, Any]:
    """Construct and write the network; explain, certify and write the certificate."""
    from rhoset.networks import evaluate, write_network
    from rhoset.networks.constructing import construct
    from rhoset.prove import certify

    network = construct(name, [plan], noise=NOISE, seed=1).network
    write_network(folder / "net.safetensors", network)
    n, m = network.order, network.width
    begin = time.process_time()
    made = certify(network, method="gaps", objective="operations")
    out: dict[str, Any] = {"group": name, "order": n, "width": m, "noise": NOISE}
    out["certify_seconds"] = time.process_time() - begin
    out["certify_gb"] = peak_gb()
    made.write(folder / "net.cert")
    if n <= EQUIVARIANT_MAX_ORDER:
        other = certify(network, method="equivariant", objective="operations")
        out["equivariant"] = {
            "operations": other.cost.operations,
            "seconds": other.verdict.seconds,
            "accuracy_bound": other.verdict.accuracy_bound,
        }
    begin = time.process_time()
    sample = evaluate(network, operations=min(float(n) ** 3 * m, SAMPLE_OPERATIONS))
    seconds = (time.process_time() - begin) * n * n / sample.pairs
    extrapolated = sample.pairs < n * n
    if extrapolated and seconds < EXHAUSTIVE_SECONDS:
        begin = time.process_time()
        evaluate(network)
        seconds, extrapolated = time.process_time() - begin, False
    out["exhaustive"] = {
        "operations": n**3 * m + n * n * m,
        "seconds": seconds,
        "extrapolated": extrapolated,
    }
    return out


def check_stage(folder: Path) -> dict[str, Any]:
    """The independent checker on the two files."""
    from rhoset.counting import cost_of_files
    from rhoset_check import check

    files = folder / "net.cert", folder / "net.safetensors"
    begin = time.process_time()
    verdict = check(*files)
    seconds, gb, cost = time.process_time() - begin, peak_gb(), cost_of_files(*files, verdict)
    return {
        "valid": verdict.valid,
        "accuracy_bound": verdict.accuracy_bound,
        "margin_bound": verdict.margin_bound,
        "operations": cost.operations,
        "table_operations": cost.table,
        "check_seconds": seconds,
        "check_gb": gb,
    }


def exponent(orders: list[int], values: list[float]) -> float:
    """Slope of the least-squares line through (log n, log value)."""
    return float(np.polyfit(np.log(orders), np.log(values), 1)[0])


def measure(name: str, plan: str) -> dict[str, Any]:
    """Both stages of one group, each in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        stages = (["prove", name, plan, folder], ["check", folder])
        row: dict[str, Any] = {}
        for stage in stages:
            command = [sys.executable, __file__, "--stage", *stage]
            row |= json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return row


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Fitted exponents: of operations in n, and of those for each neuron."""
    orders = [row["order"] for row in rows]
    per_neuron = [row["operations"] / row["width"] for row in rows]
    big = [row for row in rows if row["order"] >= 60]
    return {
        "gaps_operations_per_neuron": exponent(orders, per_neuron),
        "gaps_operations": exponent(orders, [row["operations"] for row in rows]),
        "check_seconds_from_60": exponent([row["order"] for row in big], [row["check_seconds"] for row in big]),
        "exhaustive_operations_per_neuron": exponent(
            orders, [row["exhaustive"]["operations"] / row["width"] for row in rows]
        ),
    }


def table(rows: list[dict[str, Any]], fitted: dict[str, Any]) -> str:
    """The table in Markdown."""
    lines = [
        "| group | n | m | bound | gaps operations | of exhaustive | table's check | certify s | GB | check s | GB |"
        " equivariant operations | exhaustive operations | exhaustive s |",
        "|---|" + "---:|" * 13,
    ]
    for row in rows:
        full = row["exhaustive"]
        other = row.get("equivariant")
        lines.append(
            f"| {row['group']} | {row['order']} | {row['width']} | {row['accuracy_bound']:.2%} |"
            f" {row['operations']:.2e} | {row['operations'] / full['operations']:.1e} |"
            f" {row['table_operations']:.1e} | {row['certify_seconds']:.2f} | {row['certify_gb']:.2f} |"
            f" {row['check_seconds']:.2f} | {row['check_gb']:.2f} |"
            f" {format(other['operations'], '.1e') if other else '–'} | {full['operations']:.1e} |"
            f" {full['seconds']:.3g}{' (extrapolated)' if full['extrapolated'] else ''} |"
        )
    lines += ["", "Fitted exponents in n:", ""]
    lines += [f"- {key.replace('_', ' ')}: {value:.2f}" for key, value in fitted.items()]
    return "\n".join(lines) + "\n"


def insert(page: Path, content: str) -> None:
    """Put the table between the page's markers; a page without them is begun."""
    old = page.read_text() if page.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = old.partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{content}{END}{rest.partition(END)[2]}")


def plot(rows: list[dict[str, Any]]) -> str:
    """Log-log: operations against order, exhaustive and gaps, and the table's check."""
    import altair as alt
    import vl_convert

    series = {
        "exhaustive": [row["exhaustive"]["operations"] for row in rows],
        "gaps": [row["operations"] for row in rows],
        "table is a group's": [row["table_operations"] for row in rows],
    }
    points = [
        {"order": row["order"], "multiply-adds": value, "of": name}
        for name, values in series.items()
        for row, value in zip(rows, values, strict=True)
    ]
    chart = (
        alt.Chart(alt.Data(values=points), width=480, height=320, title="Multiply-adds against the order of the group")
        .mark_line(point=True)
        .encode(
            alt.X("order:Q", scale=alt.Scale(type="log")),
            alt.Y("multiply-adds:Q", scale=alt.Scale(type="log"), axis=alt.Axis(format=".0e")),
            alt.Color("of:N", title=None),
        )
    )
    return vl_convert.vegalite_to_svg(chart.to_dict())


def main() -> None:
    """Run the benchmark, or one stage of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--groups", nargs="*", help="only these")
    parser.add_argument("--stage", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        kind, *rest = given.stage
        made = prove_stage(rest[0], rest[1], Path(rest[2])) if kind == "prove" else check_stage(Path(rest[0]))
        print(json.dumps(made))
        return
    rows = []
    for name, plan in CASES:
        if given.groups and name not in given.groups:
            continue
        rows.append(measure(name, plan))
        row = rows[-1]
        print(
            f"{name}: n {row['order']}, m {row['width']}, bound {row['accuracy_bound']:.2%}, certify"
            f" {row['certify_seconds']:.2f} s, check {row['check_seconds']:.2f} s, {row['check_gb']:.2f} GB",
            flush=True,
        )
    fitted = summary(rows)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "scaling.json").write_text(json.dumps({"rows": rows, "exponents": fitted}, indent=1) + "\n")
    insert(given.out / "scaling.md", table(rows, fitted))
    (given.out / "scaling.svg").write_text(plot(rows))
    print(json.dumps(fitted, indent=1))


if __name__ == "__main__":
    main()
