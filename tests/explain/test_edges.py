"""Trivial groups, dead networks, biases, activations, large orders: no crash, sensible numbers."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import explained, planted, structure
from hypothesis import given, settings
from hypothesis import strategies as st
from support.groups import named, shuffled

from rhoset.errors import RhosetError
from rhoset.explaining import compare, diagnose, explain, faithfulness, orbit, to_json
from rhoset.explaining.orbits import automorphisms, candidates
from rhoset.groups import irreps, rho_set_families
from rhoset.networks import Network


def test_a_dead_network() -> None:
    table = named("S4").table
    network = Network(np.zeros((24, 3)), np.zeros((24, 3)), np.zeros((3, 24)), np.zeros(24), table)
    found = explained("S4", network)
    assert found.explained == 0
    assert not found.energy.live.any()
    assert found.circuits == ()
    said = to_json(found, "dead")
    assert said["ideal_accuracy"] == 0
    assert [f.slug for f in diagnose(found).findings] == ["dead-neurons"]


def test_no_neurons_at_all() -> None:
    table = named("S3").table
    network = Network(np.zeros((6, 0)), np.zeros((6, 0)), np.zeros((0, 6)), np.ones(6), table)
    found = explain(network)
    assert found.explained == 0
    assert found.energy.by_irrep().sum() == 0
    assert len(faithfulness(found)) == 1


def test_the_trivial_group() -> None:
    network = Network(np.ones((1, 2)), np.ones((1, 2)), np.ones((2, 1)), np.zeros(1), [[0]])
    found = explain(network)
    assert found.circuits == ()
    assert len(compare(network)) == 3
    assert diagnose(found).margin == 0


@pytest.mark.parametrize("name", ["C2", "C4", "C2^3", "C3^2", "S3", "D4", "Dic3", "F20", "C12"])
def test_a_random_network_of_every_small_group(name: str) -> None:
    rng = np.random.default_rng(7)
    group = named(name)
    n = group.order
    network = Network(
        rng.normal(size=(n, 9)), rng.normal(size=(n, 9)), rng.normal(size=(9, n)),
        rng.normal(size=n), group.table,
    )  # fmt: skip
    found = explained(name, network)
    assert 0 <= found.explained <= 1
    assert np.all((found.share >= 0) & (found.share <= 1))
    held = [c.neurons for c in found.circuits] + [q.neurons for q in found.quadratures]
    together = np.concatenate([*held, found.left_over])
    assert sorted(together.tolist()) == np.flatnonzero(found.energy.live).tolist()
    np.testing.assert_allclose(found.energy.unembed.sum(axis=1), 1)
    assert diagnose(found).text


def test_a_bias_is_reported_and_flattened() -> None:
    made = planted("S4", "[3,1]", "[2,2]")
    bias = np.linspace(0, 1, 24, dtype=np.float32)
    network = Network(made.network.left, made.network.right, made.network.unembed, bias, made.network.table)
    found = explained("S4", network)
    assert np.all(found.ideal.bias == found.ideal.bias[0])
    terms = {t.name: t.largest for t in diagnose(found).terms}
    assert terms["bias"] == pytest.approx(1)


@pytest.mark.parametrize("activation", ["abs", "gelu"])
def test_other_activations(activation: str) -> None:
    made = planted("S4", "[3,1]", "[2,2]").network
    network = Network(made.left, made.right, made.unembed, made.bias, made.table, activation=activation)
    found = explained("S4", network)
    assert found.explained == pytest.approx(1)
    assert found.ideal.activation == activation


def test_a_table_that_is_no_groups() -> None:
    table = np.zeros((3, 3), dtype=np.int32)
    network = Network(np.ones((3, 1)), np.ones((3, 1)), np.ones((1, 3)), np.zeros(3), table)
    with pytest.raises(RhosetError):
        explain(network)


def test_irreps_of_another_table_are_refused() -> None:
    network = planted("S4", "[3,1]", "[2,2]").network
    with pytest.raises(RhosetError, match="not all the irreps of the network's table"):
        explain(network, real_irreps=structure("S5")[0])
    other, _ = shuffled(network.group, seed=1)
    with pytest.raises(RhosetError, match="not all the irreps of the network's table"):
        explain(network, real_irreps=irreps(other))
    with pytest.raises(RhosetError, match="not all the irreps of the network's table"):
        explain(network, real_irreps=structure("S4")[0][:-1])


def test_a_zero_vector_has_no_orbit() -> None:
    found, _ = structure("S4")
    with pytest.raises(RhosetError, match="give a non-zero vector"):
        orbit(named("S4"), found[3], np.zeros(3))


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(["S4", "A5", "F21", "SL(2,3)", "D5"]), seed=st.integers(0, 10**6))
def test_orbits_are_rho_sets(name: str, seed: int) -> None:
    group = named(name)
    all_irreps, subgroups = structure(name)
    rng = np.random.default_rng(seed)
    irrep = all_irreps[rng.integers(1, len(all_irreps))]
    options = candidates(group, irrep, subgroups)
    option = options[rng.integers(len(options))]
    found = orbit(group, irrep, option.basis @ rng.normal(size=option.basis.shape[1]))
    g = rng.integers(group.order)
    moved = found.points @ irrep.matrices[g].T
    np.testing.assert_allclose(moved, found.points[found.gset.action[g]], atol=1e-9)
    assert len(found.points) == group.order // len(found.gset.stabilizer.elements)
    for automorphism in automorphisms(found.gset):
        action = found.gset.action
        assert np.array_equal(automorphism[action], action[:, automorphism])


@pytest.mark.parametrize("name", ["S4", "S5", "A5", "SL(2,3)", "F21"])
def test_candidates_are_those_of_the_groups_room(name: str) -> None:
    """Same sizes and fixed dimensions as `rho_set_families`, found another way."""
    group = named(name)
    all_irreps, subgroups = structure(name)
    for irrep in all_irreps[1:]:
        mine = sorted((c.index, c.basis.shape[1]) for c in candidates(group, irrep, subgroups))
        theirs = sorted((f.size, f.fixed_dim) for f in rho_set_families(group, irrep))
        assert mine == theirs
