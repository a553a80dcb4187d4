"""What explaining costs, up to which noise it finds what was planted, and what it finds in networks.

    python benchmarks/explain.py cost
    python benchmarks/explain.py noise [--seeds 5] [--svg FILE] [--csv FILE]
    python benchmarks/explain.py table NET... [--csv FILE]

`cost` times `explain` on one thread (irreps and subgroups of the group at hand): S5 of width 128
and S6 of width 512, planted circuits with noise, and rank-one neurons in every irrep, the dearest
case. `noise` plants circuits, adds Gaussian noise of a relative size to every table, and counts the
neurons that are found in their circuit and slot. `table` prints one line a network: circuits, share
explained, accuracy of the ideal network, and what costs most where it is low.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from rhoset.explaining import diagnose, explain, slot_symmetries, structure
from rhoset.groups import Group, Irrep, group
from rhoset.networks import Network, evaluate, read_network
from rhoset.networks.constructing import Planted, construct
from rhoset.networks.runs import open_networks

PLANS = {
    "S5 [4,1] 5×5 + sign": ("S5", ["[4,1]", "sign"]),
    "S5 [2,1,1,1] 10×10": ("S5", ["[2,1,1,1]"]),
    "S5 [4,1] split": ("S5", ["[4,1]:split=0.6"]),
    "S5 rows 3/5 + 4/6": ("S5", ["[4,1]:rows=3", "[2,2,1]:rows=4"]),
    "A5 3a 12×12": ("A5", ["3a"]),
    "S4 [3,1] + [2,2]": ("S4", ["[3,1]", "[2,2]"]),
    "F21 6a (complex)": ("F21", ["6a"]),
    "SL(2,3) 4a (quaternionic)": ("SL(2,3)", ["4a"]),
    "C7 2a (complex)": ("C7", ["2a"]),
}
LEVELS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0)
GOOD = 0.98
"""Networks explained to less than this, or whose ideal network errs, get a reason in the table."""


def recovered(made: Planted) -> float:
    """Share of the planted neurons that are found in a circuit of the right shape and in one slot
    with most of those that were planted in theirs, in no slot with most of another's."""
    found = explain(made.network)
    held = 0
    for circuit in made.circuits:
        planted = {int(i): (int(b), int(c)) for i, b, c in zip(circuit.neurons, circuit.rows, circuit.columns)}
        for match in found.circuits:
            if match.shape != circuit.coupling.shape:
                continue
            pairs = slot_symmetries(match.left_set, match.right_set)
            votes: dict[tuple[int, int], dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
            mine = {}
            for i, b, c in zip(match.neurons.tolist(), match.rows, match.columns):
                if i in planted:
                    mine[i] = min((int(p[b]), int(q[c])) for p, q in pairs)
                    votes[planted[i]][mine[i]] += 1
            best = {slot: max(v, key=lambda s: v[s]) for slot, v in votes.items()}
            taken: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
            for slot, where in best.items():
                taken[where].append(slot)
            clear = {slot for slots in taken.values() if len(slots) <= len(pairs) for slot in slots}
            held += sum(planted[i] in clear and best[planted[i]] == slot for i, slot in mine.items())
    return held / sum(len(c.neurons) for c in made.circuits)


def noise(seeds: int, svg: Path | None, table: Path | None) -> None:
    rows = []
    for label, (name, plans) in PLANS.items():
        shares = []
        for level in LEVELS:
            some = [recovered(construct(group(name), plans, noise=level, seed=s)) for s in range(seeds)]
            shares.append(float(np.mean(some)))
        rows.append((label, shares))
        print(f"{label:28}", " ".join(f"{s:.2f}" for s in shares), flush=True)
    if table:
        with table.open("w", newline="") as handle:
            out = csv.writer(handle, lineterminator="\n")
            out.writerow(["planted", *LEVELS])
            out.writerows([label, *(f"{s:.4f}" for s in shares)] for label, shares in rows)
    if svg:
        svg.write_text(_chart(rows), encoding="utf-8")


def _chart(rows: list[tuple[str, list[float]]]) -> str:
    """Share of neurons recovered against noise, one line for each planted network."""
    colours = ["#1b6ca8", "#c8553d", "#2d936c", "#8a5cb8", "#b58900", "#d0487e", "#4f7d8c", "#7a6a53", "#222"]
    left, top, width, height = 46, 12, 420, 250

    def at(level: float, share: float) -> str:
        return f"{left + width * level / LEVELS[-1]:.1f},{top + height * (1 - share):.1f}"

    body = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = top + height * (1 - share)
        body.append(f'<line x1="{left}" y1="{y}" x2="{left + width}" y2="{y}" stroke="#ddd"/>')
        body.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{share:.0%}</text>')
    for level in (0, 0.5, 1, 1.5, 2):
        x = left + width * level / LEVELS[-1]
        body.append(f'<text x="{x}" y="{top + height + 16}" text-anchor="middle">{level:g}</text>')
    caption = "noise, relative to each table's root mean square"
    body.append(f'<text x="{left + width / 2}" y="{top + height + 34}" text-anchor="middle">{caption}</text>')
    for i, (label, shares) in enumerate(rows):
        points = " ".join(at(level, share) for level, share in zip(LEVELS, shares))
        colour = colours[i % len(colours)]
        body.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        y = top + 10 + 17 * i
        body.append(f'<line x1="482" y1="{y - 4}" x2="500" y2="{y - 4}" stroke="{colour}" stroke-width="2"/>')
        body.append(f'<text x="506" y="{y}">{label}</text>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 306" font-family="sans-serif" font-size="11"'
        ' role="img" aria-label="Share of planted neurons recovered against noise">'
        '<rect width="700" height="306" fill="#fff"/>' + "".join(body) + "</svg>\n"
    )


def everywhere(g: Group, irreps: tuple[Irrep, ...], width: int) -> Network:
    """Rank-one neurons with random vectors, spread over the non-trivial irreps."""
    rng = np.random.default_rng(0)
    tables: tuple[list[np.ndarray], ...] = ([], [], [])
    for i in range(width):
        irrep = irreps[1 + i % (len(irreps) - 1)]
        b, a, c = rng.normal(size=(3, irrep.dim))
        for table, (one, other) in zip(tables, ((b, a), (a, c), (b, c)), strict=True):
            table.append(irrep.matrices @ other @ one)
    left, right, unembed = (np.array(t) for t in tables)
    return Network(left.T, right.T, unembed, np.zeros(g.order), g.table)


def cost() -> None:
    for name, width, plans in (
        ("S5", 128, ["[4,1]:rows=4", "[2,2,1]:rows=5", "sign"]),
        ("S6", 512, ["[5,1]", "[4,2]:rows=10", "sign", "[2,2,2]"]),
    ):
        g = group(name)
        made = construct(g, plans, noise=0.1, width=width).network
        irreps, subgroups = structure(made)
        for label, network in (("planted", made), ("rank one everywhere", everywhere(g, irreps, width))):
            took = []
            for _ in range(3):
                start = time.process_time()
                found = explain(network, real_irreps=irreps, subgroups=subgroups)
                took.append(time.process_time() - start)
            print(f"{name} width {width}, {label}: {min(took):.3f} s, explained {found.explained:.3f}")


def table(specs: list[str], out: Path | None) -> None:
    known: dict[bytes, tuple] = {}
    rows = []
    for spec in specs:
        for label, path in open_networks(spec):
            network = read_network(path)
            key = network.table.tobytes()
            known.setdefault(key, structure(network))
            irreps, subgroups = known[key]
            found = explain(network, real_irreps=irreps, subgroups=subgroups)
            true, ideal = evaluate(network), evaluate(found.ideal)
            circuits = [f"{part.label} ({len(part.neurons)})" for part in found.parts]
            low = found.explained < GOOD or ideal.accuracy < min(1, true.accuracy)
            said = diagnose(found)
            reason = f"{said.terms[0].name}: {said.terms[0].largest:.2f} of {said.margin:.2f}" if low else ""
            rows.append([Path(label).stem, f"{true.accuracy:.4f}", "; ".join(circuits), f"{found.explained:.4f}",
                         f"{ideal.accuracy:.4f}", f"{ideal.margin:.2f}", reason])  # fmt: skip
            print(" | ".join(rows[-1]), flush=True)
    if out:
        with out.open("w", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(
                ["network", "accuracy", "circuits", "explained", "ideal accuracy", "ideal margin", "reason"]
            )
            writer.writerows(rows)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("cost")
    noisy = what.add_parser("noise")
    noisy.add_argument("--seeds", type=int, default=5)
    noisy.add_argument("--svg", type=Path)
    noisy.add_argument("--csv", type=Path)
    tabular = what.add_parser("table")
    tabular.add_argument("networks", nargs="+")
    tabular.add_argument("--csv", type=Path)
    given = parser.parse_args(arguments)
    if given.what == "cost":
        cost()
    elif given.what == "noise":
        noise(given.seeds, given.svg, given.csv)
    else:
        table(given.networks, given.csv)


if __name__ == "__main__":
    main(sys.argv[1:])
