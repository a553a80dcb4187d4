"""`rhoset formation`: how accuracy, circuits and what can be proved grow during training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._networks import attempts, require_there
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rhoset.explaining import Explanation
    from rhoset.networks import Network


@make_command(example="rhoset formation runs/s5#0 --prove --out formation.pdf")
@click.argument("place", metavar="NET|FOLDER")
@click.option("--prove", is_flag=True, help="Certify each step too.")
@click.option(
    "--out",
    "target",
    metavar="FILE",
    type=FILE,
    help="The figure: .svg, .pdf, .png, .html or .json by its ending.",
)
def command(out: Output, place: str, prove: bool, target: Path | None) -> Payload:
    """Explain every saved step of one training.

    NET is a network of a run trained with --checkpoints; FOLDER holds network files named by their step. Gives a
    table and, with --out, a figure of accuracy, explained share and, with --prove, the certified bound.
    """
    require_there(place)
    from rhoset.display import plot
    from rhoset.explaining import explain_steps
    from rhoset.frameworks import snapshots
    from rhoset.prove import certify
    from rhoset.report.charts.figure import ending_of

    if target is not None:
        ending_of(target)  # before anything is computed
    saved = snapshots(place, attempts(out, [place]))
    with out.progress("explaining", len(saved)) as update:

        def bound(explanation: Explanation) -> float:
            return certify(explanation).verdict.accuracy_bound

        def told() -> Iterator[tuple[int, Network]]:
            for done, step in enumerate(saved):
                update(done)
                yield step

        steps = explain_steps(told(), bound=bound if prove else None)
    rows: list[list[float | None]] = [
        [s.step, s.result.accuracy, s.result.loss, s.circuits, s.complete, s.explained] for s in steps
    ]
    names = ["step", "accuracy", "loss", "circuits", "complete", "explained"]
    if prove:
        names.append("proved")
        rows = [[*row, step.bound] for row, step in zip(rows, steps, strict=True)]
    out.table(names, rows)
    said: dict[str, object] = {"steps": [dict(zip(names, row, strict=True)) for row in rows]}
    if target is not None:
        path = plot(steps).save(target)
        out.say(str(path))
        said["figure"] = str(path)
    return said
