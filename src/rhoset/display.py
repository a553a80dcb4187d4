"""Pictures of groups, ρ-sets, networks and explanations, in notebooks and as HTML files.

In IPython and Jupyter the displays are registered when `rhoset` is imported. They are registered by
the names of the types, so nothing is loaded until there is something to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from rhoset.errors import RhosetError

HEIGHT = 620
"""Height of a picture in a notebook, in pixels."""

TYPES = (
    ("rhoset.groups.table", "Group"),
    ("rhoset.groups.vector_orbits", "RhoSet"),
    ("rhoset.networks.network", "Network"),
    ("rhoset.explaining.explanation", "Explanation"),
    ("rhoset_check.verdict", "Verdict"),
)
"""Module and name of the types with a display."""


@dataclass(frozen=True)
class Plot:
    """A self-contained HTML page; a notebook shows it in place."""

    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page to a file (atomically); returns its path."""
        from rhoset.networks import write_atomic

        return write_atomic(path, self.html)

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html, quote=True)}" width="100%" height="{HEIGHT}" '
            'style="border:0;border-radius:12px"></iframe>'
        )


def plot(what: Any) -> Plot:
    """A picture of a ρ-set, a network, an explanation, or a run.

    Parameters
    ----------
    what
        A `RhoSet` (the interactive figure), a `Network` or `Explanation` (its section of the
        report), or a path of a run or network file (the whole report).

    Raises
    ------
    RhosetError
        There is no picture of such an object (slug ``no-picture``).

    Examples
    --------
    >>> import rhoset as rs
    >>> g = rs.group("S4")
    >>> tetrahedron = rs.minimal_rho_set(g, rs.irreps(g)[1])
    >>> "a tetrahedron" in plot(tetrahedron).html
    True
    """
    from rhoset.explaining import Explanation
    from rhoset.groups import RhoSet
    from rhoset.networks import Network
    from rhoset.report import collect, render
    from rhoset.report.html import render_solid
    from rhoset.report.solids import solid

    if isinstance(what, RhoSet):
        group = what.gset.stabilizer.group
        return Plot(render_solid(solid(what), f"ρ-set of {what.irrep.label} of {group.name}"))
    if isinstance(what, Explanation):
        return plot(what.network)
    if isinstance(what, Network):
        from rhoset.report.collect import single

        return Plot(render(single(what)))
    if isinstance(what, str | Path):
        return Plot(render(collect(what)))
    raise RhosetError(
        f"no picture of a {type(what).__name__}; give a RhoSet, a Network, an Explanation or the path of a run",
        slug="no-picture",
    )


def html(value: Any) -> str:
    """A small HTML summary of a value of one of `TYPES`."""
    kind = type(value).__name__
    if kind == "RhoSet":
        return plot(value)._repr_html_()
    rows = {"Group": _group, "Network": _network, "Explanation": _explanation, "Verdict": _verdict}
    cells = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(said)}</td></tr>'
        for name, said in rows[kind](value)
    )
    return f"<table>{cells}</table>"


def register(shell: Any) -> None:
    """Register the displays with an IPython shell."""
    formatter = shell.display_formatter.formatters["text/html"]
    for module, name in TYPES:
        formatter.for_type_by_name(module, name, html)


def _group(group: Any) -> list[tuple[str, str]]:
    from rhoset.groups import irreps

    named = ", ".join(f"{rho.label} ({rho.dim}, {rho.type})" for rho in irreps(group)[:24])
    return [
        ("Group", group.name),
        ("Order", str(group.order)),
        ("Conjugacy classes", str(len(group.classes))),
        ("Real irreps (dimension, type)", named),
        ("Elements", group.convention or "by index"),
    ]


def _network(network: Any) -> list[tuple[str, str]]:
    return [
        ("Network on", f"{network.group.name}, order {network.order}"),
        ("Hidden neurons", str(network.width)),
        ("Activation", network.activation),
        ("Weights (SHA-256)", network.digest),
    ]


def _explanation(explanation: Any) -> list[tuple[str, str]]:
    circuits = [f"{part.label}, {len(part.neurons)} neurons" for part in explanation.parts]
    return [
        ("Explained share of the weights", f"{explanation.explained:.1%}"),
        ("Circuits", "; ".join(circuits) or "none"),
        ("Neurons left over", str(len(explanation.left_over))),
    ]


def _verdict(verdict: Any) -> list[tuple[str, str]]:
    return [
        ("Checked", "valid" if verdict.valid else f"refused: {verdict.reason}"),
        ("Statement", verdict.statement()),
    ]
