"""What is measured of trained networks: spectral weights, key set, spectral count, purity, multiplicity.

Definitions of MAIS-A5, "Which irreducible representations does training select?" (the public list of open problems
lionellevine/MAIS, agenda A5), section 4. Classes [ρ] = {ρ, ρ̄} of nontrivial complex irreps are the nontrivial *real*
irreps of `rhoset.groups`, whatever their type: one of complex type holds ρ and ρ̄, one of quaternionic type twice ρ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.arguments import public
from rhoset.groups import Group, Irrep, energies, irreps
from rhoset.networks import Network
from rhoset.networks.activations import activation
from rhoset.populations.stack import Array, Stack, stacked
from rhoset.summaries import Shown

EPSILON = 0.005
"""Threshold of key sets on b_[ρ]; that of the published seed tables and of problem O61."""
DELTA = 0.05
"""Share left out in spectral counts, and allowed outside [ρ] in pure neurons; that of problem O61."""
ROUNDING = 1e-28
"""A neuron whose centred energy is at most this share of its energy is dead: all its tables are constant up to
rounding of float64. Larger values call weak neurons dead."""


@dataclass(frozen=True, eq=False, repr=False)
class Observables(Shown):
    """The observables of k networks of one shape.

    Attributes
    ----------
    classes
        Names of the r nontrivial real irreps, one for each [ρ].
    weights
        (k, r) b_[ρ]²: shares of the squared norm of the centred logits; a row sums to at most 1, all 0 where the
        centred logits vanish.
    purity
        (k, m, r): share of each neuron's centred energy that lies in [ρ]'s isotypic part; 0 for dead neurons.
    """

    classes: tuple[str, ...]
    weights: Array
    purity: Array

    def key_sets(self, epsilon: float = EPSILON, *, squared: bool = False) -> list[tuple[str, ...]]:
        """K_ε of each network: the [ρ] with b_[ρ] ≥ ε, in the order of `classes`.

        With `squared`, those with b_[ρ]² ≥ ε: an ε share of the squared norm instead of the norm.
        """
        shares = self.weights if squared else np.sqrt(self.weights)
        return [tuple(c for c, on in zip(self.classes, row >= epsilon, strict=True) if on) for row in shares]

    def spectral_counts(self, delta: float = DELTA) -> NDArray[np.int64]:
        """(k,) N_δ: the least number of [ρ] that hold a share 1 − δ of the spectral mass Σ b_[ρ]²."""
        return spectral_counts(self.weights, delta)

    def pure(self, delta: float = DELTA) -> NDArray[np.bool_]:
        """(k, m, r): is the neuron (δ, [ρ])-pure?"""
        return np.asarray((self.purity > 0) & (self.purity >= 1 - delta - 1e-12))

    def multiplicities(self, delta: float = DELTA) -> Array:
        """(k, r) ν_[ρ],δ: the share of all m neurons that are pure for [ρ]."""
        pure = self.pure(delta)
        return np.asarray(pure.sum(axis=1) / max(pure.shape[1], 1), dtype=np.float64)


@public
def observables(of: Network | Sequence[Network] | Stack, real_irreps: Sequence[Irrep] | None = None) -> Observables:
    """Spectral weights and purities of a network, or of each of a stack.

    Parameters
    ----------
    of
        A network (k = 1), or k of one table, width and activation.
    real_irreps
        `rhoset.groups.irreps` of the group, when they are at hand.

    Raises
    ------
    RhosetError
        Where the table is no group's, or networks differ in shape (``mixed-networks``).

    Notes
    -----
    No array over G³ is formed. With s_i(z) = Σ_{ab=z} φ(l_i(a) + r_i(b)) and u_i° the centred rows of the unembedding,
    the mean of the centred logits over the pairs (a, b, c) with abc⁻¹ = w is h(w) = n⁻² Σ_z Σ_i s_i(z) u_i°(w⁻¹z); its
    class average, split by irrep (Plancherel), gives the squared norms of the projections on span(ψ_ρ, ψ_ρ̄). A bias
    changes the norm of the logits and no projection. Cost n²m·min(n, m) multiply-adds a network for the norm, 2n²m for
    the rest: 0.2 s for S5 of width 128.

    Examples
    --------
    >>> import rhoset as rs
    >>> seen = observables(rs.construct("S4", ["[3,1]"], seed=1).network)
    >>> seen.key_sets(), int(seen.spectral_counts()[0])
    ([('[3,1]',)], 1)
    """
    stack = of if isinstance(of, Stack) else stacked([of] if isinstance(of, Network) else list(of))
    known = irreps(stack.group) if real_irreps is None else real_irreps
    classes = tuple(irrep for irrep in known if not irrep.is_trivial)
    return Observables(
        tuple(irrep.name for irrep in classes), spectral_weights(stack, classes), neuron_shares(stack, classes)
    )


def spectral_weights(stack: Stack, classes: Sequence[Irrep]) -> Array:
    """(k, r) b_[ρ]² of each network for the given nontrivial real irreps; see `observables`."""
    group, n = stack.group, stack.group.order
    rows = stack.unembed - stack.unembed.mean(axis=2, keepdims=True)
    offset = stack.bias - stack.bias.mean(axis=1, keepdims=True)
    rows = np.concatenate([rows, offset[:, None]], axis=1)  # the bias is a neuron that is always 1
    half = np.asarray(np.linalg.qr(rows.transpose(0, 2, 1), mode="r")).transpose(0, 2, 1)  # ‖h·rows‖ = ‖h·half‖
    phi = activation(stack.activation)
    sums, square = np.zeros_like(stack.left), np.zeros(len(stack))
    for a in range(n):
        hidden = phi(stack.left[:, a : a + 1] + stack.right)
        sums[:, group.table[a]] += hidden  # b ↦ ab is a permutation: no target twice
        norms = hidden @ half[:, :-1] + half[:, -1:]
        square += np.einsum("kbr,kbr->k", norms, norms)
    products = sums @ rows[:, :-1]  # (k, z, c)
    of_w = group.table[group.inverse]  # of_w[w, z] = w⁻¹z
    means = products[:, np.arange(n), of_w].sum(axis=2) / n**2  # (k, w)
    averaged = class_average(group, means)
    parts = n**2 * energies(classes, averaged.T)
    return np.asarray((parts / np.where(square > 0, square, np.inf)).T)


def class_average(group: Group, functions: Array) -> Array:
    """(k, n) functions made constant on conjugacy classes, by their means."""
    labels, sizes = group.classes.labels, group.classes.sizes
    member = np.zeros((group.order, len(sizes)))
    member[np.arange(group.order), labels] = 1.0
    return np.asarray((functions @ member / sizes)[:, labels])


def neuron_shares(stack: Stack, classes: Sequence[Irrep]) -> Array:
    """(k, m, r) share of each neuron's centred energy ‖u°‖² + ‖v°‖² + ‖w°‖² in [ρ]'s isotypic part; 0 when dead.

    Cost 3 n m Σd² a network.
    """
    k, n, m = stack.left.shape
    tables = (stack.left, stack.right, stack.unembed.transpose(0, 2, 1))
    parts, total, raw = np.zeros((len(classes), k * m)), np.zeros(k * m), np.zeros(k * m)
    for table in tables:
        flat = np.ascontiguousarray(table.transpose(1, 0, 2)).reshape(n, k * m)
        centred = flat - flat.mean(axis=0)
        parts += energies(classes, centred)
        total += np.square(centred).sum(axis=0)
        raw += np.square(flat).sum(axis=0)
    live = total > ROUNDING * raw
    shares = np.where(live, parts / np.where(live, total, 1.0), 0.0)
    return shares.T.reshape(k, m, len(classes))


def spectral_counts(weights: ArrayLike, delta: float = DELTA) -> NDArray[np.int64]:
    """(k,) least number of columns of (k, r) weights that hold a share 1 − δ of each row's sum; 0 for a row of zeros.

    Examples
    --------
    >>> spectral_counts([[0.5, 0.44, 0.06], [0.0, 0.0, 0.0]], 0.05).tolist()
    [3, 0]
    """
    mass = -np.sort(-np.asarray(weights, dtype=np.float64), axis=1)
    gathered = np.cumsum(mass, axis=1)
    total = gathered[:, -1:] if mass.shape[1] else np.zeros((len(mass), 1))
    enough = gathered >= (1 - delta) * total * (1 - 1e-12)
    first = enough.argmax(axis=1) if mass.shape[1] else np.zeros(len(mass), dtype=np.int64)
    return np.where(total[:, 0] > 0, first + 1, 0).astype(np.int64)
