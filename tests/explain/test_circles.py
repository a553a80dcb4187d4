"""Waves, their amplitudes, phases and harmonics: on networks whose waves are known, and on public ones."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import analysis_of, explained, planted
from explain.test_quadrature import waves
from support.public import public_file

from rhoset.explaining import analyse, circles, compare
from rhoset.networks import Network, read_network


def test_amplitudes_and_phases_are_those_of_the_waves() -> None:
    network, phases = waves(37, 5, 24)
    (circle,) = circles(explained("C37", network))
    assert circle.irrep.label == "frequency 5"
    np.testing.assert_allclose(circle.amplitude, 1, atol=1e-9)
    sign = 1 if np.allclose(np.exp(1j * circle.phase[:, 0]), np.exp(1j * phases[0])) else -1
    turned = np.exp(1j * sign * circle.phase)
    np.testing.assert_allclose(turned[:, 0], np.exp(1j * phases[0]), atol=1e-9)
    np.testing.assert_allclose(turned[:, 1], np.exp(1j * phases[1]), atol=1e-9)
    np.testing.assert_allclose(turned[:, 2], np.exp(1j * phases.sum(axis=0)), atol=1e-9)
    np.testing.assert_allclose(circle.harmonics, [1, 0, 0], atol=1e-9)
    assert circle.overtones == ("frequency 10", "frequency 15")


@pytest.mark.parametrize(("n", "f", "overtones"), [(31, 12, (24, 36)), (13, 5, (10, 15))])
def test_overtones_wrap_around(n: int, f: int, overtones: tuple[int, int]) -> None:
    network, phases = waves(n, f, 12)
    x = 2 * np.pi * f * np.arange(n)[:, None] / n
    second = network.unembed + 0.5 * np.cos(2 * (x + phases.sum(axis=0))).T
    moved = Network(network.left, network.right, second, network.bias, network.table)
    (circle,) = circles(explained(f"C{n}", moved))
    wrapped = tuple(f"frequency {min(g % n, n - g % n)}" for g in overtones)
    assert circle.overtones == wrapped
    np.testing.assert_allclose(circle.harmonics, [0.8, 0.2, 0], atol=1e-9)  # 1² : ½²


def test_groups_with_larger_irreps_have_no_circles() -> None:
    of = analysis_of("S5", planted("S5", "[4,1]").network)
    assert circles(of.explanation) == ()
    assert "circles" not in [account.name for account in compare(of)]


@pytest.mark.parametrize("name", ["C113_seed2", "D59_seed2"])
def test_public_circles(name: str) -> None:
    of = analyse(read_network(public_file(f"{name}.safetensors")))
    by_name = {account.name: account for account in compare(of, ["circuits", "circles"])}
    assert by_name["circles"].explained > by_name["circuits"].explained + 0.02
    assert by_name["circles"].result.accuracy == 1
    numbers = by_name["circles"].numbers
    assert numbers["harmonic_1"] > 0.9
    assert 0.02 < numbers["harmonic_2"] < 0.1
    for circle in circles(of.explanation)[:3]:
        ratio = circle.amplitude[:, 0] / circle.amplitude[:, 1]
        assert np.median(np.abs(ratio - 1)) < 0.05
