"""One search: the network as the checker sees it, what is known of it, and candidates tried on a sample.

A *candidate* is a certificate with an *estimate*: what the checker's own `prepare` and `settle` made of it on all pairs
of some x. Rules work x by x, so rows of pairs cost what they will cost. No estimate enters a statement.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rhoset.counting import Facts, Shape, count
from rhoset.prove.features import WrittenSpectrum, spectrum_of
from rhoset.prove.gaps import GapReading, gap_readings, typical_margin
from rhoset.prove.subject import Subject, readable
from rhoset_check.files import Certificate, GapTensors, LowRankTensors, PointsTensors
from rhoset_check.limits import rows_at_once
from rhoset_check.near import Array, Ints, Rejected
from rhoset_check.settle import Rules, prepare, settle

if TYPE_CHECKING:
    from rhoset.explaining import Explanation
    from rhoset.groups import Irrep

SINGLY = 6e-9
"""Seconds that a neuron takes where outputs are evaluated one by one: its activation is formed for each of them."""
OUTPUT = 7e-8
"""Seconds that rule gaps takes to bound one output of a pair, as measured on order 720."""
SAMPLE_PAIRS = 1024
"""Pairs that an estimate looks at: all y for so many x. More are slower, fewer may rank two close plans wrongly."""
FEW = 256
"""Pairs that a first look takes, two x at least."""
PARTS = {FEW: (40, 128), SAMPLE_PAIRS: (14, 256)}
"""In small groups these are one pair in so many, but at least so many: a look is to take a part of a check."""
GROUP, POINT, EACH = 4e-4, 5e-4, 2.5e-2
"""Seconds that a look at a plan takes: where outputs are bounded singly, for each point of rule gaps; with rule
each so many more. Fitted to 112 looks at networks of orders 60 to 122: eight in ten took 0.7 to 1.25 times what is
reckoned."""
SPECTRUM = 3e-3
"""Seconds for what neurons write in the irreps."""
LOOK, ACTIVE, SUMMED = 4e-3, 8e-9, 6e-11
"""Seconds of rule lowrank: once; of all steps on an activation or an output; of a multiply-add in its products."""
GRID = 24
"""Activations are compared at so many x and y to see what is left of them where their means are taken off."""
SAMPLE_SEED = 20240
"""Seed of the choice of the x; the search is deterministic."""


@dataclass(frozen=True)
class Estimate:
    """What a plan is expected to cost (share of exhaustive operations), to prove and to take.

    `single` and `exact` are the parts of the pairs that have single outputs bounded, and all logits evaluated; `left`
    the seconds that single outputs and whole pairs take where rules leave them open, and `check` those of the whole
    check, both reckoned from numbers of steps.
    """

    plan: str
    cost: float
    accuracy: float
    loss: float
    seconds: float
    single: float = 0.0
    exact: float = 0.0
    left: float = 0.0
    check: float = 0.0


@dataclass(frozen=True, eq=False)
class Candidate:
    """A certificate that claims nothing yet, and what it is expected to do."""

    certificate: Certificate
    estimate: Estimate

    @property
    def name(self) -> str:
        return self.estimate.plan


@dataclass(eq=False)
class Search:
    """Everything that several plans for one network share, made once and only when asked for."""

    subject: Subject
    given: Explanation | None = None
    by_time: bool = False
    """Whether plans are to be quick rather than short."""
    allowed: float = np.inf
    """Seconds that the search may take, as it reckons them: from sizes, not by a stopwatch, so that the same network
    gets the same plan on a busy machine."""
    reckoned: float = 0.0
    last: tuple[tuple[Any, ...], Rules, float] | None = None
    """What the last plan looked at gave its rule, what the checker made of it, in so many seconds."""
    tried: list[Estimate] = field(default_factory=list)

    def may(self, seconds: float = 0.0) -> bool:
        """Whether something that takes so long may still be done."""
        return bool(self.reckoned + seconds < self.allowed)

    @property
    def singles(self) -> int:
        """Of a pair, how many outputs are worth evaluating singly: by the count up to half, by the clock those that
        take no longer than all outputs of the pair by a product; one at least."""
        n, m = self.subject.network.order, self.subject.network.width
        pair = self.subject.exhaustive_seconds / n**2
        return max(1, int(pair / (m * SINGLY)) if self.by_time else n // 2)

    @cached_property
    def irreps(self) -> tuple[Irrep, ...]:
        """Of the group; above `rhoset.explaining.large.LARGE_ORDER` those that occur."""
        from rhoset.explaining.analysis import structure  # as long to load as a network to be certified by time

        return structure(self.subject.network)[0] if self.given is None else self.given.irreps

    @cached_property
    def spectrum(self) -> WrittenSpectrum:
        """What neurons, and the bias as one more, write in the irreps."""
        network = self.subject.network
        self.reckoned += SPECTRUM
        return spectrum_of(np.concatenate([network.unembed, network.bias[None]]).astype(np.float64), self.irreps)

    @cached_property
    def own(self) -> Ints:
        """(m,) the irrep of which each neuron writes most, the trivial one left out; −1 where it writes none."""
        trivial = np.array([irrep.is_trivial for irrep in self.irreps])
        energy = self.spectrum.energy[:, :-1] * ~trivial[:, None]
        return np.where(energy.sum(axis=0) > 0, energy.argmax(axis=0), -1)

    @cached_property
    def order(self) -> Ints:
        """All x in a random order: samples are its beginnings."""
        return np.random.default_rng(SAMPLE_SEED).permutation(self.subject.network.order)

    def sample(self, pairs: int = SAMPLE_PAIRS) -> tuple[Ints, Ints]:
        """(x, y): all y for as many x as make so many pairs, or the part of them that `PARTS` says; x sorted."""
        n = self.subject.network.order
        part, least = PARTS.get(pairs, (1, pairs))
        pairs = min(pairs, max(least, n * n // part))
        xs = np.sort(self.order[: max(2, -(-pairs // n))])
        return np.repeat(xs, n), np.tile(np.arange(n), len(xs))

    @cached_property
    def drawn(self) -> tuple[Ints, Ints, Array]:
        """`SAMPLE_PAIRS` pairs, x and y, and their (pairs, m + 1) activations.

        They are drawn one by one: over all y for a few x a neuron that reads little from those x would look dead.
        """
        x, y = np.random.default_rng(SAMPLE_SEED).integers(0, self.subject.network.order, (2, SAMPLE_PAIRS))
        return x, y, np.asarray(self.subject.model.hidden(x, y, "float64").value)

    @cached_property
    def size(self) -> Array:
        """(m + 1,) root mean square of every activation; of the bias neuron 1."""
        return np.asarray(np.sqrt(np.square(self.drawn[2]).mean(axis=0)))

    @cached_property
    def apart(self) -> Array:
        """(pairs, m + 1) activations of a grid of pairs without their means over x and over y."""
        n = self.subject.network.order
        xs, ys = (np.unique(np.linspace(0, n - 1, GRID + more).astype(np.intp)) for more in (0, 1))
        hidden = self.subject.model.hidden(np.repeat(xs, len(ys)), np.tile(ys, len(xs)), "float64").value
        table = hidden.reshape(len(xs), len(ys), -1)
        table = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean(axis=(0, 1))
        return np.asarray(table.reshape(hidden.shape))

    @cached_property
    def left(self) -> GapReading:
        """By which points neurons nearly read x."""
        return gap_readings(self.subject.network, side="left", most=1, margin=self.margin)[0]

    @cached_property
    def margin(self) -> float:
        """A typical one."""
        return typical_margin(self.subject.network)

    def _steps(self, certificate: Certificate, rules: Rules, xs: int) -> tuple[float, float]:
        """Seconds that a look at so many x is reckoned to take: once, and for the x, but for what gaps leaves open."""
        given = certificate.given
        if isinstance(given, GapTensors):
            once = POINT * len(np.unique(np.stack([given.block, given.point]), axis=1).T)
            return once + EACH * given.each + GROUP * (rules.budget.spent["open"] > 0), 0.0
        if not isinstance(given, LowRankTensors):
            return 0.0, 0.0
        n, m, k = self.subject.network.order, self.subject.network.width, given.features.shape[1]
        tables = n * m * (2 * certificate.samples * ACTIVE + 2 * n * SUMMED)
        return LOOK + tables, xs * n * (n + m) * (ACTIVE + k * SUMMED)

    def candidate(self, name: str, certificate: Certificate, pairs: int = SAMPLE_PAIRS) -> Candidate:
        """The certificate with its estimate from so many pairs, noted among the plans tried."""
        made = self.estimate(name, certificate, pairs)
        if made.cost < min((one.cost for one in self.tried), default=np.inf) and not readable(
            certificate, self.subject
        ):
            made = replace(made, cost=np.inf, accuracy=0.0, seconds=np.inf)
        self.tried.append(made)
        return Candidate(certificate, made)

    def expected(self, name: str, certificate: Certificate, cost: float, seconds: float) -> Candidate:
        """A certificate that is expected to prove the true accuracy at this cost; no pair is looked at."""
        self.tried.append(Estimate(name, cost, 1.0, float("inf"), seconds))
        return Candidate(certificate, self.tried[-1])

    def prepared(self, certificate: Certificate) -> tuple[Rules, float]:
        """`prepare` of a certificate, and its seconds: once for plans that follow each other and differ in limits."""
        given = certificate.rule, certificate.given, certificate.scale, certificate.samples
        if self.last is None or any(one is not other for one, other in zip(given, self.last[0], strict=True)):
            begin = time.perf_counter()
            self.last = given, prepare(certificate, self.subject.model), time.perf_counter() - begin
        limits = prepare(replace(certificate, rule="exact", given=None), self.subject.model)
        return replace(limits, rule=self.last[1].rule), self.last[2]

    def estimate(self, name: str, certificate: Certificate, pairs: int = SAMPLE_PAIRS) -> Estimate:
        """Cost and bound by the checker's own rules on rows of pairs; an infinite cost where it rejects."""
        n = self.subject.network.order
        x, _ = self.sample(pairs)
        share = n * n / len(x)
        try:
            rules, once = self.prepared(certificate)
            begin = time.perf_counter()
            rules.budget.work, rules.budget.exact = rules.budget.work / share, int(rules.budget.exact / share)
            rows, xs = rows_at_once(n, self.subject.network.width), x[::n]
            margins, losses = zip(*(settle(rules, xs[k : k + rows]) for k in range(0, len(xs), rows)), strict=True)
        except Rejected:
            return Estimate(name, float("inf"), 0.0, float("inf"), float("inf"))
        seconds = once + (time.perf_counter() - begin) * share
        counted = count(certificate, Shape.of(self.subject.weights), rules.budget.spent, Facts.of(rules))
        spent = rules.budget.spent
        cost = counted.total(n, spent["lowrank"] * share, share) / self.subject.exhaustive
        right = float((np.concatenate(margins) > 0).mean())
        loss = float(np.concatenate(losses).mean())
        outputs, m = spent["open"] * n if certificate.rule == "gaps" else 0, self.subject.network.width
        singly = outputs * OUTPUT + spent["singles"] * m * SINGLY
        if isinstance(certificate.given, PointsTensors):
            singly += spent["open"] * (n + m) * (ACTIVE + certificate.given.writing.shape[1] * SUMMED)
        left = share * singly + spent["whole"] / len(x) * self.subject.exhaustive_seconds
        once, each_x = self._steps(certificate, rules, len(x) // n)
        self.reckoned += once + each_x + left / share
        check = once + each_x * share + left
        return Estimate(name, cost, right, loss, seconds, spent["open"] / len(x), spent["whole"] / len(x), left, check)
