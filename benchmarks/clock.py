"""Search and check by the clock, over the rigorous exhaustive check of the same network in the same run.

    python benchmarks/clock.py own=runs/s5 recipe=runs/wu2024 public=PATH/TO/public-checkpoints --s6 --limit 12
    python benchmarks/clock.py own=runs/s5 --population runs/s5 --page docs/prove.md

Every argument is a network file, a run, or a folder of networks, with a name before it or not; networks of one name and
group make a row. One core, one process; for every network the exhaustive check and certification by both objectives are
run in turn, several times where that is short, and the least of each is taken. Finding the explanation is included
where a plan needs it; what depends on the group alone (subgroups, cosets, irreps) is found before. All verdicts are the
checker's, and the true accuracy must be proved. ``--s6`` constructs noisy networks of S6, width 128 to 512.
``--population RUN`` adds what `rhoset explain`, `certify` and `check` of all its networks take from the command line,
with modules compiled before, as they are wherever Python may write beside them.
On a busy machine ``--processor`` counts processor time. The three given take five minutes on a laptop.
"""

# ruff: noqa: E402 - threads are fixed before numpy is imported

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rhoset.networks import read_network, write_network
from rhoset.networks.constructing import construct
from rhoset.networks.runs import open_networks
from rhoset.prove import CertifyResult, certify_subject, subject
from rhoset_check.verdict import judge

LONG = 0.5
"""Seconds after which nothing is run once more."""
WIDTHS = (128, 256, 512)
"""Of the networks of S6: as many neurons a slot of [5,1] as fit; of half the width there, and half on [2,2,2]."""
NOISE = 0.05
"""Of theirs, relative to each neuron's part of each table."""


@dataclass(frozen=True)
class Proof:
    """Seconds of the search with the check, of the search and of the check, multiply-adds of the check over
    exhaustive."""

    method: str
    total: float
    search: float
    check: float
    cost: float
    right: int


@dataclass(frozen=True)
class Row:
    """Figures of one network; `exhaustive` in seconds."""

    kind: str
    name: str
    exhaustive: float
    right: int
    by_time: Proof
    by_operations: Proof

    @property
    def total(self) -> float:
        """Search and check for `time` over the exhaustive check."""
        return self.by_time.total / self.exhaustive

    @property
    def check(self) -> float:
        """The check of that proof over the exhaustive check."""
        return self.by_time.check / self.exhaustive

    @property
    def search(self) -> float:
        """The search for the shortest proof, its check left out, over the exhaustive check."""
        return self.by_operations.search / self.exhaustive

    @property
    def agrees(self) -> bool:
        """Both proofs say what exhaustive checking does."""
        return self.right == self.by_time.right == self.by_operations.right


Clock = Callable[[], float]


def least(work: Callable[[], object], clock: Clock, repeat: int) -> float:
    """The least seconds of several runs, of one where it is long."""
    found, begin = float("inf"), clock()
    for _ in range(repeat):
        start = clock()
        work()
        found = min(found, clock() - start)
        if clock() - begin > LONG:
            break
    return found


def measure(kind: str, name: str, path: Path, clock: Clock, repeat: int) -> Row:
    """All figures of one network."""
    network = read_network(path)
    weights = subject(network, path=path).weights

    def made(**options: str) -> CertifyResult:
        return certify_subject(subject(network, path=path), **options)

    def proof(objective: str) -> Proof:
        found = made(objective=objective)
        runs = [found]
        check = least(lambda: judge(found.certificate, weights), clock, repeat)
        total = least(lambda: runs.append(made(objective=objective)), clock, repeat)
        search = min(run.search_seconds for run in runs)
        return Proof(found.verdict.method, total, search, check, found.cost.share, found.verdict.right)

    plain = made(method="exhaustive")
    exhaustive = least(lambda: judge(plain.certificate, weights), clock, repeat)
    return Row(kind, name, exhaustive, plain.verdict.right, proof("time"), proof("operations"))


def spent() -> float:
    """Processor seconds of all processes that have ended and of this one."""
    return sum(os.times()[:4])


def table(rows: list[Row]) -> str:
    """One line a kind."""
    lines = [
        "| networks | exhaustive, ms | `time` by | search + check: median, most | check: median, most |"
        " `operations` by | length | search: median, most | agree |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in dict.fromkeys(row.kind for row in rows):
        mine = [row for row in rows if row.kind == kind]

        def said(figures: list[float]) -> str:
            return f"{median(figures):.2f}, {max(figures):.2f}"

        def methods(names: list[str]) -> str:
            return ", ".join(f"{count} {name}" for name, count in Counter(names).most_common())

        lines.append(
            f"| {kind} ({len(mine)}) | {1000 * median(row.exhaustive for row in mine):.1f} |"
            f" {methods([row.by_time.method for row in mine])} | {said([row.total for row in mine])} |"
            f" {said([row.check for row in mine])} | {methods([row.by_operations.method for row in mine])} |"
            f" {median(row.by_operations.cost for row in mine):.4f} | {said([row.search for row in mine])} |"
            f" {sum(row.agrees for row in mine)} |"
        )
    return "\n".join(lines)


def worst(rows: list[Row], count: int) -> str:
    """The networks whose proofs take longest."""
    lines = ["| network | `time` by | search + check | `operations` by | search |", "|---|---|---|---|---|"]
    for key in (lambda row: -row.total, lambda row: -row.search):
        lines += [
            f"| {row.name} | {row.by_time.method} | {row.total:.2f} | {row.by_operations.method} | {row.search:.1f} |"
            for row in sorted(rows, key=key)[:count]
        ]
    return "\n".join(lines)


def population(spec: str, clock: Clock) -> str:
    """Seconds of the three commands on all networks of a run, in a copy of it."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as compiled:
        place = Path(folder)
        files = [
            Path(shutil.copy(path, place / f"{k:04d}.safetensors")) for k, (_, path) in enumerate(open_networks(spec))
        ]
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run(command: str, network: Path, files: list[Path]) -> float:
            given = [str(file.with_suffix(".auto.cert")) for file in files] if command == "check" else []
            given += ["--network", str(network)] if given else [str(network)]
            call = [sys.executable, "-m", "rhoset", command, *given, "-q", "--json"]
            begin = clock()
            subprocess.run(call, check=True, stdout=subprocess.DEVNULL, env=environment)
            return clock() - begin

        commands = ("explain", "certify", "check")
        for command in commands:  # which compiles what it loads
            run(command, files[0], files[:1])
        seconds = {command: run(command, place, files) for command in commands}
    said = " + ".join(f"{name} {taken:.1f}" for name, taken in seconds.items())
    total, cores = sum(seconds.values()), os.cpu_count()
    what = "s" if clock is time.perf_counter else "s of processor time"
    return f"{len(files)} networks from the command line, on {cores} cores: {said} = {total:.1f} {what}."


def constructed(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Kind, name and file of each network of S6."""
    for width in WIDTHS:
        slots = width // 36
        for seed, plans in enumerate(
            ([f"[5,1]:directions={slots}"], [f"[{p}]:directions={slots // 2 or 1}" for p in ("5,1", "2,2,2")])
        ):
            network = construct("S6", plans, noise=NOISE, seed=seed, width=width).network
            name = f"S6, width {width}, {' and '.join(plan.partition(':')[0] for plan in plans)}"
            yield f"constructed S6, width {width}", name, write_network(folder / f"{width}-{seed}.safetensors", network)


def given(spec: str, limit: int | None) -> Iterator[tuple[str, str, Path]]:
    """Kind, name and file of each network of an argument, at most so many of a kind."""
    name, _, place = spec.rpartition("=") if not Path(spec).exists() else ("", "", spec)
    found = Counter[str]()
    for label, path in open_networks(place):
        kind = f"{name or Path(place).name} {read_network(path).group.name}"
        found[kind] += 1
        if limit is None or found[kind] <= limit:
            yield kind, label, path


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
    parser.add_argument("networks", nargs="*", metavar="[NAME=]NET", help="a network file, a run, a folder")
    parser.add_argument("--s6", action="store_true", help="construct networks of S6 as well")
    parser.add_argument("--limit", type=int, help="only the first so many of a kind")
    parser.add_argument("--repeat", type=int, default=5, help="the least of so many runs [5]")
    parser.add_argument(
        "--worst", type=int, default=5, help="so many of those that take longest, by each objective [5]"
    )
    parser.add_argument("--population", metavar="RUN", help="what the command line takes for all its networks")
    parser.add_argument("--processor", action="store_true", help="processor time, for a busy machine")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--page", type=Path, help="put the table into this page")
    options = parser.parse_args()
    clock = time.process_time if options.processor else time.perf_counter
    rows, said = list[Row](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        wanted = [one for spec in options.networks for one in given(spec, options.limit)]
        for kind, label, path in [*wanted, *(constructed(Path(folder)) if options.s6 else ())]:
            rows.append(measure(kind, label, path, clock, options.repeat))
            print(f"{label}: {rows[-1].total:.2f}, {rows[-1].search:.1f}", file=sys.stderr)
    said += [table(rows)] if rows else []
    said += [population(options.population, spent if options.processor else clock)] if options.population else []
    print("\n\n".join([*said, worst(rows, options.worst)]))
    if options.page:
        put(options.page, "\n\n".join(said))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
