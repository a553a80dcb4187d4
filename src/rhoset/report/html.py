"""The views as one HTML file that needs nothing else."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rhoset import __version__
from rhoset.networks import write_atomic
from rhoset.report import network_charts, overview_charts
from rhoset.report.captions import solid_data, solid_said
from rhoset.report.facts import network_facts, overview_facts
from rhoset.report.palette import irrep_colours
from rhoset.report.terms import COLUMNS, KINDS, TERMS
from rhoset.report.views import CHEAP, WANTED, RunView, SolidView
from rhoset.report.words import duration, number, percent, quantity


def write_report(run: RunView, path: str | Path) -> Path:
    """Write the report of a run as one self-contained HTML file (atomically); returns its path."""
    return write_atomic(path, render(run))


def render(run: RunView) -> str:
    """The report of a run as HTML text."""
    colours = irrep_colours(run.irreps, run.networks)
    environment = _environment()
    environment.filters.update(
        facts=network_facts,
        kind_said=lambda kind: KINDS.get(kind, ""),
        slot_matrix=network_charts.slot_matrix,
        heat_map=lambda energy: network_charts.heat_map(energy, run.irreps, colours),
        frontier_chart=network_charts.frontier,
        budget_chart=network_charts.budget,
        circle=lambda view: network_charts.circle(view, colours[view.irrep]),
        margin_chart=lambda view: network_charts.margins(view, colours),
        history_chart=lambda view: network_charts.history(view, run.irreps, colours),
    )
    return environment.get_template("report.html.j2").render(
        run=run,
        version=__version__,
        overview=overview_facts(run.networks),
        has_certificates=any(n.best for n in run.networks),
        scatter=overview_charts.bound_against_cost(run.networks),
        methods=overview_charts.method_legend(run.networks),
        learned=overview_charts.learned_irreps(run.irreps, run.networks, colours),
        reasons=overview_charts.reason_bars(run.networks),
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


def _asset(name: str) -> str:
    text = files("rhoset.report").joinpath("assets", name).read_text(encoding="utf-8")
    # `</script` inside an inline script would end it.
    return text.replace("</", "<\\/") if name.endswith(".js") else text
