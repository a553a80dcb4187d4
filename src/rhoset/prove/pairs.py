"""Plans with rule `pairs`: how much to write, how to bound the rest, what to compare with; halved by estimates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rhoset.counting import Facts, Shape, count
from rhoset.prove import nearness, writing
from rhoset.prove.certificates import BARE
from rhoset.prove.features import representable
from rhoset.prove.grouping import regrouped
from rhoset.prove.search import FEW, Candidate, Search
from rhoset.prove.wish import Wish
from rhoset_check.blocks import Block, differences
from rhoset_check.files import Certificate, MatrixTensors, Plan, SlotTensors
from rhoset_check.near import Rejected

DETAIL = (0.003, 0.01, 0.03, 0.1)
"""How much a term must save, see `writing.choose`."""
START = 2
"""Place of the detail where the search starts; it goes to the finer and the coarser ones as long as that helps."""
HARD = 0.5
"""Where the first look finds nothing below this share of exhaustive, all finer details are looked at, and the additive
part without references."""
NEARER = (0.75, 1.4)
"""Details beside the best one, as multiples of it; the second is looked at where the first is no better."""
SAMPLES = 24
"""Elements averaged for the additive part of the activations: few miss part of it (or, evenly spaced, take one
frequency for another), many cost 2/n² of exhaustive work each."""
SAMPLINGS, MANY_SINGLY = (12, 40), 0.1
"""Other numbers of them, one of which is tried on the best plan: more where at least this part of its pairs is left to
exact evaluation and it has references. Without, more have saved a part in 500."""
SAVED = 0.01
"""Without references fewer samples are tried where they save more than this part of what the plan costs."""
KEPT = 1.03
"""Another way of bounding is looked at in other details where it costs at most so many times the best so far: finer and
coarser details help both alike."""
SPARED = 0.1
"""A plan with references is tried without the additive part where it costs less: taking that part off is 0.03 of
exhaustive work on S5, so that elsewhere little is to be had."""
LARGE = 2048
"""Groups of more elements get neither tables of n² numbers (an additive part) nor n² labels."""
CLUSTERS = (1, 8)
"""References tried beside one, as multiples of n."""
MANY_MORE = 0.75
"""The next multiple is tried where the one before brought the cost below this part of what it was: 8n, which all pairs
are compared with, have lost to n wherever n saved less."""
CENTRES_UP_TO = 512
"""... in groups of at most so many elements, where exact evaluation settles the rest: finding them took 1.5 times the
exhaustive check on S6 and saved a twentieth."""
CENTRES = 4e-6
"""Seconds that n references take for each pair of inputs: all are carried and labelled."""
WORTH = 0.02
"""More references are tried where more than this share of the pairs has logits evaluated."""


@dataclass(frozen=True)
class Mode:
    """How rule pairs bounds: `samples` for the additive part (0: none), `own` part of the right answer evaluated,
    with references or without."""

    samples: int
    own: bool
    references: bool

    def __str__(self) -> str:
        rest = "centred" if self.samples else "norm" if self.own else "plain"
        return f"{rest}{', references' if self.references else ''}"


@dataclass(frozen=True, eq=False)
class Written:
    """Blocks as a certificate holds them and as the checker builds them, with weights for what they leave."""

    stored: tuple[SlotTensors | MatrixTensors, ...]
    proved: tuple[Block, ...]
    scale: np.ndarray

    @property
    def features(self) -> int:
        return sum(len(block.writing) for block in self.proved)


Key = tuple[float, Mode]
Found = dict[Key, Candidate]
"""Candidates by detail and mode."""


@dataclass(eq=False)
class PairsSearch:
    """Plans `pairs[, exact]` with one dictionary."""

    search: Search
    method: str
    dictionary: writing.Dictionary
    wanted: Wish
    references: tuple[bool, ...] = (True, False)
    """Whether with references, without, or both are tried."""
    span: bool = True
    exact: bool = True

    @cached_property
    def _written(self) -> dict[float, Written | None]:
        return {}

    def written(self, detail: float) -> Written | None:
        """The blocks of a detail; None when no term is worth its cost or the checker refuses them."""
        if detail not in self._written:
            self._written[detail] = self._write(detail)
        return self._written[detail]

    def _write(self, detail: float) -> Written | None:
        stored = tuple(writing.blocks(self.dictionary, writing.choose(self.dictionary, detail)))
        if not stored:
            return None
        try:
            proved = tuple(map(self.search.block, stored))
        except Rejected:
            return None
        return Written(stored, proved, nearness.residual_scale(self.search.model, proved, self.search.size))

    def looked(self, detail: float, mode: Mode, pairs: int = FEW, so_far: float = np.inf) -> Found:
        """The candidate, under what it was made from; nothing where nothing is written, where the plan is sure to cost
        more than another, or where the search has taken what it may."""
        written = self.written(detail) if self.search.may() else None
        if written is None or (so_far < np.inf and self.least(written, mode) > so_far):
            return {}
        name = f"{self.method}: detail {detail:.3g}, {mode}"
        return {(detail, mode): self.search.candidate(name, self.certificate(written, mode), pairs)}

    def least(self, written: Written, mode: Mode) -> float:
        """Share of exhaustive work that a plan takes if no pair is evaluated from all neurons; with references, if no
        logit in the span is evaluated either. No pair is looked at."""
        subject, n = self.search.subject, self.search.subject.network.order
        made = subject.certificate(self.method, self._plan(mode), blocks=written.stored)
        open_ = 0 if mode.references or not self.span else n * n
        spent = {"pairs": n * n, "pairs open": open_, "pairs 0": open_, "span 0": open_}
        others = np.delete(np.arange(n), e := self.search.model.group.identity)
        facts = Facts.together(made, differences(written.proved, e, others).value) if open_ else Facts()
        return count(made, Shape.of(subject.weights), spent, facts).total(n, n * n) / subject.exhaustive

    def certificate(self, written: Written, mode: Mode, clusters: int = 1) -> Certificate:
        """Rule pairs, and exact where that is allowed."""
        made = self.search.subject.certificate(
            self.method, self._plan(mode), blocks=written.stored, scale=written.scale
        )
        return self._referenced(made, written, clusters) if mode.references else made

    def _plan(self, mode: Mode) -> Plan:
        n = self.search.subject.network.order
        return replace(
            BARE, pairs=True, work=self.search.subject.work, samples=min(mode.samples, n), own=mode.own,
            singles=self.search.singles if self.exact else 0, span_pairs=None if self.span else 0,
            exact_pairs=None if self.exact else 0,
        )  # fmt: skip

    def _referenced(self, made: Certificate, written: Written, clusters: int) -> Certificate:
        """The certificate with references: the mean of Q over some pairs, or centres over all."""
        model, blocks = self.search.model, written.proved
        n, e = model.order, model.group.identity
        distance, labels = nearness.distances(blocks, e, n), None
        if clusters <= 1:
            x, y = self.search.sample(FEW)
            references = nearness.transported(model, blocks, x, y).mean(axis=0, dtype=np.float64)[None]
            least = nearness.margins(blocks, e, n, references)[:, 0]
        else:
            x, y = np.divmod(np.arange(n * n), n)
            states = nearness.transported(model, blocks, x, y)
            label, references = nearness.cluster(states, nearness.block_scale(blocks, distance), clusters)
            labels = label.reshape(n, n)
            least = np.median(nearness.margins(blocks, e, n, references), axis=1)
        groups = nearness.output_groups(least, distance, e)
        return replace(made, references=representable(references), labels=labels, groups=groups)

    @property
    def modes(self) -> list[Mode]:
        """Ways of bounding: with the additive part taken off where there is a table for it."""
        samples = 0 if self.search.subject.network.order > LARGE else SAMPLES
        return [Mode(samples, True, references) for references in self.references]

    def first(self, so_far: float = np.inf) -> Found:
        """Every mode at the first detail, on few pairs, where it may be followed beside a plan of cost `so_far`; with
        the additive part left where that may be shorter."""
        found: Found = {}
        for mode in self.modes:
            found |= self.looked(DETAIL[START], mode, so_far=KEPT * min(so_far, self.cost(found)))
            if mode.samples and mode.references and any(c.estimate.cost < SPARED for c in found.values()):
                found |= self.looked(DETAIL[START], Mode(0, True, True))
        return found

    def run(self, first: Found | None = None) -> list[Candidate]:
        """Candidates worth choosing from, estimated on the whole sample; `first` is that of `first()`, if at hand.

        All modes at one detail on few pairs; the best one at finer and coarser details, while that helps, another where
        it is near then, and details near the best of these; then groups of outputs, references and numbers of samples
        that suit the best.
        """
        found = dict(self.first() if first is None else first)
        if found and self.best(found)[0] == DETAIL[START]:
            self._details(found, self.best(found)[1], found[self.best(found)].estimate.cost > HARD)
        hard = not found or found[self.best(found)].estimate.cost > HARD
        for mode in self._others(found, hard):
            self._details(found, mode, hard)
        if not found:
            return []
        detail, mode = self.best(found)
        for factor in self._nearer(found, detail, mode):
            found |= self.looked(detail * factor, mode, so_far=self.cost(found))
            if self.best(found) != (detail, mode):
                break
        return self.refined(*self.best(found), found[self.best(found)])

    def _nearer(self, found: Found, detail: float, mode: Mode) -> tuple[float, ...]:
        """`NEARER`, first the side of the cheaper neighbour, or that where there is none."""
        place = DETAIL.index(detail)
        beside = [(DETAIL[j], mode) if 0 <= j < len(DETAIL) else None for j in (place - 1, place + 1)]
        finer, coarser = (self.wanted.rank(found[key]) if key in found else (-1.0, 0.0) for key in beside)
        return NEARER if finer < coarser else NEARER[::-1]

    def best(self, found: Found) -> Key:
        """What the best of some candidates was made from."""
        return min(found, key=lambda key: self.wanted.rank(found[key]))

    def cost(self, found: Found) -> float:
        """What the best of some plans costs: another is not looked at where it is sure to cost more. Infinite where
        plans may prove less than the true accuracy, or where seconds count."""
        all_prove = self.exact and self.span and self.wanted.objective == "operations"
        return found[self.best(found)].estimate.cost if found and all_prove else np.inf

    def _details(self, found: Found, mode: Mode, hard: bool) -> None:
        """Look at coarser and finer details, while that helps; at finer ones only where a coarser one did not help, at
        all of them where it is hard."""
        for step in (1, -1):
            place = START + step
            while 0 <= place < len(DETAIL):
                if (DETAIL[place], mode) not in found:
                    found |= self.looked(DETAIL[place], mode, so_far=self.cost(found))
                helped = bool(found) and self.best(found) == (DETAIL[place], mode)
                if not helped and not (hard and step < 0):
                    break
                place += step
            if place > START + 1 and not hard:
                return

    def _others(self, found: Found, hard: bool) -> list[Mode]:
        """The next best mode, where it is near the best; the last one of all, where it is hard."""
        modes = list(dict.fromkeys(mode for _, mode in sorted(found, key=lambda key: self.wanted.rank(found[key]))))
        best = {mode: min((c for (_, m), c in found.items() if m == mode), key=self.wanted.rank) for mode in modes}
        near = [mode for mode in modes[1:2] if self._near(best[modes[0]], best[mode])]
        return [mode for mode in dict.fromkeys([*near, *(self.modes[-1:] if hard else [])]) if mode not in modes[:1]]

    def _near(self, best: Candidate, other: Candidate) -> bool:
        (proved, price), (also, more) = self.wanted.rank(best), self.wanted.rank(other)
        return also <= proved + 0.05 and more <= KEPT * price

    def refined(self, detail: float, mode: Mode, first: Candidate) -> list[Candidate]:
        """The candidate, of which `first` was the look, on the whole sample: with more references where pairs are left
        to them, else with groups that suit it; with other samples. Itself where none of this can help."""
        written = self.written(detail)
        if written is None:
            return []
        fewer = 2 * (SAMPLES - SAMPLINGS[0]) > SAVED * first.estimate.cost * self.search.subject.network.order**2
        if not self.search.may() or not (mode.references or (mode.samples and fewer)):
            return [first]
        name = f"{self.method}: detail {detail:.3g}, {mode}"
        out = self._clustered(name, written, mode, first) if mode.references else []
        if not out:
            out = [self.search.candidate(name, self.certificate(written, mode))]
            out += self._regrouped(out[0]) if mode.references else []
        best = min(out, key=self.wanted.rank)
        if self.search.may() and mode.samples and best.estimate.span + best.estimate.exact > WORTH:
            out += self._resampled(best)
        return out

    def _regrouped(self, made: Candidate) -> list[Candidate]:
        try:
            certificate = regrouped(self.search, made.certificate)
        except Rejected:
            return []
        return [self.search.candidate(f"{made.name}, grouped", certificate)]

    def _clustered(self, name: str, written: Written, mode: Mode, so_far: Candidate) -> list[Candidate]:
        out: list[Candidate] = []
        n = self.search.subject.network.order
        for multiple in CLUSTERS:
            last = out[-1] if out else so_far
            settled = self.exact or last.estimate.accuracy == 1
            open_ = last.estimate.span + last.estimate.exact
            large = n > (CENTRES_UP_TO if self.exact else LARGE) or multiple * n * written.features > 1 << 24
            seconds = CENTRES * n * n * multiple
            if large or (settled and open_ < WORTH) or not self.search.may(seconds):
                break
            self.search.reckoned += seconds
            try:
                made = self.certificate(written, mode, multiple * n)
                out.append(self.search.candidate(f"{name}, {multiple * n} references", regrouped(self.search, made)))
            except Rejected:
                break
            if settled and self.wanted.price(out[-1].estimate) > MANY_MORE * self.wanted.price(last.estimate):
                break
        return out

    def _resampled(self, best: Candidate) -> list[Candidate]:
        """With fewer samples, or with more where many outputs are left to single evaluation."""
        many = best.estimate.exact > MANY_SINGLY
        if self.search.subject.network.order < SAMPLINGS[many] or (many and best.certificate.references is None):
            return []
        plan = replace(best.certificate.plan, samples=SAMPLINGS[many])
        return [self.search.candidate(f"{best.name}, {plan.samples} samples", replace(best.certificate, plan=plan))]
