"""`rhoset reproduce`: the paper's experiment and table, beside the published numbers."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FOLDER, WORKERS
from rhoset.errors import RhosetError


@make_command(example="rhoset reproduce --quick")
@click.option("--quick", is_flag=True, help="Few networks: minutes instead of hours.")
@click.option(
    "--out",
    "folder",
    type=FOLDER,
    metavar="DIR",
    help="Folder of the runs [runs/reproduce, runs/reproduce-quick].",
)
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="[NAME=]RUN",
    help="Measure this run as it is, in place of training; several: a population each [NAME: the group's].",
)
@click.option("--steps", type=click.IntRange(1), help="Steps of training at most [25,000; 4,000 with --quick].")
@click.option("--methods", default=None, metavar="LIST", help="Methods that certify, with commas between [all].")
@click.option(
    "--device", default="cpu", help="Where to train: cpu [default], a GPU such as cuda:0; none: measure what is there."
)
@click.option("--workers", type=WORKERS, help="Processes [the cores].")
def command(
    out: Output,
    quick: bool,
    folder: Path | None,
    runs: tuple[str, ...],
    steps: int | None,
    methods: str | None,
    device: str,
    workers: int | None,
) -> Payload:
    """Train the paper's populations, explain and certify them, and print the tables.

    100 networks on S5 by the recipe as it was, 100 by the recipe as it stands today, and 8 on each of the paper's
    other groups, 25,000 steps each: hours on two cores, minutes of training on a GPU. Every network is certified by
    every method, and by the published verifier in floating point. A stopped reproduction goes on when the command is
    given again; results.json and results.md are left in the folder.

    With --run the networks of a run are measured, as many as it holds by now; given again, those that came since.
    """
    named = _named(runs)
    from rhoset.networks import write_atomic
    from rhoset.networks.atomic import make_folder
    from rhoset.reproduce import FULL, QUICK, markdown, measure_runs, reproduce
    from rhoset.reproduce.measure import METHODS

    chosen = METHODS if methods is None else tuple(methods.split(","))
    for name in chosen:
        if name not in METHODS:
            raise RhosetError(f"--methods {name}: give some of {', '.join(METHODS)}", slug="unknown-method")
    if runs and (quick or steps is not None):
        raise RhosetError("--run measures what is there: leave out --quick and --steps", slug="bad-argument")
    experiment = QUICK if quick else FULL
    if steps is not None:
        experiment = experiment.shortened(steps)
    place = folder or Path("runs") / ("reproduce-quick" if quick else "reproduce")
    make_folder(place)
    with out.progress("starting", 1.0) as update:

        def progress(text: str, share: float) -> None:
            update(share, text)

        if named:
            results = measure_runs(named, place, workers=workers, methods=chosen, progress=progress)
        else:
            where = None if device == "none" else device
            results = reproduce(experiment, place, workers=workers, device=where, methods=chosen, progress=progress)
    tables = markdown(results)
    write_atomic(place / "results.md", tables)
    out.say(tables)
    return {
        "results": str(place / "results.json"),
        "experiment": results["experiment"],
        "machines": results["machines"],
        "published": results["published"],
        "summary": results["summary"],
    }


def _named(runs: tuple[str, ...]) -> dict[str, Path]:
    """Population → run folder, from what --run was given."""
    from rhoset.networks.runs import open_run

    found: dict[str, Path] = {}
    for text in runs:
        name, equals, path = ("", "", text) if Path(text).exists() else text.partition("=")
        run = open_run(Path(path if equals else text))
        name = (name if equals else "") or str(run.manifest["group"])
        if name in found:
            raise RhosetError(f"--run {text}: {name} is there already; name it, NAME={text}", slug="bad-argument")
        found[name] = run.path
    return found
