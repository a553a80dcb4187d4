"""`rhoset import`: foreign checkpoints to network files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import EITHER

if TYPE_CHECKING:
    from rhoset.networks.importing import Imported

FORMATS = ("chughtai", "stander", "wu", "factored", "mapping")
"""As `rhoset.networks.importing.FORMAT_NAMES`, which a test compares; kept here so that the help
loads no numpy."""


@make_command(example="rhoset import chughtai model.pt --group S5 --out net.safetensors")
@click.argument("format_", metavar="FORMAT", type=click.Choice(FORMATS))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--group", "group", metavar="GROUP", help="The group, such as S5; see `groups list`.")
@click.option(
    "--mapping", metavar="TOML", type=click.Path(path_type=Path), help="Which tensor is what, for the format mapping."
)
@click.option(
    "--order", metavar="ORDER", help="In which order the elements are; found out from the answers when omitted."
)
@click.option("--instance", type=click.IntRange(0), metavar="K", help="Only network K of a file with several.")
@click.option("--activation", metavar="NAME", help="Activation; what the file says, or relu, when omitted.")
@click.option("--drop-outputs", is_flag=True, help="Leave out outputs that are no elements of the group.")
@click.option(
    "--out",
    "target",
    metavar="NET",
    required=True,
    type=EITHER,
    help="The network file to write; a folder when FILE holds several networks.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(
    out: Output,
    format_: str,
    file: Path,
    group: str | None,
    mapping: Path | None,
    order: str | None,
    instance: int | None,
    activation: str | None,
    drop_outputs: bool,
    target: Path,
    force: bool,
) -> Payload:
    """Read a foreign checkpoint FILE and write it as a network file.

    FORMAT is chughtai (2023), stander (2024), wu (2024), factored (the public checkpoints), or
    mapping with a TOML file that says which tensor is what. Pickles are not executed. The order of
    the group's elements and the activation are checked against the network's answers.
    """
    from rhoset.networks import write_network
    from rhoset.networks.importing import import_networks

    found = import_networks(
        format_,
        file,
        group,
        mapping,
        order=order,
        instance=instance,
        activation=activation,
        drop_outputs=drop_outputs,
    )
    places = _places(found, target, force)
    for imported, place in zip(found, places, strict=True):
        write_network(place, imported.network)
        if imported.note:
            out.note(f"{place}: {imported.note}")
    rows = [_row(imported, place) for imported, place in zip(found, places, strict=True)]
    out.table(
        ["network", "group", "width m", "accuracy", "elements"],
        [[r["network"], r["group"], r["width"], r["accuracy"], r["element_order"]] for r in rows],
    )
    return {"networks": rows}


def _row(imported: Imported, place: Path) -> dict[str, object]:
    network = imported.network
    return {
        "network": str(place),
        "group": network.group.name,
        "order": network.order,
        "width": network.width,
        "accuracy": imported.accuracy,
        "element_order": imported.order,
        "note": imported.note,
        "digest": network.digest,
    }


def _places(found: list[Imported], target: Path, force: bool) -> list[Path]:
    """Where each network goes."""
    from rhoset.errors import RhosetError
    from rhoset.networks.atomic import make_folder, require_new

    if len(found) > 1:
        if target.suffix == ".safetensors" or target.is_file():
            raise RhosetError(
                f"the checkpoint holds {len(found)} networks and {target} is one file: give a"
                " folder for --out, or choose one network with --instance",
                slug="checkpoint-instance",
            )
        places = [make_folder(target) / f"{i.instance:04d}.safetensors" for i in found]
    else:
        places = [target / f"{found[0].instance:04d}.safetensors" if target.is_dir() else target]
    return [require_new(place, force) for place in places]
