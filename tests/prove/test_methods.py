"""Every method gives a certificate that checks, never above the true accuracy."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from prove.planted import network

from rhoset.explaining import explain
from rhoset.networks import Network, write_network
from rhoset.prove import METHODS, certify
from rhoset_check import check


def right_pairs(net: Network) -> int:
    """How many pairs are right, in rational arithmetic."""
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
    count = 0
    for x in range(net.order):
        for y in range(net.order):
            hidden = [phi(a + b) for a, b in zip(left[x], right[y], strict=True)]
            logits = [
                sum((u * h for u, h in zip(row, hidden, strict=True)), b) for row, b in zip(unembed, bias, strict=True)
            ]
            own = int(net.table[x, y])
            count += all(v < logits[own] for z, v in enumerate(logits) if z != own)
    return count


@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_never_above_the_truth(net: Network, method: str, tmp_path: Path):
    made = certify(net, method=method)
    true = right_pairs(net)
    assert made.verdict.valid
    assert made.verdict.right <= true
    if method in ("auto", "exhaustive"):
        assert made.verdict.right == true
    path = write_network(tmp_path / "net.safetensors", net)
    again = check(made.write(tmp_path / "net.cert"), path)
    assert (again.valid, again.right) == (True, made.verdict.right)
    assert again.operations == made.verdict.operations
    assert again.method == made.verdict.method


@pytest.mark.parametrize("key", ["S3", "S4", "A4"])
@pytest.mark.parametrize("method", ["orbit", "irrep", "equivariant", "mixture", "auto"])
def test_a_clean_network_is_proved_without_exact_work(key: str, method: str):
    made = certify(network(key), method=method, target=1.0)
    assert made.verdict.accuracy_bound == 1
    rules = [rule["rule"] for rule in made.certificate.plan["rules"]]
    assert "exact" not in rules or method != "orbit"


def test_orbit_never_evaluates_exactly():
    made = certify(network("S4-noisy"), method="orbit")
    assert all(rule["rule"] != "exact" for rule in made.certificate.plan["rules"])
    assert all("matrices" not in name for name in made.certificate.tensors)


def test_irrep_methods_use_no_slots():
    for method in ("irrep", "equivariant"):
        made = certify(network("S4"), method=method)
        assert not any(".left" in name for name in made.certificate.tensors)
        assert any(".matrices" in name for name in made.certificate.tensors)


@pytest.mark.parametrize("key", ["C7-fitted", "Q8-fitted", "C7-random", "S4-noisy"])
def test_giving_up_costs_no_more_than_exhaustive(key: str):
    verdict = certify(network(key)).verdict
    assert verdict.operations <= 1.1 * verdict.exhaustive_operations


@pytest.mark.parametrize("arithmetic", ["real", "float32"])
def test_arithmetic(arithmetic: str):
    made = certify(network("S4"), arithmetic=arithmetic)
    assert made.verdict.arithmetic == made.certificate.arithmetic == arithmetic
    assert made.verdict.accuracy_bound == 1


def test_deterministic():
    first, second = (certify(network("S4-noisy"), method="mixture") for _ in range(2))
    assert first.certificate.plan == second.certificate.plan
    assert first.certificate.tensors.keys() == second.certificate.tensors.keys()
    for name, tensor in first.certificate.tensors.items():
        np.testing.assert_array_equal(tensor, second.certificate.tensors[name])


def test_a_given_explanation_is_used():
    net = network("S4")
    explanation = explain(net)
    made = certify(net, method="orbit", explanation=explanation)
    assert made.verdict.accuracy_bound == 1


def test_tried_plans_are_recorded():
    made = certify(network("S4-noisy"))
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
    verdict = certify(scaled, arithmetic=arithmetic).verdict
    assert verdict.operations <= 1.1 * verdict.exhaustive_operations
    if arithmetic == "real":
        assert verdict.accuracy_bound == 1


def test_constant_shifts_change_nothing():
    base = network("S4")
    shifted = Network(base.left, base.right, base.unembed, base.bias + np.float32(1024), base.table)
    assert certify(shifted).verdict.accuracy_bound == 1
