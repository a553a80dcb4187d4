"""The budget of the margin against its definition, written out in float64."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from explain.test_quadrature import waves
from support.groups import named

from rhoset.explaining import explain
from rhoset.explaining.diagnosis import margin_budget
from rhoset.networks import Network, evaluate, hidden
from rhoset.networks.constructing import construct


def planted(scale: float, width: int | None, *circuits: str) -> Network:
    net = construct("S4", circuits, noise=0.05, seed=3, width=width).network
    return Network(net.left, net.right, net.unembed * np.float32(scale), net.bias * np.float32(scale), net.table)


NETWORKS = {
    "as it is": planted(1.0, 60, "natural", "sign"),
    "small": planted(1e-20, 60, "natural", "sign"),
    "large": planted(1e9, None, "natural", "sign"),
    "more slots than outputs": planted(1.0, None, "[3,1]:size=6"),
    "a quadrature": waves(13, 2, 24)[0],
}


@pytest.mark.parametrize("net", NETWORKS.values(), ids=NETWORKS)
def test_the_definition(net: Network):
    explanation = explain(net)
    margin, terms = margin_budget(explanation)
    found, ideal, table, n = {t.name: t for t in terms}, explanation.ideal, net.table, net.order
    true, exact = hidden(net, dtype=np.float64), hidden(ideal, dtype=np.float64)
    writes, written = (one.unembed.astype(float) - one.unembed.mean(axis=1, keepdims=True) for one in (net, ideal))
    names, member = explanation.neuron_groups()
    held = member < len(names) - 1

    def expect(name: str, logits: np.ndarray, right: np.ndarray) -> None:
        losses = logits.max(axis=2) - np.take_along_axis(logits, right[..., None], axis=2)[..., 0]
        assert found[name].mean == pytest.approx(losses.mean(), rel=1e-4, abs=1e-6 * abs(margin))
        assert found[name].largest == pytest.approx(losses.max(), rel=1e-4, abs=1e-6 * abs(margin))

    expect("reading", (true - exact)[..., held] @ writes[held], table)
    expect("writing", exact[..., held] @ (writes - written)[held], table)
    expect("left over", true[..., ~held] @ writes[~held], table)
    expect("bias", np.broadcast_to(net.bias.astype(float), (n, n, n)), table)
    x, y = np.arange(n)[:, None, None], np.arange(n)[None, :, None]
    moved_to = table[table[x, np.arange(n)], y]  # x w y
    mean = np.zeros(n)
    for g, name in enumerate(names[:-1]):
        moved = np.take_along_axis(exact[..., member == g] @ written[member == g], moved_to, axis=2)
        mean += moved.mean(axis=(0, 1))
        expect(f"uneven {name}", moved - moved.mean(axis=(0, 1)), np.full((n, n), net.group.identity))
    e = net.group.identity
    assert margin == pytest.approx(mean[e] - np.delete(mean, e).max(), rel=1e-5)
    assert len(found) == len(names) + 3


def test_neurons_that_write_nothing_change_no_evaluation():
    group, rng = named("S4"), np.random.default_rng(2)
    left, right = rng.standard_normal((2, 24, 9)).astype(np.float32)
    unembed, bias = rng.standard_normal((9, 24)).astype(np.float32), rng.standard_normal(24).astype(np.float32)
    unembed[[1, 4, 5]] = 0
    kept = np.flatnonzero(unembed.any(axis=1))
    whole = evaluate(Network(left, right, unembed, bias, group.table))
    alone = evaluate(Network(left[:, kept], right[:, kept], unembed[kept], bias, group.table))
    assert (whole.correct, whole.margin) == (alone.correct, pytest.approx(alone.margin))
    assert whole.loss == pytest.approx(alone.loss)
    nothing = evaluate(Network(left, right, np.zeros_like(unembed), bias, group.table))
    assert nothing.correct == 24  # the output with the largest bias wins, right for one y of every x


SPLIT = construct("S4", ["natural:split=0.3"], noise=0.1).network


@pytest.mark.parametrize("net", [*NETWORKS.values(), SPLIT, replace(SPLIT, unembed=0 * SPLIT.unembed)])
def test_by_sums_the_ideal_is_as_by_neurons(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = explain(net)
    plain = evaluate(explanation.ideal)
    faithfulness = import_module("rhoset.explaining.faithfulness")
    monkeypatch.setattr(faithfulness, "DEAR", 0)
    found = faithfulness.evaluate_ideal(explanation)
    assert (found.pairs, found.correct) == (plain.pairs, plain.correct)
    assert found.loss == pytest.approx(plain.loss, rel=1e-4)
    assert found.margin == pytest.approx(plain.margin, rel=1e-4)
