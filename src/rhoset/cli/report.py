"""`rhoset report`: one self-contained HTML file about a run."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import attempts, report_unread
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FILE

IN_PROCESSES = 12
"""From this many networks on the cores share the work; below, starting processes costs more."""


@make_command(example="rhoset report runs/s5")
@click.argument("run", metavar="RUN")
@click.option(
    "--out",
    "target",
    metavar="FILE",
    type=FILE,
    help="Where to write it; RUN/report.html when omitted.",
)
def command(out: Output, run: str, target: Path | None) -> Payload:
    """Write one self-contained report.html about the networks of RUN.

    RUN is a run folder, a folder of network files, one network file, or RUN#3. Every network is
    explained and evaluated, and every certificate beside it is checked again. The file opens from
    disk with no network.
    """
    from rhoset.errors import RhosetError
    from rhoset.networks.atomic import require_writable
    from rhoset.networks.runs import open_networks
    from rhoset.report import collect, write_report

    place = target if target is not None else _beside(run)
    require_writable(place)
    attempt = attempts(out, [run])
    many = len(open_networks(run, lambda name: suppress(RhosetError))) >= IN_PROCESSES
    with out.progress("explaining and checking", 1) as update:

        def tell(done: int, total: int) -> None:
            update(done / total, f"network {done} of {total}")

        view = collect(run, tell, workers=(os.cpu_count() or 1) if many else 1, attempt=attempt)
    report_unread(out, view)
    path = write_report(view, place)
    size = path.stat().st_size
    out.say(str(path))
    bounds = [n.best.accuracy_bound for n in view.networks if n.best is not None]
    return {
        "report": str(path),
        "group": view.group,
        "networks": len(view.networks),
        "certified": len(bounds),
        "bytes": size,
    }


def _beside(run: str) -> Path:
    """report.html in the folder that the argument names, or beside the file."""
    path = Path(run)
    if path.is_dir():
        return path / "report.html"
    folder = Path(run.rpartition("#")[0] or ".")
    return (path.parent if path.is_file() else folder) / "report.html"
