"""Evaluation against the definition, written as loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.networks import cyclic_table, random_network

from rhoset.errors import RhosetError
from rhoset.networks import ACTIVATIONS, Network, activation, evaluate, hidden, logits
from rhoset.networks import evaluation as module


def _logit(network: Network, x: int, y: int, z: int) -> float:
    phi = activation(network.activation)
    h = phi(network.left[x] + network.right[y])
    return float(h @ network.unembed[:, z] + network.bias[z])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_logits_are_the_formula(name: str) -> None:
    network = replace(random_network(dtype=np.float64), activation=name)
    f = logits(network, np.arange(5)[:, None], np.arange(5))
    for x, y, z in np.ndindex(5, 5, 5):
        assert f[x, y, z] == pytest.approx(_logit(network, x, y, z), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("block", [1, 3, 8, 40, 1 << 18])
@pytest.mark.parametrize("name", ["relu", "gelu", "square"])
def test_evaluate_is_the_definition_for_every_block_size(
    name: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_NUMBERS", block)
    network = replace(random_network(6, 9, seed=4, dtype=np.float64), activation=name)
    correct, losses, margins = 0, [], []
    for x, y in np.ndindex(6, 6):
        f = np.array([_logit(network, x, y, z) for z in range(6)])
        right = network.table[x, y]
        margin = f[right] - np.delete(f, right).max()
        correct += margin > 0
        margins.append(margin)
        losses.append(np.log(np.exp(f - f[right]).sum()))
    found = evaluate(network)
    assert found.correct == correct
    assert found.accuracy == correct / 36
    assert found.margin == pytest.approx(min(margins), rel=1e-12)
    assert found.loss == pytest.approx(np.mean(losses), rel=1e-12)


@pytest.mark.parametrize(("operations", "pairs"), [(1, 1), (6 * 9 * 20 + 1, 20), (1e9, 36)])
def test_a_budget_takes_a_sample_that_fits(operations: float, pairs: int) -> None:
    network = random_network(6, 9, seed=4, dtype=np.float64)
    found = evaluate(network, operations=operations)
    assert found == evaluate(network, operations=operations)
    assert found.pairs == pairs
    assert found.accuracy == found.correct / pairs
    full = evaluate(network)
    assert full.pairs == 36
    assert full.margin <= found.margin
    if pairs == 36:
        assert found == full


def test_a_sample_is_fair() -> None:
    """The bias answers 0 always, which is right for one pair in a hundred."""
    n = 100
    zero = np.zeros((n, 1))
    network = Network(zero, zero, np.zeros((1, n)), np.eye(n)[0], cyclic_table(n))
    found = evaluate(network, operations=n * 5000)
    assert found.pairs == 5000
    assert found.accuracy == pytest.approx(0.01, abs=0.005)


def test_a_tie_is_wrong() -> None:
    zero = np.zeros((4, 2))
    network = Network(zero, zero, np.zeros((2, 4)), np.zeros(4), cyclic_table(4))
    found = evaluate(network)
    assert (found.correct, found.margin) == (0, 0)
    assert found.loss == pytest.approx(np.log(4))


def test_one_element_has_one_answer() -> None:
    network = Network(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), [[0]])  # type: ignore[arg-type]
    found = evaluate(network)
    assert (found.accuracy, found.loss, found.margin) == (1, 0, np.inf)


def test_a_network_without_neurons_is_its_bias() -> None:
    empty = np.zeros((3, 0))
    network = Network(empty, empty, np.zeros((0, 3)), np.array([0.0, 2.0, 1.0]), cyclic_table(3))
    assert evaluate(network).correct == 3


def test_large_logits_do_not_overflow() -> None:
    network = random_network(dtype=np.float64)
    network = replace(network, unembed=network.unembed * 1e8)
    found = evaluate(network)
    assert np.isfinite([found.loss, found.margin]).all()


def test_float16_tables_are_computed_in_float32() -> None:
    network = random_network(dtype=np.float16)
    assert logits(network, 0, 0).dtype == np.float32
    assert logits(network, 0, 0, dtype=np.float64).dtype == np.float64


def test_shapes_broadcast() -> None:
    network = random_network(5, 7)
    assert hidden(network).shape == (5, 5, 7)
    assert hidden(network, 3, 4).shape == (7,)
    assert hidden(network, [1, 2], 4).shape == (2, 7)
    assert logits(network, [[1], [2]], [0, 1, 2]).shape == (2, 3, 5)


@pytest.mark.parametrize("x", [-1, 5, 1.0, [0, 7]])
def test_what_is_no_element_is_refused(x: object) -> None:
    with pytest.raises(RhosetError, match="0 to 4"):
        logits(random_network(), x, 0)  # type: ignore[arg-type]


def test_memory_stays_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No array of n² × n numbers: at n = 150 that would be 27 MB."""
    import tracemalloc

    network = random_network(150, 16, dtype=np.float64)
    tracemalloc.start()
    evaluate(network)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6
