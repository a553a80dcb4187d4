"""Plans with rule `lowrank`: which few sums of activations say what all outputs are (THEOREMS.md, Theorem 3).

Neurons are weighed by s. V, (m, k), is an orthonormal basis of a part of their space, W = s V and F = (U/s)ᵀV. A margin
is off by at most the length of what V leaves of a row of (U/s)ᵀ times that of what it leaves of the activations s t. So
V are the first eigenvectors of the sum of both second moments, each over what is left of it. What neurons of different
irreps write is orthogonal, so that each of these groups has vectors of its own, and sums few neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rhoset.counting import Shape, lowrank_operations
from rhoset.prove.certificates import BARE
from rhoset.prove.features import balanced, representable
from rhoset.prove.search import FEW, Candidate, Search
from rhoset_check.files import Certificate, LowRankTensors, Plan
from rhoset_check.lowrank import additive
from rhoset_check.near import Array, Ints

SAMPLES = 24
"""Elements averaged for the additive part of the activations: few miss part of it (or, evenly spaced, take one
frequency for another), many cost 2/n² of exhaustive work each."""
LARGE = 2048
"""Groups of more elements get no tables of n² numbers (an additive part)."""
ROUNDS = 4
"""Of weights, and of what is left with these; more change nothing."""
STEP = 1.15
"""Numbers of features that are looked at are so many times another."""
ASIDE = 1e3
"""The bias has no share in the bound: what it adds is known. Weights of this size leave a thousandth of it there."""
LIKELY = 1.3
"""A start that takes so many times the best plan so far leads to nothing."""
REACH = 1.0
"""Where the search starts: with so many features that what is left costs this part of a typical margin."""


IN_USE = 0.01
"""Irreps that hold less of what is written may be left out."""


def plan(search: Search) -> Plan:
    """Rule lowrank, single outputs, then exact."""
    subject = search.subject
    samples = min(SAMPLES, subject.network.order) if subject.network.order <= LARGE else 0
    return replace(BARE, lowrank=True, work=subject.work, samples=samples, singles=search.singles)


@dataclass(frozen=True, eq=False)
class LowRank:
    """Plans for a network whose neurons are in groups, (m,), that have features of their own."""

    search: Search
    labels: Ints

    @cached_property
    def rows(self) -> Array:
        """(m, n) unembed, less a constant for each neuron."""
        unembed = self.search.subject.model.unembed["float64"][:-1]
        return np.asarray(unembed - unembed.mean(axis=1, keepdims=True))

    @cached_property
    def moments(self) -> tuple[Array, Array]:
        """(m, m) each: of unembed, summed over the outputs, and of activations without their additive part."""
        rows, columns = additive(self.search.subject.model, plan(self.search).samples)
        x, y, active = self.search.drawn
        rest = (active - rows[x] - columns[y])[:, :-1]
        return self.rows @ self.rows.T, rest.T @ rest / len(rest)

    def _first(self, moment: Array) -> Iterator[tuple[float, Ints, Array]]:
        """Of each group the vectors, in the neurons given, that hold most for what they cost, the best first."""
        n, m, found = self.search.subject.network.order, len(moment), list[tuple[float, Ints, Array]]()
        for group in np.unique(self.labels):
            mine = np.flatnonzero(self.labels == group)
            held, vectors = np.linalg.eigh(moment[np.ix_(mine, mine)])
            price = len(mine) / (n * m) + 1 / m
            found += [(float(value) / price, mine, vector) for value, vector in zip(held, vectors.T, strict=True)]
        return iter(sorted(found, key=lambda one: -one[0]))

    def basis(self, k: int) -> tuple[Array, Array]:
        """(m, k) V, and (m,) s."""
        written, active = self.moments
        scale, left = balanced(np.sqrt(np.diag(written)), np.sqrt(np.diag(active))), (1.0, np.inf)
        best = np.inf, np.zeros((len(scale), k)), scale
        for _ in range(ROUNDS):
            each = written / np.outer(scale, scale), active * np.outer(scale, scale)
            basis = np.zeros((len(scale), k))
            firsts = self._first(each[0] / left[0] + each[1] / left[1])
            for column, (_, mine, vector) in zip(basis.T, firsts, strict=False):
                column[mine] = vector
            kept = [one - (part := one @ basis @ basis.T) - part.T + basis @ (basis.T @ part) for one in each]
            rest = [np.maximum(np.diag(one), 0.0) for one in kept]
            left = max(float(rest[0].sum()), 1e-30), max(float(rest[1].sum()), 1e-30)
            best = min(best, (left[0] * left[1], basis, scale), key=lambda one: one[0])
            scale = np.sqrt(scale * balanced(np.sqrt(rest[0]) * scale, np.sqrt(rest[1]) / scale))
        return best[1:]

    def tensors(self, k: int) -> tuple[LowRankTensors, Array]:
        """What the certificate says of so many features, and (m + 1,) weights; the bias is not written."""
        basis, scale = self.basis(k)
        features = (self.rows / scale[:, None]).T @ basis
        left = float(np.sqrt(np.square(self.rows / scale[:, None] - basis @ features.T).sum() / len(features)))
        bias = self.search.subject.model.unembed["float64"][-1]
        aside = ASIDE * float(np.linalg.norm(bias - bias.mean())) / max(left, 1e-30)
        writing = np.append(basis * scale[:, None], np.zeros((1, k)), axis=0)
        given = LowRankTensors(representable(features), representable(writing))
        return given, np.append(scale, np.clip(aside, 1.0, 1e6))

    def certificate(self, k: int) -> Certificate:
        """Rule lowrank, single outputs, then exact."""
        subject = self.search.subject
        given, scale = self.tensors(k)
        return subject.certificate("lowrank", plan(self.search), lowrank=given, scale=scale)

    def candidate(self, k: int) -> Candidate:
        """With so many features."""
        return self.search.candidate(f"lowrank: {k} features", self.certificate(k), FEW)

    def start(self) -> int:
        """With how many features what is left costs `REACH` of a typical margin."""
        written, active = self.moments
        scale = balanced(np.sqrt(np.diag(written)), np.sqrt(np.diag(active)))
        each = [written / np.outer(scale, scale), active * np.outer(scale, scale)]
        whole = [max(float(np.trace(one)), 1e-30) for one in each]
        held = [
            [float(vector @ one[np.ix_(mine, mine)] @ vector) for one in each]
            for _, mine, vector in self._first(each[0] / whole[0] + each[1] / whole[1])
        ]
        left = np.maximum(whole - np.cumsum(held, axis=0), 0.0)
        reach = np.sqrt(left.prod(axis=1) / self.search.subject.network.order)
        return 1 + int(np.argmax(reach <= REACH * self.search.margin))

    def least(self, k: int) -> float:
        """Share of exhaustive work that so many features take where no output is evaluated."""
        shape = Shape.of(self.search.subject.weights)
        once, each = lowrank_operations(self.tensors(k)[0], plan(self.search).samples, shape)
        return (once + shape.order**2 * each) / shape.exhaustive

    def cheapest(self, price: Callable[[Candidate], float], so_far: float = np.inf) -> list[Candidate]:
        """Plans for the likeliest number of features and, step by step, for more and for fewer, while that helps; none
        where a plan of cost `so_far` is well ahead."""
        most, begin, found = self.search.subject.network.width, self.start(), dict[int, Candidate]()
        if so_far < np.inf and self.least(begin) > LIKELY * so_far:
            return []
        found[begin] = self.candidate(begin)
        for factor in (STEP, 1 / STEP):
            k = begin
            while self.search.may():
                other = round(k * factor) if round(k * factor) != k else k + int(np.sign(factor - 1))
                if not 0 < other < most:
                    break
                found[other] = self.candidate(other)
                if price(found[other]) >= price(found[k]):
                    break
                k = other
            if k != begin:
                break
        return list(found.values())


def lowrank(search: Search, so_far: float = np.inf) -> list[Candidate]:
    """Neurons by the irreps that they write: sums of few neurons each, the fewest multiply-adds."""
    return LowRank(search, search.own).cheapest(lambda made: made.estimate.cost, so_far)


def quickest(search: Search) -> list[Candidate]:
    """All neurons together: the fewest sums, which a product forms at once."""
    together = np.zeros(search.subject.network.width, np.intp)
    return LowRank(search, together).cheapest(lambda made: made.estimate.check)


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
        delta = subject.model.unembed["float64"] - given.writing @ given.features.T
        lengths = np.linalg.norm(delta - delta.mean(axis=1, keepdims=True), axis=1)
        scale = balanced(lengths, search.size)
        certificate = subject.certificate("irrep", plan(search), lowrank=given, scale=scale)
        made.append(search.candidate(f"irrep: {len(used)} irreps, {len(given.features.T)} features", certificate, FEW))
    return made
