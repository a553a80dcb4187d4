"""Published networks: the true accuracy is proved, for the share of exhaustive work that is asked for."""

from __future__ import annotations

import pytest
from support.public import PUBLIC, PublicNetwork

from rhoset.networks import read_network
from rhoset.prove import certify
from rhoset.prove.wish import OBJECTIVES

COST = {
    "S5_seed2": 0.06,
    "S5_seed4": 0.08,
    "S5_seed12": 0.08,
    "S5_width32_seed3": 1.1,
    "S5_width32_seed9": 1.1,
}
"""Shares of exhaustive work that are enough today; a few networks of every kind."""


@pytest.mark.parametrize("public", [p for p in PUBLIC if p.name in COST], ids=lambda p: p.name)
def test_true_accuracy_cheaply(public: PublicNetwork):
    made = certify(read_network(public.path), objective="operations")
    assert made.verdict.right == public.correct
    assert made.cost.share <= COST[public.name]
    assert made.verdict.loss_bound >= public.loss
    assert made.verdict.margin_bound <= public.margin


TARGET = {"C113": 0.2, "C118": 0.2, "D59": 0.3, "D61": 0.3}
"""Shares that the project asks for; other groups only have to cost no more than exhaustive."""


@pytest.mark.slow
@pytest.mark.ends_within(600)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_public_network(public: PublicNetwork, objective: str):
    made = certify(read_network(public.path), objective=objective)
    assert made.verdict.right == public.correct
    limit = TARGET.get(public.group, 1.1) if objective == "operations" else 1.1
    assert made.cost.share <= limit
    assert made.verdict.loss_bound >= public.loss * (1 - 1e-3)
