"""Charts of a whole run: bound against cost, learned irreps, reasons."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from html import escape

from rhoset.report import svg
from rhoset.report.palette import METHODS, SHAPES, Colours, method_family
from rhoset.report.views import WANTED, IrrepView, NetworkView
from rhoset.report.words import percent, wilson

PILE = 11.0
"""Marks nearer than this, in the units of the chart, are piled upwards."""
LOSSES = {
    "uneven": "slots are missing or their weights uneven, so the ideal network favours some inputs",
    "reading": "neurons read something besides their vectors a",
    "writing": "neurons write beside their slots",
    "left": "neurons that no circuit holds write to the logits",
    "bias": "the bias varies over the outputs",
}
"""First word of a term of `rhoset.explain.diagnose` → what it means."""


def bound_against_cost(networks: Sequence[NetworkView]) -> str:
    """Every certificate that checks: what it proves, and what its check costs.

    A network's best certificate is drawn strongly, its others faintly. Marks that would hide one
    another are piled upwards.
    """
    shown = sorted(
        ((n, c) for n in networks for c in n.certificates if c.valid is not False),
        key=lambda pair: (pair[1] is not pair[0].best, pair[0].index),
    )
    width, height, left, right, top, bottom = 720.0, 430.0, 64.0, 16.0, 26.0, 54.0
    costs = [c.cost for _, c in shown if c.cost > 0] or [1.0]
    low = min(0.01, 10 ** math.floor(math.log10(min(costs) * 0.8)))
    high = max(2.0, max(costs) * 1.3)
    x = svg.logarithmic(low, high, left, width - right)
    y = svg.linear(0, 1, height - bottom, top + 74)
    body = svg.x_axis(svg.decades(low, high), x, top, height - bottom, percent)
    body += svg.y_axis([0, 0.25, 0.5, 0.75, 1], y, left, width - right, lambda v: f"{v:.0%}")
    body.append(svg.line(x(1), top, x(1), height - bottom, "brute"))
    body.append(svg.text(x(1) - 6, height - bottom - 8, "brute force", "note", "end"))
    body.append(svg.line(left, y(WANTED), width - right, y(WANTED), "wanted"))
    middle = (left + width - right) / 2
    body.append(
        svg.text(middle, height - 8, "cost of the check, share of brute force", "axis", "middle")
    )
    body.append(svg.text(4, 16, "proved accuracy (lower bound)", "axis"))
    placed: list[tuple[float, float]] = []
    marks = []
    for network, certificate in shown:
        at = (x(max(certificate.cost, low)), y(certificate.accuracy_bound))
        while at[1] > top and any(
            abs(at[0] - px) < PILE and abs(at[1] - py) < PILE for px, py in placed
        ):
            at = (at[0], at[1] - PILE)
        placed.append(at)
        family = method_family(certificate.method)
        faint = "" if certificate is network.best else " faint"
        said = (
            f"{network.name}: accuracy at least {percent(certificate.accuracy_bound)} by "
            f"{certificate.method}, {percent(certificate.cost)} of brute force"
        )
        marks.append(
            f'<a href="#network-{network.index}" tabindex="-1" aria-label="{escape(said, quote=True)}">'
            f'<path d="{SHAPES[family]}" transform="translate({svg.f(at[0])} {svg.f(at[1])})" '
            f'class="mark m-{family}{faint}"><title>{escape(said)}</title></path></a>'
        )
    label = (
        f"Scatter plot: proved accuracy against cost of the check for {len(shown)} certificates of "
        f"{len(networks)} networks. Up and to the left is better."
    )
    return svg.figure(width, height, label, [*body, *reversed(marks)], "scatter")


def method_legend(networks: Sequence[NetworkView]) -> str:
    """The marks of the methods that occur, with how many certificates use each."""
    counted = Counter(
        method_family(c.method) for n in networks for c in n.certificates if c.valid is not False
    )
    items = [
        f'<li><svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">'
        f'<path d="{SHAPES[m]}" class="mark m-{m}"/></svg>{m} <b>{counted[m]}</b></li>'
        for m in METHODS
        if counted[m]
    ]
    return f'<ul class="legend">{"".join(items)}</ul>'


def learned_irreps(
    irreps: Sequence[IrrepView], networks: Sequence[NetworkView], colours: Colours
) -> str:
    """In how many networks each irrep is in use, with Wilson 95 % intervals."""
    total = len(networks)
    uses = Counter(name for n in networks for name, _, _ in n.key)
    shown = [i for i in irreps if uses[i.name]] if len(irreps) > 16 else list(irreps)
    row, left, right, top = 30.0, 148.0, 66.0, 8.0
    width, height = 520.0, top + row * len(shown) + 44
    x = svg.linear(0, 1, left, width - right)
    body = svg.x_axis(
        [0, 0.25, 0.5, 0.75, 1], x, top, top + row * len(shown), lambda v: f"{v:.0%}"
    )
    for k, irrep in enumerate(shown):
        y = top + row * (k + 0.5)
        used = uses[irrep.name]
        low, high = wilson(used, total)
        css = f"c{colours[irrep.name]}"
        size = f" · {irrep.minimal_rho_set}" if irrep.minimal_rho_set else ""
        body.append(svg.text(left - 10, y + 4, f"{irrep.name}", "name", "end"))
        body.append(svg.text(4, y + 4, f"d {irrep.dim}{size}", "tick"))
        body.append(svg.rect(left, y - 7, x(used / total if total else 0) - left, 14, f"bar {css}"))
        body.append(svg.line(x(low), y, x(high), y, "whisker"))
        body.append(svg.line(x(low), y - 4, x(low), y + 4, "whisker"))
        body.append(svg.line(x(high), y - 4, x(high), y + 4, "whisker"))
        body.append(svg.text(width - right + 12, y + 4, f"{used} of {total}", "tick"))
    body.append(svg.text((left + width - right) / 2, height - 6, "share of networks that use it",
                         "axis", "middle"))
    said = ", ".join(f"{i.name} in {uses[i.name]}" for i in shown)
    return svg.figure(width, height, f"Irreps in use among {total} networks: {said}", body)


def reason_bars(networks: Sequence[NetworkView]) -> str:
    """Networks without a cheap proof, counted by the term that costs their margin most."""
    counted = Counter(
        n.budget.terms[0][0].split(" ")[0]
        for n in networks
        if not n.cheap and n.budget is not None and n.budget.terms
    )
    if not counted:
        return ""
    most = max(counted.values())
    rows = "".join(
        f'<li><span class="reason-bar" style="--share:{count / most:.3f}"></span>'
        f"<b>{count}</b> <span>{escape(LOSSES.get(reason, reason))}</span></li>"
        for reason, count in counted.most_common()
    )
    return f'<ul class="reasons">{rows}</ul>'
