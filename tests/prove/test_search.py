"""The steps of the search: what is written, what it is compared with, which outputs go together."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from prove.planted import network

from rhoset.counting import cost
from rhoset.explaining import explain
from rhoset.groups import orbitals
from rhoset.prove import nearness, writing
from rhoset.prove.features import invariant, spectrum_of
from rhoset.prove.grouping import optimal
from rhoset.prove.pairs import Mode, PairsSearch
from rhoset.prove.search import Search
from rhoset.prove.subject import judged, subject
from rhoset.prove.wish import Wish
from rhoset_check.blocks import build_block


def search(key: str) -> Search:
    return Search(subject(network(key)))


def unwritten(one: Search, kind: str, detail: float) -> np.ndarray:
    """(m + 1, n) what the blocks of a detail leave of unembed, constants aside."""
    known, model = getattr(one, kind), one.subject.model
    blocks = [
        build_block(b, model.group, model.width, "block") for b in writing.blocks(known, writing.choose(known, detail))
    ]
    left = model.unembed["float64"] - sum((b.features(np.arange(model.order)) @ b.writing).T for b in blocks)
    return left - left.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["mixed", "spanned", "whole"])
@pytest.mark.parametrize("key", ["S4-noisy", "C7-fitted", "Q8-fitted", "A4"])
def test_everything_can_be_written(key: str, kind: str):
    one = search(key)
    size = np.linalg.norm(one.subject.model.unembed["float64"])
    # slots are cut after MOST_TERMS terms; whole irreps leave nothing
    assert np.linalg.norm(unwritten(one, kind, 1e-9)) < (1e-5 if kind == "whole" else 0.2) * size


def test_more_detail_writes_more():
    one = search("S4-noisy")
    left = [
        float((np.linalg.norm(unwritten(one, "mixed", detail), axis=1) * one.size).sum())
        for detail in (0.3, 0.1, 0.03, 0.01, 0.003)
    ]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.5 * left[0]


@pytest.mark.parametrize("key", ["S3", "A4", "C7-fitted", "Q8-fitted"])
def test_spectrum_holds_all_energy(key: str):
    net = network(key)
    spectrum = spectrum_of(net.unembed.astype(np.float64), explain(net).irreps)
    constant = np.array([irrep.is_trivial for irrep in spectrum.irreps])
    np.testing.assert_allclose(spectrum.energy[~constant].sum(axis=0), spectrum.total, rtol=1e-6, atol=1e-9)


def test_invariant_couplings():
    circuit = explain(network("S4")).circuits[0]
    left, right = (s.gset.action for s in (circuit.left_set, circuit.right_set))
    coupling = invariant(circuit.coupling + 1e-9, left, right)
    for g in range(24):
        assert np.array_equal(coupling[left[g]][:, right[g]], coupling)
    assert np.count_nonzero(coupling) == 4
    assert orbitals(left, right).max() == 1


def test_clusters_are_means_of_their_pairs():
    points = np.random.default_rng(1).normal(size=(500, 3)).astype(np.float32)
    labels, references = nearness.cluster(points, np.array([1.0, 2.0, 0.5]), 7)
    assert 1 <= len(references) <= 7
    assert set(labels) == set(range(len(references)))
    for k, reference in enumerate(references):
        np.testing.assert_allclose(points[labels == k].mean(axis=0), reference, atol=1e-6)


def test_partition_is_the_best_of_all_contiguous_ones():
    rng = np.random.default_rng(3)
    n, pairs = 8, 40
    least, distance = rng.normal(3, 2, (n, pairs)), rng.uniform(1, 2, (n, 1))
    lengths = rng.uniform(0, 2, (1, pairs))
    labels = optimal(least[1:], lengths, distance[1:], np.arange(1, n), 4.0)

    def work(parts: list[np.ndarray]) -> float:
        total = 0.0
        for part in parts:
            bound = least[part].min(axis=0) - distance[part].max(axis=0) @ lengths
            total += 2 * pairs + float((bound <= 0).sum()) * 4 * len(part)
        return total

    order = 1 + np.argsort((least - distance @ lengths)[1:].mean(axis=1), kind="stable")
    cuts = itertools.chain.from_iterable(itertools.combinations(range(1, 7), k) for k in range(7))
    best = min(work(np.split(order, list(cut))) for cut in cuts)
    found = work([np.flatnonzero((labels == k) & (np.arange(n) != 0)) for k in range(labels.max() + 1)])
    assert found == pytest.approx(best)


@pytest.mark.parametrize("references", [True, False])
@pytest.mark.parametrize(("samples", "own"), [(0, False), (0, True), (24, True)])
@pytest.mark.parametrize("clusters", [1, 12])
def test_estimate_of_all_pairs_is_the_verdict(samples: int, own: bool, references: bool, clusters: int):
    """Cost and bound are then exact."""
    one = search("S4-noisy")
    pairs = PairsSearch(one, "mixture", one.mixed, Wish(objective="operations"))
    written = pairs.written(0.03)
    assert written is not None
    certificate = pairs.certificate(written, Mode(samples, own, references), clusters)
    guess, found = one.estimate("", certificate, 24**2), judged(one.subject, certificate)
    assert found is not None
    assert guess.accuracy == found.verdict.accuracy_bound
    assert guess.cost == pytest.approx(cost(found.certificate, one.subject.weights, found.verdict).share)
    assert guess.exact == found.verdict.spent["exact"] / found.verdict.inputs
