"""The observables against their definitions over G³, for irreps of every type."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.groups import group, irreps
from rhoset.networks import Network
from rhoset.populations import observables, spectral_counts, stacked

_spec = importlib.util.spec_from_file_location("brute_force", Path(__file__).with_name("brute_force.py"))
assert _spec is not None
assert _spec.loader is not None
brute = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(brute)

GROUPS = ["C3", "C5", "S3", "Q8", "A4", "D5", "F21"]
"""Real, complex and quaternionic irreps, abelian and not."""
PHI = {"relu": lambda x: max(x, 0.0), "square": lambda x: x * x}


def random_network(name: str, activation: str, width: int = 3, seed: int = 0) -> Network:
    of = group(name)
    draw = np.random.default_rng(seed).standard_normal
    n = of.order
    return Network(draw((n, width)), draw((n, width)), draw((width, n)), draw(n), of.table, activation)


def named_pairs(of) -> dict[str, list[np.ndarray]]:
    """Name of the real irrep → its complex characters, matched by the real character up to a factor."""
    pairs = brute.conjugate_pairs(brute.complex_characters(of.table))
    out = {}
    for irrep in irreps(of):
        for pair in pairs:
            real = sum(chi.real for chi in pair)
            if np.allclose(real / real[of.identity], irrep.character / irrep.dim, atol=1e-7):
                out[irrep.name] = pair
    assert len(out) == len(pairs)
    return out


@pytest.mark.parametrize("activation", ["relu", "square"])
@pytest.mark.parametrize("name", GROUPS)
def test_the_definitions_over_all_triples(name: str, activation: str):
    network = random_network(name, activation)
    seen = observables(network)
    pairs = named_pairs(network.group)
    assert set(seen.classes) == set(pairs)
    f = brute.logits(network.left, network.right, network.unembed, network.bias, PHI[activation])
    expected = [brute.spectral_weight(network.table, f, pairs[name]) for name in seen.classes]
    assert seen.weights[0] == pytest.approx(expected, abs=1e-12)
    for i in range(network.width):
        neuron = (network.left[:, i], network.right[:, i], network.unembed[i])
        shares = [brute.purity(network.table, *neuron, pairs[name]) for name in seen.classes]
        assert seen.purity[0, i] == pytest.approx(shares, abs=1e-12)
    for delta in (0.05, 0.3, 0.6):
        assert seen.spectral_counts(delta)[0] == brute.least_count(expected, delta)


def test_types_that_matter_are_among_the_groups():
    kinds = {irrep.type for name in GROUPS for irrep in irreps(group(name))}
    assert kinds == {"real", "complex", "quaternionic"}


@pytest.mark.parametrize("name", GROUPS)
def test_a_character_holds_all_the_weight(name: str):
    """One neuron for each pair (a, b) that fires there alone and writes χ_R(abc⁻¹)."""
    of = group(name)
    n = of.order
    for irrep in irreps(of)[1:]:
        left, right = np.full((n, n * n), -10.0), np.full((n, n * n), -10.0)
        unembed = np.zeros((n * n, n))
        for a in range(n):
            for b in range(n):
                left[a, a * n + b] = right[b, a * n + b] = 0.5
                unembed[a * n + b] = irrep.character[of.table[of.table[a, b], of.inverse]]
        seen = observables(Network(left, right, unembed, np.zeros(n), of.table))
        expected = [1.0 if c == irrep.name else 0.0 for c in seen.classes]
        assert seen.weights[0] == pytest.approx(expected, abs=1e-12)
        assert seen.key_sets()[0] == (irrep.name,)


def test_key_set_is_on_the_norm_and_squared_on_request():
    network = random_network("S3", "relu")
    seen = observables(network)
    b = np.sqrt(seen.weights[0])
    level = float(b.min() + b.max()) / 2
    assert seen.key_sets(level) == [tuple(c for c, x in zip(seen.classes, b, strict=True) if x >= level)]
    assert seen.key_sets(level**2 * (1 + 1e-9), squared=True) == seen.key_sets(level)


def test_pure_and_dead_neurons():
    of = group("Q8")
    rho = next(irrep for irrep in irreps(of) if irrep.type == "quaternionic")
    entry = rho.matrices[:, 0, 1]
    left = np.stack([entry + 3.0, np.full(8, 0.1), np.random.default_rng(0).standard_normal(8)], axis=1)
    network = Network(left, left, left.T.copy(), np.zeros(8), of.table)
    seen = observables(network)
    column = seen.classes.index(rho.name)
    assert seen.pure()[0, :, column].tolist() == [True, False, False]
    assert not seen.pure()[0, 1].any()
    assert seen.multiplicities()[0, column] == pytest.approx(1 / 3)


def test_a_stack_is_its_networks():
    networks = [random_network("A4", "relu", seed=s) for s in range(4)]
    together = observables(stacked(networks))
    for index, network in enumerate(networks):
        alone = observables(network)
        assert together.weights[index] == pytest.approx(alone.weights[0], abs=1e-14)
        assert together.purity[index] == pytest.approx(alone.purity[0], abs=1e-14)
    assert stacked(networks).network(2).digest == networks[2].digest


def test_relabelling_neurons_and_elements_changes_nothing():
    network = random_network("F21", "relu", width=5)
    new = np.random.default_rng(1).permutation(21)  # element x is called new[x]
    place = np.argsort(new)
    table = new[network.table][np.ix_(place, place)]
    moved = Network(
        network.left[place][:, ::-1],
        network.right[place][:, ::-1],
        network.unembed[::-1][:, place],
        network.bias[place],
        table,
    )
    first, second = observables(network), observables(moved)
    assert sorted(first.weights[0]) == pytest.approx(sorted(second.weights[0]), abs=1e-12)


def test_no_logits_no_weight():
    of = group("C5")
    network = Network(np.ones((5, 2)), np.ones((5, 2)), np.ones((2, 5)), np.zeros(5), of.table)
    seen = observables(network)
    assert seen.key_sets() == [()]
    assert seen.spectral_counts().tolist() == [0]
    assert not seen.multiplicities().any()


def test_counts_take_the_largest_first():
    assert spectral_counts([[0.1, 0.6, 0.3]], 0.1).tolist() == [2]
    assert spectral_counts([[0.1, 0.6, 0.3]], 0.4).tolist() == [1]


def test_different_shapes_are_refused():
    with pytest.raises(RhosetError, match="differs from the first"):
        stacked([random_network("C5", "relu"), random_network("C5", "square")])
    with pytest.raises(RhosetError, match="at least one"):
        stacked([])


def test_several_networks_at_once():
    networks = [rs.construct("S4", ["[3,1]"], seed=seed).network for seed in (1, 2)]
    together = observables(networks)
    for k, network in enumerate(networks):
        assert together.weights[k] == pytest.approx(observables(network).weights[0])
    with pytest.raises(RhosetError, match="at least one network"):
        observables([])
