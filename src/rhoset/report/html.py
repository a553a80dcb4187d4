"""The views as one HTML file that needs nothing else."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rhoset import __version__
from rhoset.networks import write_atomic
from rhoset.report import charts
from rhoset.report.terms import COLUMNS, KINDS, TERMS
from rhoset.report.views import CHEAP, WANTED, NetworkView, RunView, SolidView
from rhoset.report.words import duration, number, percent, quantity


@dataclass(frozen=True)
class Fact:
    """A number with its unit and one line that says what it is."""

    name: str
    value: str
    unit: str
    said: str


def write_report(run: RunView, path: str | Path) -> Path:
    """Write the report of a run as one self-contained HTML file (atomically); returns its path."""
    return write_atomic(path, render(run))


def render(run: RunView) -> str:
    """The report of a run as HTML text."""
    colours = charts.irrep_colours(run.irreps, run.networks)
    environment = _environment()
    environment.filters.update(
        facts=network_facts,
        kind_said=lambda kind: KINDS.get(kind, ""),
        slot_matrix=charts.slot_matrix,
        heat_map=lambda energy: charts.heat_map(energy, run.irreps, colours),
        budget_chart=charts.budget,
        circle=lambda view: charts.circle(view, colours[view.irrep]),
        margin_chart=lambda view: charts.margins(view, colours),
        history_chart=lambda view: charts.history(view, run.irreps, colours),
    )
    return environment.get_template("report.html.j2").render(
        run=run,
        version=__version__,
        overview=overview_facts(run.networks),
        has_certificates=any(n.best for n in run.networks),
        scatter=charts.bound_against_cost(run.networks),
        methods=charts.method_legend(run.networks),
        learned=charts.learned_irreps(run.irreps, run.networks, colours),
        reasons=charts.reason_bars(run.networks),
        wanted=percent(WANTED),
        cheap=percent(CHEAP),
        wanted_share=WANTED,
        hues={name: f"c{number}" for name, number in colours.items()},
        hue_index=colours,
        columns=COLUMNS,
        terms=TERMS,
    )


def render_solid(solid: SolidView, title: str) -> str:
    """A page with one figure and nothing else."""
    return _environment().get_template("solid.html.j2").render(solid=solid, title=title)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rhoset.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        number=number,
        quantity=quantity,
        duration=duration,
        solid_data=solid_data,
        solid_said=solid_said,
    )
    environment.globals.update(css=Markup(_asset("report.css")), js=Markup(_asset("report.js")))
    return environment


def overview_facts(networks: Sequence[NetworkView]) -> list[Fact]:
    """The figures at the head of the report."""
    total = len(networks)
    best = [n.best for n in networks if n.best is not None]
    proved = [c for c in best if c.accuracy_bound >= WANTED]
    facts = [
        Fact("Networks", str(total), "", "Trained from different random starts."),
        Fact(
            "Reach full accuracy",
            f"{sum(n.accuracy >= 1 for n in networks)}",
            f"of {total}",
            "Right on every input, measured by evaluating all of them.",
        ),
    ]
    if best:
        facts += [
            Fact(
                f"Proved ≥ {percent(WANTED)}",
                f"{len(proved)}",
                f"of {total}",
                "Have a certificate whose bound on the accuracy is that high.",
            ),
            Fact(
                "Length of the proof",
                percent(statistics.median(c.cost for c in best)),
                "of brute force",
                "Median cost of checking the best certificate, in multiply-adds.",
            ),
        ]
    if networks:
        facts.append(
            Fact(
                "Explained",
                percent(statistics.median(n.explained for n in networks)),
                "of the weights",
                "Median share of the weights' energy that the circuits hold.",
            )
        )
    return facts


def network_facts(network: NetworkView) -> list[Fact]:
    """The figures at the head of one network's section."""
    facts = []
    best = network.best
    if best is not None:
        facts += [
            Fact(
                "Proved accuracy",
                f"≥ {percent(best.accuracy_bound)}",
                "",
                f"By {best.method}, for {best.arithmetic} arithmetic.",
            ),
            Fact(
                "Length of the proof",
                quantity(best.operations),
                "multiply-adds",
                f"{percent(best.cost)} of brute force's {quantity(best.exhaustive_operations)}.",
            ),
        ]
    facts += [
        Fact("Accuracy", percent(network.accuracy), "of inputs", "Measured on all of them."),
        Fact("Loss", number(network.loss), "nats", "Mean cross-entropy over all inputs."),
        Fact(
            "Explained",
            percent(network.explained),
            "of energy",
            "Share of the weights that the idealised network keeps.",
        ),
    ]
    if network.ideal_accuracy is not None:
        facts.append(
            Fact(
                "Explanation alone",
                percent(network.ideal_accuracy),
                "accuracy",
                f"With the idealised network in its place; loss {number(network.ideal_loss)} nats.",
            )
        )
    if network.steps is not None:
        facts.append(
            Fact(
                "Training",
                quantity(network.steps),
                "steps",
                f"Seed {network.seed}, width {network.width}, {duration(network.seconds)}.",
            )
        )
    return facts


def solid_data(solid: SolidView, hue: int) -> str:
    """The figure as the JSON that the viewer reads."""
    data = {
        "p": solid.points,
        "e": solid.edges,
        "f": solid.faces,
        "w": solid.weights,
        "c": hue,
    }
    return json.dumps(data, separators=(",", ":"))


def solid_said(solid: SolidView) -> str:
    """One line under the figure."""
    count = len(solid.points)
    shape = solid_name(solid)
    said = f"{count} points in dimension {solid.dim}" + (f": {shape}." if shape else ".")
    if solid.dim > 3:
        said += " Seen in a three-dimensional projection; lines join nearest points."
    elif solid.edges:
        said += " Lines join nearest points."
    else:
        said += " Too many nearest pairs to draw lines."
    if solid.weights:
        said += " Larger points carry more of the circuit's weight; dashed ones carry none."
    return said


NAMED = {
    (1, 2, 1): "a pair of opposite points",
    (2, 3, 3): "a triangle",
    (2, 4, 4): "a square",
    (2, 5, 5): "a regular pentagon",
    (2, 6, 6): "a regular hexagon",
    (3, 4, 6): "a tetrahedron",
    (3, 6, 12): "an octahedron",
    (3, 8, 12): "a cube",
    (3, 12, 24): "a cuboctahedron",
    (3, 12, 30): "an icosahedron",
    (3, 20, 30): "a dodecahedron",
    (3, 30, 60): "an icosidodecahedron",
}
"""(dimension, points, edges) → name; these orbits of vectors are vertex-transitive, and among such
figures the three numbers fix the name."""


def solid_name(solid: SolidView) -> str:
    """The name of a well-known figure, or an empty string."""
    count, edges = len(solid.points), len(solid.edges)
    if count == solid.dim + 1 and edges == count * (count - 1) // 2 and solid.dim > 3:
        return f"a regular simplex with {count} corners"
    if count == 2 * solid.dim and edges == count * (count - 2) // 2 and solid.dim > 3:
        return f"a cross-polytope with {count} corners"
    return NAMED.get((solid.dim, count, edges), "")


def _asset(name: str) -> str:
    text = files("rhoset.report").joinpath("assets", name).read_text(encoding="utf-8")
    # `</script` inside an inline script would end it.
    return text.replace("</", "<\\/") if name.endswith(".js") else text
