"""Rank-one neurons anywhere on the sphere: nodes of an integral over the vectors b and c."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.explanation import Quadrature, frozen
from rhoset.explaining.placement import directions
from rhoset.explaining.spectrum import Spectrum
from rhoset.groups import Group, Irrep
from rhoset.networks import Network, activation

PAIRS = 1 << 14
"""Pairs (x, y) on which a quadrature's defect is measured, evenly spaced, when n² is larger."""


def find_quadratures(
    network: Network,
    spectrum: Spectrum,
    irreps: Sequence[Irrep],
    taken: NDArray[np.bool_],
    least_share: float,
) -> tuple[Quadrature, ...]:
    """One quadrature for each irrep with live rank-one neurons that are not taken yet.

    Parameters
    ----------
    taken
        (m,) neurons that circuits hold.
    least_share
        A neuron stays when its exact form holds at least this share of its balanced energy.

    Cost m d³ and min(n², `PAIRS`) k d² for the defect.
    """
    found = []
    for k, irrep in enumerate(irreps):
        free = spectrum.energy.live & ~taken & (spectrum.energy.dominant == k)
        neurons = np.flatnonzero(free).astype(np.int32)
        if neurons.size == 0:
            continue
        quadrature = _fit(network, spectrum, irrep, k, neurons)
        keep = quadrature_shares(network, spectrum, irrep, quadrature) >= least_share
        if keep.any():
            found.append(_fit(network, spectrum, irrep, k, neurons[keep], measured=True))
    return tuple(found)


def _fit(
    network: Network,
    spectrum: Spectrum,
    irrep: Irrep,
    k: int,
    neurons: NDArray[np.int32],
    measured: bool = False,
) -> Quadrature:
    """b from left and unembed, c from right and unembed, then a, a' and κ by projection."""
    e = irrep.endomorphism_dim
    left, right, unembed = (table[neurons] for table in spectrum.coefficients[k])
    importance = spectrum.energy.importance[neurons]
    forms = left @ left.transpose(0, 2, 1) + unembed @ unembed.transpose(0, 2, 1)
    b = directions(forms, importance, e).frames[:, :, 0 if e > 1 else -1]
    pulled = np.einsum("iab,ia->ib", unembed, b)
    if e > 1:
        length = np.linalg.norm(pulled, axis=1, keepdims=True)
        c = pulled / np.where(length > 0, length, 1.0)
    else:
        forms = right.transpose(0, 2, 1) @ right + pulled[:, :, None] * pulled[:, None, :]
        c = directions(forms, importance, 1).frames[:, :, -1]
    weight = e * np.einsum("ia,iab,ib->i", b, unembed, c)
    sign = np.where(weight < 0, -1.0, 1.0)
    c = c * sign[:, None]
    scale = [np.linalg.norm(t[neurons], axis=1) for t in (spectrum.left, spectrum.right)]
    read_left = e * np.einsum("iab,ia->ib", left, b) * scale[0][:, None]
    read_right = e * np.einsum("iab,ib->ia", right, c) * scale[1][:, None]
    weight = weight * sign * np.linalg.norm(spectrum.unembed[neurons], axis=1)
    made = Quadrature(
        irrep=irrep.name,
        neurons=frozen(neurons),
        left=frozen(b),
        right=frozen(c),
        read_left=frozen(read_left),
        read_right=frozen(read_right),
        weight=frozen(weight),
        defect=float("nan"),
    )
    if not measured:
        return made
    return Quadrature(**{**vars(made), "defect": quadrature_defect(network, irrep, made)})


def quadrature_tables(
    network: Network, irrep: Irrep, quadrature: Quadrature
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(k, n) left, right and unembed of the neurons in their exact form, each with its mean."""
    n, d = irrep.matrices.shape[0], irrep.dim
    flat = irrep.matrices.reshape(n, d * d).T

    def table(b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
        return (b[:, :, None] * c[:, None, :]).reshape(-1, d * d) @ flat

    q = quadrature
    means = [
        network.left[:, q.neurons].astype(np.float64).mean(axis=0),
        network.right[:, q.neurons].astype(np.float64).mean(axis=0),
        network.unembed[q.neurons].astype(np.float64).mean(axis=1),
    ]
    return (
        table(q.left, q.read_left) + means[0][:, None],
        table(q.read_right, q.right) + means[1][:, None],
        table(q.left * q.weight[:, None], q.right) + means[2][:, None],
    )


def quadrature_shares(
    network: Network, spectrum: Spectrum, irrep: Irrep, quadrature: Quadrature
) -> NDArray[np.float64]:
    """(k,) share of each neuron's balanced energy that its exact form holds."""
    tables = quadrature_tables(network, irrep, quadrature)
    return balanced_shares(network, spectrum, quadrature.neurons, tables)


def balanced_shares(
    network: Network,
    spectrum: Spectrum,
    neurons: NDArray[np.int32],
    tables: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """(k,) 1 − ½‖δ(l, r)‖²/‖(l, r)‖² − ½‖δu‖²/‖u‖² of the (k, n) tables, at least 0.

    Norms are of the centred tables of the network, so that neither (s, 1/s) nor a constant moved
    between left and right changes the share.
    """
    left, right, unembed = tables
    read = ((left - network.left[:, neurons].T) ** 2).sum(axis=1) + ((right - network.right[:, neurons].T) ** 2).sum(
        axis=1
    )
    write = ((unembed - unembed.mean(axis=1, keepdims=True) - spectrum.unembed[neurons]) ** 2).sum(axis=1)
    reads = (spectrum.left[neurons] ** 2).sum(axis=1) + (spectrum.right[neurons] ** 2).sum(axis=1)
    writes = (spectrum.unembed[neurons] ** 2).sum(axis=1)
    return np.clip(1 - read / (2 * reads) - write / (2 * writes), 0.0, 1.0)


def quadrature_defect(network: Network, irrep: Irrep, quadrature: Quadrature) -> float:
    """Root mean square over pairs of ‖Q(x, y) − mean Q‖ / ‖mean Q‖ of the exact form.

    Q(x, y) = ρ(x)ᵀ M(x, y) ρ(y)ᵀ with M(x, y) = Σ_i κ_i φ(l_i(x) + r_i(y)) b_i c_iᵀ; it does not
    depend on (x, y) exactly when the neurons together are bi-equivariant.
    """
    n = network.order
    left, right, _ = quadrature_tables(network, irrep, quadrature)
    pairs = np.unique(np.linspace(0, n * n - 1, min(n * n, PAIRS)).astype(np.int64))
    x, y = pairs // n, pairs % n
    h = activation(network.activation)(left[:, x] + right[:, y]) * quadrature.weight[:, None]
    outer = quadrature.left[:, :, None] * quadrature.right[:, None, :]
    d = irrep.dim
    m = (h.T @ outer.reshape(-1, d * d)).reshape(-1, d, d)
    q = irrep.matrices[x].transpose(0, 2, 1) @ m @ irrep.matrices[y].transpose(0, 2, 1)
    if irrep.endomorphism_dim > 1:
        q = _in_commutant(irrep, q)
    mean = q.mean(axis=0)
    size = float(np.linalg.norm(mean))
    spread = float(np.sqrt(((q - mean) ** 2).sum(axis=(1, 2)).mean()))
    return spread / size if size > 0 else float("inf")


def angles(quadrature: Quadrature, irrep: Irrep) -> NDArray[np.float64]:
    """(k, 3) angles in radians of b, a, c relative to the first axis; for irreps of dimension 2.

    For an irrep of complex type (a rotation by 2πf/n) left is A cos(2πfx/n + φ_l) with
    φ_l = arg a − arg b and so on.
    """
    vectors = (quadrature.left, quadrature.read_left, quadrature.right)
    return np.stack([np.arctan2(v[:, 1], v[:, 0]) for v in vectors], axis=1)


def moments(quadrature: Quadrature, irrep: Irrep, most: int = 4) -> NDArray[np.float64]:
    """(most + 1, 2 most + 1): |Σ w exp(i(jφ + kψ))| / Σ w for 0 ≤ j ≤ most, −most ≤ k ≤ most.

    φ is the angle from b to a, ψ that from a to c, w = κ‖a‖; for irreps of dimension 2. A
    quadrature whose moments vanish up to some degree integrates all waves of that degree exactly.
    """
    turns = angles(quadrature, irrep)
    weight = quadrature.weight * np.linalg.norm(quadrature.read_left, axis=1)
    phi, psi = turns[:, 1] - turns[:, 0], turns[:, 2] - turns[:, 1]
    j, k = np.arange(most + 1), np.arange(-most, most + 1)
    waves = np.exp(1j * (j[:, None, None] * phi + k[None, :, None] * psi))
    return np.abs(waves @ weight) / max(float(weight.sum()), 1e-300)


def frequency(group: Group, irrep: Irrep) -> int | None:
    """f for a two-dimensional irrep in which an element of greatest order o turns by 2πf/o,
    0 < f ≤ o/2; None for other irreps."""
    if irrep.dim != 2:
        return None
    turning = int(np.argmax(group.element_orders))
    order = int(group.element_orders[turning])
    half_trace = np.clip(float(irrep.character[turning]) / 2, -1.0, 1.0)
    return round(float(np.arccos(half_trace)) * order / (2 * np.pi))


def _in_commutant(irrep: Irrep, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of each matrix that the span of ρ's entries sees."""
    n, d = irrep.matrices.shape[0], irrep.dim
    flat = irrep.matrices.reshape(n, d * d)
    projector = flat.T @ flat * (d / (n * irrep.endomorphism_dim))
    return (q.reshape(-1, d * d) @ projector).reshape(-1, d, d)
