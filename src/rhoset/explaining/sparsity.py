"""The explanation by irreps alone: every neuron's tables lie in the span of one irrep.

Chughtai, Chan, Nanda, "A toy model of universality" (2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.quadrature import balanced_shares
from rhoset.explaining.spectrum import Spectrum
from rhoset.groups import Irrep
from rhoset.networks import Network


def irrep_tables(
    spectrum: Spectrum, irreps: Sequence[Irrep], network: Network
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(m, n) left, right and unembed with each live neuron's part in its dominant irrep and its
    means, 0 for dead neurons. Cost m n d² for each irrep in use."""
    n, m = network.order, network.width
    out = (np.zeros((m, n)), np.zeros((m, n)), np.zeros((m, n)))
    own = (spectrum.left, spectrum.right, spectrum.unembed)
    raw = (network.left.T, network.right.T, network.unembed)
    for k, irrep in enumerate(irreps):
        chosen = np.flatnonzero(spectrum.energy.live & (spectrum.energy.dominant == k))
        if chosen.size == 0:
            continue
        flat = irrep.matrices.reshape(n, -1)
        factor = irrep.dim / (n * irrep.endomorphism_dim)
        for table, centred, weights in zip(out, own, raw, strict=True):
            part = (centred[chosen] @ flat) @ flat.T * factor
            table[chosen] = part + weights[chosen].astype(np.float64).mean(axis=1, keepdims=True)
    return out


def irrep_agreement(spectrum: Spectrum) -> NDArray[np.float64]:
    """(m,) mean cosine of the irrep shares of left and right, left and unembed, right and unembed:
    1 when the three tables use the same irreps in the same proportion."""
    energy = spectrum.energy

    def cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        return (a * b).sum(axis=1) / np.where(size > 0, size, np.inf)

    left, right, unembed = energy.left, energy.right, energy.unembed
    return (cosine(left, right) + cosine(left, unembed) + cosine(right, unembed)) / 3


def irrep_shares(
    network: Network,
    spectrum: Spectrum,
    tables: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """(m,) share of each neuron's balanced energy in the tables; 0 for dead neurons."""
    live = np.flatnonzero(spectrum.energy.live).astype(np.int32)
    share = np.zeros(network.width)
    kept = (tables[0][live], tables[1][live], tables[2][live])
    share[live] = balanced_shares(network, spectrum, live, kept)
    return share
