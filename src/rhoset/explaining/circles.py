"""Circles: the neurons of cyclic and dihedral groups as waves, with amplitudes, phases and harmonics.

A neuron of rank one in an irrep of dimension 2 reads and writes waves of one frequency f,

    l(x) = A cos(θ(x) + φ),   r(y) = A' cos(θ(y) + ψ),   u(z) = Σ_j κ_j cos(j(θ(z) + φ + ψ)),

where θ turns by 2πf/n. It writes the harmonics j = 2, 3, … because its activation has them: ReLU of a sum of two waves
is a series of waves, and by the writing law (`rhoset.explaining.writing`) it writes each in proportion to how it fires.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.explanation import Explanation, Quadrature
from rhoset.explaining.writing import filtered, mean_by_product
from rhoset.groups import Irrep, coefficients, energy
from rhoset.networks import Tables

HARMONICS = 3
"""Harmonics that are looked at: f, 2f, 3f. ReLU's series has weights 1/2, 2/(3π), 0, …: 3f is weak."""


@dataclass(frozen=True, eq=False)
class Circle:
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
    overtones
        Labels of the irreps of 2f, 3f, ….
    """

    irrep: Irrep
    neurons: NDArray[np.int32]
    amplitude: NDArray[np.float64]
    phase: NDArray[np.float64]
    harmonics: NDArray[np.float64]
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
    unembed = explanation.network.unembed[part.neurons].astype(np.float64)
    unembed -= unembed.mean(axis=1, keepdims=True)
    total = max(float((unembed**2).sum()), np.finfo(float).tiny)
    shares, labels, seen = np.zeros(HARMONICS), [], set()
    for j in range(1, HARMONICS + 1):
        k = _overtone(explanation.irreps, part, j)
        labels.append(explanation.irreps[k].label)
        if k not in seen:
            shares[j - 1] = (
                float(energy(explanation.irreps[k], coefficients(explanation.irreps[k], unembed)).sum()) / total
            )
        seen.add(k)
    return Circle(
        part.irrep, part.neurons, amplitude, (phases + np.pi) % (2 * np.pi) - np.pi, shares, tuple(labels[1:])
    )


def _overtone(irreps: Sequence[Irrep], part: Quadrature, j: int) -> int:
    """Index of the irrep that holds cos(jθ) where cos θ is what a neuron of the quadrature writes (Chebyshev)."""
    wave = np.einsum("a,zab,b->z", part.left[0], part.irrep.matrices, part.right[0])
    high = np.polynomial.chebyshev.chebval(np.clip(wave, -1, 1), [0.0] * j + [1.0])
    sizes = [0.0 if i.is_trivial else float(energy(i, coefficients(i, high))) for i in irreps]
    return int(np.argmax(sizes))


def circle_tables(explanation: Explanation, written: NDArray[np.float64]) -> tuple[Tables, NDArray[np.float64]]:
    """(m, n) tables of the ideal network whose readings are waves (those of circuits and quadratures) and whose neurons
    write their harmonics, one scalar an irrep fitted to `written` (m, n, centred); (r,) the scalars."""
    ideal = Tables.of(explanation.ideal)
    held = np.zeros(explanation.network.width, dtype=bool)
    for part in explanation.parts:
        held[part.neurons] = True
    means = mean_by_product(explanation.ideal.left, explanation.ideal.right, explanation.network)
    unembed, scalars = filtered(explanation.irreps, means, written, held)
    own = explanation.network.unembed.astype(np.float64).mean(axis=1, keepdims=True)
    return replace(ideal, unembed=(unembed + own) * held[:, None]), scalars
