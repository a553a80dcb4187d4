"""The neurons of a network by the part of its explanation that holds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.explanation import Explanation


def neuron_groups(explanation: Explanation) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Names of the parts, with a number behind those that several have, and (m,) the part of each neuron; the last one
    is what is left over (dead neurons too)."""
    names = [part.label for part in explanation.parts]
    member = np.full(explanation.network.width, len(names), dtype=np.int32)
    for k, part in enumerate(explanation.parts):
        member[part.neurons] = k
    numbered = [f"{name} ({names[: k + 1].count(name)})" for k, name in enumerate(names)]
    distinct = (one if names.count(name) == 1 else other for name, one, other in zip(names, names, numbered))
    return (*distinct, "left over"), member
