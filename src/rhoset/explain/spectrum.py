"""Neurons in Fourier space: each table's coefficients and its share of energy by irrep.

Everything here is unchanged by what does not change the function a neuron computes: a factor
(s, 1/s), a constant moved from `left` to `right`, a constant added to a neuron's row of `unembed`
(it moves all logits alike).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep
from rhoset.networks import Network
from rhoset.summaries import Shown

DEAD_SHARE = 1e-4
"""A neuron whose balanced energy ‖u‖·‖(l, r)‖ is at most this share of the largest is dead. Those of
trained networks lie below 2e-5 or above 1.7e-4 (23 S5 networks). Larger
values drop weak neurons from every count."""


@dataclass(frozen=True, eq=False, repr=False)
class NeuronEnergy(Shown):
    """Share of each neuron's energy in each irrep, table by table.

    Attributes
    ----------
    left, right, unembed
        (m, number of irreps): shares of the energy of the centred table; a row sums to 1, or to 0
        where the centred table vanishes.
    dominant
        (m,) index of the irrep (never the trivial one) with the largest mean share.
    rank
        (m,) effective rank of the unembed coefficient matrix in the dominant irrep, (Σσ²)²/Σσ⁴ of
        its singular values, over the endomorphism algebra: 1 for u(z) = bᵀρ(z)c.
    importance
        (m,) ‖u‖·‖(l, r)‖, the neuron's balanced energy.
    live
        (m,) bool: importance above `DEAD_SHARE` of the largest, and active on some pair.
    """

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    unembed: NDArray[np.float64]
    dominant: NDArray[np.int32]
    rank: NDArray[np.float64]
    importance: NDArray[np.float64]
    live: NDArray[np.bool_]

    @property
    def share(self) -> NDArray[np.float64]:
        """(m, number of irreps): the mean of the three tables' shares."""
        return (self.left + self.right + self.unembed) / 3

    def by_irrep(self) -> NDArray[np.float64]:
        """(number of irreps,): shares of all the live neurons' balanced energy."""
        weight = np.where(self.live, self.importance, 0.0)
        total = weight.sum()
        return weight @ self.share / total if total > 0 else np.zeros(self.left.shape[1])


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Centred tables and coefficient matrices: table(z) = Σ_ρ ⟨ρ(z), M_ρ⟩.

    Attributes
    ----------
    left, right, unembed
        (m, n) centred tables, one row a neuron.
    coefficients
        For each irrep the three (m, d, d) arrays of left, right and unembed, divided by the
        Euclidean norm of the neuron's centred table (so noise counts for little).
    energy
        The shares of energy.
    """

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    unembed: NDArray[np.float64]
    coefficients: tuple[tuple[NDArray[np.float64], ...], ...]
    energy: NeuronEnergy


def centred(network: Network) -> tuple[NDArray[np.float64], ...]:
    """Left and right with equal means (a constant moved between them) and unembed with mean 0 over
    the outputs, each (m, n) in float64, one row a neuron."""
    left = network.left.astype(np.float64).T
    right = network.right.astype(np.float64).T
    unembed = network.unembed.astype(np.float64)
    shift = (left.mean(axis=1, keepdims=True) - right.mean(axis=1, keepdims=True)) / 2
    return left - shift, right + shift, unembed - unembed.mean(axis=1, keepdims=True)


def coefficients(irrep: Irrep, tables: NDArray[Any]) -> NDArray[np.float64]:
    """(k, d, d) matrices M with table(z) = ⟨ρ(z), M⟩ on the irrep's part of each (k, n) table.

    M = d/(e n) Σ_z table(z) ρ(z), e the dimension of the endomorphism algebra. Cost k n d².
    """
    n, d = irrep.matrices.shape[0], irrep.dim
    factor = d / (n * irrep.endomorphism_dim)
    return factor * (tables @ irrep.matrices.reshape(n, d * d)).reshape(-1, d, d)


def is_trivial(irrep: Irrep) -> bool:
    """True for the trivial irrep."""
    return irrep.dim == 1 and bool(np.all(irrep.character > 0))


def spectrum(network: Network, irreps: Sequence[Irrep]) -> Spectrum:
    """Coefficients and energies of every neuron in every irrep.

    Cost 3 n m Σd² multiply-adds (3 n² m for groups whose irreps are all of real type).
    """
    left, right, unembed = centred(network)
    n, m = network.order, network.width
    norms = [_norms(table) for table in (left, right, unembed)]
    shares = np.zeros((3, m, len(irreps)))
    stored = []
    for k, irrep in enumerate(irreps):
        e = irrep.endomorphism_dim
        triple = tuple(
            coefficients(irrep, table) / norm[:, None, None]
            for table, norm in zip((left, right, unembed), norms, strict=True)
        )
        for t, matrices in enumerate(triple):
            shares[t, :, k] = e * n / irrep.dim * (matrices**2).sum(axis=(1, 2))
        stored.append(triple)
    weight = np.sqrt((left**2).sum(axis=1) + (right**2).sum(axis=1))
    importance = weight * np.sqrt((unembed**2).sum(axis=1))
    live = importance > DEAD_SHARE * max(float(importance.max(initial=0.0)), np.finfo(float).tiny)
    if network.activation == "relu":
        live &= left.max(axis=1, initial=-np.inf) + right.max(axis=1, initial=-np.inf) > 0
    eligible = np.array([not is_trivial(irrep) for irrep in irreps], dtype=bool)
    dominant = np.where(eligible, shares.mean(axis=0), -1.0).argmax(axis=1).astype(np.int32)
    energy = NeuronEnergy(
        left=shares[0],
        right=shares[1],
        unembed=shares[2],
        dominant=dominant,
        rank=_ranks(stored, irreps, dominant),
        importance=importance,
        live=live,
    )
    return Spectrum(left, right, unembed, tuple(stored), energy)


def _norms(table: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = np.sqrt((table**2).sum(axis=1))
    return np.where(norms > 0, norms, 1.0)


def _ranks(
    stored: Sequence[tuple[NDArray[np.float64], ...]],
    irreps: Sequence[Irrep],
    dominant: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Participation ratio of the unembed coefficients' squared singular values, over End(ρ)."""
    ranks = np.zeros(len(dominant))
    for k, irrep in enumerate(irreps):
        chosen = np.flatnonzero(dominant == k)
        if chosen.size == 0:
            continue
        squares = np.linalg.svd(stored[k][2][chosen], compute_uv=False) ** 2
        total, second = squares.sum(axis=1), (squares**2).sum(axis=1)
        safe = np.where(second > 0, second, 1.0)
        ranks[chosen] = total**2 / safe / irrep.endomorphism_dim
    return ranks
