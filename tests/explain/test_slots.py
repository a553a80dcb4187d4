"""Slot weights, slot metrics, and the symmetry that uneven circuits leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from explain.planting import explained, planted
from support.groups import named

from rhoset.explaining import (
    Circuit,
    filled_slots,
    reading_families,
    slot_distances,
    slot_report,
    slot_symmetries,
    slot_tables,
    slot_weights,
    symmetry,
)
from rhoset.explaining.slots import reading_agreement
from rhoset.networks import hidden


def only(name: str, *plans: str, noise: float = 0.0) -> Circuit:
    (circuit,) = explained(name, planted(name, *plans, noise=noise).network).circuits
    return circuit


@pytest.mark.parametrize(
    ("name", "plan", "pairs"),
    [
        ("S5", "[4,1]", 1), ("S5", "[2,1,1,1]", 2), ("A5", "3a", 2), ("C7", "2a", 7),
        ("Q8", "4a", 8), ("SL(2,3)", "4a", 2),
    ],
)  # fmt: skip
def test_slots_that_write_the_same(name: str, plan: str, pairs: int) -> None:
    circuit = only(name, plan)
    found = slot_symmetries(circuit.left_set, circuit.right_set)
    assert len(found) == pairs
    for left, right in found:
        np.testing.assert_allclose(circuit.coupling[np.ix_(left, right)], circuit.coupling, atol=1e-9)
        action = circuit.left_set.gset.action
        assert np.array_equal(left[action], action[:, left])


def test_weights_of_a_full_circuit_are_even() -> None:
    weights = slot_weights(only("S5", "[4,1]"))
    assert weights.std() < 1e-6 * weights.mean()
    assert filled_slots(weights).all()


def test_missing_rows_are_seen() -> None:
    circuit = only("S5", "[4,1]:rows=3")
    filled = filled_slots(slot_weights(circuit))
    assert filled.sum() == 15
    assert filled.all(axis=1).sum() == 3


def test_a_split_circuit_has_one_metric() -> None:
    """The a's of a slot differ and their tables add up to one (docs/explain.md)."""
    circuit = only("S5", "[4,1]:split=0.8")
    report = slot_report(circuit)
    assert report.metric_spread < 1e-5
    assert circuit.kind == "split"


def test_slot_tables_are_the_transported_sums() -> None:
    """Q[b, c](x, y) = T[x·b, y⁻¹·c][b, c], from the network's own hidden activations."""
    made = planted("S5", "[4,1]:rows=4")
    circuit = explained("S5", made.network).circuits[0]
    group = named("S5")
    tables = slot_tables(circuit)
    p, q = circuit.shape
    rng = np.random.default_rng(0)
    b, c = np.arange(p)[:, None], np.arange(q)[None, :]
    for x, y in rng.integers(0, 120, size=(5, 2)):
        h = hidden(made.network, x, y)
        held = np.zeros((p, q))
        terms = circuit.weight * h[circuit.neurons]
        np.add.at(held, (circuit.rows, circuit.columns), terms)
        xb = circuit.left_set.gset.action[x]
        yc = circuit.right_set.gset.action[group.inverse[y]]
        moved = held[np.ix_(xb, yc)]
        np.testing.assert_allclose(moved, tables[xb[b], yc[c], b, c], atol=1e-4 * abs(held).max())


@pytest.mark.parametrize(
    ("plans", "left", "right"),
    [
        (("[4,1]",), 120, 120),
        (("[4,1]:rows=3",), 12, 120),
        (("[4,1]:columns=4",), 120, 24),
        (("[4,1]:rows=4,columns=3",), 24, 12),
        (("[2,2,1]:rows=5", "[4,1]"), 20, 120),
    ],
)
def test_symmetry_is_the_stabilizer_of_the_filled_slots(plans: tuple[str, ...], left: int, right: int) -> None:
    group = named("S5")
    found = explained("S5", planted("S5", *plans).network)
    gamma_left, gamma_right = symmetry(group, found.circuits)
    assert (len(gamma_left), len(gamma_right)) == (left, right)
    for gamma in (gamma_left, gamma_right):
        assert set(group.table[np.ix_(gamma, gamma)].ravel()) == set(gamma)


def test_the_symmetry_leaves_the_ideal_logits_unchanged() -> None:
    """f(gzh | gx, yh) = f(z | x, y) for (g, h) in Γ_L × Γ_R."""
    from rhoset.networks import logits

    group = named("S5")
    found = explained("S5", planted("S5", "[4,1]:rows=3", "[2,2,1]").network)
    gamma_left, gamma_right = symmetry(group, found.circuits)
    rng = np.random.default_rng(1)
    z = np.arange(120)
    for _ in range(6):
        x, y = rng.integers(0, 120, size=2)
        g, h = rng.choice(gamma_left), rng.choice(gamma_right)
        plain = logits(found.ideal, x, y)
        moved = logits(found.ideal, group.table[g, x], group.table[y, h])
        at = group.table[group.table[g, z], h]
        np.testing.assert_allclose(moved[at] - moved.mean(), plain - plain.mean(), atol=1e-4)


def test_a_circuit_split_by_column_keeps_one_side() -> None:
    """Two vectors a, one for some columns of slots and one for the others: Γ_L = G still."""
    made = planted("S5", "[4,1]:directions=2")
    circuit = explained("S5", made.network).circuits[0]
    family = reading_families(circuit)
    assert sorted(np.bincount(family).tolist()) == [25, 25]
    weight = np.array(circuit.weight)
    weight[(family == 0) == (circuit.columns < 2)] = 0
    split = replace(circuit, weight=weight)
    left, right = symmetry(named("S5"), [split], tolerance=0.05)
    assert (len(left), len(right)) == (120, 12)
    rows, columns = slot_distances(split)
    assert rows.max() < 1e-5
    assert columns[0, 1] < 1e-5 < columns[0, 2]


def test_readings_agree_up_to_sign() -> None:
    circuit = only("S5", "[4,1]")
    assert reading_agreement(circuit) == pytest.approx(1)
    flipped = replace(circuit, alpha=-circuit.alpha, gamma=-circuit.gamma)
    both = replace(
        circuit,
        alpha=np.where(circuit.rows[:, None] % 2, circuit.alpha, flipped.alpha),
        gamma=np.where(circuit.rows[:, None] % 2, circuit.gamma, flipped.gamma),
    )
    assert reading_agreement(both) == pytest.approx(1)
    assert reading_families(both).max() == 0
