"""`rhoset reproduce`: the paper's experiment and table, beside the published numbers."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FOLDER, WORKERS


@make_command(example="rhoset reproduce --quick")
@click.option("--quick", is_flag=True, help="Few networks: minutes instead of an hour.")
@click.option(
    "--out",
    "folder",
    type=FOLDER,
    metavar="DIR",
    help="Folder of the runs [runs/reproduce, runs/reproduce-quick].",
)
@click.option("--workers", type=WORKERS, help="Processes [the cores].")
def command(out: Output, quick: bool, folder: Path | None, workers: int | None) -> Payload:
    """Train the paper's populations, explain and certify them, and print the tables.

    100 networks on S5, and 8 on each of six smaller groups; 6 and 2 with --quick. Every network is
    certified by every method. Published numbers stand beside ours. A stopped reproduction goes on
    when the command is given again; results.json and results.md are left in the folder.
    """
    from rhoset.networks import write_atomic
    from rhoset.reproduce import FULL, QUICK, markdown, reproduce

    experiment = QUICK if quick else FULL
    place = folder or Path("runs") / ("reproduce-quick" if quick else "reproduce")
    place.mkdir(parents=True, exist_ok=True)
    with out.progress("starting", 1.0) as update:
        results = reproduce(experiment, place, workers=workers, progress=lambda text, share: update(share, text))
    tables = markdown(results)
    write_atomic(place / "results.md", tables)
    out.say(tables)
    return {
        "results": str(place / "results.json"),
        "experiment": experiment.name,
        "machine": results["machine"],
        "published": results["published"],
        "summary": results["summary"],
    }
