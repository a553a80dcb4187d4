"""Parts taken out, activations changed and put back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.networks import Network, logits

EVERY = np.arange(24)


@pytest.fixture(scope="module")
def network() -> Network:
    return rs.construct("S4", ["[3,1]", "sign"], noise=0.02, seed=1).network


def test_activations_give_the_logits(network: Network):
    h = rs.activations(network)
    assert h.shape == (24, 24, network.width)
    assert np.allclose(rs.logits_of(network, h), logits(network, EVERY[:, None], EVERY))
    h[...] = 0
    assert np.array_equal(rs.activations(network), network.activations()), "a copy, not the network's own"
    assert np.allclose(rs.logits_of(network, h), network.bias)


@pytest.mark.parametrize("mode", ["zero", "mean"])
def test_without_is_a_patch_of_the_activations(network: Network, mode: str):
    chosen = [0, 3, 7]
    h = rs.activations(network, dtype=np.float64)
    h[..., chosen] = 0 if mode == "zero" else h[..., chosen].mean(axis=(0, 1))
    expected = rs.logits_of(network, h)
    cut = network.without(neurons=chosen, mode=mode)
    assert np.allclose(logits(cut, EVERY[:, None], EVERY), expected, atol=1e-4)
    assert cut.digest != network.digest
    assert rs.evaluate(cut) != rs.evaluate(network)


def test_without_an_irrep_or_a_circuit(network: Network):
    explanation = rs.explain(network)
    circuit = next(c for c in explanation.circuits if c.irrep.name == "[3,1]")
    by_irrep = network.without(irrep="[3,1]")
    by_object = network.without(circuit=circuit)
    by_number = network.without(circuit=explanation.circuits.index(circuit), explanation=explanation)
    assert np.array_equal(by_object.unembed, by_number.unembed)
    assert np.array_equal(by_object.unembed, by_irrep.unembed)
    assert rs.evaluate(by_irrep).accuracy < 0.2
    nothing = network.without(irrep=[i.name for i in explanation.irreps])
    assert not np.any(nothing.unembed[explanation.energy.live])


def test_factors_do_not_survive(network: Network):
    n, m = network.order, network.width
    factors = {
        "embed_left": np.array(network.left),
        "embed_right": np.array(network.right),
        "hidden_left": np.eye(m, dtype=np.float32),
        "hidden_right": np.eye(m, dtype=np.float32),
        "unembed": np.array(network.unembed),
    }
    factored = dataclasses.replace(network, factors=factors)
    assert n == 24
    cut = factored.without(neurons=range(m))
    assert not cut.factors
    assert rs.evaluate(cut).accuracy == rs.evaluate(network.without(neurons=range(m))).accuracy


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        ({}, "nothing-named"),
        ({"neurons": [999]}, "neuron-out-of-range"),
        ({"neurons": [-1]}, "neuron-out-of-range"),
        ({"irrep": "9z"}, "unknown-irrep"),
        ({"circuit": 99}, "no-such-circuit"),
        ({"neurons": [0], "mode": "half"}, "unknown-mode"),
    ],
)
def test_refused(network: Network, arguments: dict, slug: str):
    with pytest.raises(RhosetError) as caught:
        network.without(**arguments)
    assert caught.value.slug == slug


def test_an_explanation_of_another_network_is_refused(network: Network):
    other = rs.explain(rs.construct("S4", ["[3,1]"]).network)
    with pytest.raises(RhosetError) as caught:
        network.without(circuit=0, explanation=other)
    assert caught.value.slug == "other-network"


def test_activations_of_another_width_are_refused(network: Network):
    with pytest.raises(RhosetError) as caught:
        rs.logits_of(network, np.zeros((3, 5)))
    assert caught.value.slug == "activation-shape"
