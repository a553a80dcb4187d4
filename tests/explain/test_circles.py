"""Waves, their amplitudes, phases and harmonics: on networks whose waves are known, and on public ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from explain.planting import analysis_of, explained, planted, structure
from explain.test_quadrature import waves
from support.public import public_file

import rhoset as rs
from rhoset.explaining import account, analyse, circles, compare, with_harmonics
from rhoset.explaining.overtones import off_own, overtones_read, scaled_off_own
from rhoset.groups import project
from rhoset.networks import Network, Tables, read_network


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
    assert repr(circle).startswith("Circle(frequency 5, 24 neurons, amplitudes 1 to 1, writes frequency 5 100.0%")


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
    assert with_harmonics(of) is None
    assert "circles" not in [each.name for each in compare(of)]


@pytest.mark.parametrize("name", ["C113_seed2", "D59_seed2"])
def test_public_circles(name: str) -> None:
    of = analyse(read_network(public_file(f"{name}.safetensors")))
    by_name = {each.name: each for each in compare(of, ["circuits", "circles"])}
    assert by_name["circles"].explained > by_name["circuits"].explained + 0.02
    assert by_name["circles"].result.accuracy == 1
    assert with_harmonics(of) == by_name["circles"].explained
    numbers = by_name["circles"].numbers
    assert numbers["read_3"] > 0.004 > 10 * numbers["read_2"] * (numbers["read_2"] < 1e-3)
    assert numbers["harmonic_1"] > 0.9
    assert 0.02 < numbers["harmonic_2"] < 0.1
    for circle in circles(of.explanation)[:3]:
        ratio = circle.amplitude[:, 0] / circle.amplitude[:, 1]
        assert np.median(np.abs(ratio - 1)) < 0.05


@pytest.mark.parametrize("name", ["C118_seed1", "C118_seed2", "C113_seed2"])
def test_waves_and_harmonics_are_nearly_all_of_cyclic_public_networks(name: str) -> None:
    of = analyse(read_network(public_file(f"{name}.safetensors")))
    assert account(of, "circles").explained > 0.99


@pytest.mark.slow
@pytest.mark.ends_within(600)
@pytest.mark.parametrize("name", [f"{g}_seed{s}" for g in ("C113", "C118", "D59", "D61") for s in (1, 2)])
def test_with_the_training_pairs_they_are_all_of_public_networks(name: str) -> None:
    of = analyse(read_network(public_file(f"{name}.safetensors")))
    found = account(of, "circles and pairs")
    assert found.explained > 0.99
    assert found.result.accuracy == 1


def test_readings_off_the_own_irreps_get_one_scalar_an_irrep() -> None:
    rng = np.random.default_rng(0)
    found, dominant = tuple(structure("S4")[0]), np.array([1, 2, 3, 4], dtype=np.int32)
    said = rng.normal(size=(2, 4, 24))
    scalars = np.array([0.0, 0.6, -0.3, 1.0, 0.05])
    own = np.zeros((2, 4, 24))
    for k, irrep in enumerate(found):
        if not irrep.is_trivial:
            for side in (0, 1):
                own[side] += scalars[k] * project(irrep, off_own(found, dominant, said[side]))
    held = np.array([True, True, True, False])
    tables = Tables(own[0], own[1], np.ones((4, 24)))
    left, right, fitted = scaled_off_own(tables, (said[0], said[1]), found, dominant, held)
    np.testing.assert_allclose(fitted, scalars, atol=1e-12)
    for mine, theirs in ((left, own[0]), (right, own[1])):
        np.testing.assert_allclose(mine, theirs * held[:, None], atol=1e-12)


@pytest.mark.slow
@pytest.mark.ends_within(600)
@pytest.mark.parametrize(("name", "least"), [("A5_seed1", 0.993), ("A5_seed2", 0.9895), ("S5_seed10", 0.992)])
def test_with_the_training_pairs_they_are_all_of_other_public_networks(name: str, least: float) -> None:
    """Those of which least was explained: what the reading law has of the pairs is too large there."""
    found = account(analyse(read_network(public_file(f"{name}.safetensors"))), "training pairs")
    assert found.explained > least
    assert found.result.accuracy == 1


@pytest.mark.parametrize("group", ["C17", "D13"])
def test_trained_networks_read_the_third_harmonic(group: str, tmp_path: Path) -> None:
    """On all pairs nothing is the split's: waves, 2f written and 3f read are all but a little."""
    pytest.importorskip("torch")
    rs.train(group, out=tmp_path / "run", width=64, max_steps=2000)
    network = rs.load(f"{tmp_path / 'run'}#0")
    of = analyse(network)
    found = circles(of.explanation)
    assert sum(float(c.read[2]) * len(c.neurons) for c in found) > 5 * sum(c.read[1] * len(c.neurons) for c in found)
    accounts = {each.name: each for each in compare(of, ["circuits", "circles"])}
    assert accounts["circles"].explained > accounts["circuits"].explained + 0.01
    assert accounts["circles"].explained > 0.985
    dominant = of.spectrum.energy.dominant
    left, _, _ = overtones_read(
        Tables.of(network), Tables.of(of.explanation.ideal), network, of.irreps, of.spectrum.energy.dominant
    )
    off = off_own(of.irreps, dominant, Tables.of(network).left)
    live = of.spectrum.energy.live
    assert ((off - left)[live] ** 2).sum() < 0.35 * (off[live] ** 2).sum()
