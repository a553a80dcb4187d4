"""What neurons write, as coefficients in irreps; and how Cauchy-Schwarz over neurons weighs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rhoset.groups import Irrep, coefficients, energy
from rhoset_check.near import Array

LEAST_WEIGHT = 1e-4
"""Squares of weights of a Cauchy-Schwarz inequality lie within this factor of the largest."""
LEAST_SIZE = 1e-5
"""Activations are taken to be at least this part of the largest: below, float32's errors are what is bounded."""


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


def balanced(lengths: Array, size: Array) -> Array:
    """(m + 1,) weights, the largest 1, that make Cauchy-Schwarz over neurons Σ_i σ_i‖δ_i‖ on average.

    `lengths` ‖δ_i‖, `size` σ_i: the root mean square of what δ_i meets. The weights are √(‖δ_i‖/σ_i).
    """
    weight = lengths / np.maximum(size, LEAST_SIZE * size.max(initial=1e-300))
    top = float(weight.max(initial=0.0))
    return np.sqrt(np.maximum(weight / top, LEAST_WEIGHT)) if top > 0 else np.ones(len(size))


def representable(array: Array) -> Array:
    """Numbers below the range that a certificate may hold are zero."""
    return np.where(np.abs(array) < 2.0**-60, 0.0, array)
