"""The circuit and the three tables: shapes, formulas, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.groups import named

from rhoset.networks import Network, Tables, activation, evaluate
from rhoset.networks.circuits import Circuit, slot_symmetries
from rhoset.networks.constructing import construct


def planted(activation: str = "relu") -> tuple[Network, Circuit]:
    made = construct(named("S4"), ["[2,1,1]:rows=4"], seed=2, activation=activation, dtype=np.float64, width=60)
    return made.network, made.circuits[0]


def test_the_tables_are_the_networks() -> None:
    network, circuit = planted()
    for table, own in zip(circuit.tables(), Tables.of(network, circuit.neurons), strict=True):
        assert table.shape == (len(circuit.neurons), 24)
        np.testing.assert_allclose(table, own, atol=1e-12)


def test_weights_are_fitted_whatever_constants_unembed_holds() -> None:
    network, circuit = planted()
    unembed = Tables.of(network, circuit.neurons).unembed + np.arange(len(circuit.neurons))[:, None]
    np.testing.assert_allclose(replace(circuit, weight=0 * circuit.weight).fitted(unembed).weight, circuit.weight)


@pytest.mark.parametrize("name", ["relu", "abs"])
def test_slot_tables_use_the_circuits_own_activation(name: str) -> None:
    _, circuit = planted(name)
    table = circuit.slot_tables()
    b, c = int(circuit.rows[0]), int(circuit.columns[0])
    there = (circuit.rows == b) & (circuit.columns == c)
    fired = activation(name)(circuit.alpha[there][:, :, None] + circuit.gamma[there][:, None, :])
    np.testing.assert_allclose(table[b, c], np.tensordot(circuit.weight[there], fired, axes=1))
    assert not table[circuit.slot_counts == 0].any()


def test_circuits_are_read_only_and_say_what_they_are() -> None:
    _, circuit = planted()
    assert repr(circuit) == f"Circuit([2,1,1] 6×6, {len(circuit.neurons)} neurons)"
    assert circuit.irrep.name == "[2,1,1]"
    assert (circuit.shape, circuit.group.name) == ((6, 6), "S4")
    assert circuit.slot_counts.sum() == len(circuit.neurons)
    for name in ("coupling", "neurons", "rows", "columns", "weight", "alpha", "gamma"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(circuit, name)[...] = 0
    given = np.array(circuit.weight)
    replace(circuit, weight=given)
    given[0] = 1.0  # the caller's array stays the caller's


def test_symmetries_of_a_given_coupling() -> None:
    circuit = construct(named("S5"), ["[2,1,1,1]"], seed=1).circuits[0]
    assert len(slot_symmetries(circuit.left_set, circuit.right_set)) == 2
    odd = np.arange(circuit.coupling.size, dtype=float).reshape(circuit.shape)
    assert len(slot_symmetries(circuit.left_set, circuit.right_set, odd)) == 1


def test_tables_round_trip_and_centre() -> None:
    network, _ = planted()
    tables = Tables.of(network)
    assert tables.left.shape == tables.unembed.shape == (60, 24)
    np.testing.assert_array_equal(tables[3:5].right, network.right.T[3:5])
    again = tables.network(network)
    assert (again.activation, dict(again.metadata)) == (network.activation, dict(network.metadata))
    np.testing.assert_array_equal(again.left, network.left)
    centred = tables.centred()
    np.testing.assert_allclose(centred.left.mean(axis=1), centred.right.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(centred.unembed.mean(axis=1), 0, atol=1e-12)
    assert evaluate(centred.network(network)).margin == pytest.approx(evaluate(network).margin)
    out = Tables.zeros(60, 24)
    out.put(np.arange(60), tables)
    np.testing.assert_array_equal(out.unembed, network.unembed)
