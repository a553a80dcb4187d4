"""Charts of a whole run: bound against cost, learned irreps, reasons."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rhoset.report import svg
from rhoset.report.palette import METHODS, SHAPES, Colours, method_family
from rhoset.report.views import WANTED, CertificateView, IrrepView, NetworkView
from rhoset.report.words import percent, wilson

PILE = 11.0
"""Marks nearer than this, in the units of the chart, are piled upwards."""
FULL = 0.9999
"""Bounds from here on are drawn as 100 %."""
ROW = 17.0
"""Distance between the methods' rows at 100 %, in the units of the chart."""
MOST_SINGLE = 60
"""With more certificates than this, those that lie together are drawn as one mark."""
GATHER = 20.0
"""Certificates of one method nearer than this, in the units of the chart, are drawn as one."""
COUNTED = 3
"""From this many certificates on a mark bears its number."""
NAMED = 8
"""Most networks that a mark's tooltip names."""
LOSSES = {
    "uneven": "slots are missing or their weights uneven, so the ideal network favours some inputs",
    "reading": "neurons read something besides their vectors a",
    "writing": "neurons write beside their slots",
    "left": "neurons that no circuit holds write to the logits",
    "bias": "the bias varies over the outputs",
}
"""First word of a term of `rhoset.explaining.diagnose` → what it means."""


def _alike(certificate: CertificateView, many: bool) -> bool:
    """Is it one of many that prove the full accuracy, drawn in a row for each method?"""
    return many and certificate.accuracy_bound >= FULL


@dataclass(frozen=True)
class _Spot:
    """Where a certificate is drawn, and what is said of it."""

    x: float
    y: float
    family: str
    best: bool
    network: NetworkView
    said: str


def bound_against_cost(networks: Sequence[NetworkView]) -> str:
    """Every certificate that checks: what it proves, and what its check costs.

    A network's best certificate is drawn strongly, its others faintly. Marks that would hide one
    another are piled upwards, or counted when there are many.
    """
    shown = sorted(
        ((n, c) for n in networks for c in n.certificates if c.valid is not False),
        key=lambda pair: (pair[1] is pair[0].best, -pair[0].index),
    )
    many = len(shown) > MOST_SINGLE
    families = {method_family(certificate.method) for _, certificate in shown}
    width, height = 720.0, 500.0 if many else 430.0
    left, right, top, bottom = 64.0, 16.0, 26.0, 54.0
    costs = [c.cost for _, c in shown if c.cost > 0] or [1.0]
    low = min(0.01, 10 ** math.floor(math.log10(min(costs) * 0.8)))
    high = max(2.0, max(costs) * 1.3)
    x = svg.logarithmic(low, high, left, width - right)
    y = svg.linear(0, 1, height - bottom, top + (20 + ROW * len(families) if many else 74))
    body = svg.x_axis(svg.decades(low, high), x, top, height - bottom, percent)
    body += svg.y_axis([0, 0.25, 0.5, 0.75, 1], y, left, width - right, lambda v: f"{v:.0%}")
    body.append(svg.line(x(1), top, x(1), height - bottom, "brute"))
    body.append(svg.text(x(1) - 6, height - bottom - 8, "brute force", "note", "end"))
    body.append(svg.line(left, y(WANTED), width - right, y(WANTED), "wanted"))
    middle = (left + width - right) / 2
    body.append(svg.text(middle, height - 8, "cost of the check, share of brute force", "axis", "middle"))
    body.append(svg.text(4, 16, "proved accuracy (lower bound)", "axis"))
    rows = {family: k for k, family in enumerate(m for m in METHODS if m in families)}
    spots = [
        _Spot(
            x(max(certificate.cost, low)),
            y(certificate.accuracy_bound)
            - (ROW * rows[method_family(certificate.method)] if _alike(certificate, many) else 0),
            method_family(certificate.method),
            certificate is network.best,
            network,
            f"{network.name}: accuracy at least {percent(certificate.accuracy_bound)} by "
            f"{certificate.method}, {percent(certificate.cost)} of brute force",
        )
        for network, certificate in shown
    ]
    marks = _counted_marks(spots) if many else _single_marks(spots, top)
    label = (
        f"Scatter plot: proved accuracy against cost of the check for {len(shown)} certificates of "
        f"{len(networks)} networks. Up and to the left is better."
    )
    return svg.figure(width, height, label, [*body, *marks], "scatter")


def _single_marks(spots: Sequence[_Spot], top: float) -> list[str]:
    """A mark for each certificate; those that would hide one another are piled upwards."""
    placed: list[tuple[float, float]] = []
    marks = []
    for spot in spots:
        at = (spot.x, spot.y)
        while at[1] > top and any(abs(at[0] - px) < PILE and abs(at[1] - py) < PILE for px, py in placed):
            at = (at[0], at[1] - PILE)
        placed.append(at)
        marks.append(_mark(spot, at, 1.0, spot.said))
    return marks


def _counted_marks(spots: Sequence[_Spot]) -> list[str]:
    """Certificates that lie together as one larger mark with their number."""
    groups: list[list[_Spot]] = []
    for spot in sorted(spots, key=lambda s: (s.family, s.best, round(s.y / GATHER), s.x)):
        last = groups[-1][0] if groups else None
        together = (
            last is not None
            and (last.family, last.best) == (spot.family, spot.best)
            and abs(last.x - spot.x) < GATHER
            and abs(last.y - spot.y) < GATHER
        )
        if together:
            groups[-1].append(spot)
        else:
            groups.append([spot])
    marks = []
    for group in sorted(groups, key=lambda g: (g[0].best, len(g))):
        first, count = group[0], len(group)
        at = (sum(s.x for s in group) / count, sum(s.y for s in group) / count)
        names = ", ".join(s.network.name for s in group[:NAMED])
        more = f" and {count - NAMED} more" if count > NAMED else ""
        said = first.said if count == 1 else f"{count} networks by {first.family}: {names}{more}"
        marks.append(_mark(first, at, min(1 + 0.3 * (math.sqrt(count) - 1), 3.2), said))
        if count >= COUNTED:
            marks.append(svg.text(at[0], at[1] + 4, str(count), "count", "middle"))
    return marks


def _mark(spot: _Spot, at: tuple[float, float], size: float, said: str) -> str:
    scale = "" if size == 1 else f" scale({size:.2f})"
    faint = "" if spot.best else " faint"
    return (
        f'<a href="#network-{spot.network.index}" tabindex="-1" '
        f'aria-label="{escape(said, quote=True)}">'
        f'<path d="{SHAPES[spot.family]}" transform="translate({svg.f(at[0])} {svg.f(at[1])})'
        f'{scale}" class="mark m-{spot.family}{faint}"><title>{escape(said)}</title></path></a>'
    )


def method_legend(networks: Sequence[NetworkView]) -> str:
    """The marks of the methods that occur, with how many certificates use each."""
    counted = Counter(method_family(c.method) for n in networks for c in n.certificates if c.valid is not False)
    items = [
        f'<li><svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">'
        f'<path d="{SHAPES[m]}" class="mark m-{m}"/></svg>{m} <b>{counted[m]}</b></li>'
        for m in METHODS
        if counted[m]
    ]
    return f'<ul class="legend">{"".join(items)}</ul>'


def learned_irreps(irreps: Sequence[IrrepView], networks: Sequence[NetworkView], colours: Colours) -> str:
    """In how many networks each irrep is in use, with Wilson 95 % intervals."""
    total = len(networks)
    uses = Counter(name for n in networks for name, _, _ in n.key)
    shown = [i for i in irreps if uses[i.name]] if len(irreps) > 16 else list(irreps)
    row, left, right, top = 30.0, 148.0, 66.0, 8.0
    width, height = 520.0, top + row * len(shown) + 44
    x = svg.linear(0, 1, left, width - right)
    body = svg.x_axis([0, 0.25, 0.5, 0.75, 1], x, top, top + row * len(shown), lambda v: f"{v:.0%}")
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
    body.append(svg.text((left + width - right) / 2, height - 6, "share of networks that use it", "axis", "middle"))
    said = ", ".join(f"{i.name} in {uses[i.name]}" for i in shown)
    return svg.figure(width, height, f"Irreps in use among {total} networks: {said}", body)


def reason_bars(networks: Sequence[NetworkView]) -> str:
    """Networks without a cheap proof, counted by the term that costs their margin most."""
    counted = Counter(
        n.budget.terms[0][0].split(" ")[0] for n in networks if not n.cheap and n.budget is not None and n.budget.terms
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
