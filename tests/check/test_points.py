"""Rule points against fractions: its bound of every group and every output of every pair, and where it is tight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from check.attack_parts import small_circuit
from check.certificates import at_points, seen
from check.exact import fractions
from check.harness import Cert, Net, Tensors, derive, plan_of
from check.networks import random_tables
from check.small_groups import Ints, SmallGroup, random_action, random_group, shuffled, small_group
from rhoset_check.files import Certificate, PointsTensors, Weights
from rhoset_check.group import prove_group
from rhoset_check.limits import Budget
from rhoset_check.network import build_model
from rhoset_check.points import PointsRule


@dataclass(frozen=True, eq=False)
class Drawn:
    """A network with what it is said to write, and the rule on them."""

    group: SmallGroup
    tensors: Tensors
    activation: str
    sets: list[Ints]
    writing: np.ndarray

    def rule(self, samples: int, scale: np.ndarray | None = None) -> PointsRule:
        weights = Weights(self.tensors, self.group.table.astype(np.int32), self.activation, "", "")
        given = PointsTensors(tuple(action[self.group.generators] for action in self.sets), self.writing)
        certificate = Certificate("", "", "", "real", "points", 0, 1, 0, samples, self.group.generators, scale, given)
        with np.errstate(all="ignore"):
            model = build_model(weights, prove_group(weights.table, self.group.generators), "real")
            return PointsRule(given, certificate, model)

    def margins(self, numbers: Callable[[np.ndarray], Any] = fractions) -> Any:
        """(n·n, n) of every pair against every output."""
        n, table = self.group.order, {name: numbers(array) for name, array in self.tensors.items()}
        x, y = np.divmod(np.arange(n * n), n)
        reads = table["left"][x] + table["right"][y]
        active = reads * reads if self.activation == "square" else np.maximum(reads, 0)
        logits = active @ table["unembed"] + table["bias"]
        return np.take_along_axis(logits, self.group.table[x, y][:, None], 1) - logits


def drawn(seed: int, activation: str) -> Drawn:
    """Any network and any G-sets, one orbit or several; writing that is exact, nearly so, fitted, or wrong."""
    rng = np.random.default_rng([seed, 4])
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 5))
    tensors, sets = random_tables(n, m, rng), list[Ints]()
    while len(sets) < int(rng.integers(1, 3)):
        action = random_action(group, rng, 5)
        sets += [action] if action.shape[1] > 1 else []
    features = seen(sets)
    kind = seed % 6
    writing = rng.normal(size=(m + 1, features.shape[1]))
    if kind in (0, 1):
        tensors["unembed"] = writing[:m] @ features.T + (1e-3 * kind) * rng.normal(size=(m, n))
        tensors["bias"] = writing[m] @ features.T
    every = np.concatenate([tensors["unembed"], tensors["bias"][None]])
    if kind in (2, 3):
        writing = every @ np.linalg.pinv(features).T
    writing = writing * (0.0, 2.0**30)[kind - 4] if kind >= 4 else writing
    return Drawn(group, tensors, activation, sets, writing)


@pytest.mark.parametrize("activation", ["relu", "square"])
@pytest.mark.parametrize("seed", range(18))
def test_every_bound_against_fractions(seed: int, activation: str) -> None:
    case, rng = drawn(seed, activation), np.random.default_rng(seed)
    n, table = case.group.order, case.group.table
    scale = np.exp(rng.normal(size=len(case.writing))) if seed % 2 else None
    rule = case.rule((0, 1, n)[seed % 3], scale)
    x, y = np.divmod(np.arange(n * n), n)
    margins, own = case.margins(), table[x, y]
    with np.errstate(all="ignore"):
        found = rule.bounds(x, y, Budget(np.inf, 0))
        outputs = found.outputs(np.arange(n * n))
    assert rule.count.sum() == n - 1
    others = np.arange(n) != own[:, None]
    assert (fractions(outputs[others]) <= margins[others]).all()
    least = np.where(others, margins, margins.max() + 1).min(axis=1)
    assert (fractions(found.least) <= least).all()
    excess = np.where(others, np.exp(np.minimum(-margins.astype(float), 700)), 0.0).sum(axis=1)
    assert (found.excess >= excess * (1 - 1e-12)).all()
    if seed % 6 < 4:  # and says something
        assert np.median((least - fractions(found.least)).astype(float)) < 30


def test_two_points_are_told_apart_exactly() -> None:
    """Of two points one permutation moves any: where all is written at them the bound is the margin."""
    rng = np.random.default_rng(1)
    group = shuffled(small_group("C2"), rng)
    tensors, sets = random_tables(2, 5, rng), [group.natural]
    written = np.concatenate([tensors["unembed"], tensors["bias"][None]])
    case = Drawn(group, tensors, "relu", sets, written @ np.linalg.pinv(seen(sets)).T)
    x, y = np.divmod(np.arange(4), 2)
    with np.errstate(all="ignore"):
        found = case.rule(2).bounds(x, y, Budget(np.inf, 0))
    true = case.margins()[np.arange(4), 1 - group.table[x, y]].astype(float)
    assert found.least == pytest.approx(true, abs=1e-4)


@pytest.mark.parametrize("samples", [0, 1])
def test_a_bias_counts_once(samples: int) -> None:
    """Nothing else is there, so that margins are differences of biases, and outputs without a bias lose nothing."""
    group = small_group("C3")
    tensors = {"left": np.zeros((3, 1)), "right": np.zeros((3, 1)), "unembed": np.zeros((1, 3))}
    case = Drawn(group, {**tensors, "bias": np.array([1.0, 0.0, -1.0])}, "relu", [group.natural], np.zeros((2, 9)))
    x, y = np.divmod(np.arange(9), 3)
    with np.errstate(all="ignore"):
        found = case.rule(samples).bounds(x, y, Budget(np.inf, 0))
        outputs = found.outputs(np.arange(9))[:, 1]
    other = group.table[x, y] != 1
    assert outputs[other] == pytest.approx(case.margins(np.asarray)[other, 1], abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_a_circuit_is_proved_by_its_points_alone(seed: int) -> None:
    """Much of every margin is found without the answer's own activations; lost is what no w does to all points."""
    group, circuit, tensors = small_circuit(np.random.default_rng(seed), 0)
    features = seen([circuit.right])
    writing = np.concatenate([tensors["unembed"], tensors["bias"][None]]) @ np.linalg.pinv(features).T
    case, n, budget = Drawn(group, tensors, "relu", [circuit.right], writing), group.order, Budget(np.inf, 0)
    x, y = np.divmod(np.arange(n * n), n)
    with np.errstate(all="ignore"):
        found = case.rule(n).bounds(x, y, budget)
    margins = np.where(np.arange(n) == group.table[x, y][:, None], np.inf, case.margins(np.asarray))
    assert (found.least > 0.4 * margins.min(axis=1)).all()
    assert budget.spent == {"points": n * n}


def test_elements_of_too_many_kinds_are_refused() -> None:
    """Each of the 128 elements of a product of seven groups of two moves points of other sets."""
    n, sets = 128, 7
    bits = np.arange(n)[:, None] >> np.arange(sets) & 1
    net = Net(random_tables(n, sets, np.random.default_rng(0)), np.bitwise_xor.outer(np.arange(n), np.arange(n)))
    group = SmallGroup("", net.table, 1 << np.arange(sets), net.table)
    actions = [np.arange(2) ^ bits[:, j, None] for j in range(sets)]
    for count, reason in ((6, ""), (7, "elements are of too many kinds")):
        kept = at_points(actions[:count], np.zeros((sets + 1, 4 * count)), group)
        verdict = derive(net, Cert({"generators": group.generators, **kept}, plan_of("points")))
        assert verdict.status == ("rejected" if reason else "accepted")
        assert reason in verdict.reason
