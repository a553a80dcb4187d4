"""Circuits as they form over the steps of a training."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import planted
from support.groups import named

from rhoset.errors import RhosetError
from rhoset.explaining import explain_steps
from rhoset.networks import Network


def faded(network: Network, amount: float) -> Network:
    """The network mixed with noise, as if its circuits were still forming."""
    rng = np.random.default_rng(0)

    def mix(table: np.ndarray) -> np.ndarray:
        return table + amount * table.std() * rng.normal(size=table.shape).astype(np.float32)

    return Network(mix(network.left), mix(network.right), mix(network.unembed), network.bias, network.table)


def test_a_circuit_forms() -> None:
    network = planted("S4", "[3,1]", "[2,2]").network
    saved = [(step, faded(network, amount)) for step, amount in ((1, 20), (10, 0.5), (100, 0.0))]
    steps = explain_steps(saved, bound=lambda explanation: explanation.explained / 2)
    assert [s.step for s in steps] == [1, 10, 100]
    assert steps[0].complete == 0
    assert steps[2].complete == 2
    assert steps[0].explained < steps[1].explained < steps[2].explained == pytest.approx(1)
    assert steps[2].bound == pytest.approx(0.5)
    assert steps[2].energy.sum() == pytest.approx(1)
    assert steps[2].ideal.accuracy == 1


def test_steps_are_of_one_group() -> None:
    one = planted("S4", "[3,1]").network
    other = planted("C7", "2a").network
    assert named("S4").order != named("C7").order
    with pytest.raises(RhosetError, match="step 2: its multiplication table differs"):
        explain_steps([(1, one), (2, other)])
