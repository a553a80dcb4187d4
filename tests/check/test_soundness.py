"""No bound above the truth: a campaign with fixed seeds, and hypothesis in search of a counterexample."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check.certificates import PLANS, draw_certificate
from check.exact import logits
from check.harness import Cert, Net, derive, plan_of
from check.mutations import bolder, mutate
from check.networks import draw_network
from check.small_groups import random_group, small_group
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import soundness_campaign as campaign

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def test_a_small_campaign(capsys: pytest.CaptureFixture[str]) -> None:
    report = campaign.Report()
    for seed in range(60):
        report.add(campaign.run_seed(seed))
    with capsys.disabled():
        print("\nsoundness campaign: " + report.lines()[0])
    assert not report.violations, "\n".join(report.violations)
    assert report.cases >= 1400
    assert report.outcome["rejected"] > 150
    assert report.outcome["accepted with bound > 0"] > 250
    assert report.outcome["exact"] > 100
    assert report.outcome["failed"] == 0, report.reasons


def test_every_rule_proves_something() -> None:
    """A campaign in which a rule never accepts would be silent about it."""
    proved: dict[tuple[str, ...], int] = dict.fromkeys(PLANS, 0)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        group = random_group(rng, 8)
        net, circuits = draw_network(group, rng)
        for plan in PLANS:
            if "exact" not in plan or plan == ("exact",):
                proved[plan] += derive(net, draw_certificate(net, group, circuits, rng, plan)).right > 0
    assert all(count for plan, count in proved.items() if "exact" not in plan or plan == ("exact",)), proved


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(st.integers(0, 2**32), st.sampled_from(PLANS), st.integers(0, 3))
def test_honest_corrupted_and_bold_certificates(seed: int, plan: tuple[str, ...], steps: int) -> None:
    rng = np.random.default_rng(seed)
    group = random_group(rng, 8)
    with np.errstate(all="ignore"):
        net, circuits = draw_network(group, rng)
        cert = draw_certificate(net, group, circuits, rng, plan)
        for _ in range(steps):
            cert = mutate(cert, net, rng) if rng.random() < 0.5 else bolder(cert, rng)
    assert not campaign.Judge(net, seed).faults(cert, derive(net, cert))


def weights(shape: tuple[int, ...], dtype: Any) -> st.SearchStrategy[np.ndarray]:
    """Arrays in which hypothesis likes ties, zeros, subnormals and the largest floats."""
    width = np.dtype(dtype).itemsize * 8
    finite = st.floats(allow_nan=False, allow_infinity=False, width=width)
    few = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0**-24, 1 + 2.0**-10])
    return arrays.arrays(dtype, shape, elements=st.one_of(few, finite))


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(st.data())
def test_any_weights_by_exact_evaluation(data: st.DataObject) -> None:
    """The rule that must be tight: it finds every pair whose margin float64 can tell from 0."""
    group = small_group(data.draw(st.sampled_from(["C2", "C3"])))
    n, m = group.order, data.draw(st.integers(1, 3))
    dtype = data.draw(st.sampled_from([np.float16, np.float32, np.float64]))
    shapes = {"left": (n, m), "right": (n, m), "unembed": (m, n), "bias": (n,)}
    tensors = {name: data.draw(weights(shape, dtype)) for name, shape in shapes.items()}
    activation = data.draw(st.sampled_from(["relu", "abs", "square", "linear"]))
    net = Net(tensors, group.table.astype(np.int32), activation)
    arithmetic = "real" if dtype == np.float64 else data.draw(st.sampled_from(["real", "float32"]))
    cert = Cert({"generators": group.generators}, plan_of("exact"), arithmetic)
    judge, verdict = campaign.Judge(net), derive(net, cert)
    assert verdict.valid
    assert not judge.faults(cert, verdict)
    largest = max((float(np.abs(a).max()) for a in tensors.values()), default=0.0)
    if arithmetic == "real" and largest < 1e70:
        assert verdict.right >= clearly_right(net)


def clearly_right(net: Net) -> int:
    """Pairs whose least margin is above 10⁻¹² of the largest sum of terms, and above what underflow loses."""
    t = {name: np.abs(array.astype(np.float64)) for name, array in net.tensors.items()}
    reads = (t["left"].max(axis=0) + t["right"].max(axis=0)) ** (2 if net.activation == "square" else 1)
    reach = Fraction(float((reads @ t["unembed"] + t["bias"]).max()))
    f, n = logits(net.tensors, net.activation), net.order
    count = 0
    for row, z in zip(f.values, net.table.ravel(), strict=True):
        least = min(int(row[z] - v) for k, v in enumerate(row) if k != z) * Fraction(2) ** f.exponent
        count += least > reach / 10**12 + Fraction(1, 10**280)
    assert n * n >= count
    return count


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(-1e6, 1e6), st.integers(-60, 60))
def test_shifts_and_scales_do_not_change_what_exact_evaluation_proves(seed: int, shift: float, power: int) -> None:
    """Adding a constant to all logits and scaling by a power of two leave the answers; so must the bound."""
    rng = np.random.default_rng(seed)
    group = random_group(rng, 6)
    n, m = group.order, 3
    tensors = {k: rng.integers(-3, 4, s).astype(float) for k, s in
               {"left": (n, m), "right": (n, m), "unembed": (m, n), "bias": (n,)}.items()}  # fmt: skip
    net = Net(tensors, group.table.astype(np.int32))
    cert = Cert({"generators": group.generators}, plan_of("exact"))
    plain = derive(net, cert)
    scaled = {**tensors, "unembed": np.ldexp(tensors["unembed"], power), "bias": np.ldexp(tensors["bias"], power)}
    shifted = {**tensors, "bias": tensors["bias"] + np.round(shift)}
    for other in (scaled, shifted):
        assert derive(replace(net, tensors=other), cert).right == plain.right == campaign.Judge(net).real.right
