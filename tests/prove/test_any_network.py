"""Whatever the weights: no method proves more than is true, auto proves all of it, or nothing is raised but our own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prove.test_methods import right_pairs
from support.groups import named

from rhoset.networks import Network
from rhoset.prove import certify
from rhoset.prove.wish import OBJECTIVES

SMALL = ["C1", "C2", "C3", "C4", "S3", "Q8"]
VALUES = st.sampled_from([0.0, 0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 2.0**-40, 1e-3, 7.25])


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Small integers and tiny numbers: ties, dead neurons, equal rows are common."""
    group = named(draw(st.sampled_from(SMALL)))
    n, m = group.order, draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    pool = np.array(draw(st.lists(VALUES, min_size=2, max_size=5)), dtype=np.float32)
    shapes = [(n, m), (n, m), (m, n), (n,)]
    tables = [rng.choice(pool, size=shape).astype(np.float32) for shape in shapes]
    if draw(st.booleans()):  # an answer that is often right
        onehot = np.eye(n, dtype=np.float32)[group.table[:, 0]]
        tables[2][: min(m, n)] += onehot[: min(m, n)]
    activation = draw(st.sampled_from(["relu", "abs", "square", "linear"]))
    return Network(*tables, group.table, activation)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(network=networks(), arithmetic=st.sampled_from(["real", "float32"]), objective=st.sampled_from(OBJECTIVES))
def test_auto_is_the_truth(network: Network, arithmetic: str, objective: str):
    made = certify(network, arithmetic=arithmetic, objective=objective)
    assert made.verdict.right <= right_pairs(network)
    if arithmetic == "real":  # margins that float64 cannot see are not proved
        assert made.verdict.right >= right_pairs(network, 1e-12)
    assert made.cost.share <= 2.1  # logits within float32's error of each other are evaluated twice


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    network=networks(),
    method=st.sampled_from(["gaps", "irrep", "equivariant", "orbit", "circles", "points", "lowrank"]),
    target=st.sampled_from([None, 0.4, 0.9]),
    budget=st.sampled_from([None, None, 0.2, 0.8]),
)
def test_no_method_proves_too_much(network: Network, method: str, target: float | None, budget: float | None):
    made = certify(network, method=method, target=target, budget=budget)
    assert made.verdict.right <= right_pairs(network)
    if budget is not None:
        assert made.cost.share <= budget


@pytest.mark.parametrize("method", ["auto", "equivariant", "gaps", "lowrank", "orbit"])
def test_numbers_out_of_the_certificates_range(method: str):
    """Features near 2⁻⁸⁰ are refused by the checker: a method without another plan proves nothing."""
    tiny = np.float32(2.0**-40)
    left = np.array([[0], [1], [1]], np.float32) * tiny
    right = np.array([[1], [0], [0]], np.float32) * tiny
    unembed = np.array([[1, 1, 0]], np.float32) * tiny
    net = Network(left, right, unembed, np.array([0, 1, 0], np.float32) * tiny, named("C3").table)
    made = certify(net, method=method, objective="operations")
    assert made.verdict.right <= right_pairs(net)
    assert method != "auto" or made.verdict.right >= right_pairs(net, 1e-12)


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_equal_logits_are_wrong(bias: float):
    group = named("C3")
    ones = np.ones((3, 2), np.float32)
    net = Network(ones, ones, np.ones((2, 3), np.float32), np.full(3, bias, np.float32), group.table)
    for method in ("auto", "exhaustive", "gaps", "lowrank"):
        assert certify(net, method=method).verdict.right == 0
