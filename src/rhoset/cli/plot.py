"""`rhoset plot`: one figure of a run or network as SVG, PDF, PNG or an interactive page."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import attempts, report_unread
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FILE


@make_command(example="rhoset plot runs/s5 --kind cost --out cost.pdf")
@click.argument("place", metavar="NET")
@click.option("--kind", metavar="KIND", help="Which figure, such as cost; the most telling one when omitted.")
@click.option(
    "--out",
    "target",
    metavar="FILE",
    required=True,
    type=FILE,
    help="Where to write it; .svg, .pdf, .png, .html or .json (Vega-Lite) by its ending.",
)
def command(out: Output, place: str, kind: str | None, target: Path) -> Payload:
    """Draw one figure of NET for a paper or a page.

    NET is a run folder, a folder of network files, one network file, or RUN#3. Figures of several networks are cost
    (bound against cost), irreps, reasons and others; of one energy (irreps by neurons), margins, account (where the
    margin goes), solid, slots, quadrature, training, formation (irreps over training), frontier. An unknown KIND is
    answered with the list.
    """
    from rhoset.display import plot
    from rhoset.report import collect
    from rhoset.report.charts.figure import ending_of
    from rhoset.report.pictures import require_kind

    ending_of(target)  # before anything is computed
    require_kind(kind)
    with out.progress("drawing", 1) as update:
        view = collect(place, attempt=attempts(out, [place]))
        report_unread(out, view)
        picture = plot(view, kind)
        path = picture.save(target)
        update(1)
    out.say(str(path))
    return {"figure": str(path), "title": picture.title, "marks": len(picture.figure.rows)}
