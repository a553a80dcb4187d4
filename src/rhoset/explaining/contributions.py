"""The neurons of a network by the part of its explanation that holds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.explanation import Explanation


def neuron_groups(explanation: Explanation) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Names of the groups and (m,) the group of each neuron; the last group is what is left over
    (dead neurons too)."""
    names: list[str] = []
    member = np.full(explanation.network.width, -1, dtype=np.int32)
    for part in explanation.parts:
        member[part.neurons] = len(names)
        names.append(part.label)
    member[member < 0] = len(names)
    return (*names, "left over"), member
