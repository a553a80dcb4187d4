"""Write the picture at the head of the README from a run: what a network is, what it finds, what its proof costs.

    python scripts/write_hero.py RUN [--out docs/assets/hero.png]

RUN has a certificate beside each network (`rhoset certify RUN`); every one is checked again, and every network
explained: about a second of a core for each.
"""

from __future__ import annotations

import argparse
import math
from html import escape
from pathlib import Path

import vl_convert

from rhoset.report import collect
from rhoset.report.charts import overview, solid
from rhoset.report.charts.figure import Figure
from rhoset.report.views import CircuitView, RunView
from rhoset.report.words import limit

INK, SOFT, RULE, BLUE, GREEN = "#1e1d1a", "#5d5a52", "#c9c4b6", "#3a6ea5", "#2b7a4b"
SERIF, SANS = "DejaVu Serif, Georgia, serif", "DejaVu Sans, Arial, sans-serif"
WIDTH, HEIGHT, TOP = 1240, 420, 64
"""Size of the picture, and where the panels' contents begin."""
SCALE = 1.6
"""Pixels a unit."""
CHEAP = 0.1
"""Share of exhaustive work up to which a proof is counted as cheap."""
PANELS = ((20, 370), (410, 370), (800, 420))
"""Left edge and width of each panel."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/assets/hero.png"))
    arguments = parser.parse_args()
    svg = picture(collect(arguments.run))
    arguments.out.write_bytes(bytes(vl_convert.svg_to_png(svg, scale=SCALE)))
    print(arguments.out)


def picture(run: RunView) -> str:
    """The picture as SVG."""
    circuit, users = commonest(run)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfaf6"/>',
        *(_frame(left, width) for left, width in PANELS),
        _title(0, "1  The network"),
        _network(run),
        _title(1, "2  What it finds: a ρ-set"),
        _nested(solid.solid_figure(circuit.left), 470, TOP - 6, 250, 250),
        *_lines(
            410 + 20,
            TOP + 278,
            f"{users} of {len(run.networks)} networks find the {circuit.left_size} points",
            f"that {run.group} permutes. A neuron compares where",
            "x and y carry two of them.",
        ),
        _title(2, "3  What its proof costs"),
        _nested(overview.costs_figure(run.networks), 815, TOP, 390, 262),
        *_lines(800 + 20, TOP + 278, *_proved(run)),
        "</svg>",
    ]
    return "\n".join(parts)


def commonest(run: RunView) -> tuple[CircuitView, int]:
    """The circuit, of dimension two and more, that most networks have, and how many have it."""
    found: dict[tuple[str, int], list[CircuitView]] = {}
    for network in run.networks:
        for key in {(c.irrep, c.left_size) for c in network.circuits if c.left.dim > 1}:
            found.setdefault(key, []).append(next(c for c in network.circuits if (c.irrep, c.left_size) == key))
    many = max(found.values(), key=len)
    return next((c for c in many if c.kind == "full"), many[0]), len(many)


def _proved(run: RunView) -> list[str]:
    best = [n.best for n in run.networks if n.best is not None]
    full = sum(b.accuracy_bound >= 1 for b in best)
    costs = sorted(b.cost for b in best)
    cheap = [cost for cost in costs if cost <= CHEAP]
    inputs = f"{run.order**2:,}".replace(",", "\u202f")
    return [
        f"{full} of {len(run.networks)} are proved right on all {inputs} inputs;",
        f"{len(cheap)} proofs take at most {_at_most(cheap[-1])} of the work of trying",
        f"everything, the other {len(costs) - len(cheap)} at most {_at_most(costs[-1])}.",
    ]


def _at_most(cost: float) -> str:
    return limit(math.ceil(100 * cost) / 100)


def _frame(left: float, width: float) -> str:
    return f'<rect x="{left}" y="14" width="{width}" height="{HEIGHT - 28}" rx="12" fill="#fff" stroke="#e4e0d5"/>'


def _title(panel: int, text: str) -> str:
    left, _ = PANELS[panel]
    face = f'font-family="{SERIF}" font-weight="700" font-size="17" fill="{INK}"'
    return f'<text x="{left + 20}" y="44" {face}>{escape(text)}</text>'


def _lines(x: float, y: float, *texts: str) -> list[str]:
    return [_text(x, y + 21 * k, text, SOFT, 13.5) for k, text in enumerate(texts)]


def _text(x: float, y: float, text: str, fill: str = INK, size: float = 14, anchor: str = "start") -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="{SANS}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )


def _network(run: RunView) -> str:
    """Two elements, a layer of neurons, the product."""
    width = run.networks[0].width
    middle, out, first = 205, 330, 70
    rows = [TOP + 38 + 24 * k for k in range(8)]
    ends = [TOP + 86, TOP + 156]
    lines = [((first + 16, end), (middle, row)) for row in rows for end in ends]
    lines += [((middle, row), (out - 22, TOP + 121)) for row in rows]
    parts = [f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}" stroke="{RULE}"/>' for (a, b), (c, d) in lines]
    parts += [f'<circle cx="{middle}" cy="{row}" r="8" fill="#fff" stroke="{BLUE}" stroke-width="2"/>' for row in rows]
    named = [(first, ends[0], 17, BLUE, "x"), (first, ends[1], 17, BLUE, "y"), (out, TOP + 121, 21, GREEN, "xy")]
    for x, y, radius, fill, name in named:
        parts.append(
            f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}"/>{_text(x, y + 5, name, "#fff", 15, "middle")}'
        )
    parts += _lines(
        40,
        TOP + 278,
        f"Two elements of {run.group} go in, the name of their",
        f"product comes out, one of {run.order}. Between them is",
        f"one hidden layer of {width} neurons.",
    )
    return "".join(parts)


def _nested(figure: Figure, x: float, y: float, width: float, height: float) -> str:
    """A figure of the report as part of the picture."""
    spec = figure.chart().to_dict()
    if figure.template == "costs":
        spec.update(width=width - 60, height=height - 60)
    else:
        spec.update(width=width, height=height)
    svg = str(vl_convert.vegalite_to_svg(spec))
    return svg.replace("<svg ", f'<svg x="{x}" y="{y}" ', 1)


if __name__ == "__main__":
    main()
