"""Rule circles: plans for networks that read waves, and the sums that the checker forms without a hidden vector."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from support.public import public_file

from rhoset.networks import Network, read_network
from rhoset.networks.evaluation import evaluate
from rhoset.prove import certify
from rhoset.prove.circles import Circles, around, circles
from rhoset.prove.search import Search
from rhoset.prove.subject import subject
from rhoset_check.circles import summed


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


def test_sums_are_those_of_hidden_vectors():
    one = Search(subject(waves("D15", (0, 1), 12, 0.1)))
    known = Circles.of(one)
    assert known is not None
    given = known.certificate(2).circles
    assert given is not None
    random = np.random.default_rng(1)
    writing = random.normal(size=(5, one.subject.model.width))
    found, changes = summed(one.subject.model, given, writing)
    x, y = np.divmod(np.arange(900), 30)
    assert np.allclose(found.value, one.subject.model.hidden(x, y, "float64").value @ writing.T, atol=1e-12)
    assert (found.error < 1e-6).all()
    assert 0 < changes <= 2 * 30 * 30 * writing.size


def test_errors_of_sums_cover_their_rounding():
    """Against fractions (Lemma 11). Readings are stored exactly here, so that all of the error is that of summing."""
    one = Search(subject(waves("C9", (1, 2), 6, 0.3)))
    known = Circles.of(one)
    assert known is not None
    given = known.certificate(0).circles
    assert given is not None
    writing = np.random.default_rng(1).normal(size=(3, one.subject.model.width))
    found, _ = summed(one.subject.model, given, writing)
    assert not one.subject.model.left["float64"].error.any()
    left, right = (
        [list(map(Fraction, row)) for row in side["float64"].value.tolist()]
        for side in (one.subject.model.left, one.subject.model.right)
    )
    apart = []
    for place, (x, y) in enumerate(np.ndindex(9, 9)):
        hidden = [max(a + b, Fraction(0)) for a, b in zip(left[x], right[y], strict=True)]
        for j, row in enumerate(writing.tolist()):
            true = sum(Fraction(w) * h for w, h in zip(row, hidden, strict=True))
            apart.append(abs(float(Fraction(float(found.value[place, j])) - true)))
            assert apart[-1] <= found.error[j]
    assert max(apart) > 0


def test_orders_go_around_the_circle():
    from rhoset.groups import group, irreps

    for irrep in irreps(group("D7")):
        order = around(irrep)
        assert sorted(order) == list(range(14))
        if irrep.dim == 2:
            determinant = np.linalg.det(irrep.matrices[order])
            assert (np.diff(determinant) < 1e-9).all()  # turns first


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
