"""Neurons in Fourier space: each table's coefficients and its share of energy by irrep.

Everything here is unchanged by what does not change the function a neuron computes: a factor
(s, 1/s), a constant moved from `left` to `right`, a constant added to a neuron's row of `unembed`
(it moves all logits alike).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups import Irrep, coefficients, energy, project
from rhoset.networks import Network, Tables
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

    def neurons_of(self, k: int) -> NDArray[np.intp]:
        """The live neurons that irrep k dominates."""
        return np.flatnonzero(self.live & (self.dominant == k))

    def by_irrep(self) -> NDArray[np.float64]:
        """(number of irreps,): shares of all the live neurons' balanced energy."""
        weight = np.where(self.live, self.importance, 0.0)
        total = weight.sum()
        return weight @ self.share / total if total > 0 else np.zeros(self.left.shape[1])


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A network's centred tables and their coefficients: table(z) = Σ_ρ ⟨ρ(z), M_ρ⟩.

    Attributes
    ----------
    network, irreps
        What was transformed.
    tables
        (m, n) centred tables.
    coefficients
        For each irrep the (m, d, d) coefficients of the tables, divided by the Euclidean norm of the
        neuron's centred table (so noise counts for little).
    energy
        The shares of energy.
    """

    network: Network
    irreps: tuple[Irrep, ...]
    tables: Tables
    coefficients: tuple[Tables, ...]
    energy: NeuronEnergy


def spectrum(network: Network, irreps: Sequence[Irrep]) -> Spectrum:
    """Coefficients and energies of every neuron in every irrep.

    Raises RhosetError (slug ``weights-overflow``) where squares of the weights leave float64.

    Cost 3 n m Σd² multiply-adds (3 n² m for groups whose irreps are all of real type).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        tables = Tables.of(network).centred()
        size = tables.map(lambda table: np.linalg.norm(table, axis=1))
        importance = np.hypot(size.left, size.right) * size.unembed
    if not np.isfinite(importance).all():
        largest = max(float(np.abs(table).max(initial=0.0)) for table in Tables.of(network))
        raise RhosetError(
            f"weights up to {largest:.3g}: their squares leave float64, so the network can't be explained; scale them"
            " down (a factor of left, right and bias changes no answer of relu)",
            slug="weights-overflow",
        )
    unit = Tables(*(table / np.where(s > 0, s, 1.0)[:, None] for table, s in zip(tables, size, strict=True)))
    stored = tuple(unit.map(partial(coefficients, irrep)) for irrep in irreps)
    shares = np.zeros((3, network.width, len(irreps)))
    for k, (irrep, each) in enumerate(zip(irreps, stored, strict=True)):
        shares[:, :, k] = [energy(irrep, matrices) for matrices in each]
    live = importance > DEAD_SHARE * max(float(importance.max(initial=0.0)), np.finfo(float).tiny)
    if network.activation == "relu":
        highest = (table.max(axis=1, initial=-np.inf) for table in (tables.left, tables.right))
        live &= sum(highest) > 0
    eligible = np.array([not irrep.is_trivial for irrep in irreps], dtype=bool)
    dominant = np.where(eligible, shares.mean(axis=0), -1.0).argmax(axis=1).astype(np.int32)
    rank = _ranks(stored, irreps, dominant)
    found = NeuronEnergy(shares[0], shares[1], shares[2], dominant, rank, importance, live)
    return Spectrum(network, tuple(irreps), tables, stored, found)


def _ranks(stored: Sequence[Tables], irreps: Sequence[Irrep], dominant: NDArray[np.int32]) -> NDArray[np.float64]:
    """Participation ratio of the unembed coefficients' squared singular values, over End(ρ)."""
    ranks = np.zeros(len(dominant))
    for k, irrep in enumerate(irreps):
        chosen = np.flatnonzero(dominant == k)
        if chosen.size == 0:
            continue
        squares = np.linalg.svd(stored[k].unembed[chosen], compute_uv=False) ** 2
        total, second = squares.sum(axis=1), (squares**2).sum(axis=1)
        safe = np.where(second > 0, second, 1.0)
        ranks[chosen] = total**2 / safe / irrep.endomorphism_dim
    return ranks


def balanced_shares(spectrum: Spectrum, neurons: NDArray[np.integer], exact: Tables) -> NDArray[np.float64]:
    """(k,) 1 − ½‖δ(l, r)‖²/‖(l, r)‖² − ½‖δu‖²/‖u‖² of the (k, n) tables, at least 0.

    Norms are of the centred tables of the network, so that neither (s, 1/s) nor a constant moved
    between left and right changes the share. Cost k n.
    """
    own = Tables.of(spectrum.network, neurons)
    unembed = exact.unembed - exact.unembed.mean(axis=1, keepdims=True)
    missed = _squares(exact.left - own.left) + _squares(exact.right - own.right)
    unwritten = _squares(unembed - spectrum.tables.unembed[neurons])
    left, right, written = (_squares(table[neurons]) for table in spectrum.tables)
    return np.clip(1 - missed / (2 * (left + right)) - unwritten / (2 * written), 0.0, 1.0)


def _squares(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("ij,ij->i", table, table))


def weighted_share(energy: NeuronEnergy, share: NDArray[np.float64]) -> float:
    """The mean of the neurons' shares (m,), live ones weighted by their balanced energy."""
    weight = np.where(energy.live, energy.importance, 0.0)
    total = float(weight.sum())
    return float(weight @ share) / total if total > 0 else 0.0


def own_parts(irreps: Sequence[Irrep], dominant: NDArray[np.int32], tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, n) each neuron's part in its own irrep, whose index `dominant` (m,) has; cost m n d²."""
    out = np.zeros_like(tables)
    for k in np.unique(dominant):
        chosen = dominant == k
        out[chosen] = project(irreps[k], tables[chosen])
    return out


def share_held(tables: NDArray[np.float64], said: NDArray[np.float64]) -> float:
    """1 − ‖tables − said‖² / ‖tables‖²: below 0 is worse than nothing; 0 where there is nothing to hold."""
    size = float((tables**2).sum())
    return 1 - float(((tables - said) ** 2).sum()) / size if size > 0 else 0.0
