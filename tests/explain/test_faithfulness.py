"""Interventions, exact margin parts, correlation of activations, diagnosis."""

from __future__ import annotations

import numpy as np
import pytest
from explain.planting import explained, planted

from rhoset.errors import RhosetError
from rhoset.explaining import (
    activation_correlation,
    diagnose,
    faithfulness,
    intervene,
)
from rhoset.networks import Network, evaluate, logits


def test_replacing_everything_gives_the_ideal_network() -> None:
    made = planted("S5", "[4,1]", "sign", noise=0.1)
    found = explained("S5", made.network)
    changed = intervene(found, range(made.network.width), "ideal")
    np.testing.assert_allclose(changed.left, found.ideal.left)
    np.testing.assert_allclose(changed.unembed, found.ideal.unembed)


def test_removing_a_circuit_is_removing_its_neurons() -> None:
    made = planted("S5", "[4,1]", "[2,2,1]")
    found = explained("S5", made.network)
    circuit = found.circuits[0]
    rows = {(r.what, r.mode): r for r in faithfulness(found)}
    unembed = np.array(made.network.unembed, dtype=np.float64)
    unembed[circuit.neurons] = 0
    removed = Network(
        made.network.left.astype(np.float64), made.network.right.astype(np.float64), unembed,
        made.network.bias.astype(np.float64), made.network.table,
    )  # fmt: skip
    row = rows[circuit.label, "zero"]
    assert row.result.loss == pytest.approx(evaluate(removed).loss)
    assert row.neurons == len(circuit.neurons)
    assert f"irrep {circuit.irrep.label}" not in {what for what, _ in rows}  # the same neurons, said once
    assert rows["network", "zero"].result.accuracy == 0
    assert rows["network", "ideal"].result.accuracy == 1


def test_an_irrep_of_two_circuits_has_a_row() -> None:
    found = explained("S5", planted("S5", "[2,2,1]:size=6", "[2,2,1]:size=6", "sign").network)
    mine = [part for part in found.parts if part.irrep.name == "[2,2,1]"]
    names = [row.what for row in faithfulness(found, modes=["zero"])]
    assert ("irrep [2,2,1]" in names) == (len(mine) > 1)
    assert len(names) == len(set(names))


def test_mean_ablation_keeps_the_mean_logits() -> None:
    made = planted("S4", "[3,1]", "[2,2]")
    found = explained("S4", made.network)
    chosen = found.circuits[1].neurons
    changed = intervene(found, chosen, "mean")
    every = np.arange(24)
    before = logits(made.network, every[:, None], every[None, :], dtype=np.float64)
    after = logits(changed, every[:, None], every[None, :])
    np.testing.assert_allclose(before.mean(axis=(0, 1)), after.mean(axis=(0, 1)), atol=1e-5)


def test_each_neuron_on_request() -> None:
    made = planted("S4", "[3,1]", "[2,2]")
    rows = faithfulness(explained("S4", made.network), modes=["zero"], neurons=True)
    assert sum(row.what.startswith("neuron ") for row in rows) == made.network.width


def test_wrong_calls_are_refused() -> None:
    found = explained("S4", planted("S4", "[3,1]", "[2,2]").network)
    with pytest.raises(RhosetError, match="mode 'melt': give one of ideal, mean, zero"):
        intervene(found, [0], "melt")
    with pytest.raises(RhosetError, match="has neurons 0 to 24"):
        intervene(found, [25], "zero")


def test_activations_correlate() -> None:
    made = planted("S5", "[4,1]", noise=0.1, width=30)
    found = explained("S5", made.network)
    correlation = activation_correlation(found)
    inside = made.circuits[0].neurons
    assert correlation[inside].min() > 0.95
    assert np.all(np.delete(correlation, inside) == 0)


def slugs(name: str, *plans: str, noise: float = 0.0) -> set[str]:
    return {f.slug for f in diagnose(explained(name, planted(name, *plans, noise=noise).network)).findings}


def test_the_diagnosis_names_the_reason() -> None:
    assert slugs("S5", "[4,1]") == set()
    assert "missing-slots" in slugs("S5", "[4,1]:rows=3")
    assert "split-slots" in slugs("S5", "[4,1]:directions=2")


def test_the_budget_of_an_exact_network_is_its_margin() -> None:
    made = planted("S5", "[4,1]", "sign")
    said = diagnose(explained("S5", made.network))
    assert said.margin == pytest.approx(made.margin, rel=1e-4)
    assert max(term.largest for term in said.terms) < 1e-3 * said.margin


def test_the_budget_bounds_every_margin_from_below() -> None:
    made = planted("S4", "[3,1]", "[2,2]", noise=0.1)
    said = diagnose(explained("S4", made.network))
    least = evaluate(made.network, dtype=np.float64).margin
    assert least >= said.margin - sum(term.largest for term in said.terms)


def test_missing_slots_cost_most_where_they_are() -> None:
    found = explained("S5", planted("S5", "[4,1]:rows=4", "[2,2,1]").network)
    assert diagnose(found).terms[0].name.startswith("uneven [4,1]")
    assert "4 of 5 rows" in diagnose(found).text
