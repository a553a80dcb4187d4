"""Readings for rule `gaps`, found from the weights alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rhoset as rs
from rhoset.networks import Network
from rhoset.prove.gaps import GapReading, gap_readings


def extended(network: Network, reading: GapReading, which: int) -> np.ndarray:
    """(n, q) the whole action of one G-set, and a check that it is one, on the side's group."""
    group, gens = network.group, reading.actions[which]
    table = np.asarray(network.table if reading.side == "right" else network.table.T)
    action = np.full((group.order, gens.shape[1]), -1)
    action[group.identity] = np.arange(gens.shape[1])
    todo = [group.identity]
    while todo:
        h = todo.pop()
        for image, g in zip(gens, group.generators, strict=True):
            if action[table[g, h], 0] < 0:
                action[table[g, h]] = image[action[h]]
                todo.append(int(table[g, h]))
    for image, g in zip(gens, group.generators, strict=True):
        np.testing.assert_array_equal(action[table[g]], image[action])
    return action


def cost(network: Network, reading: GapReading) -> float:
    """Σ_i range(u_i) · max_y |r_i(y) − mid-range on its fibre|, one neuron at a time."""
    reads = network.right if reading.side == "right" else network.left
    total = 0.0
    actions = [extended(network, reading, j) for j in range(len(reading.actions))]
    for i in range(network.width):
        fibre = actions[reading.block[i]][:, reading.point[i]]
        spread = max(float(np.ptp(reads[fibre == c, i].astype(float))) for c in np.unique(fibre))
        total += spread / 2 * float(np.ptp(network.unembed[i].astype(float)))
    return total


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize(
    ("name", "irreps", "sizes"), [("S4", ["[3,1]"], {4}), ("S5", ["[4,1]", "[1,1,1,1,1]"], {5, 2}), ("A5", ["4a"], {5})]
)
def test_planted_circuits_are_read(name: str, irreps: list[str], sizes: set[int], side: str) -> None:
    network = rs.construct(name, irreps, noise=0.01, seed=3).network
    reading = gap_readings(network, side)[0]
    assert {size for j, size in enumerate(reading.sizes) if (reading.block == j).any()} - {1} == sizes
    assert reading.error == pytest.approx(cost(network, reading), rel=1e-6)
    clean = rs.construct(name, irreps, seed=3).network
    assert gap_readings(clean, side)[0].error < 1e-3


def test_relabelling_changes_nothing() -> None:
    network = rs.construct("S4", ["[3,1]"], noise=0.05, seed=1).network
    order = np.random.default_rng(0).permutation(24)
    where = np.argsort(order)
    moved = replace(
        network,
        left=network.left[order],
        right=network.right[order],
        unembed=network.unembed[:, order],
        bias=network.bias[order],
        table=where[network.table[np.ix_(order, order)]].astype(np.int32),
    )
    one, other = gap_readings(network)[0], gap_readings(moved)[0]
    assert one.sizes == other.sizes
    np.testing.assert_array_equal(one.block, other.block)
    assert one.error == pytest.approx(other.error, rel=1e-6)


def test_neurons_that_do_next_to_nothing_are_at_no_point() -> None:
    generator = np.random.default_rng(0)
    network = rs.construct("S4", ["[3,1]"], seed=1).network
    small = 1e-5 * generator.standard_normal((24, 3)).astype(np.float32)
    network = replace(
        network,
        left=np.hstack([network.left, small]),
        right=np.hstack([network.right, small[::-1]]),
        unembed=np.vstack([network.unembed, small.T]),
    )
    reading = gap_readings(network)[0]
    assert (reading.block[-3:] == len(reading.sizes)).all()
    assert (reading.block[:-3] < len(reading.sizes)).all()


def test_candidates_differ_and_are_few() -> None:
    network = rs.construct("S4", ["[3,1]"], noise=0.3, seed=5).network
    found = gap_readings(network)
    assert 1 <= len(found) <= 3
    assert all(np.isfinite(reading.error) and reading.error >= 0 for reading in found)
    for reading in found:
        assert reading.error == pytest.approx(cost(network, reading), rel=1e-6)
