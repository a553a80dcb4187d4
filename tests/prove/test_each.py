"""Rule `each`: its bounds against every pair's margins, and the order in which its points are added."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from prove.planted import network
from support.groups import named

import rhoset as rs
from rhoset.counting import Facts
from rhoset.groups import coset_gset, subgroup_classes
from rhoset.networks import Network, logits
from rhoset.prove import certify, quick
from rhoset.prove.joins import shortest
from rhoset.prove.search import Search
from rhoset.prove.subject import judged, subject
from rhoset_check.each import EachRule, parts_of
from rhoset_check.settle import prepare


def margins(net: Network) -> np.ndarray:
    """(x, y, w) f(xy) − f(xwy)."""
    n, table = net.order, net.table
    x, y = (side.ravel() for side in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    f = logits(net, x, y, np.float64)
    z = table[table[x], y[:, None]]
    return (f[np.arange(n * n), table[x, y]][:, None] - np.take_along_axis(f, z, axis=1)).reshape(n, n, n)


def planted(noise: float) -> Network:
    return rs.construct("S4", ["[3,1]:rows=3", "[2,2]", "sign"], noise=noise, seed=2).network


@pytest.mark.parametrize("alone", [0.0, 0.3])
@pytest.mark.parametrize("net", [planted(0.02), planted(0.3), network("S4-noisy"), network("A4")])
def test_no_bound_is_above_a_margin(net: Network, alone: float) -> None:
    one = Search(subject(net))
    look = quick.looks(one)[0]
    rule = prepare(look.each(alone).certificate, one.subject.model).gaps
    assert isinstance(rule, EachRule)
    true, n = margins(net), net.order
    found, everyone = rule.bounds(np.arange(n), Counter[str]()), np.arange(n * n)
    by_group = found.by_group(everyone)
    for g, w in enumerate(rule.groups):
        least = true[:, :, w].min(axis=2).ravel()
        assert (by_group[:, g] <= least + 1e-9).all()
        x, y = np.divmod(everyone, n)
        z = net.table[net.table[x[:, None], w], y[:, None]].astype(np.intp)
        outputs = found.outputs(g, everyone, z)
        assert (outputs <= true[:, :, w].reshape(n * n, -1) + 1e-9).all()
        assert (outputs.min(axis=1) >= by_group[:, g] - 1e-4).all()
    assert (found.least <= by_group.min(axis=1) + 1e-4).all()


@pytest.mark.parametrize("alone", [(), (1, 4)])
def test_every_point_is_in_one_sum(alone: tuple[int, ...]) -> None:
    group = named("S4")
    cosets = [coset_gset(group, subgroup).action for subgroup in subgroup_classes(group)]
    places = [action[:, c] for action in cosets if 3 <= action.shape[1] <= 6 for c in range(action.shape[1])]
    stay = np.isin(np.arange(len(places)), alone)
    tree = shortest(places, stay, 24)
    parts, left = parts_of(places, tree.joins, 24)
    assert sorted(left) == [*alone, len(parts) - 1]
    assert tree.entries == sum(part.entries for part in parts[len(places) + 1 :])
    assert tree.entries < len(places) * 24**2  # fewer than one after the other


def test_circuits_that_share_the_work_are_proved_for_less() -> None:
    net = rs.construct("S5", ["[4,1]:rows=3", "[2,2,1]:rows=4", "sign"], seed=1).network
    made = certify(net, objective="operations")
    assert made.verdict.right == 120**2
    assert made.cost.share < 0.08  # 0.19 by the mixture, 0.86 by the same tables for all x
    assert made.certificate.gaps is not None
    assert made.certificate.gaps.joins is not None


def test_facts_from_the_rule_and_from_the_file_agree() -> None:
    one = Search(subject(planted(0.02)))
    certificate = quick.looks(one)[0].each(0.1).certificate
    found = judged(one.subject, certificate)
    assert found is not None
    rules = prepare(found.certificate, one.subject.model)
    one_way = Facts.of(rules)
    other = Facts.by_actions(found.certificate.gaps, found.certificate, one.subject.weights)
    assert (one_way.kinds, one_way.parts) == (other.kinds, other.parts)
    assert all((a == b).all() for a, b in zip(one_way.places, other.places, strict=True))
