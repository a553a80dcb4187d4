"""Plans with rule points: networks that write functions of few points, whatever they read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.groups import named

from rhoset.networks import Network
from rhoset.networks.constructing import construct
from rhoset.prove import certify
from rhoset.prove.points import indicators, least_squares, looks, written
from rhoset.prove.search import Search
from rhoset.prove.subject import subject


def read_anyhow(net: Network, noise: float) -> Network:
    """Readings with noise of their own for each element, so that no neuron reads points; what is written stays."""
    rng = np.random.default_rng(0)
    left, right = (side + noise * rng.standard_normal(side.shape).astype(np.float32) for side in (net.left, net.right))
    return replace(net, left=left, right=right)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("objective", ["time", "operations"])
def test_what_is_written_at_points_is_proved_whole(noise: float, objective: str):
    net = read_anyhow(construct("S5", ["natural"], seed=1).network, noise)
    made = certify(net, method="points", objective=objective)
    assert made.certificate.method == "points"
    right = certify(net, method="exhaustive").verdict.right
    assert made.verdict.right == right
    assert made.verdict.spent["points"] == 120**2
    assert made.verdict.spent.get("whole", 0) <= 120**2 - right  # no other pair is evaluated
    assert made.cost.share < 0.35


def test_neurons_write_at_the_set_that_leaves_least():
    """However many sets there are, each neuron writes at one of them."""
    net = construct("S4", ["natural", "sign"], noise=0.01, seed=1).network
    given = looks(Search(subject(net)))[-1].given
    ends = np.cumsum([len(images.T) ** 2 for images in given.actions])
    used = np.stack([part.any(axis=1) for part in np.split(given.writing, ends[:-1], axis=1)])
    assert (used.sum(axis=0) <= 1).all()


def test_least_squares_leave_nothing_of_what_is_written_at_points():
    rng, place = np.random.default_rng(0), named("S4").permutations
    assert place is not None
    rows = rng.normal(size=(3, 16)) @ indicators(place).T
    found, left = written(rows, place, least_squares(place))
    assert left == pytest.approx(0, abs=1e-20)
    logits = found @ indicators(place).T
    assert logits - logits.mean(axis=1, keepdims=True) == pytest.approx(rows - rows.mean(axis=1, keepdims=True))


@pytest.mark.slow
@pytest.mark.ends_within(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_larger_groups(seed: int):
    net = read_anyhow(construct("S6", ["natural"], seed=seed).network, 0.01)
    made = certify(net, method="points")
    assert made.verdict.right == certify(net, method="exhaustive").verdict.right
    assert made.cost.share < 0.1
