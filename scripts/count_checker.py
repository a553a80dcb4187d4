"""How many lines the checker has, and how many of them run where a certificate of each rule is checked.

    python scripts/count_checker.py [--page docs/reading-the-checker.md]

A line counts if it holds code: blank lines, comments and docstrings do not, all lines of a statement do. What runs is
traced while `rhoset_check.check` reads two files and judges them; definitions, run at import, are left out. All
networks are constructed and small; each certificate proves every pair, so that nothing runs that its rule can spare.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

import rhoset_check
from rhoset.networks import write_network
from rhoset.networks.constructing import construct
from rhoset.prove import certify, quick
from rhoset.prove.search import Search
from rhoset.prove.subject import judged, subject

FOLDER = Path(rhoset_check.__file__).parent
BEGIN, END = "<!-- lines -->", "<!-- /lines -->"
RULES = ("exact", "even", "each", "points", "lowrank", "circles")
SEVERAL = {"auto, time": ("exact", "even", "points"), "auto": RULES}
"""What `certify` takes by the clock, and at all."""


def statements(path: Path) -> dict[int, set[int]]:
    """First line of each statement → the lines of code that belong to it alone; docstrings left out."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    code = {k for k, line in enumerate(lines, 1) if line.strip() and not line.strip().startswith("#")}
    found = dict[int, set[int]]()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.stmt):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            code -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            continue
        inner: list[ast.stmt] = getattr(node, "body", [])
        last = inner[0].lineno - 1 if inner and inner[0].lineno > node.lineno else node.end_lineno or node.lineno
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        found[node.lineno] = set(range(first, max(last, node.lineno) + 1))
    return {first: part & code for first, part in found.items()} | {k: {k} for k in code - set().union(*found.values())}


def run_lines(certificate: Path, network: Path) -> dict[str, set[int]]:
    """Of each file of the checker, the lines of code that run in a check of these two files."""
    ran = defaultdict[str, set[int]](set)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        path = Path(frame.f_code.co_filename)
        if path.parent != FOLDER:
            return None
        if event == "line":
            ran[path.name].add(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        verdict = rhoset_check.check(certificate, network)
    finally:
        sys.settrace(None)
    if verdict.right != verdict.inputs:
        raise SystemExit(f"{certificate}: not every pair is proved right")
    counted = {}
    for name, lines in ran.items():
        parts = statements(FOLDER / name).values()
        counted[name] = set[int]().union(*(part for part in parts if part & lines))
    return counted


def certificates(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Certificate and network of each rule; exact evaluates nothing but in the first."""
    network = construct("S4", ["natural:directions=4"], noise=0.01, seed=1).network
    path = write_network(folder / "network.safetensors", network)
    search = Search(subject(network, path=path))
    look = quick.looks(search)[0]
    made = {
        "exact": search.subject.certificate("exhaustive"),
        "even": look.certificate(quick.EVEN, singly=False),
        "each": look.each().certificate,
    }
    found = dict[str, tuple[Path, Path]]()
    for rule, certificate in made.items():
        judgement = judged(search.subject, certificate)
        if judgement is None:
            raise SystemExit(f"{rule}: refused")
        found[rule] = folder / f"{rule}.cert", path
        found[rule][0].write_bytes(judgement.data)
    circle = construct("C13", ["frequency 1:directions=8"], noise=0.003, seed=1).network
    around = write_network(folder / "circle.safetensors", circle)
    for rule in ("points", "lowrank", "circles"):
        one, its = (circle, around) if rule == "circles" else (network, path)
        found[rule] = folder / f"{rule}.cert", its
        certify(one, method=rule).write(found[rule][0])
    return {rule: found[rule] for rule in RULES}


def main() -> None:
    """Count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", type=Path, help="put the table into this page")
    options = parser.parse_args()
    files = sorted(path.name for path in FOLDER.glob("*.py"))
    whole = {name: len(set().union(*statements(FOLDER / name).values())) for name in files}
    with tempfile.TemporaryDirectory() as folder:
        ran = {rule: run_lines(*pair) for rule, pair in certificates(Path(folder)).items()}
    columns = {**{rule: (rule,) for rule in RULES}, **SEVERAL}
    rows = [
        (name, whole[name], *(len(set().union(*(ran[rule].get(name, ()) for rule in of))) for of in columns.values()))
        for name in files
        if whole[name]
    ]
    rows.append(("all", *(sum(row[k] for row in rows) for k in range(1, len(columns) + 2))))
    head = [f"| lines of code | in all | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    table = "\n".join([*head, *("| " + " | ".join(str(cell) if cell else "–" for cell in row) + " |" for row in rows)])
    print(table)
    if options.page:
        before, _, rest = options.page.read_text(encoding="utf-8").partition(f"{BEGIN}\n")
        after = rest.partition(END)[2]
        options.page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
