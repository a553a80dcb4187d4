"""The views as one HTML file that needs nothing else."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rhoset import __version__
from rhoset.networks import write_atomic
from rhoset.report.answers import answers, circuit_said, network_answer
from rhoset.report.captions import solid_data, solid_said
from rhoset.report.charts import network as one
from rhoset.report.charts import overview
from rhoset.report.charts.figure import Figure, bundle
from rhoset.report.charts.style import config
from rhoset.report.facts import network_facts
from rhoset.report.palette import irrep_colours
from rhoset.report.pictures import NETWORK
from rhoset.report.terms import ACCOUNTS, COLUMNS, KINDS, TERMS, defined
from rhoset.report.views import CHEAP, WANTED, RunView, SolidView
from rhoset.report.words import at_least, counted, duration, limit, number, percent, quantity
from rhoset.summaries import irreps_listed, listed


def write_report(run: RunView, path: str | Path) -> Path:
    """Write the report of a run as one self-contained HTML file (atomically); returns its path."""
    return write_atomic(path, render(run))


def render(run: RunView) -> str:
    """The report of a run as HTML text."""
    colours = irrep_colours(run.irreps, run.networks)
    said = answers(run)
    page = Page()
    environment = _environment()
    environment.filters.update(facts=network_facts, kind_said=lambda kind: KINDS.get(kind, ""), figure=page.figure)
    return environment.get_template("report.html.j2").render(
        run=run,
        page=page,
        version=__version__,
        answers=said,
        known=set(),
        has_certificates=any(n.best for n in run.networks),
        costs_figure=overview.costs_figure(run.networks) if _costs_differ(run) else None,
        cost_figure=overview.cost_figure(run.networks) if _bounds_differ(run) else None,
        learned_figure=overview.learned_figure(run.irreps, run.networks, colours),
        reasons_figure=overview.reasons_figure(run.networks),
        account_figure=one.loss_figure(said.account) if said.account else None,
        network_answer=network_answer,
        slots_figure=one.slots_figure,
        quadrature_figure=one.quadrature_figure,
        picture=lambda kind, n: NETWORK[kind](run, n),
        wanted=limit(WANTED),
        cheap=limit(CHEAP),
        wanted_share=WANTED,
        hues={name: f"c{number}" for name, number in colours.items()},
        hue_index=colours,
        columns=COLUMNS,
        accounts=[one for one in ACCOUNTS if any(n.accounts.get(one[0]) is not None for n in run.networks)],
        terms=TERMS,
    )


def _bounds_differ(run: RunView) -> bool:
    """Is any best bound below `WANTED`? Otherwise all marks of bound against cost lie on its upper edge."""
    return any(n.best is not None and n.best.accuracy_bound < WANTED for n in run.networks)


def _costs_differ(run: RunView) -> bool:
    """Do the best certificates cost differently? Otherwise the table of quartiles says it in one line."""
    return len({percent(n.best.cost) for n in run.networks if n.best is not None}) > 1


class Page:
    """What figures of one page share: specifications and solids that occur more than once are written once."""

    def __init__(self) -> None:
        self._specs: dict[str, int] = {}
        self._solids: dict[str, int] = {}

    def figure(self, figure: Figure | None) -> Markup:
        """The place of a figure and its rows; it is drawn when it comes into view."""
        if figure is None:
            return Markup("")
        spec = json.dumps(figure.spec, separators=(",", ":"), ensure_ascii=False)
        number = self._specs.setdefault(spec, len(self._specs))
        return Markup(
            '<div class="chart {}" role="img" aria-label="{}" data-spec="{}">'
            '<script type="application/json">{}</script></div>'
        ).format(figure.name, figure.said, number, _rows(figure))

    def solid(self, solid: SolidView, hue: int) -> int:
        """The number of a solid's data, for `solids`."""
        return self._solids.setdefault(solid_data(solid, hue), len(self._solids))

    @property
    def data(self) -> Markup:
        """Specifications, solids and the two themes as JSON for the scripts; to be read last."""
        specs, solids = ",".join(self._specs), ",".join(self._solids)
        text = f'{{"specs":[{specs}],"solids":[{solids}],"themes":{json.dumps(_themes())}}}'
        return Markup(text.replace("<", "\\u003c"))


def _rows(figure: Figure) -> Markup:
    """The figure's rows for the scripts: the names of the columns once."""
    columns = list(dict.fromkeys(key for row in figure.rows for key in row))
    return _script_json({"columns": columns, "rows": [[row.get(key) for key in columns] for row in figure.rows]})


def _themes() -> dict[str, Any]:
    return {"light": config("light"), "dark": config("dark")}


def _script_json(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))


def render_solid(solid: SolidView, title: str) -> str:
    """A page with one ρ-set and nothing else."""
    return _environment().get_template("solid.html.j2").render(solid=solid, title=title, page=Page())


def figure_page(figure: Figure) -> str:
    """A page with one chart and nothing else, in the reader's theme."""
    return (
        _environment()
        .get_template("chart.html.j2")
        .render(
            title=figure.said,
            spec=_script_json({**figure.spec, "data": {"name": "rows"}}),
            rows=_rows(figure),
            themes=_script_json(_themes()),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rhoset.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        counted=counted,
        percent=percent,
        at_least=at_least,
        number=number,
        quantity=quantity,
        duration=duration,
        solid_said=solid_said,
        circuit_said=circuit_said,
        defined=defined,
        irreps_listed=irreps_listed,
        listed=listed,
    )
    scripts = "\n".join(_asset(name) for name in ("charts.js", "solids.js", "page.js"))
    environment.globals.update(css=Markup(_asset("report.css")), js=Markup(scripts), vega=_Vega())
    return environment


class _Vega:
    """The charts' library, made when a page asks for it."""

    def __html__(self) -> str:
        return bundle()


def _asset(name: str) -> str:
    text = files("rhoset.report").joinpath("assets", name).read_text(encoding="utf-8")
    # `</script` inside an inline script would end it.
    return text.replace("</", "<\\/") if name.endswith(".js") else text
