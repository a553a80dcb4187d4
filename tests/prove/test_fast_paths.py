"""What is quick changes no result: neither what is kept from network to network, nor what is not looked at."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prove.planted import NETWORKS, network

import rhoset_check.settle
from rhoset.counting import cost
from rhoset.explaining import circuits as circuits_module
from rhoset.explaining import explain
from rhoset.networks import write_network
from rhoset.networks.constructing import construct
from rhoset.prove import certify, methods, quick
from rhoset.prove.gaps import gap_readings
from rhoset.prove.search import Search
from rhoset.prove.subject import judged, subject

ALONE = """
import sys
from pathlib import Path
from rhoset.networks import read_network
from rhoset.prove import certify_subject
from rhoset.prove.subject import subject
path = Path(sys.argv[1])
about = subject(read_network(path), path=path)
sys.stdout.buffer.write(certify_subject(about, objective=sys.argv[2]).data)
"""


@pytest.mark.parametrize("objective", ["time", "operations"])
def test_a_certificate_is_the_same_alone_and_in_a_run(objective: str, tmp_path: Path):
    path = write_network(tmp_path / "net.safetensors", network("S4"))
    alone = subprocess.run([sys.executable, "-c", ALONE, str(path), objective], capture_output=True, check=True).stdout
    certify(network("S4-noisy"), objective=objective)  # leaves what is known of the group behind
    assert certify(network("S4"), objective=objective).data == alone


@pytest.mark.parametrize("key", NETWORKS)
def test_the_quickest_proof_proves_what_exhaustive_does(key: str):
    quickest, plain = certify(network(key)), certify(network(key), method="exhaustive")
    assert quickest.verdict.right == plain.verdict.right


@pytest.mark.parametrize("key", NETWORKS)
def test_the_shortest_proof_is_not_longer_than_exhaustive(key: str):
    shortest = certify(network(key), objective="operations")
    plain = certify(network(key), method="exhaustive")
    assert shortest.verdict.right == plain.verdict.right
    assert shortest.cost.operations <= plain.cost.operations


@pytest.mark.parametrize("mode", quick.MODES)
def test_the_share_that_decides_is_what_a_check_takes(mode: str):
    """With nothing left open; the share is reckoned from the sizes of G-sets, before anything is tried."""
    one = Search(subject(network("S4")))
    look = quick.looks(one)[0]
    made = look.certificate(mode)
    found = judged(one.subject, replace(made, singles=0))
    assert found is not None
    left_open = found.verdict.spent.get("whole", 0) + found.verdict.spent.get("again", 0)
    net = one.subject.network
    counted = cost(found.certificate, one.subject.weights, found.verdict).operations
    assert look.share(mode) * one.subject.exhaustive == counted - left_open * net.width * (net.order + 1)


@pytest.mark.parametrize("key", NETWORKS)
def test_what_is_promised_without_a_look_proves_what_exhaustive_does(key: str):
    """Whatever the weights say: a mode that does not hold costs time, and no pair."""
    one = Search(subject(network(key)), by_time=True)
    plain = judged(one.subject, one.subject.certificate("exhaustive"))
    assert plain is not None
    for look in quick.looks(one, 1):
        for mode in quick.ON_THE_CLOCK:
            found = judged(one.subject, look.promised(mode, 0.0).certificate)
            assert found is not None
            assert found.verdict.right == plain.verdict.right


@pytest.mark.parametrize("key", NETWORKS)
def test_one_reading_is_the_first_of_all(key: str):
    first, every = (gap_readings(network(key), most=most) for most in (1, 3))
    assert np.array_equal(first[0].block, every[0].block)
    assert np.array_equal(first[0].point, every[0].point)
    assert (len(first), first[0].error) == (1, every[0].error)


def test_what_means_leave_is_that_of_every_column():
    one = Search(subject(network("S4")))
    look = quick.looks(one)[0]
    unembed = one.subject.model.unembed
    for i in range(one.subject.network.width):
        place = look.reading.places[look.reading.block[i]][:, look.reading.point[i]]
        means = np.array([unembed[i, place == c].mean() for c in range(place.max() + 1)])
        assert np.linalg.norm(unembed[i] - means[place]) == pytest.approx(look.left_over[i], abs=1e-12)
    assert look.left_over[-1] == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_of_whole_rows_of_pairs_are_those_of_single_pairs(dtype: str):
    model = subject(network("S4-noisy")).model
    x, y = np.repeat([3, 5], 24), np.tile(np.arange(24), 2)
    rows, turned = model.hidden(x, y, dtype), model.hidden(x[::-1].copy(), y[::-1].copy(), dtype)
    for part in ("value", "error", "size"):
        one, other = getattr(rows, part), getattr(turned, part)
        assert np.array_equal(one, other[::-1] if len(one) == len(x) else other)


def test_where_the_checker_refuses_the_plan_of_the_weights_brute_force_follows(monkeypatch: pytest.MonkeyPatch):
    net = construct("S5", ["natural", "sign"]).network
    assert certify(net).certificate.method == "gaps"
    made = quick.Look.certificate
    monkeypatch.setattr(quick.Look, "certificate", lambda *args, **more: replace(made(*args, **more), network="0" * 64))
    found = certify(net)
    assert found.certificate.method == "exhaustive"
    assert found.verdict.accuracy_bound == 1


@pytest.mark.parametrize("key", ["S4-noisy", "A4", "Q8-fitted"])
def test_a_search_for_circuits_alone_finds_the_same_proof(key: str):
    given = certify(explain(network(key)), objective="operations")
    assert certify(network(key), objective="operations").data == given.data


@pytest.mark.parametrize("key", ["S4-noisy", "A4", "S4"])
def test_what_is_kept_of_a_group_changes_no_circuit(key: str, monkeypatch: pytest.MonkeyPatch):
    kept = [explain(network(key)).circuits for _ in range(2)][1]
    monkeypatch.setattr(circuits_module, "KEPT_ORDER", 0)
    fresh = explain(network(key)).circuits
    assert len(kept) == len(fresh) > 0
    for one, other in zip(kept, fresh, strict=True):
        assert (one.label, one.kind) == (other.label, other.kind)
        for part in ("neurons", "rows", "columns", "weight", "alpha", "gamma", "coupling"):
            assert np.array_equal(getattr(one, part), getattr(other, part))


def test_a_search_ends_when_it_has_taken_what_it_may(monkeypatch: pytest.MonkeyPatch):
    """What it takes is reckoned from sizes: the same for the same network, whatever else the machine does."""
    net = network("S4-noisy")
    tried = [certify(net, objective="operations").tried for _ in range(2)]
    assert [one.plan for one in tried[0]] == [one.plan for one in tried[1]]
    monkeypatch.setattr(methods, "ALLOWED", 0.0)
    monkeypatch.setattr(methods, "LEAST_SEARCH", 0.0)
    short = certify(net, objective="operations")
    assert len(short.tried) < len(tried[0])
    assert short.verdict.right == certify(net, method="exhaustive").verdict.right


def test_plans_that_differ_in_limits_share_what_their_rule_computed(monkeypatch: pytest.MonkeyPatch):
    """The second and third look at a plan compute no tables, and say what they would alone."""
    about = subject(network("S4-noisy"))
    certificate = quick.looks(Search(about))[0].certificate(quick.EVEN)
    plans = [certificate, replace(certificate, singles=0), replace(certificate, exact=7)]
    alone = [replace(Search(about).estimate("plan", plan), seconds=0.0) for plan in plans]
    shared, built = Search(about), list[str]()
    build = rhoset_check.settle.prepare
    monkeypatch.setattr(
        "rhoset.prove.search.prepare", lambda one, model: [built.append(one.rule), build(one, model)][1]
    )
    assert [replace(shared.estimate("plan", plan), seconds=0.0) for plan in plans] == alone
    assert built == [certificate.rule, "exact", "exact", "exact"]
    assert len({estimate.accuracy for estimate in alone}) > 1 or len({estimate.exact for estimate in alone}) > 1
