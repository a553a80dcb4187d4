"""Feature blocks of a network: what each neuron writes, as slots of circuits or as matrix coefficients of irreps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..groups import Irrep
from ..networks import Network
from .proof import MatrixBlock

Array = NDArray[np.float64]
Ints = NDArray[np.integer]
ENDOMORPHISMS = {"real": 1, "complex": 2, "quaternionic": 4}
"""Dimension over ℝ of the endomorphism algebra, by type."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """unembed in the irreps: coefficients of each neuron, and their energy.

    `coefficients[j]` is (m, d²), `energy` (irreps, m) the squared norm over z of what irrep j holds of each neuron;
    `total` (m,) the squared norm of the neuron's row of unembed, its constant part left out.
    """

    irreps: tuple[Irrep, ...]
    coefficients: tuple[Array, ...]
    energy: Array
    total: Array

    @property
    def trivial(self) -> Ints:
        """Indices of irreps that are constant (one)."""
        return np.flatnonzero([np.allclose(r.character, 1.0) for r in self.irreps])


def unembed_spectrum(network: Network, irreps: Sequence[Irrep]) -> Spectrum:
    """Coefficients of unembed by projection on the irreps' matrix entries; cost n² m multiply-adds."""
    unembed = network.unembed.astype(np.float64)
    n = network.order
    flat = [r.matrices.reshape(n, -1) for r in irreps]
    scale = [r.dim / (n * ENDOMORPHISMS[r.type]) for r in irreps]
    coefficients = tuple(s * (unembed @ f) for s, f in zip(scale, flat, strict=True))
    energy = np.array([(c * c).sum(axis=1) / s for c, s in zip(coefficients, scale, strict=True)])
    return Spectrum(tuple(irreps), coefficients, energy, (unembed**2).sum(axis=1) - n * unembed.mean(axis=1) ** 2)


def matrix_block(
    spectrum: Spectrum, j: int, generators: Ints, neurons: Ints, coefficients: Array | None = None
) -> MatrixBlock:
    """Irrep j for these neurons, with their coefficients (or others in their place)."""
    chosen = spectrum.coefficients[j][neurons] if coefficients is None else coefficients
    irrep = spectrum.irreps[j]
    matrices = irrep.matrices[generators]
    if irrep.type == "complex" and irrep.dim == 2:
        matrices, chosen = rotations(matrices), rotations(chosen.reshape(-1, 2, 2)).reshape(-1, 4)
    elif irrep.dim == 2:
        turn = np.linalg.det(matrices) > 0
        matrices = np.where(turn[:, None, None], rotations(matrices), reflections(matrices))
    return MatrixBlock(matrices, np.asarray(neurons), chosen)


def rotations(matrices: Array) -> Array:
    """The nearest [[a, −b], [b, a]], exactly of that form: the checker counts a and b once each."""
    a = (matrices[:, 0, 0] + matrices[:, 1, 1]) / 2
    b = (matrices[:, 1, 0] - matrices[:, 0, 1]) / 2
    return np.stack([np.stack([a, -b], axis=1), np.stack([b, a], axis=1)], axis=1)


def reflections(matrices: Array) -> Array:
    """The nearest [[a, b], [b, −a]], exactly of that form."""
    a = (matrices[:, 0, 0] - matrices[:, 1, 1]) / 2
    b = (matrices[:, 1, 0] + matrices[:, 0, 1]) / 2
    return np.stack([np.stack([a, b], axis=1), np.stack([b, -a], axis=1)], axis=1)


def orbitals(left: Ints, right: Ints) -> NDArray[np.intp]:
    """(p, q) number of the orbit of each (b, c) under generators that act by `left` and `right`; cost p q · steps."""
    p, q = left.shape[1], right.shape[1]
    label = np.arange(p * q).reshape(p, q)
    while True:
        new = label.copy()
        for a, b in zip(left, right, strict=True):
            moved = new[a][:, b]
            new = np.minimum(new, moved)
            back = np.empty_like(new)
            back[np.ix_(a, b)] = new
            new = np.minimum(new, back)
        if np.array_equal(new, label):
            break
        label = new
    return np.unique(label, return_inverse=True)[1].reshape(p, q)


def invariant(coupling: Array, left: Ints, right: Ints) -> Array:
    """The coupling with one float an orbital: exactly invariant, as the checker demands."""
    label = orbitals(left, right)
    mean = np.bincount(label.ravel(), coupling.ravel()) / np.bincount(label.ravel())
    mean[np.abs(mean) < 1e-12 * np.abs(mean).max(initial=0.0)] = 0.0
    return np.asarray(mean[label])


def sparse(coupling: Array) -> Array:
    """The coupling less its most frequent value: the same margins, fewer non-zero entries.

    A constant in υ is a constant in every logit.
    """
    values, counts = np.unique(coupling, return_counts=True)
    if counts.max(initial=0) * 2 <= coupling.size:
        return coupling
    return np.asarray(coupling - values[counts.argmax()])
