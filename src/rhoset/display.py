"""Pictures of groups, ρ-sets, networks and explanations, in notebooks and as files; and how values show themselves.

What a value says of itself is in `rhoset.summaries`. Lists of such values are shown as a table in IPython and Jupyter,
where `register` is called when `rhoset` is imported.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rhoset.arguments import kind_of, public
from rhoset.errors import RhosetError
from rhoset.summaries import html as html
from rhoset.summaries import summarised

if TYPE_CHECKING:
    from rhoset.report.charts import Figure
    from rhoset.report.views import RunView

HEIGHT = 620
"""Height of a picture in a notebook, in pixels."""

OUTSIDE = (("rhoset_check.verdict", "Verdict"), ("rhoset_check.files", "Certificate"))
"""Module and name of types with a summary that don't derive from `rhoset.summaries.Shown`: the checker's own."""


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A picture: an interactive page, and a figure for a paper.

    Attributes
    ----------
    title
        What it shows.
    figure
        The figure as data; ``figure.chart()`` is the Altair chart, to be changed or combined further.
    page
        Makes the interactive page.
    """

    title: str
    figure: Figure
    page: Callable[[], str]

    @functools.cached_property
    def html(self) -> str:
        """A self-contained HTML page that needs no network; a notebook shows it in place."""
        return self.page()

    @property
    def chart(self) -> Any:
        """The Altair chart of the figure."""
        return self.figure.chart()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file (atomically); returns its path.

        The ending decides: ``.html`` is the interactive page, ``.svg``, ``.pdf`` and ``.png`` the figure, 460 units of
        1/72 inch wide, ``.json`` its Vega-Lite specification.

        Raises
        ------
        RhosetError
            Another ending (slug ``bad-ending``); nothing is written.
        """
        from rhoset.networks import write_atomic
        from rhoset.report.charts.figure import ending_of

        path = Path(path)
        ending = ending_of(path)
        return write_atomic(path, self.html.encode() if ending == "html" else self.figure.text(ending))

    def __repr__(self) -> str:
        return f"<Plot: {self.title}; save('name.html'), .svg, .pdf or .png>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html, quote=True)}" width="100%" height="{HEIGHT}" '
            'style="border:0;border-radius:12px"></iframe>'
        )


@public
def plot(what: Any, kind: str | None = None) -> Plot:
    """A picture of a ρ-set, a circuit, a network, an explanation, a run, several networks, or a training.

    Parameters
    ----------
    what
        A `RhoSet` or `Circuit` (the interactive figure), a `Network` or `Explanation` (its section of the report), a
        path of a run or network file (the whole report) or what `rhoset.report.collect` made of one, a list of
        networks or of paths, a data frame as `rhoset.table` makes, or the steps of `rhoset.explaining.explain_steps`.
    kind
        One figure instead: of several networks ``cost``, ``irreps``, ``reasons``; of one ``energy``, ``margins``,
        ``account``, ``solid``, ``slots``, ``quadrature``, ``training``, ``formation``, ``frontier``.

    Raises
    ------
    RhosetError
        There is no picture of such an object (slug ``no-picture``) or none of that name (``unknown-picture``).

    Examples
    --------
    >>> import rhoset as rs
    >>> g = rs.group("S4")
    >>> tetrahedron = rs.minimal_rho_set(g, rs.irreps(g)[1])
    >>> "a tetrahedron" in plot(tetrahedron).html
    True
    """
    from rhoset.api import load_all
    from rhoset.explaining import Circuit, Explanation, Step
    from rhoset.groups import RhoSet
    from rhoset.networks import Network, as_network
    from rhoset.report import collect
    from rhoset.report.collect import several
    from rhoset.report.pictures import steps_figure
    from rhoset.report.views import RunView

    if isinstance(what, RunView):
        return _of_run(what, kind)
    if isinstance(what, RhoSet):
        return _rho_set(what)
    if isinstance(what, Circuit):
        return _rho_set(what.rho_sets[0]) if kind in (None, "solid") else _circuit(what, kind)
    if isinstance(what, Explanation):
        return plot(what.network, kind)
    if isinstance(what, Network):
        return _of_run(several([what]), kind)
    if isinstance(what, str | os.PathLike):
        return _of_run(collect(Path(what) if isinstance(what, os.PathLike) else what), kind)
    if isinstance(what, Sequence) and what:
        if all(isinstance(item, Step) for item in what):
            return _of_figure(steps_figure(what))
        networks = [item.network if isinstance(item, Explanation) else item for item in what]
        if all(isinstance(item, Network) for item in networks):
            return _of_run(several(networks), kind)
    if not isinstance(what, Mapping) and _names_networks(what):
        return plot(load_all(what), kind)
    try:
        return plot(as_network(what), kind)
    except RhosetError as error:
        if error.slug != "bad-argument":
            raise
    raise RhosetError(
        f"no picture of {kind_of(what)}; give a RhoSet, a Circuit, a Network, an Explanation, a list of"
        " networks, or the path of a run",
        slug="no-picture",
    )


def _names_networks(value: Any) -> bool:
    from rhoset.networks.accept import places_of

    try:
        return bool(places_of(value))
    except RhosetError:
        return False


def _of_run(run: RunView, kind: str | None) -> Plot:
    from rhoset.report import render
    from rhoset.report.pictures import picture

    figure = picture(run, kind)
    return _of_figure(figure) if kind else Plot(run.title, figure, lambda: render(run))


def _of_figure(figure: Figure) -> Plot:
    from rhoset.report.html import figure_page

    return Plot(figure.said, figure, lambda: figure_page(figure))


def _rho_set(rho_set: Any) -> Plot:
    from rhoset.report.charts.solid import solid_figure
    from rhoset.report.html import render_solid
    from rhoset.report.natural import with_names
    from rhoset.report.solids import solid

    view = solid(rho_set, None, with_names(rho_set.gset.stabilizer.group))
    title = f"ρ-set of {rho_set.irrep.label} of {rho_set.gset.stabilizer.group.name}"
    return Plot(title, solid_figure(view), lambda: render_solid(view, title))


def _circuit(circuit: Any, kind: str | None) -> Plot:
    from rhoset.report.charts.network import slots_figure
    from rhoset.report.natural import with_names
    from rhoset.report.sections import circuit_view

    figure = slots_figure(circuit_view(circuit, with_names(circuit.left_set.gset.stabilizer.group)))
    if kind != "slots" or figure is None:
        raise RhosetError(f"no picture {kind!r} of a circuit: give solid or slots", slug="unknown-picture")
    return _of_figure(figure)


def _in_one_line(value: Any, printer: Any, cycle: bool) -> None:
    """As IPython's pretty printer asks for it."""
    printer.text(summarised(value))


def register(shell: Any) -> None:
    """Register with an IPython shell what has no method of its own: types of other packages, lists and tuples."""
    formatter, text = (shell.display_formatter.formatters[kind] for kind in ("text/html", "text/plain"))
    for module, name in OUTSIDE:
        formatter.for_type_by_name(module, name, html)
        text.for_type_by_name(module, name, _in_one_line)
    for kind in (list, tuple):
        formatter.for_type(kind, html)
