"""`rhoset report`: one self-contained HTML file about a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import attempts, one_by_one, report_unread, require_there
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FILE
from rhoset.processes import processes

if TYPE_CHECKING:
    from rhoset.report import RunView

QUESTIONS = {
    "learned": "What did they learn?",
    "proved": "What is proved, at what cost?",
    "why": "Why not cheaper?",
}

UNFIT = re.compile(r"[^\w(),+=.]+")
"""What the name of a group may hold and the name of a file had better not."""

EACH = 0.1
"""Seconds of one network of S5: explained, its certificates checked."""


@make_command(example="rhoset report runs/s5 --certify")
@click.argument("run", metavar="RUN")
@click.option(
    "--out",
    "target",
    metavar="FILE",
    type=FILE,
    help="Where to write it; RUN/report.html when omitted.",
)
@click.option("--certify", is_flag=True, help="First certify the networks that have no certificate of this version.")
@click.option(
    "--objective",
    type=click.Choice(["time", "operations"]),
    default="time",
    show_default=True,
    help="With --certify, what is cheap: search and check by the clock, or the length of the proof.",
)
@click.option("--accounts", is_flag=True, help="Every account of the weights, side by side.")
def command(out: Output, run: str, target: Path | None, certify: bool, objective: str, accounts: bool) -> Payload:
    """Say what the networks of RUN learned and what is proved, and write it all as report.html.

    RUN is a run folder, a folder of network files, one network file, or RUN#3. Every network is
    explained and evaluated, and every certificate beside it is checked again. The file is
    self-contained: it opens from disk with no network. Where there are networks of several groups,
    it is about the group of most of them, and files beside it, report-GROUP.html, are about the others.
    """
    require_there(run)
    from rhoset.errors import RhosetError
    from rhoset.networks.atomic import require_writable
    from rhoset.networks.runs import open_networks
    from rhoset.report import collect_each

    place = target if target is not None else require_writable(_beside(run))
    attempt = attempts(out, [run])
    named = open_networks(run, lambda name: suppress(RhosetError))
    workers = processes(None, len(named), EACH)
    if certify:
        _certify(out, named, workers, objective)
    with out.counting("explaining and checking") as tell:
        views = collect_each(run, tell, workers=workers, attempt=attempt, accounts=accounts)
    said = []
    for view, beside in zip(views, _places(place, views), strict=True):
        if len(views) > 1:
            out.say(f"{view.title}:")
        said.append(_write(out, view, beside))
    return said[0] | {"others": said[1:]}


def _places(place: Path, views: Sequence[RunView]) -> list[Path]:
    """The file of the first group, and one for each other, named after it; a number where two are named alike."""
    places = [place]
    for view in views[1:]:
        stem = f"{place.stem}-{UNFIT.sub('-', view.group)[:100]}"
        names = (f"{stem}{number}{place.suffix}" for number in ("", *(f"-{k}" for k in range(2, len(views) + 1))))
        places.append(next(other for name in names if (other := place.with_name(name)) not in places))
    return places


def _write(out: Output, view: RunView, place: Path) -> dict[str, Any]:
    """Write the report about the networks of one group; what is said of it."""
    from rhoset.report import write_report
    from rhoset.report.answers import answers

    report_unread(out, view)
    path = write_report(view, place)
    said = answers(view)
    spoken = {"learned": said.learned, "proved": said.proved, "why": said.why}
    for question, sentences in spoken.items():
        if sentences:
            asked = QUESTIONS[question].replace("they", "it" if len(view.networks) == 1 else "they")
            out.say(f"{asked} {' '.join(sentences)}")
            out.say()
    out.say(str(path))
    bounds = [n.best.accuracy_bound for n in view.networks if n.best is not None]
    return {
        "report": str(path),
        "group": view.group,
        "networks": len(view.networks),
        "certified": len(bounds),
        "bytes": path.stat().st_size,
        "answers": spoken,
    }


def _certify(out: Output, named: list[tuple[str, Path]], workers: int, objective: str) -> None:
    """Certificates for the networks that have none, or none of this version, as `rhoset certify` makes them."""
    from rhoset.cli.certify import Asked
    from rhoset.networks.runs import certificates
    from rhoset.verdicts import outdated

    bare = [(label, path) for label, path in named if all(map(outdated, certificates(path).values()))]
    asked = Asked({"method": "auto", "arithmetic": "real", "objective": objective}, False, None)
    tried = Output(quiet=out.quiet)
    for _ in one_by_one(tried, "certifying", asked, [(one[0], one) for one in bare], workers, alone=False):
        pass
    for failure in tried.failures:  # one that can't be read is named once more by the report itself
        out.note(f"no certificate: {failure.message}")


def _beside(run: str) -> Path:
    """report.html in the folder that the argument names, or beside the file."""
    path = Path(run)
    if path.is_dir():
        return path / "report.html"
    folder = Path(run.rpartition("#")[0] or ".")
    return (path.parent if path.is_file() else folder) / "report.html"
