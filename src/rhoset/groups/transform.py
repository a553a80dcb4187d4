"""Fourier transform over any finite group and its inverse, with real irreps of all types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.errors import RhosetError
from rhoset.groups.representation import Irrep
from rhoset.groups.table import Group

FloatArray = NDArray[np.float64]


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
        flat = values.T @ rho.matrices.reshape(len(values), -1)
        out[rho.name] = flat.reshape(*values.shape[1:], rho.dim, rho.dim)
    return out


def inverse_fourier(irreps: Sequence[Irrep], coefficients: dict[str, FloatArray]) -> FloatArray:
    """f(x) = (1/n) Σ_ρ (d/e) ⟨f̂(ρ), ρ(x)⟩: the inverse of :func:`fourier` over all irreps.

    With some irreps only it is the projection on their matrix entries.
    """
    total: FloatArray | None = None
    for rho in irreps:
        if rho.name not in coefficients:
            continue
        n = len(rho.character)
        c = np.asarray(coefficients[rho.name], dtype=np.float64)
        scale = rho.dim / rho.endomorphism_dim / n
        flat = rho.matrices.reshape(n, -1) @ c.reshape(*c.shape[:-2], -1).T * scale
        total = flat if total is None else total + flat
    if total is None:
        raise RhosetError(
            "inverse_fourier: no coefficient belongs to the irreps given; the keys are irrep names",
            slug="no-coefficients",
        )
    return total


def energies(irreps: Sequence[Irrep], f: ArrayLike) -> FloatArray:
    """(number of irreps,) or (number of irreps, m): Σ_x f(x)² split by irrep (Plancherel)."""
    values = np.asarray(f, dtype=np.float64)
    hat = fourier(irreps, values)
    rows = []
    for rho in irreps:
        scale = rho.dim / rho.endomorphism_dim / len(values)
        rows.append(scale * np.square(hat[rho.name]).sum(axis=(-1, -2)))
    return np.array(rows)


def convolve(group: Group, f: ArrayLike, h: ArrayLike) -> FloatArray:
    """(f∗h)(x) = Σ_y f(y) h(y⁻¹x); n² operations."""
    a, b = np.asarray(f, dtype=np.float64), np.asarray(h, dtype=np.float64)
    out = np.zeros(group.order)
    for y in np.flatnonzero(a):
        out += a[y] * b[group.table[group.inverse[y]]]
    return out
