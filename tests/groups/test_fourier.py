"""Fourier transform: inverse, Plancherel, convolution, refusal of wrong shapes."""

from __future__ import annotations

import numpy as np
import pytest
from support.groups import SMALL, named

from rhoset.errors import RhosetError
from rhoset.groups import (
    coefficients,
    convolve,
    energies,
    energy,
    fourier,
    group,
    inverse_fourier,
    irreps,
    project,
    seen_part,
    synthesis,
)


@pytest.mark.parametrize("name", SMALL)
def test_inverse_plancherel_and_convolution(name: str) -> None:
    g = named(name)
    all_irreps = irreps(g)
    f, h = np.random.default_rng(0).standard_normal((2, g.order))
    hat = fourier(all_irreps, f)
    assert np.abs(inverse_fourier(all_irreps, hat) - f).max() < 1e-11
    assert energies(all_irreps, f).sum() == pytest.approx(np.sum(f**2), rel=1e-12)
    product = fourier(all_irreps, convolve(g, f, h))
    other = fourier(all_irreps, h)
    for key, value in product.items():
        assert np.abs(value - hat[key] @ other[key]).max() < 1e-10


def test_many_functions_at_once() -> None:
    g = named("SL(2,3)")
    all_irreps = irreps(g)
    f = np.random.default_rng(1).standard_normal((g.order, 3))
    hat = fourier(all_irreps, f)
    single = fourier(all_irreps, f[:, 1])
    for rho in all_irreps:
        assert hat[rho.name].shape == (3, rho.dim, rho.dim)
        assert np.allclose(hat[rho.name][1], single[rho.name], atol=1e-12)
    assert np.abs(inverse_fourier(all_irreps, hat) - f).max() < 1e-12
    assert np.allclose(energies(all_irreps, f).sum(axis=0), np.sum(f**2, axis=0))


def test_some_irreps_give_a_projection() -> None:
    g = named("A5")
    some = irreps(g)[1:3]
    f = np.random.default_rng(2).standard_normal(g.order)
    once = inverse_fourier(some, fourier(some, f))
    assert np.abs(inverse_fourier(some, fourier(some, once)) - once).max() < 1e-12
    assert np.abs(once - f).max() > 0.1


@pytest.mark.parametrize("name", SMALL)
def test_parts_of_functions(name: str) -> None:
    """Parts add up, are orthogonal, and are what the coefficients and the transform say."""
    g = named(name)
    all_irreps = irreps(g)
    f = np.random.default_rng(3).standard_normal((4, g.order))
    parts = [project(rho, f) for rho in all_irreps]
    assert np.abs(sum(parts) - f).max() < 1e-11
    for rho, part in zip(all_irreps, parts, strict=True):
        matrices = coefficients(rho, f)
        assert np.allclose(inverse_fourier([rho], fourier([rho], f.T)), part.T)
        assert np.allclose(synthesis(rho, matrices), part)
        assert np.allclose(energy(rho, matrices), np.sum(part**2, axis=1))
        assert np.allclose(part @ f.T, part @ part.T, atol=1e-9)
        assert np.allclose(seen_part(rho, matrices), matrices)
        anything = np.random.default_rng(4).standard_normal((2, rho.dim, rho.dim))
        assert np.allclose(synthesis(rho, seen_part(rho, anything)), synthesis(rho, anything))
        assert (
            np.linalg.matrix_rank(
                seen_part(rho, np.eye(rho.dim**2).reshape(-1, rho.dim, rho.dim)).reshape(rho.dim**2, -1)
            )
            == rho.rank
        )
    assert [rho.is_trivial for rho in all_irreps] == [bool(np.allclose(rho.matrices, 1)) for rho in all_irreps]


def test_wrong_arguments() -> None:
    all_irreps = irreps(group("C3"))
    for bad in (np.zeros(4), np.zeros((3, 1, 1)), np.float64(1.0)):
        with pytest.raises(RhosetError, match="function has shape"):
            fourier(all_irreps, bad)
    with pytest.raises(RhosetError, match="keys are irrep names"):
        inverse_fourier(all_irreps, {"none": np.zeros((1, 1))})
