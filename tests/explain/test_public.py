"""Networks that others trained: what is found, and that it holds."""

from __future__ import annotations

import pytest
from explain.planting import structure_of
from support.public import PublicNetwork, public_file

from rhoset.explaining import Explanation, explain
from rhoset.networks import Network, evaluate, read_network

WELL_TRAINED = 0.94
"""Least share of a public network's weights that circuits and quadratures hold (measured 0.945)."""


def explain_public(network: Network) -> Explanation:
    found, subgroups = structure_of(network)
    return explain(network, real_irreps=found, subgroups=subgroups)


def test_well_trained_networks_are_explained(public: PublicNetwork) -> None:
    network = read_network(public.path)
    found = explain_public(network)
    if public.accuracy < 1:
        assert found.explained < WELL_TRAINED
        return
    assert found.explained > WELL_TRAINED
    assert evaluate(found.ideal).accuracy > 0.98


@pytest.mark.parametrize("name", ["S5_seed2", "S5_seed9", "S5_seed12"])
def test_the_standard_circuit_of_s5(name: str) -> None:
    found = explain_public(read_network(public_file(f"{name}.safetensors")))
    circuit = found.circuits[0]
    assert circuit.shape == (5, 5)
    assert circuit.kind in ("full", "split")
    assert any(c.shape == (2, 2) for c in found.circuits)  # sign
