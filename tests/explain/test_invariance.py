"""Permuting neurons, (s, 1/s), a moved constant and relabelling change nothing but labels."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import explained, planted
from support.groups import shuffled

from rhoset.explaining import Explanation, explain
from rhoset.explaining.placement import directions
from rhoset.networks import Network

NETWORKS = [
    ("S5", ("[4,1]:split=0.5", "[2,2,1]:rows=4")),
    ("S5", ("[2,1,1,1]",)),
    ("C7", ("2a",)),
    ("SL(2,3)", ("4a",)),
]


def facts(found: Explanation) -> list[tuple[object, ...]]:
    """All that should not change but for the order of the neurons."""
    return [
        (c.irrep.name, c.shape, c.kind, len(c.neurons), round(float(found.share[c.neurons].mean()), 6))
        for c in found.circuits
    ] + [(q.irrep.name, len(q.neurons), round(q.defect, 5)) for q in found.quadratures]


@pytest.mark.parametrize(("name", "plans"), NETWORKS)
def test_permuting_and_rescaling(name: str, plans: tuple[str, ...]) -> None:
    network = planted(name, *plans, noise=0.15).network
    before = explained(name, network)
    rng = np.random.default_rng(2)
    order = rng.permutation(network.width)
    scale = np.exp(rng.normal(size=network.width))
    moved = rng.normal(size=network.width)
    changed = Network(
        (network.left * scale + moved)[:, order],
        (network.right * scale - moved)[:, order],
        (network.unembed / scale[:, None] + rng.normal(size=(network.width, 1)))[order],
        network.bias,
        network.table,
    )
    after = explained(name, changed)
    assert facts(after) == facts(before)
    assert after.explained == pytest.approx(before.explained, abs=1e-6)
    np.testing.assert_allclose(after.share, before.share[order], atol=1e-6)
    for one, other in zip(before.circuits, after.circuits, strict=True):
        assert set(order[other.neurons]) == set(one.neurons)


@pytest.mark.parametrize(("name", "plans"), NETWORKS)
def test_relabelling_the_group(name: str, plans: tuple[str, ...]) -> None:
    network = planted(name, *plans, noise=0.05).network
    before = explained(name, network)
    other, new = shuffled(network.group, seed=4)
    old = np.argsort(new)
    changed = Network(
        network.left[old], network.right[old], network.unembed[:, old], network.bias[old],
        other.table,
    )  # fmt: skip
    after = explain(changed)
    sizes = [(c.shape, c.kind, len(c.neurons)) for c in before.circuits]
    assert [(c.shape, c.kind, len(c.neurons)) for c in after.circuits] == sizes
    assert after.explained == pytest.approx(before.explained, abs=1e-3)
    np.testing.assert_allclose(after.ideal.left[new], before.ideal.left, atol=0.05)


def test_the_same_network_twice_gives_the_same_explanation() -> None:
    network = planted("S5", "[4,1]:split=0.5", noise=0.2).network
    one, two = explained("S5", network), explained("S5", network)
    assert np.array_equal(one.ideal.left, two.ideal.left)
    assert [c.rows.tolist() for c in one.circuits] == [c.rows.tolist() for c in two.circuits]


@pytest.mark.parametrize(("name", "plans"), NETWORKS)
def test_nothing_hangs_on_a_rounding(name: str, plans: tuple[str, ...]) -> None:
    """Weights moved in the seventh digit, elements relabelled: the same circuits, neuron by neuron."""
    network = planted(name, *plans, noise=0.05).network
    before = explained(name, network)
    for seed in range(11, 15):
        rng = np.random.default_rng(seed)
        other, new = shuffled(network.group, seed)
        old = np.argsort(new)
        left, right, unembed = (
            table * (1 + 1e-7 * rng.standard_normal(table.shape))
            for table in (network.left[old], network.right[old], network.unembed[:, old])
        )
        after = explain(Network(left, right, unembed, network.bias[old], other.table))
        assert [(c.shape, c.kind, set(c.neurons)) for c in after.circuits] == [
            (c.shape, c.kind, set(c.neurons)) for c in before.circuits
        ]
        assert [set(q.neurons) for q in after.quadratures] == [set(q.neurons) for q in before.quadratures]
        np.testing.assert_allclose(after.share, before.share, atol=1e-5)


@pytest.mark.parametrize("tilt", [0.0, 1e-17, 1e-12, 1e-9, 0.3])
def test_frames_stay_orthonormal(tilt: float) -> None:
    """A line over ℂ whose first eigenvector is, or nearly is, the coordinate axis that settles it."""
    frame = np.array([[1.0, 0.0], [0.0, 1.0], [tilt, 0.0], [0.0, tilt]]) / np.hypot(1, tilt)
    form = frame @ np.diag([2.0, 2.0 + tilt]) @ frame.T
    found = directions(form[None], np.ones(1), 2).frames[0]
    np.testing.assert_allclose(found.T @ found, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(found @ found.T, frame @ frame.T, atol=1e-9)
