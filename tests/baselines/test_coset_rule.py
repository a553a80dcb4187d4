"""Rule `coset`: cosets alone, and what both baselines' certificates look like from outside."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from baselines.small import Case, coset_case, margins, write_case

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.networks import evaluate, write_network
from rhoset.reproduce import BASELINES, certify_baseline
from rhoset.verdicts import check_certificate
from rhoset_check_baselines import check, rule_of


def case() -> Case:
    return coset_case(np.random.default_rng(1))


def test_neurons_that_are_cosets_are_proved(tmp_path: Path) -> None:
    """Where cosets are the whole truth the rule proves all of it, to the digit."""
    verdict = check(*write_case(tmp_path, case()))
    assert verdict.valid
    assert verdict.right == 36
    assert verdict.margin_bound == pytest.approx(margins(case().network).min(), abs=1e-9)
    assert verdict.distance < 1e-9


def test_the_search_finds_those_cosets(tmp_path: Path) -> None:
    network = case().network
    result = certify_baseline(network, "coset")
    assert result.verdict.right == 36
    path = write_network(tmp_path / "net.safetensors", network)
    certificate = result.write(tmp_path / "net.coset.cert")
    assert rule_of(certificate) == "coset"
    assert check_certificate(certificate, path).right == 36
    assert rs.check(certificate, path).right == 36
    assert certify_baseline(network, "coset").data == result.data


def test_circuits_are_more_than_their_cosets() -> None:
    """A ρ-set circuit reads cosets and writes everywhere: cosets alone prove nothing, and two numbers say why."""
    network = rs.construct("S4", ["[3,1]", "[1,1,1,1]"], noise=0.005, seed=4).network
    result = certify_baseline(network, "coset")
    assert evaluate(network).accuracy == 1
    assert result.verdict.valid
    assert result.verdict.right == 0
    assert result.verdict.margin < result.verdict.distance
    said = result.verdict.statement()
    assert "at least 0 of the 576" in said
    assert "rhoset_check_baselines" in said
    assert f"{result.verdict.margin:.4g}" in said
    assert f"{result.verdict.distance:.4g}" in said
    assert {"ideal_margin", "ideal_distance"} <= set(result.summary())


def test_what_must_be_refused(tmp_path: Path) -> None:
    good = case()
    made = good.certificate
    swapped = made.tensors["set0.left"].copy()
    first = int(made.tensors["generators"][0])
    swapped[0] = [1, 2, 0] if good.network.group.element_orders[first] == 2 else [1, 0, 2]
    another = np.tile(np.arange(6, dtype=np.int32), (len(swapped), 1))  # every generator acts as the identity
    far = np.full(9, 3, dtype=np.int32)
    twice = made.tensors["neurons"].copy()
    twice[1] = twice[0]
    bad = {
        "relations": made.changed(set0__left=swapped),
"no such point": replace(made.changed(left=far, set1__left=another), plan={"sets": 2}),
        "left leaves 0": made.changed(left=far),
        "two entries": made.changed(neurons=twice),
        "neurons leaves": made.changed(neurons=far * 3),
        "claims 37": replace(made, claim=37),
        "a set is missing": replace(made, plan={"sets": 2}),
        "at most 512 sets": replace(made, plan={"sets": 513}),
        "needs exactly sets": replace(made, plan={"blocks": 1}),
        "generators": made.changed(generators=made.tensors["generators"][:0]),
        "expected one of": made.changed(left=made.tensors["left"].astype(np.float32)),
    }  # fmt: skip
    for reason, certificate in bad.items():
        verdict = check(*write_case(tmp_path, replace(good, certificate=certificate)))
        assert verdict.status == "rejected", reason
        assert reason in verdict.reason
        assert verdict.right == 0
    for metadata in ({"network": "0" * 64}, {"table": "0" * 64}):
        verdict = check(*write_case(tmp_path, good, **metadata))
        assert verdict.status == "rejected"
        assert "another" in verdict.reason
    for metadata in ({"version": "2"}, {"rule": "magic"}, {"format": "rhoset-certificate"}):
        verdict = check(*write_case(tmp_path, good, **metadata))
        assert verdict.status == "unreadable"
        assert "certificate: " in verdict.reason


def test_large_sets_are_refused_before_they_are_formed(tmp_path: Path) -> None:
    good = case()
    r = len(good.certificate.tensors["generators"])
    wide = np.tile(np.arange(1 << 20, dtype=np.int32), (r, 1))
    verdict = check(*write_case(tmp_path, replace(good, certificate=good.certificate.changed(set0__left=wide))))
    assert verdict.status == "rejected"
    assert "too large" in verdict.reason


@pytest.mark.parametrize("method", BASELINES)
def test_no_baseline_is_above_the_truth(method: str) -> None:
    """From nearly ideal to spoilt, and with an activation that the search knows nothing of."""
    for seed, noise in enumerate((0.0, 0.05, 0.3, 1.0)):
        network = rs.construct("S3", ["[2,1]"], noise=noise, seed=seed).network
        for activation in ("relu", "abs"):
            spoilt = replace(network, activation=activation)
            found = certify_baseline(spoilt, method).verdict
            assert found.right <= int((margins(spoilt) > 0).sum())
            assert found.margin_bound <= margins(spoilt).min()


@pytest.mark.parametrize("method", BASELINES)
def test_public_networks(method: str, public) -> None:
    network = rs.load(public.path)
    if network.order > 120 or network.activation not in ("relu", "abs"):
        pytest.skip("S5 and smaller, relu")
    result = certify_baseline(network, method)
    assert result.verdict.valid
    assert result.verdict.accuracy_bound <= evaluate(network).accuracy


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        ({"method": "magic"}, "unknown-method"),
        ({"method": "paper", "arithmetic": "float32"}, "baseline-arithmetic"),
    ],
)
def test_bad_calls(arguments: dict[str, str], slug: str) -> None:
    with pytest.raises(RhosetError) as caught:
        certify_baseline(case().network, **arguments)
    assert caught.value.slug == slug


@pytest.mark.parametrize("method", BASELINES)
def test_an_activation_without_rule(method: str) -> None:
    with pytest.raises(RhosetError) as caught:
        certify_baseline(replace(case().network, activation="gelu"), method)
    assert caught.value.slug == "activation-without-rule"
    assert "relu" in str(caught.value)


def test_a_certificate_of_another_kind_is_not_theirs(tmp_path: Path) -> None:
    network = case().network
    path = write_network(tmp_path / "net.safetensors", network)
    certificate = rs.certify(network).write(tmp_path / "net.auto.cert")
    assert rule_of(certificate) == ""
    assert check(certificate, path).status == "unreadable"
    assert check_certificate(certificate, path).valid
    (tmp_path / "text").write_text(json.dumps({"format": "rhoset-baseline"}))
    assert rule_of(tmp_path / "text") == ""
    assert check_certificate(tmp_path / "text", path).status == "unreadable"
