"""The rival account of cyclic and dihedral networks: approximate cosets, and approximate Chinese remainders.

McCracken, Moisescu-Pareja, Letourneau, Precup, Love, "Uncovering a universal abstract algorithm for modular addition in
neural networks" (2025). In C_n with n prime there is no subgroup, but x and x' with f·x and f·x' close on the circle
are told apart by no neuron of frequency f: they lie in one *approximate coset*. Each frequency says in which
approximate coset of its own the answer lies; together they leave one answer, as remainders modulo several numbers do.

Two statements are taken at their word here, each as tables of an ideal network:

*approximate cosets*: a neuron's tables are constant on arcs of the circle of its frequency, the widest arcs on which
left and right are nearly constant (the tolerance of the account by cosets);
*remainders*: a neuron is simple, A cos(θ(x) + φ), A cos(θ(y) + ψ), C cos(θ(z) + φ + ψ), and the neurons of a frequency
together say κ_f cos(θ(x) + θ(y) − θ(z)), nothing else. Exact remainders, such as parity, stay: those of irreps of
dimension 1.

A dihedral group acts on the circle of a two-dimensional irrep by rotations and reflections. The approximate cosets are
then those of the reflection that fixes the neuron's point, with the rotations that nearly do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.cosets import NEARLY_CONSTANT
from rhoset.explaining.equivariance_of import equivariance
from rhoset.explaining.explanation import Explanation, Quadrature
from rhoset.groups import project
from rhoset.networks import Tables

Array = NDArray[np.float64]

LOGITS_OPERATIONS = 2e10
"""Multiply-adds (n³m) that the logits may take, about two seconds; of larger networks `remainders` says less."""


def turns(part: Quadrature) -> Tables:
    """(k, n) angles by which each element turns a neuron of a quadrature in dimension 2, the neuron's own peak at 0.

    left: from a to ρ(x)ᵀb; right: from a' to ρ(y)c; unembed: from b to ρ(z)c, without its sign where the irrep holds
    reflections, since b's own reflection changes it.
    """
    matrices = part.irrep.matrices
    left = _angle(np.einsum("xij,ki->kxj", matrices, part.left)) - _angle(part.read_left)[:, None]
    right = _angle(np.einsum("yij,kj->kyi", matrices, part.right)) - _angle(part.read_right)[:, None]
    unembed = _angle(np.einsum("zij,kj->kzi", matrices, part.right)) - _angle(part.left)[:, None]
    wrapped = Tables(left, right, unembed).map(lambda angle: (angle + np.pi) % (2 * np.pi) - np.pi)
    return replace(wrapped, unembed=np.abs(wrapped.unembed)) if part.irrep.type == "real" else wrapped


def approximate_coset_tables(explanation: Explanation, tolerance: float = NEARLY_CONSTANT) -> tuple[Tables, Array]:
    """(m, n) tables averaged over approximate cosets, and (m,) the number of arcs of each neuron, 0 for those that have
    none: no frequency, or so many arcs that they have fewer than two elements each.

    Cost m n for each number of arcs tried, from 2 on: 8 or 9 for a pure wave at the tolerance of 5 %.
    """
    network = explanation.network
    out, arcs = Tables.zeros(network.width, network.order), np.zeros(network.width)
    for part in explanation.quadratures:
        if part.irrep.dim != 2:
            continue
        own, angles = Tables.of(network, part.neurons), turns(part)
        open_ = np.arange(len(part.neurons))
        for count in range(2, network.order // 2 + 1):
            chosen = own[open_]
            means = _averaged(chosen, angles[open_], count)
            within = [_within(table, mean) for table, mean in zip(chosen, means, strict=True)][:2]
            good = (np.array(within) <= tolerance).all(axis=0)
            out.put(part.neurons[open_[good]], means[good])
            arcs[part.neurons[open_[good]]] = count
            open_ = open_[~good]
            if open_.size == 0:
                break
    return out, arcs


def remainder_tables(explanation: Explanation) -> Tables:
    """(m, n) tables of simple neurons: one amplitude and phase for left and right, one for unembed."""
    network = explanation.network
    out = Tables.of(explanation.ideal)
    for part in explanation.quadratures:
        if part.irrep.dim == 2:
            both = (part.read_left + part.read_right) / 2
            exact = replace(part, read_left=both, read_right=both).tables()
            own = network.unembed[part.neurons].astype(np.float64).mean(axis=1, keepdims=True)
            out.put(part.neurons, replace(exact, unembed=exact.unembed + own))
    return out


def remainders(explanation: Explanation) -> dict[str, float]:
    """What one function of x⁻¹zy⁻¹ in each irrep in use, and nothing else, makes of the network's logits.

    ``logits``: share of the centred logits' energy; ``margin``: of their sum on every pair, above 0 when all answers
    are right; ``frequencies``: how many irreps. Nothing but the last above `LOGITS_OPERATIONS`.
    """
    used = {part.irrep.name: part.irrep for part in explanation.parts}
    said = {"frequencies": float(len(used))}
    if float(explanation.network.order) ** 3 * explanation.network.width > LOGITS_OPERATIONS:
        return said
    found = equivariance(explanation.network)
    sums = np.zeros((1, explanation.network.order))
    for irrep in used.values():
        sums += project(irrep, found.kernel[None, :])
    energy, identity = float(found.kernel @ found.kernel), explanation.network.group.identity
    others = np.delete(sums[0], identity)
    said["logits"] = found.both * float((sums**2).sum()) / energy if energy > 0 else 0.0
    return said | {"margin": float(sums[0, identity] - others.max(initial=-np.inf))}


def _angle(vectors: Array) -> Array:
    return np.asarray(np.arctan2(vectors[..., 1], vectors[..., 0]))


def _averaged(own: Tables, angles: Tables, count: int) -> Tables:
    """Each row averaged over the elements whose angles lie in one of `count` equal arcs, the first centred at 0."""
    return Tables(
        *(
            _means(table, np.round(angle * count / (2 * np.pi)).astype(np.int64) % count, count)
            for table, angle in zip(own, angles, strict=True)
        )
    )


def _means(table: Array, labels: NDArray[np.int64], count: int) -> Array:
    rows = np.arange(len(table))[:, None]
    flat = (labels + count * rows).ravel()
    sums = np.bincount(flat, weights=table.ravel(), minlength=count * len(table))
    sizes = np.maximum(np.bincount(flat, minlength=count * len(table)), 1)
    return np.asarray((sums / sizes)[flat].reshape(table.shape))


def _within(table: Array, means: Array) -> Array:
    """(k,) variance within the arcs over the variance."""
    total = table.var(axis=1)
    return np.asarray(((table - means) ** 2).mean(axis=1) / np.where(total > 0, total, np.inf))
