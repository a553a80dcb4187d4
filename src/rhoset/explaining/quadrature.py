"""Rank-one neurons anywhere on the sphere: nodes of an integral over the vectors b and c."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.explanation import Quadrature
from rhoset.explaining.pairs import spread_pairs
from rhoset.explaining.placement import left_directions, right_directions
from rhoset.explaining.spectrum import Spectrum, balanced_shares
from rhoset.groups import seen_part
from rhoset.networks import Network, Tables, activation


def find_quadratures(spectrum: Spectrum, taken: NDArray[np.bool_], least_share: float) -> tuple[Quadrature, ...]:
    """One quadrature for each irrep with live rank-one neurons that are not taken yet.

    Parameters
    ----------
    taken
        (m,) neurons that circuits hold.
    least_share
        A neuron stays when its exact form holds at least this share of its balanced energy.

    Cost m d³, and k d² for each of the pairs of `spread_pairs` for the defect.
    """
    found = []
    for k in range(len(spectrum.irreps)):
        free = spectrum.energy.live & ~taken & (spectrum.energy.dominant == k)
        neurons = np.flatnonzero(free).astype(np.int32)
        if neurons.size == 0:
            continue
        keep = balanced_shares(spectrum, neurons, _fit(spectrum, k, neurons).tables()) >= least_share
        if keep.any():
            fitted = _fit(spectrum, k, neurons[keep])
            found.append(replace(fitted, defect=quadrature_defect(spectrum.network, fitted)))
    return tuple(found)


def _fit(spectrum: Spectrum, k: int, neurons: NDArray[np.int32]) -> Quadrature:
    """b from left and unembed, c from right and unembed, then a, a' and κ by projection."""
    irrep, importance = spectrum.irreps[k], spectrum.energy.importance[neurons]
    e = irrep.endomorphism_dim
    matrices = spectrum.coefficients[k][neurons]
    b = left_directions(matrices, importance, e).frames[:, :, 0]
    c = right_directions(matrices, b, importance, e).frames[:, :, 0]
    weight = e * np.einsum("ia,iab,ib->i", b, matrices.unembed, c)
    sign = np.where(weight < 0, -1.0, 1.0)
    c = c * sign[:, None]
    size = spectrum.tables[neurons].map(lambda table: np.linalg.norm(table, axis=1))
    own = Tables.of(spectrum.network, neurons)
    return Quadrature(
        irrep=irrep,
        neurons=neurons,
        left=b,
        right=c,
        read_left=e * np.einsum("iab,ia->ib", matrices.left, b) * size.left[:, None],
        read_right=e * np.einsum("iab,ib->ia", matrices.right, c) * size.right[:, None],
        weight=weight * sign * size.unembed,
        means=np.stack([own.left.mean(axis=1), own.right.mean(axis=1)], axis=1),
        defect=float("nan"),
    )


def quadrature_defect(network: Network, quadrature: Quadrature) -> float:
    """Root mean square over pairs of ‖Q(x, y) − mean Q‖ / ‖mean Q‖ of the exact form.

    Q(x, y) = ρ(x)ᵀ M(x, y) ρ(y)ᵀ with M(x, y) = Σ_i κ_i φ(l_i(x) + r_i(y)) b_i c_iᵀ; it does not
    depend on (x, y) exactly when the neurons together are bi-equivariant.
    """
    irrep, pairs = quadrature.irrep, spread_pairs(network.order)
    q = carried_sums(quadrature, network.activation)(*pairs)
    q = seen_part(irrep, q.reshape(-1, irrep.dim, irrep.dim))
    mean = q.mean(axis=0)
    size = float(np.linalg.norm(mean))
    spread = float(np.sqrt(((q - mean) ** 2).sum(axis=(1, 2)).mean()))
    return spread / size if size > 0 else float("inf")


def carried_sums(quadrature: Quadrature, phi: str, dtype: Any = np.float64) -> Callable[[Any, Any], Any]:
    """The function from (N,) x and (N,) y to (N, d²) Q(x, y) of `quadrature_defect`."""
    tables, rho = quadrature.tables(), quadrature.irrep.matrices.astype(dtype)
    left, right = (np.ascontiguousarray(table.T, dtype=dtype) for table in (tables.left, tables.right))
    writes = (quadrature.written * quadrature.weight[:, None, None]).reshape(len(quadrature.weight), -1).astype(dtype)

    def carried(x: Any, y: Any) -> Any:
        sums = (activation(phi)(left[x] + right[y]) @ writes).reshape(-1, *rho.shape[1:])
        return (rho[x].swapaxes(1, 2) @ sums @ rho[y].swapaxes(1, 2)).reshape(len(x), -1)

    return carried
