"""The steps of the search: what is written, what it is compared with, which outputs go together."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from prove.planted import network

from rhoset.explaining import explain
from rhoset.prove import nearness, writing
from rhoset.prove.context import Context, referenced
from rhoset.prove.features import invariant, orbitals, reflections, rotations, sparse, unembed_spectrum
from rhoset.prove.grouping import optimal
from rhoset.prove.measure import estimate, verdict_of
from rhoset.prove.pairs import pairs_rule


@pytest.mark.parametrize("kind", ["mixed", "spanned", "whole"])
@pytest.mark.parametrize("key", ["S4-noisy", "C7-fitted", "Q8-fitted", "A4"])
def test_everything_can_be_written(key: str, kind: str):
    context = Context(network(key), "real")
    known = writing.dictionary(context.explanation, context.size, kind)
    made = writing.blocks(known, writing.choose(known, 1e-9))
    proved = nearness.proved_blocks(context.subject, made)
    left = context.subject.model.unembed - sum(b.written(context.subject.model) for b in proved)
    left -= left.mean(axis=0)
    sizes = np.linalg.norm(context.subject.model.unembed)
    # slots are cut after MOST_TERMS terms; whole irreps leave nothing
    assert np.linalg.norm(left) < (1e-5 if kind == "whole" else 0.2) * sizes


def test_more_detail_writes_more():
    context = Context(network("S4-noisy"), "real")
    left = []
    for detail in (0.3, 0.1, 0.03, 0.01, 0.003):
        made = writing.blocks(context.mixed, writing.choose(context.mixed, detail))
        proved = nearness.proved_blocks(context.subject, made)
        model = context.subject.model
        rest = model.unembed - sum((b.written(model) for b in proved), np.zeros_like(model.unembed))
        rest -= rest.mean(axis=0)
        left.append(float((np.linalg.norm(rest, axis=0) * context.size).sum()))
    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.5 * left[0]


@pytest.mark.parametrize("key", ["S3", "A4", "C7-fitted", "Q8-fitted"])
def test_spectrum_holds_all_energy(key: str):
    net = network(key)
    spectrum = unembed_spectrum(net, explain(net).irreps)
    constant = np.isin(np.arange(len(spectrum.irreps)), spectrum.trivial)
    np.testing.assert_allclose(spectrum.energy[~constant].sum(axis=0), spectrum.total, rtol=1e-6, atol=1e-9)


def test_invariant_couplings():
    context = Context(network("S4"), "real")
    circuit = context.explanation.circuits[0]
    left, right = (s.gset.action for s in (circuit.left_set, circuit.right_set))
    coupling = sparse(invariant(circuit.coupling + 1e-9, left, right))
    for g in range(24):
        assert np.array_equal(coupling[left[g]][:, right[g]], coupling)
    assert np.count_nonzero(coupling) == 4
    assert orbitals(left, right).max() == 1


def test_planar_forms():
    turn = np.array([[[0.6, -0.8], [0.8, 0.6]]])
    mirror = np.array([[[0.6, 0.8], [0.8, -0.6]]])
    assert np.array_equal(rotations(turn), turn)
    assert np.array_equal(reflections(mirror), mirror)


def test_clusters_are_means_of_their_pairs():
    points = np.random.default_rng(1).normal(size=(500, 3)).astype(np.float32)
    labels, references = nearness.cluster(points, np.array([1.0, 2.0, 0.5]), 7)
    assert 1 <= len(references) <= 7
    assert set(labels) == set(range(len(references)))
    for k, reference in enumerate(references):
        np.testing.assert_allclose(points[labels == k].mean(axis=0), reference, atol=1e-6)


def test_partition_is_the_best_of_all_contiguous_ones():
    class Two:
        """A block with two multiply-adds an output."""

        def logits_work(self, w: np.ndarray) -> tuple[int, int]:
            return 0, 2 * len(w)

    rng = np.random.default_rng(3)
    n, pairs = 8, 40
    least, distance = rng.normal(3, 2, (n, pairs)), rng.uniform(1, 2, (n, 1))
    lengths = rng.uniform(0, 2, (1, pairs))
    labels = optimal([Two()], least, lengths, distance, 0)

    def cost(parts: list[np.ndarray]) -> float:
        total = 0.0
        for part in parts:
            bound = least[part].min(axis=0) - distance[part].max(axis=0) @ lengths
            total += 2 * pairs + float((bound <= 0).sum()) * 4 * len(part)
        return total

    order = 1 + np.argsort((least - distance @ lengths)[1:].mean(axis=1), kind="stable")
    cuts = itertools.chain.from_iterable(itertools.combinations(range(1, 7), k) for k in range(7))
    best = min(cost(np.split(order, list(cut))) for cut in cuts)
    found = cost([np.flatnonzero((labels == k) & (np.arange(n) != 0)) for k in range(labels.max() + 1)])
    assert found == pytest.approx(best)


@pytest.mark.parametrize("residual", ["plain", "norm", "centred"])
@pytest.mark.parametrize("clusters", [1, 12])
def test_estimate_of_all_pairs_is_the_verdict(residual: str, clusters: int):
    """S4 has fewer pairs than the sample: cost and bound are then exact."""
    context = Context(network("S4-noisy"), "real")
    made = writing.blocks(context.mixed, writing.choose(context.mixed, 0.03))
    written = referenced(context, made, clusters)
    proof = context.proof("mixture", [pairs_rule(context, residual), context.exact], written)
    guess, verdict = estimate(context.subject, proof), verdict_of(context.subject, proof)
    assert guess.accuracy == verdict.accuracy_bound
    assert guess.cost == pytest.approx(verdict.operations / verdict.exhaustive_operations)
    assert 0 <= guess.span + guess.exact <= guess.cost
