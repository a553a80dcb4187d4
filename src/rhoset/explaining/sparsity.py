"""The explanation by irreps alone: every neuron's tables lie in the span of one irrep.

Chughtai, Chan, Nanda, "A toy model of universality" (2023).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.spectrum import Spectrum
from rhoset.groups import project
from rhoset.networks import Tables


def irrep_tables(spectrum: Spectrum) -> Tables:
    """(m, n) tables with each live neuron's part in its dominant irrep and its means, 0 for dead
    neurons. Cost m n d² for each irrep in use."""
    network, energy = spectrum.network, spectrum.energy
    out = Tables.zeros(network.width, network.order)
    for k, irrep in enumerate(spectrum.irreps):
        chosen = energy.neurons_of(k)
        if chosen.size:
            own = Tables.of(network, chosen)
            means = own.map(lambda table: table.mean(axis=1, keepdims=True))
            parts = spectrum.tables[chosen].map(partial(project, irrep))
            out.put(chosen, Tables(*(part + mean for part, mean in zip(parts, means, strict=True))))
    return out


def irrep_agreement(spectrum: Spectrum) -> NDArray[np.float64]:
    """(m,) mean cosine of the irrep shares of left and right, left and unembed, right and unembed:
    1 when the three tables use the same irreps in the same proportion."""
    energy = spectrum.energy

    def cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        return np.asarray((a * b).sum(axis=1) / np.where(size > 0, size, np.inf))

    left, right, unembed = energy.left, energy.right, energy.unembed
    return (cosine(left, right) + cosine(left, unembed) + cosine(right, unembed)) / 3
