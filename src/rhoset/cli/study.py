"""`rhoset study`: a specified experiment over many networks."""

from __future__ import annotations

from pathlib import Path

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FOLDER
from rhoset.summaries import counted


@make_command(example="rhoset study o61 --out studies/o61 --quick")
@click.argument("name", metavar="NAME|FILE.toml")
@click.option("--out", "folder", type=FOLDER, required=True, help="Folder of the study.")
@click.option("--quick", is_flag=True, help="Fewer and shorter: a look at the pipeline, within a minute.")
@click.option("--so-far", is_flag=True, help="Train nothing: results and page of the networks that are there.")
@click.option("--workers", type=click.IntRange(1), default=None, help="Processes [the cores].")
@click.option("--cluster", default=None, metavar="ADDRESS", help="A Dask scheduler's address.")
def command(
    out: Output, name: str, folder: Path, quick: bool, so_far: bool, workers: int | None, cluster: str | None
) -> Payload:
    """Train, measure and certify the networks of a study; tables, intervals and a page.

    NAME is o61, o57, o54, o52 or o58 (open problems of the field, see the docs) or a TOML file with group, grid of
    settings, seeds and observables. A study that was stopped goes on when the command is given again. DIR gets
    settings.json, checkpoints/, networks.csv, results.json and study.md.
    """
    from rhoset.populations.studies import StudyProgress, read_study, run_study, study_so_far

    study = read_study(name, quick=quick)
    total = study.models * len(study.settings)
    if so_far:
        results = study_so_far(study, folder, out.attempt)
    else:
        with out.progress(study.name, total) as update:

            def tell(news: StudyProgress) -> None:
                update(news.done, f"{news.done}/{news.total} {news.setting}")

            results = run_study(study, folder, workers=workers, cluster=cluster, progress=tell)
    said = results.summary
    headers = ["setting", "networks", "converged", "right", "proved", "mean N", "most frequent K (b ≥ ε)", "95 %"]
    rows = []
    for setting in said["settings"]:
        first = setting["key_sets"][0]
        rows.append(
            [
                setting["name"],
                setting["runs"],
                setting["converged"],
                setting["right_everywhere"],
                setting["proved_everywhere"],
                setting["mean_spectral_count"],
                f"{first['label']} {first['count']}/{setting['runs']}",
                f"{first['low']:.2f}–{first['high']:.2f}",
            ]
        )
    out.table(headers, rows)
    if results.missing:
        out.note(f"not finished: {sum(results.missing.values())} of {counted(total, 'network')} missing")
    out.say(f"\n{folder / 'study.md'}")
    return said
