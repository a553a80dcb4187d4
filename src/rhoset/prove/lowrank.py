"""Plans with rule `lowrank`: which few sums of activations say what all outputs are (THEOREMS.md, Theorem 3).

Neurons are weighed by s. V, (m, k), is an orthonormal basis of a part of their space, W = s V and F = (U/s)ᵀV. A margin
is off by at most the length of what V leaves of a row of (U/s)ᵀ times that of what it leaves of the activations s t. So
V are the first eigenvectors of the sum of both second moments, each over what is left of it. What neurons of different
irreps write is orthogonal, so that each of these groups has vectors of its own, and sums few neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rhoset.counting import Shape, lowrank_operations
from rhoset.prove.features import balanced, representable
from rhoset.prove.search import FEW, Candidate, Search
from rhoset.summaries import counted
from rhoset_check.files import Certificate, LowRankTensors
from rhoset_check.lowrank import additive
from rhoset_check.near import Array, Ints

SAMPLES = 24
"""Elements averaged for the additive part of the activations: few miss part of it (or, evenly spaced, take one
frequency for another), many cost 2/n² of exhaustive work each."""
LARGE = 2048
"""Groups of more elements get no tables of n² numbers (an additive part)."""
ROUNDS, MORE_ROUNDS = 4, 2
"""Of weights, and of what is left with these: once, and for each number of features from there. More change nothing."""
STEP = 1.15
"""Numbers of features that are looked at are so many times another, ..."""
NARROW = 4
"""... and between the best two where they are further apart."""
ASIDE = 1e3
"""The bias has no share in the bound: what it adds is known. Weights of this size leave a thousandth of it there."""
OPEN = 0.9
"""Part of the pairs left open from which on fewer features are not looked at: they would leave the others open."""
LIKELY = 1.3
"""A start that takes so many times the best plan so far leads to nothing."""
REACH = 1.0
"""Where the search starts: with so many features that what is left costs this part of a typical margin."""
IN_USE = 0.01
"""Irreps that hold less of what is written may be left out."""


def samples(search: Search) -> int:
    """How many elements are averaged."""
    order = search.subject.network.order
    return min(SAMPLES, order) if order <= LARGE else 0


def certified(search: Search, method: str, given: LowRankTensors, scale: Array) -> Certificate:
    """Rule lowrank, single outputs, then exact."""
    plan = {"samples": samples(search), "singles": search.singles, "scale": scale}
    return search.subject.certificate(method, "lowrank", given, **plan)


def aside(bias: float, left: float) -> float:
    """The weight of the bias, `bias` long, where others leave so much."""
    return float(np.clip(ASIDE * bias / max(left, 1e-30), 1.0, 1e6))


@dataclass(frozen=True, eq=False)
class LowRank:
    """Plans for a network whose neurons are in groups, (m,), that have features of their own."""

    search: Search
    labels: Ints

    @cached_property
    def rows(self) -> Array:
        """(m, n) unembed, less a constant for each neuron."""
        unembed = self.search.subject.model.unembed[:-1]
        return np.asarray(unembed - unembed.mean(axis=1, keepdims=True))

    @cached_property
    def moments(self) -> tuple[Array, Array]:
        """(m, m) each: of unembed, summed over the outputs, and of activations without their additive part."""
        rows, columns = additive(self.search.subject.model, samples(self.search))
        x, y, active = self.search.drawn
        rest = (active - rows[x] - columns[y])[:, :-1]
        return self.rows @ self.rows.T, rest.T @ rest / len(rest)

    def _first(self, moment: Array) -> Array:
        """(m, m) eigenvectors of each group of neurons, those first that hold most for what they cost."""
        n, m = self.search.subject.network.order, len(moment)
        found, value = np.zeros((m, m)), np.empty(m)
        start = 0
        for group in np.unique(self.labels):
            mine = np.flatnonzero(self.labels == group)
            here = np.arange(start, start := start + len(mine))
            held, found[np.ix_(mine, here)] = np.linalg.eigh(moment[np.ix_(mine, mine)])
            value[here] = held / (len(mine) / (n * m) + 1 / m)
        return found[:, np.argsort(-value, kind="stable")]

    @cached_property
    def weights(self) -> Array:
        """(m,) s for about as many features as are needed."""
        written, active = self.moments
        scale = balanced(np.sqrt(np.diag(written)), np.sqrt(np.diag(active)))
        return self._fitted(self.begin, scale, ROUNDS)[1]

    def basis(self, k: int) -> tuple[Array, Array]:
        """(m, k) V, and (m,) s."""
        return self._fitted(k, self.weights, MORE_ROUNDS)

    def _fitted(self, k: int, scale: Array, rounds: int) -> tuple[Array, Array]:
        """The same after so many rounds from these weights: the best of all."""
        written, active = self.moments
        best: tuple[float, Array, Array] = np.inf, np.zeros((len(scale), k)), scale
        left: tuple[float, ...] = ()
        for _ in range(rounds):
            each = written / np.outer(scale, scale), active * np.outer(scale, scale)
            left = left or tuple(max(float(np.trace(one)), 1e-30) for one in each)
            basis = self._first(each[0] / left[0] + each[1] / left[1])[:, :k]
            away = np.eye(len(scale)) - basis @ basis.T
            rest = [np.maximum(np.einsum("ij,ij->i", away @ one, away), 0.0) for one in each]
            left = max(float(rest[0].sum()), 1e-30), max(float(rest[1].sum()), 1e-30)
            best = min(best, (left[0] * left[1], basis, scale), key=lambda one: one[0])
            scale = np.sqrt(scale * balanced(np.sqrt(rest[0]) * scale, np.sqrt(rest[1]) / scale))
        return best[1:]

    def tensors(self, k: int) -> tuple[LowRankTensors, Array]:
        """What the certificate says of so many features, and (m + 1,) weights; the bias is not written."""
        basis, scale = self.basis(k)
        features = (self.rows / scale[:, None]).T @ basis
        left = float(np.sqrt(np.square(self.rows / scale[:, None] - basis @ features.T).sum() / len(features)))
        bias = self.search.subject.model.unembed[-1]
        writing = np.append(basis * scale[:, None], np.zeros((1, k)), axis=0)
        given = LowRankTensors(representable(features), representable(writing))
        return given, np.append(scale, aside(float(np.linalg.norm(bias - bias.mean())), left))

    def certificate(self, k: int) -> Certificate:
        """Rule lowrank, single outputs, then exact."""
        return certified(self.search, "lowrank", *self.tensors(k))

    @cached_property
    def begin(self) -> int:
        """With how many features what is left costs `REACH` of a typical margin."""
        written, active = self.moments
        scale = balanced(np.sqrt(np.diag(written)), np.sqrt(np.diag(active)))
        each = [written / np.outer(scale, scale), active * np.outer(scale, scale)]
        whole = np.array([max(float(np.trace(one)), 1e-30) for one in each])
        vectors = self._first(each[0] / whole[0] + each[1] / whole[1])
        held = np.array([np.einsum("ij,ij->j", vectors, one @ vectors) for one in each])
        left = np.maximum(whole[:, None] - np.cumsum(held, axis=1), 0.0)
        reach = np.sqrt(left.prod(axis=0) / self.search.subject.network.order)
        return 1 + int(np.argmax(reach <= REACH * self.search.margin))

    def cheapest(self, so_far: float = np.inf) -> list[Candidate]:
        """Plans for the likeliest number of features and, step by step, for more and for fewer, while that helps, and
        between the best two; none where a plan of cost `so_far` is well ahead of what the first takes if it evaluates
        no output."""
        shape, found = Shape.of(self.search.subject.weights), dict[int, Candidate]()

        def look(k: int, certificate: Certificate) -> float:
            found[k] = self.search.candidate(f"lowrank: {k} features", certificate, FEW)
            return found[k].estimate.cost

        def dear(given: LowRankTensors) -> bool:
            once, each = lowrank_operations(given, samples(self.search), shape)
            return once + shape.order**2 * each > LIKELY * so_far * shape.exhaustive

        if dear(LowRankTensors(*np.zeros((2, shape.order, self.begin)))):  # sums of no neuron at all
            return []
        first = self.certificate(self.begin)
        if not isinstance(first.given, LowRankTensors) or dear(first.given):
            return []
        k, best = self.begin, look(self.begin, first)
        for factor in (STEP, 1 / STEP):
            while self.search.may() and (factor > 1 or found[k].estimate.exact < OPEN):
                other = round(k * factor) if round(k * factor) != k else k + int(np.sign(factor - 1))
                if not 0 < other < shape.width or look(other, self.certificate(other)) >= best:
                    break
                k, best = other, found[other].estimate.cost
            if k != self.begin:
                break
        beside = min((other for other in found if other != k), key=lambda other: found[other].estimate.cost, default=k)
        if abs(k - beside) > NARROW and self.search.may():
            look((k + beside) // 2, self.certificate((k + beside) // 2))
        return list(found.values())


def lowrank(search: Search, so_far: float = np.inf) -> list[Candidate]:
    """Neurons by the irreps that they write: sums of few neurons each, the fewest multiply-adds."""
    return LowRank(search, search.own).cheapest(so_far)


def by_irreps(search: Search) -> list[Candidate]:
    """Each neuron's part in the irrep that it writes most, of all irreps, and of those that hold `IN_USE` of what is
    written."""
    own, spectrum, subject, n = search.own, search.spectrum, search.subject, search.subject.network.order
    power = np.array([spectrum.energy[j, :-1][own == j].sum() for j in range(len(search.irreps))])
    made = list[Candidate]()
    for least in (0.0, IN_USE):
        used = np.flatnonzero(power > least * power.sum())
        features, writing = list[Array](), list[Array]()
        for j in used:
            mine = np.flatnonzero(own == j)
            sums, sizes, turned = np.linalg.svd(spectrum.coefficients[j][mine].reshape(len(mine), -1), False)
            rank = int((sizes > 1e-9 * sizes[0]).sum())
            writing.append(np.zeros((len(own) + 1, rank)))
            writing[-1][mine] = sums[:, :rank] * sizes[:rank]
            features.append(search.irreps[j].matrices.reshape(n, -1) @ turned[:rank].T)
        if not features or (made and len(used) == np.count_nonzero(power)):
            break
        given = LowRankTensors(*(representable(np.concatenate(part, axis=1)) for part in (features, writing)))
        delta = subject.model.unembed - given.writing @ given.features.T
        lengths = np.linalg.norm(delta - delta.mean(axis=1, keepdims=True), axis=1)
        scale = balanced(lengths, search.size)
        what = f"irrep: {counted(len(used), 'irrep')}, {counted(len(given.features.T), 'feature')}"
        made.append(search.candidate(what, certified(search, "irrep", given, scale), FEW))
    return made
