"""Rule circles: plans for networks that read waves, and the sums that the checker forms without a hidden vector."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from support.public import public_file

from rhoset.networks import Network, read_network
from rhoset.networks.evaluation import evaluate
from rhoset.prove import certify
from rhoset.prove.circles import Circles, circles
from rhoset.prove.search import Search
from rhoset.prove.subject import subject
from rhoset_check.circles import parabolas, summed
from rhoset_check.files import CircleTensors
from rhoset_check.group import matrix_action
from rhoset_check.near import Near


def waves(name: str, frequencies: tuple[int, ...], each: int, noise: float, seed: int = 0) -> Network:
    """A network of neurons that read and write one wave each, of the first irreps of two dimensions."""
    from rhoset.groups import group, irreps

    random, known = np.random.default_rng(seed), [one for one in irreps(group(name)) if one.dim == 2]
    left, right, unembed = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
    for f in frequencies:
        matrices = known[f].matrices
        angle = 2 * np.pi * (np.arange(each) + random.random()) / each
        turn = 2 * np.pi * random.random(each)
        b, c = (np.stack([np.cos(a), np.sin(a)]) for a in (angle, turn))
        left.append(np.einsum("xij,im,j->xm", matrices, b, np.array([1.0, 0.0])))
        right.append(np.einsum("yij,i,jm->ym", matrices, np.array([1.0, 0.0]), c))
        unembed.append(np.einsum("zij,im,jm->mz", matrices, b, c))
    tables = [np.concatenate(part, axis=axis) for part, axis in ((left, 1), (right, 1), (unembed, 0))]
    tables = [table + noise * random.normal(size=table.shape) for table in tables]
    return Network(*tables, bias=np.zeros(len(tables[0])), table=group(name).table)


@pytest.mark.parametrize(("name", "frequencies"), [("C31", (0, 3, 7)), ("C30", (0, 2, 5)), ("D15", (0, 1, 4))])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_circles_prove_the_true_accuracy(name: str, frequencies: tuple[int, ...], noise: float):
    net = waves(name, frequencies, 20, noise)
    true = evaluate(net).correct
    made = certify(net, method="circles", objective="operations")
    assert made.verdict.valid
    assert made.verdict.right == true
    assert made.certificate.rule == "circles"


def around(
    name: str, frequencies: tuple[int, ...], more: int, noise: float
) -> tuple[Search, CircleTensors, np.ndarray]:
    """A network with the circles of its plan, in which neurons write anything; (n, circles, 2, 2) the matrices D."""
    one = Search(subject(waves(name, frequencies, 6, noise)))
    known = Circles.of(one)
    assert known is not None
    given = known.certificate(more).given
    assert isinstance(given, CircleTensors)
    random = np.random.default_rng(1)
    turns = np.stack([matrix_action(one.subject.group, images, "")[0] for images in given.matrices], axis=1)
    return one, replace(given, writing=random.normal(size=given.writing.shape)), turns


def test_sums_are_those_of_hidden_vectors():
    one, given, turns = around("D15", (0, 1), 2, 0.1)
    found, changes = summed(one.subject.model, given, turns[..., 0])
    x, y = np.divmod(np.arange(900), 30)
    hidden = one.subject.model.hidden(x, y, "float64").value
    assert np.allclose(found.value, hidden @ given.writing, atol=1e-12)
    assert (found.error < 1e-6).all()
    assert 0 < changes <= 4 * 30 * 30 * given.writing.size


def test_errors_of_sums_cover_their_rounding():
    """Against fractions (Lemma 11). Readings are stored exactly here, so that all of the error is that of summing."""
    one, given, turns = around("C9", (1, 2), 0, 0.3)
    found, _ = summed(one.subject.model, given, turns[..., 0])
    assert not one.subject.model.left["float64"].error.any()
    left, right = (
        [list(map(Fraction, row)) for row in side["float64"].value.tolist()]
        for side in (one.subject.model.left, one.subject.model.right)
    )
    apart = []
    for place, (x, y) in enumerate(np.ndindex(9, 9)):
        hidden = [max(a + b, Fraction(0)) for a, b in zip(left[x], right[y], strict=True)]
        for j, row in enumerate(given.writing.T.tolist()):
            true = sum(Fraction(w) * h for w, h in zip(row, hidden, strict=True))
            apart.append(abs(float(Fraction(float(found.value[place, j])) - true)))
            assert apart[-1] <= found.error[j]
    assert max(apart) > 0


@pytest.mark.parametrize(("name", "circles_each"), [("C9", 1), ("D9", 2)])
def test_elements_go_around_circles(name: str, circles_each: int):
    """F(xv) = D(x)F(v); in dihedral groups all neurons of an irrep read the first of its two circles."""
    one, given, turns = around(name, (0, 2), 0, 0.0)
    assert turns.shape[1] == 2 * circles_each
    assert set(given.reads[:-1]) == {0, circles_each}
    points = turns[..., 0]
    moved = np.einsum("xjab,vjb->xvja", turns, points)
    assert np.allclose(points[one.subject.group.table], moved, atol=1e-9)
    assert np.allclose(np.square(points).sum(axis=2), 1.0)
    left = one.subject.model.left["float64"].value
    for j in set(given.reads[:-1]):
        mine = left[:, :-1][:, given.reads[:-1] == j]
        assert np.allclose(points[:, j] @ np.linalg.lstsq(points[:, j], mine)[0], mine)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_activations_are_parabolas_and_a_rest(size: float):
    """What any unembed makes of the rest lies within the bound of Lemma 12, for all pairs."""
    one, given, turns = around("D5", (0, 1), 1, 0.2)
    model = one.subject.model
    random = np.random.default_rng(2)
    unembed = Near.exact(size * random.normal(size=(10, model.width)))
    (by_x, by_y), (beside_x, beside_y) = parabolas(model, given, turns[..., 0], unembed)
    x, y = np.divmod(np.arange(100), 10)
    rest = (model.hidden(x, y, "float64").value - by_x[x] - by_y[y]) @ unembed.value.T
    assert (np.abs(rest) <= beside_x[x] + beside_y[y]).all()
    assert np.abs(rest).max() > 0.01 * (beside_x[x] + beside_y[y]).max()


def test_none_where_neurons_read_more_than_planes(tmp_path: object):
    from prove.planted import network

    assert circles(Search(subject(network("S4")))) == []
    made = certify(network("S4"), method="circles")
    assert made.verdict.valid


def test_a_public_network_is_proved_in_a_twentieth():
    made = certify(read_network(public_file("C118_seed2.safetensors")), objective="operations")
    assert made.certificate.rule == "circles"
    assert made.verdict.accuracy_bound == 1
    assert made.cost.share <= 0.05
