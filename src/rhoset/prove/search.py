"""One search: the network as the checker sees it, what is known of it, and candidates tried on a sample.

A *candidate* is a certificate with an *estimate*: what the checker's own `prepare` and `settle` made of it on all pairs
of some x. Rules work x by x, so rows of pairs cost what they will cost. No estimate enters a statement.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rhoset.counting import Facts, Shape, count
from rhoset.prove import writing
from rhoset.prove.subject import Subject, readable
from rhoset_check.blocks import Block, build_block
from rhoset_check.files import Certificate, MatrixTensors, SlotTensors, rows_at_once
from rhoset_check.near import Array, Ints, Near, Rejected
from rhoset_check.network import Model
from rhoset_check.settle import Rules, prepare, settle

if TYPE_CHECKING:
    from rhoset.explaining import Explanation
    from rhoset.explaining.analysis import Circuits
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
LOOK, BLOCK, GROUP, POINT = 4e-3, 5e-5, 4e-4, 5e-4
"""Seconds that a look at a plan takes: with rule pairs, to write it and make its tables; for each block, each x and
`AT_ONCE` more; for each group of outputs that is open. With rule gaps, for each point; with rule each `EACH` more.
Fitted to 112 looks at networks of orders 60 to 122: eight in ten took 0.7 to 1.25 times what is reckoned."""
AT_ONCE, EACH = 5, 1.5e-2
CIRCUITS, TERMS = 1.5e-2, 3e-3
"""Seconds for circuits, and for the terms of one dictionary."""
KEPT = 1 << 23
"""Numbers of activations that are kept: 64 MiB."""
SAMPLE_SEED = 20240
"""Seed of the choice of the x; the search is deterministic."""


@dataclass(frozen=True)
class Estimate:
    """What a plan is expected to cost (share of exhaustive operations), to prove and to take.

    `span` and `exact` are the parts of the pairs that have logits in the span, and all logits, evaluated; `left` the
    seconds that single outputs and whole pairs take where rule gaps leaves them open, and `check` those of the whole
    check, both reckoned from numbers of steps.
    """

    plan: str
    cost: float
    accuracy: float
    loss: float
    seconds: float
    span: float = 0.0
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


@dataclass(frozen=True)
class Remembered(Model):
    """The checker's model, which keeps activations: candidates look at the same pairs."""

    known: dict[tuple[bytes, bytes, str], Near] = field(default_factory=dict, repr=False)

    def hidden(self, x: Ints, y: Ints, dtype: str) -> Near:
        """(pairs, m + 1) activations; equal ones are the same object, up to `KEPT` numbers in all."""
        key = x.tobytes(), y.tobytes(), dtype
        if key in self.known:
            return self.known[key]
        found = super().hidden(x, y, dtype)
        if sum(near.value.size for near in self.known.values()) + found.value.size <= KEPT:
            self.known[key] = found
        return found


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
    tried: list[Estimate] = field(default_factory=list)

    def may(self, seconds: float = 0.0) -> bool:
        """Whether something that takes so long may still be done."""
        return bool(self.reckoned + seconds < self.allowed)

    @property
    def singles(self) -> int:
        """Of a pair, how many outputs are worth evaluating singly: by the count up to half, by the clock those that
        take no longer than all outputs of the pair by a product."""
        n, m = self.subject.network.order, self.subject.network.width
        pair = self.subject.exhaustive_seconds / n**2
        return int(pair / (m * SINGLY)) if self.by_time else n // 2

    @cached_property
    def model(self) -> Model:
        """The checker's model, for everything that is only estimated."""
        model = self.subject.model
        return Remembered(**{part.name: getattr(model, part.name) for part in fields(model)})

    @cached_property
    def circuits(self) -> Explanation | Circuits:
        """The given explanation, or of a fresh one what is needed: irreps and circuits."""
        from rhoset.explaining.analysis import circuits_of  # as long to load as a network to be certified by time

        if self.given is not None:
            return self.given
        self.reckoned += CIRCUITS
        return circuits_of(self.subject.network)

    @cached_property
    def irreps(self) -> tuple[Irrep, ...]:
        """Of the group; above `rhoset.explaining.large.LARGE_ORDER` those that occur."""
        from rhoset.explaining.analysis import structure
        from rhoset.explaining.large import LARGE_ORDER

        small = self.given is None and self.subject.network.order <= LARGE_ORDER
        return structure(self.subject.network)[0] if small else self.circuits.irreps

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
    def size(self) -> Array:
        """(m + 1,) root mean square of every activation over `SAMPLE_PAIRS` pairs; of the bias neuron 1.

        The pairs are drawn one by one: over all y for a few x a neuron that reads little from those x would look dead.
        """
        x, y = np.random.default_rng(SAMPLE_SEED).integers(0, self.subject.network.order, (2, SAMPLE_PAIRS))
        hidden = self.model.hidden(x, y, "float64").value
        return np.asarray(np.sqrt(np.square(hidden).mean(axis=0)))

    @cached_property
    def mixed(self) -> writing.Dictionary:
        """Slots where circuits give small ρ-sets, whole irreps elsewhere."""
        return self._terms("mixed")

    @cached_property
    def spanned(self) -> writing.Dictionary:
        """The same for plans that evaluate most logits: slots only where that stays cheaper."""
        return self._terms("spanned", self.mixed)

    @cached_property
    def whole(self) -> writing.Dictionary:
        """Whole irreps only."""
        return self._terms("whole", self.__dict__.get("mixed"))

    @cached_property
    def slots(self) -> writing.Dictionary:
        """Slots only."""
        return self._terms("slots")

    def _terms(self, kind: str, like: writing.Dictionary | None = None) -> writing.Dictionary:
        self.reckoned += TERMS
        return writing.dictionary(self.circuits, self.size, kind, like)

    def _steps(self, certificate: Certificate, rules: Rules, xs: int) -> tuple[float, float]:
        """Seconds that a look at so many x is reckoned to take: once, and for the x, but for what gaps leaves open."""
        gaps, spent, blocks = certificate.gaps, rules.budget.spent, len(certificate.blocks)
        once = 0.0 if gaps is None else POINT * len(np.unique(np.stack([gaps.block, gaps.point]), axis=1).T)
        groups = [] if rules.gaps is None else rules.gaps.groups
        once += EACH if gaps is not None and gaps.joins is not None else 0.0
        once += GROUP * sum(spent[f"gaps {g}"] > 0 for g in range(len(groups)))
        if rules.pairs is None:
            return once, 0.0
        opened = [spent[f"pairs {g}"] * len(w) for g, w in enumerate(rules.pairs.groups)]
        each = xs * blocks * BLOCK + np.count_nonzero(opened) * GROUP + sum(opened) * OUTPUT
        return once + LOOK + AT_ONCE * blocks * BLOCK, float(each)

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

    def prepared(self, certificate: Certificate) -> Rules:
        """The checker's rules; blocks that were proved before are not proved again. Raises `Rejected`."""
        return prepare(certificate, self.model, lambda stored, *_: self.block(stored))

    def block(self, stored: SlotTensors | MatrixTensors) -> Block:
        """A block as the checker proves it, once. Raises `Rejected`."""
        if id(stored) not in self._proved:
            name = f"block of {len(stored.neurons)} neurons"
            self._proved[id(stored)] = stored, build_block(stored, self.model.group, self.model.width, name)
        return self._proved[id(stored)][1]

    @cached_property
    def _proved(self) -> dict[int, tuple[SlotTensors | MatrixTensors, Block]]:
        """By the stored block's identity; it is kept so that no other gets its number."""
        return {}

    def estimate(self, name: str, certificate: Certificate, pairs: int = SAMPLE_PAIRS) -> Estimate:
        """Cost and bound by the checker's own rules on rows of pairs; an infinite cost where it rejects."""
        n = self.subject.network.order
        x, _ = self.sample(pairs)
        share = n * n / len(x)
        begin = time.perf_counter()
        try:
            rules = self.prepared(certificate)
            ready = time.perf_counter()
            for what in ("work", "span", "exact"):
                setattr(rules.budget, what, getattr(rules.budget, what) / share)
            margins, losses = [], []
            rows = rows_at_once(n, self.subject.network.width)
            for start in range(0, len(x) // n, rows):
                found = settle(rules, x[::n][start : start + rows])
                margins.append(found.margin)
                losses.append(found.loss)
        except Rejected:
            return Estimate(name, float("inf"), 0.0, float("inf"), float("inf"))
        end = time.perf_counter()
        counted = count(certificate, Shape.of(self.subject.weights), rules.budget.spent, Facts.of(certificate, rules))
        spent = rules.budget.spent
        cost = counted.total(n, spent["pairs"] * share, share) / self.subject.exhaustive
        right = float((np.concatenate(margins) > 0).mean())
        loss = float(np.concatenate(losses).mean())
        seconds = ready - begin + (end - ready) * share
        outputs = 0 if rules.gaps is None else sum(spent[f"gaps {g}"] * len(w) for g, w in enumerate(rules.gaps.groups))
        singly = outputs * OUTPUT + spent["singles"] * self.subject.network.width * SINGLY
        left = share * singly + spent["whole"] / len(x) * self.subject.exhaustive_seconds
        once, each_x = self._steps(certificate, rules, len(x) // n)
        self.reckoned += once + each_x + left / share
        check = once + each_x * share + left
        return Estimate(name, cost, right, loss, seconds, spent["span"] / len(x), spent["exact"] / len(x), left, check)
