"""Every method gives a certificate that checks, never above the true accuracy."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from prove.planted import network
from support.public import public_file

from rhoset.counting import cost_of_files
from rhoset.errors import RhosetError
from rhoset.explaining import explain
from rhoset.networks import Network, read_network, write_network
from rhoset.prove import METHODS, certify
from rhoset.prove.methods import BASELINES
from rhoset.prove.wish import OBJECTIVES
from rhoset_check import check


def right_pairs(net: Network, least: float = 0.0) -> int:
    """How many pairs have all margins above this part of the largest sum of |terms| of a logit, in rational
    arithmetic."""
    phi = {
        "relu": lambda t: max(t, Fraction(0)),
        "abs": abs,
        "square": lambda t: t * t,
        "linear": lambda t: t,
    }[net.activation]

    def exact(table):
        return [[Fraction(float(v)) for v in row] for row in np.atleast_2d(table)]

    left, right, unembed = exact(net.left), exact(net.right), exact(net.unembed.T)
    bias = exact(net.bias)[0]
    margins, size = [], Fraction(0)
    for x in range(net.order):
        for y in range(net.order):
            hidden = [phi(a + b) for a, b in zip(left[x], right[y], strict=True)]
            terms = [[u * h for u, h in zip(row, hidden, strict=True)] + [b] for row, b in zip(unembed, bias)]
            logits = [sum(row) for row in terms]
            size = max(size, *(sum(map(abs, row)) for row in terms))
            own = int(net.table[x, y])
            margins.append(min((logits[own] - v for z, v in enumerate(logits) if z != own), default=Fraction(1)))
    return sum(margin > Fraction(least) * size for margin in margins)


OWN = [method for method in METHODS if method not in BASELINES]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("method", ["auto", *OWN])
def test_never_above_the_truth(net: Network, method: str, objective: str, tmp_path: Path):
    made = certify(net, method=method, objective=objective)
    true = right_pairs(net)
    assert made.verdict.valid
    assert made.verdict.right <= true
    if method in ("auto", "exhaustive", "gaps"):
        assert made.verdict.right == true
    path = write_network(tmp_path / "net.safetensors", net)
    again = check(made.write(tmp_path / "net.cert"), path)
    assert replace(again, seconds=0.0) == replace(made.verdict, seconds=0.0)
    assert cost_of_files(tmp_path / "net.cert", path, again) == made.cost


@pytest.mark.parametrize("key", ["S3", "S4", "A4"])
@pytest.mark.parametrize("method", ["irrep"])
def test_a_clean_network_is_proved_without_exact_work(key: str, method: str):
    made = certify(network(key), method=method, target=1.0, objective="operations")
    assert made.verdict.accuracy_bound == 1
    assert made.verdict.spent.get("whole", 0) == 0


def test_orbit_never_evaluates_exactly():
    made = certify(network("S4-noisy"), method="orbit")
    assert made.verdict.spent.get("whole", 0) == 0
    assert made.certificate.exact == 0
    assert made.certificate.rule == "gaps"


@pytest.mark.parametrize(("method", "rule"), [("equivariant", "gaps"), ("irrep", "lowrank"), ("lowrank", "lowrank")])
def test_methods_take_one_rule(method: str, rule: str):
    made = certify(network("S4"), method=method)
    assert made.certificate.method == method
    assert made.certificate.rule == rule


@pytest.mark.parametrize("key", ["C7-fitted", "Q8-fitted", "C7-random", "S4-noisy"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_giving_up_costs_no_more_than_exhaustive(key: str, objective: str):
    assert certify(network(key), objective=objective).cost.share <= 1.1


@pytest.mark.parametrize("arithmetic", ["real", "float32"])
def test_arithmetic(arithmetic: str):
    made = certify(network("S4"), arithmetic=arithmetic)
    assert made.verdict.arithmetic == made.certificate.arithmetic == arithmetic
    assert made.verdict.accuracy_bound == 1


@pytest.mark.parametrize("method", BASELINES)
def test_a_baseline_that_is_not_here_says_so(method: str):
    with pytest.raises(RhosetError) as caught:
        certify(network("S3"), method=method)
    assert caught.value.slug == "no-baseline"


@pytest.mark.parametrize("method", ["gaps", "lowrank", "orbit"])
def test_deterministic(method: str):
    first, second = (certify(network("S4-noisy"), method=method, objective="operations") for _ in range(2))
    assert first.data == second.data


def test_a_given_explanation_is_used():
    net = network("S4")
    explanation = explain(net)
    made = certify(explanation, method="orbit")
    assert made.verdict.accuracy_bound == 1


def test_tried_plans_are_recorded():
    made = certify(network("S4-noisy"), objective="operations")
    assert made.tried
    assert all(plan.cost >= 0 and 0 <= plan.accuracy <= 1 for plan in made.tried)
    assert made.search_seconds >= 0


SCALES = [(60, 0), (-60, 0), (0, 60), (0, -60), (60, 60), (-60, -60), (-100, -40)]


@pytest.mark.parametrize("arithmetic", ["real", "float32"])
@pytest.mark.parametrize(("reading", "writing"), SCALES)
def test_scales(reading: int, writing: int, arithmetic: str):
    """Weights times powers of two: the same proof in real arithmetic, never more than exhaustive."""
    base = network("S4")
    by = [np.float32(2.0**reading), np.float32(2.0**writing)]
    scaled = Network(base.left * by[0], base.right * by[0], base.unembed * by[1], base.bias, base.table)
    made = certify(scaled, arithmetic=arithmetic, objective="operations")
    assert made.cost.share <= 2.1
    if arithmetic == "real":
        assert made.verdict.accuracy_bound == 1


def test_constant_shifts_change_nothing():
    base = network("S4")
    shifted = Network(base.left, base.right, base.unembed, base.bias + np.float32(1024), base.table)
    assert certify(shifted).verdict.accuracy_bound == 1


def test_the_shortest_proof_is_the_shortest_of_those_that_prove_most():
    """On this network rule gaps proves all pairs; a plan that proves none costs less."""
    made = certify(read_network(public_file("S5_seed3.safetensors")), method="orbit", objective="operations")
    assert made.verdict.accuracy_bound > 0.9
