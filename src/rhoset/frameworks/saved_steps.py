"""A folder of training snapshots as steps: networks in the order in which they were saved."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.networks import Network, read_network
from rhoset.networks.runs import open_networks, steps_folder

_STEP = re.compile(r"(\d+)(?!.*\d)")
"""The last number in a name: ``step-001000``, ``checkpoint_20``, ``0003.steps/001500``."""


@public
def snapshots(place: str | os.PathLike[str]) -> tuple[tuple[int, Network], ...]:
    """The saved steps of one training, for `rhoset.explaining.explain_steps`.

    Parameters
    ----------
    place
        A folder of network files whose names end in the step, or a network of a run (``RUN#3``), whose snapshots lie
        in ``networks/0003.steps``.

    Returns
    -------
    (step, network), ascending.

    Raises
    ------
    RhosetError
        There are fewer than two snapshots (slug ``no-snapshots``), a name without a number (``snapshot-name``), or a
        file that is no network.
    """
    path = Path(place)
    folder = path if path.is_dir() else steps_folder(open_networks(place)[0][1])
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    found: dict[int, Path] = {}
    for file in files:
        match = _STEP.search(file.stem)
        if match is None:
            raise RhosetError(
                f"{file}: no step in the name; expected one as in step-1000.safetensors", slug="snapshot-name"
            )
        if int(match[1]) in found:
            raise RhosetError(
                f"{file} and {found[int(match[1])].name} are both of step {match[1]}", slug="snapshot-name"
            )
        found[int(match[1])] = file
    if len(found) < 2:
        raise RhosetError(
            f"{place}: {len(found)} snapshots, at least two make a history; train with --checkpoints, or give a folder"
            " of network files named by their step",
            slug="no-snapshots",
        )
    return tuple((step, read_network(found[step])) for step in sorted(found))
