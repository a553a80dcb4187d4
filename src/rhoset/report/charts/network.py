"""Figures of one network: the account of its margin, margins, training, energy, slots, quadratures, frontier."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rhoset.report.charts.figure import Figure, Row
from rhoset.report.methods import method_domain, method_family
from rhoset.report.palette import COLOURS, Colours, colour_order, told_apart
from rhoset.report.views import (
    AccountView,
    CircuitView,
    FrontierView,
    HistoryView,
    IrrepView,
    MarginView,
    Matrix,
    QuadratureView,
)
from rhoset.report.words import adding_up, at_least, counted, hundredths, percent

FAINT = 0.02
"""Shares of energy below this are not drawn in the heat map."""

SLOT_BANDS = 10
"""The chart of slots grows up to this many rows, then its rows get smaller."""


def loss_figure(view: AccountView) -> Figure:
    """From the explanation's margin, term by term, to the network's own, at its worst input."""
    start, taken, end = adding_up(view.ideal, [worst for _, worst, _ in view.joined], view.margin)
    rows: list[Row] = [_bar("margin of the explanation", start, 0.0, view.ideal, "margin", view.mean_ideal)]
    level = view.ideal
    for (name, worst, mean), said in zip(view.joined, taken, strict=True):
        words = f"{'−' if said > 0 else '+'}{hundredths(abs(said))}"
        if said:
            rows.append(_bar(name, words, level, level - worst, "lost" if worst > 0 else "gained", -mean))
        level -= worst
    rows.append(_bar("margin of the network", end, 0.0, view.margin, "margin", view.mean_margin))
    told = f"The explanation's margin of {start} nats, the terms that take from it, and {end} left."
    return Figure("account", rows, told, bands=len(rows))


def _bar(term: str, words: str, start: float, end: float, kind: str, mean: float) -> Row:
    return {
        "term": term,
        "start": round(start, 5),
        "end": round(end, 5),
        "value": round(end - start, 6),
        "mean": round(mean, 6),
        "kind": kind,
        "line": f"{term}  {words}",
    }


def margins_figure(view: MarginView, colours: Colours) -> Figure:
    """The mean margin over the answers xwy, by class of w, and who provides it: irreps that colours tell apart, and
    all others together."""
    rows: list[Row] = []
    *irreps, other = view.irreps
    kept = [k for k, irrep in enumerate(irreps) if irrep in told_apart(colours)]
    shown = (*(irreps[k] for k in kept), other)
    for k, (name, size, parts) in enumerate(zip(view.classes, view.sizes, view.parts, strict=True)):
        total, named = sum(parts), [parts[j] for j in kept]
        for rank, (irrep, part) in enumerate(zip(shown, (*named, total - sum(named)), strict=True)):
            row = {"place": k, "w": name, "size": size, "irrep": irrep, "part": part, "rank": rank, "total": total}
            if rank == 0:
                row["line"] = f"{name}  ({counted(size, 'element')}):  {total:.2f}"
            rows.append(row)
    said = "Stacked bars: mean margin by class of the error w"
    return Figure("margins", rows, said, _with_other(colours), shown, len(view.classes))


def _with_other(colours: Colours) -> tuple[str, ...]:
    """The whole domain, so that colours agree between charts, with `other` in the grey place."""
    full = list(colour_order(colours))
    while len(full) % (COLOURS + 1) != COLOURS:
        full.append(f"\u2007{len(full)}")
    return (*full, "other")


def history_figure(view: HistoryView) -> Figure:
    """Loss at each recorded step."""
    accuracy = view.accuracy or (None,) * len(view.steps)
    rows: list[Row] = [
        {"step": step, "loss": max(loss, 1e-12), "accuracy": right}
        for step, loss, right in zip(view.steps, view.loss, accuracy, strict=True)
    ]
    return Figure("history", rows, "Loss over training")


def shares_figure(view: HistoryView, irreps: Sequence[IrrepView], colours: Colours) -> Figure | None:
    """How the energy moved into few irreps; None without snapshots."""
    if not view.energy:
        return None
    strongest = [k for k in range(len(irreps)) if max(row[k] for row in view.energy) >= FAINT]
    names = tuple(irreps[k].name for k in strongest)
    rows: list[Row] = [
        {"step": step, "irrep": irreps[k].name, "share": shares[k], "rank": rank, "kind": "energy"}
        for step, shares in zip(view.energy_steps, view.energy, strict=True)
        for rank, k in enumerate(strongest)
    ]
    for step, share in zip(view.energy_steps, view.explained, strict=False):
        rows.append({"step": step, "irrep": "explained by circuits", "share": share, "rank": 99, "kind": "explained"})
    template = "shares" if view.explained else "energies"
    return Figure(template, rows, "Share of energy in each irrep over training", colour_order(colours), names)


def energy_figure(energy: Matrix, irreps: Sequence[IrrepView], colours: Colours) -> Figure:
    """Irreps × neurons, sorted by their strongest irrep, then by its share."""
    order = sorted(
        (i for i, neuron in enumerate(energy) if max(neuron) >= FAINT),
        key=lambda i: (energy[i].index(max(energy[i])), -max(energy[i])),
    )
    rows: list[Row] = [
        {"place": place, "neuron": i, "irrep": irreps[k].name, "share": share}
        for k in range(len(irreps))
        for place, i in enumerate(order)
        if (share := energy[i][k]) >= FAINT
    ]
    said = f"Heat map: share of energy of {counted(len(order), 'neuron')} in each irrep"
    bands = len({row["irrep"] for row in rows})
    return Figure("energy", rows, said, colour_order(colours), (), bands)


def slots_figure(view: CircuitView) -> Figure | None:
    """Weight on each slot; None for a circuit with too many to show."""
    if not view.slots:
        return None
    left = view.left.labels or tuple(map(str, range(view.left_size)))
    right = (view.right or view.left).labels or tuple(map(str, range(view.right_size)))
    rows: list[Row] = [
        {"b": _distinct(left, b), "c": _distinct(right, c), "weight": weight, "row": b, "column": c}
        for b, weights in enumerate(view.slots)
        for c, weight in enumerate(weights)
    ]
    said = f"Weight on each of {view.left_size} × {view.right_size} slots"
    return Figure("slots", rows, said, bands=min(view.left_size, SLOT_BANDS))


def _distinct(labels: Sequence[str], place: int) -> str:
    return labels[place] if place < len(labels) else str(place)


def frontier_figure(view: FrontierView) -> Figure:
    """Each plan as its method's mark, and the best bound for each budget."""
    rows: list[Row] = []
    best = 0.0
    for method, cost, bound in view.points:
        best = max(best, bound)
        row = {"plan": method, "method": method_family(method), "at": cost, "bound": bound, "best": best}
        rows.append({**row, "proved": at_least(bound)})
    shown = tuple(sorted({row["method"] for row in rows}))
    said = "Bound against cost over all plans of this network"
    return Figure("frontier", rows, said, method_domain(shown), shown)


def quadrature_figure(view: QuadratureView) -> Figure | None:
    """Where the neurons' unit vectors point; None where the irrep has another dimension than 2."""
    if not view.left:
        return None
    rows: list[Row] = []
    for name, vectors in ((view.reads, view.left), ("c", view.right)):
        for k, (u, v) in enumerate(vectors):
            radius = math.hypot(u, v) or 1.0
            rows.append(
                {
                    "neuron": view.neurons_named[k] if k < len(view.neurons_named) else k,
                    "vector": name,
                    "u": round(u / radius, 4),
                    "v": round(v / radius, 4),
                    "angle": round(math.degrees(math.atan2(v, u)), 1),
                    "weight": view.weights[k],
                }
            )
    said = f"{view.irrep}: {counted(view.neurons, 'neuron')} on a circle, defect {percent(view.defect)}"
    return Figure("quadrature", rows, said, shown=(view.reads, "c"))
