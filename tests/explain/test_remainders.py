"""Approximate cosets and remainders: on waves, where both are known, on exact cosets, and on a public network."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import analysis_of, explained, planted
from explain.test_quadrature import waves
from support.public import public_file

from rhoset.explaining import account, analyse, compare
from rhoset.explaining.cosets import NEARLY_CONSTANT
from rhoset.explaining.remainders import approximate_coset_tables, turns
from rhoset.networks import Network, Tables, read_network


def test_a_turn_is_what_the_neuron_reads() -> None:
    network, _ = waves(37, 5, 12)
    (part,) = explained("C37", network).quadratures
    angles = turns(part)
    own = Tables.of(network, part.neurons)
    for table, angle in zip(own, angles, strict=True):
        np.testing.assert_allclose(table, np.cos(angle), atol=1e-9)


def test_waves_are_constant_on_eight_or_nine_arcs() -> None:
    """Within an arc of 2π/k a cosine keeps 1 − sinc²(π/k) of its variance: 5.0 % for k = 8, 4.0 % for 9."""
    network, _ = waves(113, 7, 16)
    found = explained("C113", network)
    tables, arcs = approximate_coset_tables(found)
    assert set(arcs.tolist()) <= {8.0, 9.0}
    for table, own, angle in zip(tables, Tables.of(network), turns(found.quadratures[0]), strict=True):
        label = np.round(angle[0] * arcs[0] / (2 * np.pi)) % arcs[0]
        assert len(np.unique(np.round(table[0], 9))) <= arcs[0]
        for arc in np.unique(label):  # one value an arc: its mean
            np.testing.assert_allclose(table[0][label == arc], own[0][label == arc].mean(), atol=1e-12)
    for table, own in ((tables.left, network.left.T), (tables.right, network.right.T)):
        assert np.all(((table - own) ** 2).mean(axis=1) <= NEARLY_CONSTANT * own.var(axis=1) + 1e-12)


def test_exact_cosets_are_approximate_ones() -> None:
    """Frequency 6 of C36 takes 6 places, each a coset of the subgroup of order 6: no arc mixes two when none has to."""
    network, _ = waves(36, 6, 8)
    tables, arcs = approximate_coset_tables(explained("C36", network), tolerance=1e-9)
    assert set(arcs.tolist()) == {6.0}
    for table, own in zip(tables, Tables.of(network), strict=True):
        np.testing.assert_allclose(table, own, atol=1e-9)


def test_where_every_element_has_its_own_place_there_are_none() -> None:
    network, _ = waves(13, 2, 8)
    tables, arcs = approximate_coset_tables(explained("C13", network), tolerance=1e-6)
    assert not arcs.any()
    assert not tables.left.any()


def test_simple_neurons_are_held_whole_and_their_sum_is_a_wave() -> None:
    n = 23
    x = 2 * np.pi * 3 * np.arange(n)[:, None] / n
    phi, psi = (2 * np.pi * part.ravel() / 9 for part in np.mgrid[:9, :9])
    table = (np.arange(n)[:, None] + np.arange(n)) % n
    network = Network(np.cos(x + phi), np.cos(x + psi), np.cos(x + phi + psi).T, np.zeros(n), table)
    of = analysis_of("C23", network)
    found = account(of, "remainders")
    assert found.explained == pytest.approx(1, abs=1e-9)
    assert found.numbers["frequencies"] == 1
    assert found.numbers["logits"] > 0.99
    assert found.numbers["margin"] > 0


def test_large_networks_are_told_less(monkeypatch: pytest.MonkeyPatch) -> None:
    network, _ = waves(37, 5, 12)
    monkeypatch.setattr("rhoset.explaining.remainders.LOGITS_OPERATIONS", 1e4)
    assert account(analysis_of("C37", network), "remainders").numbers == {"frequencies": 1}


def test_amplitudes_that_differ_cost_it_something() -> None:
    network, _ = waves(37, 5, 24)
    uneven = Network(network.left * 2, network.right, network.unembed, network.bias, network.table)
    by_name = {each.name: each.explained for each in compare(analysis_of("C37", uneven), ["circuits", "remainders"])}
    # 2 and 1 become 1.5: (0.5² + 0.5²) / (2² + 1²) of the reading, half of that of the neuron
    assert by_name["circuits"] == pytest.approx(1, abs=1e-9)
    assert by_name["remainders"] == pytest.approx(1 - 0.05, abs=1e-9)


def test_other_groups_do_without() -> None:
    of = analysis_of("S5", planted("S5", "[4,1]").network)
    assert not {"approximate cosets", "remainders"} & {each.name for each in compare(of)}


@pytest.mark.parametrize("name", ["C113_seed2", "D59_seed2"])
def test_public_networks_hold_up_under_both(name: str) -> None:
    of = analyse(read_network(public_file(f"{name}.safetensors")))
    by_name = {each.name: each for each in compare(of, ["approximate cosets", "remainders", "circles"])}
    for rival in ("approximate cosets", "remainders"):
        assert by_name[rival].result.accuracy > 0.999
        assert 0.94 < by_name[rival].explained < by_name["circles"].explained
    assert by_name["approximate cosets"].numbers["held"] > 0.95
    assert 8 <= by_name["approximate cosets"].numbers["arcs"] <= 10
    assert by_name["remainders"].numbers["margin"] > 10
