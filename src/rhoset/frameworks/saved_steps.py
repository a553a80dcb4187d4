"""A folder of training snapshots as steps: networks in the order in which they were saved."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from rhoset.arguments import public
from rhoset.errors import Attempt, RhosetError, raising
from rhoset.networks import Network
from rhoset.networks.files import read_labelled
from rhoset.networks.runs import MANIFEST, network_files, open_networks, steps_folder
from rhoset.summaries import counted

_STEP = re.compile(r"(\d+)(?!.*\d)")
"""The last number in a name: ``step-001000``, ``checkpoint_20``, ``0003.steps/001500``."""


@public
def snapshots(place: str | os.PathLike[str], attempt: Attempt = raising) -> tuple[tuple[int, Network], ...]:
    """The saved steps of one training, for `rhoset.explaining.explain_steps`.

    Parameters
    ----------
    place
        A folder of network files whose names end in the step, or a network of a run (``RUN#3``), whose snapshots lie
        in ``networks/0003.steps``.
    attempt
        Around each file: a caller who gives one says what an error costs, and the steps are the others, those on the
        group of the first. Without it the first error is raised.

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
    if os.path.isfile(path / MANIFEST):
        raise RhosetError(f"{place} is a run: choose one of its networks, as in {place}#0", slug="no-snapshots")
    folder = path if os.path.isdir(path) else steps_folder(open_networks(place)[0][1])
    files = network_files(folder) if os.path.isdir(folder) else []
    found: dict[int, tuple[Path, Network]] = {}
    for file in files:
        with attempt(str(file)):
            step = _step(file)
            if step in found:
                raise RhosetError(f"{file} and {found[step][0].name} are both of step {step}", slug="snapshot-name")
            network = read_labelled(str(file), file)
            first = next(iter(found.values()), None)
            if first is not None and not np.array_equal(first[1].table, network.table):
                raise RhosetError(
                    f"{file}: its multiplication table differs from that of {first[0].name}", slug="mixed-groups"
                )
            found[step] = file, network
    if len(found) < 2:
        raise RhosetError(
            f"{place}: {counted(len(found), 'snapshot')}, at least two make a history; train with --checkpoints, or"
            " give a folder of network files named by their step",
            slug="no-snapshots",
        )
    return tuple((step, found[step][1]) for step in sorted(found))


def _step(file: Path) -> int:
    match = _STEP.search(file.stem)
    if match is None:
        raise RhosetError(
            f"{file}: no step in the name; expected one as in step-1000.safetensors", slug="snapshot-name"
        )
    return int(match[1])
