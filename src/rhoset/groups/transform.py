"""Fourier transform over any finite group and its inverse, with real irreps of all types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups.representation import Irrep
from rhoset.groups.table import Group

FloatArray = NDArray[np.float64]


@public
def fourier(irreps: Sequence[Irrep], f: ArrayLike) -> dict[str, FloatArray]:
    """Coefficients f̂(ρ) = Σ_x f(x) ρ(x) for each irrep, by name.

    Parameters
    ----------
    irreps
        Any real irreps of one group; all of them for an invertible transform.
    f
        (n,) or (n, m): m functions at once.

    Returns
    -------
    dict
        name → (d, d) or (m, d, d).

    Notes
    -----
    Convolution (f∗h)(x) = Σ_y f(y) h(y⁻¹x) becomes the product f̂ ĥ. Plancherel:
    Σ_x f(x)² = (1/n) Σ_ρ (d/e) ‖f̂(ρ)‖_F², e = dim End ρ. Cost: n Σ d² ≤ 4n² a function.

    Examples
    --------
    >>> from rhoset.groups import group, irreps
    >>> float(fourier(irreps(group("C2")), [3.0, 1.0])["1b"][0, 0])
    2.0
    """
    values = np.asarray(f, dtype=np.float64)
    out = {}
    for rho in irreps:
        if values.ndim not in (1, 2) or len(values) != len(rho.character):
            raise RhosetError(
                f"fourier: the function has shape {values.shape}; give ({len(rho.character)},) or"
                f" ({len(rho.character)}, m) values",
                slug="function-shape",
            )
        out[rho.name] = coefficients(rho, values.T) / _scale(rho)
    return out


def _scale(irrep: Irrep) -> float:
    """d / (e n), e = dim End ρ."""
    return irrep.dim / (irrep.endomorphism_dim * len(irrep.character))


def coefficients(irrep: Irrep, tables: NDArray[np.floating]) -> FloatArray:
    """M with f(z) = ⟨ρ(z), M⟩ on the irrep's part of each function: M = d/(e n) Σ_z f(z) ρ(z).

    (…, d, d) for functions (…, n), the elements last; e = dim End ρ. This is d/(e n) times
    :func:`fourier`. Cost n d² a function.
    """
    flat = tables @ irrep.matrices.reshape(len(irrep.character), -1) * _scale(irrep)
    return np.asarray(flat.reshape(*tables.shape[:-1], irrep.dim, irrep.dim))


def synthesis(irrep: Irrep, matrices: NDArray[np.floating]) -> FloatArray:
    """(…, n) functions ⟨ρ(z), M⟩ of matrices (…, d, d); of :func:`coefficients` the irrep's part."""
    flat = irrep.matrices.reshape(len(irrep.character), -1)
    return np.asarray(matrices.reshape(*matrices.shape[:-2], irrep.dim**2) @ flat.T)


def project(irrep: Irrep, tables: NDArray[np.floating]) -> FloatArray:
    """(…, n) the irrep's part of functions (…, n): the parts of all irreps add up to the function."""
    return synthesis(irrep, coefficients(irrep, tables))


def energy(irrep: Irrep, matrices: NDArray[np.floating]) -> FloatArray:
    """(…,) Σ_z ⟨ρ(z), M⟩² of :func:`coefficients` M, (…, d, d) (Plancherel)."""
    return np.asarray(np.square(matrices).sum(axis=(-1, -2)) / _scale(irrep))


def seen_part(irrep: Irrep, matrices: NDArray[np.floating]) -> FloatArray:
    """The part of matrices (…, d, d) that ⟨ρ(z), M⟩ depends on; all of it for a real irrep."""
    if irrep.endomorphism_dim == 1:
        return np.asarray(matrices)
    flat = irrep.matrices.reshape(len(irrep.character), -1)
    projector = flat.T @ flat * _scale(irrep)
    return np.asarray((matrices.reshape(*matrices.shape[:-2], irrep.dim**2) @ projector).reshape(matrices.shape))


@public
def inverse_fourier(irreps: Sequence[Irrep], transformed: Mapping[str, FloatArray]) -> FloatArray:
    """f(x) = (1/n) Σ_ρ (d/e) ⟨f̂(ρ), ρ(x)⟩: the inverse of :func:`fourier` over all irreps.

    With some irreps only it is the projection on their matrix entries.
    """
    total: FloatArray | None = None
    for rho in irreps:
        if rho.name not in transformed:
            continue
        c = np.asarray(transformed[rho.name], dtype=np.float64)
        part = synthesis(rho, c).T * _scale(rho)
        total = part if total is None else total + part
    if total is None:
        raise RhosetError(
            "inverse_fourier: no coefficient belongs to the irreps given; the keys are irrep names",
            slug="no-coefficients",
        )
    return total


def energies(irreps: Sequence[Irrep], f: ArrayLike) -> FloatArray:
    """(number of irreps,) or (number of irreps, m): Σ_x f(x)² split by irrep (Plancherel)."""
    values = np.asarray(f, dtype=np.float64).T
    found = np.array([energy(rho, coefficients(rho, values)) for rho in irreps])
    return found.reshape(len(irreps), *np.shape(f)[1:])


def convolve(group: Group, f: ArrayLike, h: ArrayLike) -> FloatArray:
    """(f∗h)(x) = Σ_y f(y) h(y⁻¹x); n² operations."""
    a, b = np.asarray(f, dtype=np.float64), np.asarray(h, dtype=np.float64)
    out = np.zeros(group.order)
    for y in np.flatnonzero(a):
        out += a[y] * b[group.table[group.inverse[y]]]
    return out


def at_translates(values: FloatArray, table: NDArray[np.int32], x: ArrayLike, y: ArrayLike) -> FloatArray:
    """(…, k, n) row i holds for each w the value of row i at x_i·w·y_i.

    Of logits f(·|x, y) it is what stands where x⁻¹zy⁻¹ is w; a bi-equivariant network has the same row for all pairs.
    `values` is (…, k, n), `x` and `y` are one element or (k,).
    """
    left, right = np.broadcast_arrays(np.asarray(x), np.asarray(y))
    places = table[table[left], right[..., None]]
    return np.take_along_axis(values, places.reshape(*[1] * (values.ndim - 2), *places.shape), axis=-1)
