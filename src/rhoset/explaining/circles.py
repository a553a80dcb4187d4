"""Circles: the neurons of cyclic and dihedral groups as waves, with amplitudes, phases and harmonics.

A neuron of rank one in an irrep of dimension 2 reads and writes waves of one frequency f,

    l(x) = A cos(θ(x) + φ),   r(y) = A' cos(θ(y) + ψ),   u(z) = Σ_j κ_j cos(j(θ(z) + φ + ψ)),

where θ turns by 2πf/n. It writes the harmonics j = 2, 4, … because its activation has them: ReLU of a sum of two waves
is a series of waves, and by the writing law (`rhoset.explaining.writing`) it writes each in proportion to how it fires.
It reads the harmonics j = 3, 5, … too, weakly, because the slope of its activation has those: see
`rhoset.explaining.overtones`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.explanation import Explanation, Quadrature
from rhoset.explaining.overtones import overtones_read
from rhoset.explaining.spectrum import Spectrum
from rhoset.explaining.writing import filtered, mean_by_product
from rhoset.groups import Irrep, coefficients, energy
from rhoset.networks import Tables
from rhoset.summaries import Shown

HARMONICS = 3
"""Harmonics that are looked at: f, 2f, 3f. ReLU's series has weights 1/2, 2/(3π), 0, …: 3f is weak."""


@dataclass(frozen=True, eq=False, repr=False)
class Circle(Shown):
    """The neurons of one frequency.

    Attributes
    ----------
    irrep
        Of dimension 2.
    neurons
        (k,) indices.
    amplitude
        (k, 2) A and A' of left and right.
    phase
        (k, 3) φ, ψ and φ + ψ + mismatch in radians, of left, right and unembed; the mismatch is the angle between what
        left and right read with, 0 in trained networks to a few hundredths.
    harmonics
        (`HARMONICS`,) share of the neurons' unembed energy in f, 2f, …; 0 where 2f is no other irrep.
    read
        The same of left and right.
    overtones
        Labels of the irreps of 2f, 3f, ….
    """

    irrep: Irrep
    neurons: NDArray[np.int32]
    amplitude: NDArray[np.float64]
    phase: NDArray[np.float64]
    harmonics: NDArray[np.float64]
    read: NDArray[np.float64]
    overtones: tuple[str, ...]


def is_circular(irreps: Sequence[Irrep]) -> bool:
    """Whether all irreps have dimension 1 or 2, and one has 2: cyclic and dihedral groups and their like."""
    return max((irrep.dim for irrep in irreps), default=0) == 2


def circles(explanation: Explanation) -> tuple[Circle, ...]:
    """The circles of a network, strongest in neurons first; none where no quadrature is of dimension 2.

    Cost k n Σd² for each.
    """
    found = [_circle(explanation, part) for part in explanation.quadratures if part.irrep.dim == 2]
    return tuple(sorted(found, key=lambda circle: -len(circle.neurons)))


def _circle(explanation: Explanation, part: Quadrature) -> Circle:
    def angle(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.arctan2(vectors[:, 1], vectors[:, 0])

    b, a, second, c = map(angle, (part.left, part.read_left, part.read_right, part.right))
    phases = np.stack([a - b, c - second, c - b], axis=1)
    amplitude = np.stack([np.linalg.norm(part.read_left, axis=1), np.linalg.norm(part.read_right, axis=1)], axis=1)
    places = [_overtone(explanation.irreps, part, j) for j in range(1, HARMONICS + 1)]
    tables = Tables.of(explanation.network, part.neurons).centred()
    waves = [explanation.irreps[k] for k in places]
    repeated = np.array([k in places[:j] for j, k in enumerate(places)])
    return Circle(
        part.irrep,
        part.neurons,
        amplitude,
        (phases + np.pi) % (2 * np.pi) - np.pi,
        np.where(repeated, 0.0, _held(tables.unembed, waves)),
        np.where(repeated, 0.0, _held(np.concatenate([tables.left, tables.right]), waves)),
        tuple(wave.label for wave in waves[1:]),
    )


def _held(tables: NDArray[np.float64], waves: Sequence[Irrep]) -> NDArray[np.float64]:
    """Share of the (k, n) tables' energy about their means that lies in each irrep."""
    tables = tables - tables.mean(axis=1, keepdims=True)
    total = max(float((tables**2).sum()), np.finfo(float).tiny)
    return np.array([float(energy(wave, coefficients(wave, tables)).sum()) / total for wave in waves])


def _overtone(irreps: Sequence[Irrep], part: Quadrature, j: int) -> int:
    """Index of the irrep that holds cos(jθ) where cos θ is what a neuron of the quadrature writes (Chebyshev)."""
    wave = np.einsum("a,zab,b->z", part.left[0], part.irrep.matrices, part.right[0])
    high = np.polynomial.chebyshev.chebval(np.clip(wave, -1, 1), [0.0] * j + [1.0])
    sizes = [0.0 if i.is_trivial else float(energy(i, coefficients(i, high))) for i in irreps]
    return int(np.argmax(sizes))


def circle_tables(analysed: Spectrum, explanation: Explanation) -> tuple[Tables, NDArray[np.float64]]:
    """Tables of the ideal network whose neurons read waves (those of circuits and quadratures) with what the group adds
    to them, and write their harmonics; (2, r) the scalars of reading and writing, one an irrep.

    Both are fitted to the network's own tables: 2r numbers for all neurons. Cost 2n²m and mnΣd².
    """
    network, irreps = explanation.network, explanation.irreps
    ideal = Tables.of(explanation.ideal)
    held = np.zeros(network.width, dtype=bool)
    for part in explanation.parts:
        held[part.neurons] = True
    left, right, read = overtones_read(Tables.of(network), ideal, network, irreps, analysed.energy.dominant)
    left, right = ideal.left + left, ideal.right + right
    means = mean_by_product(left.T, right.T, network)
    unembed, scalars = filtered(irreps, means, analysed.tables.unembed, held)
    own = network.unembed.astype(np.float64).mean(axis=1, keepdims=True)
    return Tables(left, right, (unembed + own) * held[:, None]), np.stack([read, scalars])
