"""Trivial groups, dead networks, biases, activations, large orders: no crash, sensible numbers."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import explained, planted, structure
from support.groups import named, shuffled

from rhoset.errors import RhosetError
from rhoset.explaining import compare, diagnose, explain, faithfulness, to_json
from rhoset.explaining.placement import beta_tail
from rhoset.groups import irreps
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
    assert len(compare(network)) == 4
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


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1.5, 0.5), (1.0, 1.0), (2.0, 2.0), (17.0, 0.5), (33.0, 2.0)])
def test_the_chance_of_a_fit_is_the_incomplete_beta_function(a: float, b: float) -> None:
    from scipy.special import betainc

    levels = np.linspace(0.5, 1, 51)
    assert beta_tail(a, b, levels) == pytest.approx(betainc(a, b, 1 - levels), rel=1e-12, abs=1e-300)
