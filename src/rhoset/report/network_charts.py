"""Charts of one network: heat map, slots, margins and their budget, training, quadratures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from rhoset.report import svg
from rhoset.report.palette import SHAPES, Colours, method_family
from rhoset.report.views import (
    BudgetView,
    FrontierView,
    HistoryView,
    IrrepView,
    MarginView,
    Matrix,
    QuadratureView,
)
from rhoset.report.words import percent, quantity

FAINT = 0.02
"""Shares of energy below this are not drawn in the heat map."""
BUDGET_ROWS = 8
"""Most terms of the margin budget drawn."""


def budget(view: BudgetView) -> str:
    """The ideal margin, and below it each term's mean and largest loss."""
    row, left, right, top = 26.0, 150.0, 56.0, 6.0
    rows = [("ideal margin", view.margin, view.margin), *view.terms[:BUDGET_ROWS]]
    width, height = 560.0, top + row * len(rows) + 40
    x = svg.linear(0, max(1e-9, *(largest for _, _, largest in rows)), left, width - right)
    bottom = top + row * len(rows)
    high = max(1e-9, *(largest for _, _, largest in rows))
    body = svg.x_axis(svg.nice_ticks(0, high), x, top, bottom, lambda v: f"{v:g}")
    for k, (name, mean, largest) in enumerate(rows):
        y = top + k * row
        css = "good" if k == 0 else "bad"
        body.append(svg.text(left - 10, y + row / 2 + 4, _shortened(name), "name", "end"))
        body.append(svg.rect(left, y + 6, max(x(largest) - left, 0), row - 12, f"{css} pale"))
        body.append(svg.rect(left, y + 6, max(x(mean) - left, 0), row - 12, css))
        body.append(svg.text(x(largest) + 6, y + row / 2 + 4, f"{largest:.2f}", "tick"))
    body.append(svg.line(x(view.margin), top, x(view.margin), bottom, "wanted"))
    body.append(svg.text((left + width - right) / 2, height - 4, "nats", "axis", "middle"))
    said = f"Ideal margin {view.margin:.2f} nats and the terms that reduce it"
    return svg.figure(width, height, said, body)


def _shortened(name: str) -> str:
    return name if len(name) <= 21 else f"{name[:20]}…"


def frontier(view: FrontierView) -> str:
    """Bound against cost: each plan as its method's mark, and the best bound for each budget."""
    width, height, left, right, top, bottom = 560.0, 330.0, 58.0, 16.0, 14.0, 50.0
    costs = [cost for _, cost, _ in view.points]
    low, high = min(*costs, 0.5) * 0.8, max(*costs, 1.0) * 1.25
    x = svg.logarithmic(low, high, left, width - right)
    y = svg.linear(0, 1, height - bottom, top + 10)
    body = svg.x_axis(svg.decades(low, high), x, top, height - bottom, percent)
    body += svg.y_axis([0, 0.25, 0.5, 0.75, 1], y, left, width - right, lambda v: f"{v:.0%}")
    body.append(svg.line(x(1), top, x(1), height - bottom, "brute"))
    steps, best = [(left, y(0))], 0.0
    for _, cost, bound in view.points:
        if bound > best:
            steps += [(x(cost), y(best)), (x(cost), y(bound))]
            best = bound
    body.append(svg.polyline([*steps, (width - right, y(best))], "trace"))
    for method, cost, bound in view.points:
        family = method_family(method)
        said = f"{method}: accuracy at least {percent(bound)} for {percent(cost)} of brute force"
        body.append(
            f'<path d="{SHAPES[family]}" transform="translate({svg.f(x(cost))} '
            f'{svg.f(y(bound))}) scale(.8)" class="mark m-{family}"><title>{escape(said)}</title>'
            "</path>"
        )
    middle = (left + width - right) / 2
    body.append(svg.text(middle, height - 8, "cost of the check, share of brute force", "axis", "middle"))
    return svg.figure(width, height, "Bound against cost over all plans of this network", body)


def circle(view: QuadratureView, colour: int) -> str:
    """Where the neurons' vectors b (filled) and c (rings) point, for an irrep of dimension 2."""
    size, radius = 190.0, 68.0
    centre = size / 2
    body = [f'<circle cx="{centre:g}" cy="{centre:g}" r="{r:g}" class="orbit"/>' for r in (radius, radius * 0.72)]
    for vectors, r, css in ((view.left, radius, f"c{colour}"), (view.right, radius * 0.72, "ring")):
        for (u, v), weight in zip(vectors, view.weights, strict=True):
            body.append(
                f'<circle cx="{svg.f(centre + r * u)}" cy="{svg.f(centre - r * v)}" '
                f'r="{2 + 4 * weight:.1f}" class="node {css} s{colour}"/>'
            )
    label = f"{view.irrep}: {view.neurons} neurons on a circle"
    return svg.figure(size, size, label, body)


def heat_map(energy: Matrix, irreps: Sequence[IrrepView], colours: Colours) -> str:
    """Irreps × neurons: a cell's strength is the share of the neuron's energy in the irrep.

    Neurons are sorted by their strongest irrep, then by that share.
    """
    if not energy:
        return ""
    rows = [k for k in range(len(irreps)) if any(neuron[k] >= FAINT for neuron in energy)]
    order = sorted(
        (i for i, neuron in enumerate(energy) if max(neuron) >= FAINT),
        key=lambda i: (energy[i].index(max(energy[i])), -max(energy[i])),
    )
    left, cell_height, top = 92.0, max(9.0, min(22.0, 320 / max(len(rows), 1))), 4.0
    width = 1040.0
    cell = (width - left - 4) / max(len(order), 1)
    height = top + cell_height * len(rows) + 24
    body = []
    for r, k in enumerate(rows):
        y = top + r * cell_height
        body.append(svg.text(left - 10, y + cell_height / 2 + 4, irreps[k].name, "name", "end"))
        body.append(svg.rect(left, y, width - left - 4, cell_height - 1, "cell-ground"))
        cells = "".join(
            f'<rect x="{svg.f(left + column * cell)}" y="{svg.f(y)}" '
            f'width="{svg.f(max(cell - 0.4, 0.4))}" height="{svg.f(cell_height - 1)}" '
            f'opacity="{energy[i][k]:.2f}"/>'
            for column, i in enumerate(order)
            if energy[i][k] >= FAINT
        )
        body.append(f'<g class="c{colours[irreps[k].name]}">{cells}</g>')
    body.append(svg.text(left, height - 4, f"{len(order)} live neurons of {len(energy)}, sorted by irrep", "axis"))
    return svg.figure(
        width,
        height,
        f"Heat map: share of energy of {len(order)} neurons in {len(rows)} irreps",
        body,
        "heat",
    )


def slot_matrix(slots: Matrix, colour: int) -> str:
    """The weight on each slot (b, c), as a multiple of the mean: even when the circuit is full."""
    if not slots:
        return ""
    p, q = len(slots), len(slots[0])
    cell = max(8.0, min(38.0, 300 / max(p, q)))
    left, top = 24.0, 20.0
    width, height = left + cell * q + 2, top + cell * p + 2
    strongest = max(max(map(abs, row)) for row in slots) or 1.0
    body = [
        svg.text(left + cell * q / 2, 12, "c", "axis", "middle"),
        svg.text(8, top + cell * p / 2, "b", "axis", "middle"),
    ]
    for b, row in enumerate(slots):
        for c, value in enumerate(row):
            x, y = left + c * cell, top + b * cell
            body.append(svg.rect(x, y, cell - 1.5, cell - 1.5, "cell-ground"))
            strength = abs(value) / strongest
            if strength > 0.004:
                body.append(
                    svg.rect(x, y, cell - 1.5, cell - 1.5, f"c{colour}", f' opacity="{0.12 + 0.78 * strength:.2f}"')
                )
            if cell >= 28:
                said = f"{value:.2f}" if strength > 0.004 else "0"
                body.append(svg.text(x + cell / 2 - 0.7, y + cell / 2 + 3.5, said, "cell-text", "middle"))
    return svg.figure(width, height, f"Slot weights, {p} by {q}", body, "slots")


def margins(view: MarginView, colours: Colours) -> str:
    """Stacked bars: the mean margin over the answers xwy, by class of w, and who provides it."""
    row, left, right, top = 26.0, 120.0, 60.0, 6.0
    width, height = 560.0, top + row * len(view.classes) + 40
    low = min(0.0, *(sum(v for v in parts if v < 0) for parts in view.parts))
    high = max(1e-9, *(sum(v for v in parts if v > 0) for parts in view.parts))
    x = svg.linear(low, high, left, width - right)
    body = svg.x_axis(svg.nice_ticks(low, high), x, top, top + row * len(view.classes), lambda v: f"{v:g}")
    for k, (name, size, parts) in enumerate(zip(view.classes, view.sizes, view.parts, strict=True)):
        y = top + k * row
        body.append(svg.text(left - 10, y + row / 2 + 4, f"{name} ({size})", "name", "end"))
        ends = {True: 0.0, False: 0.0}
        for irrep, part in zip(view.irreps, parts, strict=True):
            start = ends[part > 0]
            ends[part > 0] += part
            a, b = sorted((x(start), x(start + part)))
            css = f"c{colours[irrep]}" if irrep in colours else "other"
            body.append(
                f'<rect x="{svg.f(a)}" y="{svg.f(y + 5)}" width="{svg.f(max(b - a - 0.6, 0))}" '
                f'height="{row - 10:g}" class="{css}"><title>{escape(irrep)}: {part:.3g} nats'
                f"</title></rect>"
            )
        body.append(svg.text(width - right + 8, y + row / 2 + 4, f"{sum(parts):.2f}", "tick"))
    body.append(svg.line(x(0), top, x(0), top + row * len(view.classes), "zero"))
    body.append(svg.text((left + width - right) / 2, height - 4, "mean margin, nats", "axis", "middle"))
    return svg.figure(width, height, "Stacked bars: mean margin by class of the error w", body)


def history(view: HistoryView, irreps: Sequence[IrrepView], colours: Colours) -> str:
    """Loss over training (logarithmic), and below it the share of energy in each irrep."""
    width, left, right = 560.0, 64.0, 16.0
    upper, gap, lower = 150.0, 34.0, (130.0 if view.energy else 0.0)
    height = upper + gap + lower + 34
    last = max(view.steps[-1], 1)
    x = svg.linear(0, last, left, width - right)
    losses = [max(v, 1e-12) for v in view.loss]
    low, high = min(losses), max(losses)
    if high / low < 1.01:
        high = low * 1.01
    y = svg.logarithmic(low, high, upper, 12)
    ticks = svg.nice_ticks(0, last, 4)
    exponents = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    body = svg.y_axis([10.0**e for e in exponents] or [low, high], y, left, width - right, lambda v: f"{v:g}")
    body.append(svg.polyline([(x(s), y(v)) for s, v in zip(view.steps, losses, strict=True)], "trace"))
    body.append(svg.text(left + 6, 10, "loss, nats", "axis"))
    bottom = upper + gap + lower if lower else upper
    body += svg.x_axis(ticks, x, 12, bottom, quantity)
    if lower:
        body.append(svg.text(left + 6, upper + gap - 8, "share of energy by irrep", "axis"))
        share = svg.linear(0, 1, bottom, upper + gap)
        body += _stacked_area(view, irreps, colours, x, share)
        if view.explained:
            held = zip(view.energy_steps, view.explained, strict=True)
            body.append(svg.polyline([(x(s), share(v)) for s, v in held], "explained"))
    body.append(svg.text((left + width - right) / 2, height - 2, "training step", "axis", "middle"))
    return svg.figure(width, height, "Loss and circuits over training", body)


def _stacked_area(
    view: HistoryView,
    irreps: Sequence[IrrepView],
    colours: Colours,
    x: svg.Scale,
    y: svg.Scale,
) -> list[str]:
    floor = [0.0] * len(view.energy_steps)
    areas = []
    for k in range(len(irreps)):
        ceiling = [low + shares[k] for low, shares in zip(floor, view.energy, strict=True)]
        there = [(x(s), y(v)) for s, v in zip(view.energy_steps, ceiling, strict=True)]
        back = [(x(s), y(v)) for s, v in zip(view.energy_steps, floor, strict=True)]
        path = " ".join(f"{svg.f(a)},{svg.f(b)}" for a, b in [*there, *reversed(back)])
        areas.append(
            f'<polygon points="{path}" class="area c{colours[irreps[k].name]}"><title>'
            f"{escape(irreps[k].name)}</title></polygon>"
        )
        floor = ceiling
    return areas
