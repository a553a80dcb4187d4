"""The networks that a command's NET arguments mean; one that fails costs itself only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rhoset.cli._output import Output

if TYPE_CHECKING:
    from rhoset.networks import Network


def network_files(out: Output, specs: Sequence[str]) -> list[tuple[str, Path]]:
    """The label and the file of each network; an argument that means none is recorded as a failure.

    Raises RhosetError where there is one argument and it means none.
    """
    from rhoset.networks.runs import open_networks

    found: list[tuple[str, Path]] = []
    for spec in specs:
        with out.attempt(spec, alone=len(specs) == 1):
            found += open_networks(spec)
    return found


def one_network(spec: str, what: str) -> tuple[str, Path]:
    """The label and the file of the one network that an argument means.

    Raises RhosetError (slug ``several-networks``) where it means several.
    """
    from rhoset.errors import RhosetError
    from rhoset.networks.runs import open_networks

    found = open_networks(spec)
    if len(found) != 1:
        raise RhosetError(
            f"{spec!r} means {len(found)} networks; {what} speaks of one: write {found[0][0]}", slug="several-networks"
        )
    return found[0]


def read_labelled(label: str, path: Path) -> Network:
    """The network of a file, with its group found, so that errors about either name the file.

    Raises RhosetError as `read_network` and `Network.group` do.
    """
    from rhoset.errors import RhosetError
    from rhoset.networks import read_network

    try:
        network = read_network(path)
        _ = network.group
    except RhosetError as error:
        message = str(error)
        raise RhosetError(message if str(path) in message else f"{label}: {message}", slug=error.slug) from None
    return network
