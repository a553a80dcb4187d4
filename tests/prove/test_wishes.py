"""Targets, budgets, and calls that are wrong."""

from __future__ import annotations

import pytest
from prove.planted import network

from rhoset.errors import RhosetError
from rhoset.networks import evaluate
from rhoset.prove import certify, certify_frontier


@pytest.mark.parametrize("method", ["auto", "irrep", "lowrank", "exhaustive"])
@pytest.mark.parametrize("target", [0.3, 0.6])
def test_target_is_reached_for_less(method: str, target: float):
    net = network("C7-fitted")
    assert evaluate(net).accuracy > target
    part, whole = (certify(net, method=method, target=goal, objective="operations") for goal in (target, None))
    assert target <= part.verdict.accuracy_bound <= whole.verdict.accuracy_bound
    assert part.cost.operations <= whole.cost.operations


def test_target_out_of_reach_gives_what_is_true():
    net = network("C7-random")
    true = certify(net).verdict.accuracy_bound
    assert true < 0.95
    assert certify(net, target=0.95).verdict.accuracy_bound == true


@pytest.mark.parametrize("budget", [0.1, 0.5, 0.9, 2.0])
@pytest.mark.parametrize("key", ["C7-fitted", "S4", "S4-noisy"])
def test_budget_is_kept(key: str, budget: float):
    made = certify(network(key), budget=budget, objective="operations")
    assert made.cost.share <= budget
    if budget >= 1.0:
        assert made.verdict.accuracy_bound == certify(network(key)).verdict.accuracy_bound


def test_more_budget_proves_no_less():
    bounds = [certify(network("C7-fitted"), budget=b).verdict.right for b in (0.2, 0.5, 0.8, 1.1)]
    assert bounds == sorted(bounds)
    assert bounds[0] > 0


@pytest.mark.parametrize(
    ("options", "slug"),
    [
        ({"method": "nonsense"}, "unknown-method"),
        ({"arithmetic": "float16"}, "unknown-arithmetic"),
        ({"target": "most"}, "bad-target"),
        ({"target": 1.5}, "bad-target"),
        ({"target": float("nan")}, "bad-target"),
        ({"budget": 0.0}, "bad-budget"),
        ({"budget": -1.0}, "bad-budget"),
        ({"budget": float("nan")}, "bad-budget"),
        ({"objective": "beauty"}, "bad-objective"),
    ],
)
def test_wrong_calls(options: dict, slug: str):
    with pytest.raises(RhosetError) as caught:
        certify(network("S3"), **options)
    assert caught.value.slug == slug


def test_frontier():
    net = network("S4-noisy")
    points = certify_frontier(net)
    true = evaluate(net).accuracy
    assert [p.cost.share for p in points] == sorted(p.cost.share for p in points)
    best = [p.verdict.accuracy_bound for p in points if p.best]
    assert best == sorted(set(best))
    assert best[-1] == pytest.approx(true)
    assert {"exhaustive", "orbit", "irrep"} <= {p.method for p in points}
    assert all(p.verdict.accuracy_bound <= true + 1e-12 for p in points)
