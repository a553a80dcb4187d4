"""What neurons write, as coefficients in irreps; and the blocks of a certificate that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rhoset.groups import Irrep, PointSet, coefficients, energy, orbitals
from rhoset_check.files import MatrixTensors
from rhoset_check.near import Array, Ints

Sets = tuple[PointSet, PointSet]
"""The points B and C that the slots of a circuit are pairs of."""


@dataclass(frozen=True, eq=False)
class WrittenSpectrum:
    """unembed in the irreps: coefficients of each neuron, and their energy; the last neuron is the bias.

    `coefficients[j]` is (m + 1, d, d), `energy` (irreps, m + 1) the squared norm over z of what irrep j holds of each
    neuron; `total` (m + 1,) the squared norm of the neuron's row of unembed, its constant part left out.
    """

    irreps: tuple[Irrep, ...]
    coefficients: tuple[Array, ...]
    energy: Array
    total: Array


def spectrum_of(unembed: Array, irreps: Sequence[Irrep]) -> WrittenSpectrum:
    """Of unembed with the bias, (m + 1, n); cost n² m multiply-adds."""
    found = tuple(coefficients(irrep, unembed) for irrep in irreps)
    energies = np.array([energy(irrep, part) for irrep, part in zip(irreps, found, strict=True)])
    total = (unembed**2).sum(axis=1) - unembed.shape[1] * unembed.mean(axis=1) ** 2
    return WrittenSpectrum(tuple(irreps), found, energies, total)


def matrix_block(spectrum: WrittenSpectrum, j: int, generators: Ints, neurons: Ints) -> MatrixTensors:
    """Irrep j for these neurons, with their coefficients."""
    chosen = spectrum.coefficients[j][neurons].reshape(len(neurons), -1)
    return MatrixTensors(representable(spectrum.irreps[j].matrices[generators]), neurons, representable(chosen))


def slot_actions(sets: Sets, generators: Ints) -> tuple[Ints, Ints]:
    """(r, p) and (r, q): permutations of the points of both sets by the generators."""
    left, right = (np.asarray(side.gset.action[generators], dtype=np.intp) for side in sets)
    return left, right


def invariant(coupling: Array, left: Ints, right: Ints) -> Array:
    """The coupling with one float an orbital of the generators: exactly invariant, as the checker demands.

    Less its most frequent value where that fills half of it: a constant in υ is a constant in every logit.
    """
    label = orbitals(left, right)
    mean = np.bincount(label.ravel(), coupling.ravel()) / np.bincount(label.ravel())
    mean[np.abs(mean) < 1e-12 * np.abs(mean).max(initial=0.0)] = 0.0
    rounded = np.round(mean, 9)
    values, place = np.unique(rounded, return_inverse=True)
    counts = np.bincount(place.reshape(-1), np.bincount(label.ravel()))
    most = int(counts.argmax())
    if counts[most] * 2 > coupling.size:
        mean = np.where(place.reshape(-1) == most, 0.0, mean - values[most])
    return representable(mean[label])


def representable(array: Array) -> Array:
    """Numbers below the range that a certificate may hold are zero."""
    return np.where(np.abs(array) < 2.0**-60, 0.0, array)
