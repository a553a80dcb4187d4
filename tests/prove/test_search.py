"""The steps of the search for rule lowrank: which sums, how many of them, and what is expected of a plan."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from prove.planted import NETWORKS, network

from rhoset.counting import cost
from rhoset.explaining import explain
from rhoset.networks.constructing import construct
from rhoset.prove.features import balanced, spectrum_of
from rhoset.prove.lowrank import LowRank, by_irreps, lowrank
from rhoset.prove.search import Search
from rhoset.prove.subject import judged, subject

KEYS = ["S4-noisy", "C7-fitted", "Q8-fitted", "A4"]


def plans(key: str) -> LowRank:
    one = Search(subject(network(key)))
    return LowRank(one, one.own)


@pytest.mark.parametrize("key", KEYS)
def test_what_is_not_written_meets_nothing_that_is(key: str):
    """So the sums hold a part of the length of what is left of activations (THEOREMS.md, Theorem 3)."""
    found = plans(key)
    given, scale = found.tensors(5)
    weighed = (given.writing / scale[:, None])[:-1]
    np.testing.assert_allclose(weighed.T @ weighed, np.eye(5), atol=1e-12)
    left = found.rows - given.writing[:-1] @ given.features.T
    size = np.linalg.norm(found.rows / scale[:-1, None])
    assert np.abs(weighed.T @ (left / scale[:-1, None])).max() < 1e-12 * size
    assert not given.writing[-1].any()


@pytest.mark.parametrize("key", KEYS)
def test_all_features_leave_nothing(key: str):
    found = plans(key)
    given, _ = found.tensors(found.search.subject.network.width)
    np.testing.assert_allclose(given.writing[:-1] @ given.features.T, found.rows, atol=1e-9 * np.abs(found.rows).max())


def test_neurons_of_different_irreps_share_no_sum():
    one = Search(subject(construct("S4", ["[3,1]", "[2,2]"], noise=0.02, seed=1).network))
    given, _ = LowRank(one, one.own).tensors(6)
    assert all(len(np.unique(one.own[column != 0])) == 1 for column in given.writing[:-1].T)
    together, _ = LowRank(one, np.zeros_like(one.own)).tensors(6)
    assert np.count_nonzero(together.writing) > np.count_nonzero(given.writing)


def test_more_features_leave_less():
    found = plans("S4-noisy")
    left = []
    for k in range(1, 12):
        basis, scale = found.basis(k)
        rows, active = found.rows / scale[:, None], found.moments[1] * np.outer(scale, scale)
        away = np.eye(len(basis)) - basis @ basis.T
        left.append(float(np.linalg.norm(away @ rows) * np.sqrt(np.trace(away @ active))))
    assert left[-1] < 0.2 * left[0]
    assert sum(more > fewer for fewer, more in itertools.pairwise(left)) <= 1


@pytest.mark.parametrize("key", NETWORKS)
def test_a_number_of_features_is_found(key: str):
    net = network(key)
    made = lowrank(Search(subject(net)))
    assert made
    assert all(1 <= c.certificate.given.features.shape[1] <= net.width for c in made)


@pytest.mark.parametrize("key", ["S3", "A4", "C7-fitted", "Q8-fitted"])
def test_spectrum_holds_all_energy(key: str):
    net = network(key)
    spectrum = spectrum_of(net.unembed.astype(np.float64), explain(net).irreps)
    constant = np.array([irrep.is_trivial for irrep in spectrum.irreps])
    np.testing.assert_allclose(spectrum.energy[~constant].sum(axis=0), spectrum.total, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("key", ["S4", "A4", "C7-fitted", "Q8-fitted"])
def test_irreps_are_written_by_those_that_are_in_them(key: str):
    """Each neuron's part in its own irrep, in no more numbers than the irrep's rank."""
    one = Search(subject(network(key)))
    given = by_irreps(one)[0].certificate.given
    ranks = [irrep.rank for irrep in one.irreps]
    assert given.features.shape[1] <= sum(ranks[j] for j in np.unique(one.own[one.own >= 0]))
    for i, j in enumerate(one.own):
        if j >= 0:
            part = (
                one.spectrum.coefficients[j][i].ravel()
                @ one.irreps[j].matrices.reshape(one.subject.network.order, -1).T
            )
            np.testing.assert_allclose(given.features @ given.writing[i], part, atol=1e-7 * np.abs(part).max())


def test_weights_balance_lengths_and_sizes():
    lengths, sizes = np.array([4.0, 1.0, 0.25]), np.array([1.0, 1.0, 1.0])
    np.testing.assert_allclose(balanced(lengths, sizes), [1.0, 0.5, 0.25])
    assert (balanced(np.zeros(3), sizes) == 1).all()


@pytest.mark.parametrize("key", ["S4-noisy", "C7-fitted"])
@pytest.mark.parametrize("k", [2, 5, 9])
def test_estimate_of_all_pairs_is_the_verdict(key: str, k: int):
    """Cost and bound are then exact."""
    found = plans(key)
    one, certificate = found.search, found.certificate(k)
    order = one.subject.network.order
    guess, judgement = one.estimate("", certificate, order**2), judged(one.subject, certificate)
    assert judgement is not None
    assert guess.accuracy == judgement.verdict.accuracy_bound
    assert guess.cost == pytest.approx(cost(judgement.certificate, one.subject.weights, judgement.verdict).share)
    assert guess.exact == judgement.verdict.spent["whole"] / judgement.verdict.inputs
