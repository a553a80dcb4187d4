"""Steps 1 and 2 of the published verifier: which neurons belong to an irrep, and their vectors a, b, c."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep
from rhoset.groups.transform import coefficients, energy
from rhoset.networks import Network

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

LEFT_SHARE = 0.95
"""A neuron belongs to an irrep when more than this share of its left table's energy lies there."""
LEFT_NORM = 0.01
"""… and its left table is longer than this."""
MANY_NEURONS = 10
"""The spread of a counts for irreps with more neurons than this."""


@dataclass(frozen=True, eq=False)
class IrrepNeurons:
    """The neurons of one irrep, read as l(x) = bᵀρ(x)a, r(y) = aᵀρ(y)c, u(z) = κ bᵀρ(z)c.

    Parameters
    ----------
    irrep
        Of real type.
    neurons
        (k,) which.
    a
        (d,) the one mean reading vector.
    b, c
        (k, d) unit vectors; a neuron that reads −a has had all three turned.
    weight
        (k,) κ times the mean norm of left and right.
    spread
        Σ|a_i − a|² / Σ|a_i|²: how far a is from constant.
    """

    irrep: Irrep
    neurons: Ints
    a: Array
    b: Array
    c: Array
    weight: Array
    spread: float


def irrep_neurons(network: Network, irreps: Sequence[Irrep], least_norm: float = LEFT_NORM) -> tuple[IrrepNeurons, ...]:
    """The neurons of every irrep of real type that has any.

    Right and unembed are not tested, irreps of complex or quaternionic type are left out: as published.
    Cost: n m d² an irrep.
    """
    left, right = (np.asarray(table, dtype=np.float64) for table in (network.left, network.right))
    unembed = np.asarray(network.unembed, dtype=np.float64).T
    norms = np.linalg.norm(left, axis=0)
    found = []
    for rho in irreps:
        if rho.type != "real":
            continue
        read, answer, write = (coefficients(rho, table.T) for table in (left, right, unembed))
        share = energy(rho, read) / (norms**2 + 1e-8)
        neurons = np.flatnonzero((share > LEFT_SHARE) & (norms > least_norm))
        if len(neurons):
            found.append(_vectors(rho, neurons, read[neurons], answer[neurons], write[neurons]))
    return tuple(found)


def _vectors(rho: Irrep, neurons: Ints, read: Array, answer: Array, write: Array) -> IrrepNeurons:
    read_norm, answer_norm = (np.linalg.norm(m, axis=(1, 2)) for m in (read, answer))
    read = read / np.maximum(read_norm, 1e-30)[:, None, None]
    answer = answer / np.maximum(answer_norm, 1e-30)[:, None, None]
    write = write * ((read_norm + answer_norm) / 2)[:, None, None]
    product = read @ answer
    weight = (product * write).sum(axis=(1, 2)) / np.maximum(np.square(product).sum(axis=(1, 2)), 1e-30)
    (read_b, a), (read_a, answer_c), (b, c) = (_leading(m) for m in (read, answer, write))
    b, c = _towards(b, read_b), _towards(c, answer_c)
    common = _common(a)
    sign_a, sign_read_a = (np.where(v @ common < 0, -1.0, 1.0)[:, None] for v in (a, read_a))
    a, b, c = a * sign_a, b * sign_a, c * sign_read_a
    mean = a.mean(axis=0)
    return IrrepNeurons(
        irrep=rho,
        neurons=neurons,
        a=mean,
        b=b,
        c=c,
        weight=weight,
        spread=float(np.square(a - mean).sum() / np.square(a).sum()),
    )


def _leading(matrices: Array) -> tuple[Array, Array]:
    """(m, d) leading left and right singular vectors."""
    u, _, v = np.linalg.svd(matrices)
    return u[:, :, 0], v[:, 0, :]


def _common(a: Array) -> Array:
    """The line that the a's share, turned so that its largest coordinate is positive.

    The original turns every a by the sign of its first coordinate, which depends on the basis and is noise where that
    coordinate is nearly 0.
    """
    line: Array = np.linalg.svd(a)[2][0]
    return np.asarray(line * np.sign(line[np.abs(np.round(line, 6)).argmax()]))


def _towards(vectors: Array, guides: Array) -> Array:
    """Each vector or its negative, whichever is nearer to its guide."""
    sign = np.where((vectors * guides).sum(axis=1) < 0, -1.0, 1.0)
    return vectors * sign[:, None]
