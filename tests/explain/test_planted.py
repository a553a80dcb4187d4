"""What was planted is found: all types of irreps, split and missing slots, several circuits."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import explained, planted, slot_names, structure
from support.groups import named

from rhoset.explaining import slot_symmetries
from rhoset.groups import rho_set_families
from rhoset.networks import Network, evaluate

CASES = [
    ("S5", ("[4,1]",), ("full",)),
    ("S5", ("[4,1]", "sign"), ("full", "full")),
    ("S5", ("[4,1]:rows=3", "[2,2,1]:rows=4"), ("rows", "rows")),
    ("S5", ("[4,1]:split=0.6", "[2,2,1]:columns=4"), ("split", "columns")),
    ("S5", ("[4,1]:rows=4,columns=3", "[2,2,1]"), ("partial", "full")),
    ("S5", ("[2,1,1,1]", "[3,2]"), ("full", "full")),
    ("S5", ("[3,1,1]",), ("full",)),
    ("S5", ("[4,1]:size=10",), ("full",)),
    ("A5", ("3a",), ("full",)),
    ("A5", ("3b:size=20",), ("full",)),
    ("S4", ("[3,1]", "[2,2]"), ("full", "full")),
    ("A4", ("3a",), ("full",)),
    ("D5", ("2a",), ("full",)),
    ("C7", ("2a",), ("full",)),
    ("F21", ("6a",), ("full",)),
    ("C3xS3", ("4a",), ("full",)),
    ("Q8", ("4a",), ("full",)),
    ("SL(2,3)", ("4a",), ("full",)),
    ("PSL(2,7)", ("6a",), ("full",)),
]
"""Group, plans, kinds: real, complex (C7, F21, C3×S3) and quaternionic (Q8, SL(2,3)) types. Seven
points on a circle are told from any others with little noise only."""


def ident(value: object) -> str:
    return "+".join(value) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("name", "plans", "kinds"), CASES, ids=ident)
def test_the_exact_network_is_explained_entirely(name: str, plans: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    made = planted(name, *plans)
    found = explained(name, made.network)
    assert found.explained == pytest.approx(1, abs=1e-9)
    assert found.left_over.size == 0
    assert not found.quadratures
    by_neurons = {frozenset(c.neurons.tolist()): c for c in found.circuits}
    assert len(by_neurons) == len(plans)
    for circuit, kind in zip(made.circuits, kinds, strict=True):
        match = by_neurons[frozenset(circuit.neurons.tolist())]
        assert match.kind == kind
        assert match.shape == circuit.coupling.shape
    for table in ("left", "right", "unembed"):
        scale = np.abs(getattr(made.network, table)).max()
        difference = getattr(found.ideal, table) - getattr(made.network, table)
        assert np.abs(difference).max() < 1e-5 * scale


@pytest.mark.parametrize(("name", "plans", "kinds"), CASES, ids=ident)
def test_slots_are_recovered_through_noise(name: str, plans: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    made = planted(name, *plans, noise=0.03 if name == "C7" else 0.1)
    found = explained(name, made.network)
    by_neurons = {frozenset(c.neurons.tolist()): c for c in found.circuits}
    for circuit in made.circuits:
        match = by_neurons[frozenset(circuit.neurons.tolist())]
        slots = slot_names(match)
        planted_slots = zip(circuit.rows.tolist(), circuit.columns.tolist())
        seen = {(slot, slots[int(i)]) for slot, i in zip(planted_slots, circuit.neurons)}
        filled = {slot for slot, _ in seen}
        assert len(seen) == len(filled)  # neurons of one slot are found in one slot
        alike = len(slot_symmetries(match.left_set, match.right_set))
        assert len({slot for _, slot in seen}) == len(filled) // alike
    noisy, ideal = evaluate(made.network), evaluate(found.ideal)
    assert ideal.accuracy >= noisy.accuracy  # the exact form lies nearer to what was planted
    before = np.linalg.norm(made.network.unembed - made.ideal.unembed)
    after = np.linalg.norm(found.ideal.unembed - made.ideal.unembed)
    # two dimensions of n are left to each neuron's row: its weight and its mean
    assert after < 1.3 * np.sqrt(2 / made.network.order) * before


def test_neurons_without_structure_belong_to_nothing() -> None:
    made = planted("S5", "[4,1]", width=40)
    rng = np.random.default_rng(3)
    dead = np.setdiff1d(np.arange(40), made.circuits[0].neurons)
    left, right, unembed = (np.array(getattr(made.network, t)) for t in ("left", "right", "unembed"))
    noise = list(dead[:5])
    left[:, noise] = rng.normal(size=(120, 5))
    right[:, noise] = rng.normal(size=(120, 5))
    unembed[noise] = rng.normal(size=(5, 120))
    network = Network(left, right, unembed, made.network.bias, made.network.table)
    found = explained("S5", network)
    assert sorted(found.left_over.tolist()) == sorted(noise)
    assert not found.energy.live[dead[5:]].any()
    assert found.share[noise].max() == 0
    assert [c.kind for c in found.circuits] == ["full"]


def test_a_random_network_has_no_circuits() -> None:
    rng = np.random.default_rng(0)
    shape = (120, 64)
    table = planted("S5", "[4,1]").network.table
    network = Network(
        rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=shape[::-1]),
        rng.normal(size=120), table,
    )  # fmt: skip
    found = explained("S5", network)
    assert found.circuits == ()
    assert found.explained < 0.05


def test_two_vectors_in_one_slot_are_a_split_circuit() -> None:
    made = planted("S5", "[4,1]:directions=2")
    (circuit,) = explained("S5", made.network).circuits
    assert (circuit.kind, len(circuit.neurons)) == ("split", 50)


def test_b_and_c_in_different_orbits() -> None:
    """A twisted circuit: B the 5 points and C the 10 points of [4,1]."""
    group = named("S5")
    found, subgroups = structure("S5")
    irrep = next(i for i in found if i.name == "[4,1]")
    lines = [k for k in rho_set_families(group, irrep, subgroups) if k.fixed_dim == 1]
    b, c = (k.rho_set() for k in lines[:2])
    assert (len(b.points), len(c.points)) == (5, 10)
    rng = np.random.default_rng(5)
    a = rng.normal(size=4)
    rows, columns = (part.ravel() for part in np.mgrid[:5, :10])
    left = np.stack([b.points[b.gset.action[group.inverse, i]] @ a for i in rows], axis=1)
    right = np.stack([c.points[c.gset.action[:, j]] @ a for j in columns], axis=1)
    unembed = np.stack([c.points[c.gset.action[:, j]] @ b.points[i] for i, j in zip(rows, columns)])
    network = Network(left, right, unembed, np.zeros(120), group.table)
    (circuit,) = explained("S5", network).circuits
    assert circuit.shape == (5, 10)
    assert circuit.kind == "twisted"
    assert explained("S5", network).explained == pytest.approx(1)
