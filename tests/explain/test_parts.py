"""Which parts are needed, and how equivariant a network is: against plain evaluation and against definitions."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from explain.planting import explained, planted
from support.networks import random_network

from rhoset.explaining import Quadrature, diagnose, equivariance, faithfulness, intervene, minimality, to_json
from rhoset.explaining.parts_needed import EXHAUSTIVE_PARTS, Right
from rhoset.networks import Network, evaluate, logits

PER_NEURON = ("neurons", "rows", "columns", "weight", "alpha", "gamma")
"""Fields of a circuit with a row for each neuron."""


def test_accuracies_are_those_of_plain_evaluation() -> None:
    network = planted("S5", "[4,1]:rows=3", "[2,2,1]:rows=4", "sign", noise=0.1).network
    explanation = explained("S5", network)
    found = minimality(explanation)
    groups = [part.neurons for part in explanation.parts]
    assert found.accuracy == evaluate(network, np.float64).accuracy
    for row, group in zip(found.parts, groups, strict=False):
        others = np.setdiff1d(np.arange(network.width), group)
        assert row.neurons == len(group)
        assert row.accuracy == evaluate(intervene(explanation, group, "zero"), np.float64).accuracy
        assert row.alone == evaluate(intervene(explanation, others, "zero"), np.float64).accuracy


def test_smallest_sets_against_all_sets() -> None:
    network = planted("S4", "[3,1]", "[2,1,1]", "sign", noise=0.2).network
    explanation = explained("S4", network)
    found = minimality(explanation)
    groups = {row.part: part.neurons for row, part in zip(found.parts, explanation.parts, strict=False)}
    assert found.exhaustive
    wanted = found.accuracy
    enough = []
    for size in range(len(groups) + 1):
        for chosen in combinations(groups, size):
            if any(set(s) <= set(chosen) for s in enough):
                continue
            gone = np.setdiff1d(np.arange(network.width), np.concatenate([[], *(groups[c] for c in chosen)]))
            if evaluate(intervene(explanation, gone.astype(int), "zero"), np.float64).accuracy >= wanted:
                enough.append(chosen)
    if len(groups) == len(found.parts):  # nothing is left over
        assert sorted(found.sufficient) == sorted(enough)
    assert found.minimal == (found.sufficient == (tuple(row.part for row in found.parts),))


def test_a_circuit_that_is_needed_and_one_that_is_not() -> None:
    network = planted("S5", "[4,1]", "[2,2,1]:strength=0.05").network
    found = minimality(explained("S5", network))
    assert not found.minimal
    assert found.sufficient == tuple((row.part,) for row in found.parts)  # each would do alone
    assert all(row.accuracy == row.alone == 1 for row in found.parts)
    one = minimality(explained("S5", planted("S5", "[4,1]").network))
    assert one.minimal
    assert one.sufficient == ((one.parts[0].part,),)
    assert minimality(explained("S5", network), target=0.0).sufficient == ((),)


def test_a_pair_won_does_not_pay_for_one_lost() -> None:
    """Two trained networks are right on as many pairs without one of their parts, but not on the same."""
    assert not Right(100, 1).enough(None)
    assert Right(100, 1).enough(100)
    assert Right(99, 0).enough(None)


def test_many_parts_are_left_out_one_at_a_time() -> None:
    """Every frequency of C37 written by a few neurons: more parts than all sets can be tried of."""
    n, rng = 37, np.random.default_rng(0)
    x = 2 * np.pi * np.arange(n)[:, None] / n
    columns = []
    for f in range(1, 11):
        phi, psi = rng.uniform(0, 2 * np.pi, size=(2, 16))
        columns.append((np.cos(f * x + phi), np.cos(f * x + psi), np.cos(f * x + phi + psi)))
    left, right, unembed = (np.concatenate(tables, axis=1) for tables in zip(*columns, strict=True))
    table = (np.arange(n)[:, None] + np.arange(n)) % n
    network = Network(left, right, unembed.T, np.zeros(n), table)
    explanation = explained("C37", network)
    found = minimality(explanation)
    assert len(found.parts) > EXHAUSTIVE_PARTS
    assert not found.exhaustive
    (chosen,) = found.sufficient
    kept = np.concatenate([p.neurons for p in explanation.parts if p.label in chosen])
    gone = np.setdiff1d(np.arange(network.width), kept)
    assert evaluate(intervene(explanation, gone, "zero"), np.float64).accuracy >= found.accuracy
    assert found.minimal == (len(chosen) == len(found.parts))
    if found.accuracy < 1:
        assert minimality(explanation, target=1.0).sufficient == ()


def test_a_dead_network_has_no_parts() -> None:
    n = 6
    table = (np.arange(n)[:, None] + np.arange(n)) % n
    network = Network(np.zeros((n, 3)), np.zeros((n, 3)), np.zeros((3, n)), np.zeros(n), table)
    found = minimality(explained("C6", network))
    assert found.parts == found.irreps == ()
    assert found.accuracy == 0


def by_definition(network: Network) -> dict[str, float]:
    """Means over the groups that act, element by element."""
    group, n = network.group, network.order
    x, y = np.mgrid[:n, :n].reshape(2, -1)
    f = logits(network, x, y).astype(np.float64)
    f = (f - f.mean(axis=1, keepdims=True)).reshape(n, n, n)
    t = group.table
    left = sum(f[t[g]][:, :, t[g]] for g in range(n)) / n  # f(gz | gx, y)
    right = sum(f[:, t[:, h]][:, :, t[:, h]] for h in range(n)) / n  # f(zh | x, yh)
    both = sum(left[:, t[:, h]][:, :, t[:, h]] for h in range(n)) / n
    return {
        name: float((part**2).sum() / (f**2).sum())
        for name, part in zip(("left", "right", "both"), (left, right, both))
    }


@pytest.mark.parametrize(
    "network",
    [
        planted("S4", "[3,1]:rows=2", "sign", noise=0.3).network,
        planted("A4", "3a", noise=0.5).network,
        random_network(7, 5, dtype=np.float64),
    ],
    ids=["S4", "A4", "C7"],
)
def test_equivariance_is_its_definition(network: Network) -> None:
    found, wanted = equivariance(network), by_definition(network)
    for name, value in wanted.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-5)
    assert found.by_class <= found.both * (1 + 1e-12)
    assert found.both <= min(found.left, found.right) * (1 + 1e-12)


def test_missing_rows_break_one_side() -> None:
    rows, columns = (equivariance(planted("S5", f"[4,1]:{side}=4").network) for side in ("rows", "columns"))
    assert rows.right == pytest.approx(1, abs=1e-6)
    assert columns.left == pytest.approx(1, abs=1e-6)
    assert max(rows.left, columns.right) < 0.99
    full = equivariance(planted("S5", "[4,1]").network)
    assert min(full.left, full.right, full.both) == pytest.approx(1, abs=1e-6)
    assert full.margin == pytest.approx(evaluate(planted("S5", "[4,1]").network, np.float64).margin, rel=1e-5)


def test_parts_that_are_alike_have_numbers_everywhere() -> None:
    explanation = explained("S5", planted("S5", "[4,1]:rows=3", "sign").network)
    other, circuit = explanation.circuits
    half = len(circuit.neurons) // 2
    parts = [
        replace(circuit, **{name: getattr(circuit, name)[part] for name in PER_NEURON})
        for part in (slice(half), slice(half, None))
    ]
    explanation = replace(explanation, circuits=(*parts, other))
    one, two, third = (f"{circuit.label} (1)", f"{circuit.label} (2)", other.label)
    assert [row.part for row in minimality(explanation).parts] == [one, two, third]
    assert {one, two, third} <= {row.what for row in faithfulness(explanation, modes=["zero"])}
    found = diagnose(explanation)
    assert {f"uneven {name}" for name in (one, two, third)} <= {term.name for term in found.terms}
    assert {one, two} <= {finding.where for finding in found.findings}
    assert [said["name"] for said in to_json(explanation)["circuits"]] == [one, two, third]


def test_no_symmetry_is_said_where_neurons_lie_on_no_orbits() -> None:
    explanation = explained("S4", planted("S4", "[3,1]:rows=3", "[2,2]").network)
    circuit, other = explanation.circuits
    assert "less-symmetry" in {finding.slug for finding in diagnose(explanation).findings}
    count = len(other.neurons)
    vectors, weight, means = np.zeros((count, other.irrep.dim)), np.zeros(count), np.zeros((count, 2))
    waves = Quadrature(other.irrep, other.neurons, vectors, vectors, vectors, vectors, weight, means, 0.5)
    mixed = replace(explanation, circuits=(circuit,), quadratures=(waves,))
    assert "less-symmetry" not in {finding.slug for finding in diagnose(mixed).findings}


def test_a_network_uses_what_dominates_a_neuron_and_is_no_trifle() -> None:
    """One meaning for the report and for populations, where energy and neurons disagree."""
    from rhoset.populations.measuring import measured
    from rhoset.populations.summaries import used_irreps as of_record
    from rhoset.report.sections import used_irreps as of_report

    network = random_network(9, 4, seed=3)
    uses = explained("C9", network).uses
    assert any(use.neurons == 0 and use.share >= 0.01 for use in uses)
    wanted = [use.irrep for use in uses if use.neurons and use.share >= 0.01]
    assert {label for label, _, _ in of_report(explained("C9", network))} == {irrep.label for irrep in wanted}
    assert set(of_record(measured(network))) == {irrep.name for irrep in wanted}
