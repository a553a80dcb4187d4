"""Rule `each`: its bounds against every pair's margins, and the sums of its points."""

from __future__ import annotations

import numpy as np
import pytest
from prove.planted import network
from support.groups import named

import rhoset as rs
from rhoset.counting import Facts
from rhoset.groups import coset_gset, subgroup_classes
from rhoset.networks import Network, logits
from rhoset.prove import certify, quick
from rhoset.prove.search import Search
from rhoset.prove.subject import judged, subject
from rhoset_check.each import EachRule
from rhoset_check.files import GapTensors
from rhoset_check.gaps import Sums
from rhoset_check.settle import prepare


def planted(noise: float) -> Network:
    return rs.construct("S4", ["[3,1]:rows=3", "[2,2]", "sign"], noise=noise, seed=2).network


@pytest.mark.parametrize("net", [planted(0.02), planted(0.3), network("S4-noisy"), network("A4")])
def test_no_bound_is_above_a_margin(net: Network) -> None:
    one = Search(subject(net))
    look = quick.looks(one)[0]
    rules, n = prepare(look.each().certificate, one.subject.model), net.order
    assert isinstance(rules.rule, EachRule)
    x, y = np.divmod(np.arange(n * n), n)
    f = logits(net, x, y, np.float64)
    true = f[np.arange(n * n), net.table[x, y]][:, None] - f
    others = np.arange(n) != net.table[x, y][:, None]
    found = rules.rule.bounds(x, y, rules.budget)
    outputs = np.where(others, found.outputs(np.arange(n * n)), np.inf)
    assert (found.least <= np.where(others, true, np.inf).min(axis=1) + 1e-9).all()
    assert (outputs[others] <= true[others] + 1e-9).all()
    assert (outputs.min(axis=1) >= found.least - 1e-4).all()


def test_sums_add_every_point_once_in_few_steps() -> None:
    group = named("S4")
    cosets = [coset_gset(group, subgroup).action for subgroup in subgroup_classes(group)]
    places = np.array([action[:, c] for action in cosets if 3 <= action.shape[1] <= 6 for c in range(action.shape[1])])
    sums, rng = Sums(places), np.random.default_rng(0)
    tables = [rng.normal(size=(2, q, q)) for q in places.max(axis=1) + 1]
    true = sum(table[:, place[:, None], place] for table, place in zip(tables, places, strict=True))
    found = sum(table[:, place[:, None], place] for place, table in sums.both(tables))
    assert np.allclose(found, true)
    single = sums.over([table[0, :, 0] for table in tables])
    assert np.allclose(single, sum(table[0, place, 0] for table, place in zip(tables, places, strict=True)))
    entries = sum(len(first) ** 2 for *_, first in sums.steps) + 24**2
    assert entries < 0.4 * len(places) * 24**2  # fewer than one after the other


def test_circuits_that_share_the_work_are_proved_for_less() -> None:
    net = rs.construct("S5", ["[4,1]:rows=3", "[2,2,1]:rows=4", "sign"], seed=1).network
    made = certify(net, objective="operations")
    assert made.verdict.right == 120**2
    assert made.cost.share < 0.09  # 0.86 by the same tables for all x
    assert isinstance(made.certificate.given, GapTensors)
    assert made.certificate.given.each


def test_facts_from_the_rule_and_from_the_file_agree() -> None:
    one = Search(subject(planted(0.02)))
    certificate = quick.looks(one)[0].each().certificate
    found = judged(one.subject, certificate)
    assert found is not None
    rules = prepare(found.certificate, one.subject.model)
    one_way = Facts.of(rules)
    other = Facts.by_actions(found.certificate.given, found.certificate, one.subject.weights)
    assert all((a == b).all() for a, b in zip(one_way.places, other.places, strict=True))
