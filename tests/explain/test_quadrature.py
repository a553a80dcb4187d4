"""Neurons that lie on no common orbit: nodes of an integral over a circle or sphere."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import explained, structure
from support.groups import named

from rhoset.explaining import circles
from rhoset.networks import Network, evaluate


def waves(n: int, f: int, k: int, seed: int = 0) -> tuple[Network, np.ndarray]:
    """k neurons cos(2πfx/n + φ), cos(2πfy/n + ψ), cos(2πfz/n + φ + ψ) on C_n, phases spread."""
    rng = np.random.default_rng(seed)
    x = 2 * np.pi * f * np.arange(n)[:, None] / n
    phi, psi = rng.uniform(0, 2 * np.pi, size=(2, k))
    left, right = np.cos(x + phi), np.cos(x + psi)
    unembed = np.cos(x + phi + psi).T
    table = (np.arange(n)[:, None] + np.arange(n)) % n
    return Network(left, right, unembed, np.zeros(n), table), np.stack([phi, psi])


@pytest.mark.parametrize("f", [1, 5, 16])
def test_phases_and_frequency_of_a_cyclic_group(f: int) -> None:
    network, phases = waves(37, f, 24)
    found = explained("C37", network)
    assert found.explained == pytest.approx(1)
    (quadrature,) = found.quadratures
    assert quadrature.irrep.label == f"frequency {f}"
    (circle,) = circles(found)
    # b̄a is φ up to the orientation of the irrep and the choice of a
    sign = 1 if same(circle.phase[:, 0], phases[0]) else -1
    assert same(sign * circle.phase[:, 0], phases[0])
    cosine = (quadrature.read_left * quadrature.read_right).sum(axis=1)
    size = np.linalg.norm(quadrature.read_left, axis=1) * np.linalg.norm(quadrature.read_right, axis=1)
    np.testing.assert_allclose(cosine / size, 1, atol=1e-9)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(np.exp(1j * a), np.exp(1j * b), atol=1e-6))


def test_more_nodes_make_a_smaller_defect() -> None:
    defects = []
    for k in (8, 64, 512):
        network, _ = waves(13, 2, k)
        found = explained("C13", network)
        (quadrature,) = found.quadratures
        defects.append(quadrature.defect)
    assert defects[0] > defects[1] > defects[2]


def test_defect_of_evenly_spread_phases_is_small() -> None:
    """Phases on a grid integrate the circle exactly up to the grid's order."""
    n, f = 23, 3
    x = 2 * np.pi * f * np.arange(n)[:, None] / n
    # off the orbit of the group: a grid of 9 × 9 phases, 23 and 9 have no common divisor
    phi, psi = (2 * np.pi * part.ravel() / 9 for part in np.mgrid[:9, :9])
    table = (np.arange(n)[:, None] + np.arange(n)) % n
    network = Network(np.cos(x + phi), np.cos(x + psi), np.cos(x + phi + psi).T, np.zeros(n), table)
    (quadrature,) = explained("C23", network).quadratures
    assert quadrature.defect < 0.1
    assert evaluate(network).accuracy == 1


def test_dihedral_neurons_with_vectors_anywhere() -> None:
    group = named("D13")
    irreps, _ = structure("D13")
    irrep = next(i for i in irreps if i.dim == 2)
    rng = np.random.default_rng(1)
    b, a, c = rng.normal(size=(3, 40, 2))
    left = np.einsum("ia,xab,ib->xi", b, irrep.matrices, a)
    right = np.einsum("ia,xab,ib->xi", a, irrep.matrices, c)
    unembed = np.einsum("ia,xab,ib->ix", b, irrep.matrices, c)
    network = Network(left, right, unembed, np.zeros(26), group.table)
    found = explained("D13", network)
    assert found.explained > 0.999
    assert found.left_over.size == 0
    (quadrature,) = found.quadratures
    cosine = np.abs((quadrature.left * b).sum(axis=1)) / np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-9)
    assert np.all(quadrature.weight > 0)


def test_rank_two_neurons_are_left_over_and_named() -> None:
    from rhoset.explaining import diagnose

    group = named("S5")
    irreps, _ = structure("S5")
    irrep = next(i for i in irreps if i.name == "[4,1]")
    rng = np.random.default_rng(2)
    b, c = np.linalg.qr(rng.normal(size=(4, 4)))[0], np.linalg.qr(rng.normal(size=(4, 4)))[0]
    two = np.einsum("ja,zab,jb->z", b[:2], irrep.matrices, c[:2])
    left = np.einsum("xab,ab->x", irrep.matrices, rng.normal(size=(4, 4)))
    right = np.einsum("xab,ab->x", irrep.matrices, rng.normal(size=(4, 4)))
    network = Network(left[:, None], right[:, None], two[None], np.zeros(120), group.table)
    found = explained("S5", network)
    assert found.energy.rank[0] == pytest.approx(2)
    assert found.left_over.tolist() == [0] or found.quadratures
    if found.left_over.size:
        assert {f.slug for f in diagnose(found).findings} == {"rank-two"}
