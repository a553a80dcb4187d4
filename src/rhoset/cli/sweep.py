"""`rhoset sweep`: a grid of runs from a TOML file, here or on a Dask cluster."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FOLDER, WORKERS
from rhoset.summaries import counted


@make_command(example="rhoset sweep grid.toml --out sweeps/widths")
@click.argument("file", type=click.Path())
@click.option("--out", "folder", type=FOLDER, default=None, help="Folder [FILE's name].")
@click.option("--workers", type=WORKERS, default=None, help="Processes [the cores].")
@click.option("--cluster", default=None, metavar="ADDRESS", help="A Dask scheduler's address.")
def command(out: Output, file: str, folder: Path | None, workers: int | None, cluster: str | None) -> Payload:
    """Train every combination of the groups, widths, fractions and other settings in FILE.

    Each combination is a run folder; one table of results holds all networks. A sweep that was
    stopped goes on when the command is given again.
    """
    from rhoset.reading import require_file
    from rhoset.training.addresses import check_address

    require_file(file, "a sweep in TOML", "bad-sweep")
    if cluster is not None:
        check_address(cluster)
    from rhoset.training import read_sweep, run_sweep, summarise  # loads PyTorch: only when the call is right

    sweep = read_sweep(file)
    path = Path(folder or Path(file).with_suffix(""))
    columns = list(sweep.cells[0].values)
    total = sweep.models * len(sweep.cells)
    with out.progress(counted(len(sweep.cells), "cell"), total) as update:
        found = run_sweep(
            sweep,
            path,
            workers=workers,
            cluster=cluster,
            progress=lambda news: update(news.done, f"{news.done}/{news.total} {news.cell}"),
        )
    rows = found.results()
    cells = []
    for part in summarise(rows, by=columns):
        median, low, high = part.time.median()
        share = part.generalised
        cells.append(
            {
                **part.key,
                "models": share.total,
                "generalised": share.share,
                "generalised_low": share.low,
                "generalised_high": share.high,
                "median_steps": median,
                "median_steps_low": low,
                "median_steps_high": high,
                "loss": part.loss[1],
                "seconds": part.seconds,
            }
        )
    out.table(list(cells[0]), [list(cell.values()) for cell in cells], limit=60)
    out.say(f"\n{counted(len(rows), 'network')} in {path}")
    return {"sweep": str(path), "cells": cells, "models": rows}
