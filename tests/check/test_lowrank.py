"""Rule lowrank against fractions: what it sums up, what it bounds, and its bound of every output of every pair."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from check.exact import fractions
from check.networks import random_tables
from check.small_groups import random_group
from rhoset_check.files import Certificate, LowRankTensors, Weights
from rhoset_check.group import prove_group
from rhoset_check.limits import Budget
from rhoset_check.lowrank import LowRankRule
from rhoset_check.near import Near
from rhoset_check.network import build_model


def within(near: Near, exact: Any) -> bool:
    """Whether every number is as near to its value, and as small, as is said."""
    error, size = (np.broadcast_to(end, near.value.shape[1:]) for end in (near.error, near.size))
    away = np.abs(fractions(near.value) - exact) if exact.size else exact
    return bool((away <= fractions(error)).all() and (np.abs(exact) <= fractions(size)).all())


def drawn(seed: int, activation: str) -> tuple[LowRankRule, LowRankTensors, Any]:
    """The rule on a random network, its features fitted or not, of orthonormal columns or not; the network's tables."""
    rng = np.random.default_rng(seed)
    group = random_group(rng, 6)
    n, m, k = group.order, int(rng.integers(1, 5)), int(rng.integers(0, 4))
    tensors = random_tables(n, m, rng)
    weights = Weights(tensors, group.table.astype(np.int32), activation, "", "")
    model = build_model(weights, prove_group(weights.table, group.generators), "real")
    scale = np.exp(rng.normal(size=m + 1))
    every = np.concatenate([tensors["unembed"], tensors["bias"][None]])
    writing = scale[:, None] * np.linalg.qr(rng.normal(size=(m + 1, m + 1)))[0][:, : min(k, m + 1)]
    writing *= 1.0 if rng.random() < 0.7 else rng.normal()
    features = (np.linalg.pinv(writing / scale[:, None]) @ (every - every.mean(axis=1, keepdims=True) / 2)).T
    features += rng.choice([0, 1e-3, 1]) * rng.normal(size=features.shape)
    samples = int(rng.choice([0, 1, n]))
    given = LowRankTensors(features, writing)
    certificate = Certificate("", "", "", "real", "lowrank", 0, 1, 0, samples, group.generators, scale, given)
    with np.errstate(all="ignore"):
        return LowRankRule(given, certificate, model), given, tensors


@pytest.mark.parametrize("activation", ["relu", "square"])
@pytest.mark.parametrize("seed", range(12))
def test_sums_and_bounds_against_fractions(seed: int, activation: str) -> None:
    rule, given, tensors = drawn(seed, activation)
    n, model = rule.model.order, rule.model
    x, y = np.divmod(np.arange(n * n), n)
    own = model.group.table[x, y].astype(np.intp)
    table = {name: fractions(array) for name, array in tensors.items()}
    reads = table["left"][x] + table["right"][y]
    active = reads * reads if activation == "square" else np.maximum(reads, Fraction(0))
    active = np.concatenate([active, fractions(np.ones((n * n, 1)))], axis=1)
    logits = active @ np.concatenate([table["unembed"], table["bias"][None]])
    margins = np.take_along_axis(logits, own[:, None], 1) - logits
    rest = active + fractions(rule.less_x.value)[x] + fractions(rule.less_y.value)[y]
    with np.errstate(all="ignore"):
        assert within(rule.rest(model.hidden(x, y, "float32"), x, y), rest)
        state = rule.state(x, y)
        bounds = rule.bounds(x, y, Budget(np.inf, 0))
        outputs = bounds.outputs(np.arange(n * n))
    k = given.writing.shape[1]
    if k:
        assert within(Near(state.value[:, :k], state.error[:k], state.size[:k]), rest @ fractions(given.writing))
    others = np.arange(n) != own[:, None]
    assert (outputs[~others] == np.inf).all()
    assert (fractions(outputs[others]) <= margins[others]).all()
    least = np.where(others, margins, margins.max() + 1).min(axis=1)
    assert (fractions(bounds.least) <= least).all()
    excess = np.where(others, np.exp(-margins.astype(float)), 0.0).sum(axis=1)
    assert (bounds.excess >= excess * (1 - 1e-12)).all()
    assert np.median((least - fractions(bounds.least)).astype(float)) < 100  # and says something
