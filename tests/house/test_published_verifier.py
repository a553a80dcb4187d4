"""The published verifier in floating point: its steps one by one, on planted circuits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rhoset as rs
from rhoset.groups import irreps, minimal_rho_set
from rhoset.networks import Network, evaluate
from rhoset.reproduce.verifier import cluster_modulo, irrep_neurons, published_bound
from rhoset.reproduce.verifier.alone import cosets_alone, irreps_alone
from rhoset.reproduce.verifier.ideal import best_scale


@pytest.fixture(scope="module")
def network() -> Network:
    return rs.construct("S4", ["[3,1]", "[1,1,1,1]"], noise=0.005, seed=4).network


def test_neurons_are_read_as_planted(network: Network) -> None:
    found = {part.irrep.name: part for part in irrep_neurons(network, irreps(network.group))}
    assert {name: len(part.neurons) for name, part in found.items()} == {"[3,1]": 16, "[1,1,1,1]": 4}
    std = found["[3,1]"]
    assert std.spread < 1e-3
    np.testing.assert_allclose(np.linalg.norm(std.b, axis=1), 1)
    for i, b, c, weight in zip(std.neurons, std.b, std.c, std.weight, strict=True):
        predicted = weight * np.einsum("i,gij,j->g", b, std.irrep.matrices, c)
        scale = (np.linalg.norm(network.left[:, i]) + np.linalg.norm(network.right[:, i])) / 2
        size = np.sqrt(24 / 3)  # norm of a unit matrix coefficient
        np.testing.assert_allclose(predicted, network.unembed[i] * scale / size, atol=0.1 * np.abs(predicted).max())


def test_a_neuron_that_reads_minus_a_is_turned(network: Network) -> None:
    """(a, b, c) → (−a, −b, −c) is the same neuron."""
    turned = replace(network, left=network.left.copy())
    found, again = (irrep_neurons(n, irreps(network.group))[-1] for n in (network, turned))
    np.testing.assert_allclose(found.a, again.a)
    assert all(np.sign(part.a[0]) >= 0 for part in irrep_neurons(network, irreps(network.group)))


def test_clusters_modulo_the_group() -> None:
    group = rs.group("S4")
    rho = next(r for r in irreps(group) if r.name == "[3,1]")
    draw = np.random.default_rng(0)
    corners = minimal_rho_set(group, rho).points  # of a tetrahedron
    centres = np.stack([corners[0], corners[0] + corners[1]])  # a corner and an edge
    centres /= np.linalg.norm(centres, axis=1)[:, None]
    vectors = np.concatenate([rho.matrices[draw.integers(0, 24, 20)] @ t for t in centres])
    vectors += 1e-3 * draw.standard_normal(vectors.shape)
    best = cluster_modulo(rho, vectors, 2)[0]
    assert best.error < 0.01
    assert len(set(best.label[:20])) == len(set(best.label[20:])) == 1
    rebuilt = np.einsum("kij,kj->ki", rho.matrices[best.element], best.centres[best.label])
    np.testing.assert_allclose(rebuilt, vectors, atol=0.02)
    assert cluster_modulo(rho, vectors, 1)[0].error > 0.05


def test_the_scale_is_the_least_of_its_objective() -> None:
    draw = np.random.default_rng(1).standard_normal
    own, ideal = [draw(5) for _ in range(3)], [draw(5) for _ in range(3)]
    ideal = [np.sign(a @ b) * b for a, b in zip(own, ideal, strict=True)]

    def objective(s: float) -> float:
        l, r, u = ideal
        return (
            sum(np.square(v / s - t).sum() for v, t in ((l, own[0]), (r, own[1])))
            + 0.01 * np.square(s * u - own[2]).sum()
        )

    found = best_scale(own, ideal)
    grid = np.geomspace(1e-2, 1e2, 20001)
    assert objective(found) <= min(map(objective, grid)) + 1e-9


def test_clean_circuits_are_proved_and_never_above_the_truth(network: Network) -> None:
    said = published_bound(network, irreps(network.group))
    assert said.accuracy == 1
    assert not said.irrep_bad
    assert said.loss >= evaluate(network).loss
    noisy = rs.construct("S4", ["[3,1]", "[1,1,1,1]"], noise=0.3, seed=4).network
    assert published_bound(noisy, irreps(noisy.group)).accuracy <= evaluate(noisy).accuracy


def test_missing_slots_drop_a_circuit_and_set_the_flag(network: Network) -> None:
    part = next(p for p in irrep_neurons(network, irreps(network.group)) if p.irrep.name == "[3,1]")
    unembed, left = network.unembed.copy(), network.left.copy()
    unembed[part.neurons[:6]] = 0
    left[:, part.neurons[:6]] = 0
    said = published_bound(replace(network, unembed=unembed, left=left), irreps(network.group))
    assert said.irrep_bad
    assert said.accuracy == 0


def test_nothing_alone(network: Network) -> None:
    for found in (cosets_alone(network), cosets_alone(network, mended=True), irreps_alone(network)):
        assert 0 <= found.accuracy <= 1
    alone = irreps_alone(network)
    assert alone.accuracy == 0
    assert 0 < alone.margin < alone.distance
