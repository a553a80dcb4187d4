"""Operations are counted from shapes; a meter on the checker's arithmetic says what was done."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prove.planted import network, random_tables
from prove.test_circles import waves

from rhoset.counting import Shape, cost
from rhoset.networks.constructing import construct
from rhoset.prove import certify, points, quick
from rhoset.prove.certificates import bounds_only
from rhoset.prove.circles import Circles
from rhoset.prove.lowrank import LowRank
from rhoset.prove.search import Search
from rhoset.prove.subject import Judged, judged, subject
from rhoset_check import circles, even, gaps
from rhoset_check import each as sharing
from rhoset_check.circles import CirclesRule
from rhoset_check.near import Near
from rhoset_check.points import PointsRule


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Numbers that the checker's operations go through, by kind; products count entries that are not zero."""
    done: Counter[str] = Counter()

    def watch(owner: Any, name: str, amount: Any) -> None:
        original = getattr(owner, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            result = original(*arguments, **options)
            done[name] += int(amount(result, *arguments))
            return result

        monkeypatch.setattr(owner, name, watched)

    product = Near.product

    def watched(near: Near, matrix: NDArray[Any], slack: Any = 0.0) -> Callable[[Near], Near]:
        multiply, terms = product(near, matrix, slack), np.count_nonzero(matrix)

        def multiplied(other: Near) -> Near:
            done["product"] += len(other.value) * terms
            return multiply(other)

        return multiplied

    monkeypatch.setattr(Near, "product", watched)
    watch(Near, "dot", lambda _, near, other: near.value.size)
    watch(Near, "lengths", lambda _, near, weights: near.value.size)
    watch(Near, "activate", lambda _, near, activation: near.value.size)
    watch(Near, "__add__", lambda result, *_: result.value.size)
    watch(Near, "__sub__", lambda result, *_: result.value.size)
    watch(sharing.AtX, "__init__", lambda _, at, *more: 4 * at.hidden.size)  # ends, ĥ, ρ
    watch(sharing.AtX, "tables", lambda result, at: at.hidden.size * (at.hidden.shape[2] + 2) + 2 * size_of(result))
    watch(sharing.AtX, "squares", lambda _, at: at.rest.value.size)
    watch(sharing.EachRule, "margins_at", lambda result, rule, xs, at: 2 * result.size + shared(rule, len(xs)))
    watch(gaps, "idle", lambda _, model, neurons: 6 * model.order * len(neurons))
    watch(circles, "along", lambda result, *_: result[1] + 1.5 * result[0].size)  # added up, and to the other
    watch(CirclesRule, "__init__", lambda _, rule, *__: 2 * rule.sums.value.size)  # sums are turned
    watch(CirclesRule, "against", lambda result, *_: 3 * result.size)
    watch(PointsRule, "gaps", lambda result, rule, hidden, own: gapped(rule) * len(own))
    watch(even.Slots, "__init__", lambda _, slots, *more: 6 * slots.model.order * len(slots.b) + 8 * slots.hidden.size)
    watch(even.Slots, "by_slot", lambda _, slots, values: values.size)
    watch(even.Slots, "least", lambda result, slots, types, split: tabulated(slots, len(types)))
    watch(even.Rest, "__init__", lambda _, rest, *given: 6 * sum(slots.hidden.size for slots in given[2]))
    watch(gaps.Sums, "over", lambda result, sums, tables: added(sums, result))
    watch(even.EvenRule, "margins", lambda result, *_: 3 * result.size)
    watch(even.EvenRule, "bounds", lambda _, rule, x, *more: (15 if rule.split.any() else 1) * len(x))
    return done


def gapped(rule: PointsRule) -> int:
    """Sums; added both ways, evened, compared; gaps, sorted; added for each kind of w, and its exponential."""
    points = sum(map(len, rule.sets))
    return int(np.count_nonzero(rule.writing) + 4 * rule.starts[-1] + 7 * points + len(rule.count) * (points + 3))


def size_of(tables: list[Any]) -> int:
    return sum(table.size for table in tables)


def shared(rule: sharing.EachRule, xs: int) -> int:
    """For each x the sums of two by classes, and what x does alone for the classes of y that the first tells apart."""
    classes = int(rule.sums.last[0][1].max()) + 1
    return xs * (sum(len(first) ** 2 for *_, first in rule.sums.steps) + classes * rule.model.order)


def tabulated(slots: even.Slots, xs: int) -> int:
    """What neurons write at every third point and what readings cost; for each x gains, and their least."""
    (k, q, _), columns = slots.hidden.shape, len(slots.columns)
    return k * q * q * (q + 3) + xs * columns * q * (2 * q + 3)


def added(sums: gaps.Sums, result: Any) -> int:
    """A sum over points: classes two by two, the last two for all elements."""
    return int((sum(len(step[2]) for step in sums.steps) + len(result)) * (result.size // len(result)))


def judged_by(one: Search, certificate: Any) -> Judged:
    found = judged(one.subject, certificate)
    assert found is not None
    return found


def near(one: Search, found: Judged, meter: Counter[str]) -> float:
    """Operations counted over operations metered; subjects, made before, are not metered."""
    return cost(found.certificate, one.subject.weights, found.verdict).operations / sum(meter.values())


@pytest.mark.parametrize("key", ["S4", "C7-fitted", "Q8-square", "S3-abs"])
def test_exhaustive(key: str, meter: Counter[str]):
    one = Search(subject(network(key)))
    certificate = one.subject.certificate("exhaustive")
    meter.clear()
    found = judged_by(one, certificate)
    n, m = one.subject.network.order, one.subject.network.width
    counted = cost(found.certificate, one.subject.weights, found.verdict)
    again = found.verdict.spent.get("again", 0)
    assert counted.operations == (n * n + again) * m * (n + 1)
    assert counted.exhaustive == n**3 * m + n**2 * m
    assert 0.75 <= counted.operations / sum(meter.values()) <= 1.0  # the bias neuron is not counted


@pytest.mark.parametrize("mode", quick.MODES)
def test_gaps(mode: str, meter: Counter[str]):
    net = construct("S5", ["[4,1]", "sign"], noise=0.02, seed=1).network
    one = Search(subject(net))
    certificate = quick.looks(one)[0].certificate(mode)
    meter.clear()
    found = judged_by(one, bounds_only(certificate))
    assert 0.7 <= near(one, found, meter) <= 1.4


def test_each(meter: Counter[str]):
    """What points share is added once."""
    net = construct("S5", ["[4,1]:rows=3", "[2,2,1]:rows=4", "sign"], noise=0.01, seed=1).network
    one = Search(subject(net))
    certificate = quick.looks(one)[0].each().certificate
    meter.clear()
    found = judged_by(one, bounds_only(certificate))
    assert 0.7 <= near(one, found, meter) <= 1.4


@pytest.mark.parametrize("each", [False, True])
def test_neurons_that_are_all_idle(each: bool):
    """Any certificate that checks has a cost, one that explains nothing too."""
    one = Search(subject(network("S3-abs")))
    look = quick.looks(one)[0]
    certificate = look.each().certificate if each else look.certificate(quick.EVEN)
    given, idle = certificate.given, np.zeros(one.subject.network.width, np.intp)
    given = replace(given, block=idle + len(given.actions), point=idle, left=idle, centred=None)
    found = judged_by(one, bounds_only(replace(certificate, given=given, right=0)))
    assert found.verdict.valid
    assert cost(found.certificate, one.subject.weights, found.verdict).operations > 0


@pytest.mark.parametrize("group", ["C61", "D31"])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_circles(group: str, noise: float, meter: Counter[str]):
    """Prefix sums, sums that are turned, tables; where that is not enough the right answer, and the nearest rivals."""
    one = Search(subject(waves(group, (0, 2, 4, 6, 9, 11), 12, noise)))
    known = Circles.of(one)
    assert known is not None
    certificate = known.certificate(2)
    meter.clear()
    found = judged_by(one, bounds_only(certificate))
    assert 0.7 <= near(one, found, meter) <= 1.4


@pytest.mark.parametrize("samples", [0, 8])
@pytest.mark.parametrize("net", ["A5", "S4"])
def test_lowrank(net: str, samples: int, meter: Counter[str]):
    """Every number is one that the checker multiplies; sums of neurons are those that are written."""
    one = Search(subject(random_tables(net, 40)))
    made = LowRank(one, np.arange(40) % 3).certificate(12)
    certificate = replace(made, samples=samples)
    meter.clear()
    found = judged_by(one, bounds_only(certificate))
    assert 0.7 <= near(one, found, meter) <= 1.3


@pytest.mark.parametrize("samples", [0, 8])
@pytest.mark.parametrize("key", ["A4", "S4"])
def test_points(key: str, samples: int, meter: Counter[str]):
    """Sums are those that are written, every one is compared with the right one; what is left beside is open."""
    one = Search(subject(network(key)))
    made = points.looks(one)[0].candidate().certificate
    certificate = replace(made, samples=samples)
    meter.clear()
    found = judged_by(one, bounds_only(certificate))
    assert found.verdict.spent["points"] == one.subject.network.order**2
    assert 0.7 <= near(one, found, meter) <= 1.3


def test_singles_and_whole_pairs(meter: Counter[str]):
    one = Search(subject(network("S4-noisy")))
    certificate = LowRank(one, one.own).certificate(4)
    bounds = judged_by(one, replace(certificate, exact=0))
    both = judged_by(one, certificate)
    shape, spent = Shape.of(one.subject.weights), both.verdict.spent
    assert spent["singles"] + spent["whole"] > 0
    added = (spent["whole"] + spent.get("again", 0)) * shape.width * (shape.order + 1)
    counted = [cost(f.certificate, one.subject.weights, f.verdict).operations for f in (both, bounds)]
    assert counted[0] - counted[1] == added


def test_a_rejected_certificate_costs_nothing():
    one = Search(subject(network("S3")))
    found = judged_by(one, one.subject.certificate("exhaustive"))
    nothing = cost(found.certificate, one.subject.weights, replace(found.verdict, status="rejected"))
    assert (nothing.operations, nothing.table) == (0, 0)


def test_folding_and_the_group_stand_apart():
    made = certify(network("S4"), method="exhaustive")
    generators = len(made.certificate.generators)
    assert made.cost.table == generators * 24**2


def test_counting_imports_no_search():
    code = "import sys, rhoset.counting; print([m for m in sys.modules if 'prove' in m or 'explain' in m])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
