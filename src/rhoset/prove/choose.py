"""Which candidate serves a wish, with how many pairs evaluated whole; judged by the checker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rhoset.prove.search import Candidate, Search
from rhoset.prove.subject import Judged, judged
from rhoset.prove.wish import Wish
from rhoset_check.files import Certificate

MARGIN = 0.003
"""An accuracy estimated on a sample may be off by this much: a plan must promise so much more."""
STAGED = 6
"""Plans of each kind whose bound is followed as their work grows."""
NEARLY = 1.1
"""A plan is run after another only where it is expected to take so many times less than that turned out to take."""
TRIES = 4
"""Runs of a plan with a growing limit of exact work before the limit is lifted."""


@dataclass(frozen=True, eq=False)
class Staged:
    """A plan's bound as the pairs grow that it evaluates whole: (cost, accuracy) without any and with all of them."""

    made: Candidate
    order: int
    base: tuple[float, float]
    full: tuple[float, float]

    def share_for(self, accuracy: float) -> float:
        """Share of these pairs that a bound is expected to need; infinite where all are too few."""
        if self.base[1] >= min(accuracy + MARGIN, 1.0):
            return 0.0
        gain = self.full[1] - self.base[1]
        if self.full[1] + MARGIN < accuracy or gain <= 0:
            return float("inf")
        return min(1.0, max(0.0, accuracy - self.base[1]) / gain)

    def cost_of(self, accuracy: float) -> float:
        """Expected cost of a bound."""
        share = self.share_for(accuracy)
        return self.base[0] + share * (self.full[0] - self.base[0]) if share <= 1 else share

    def share_within(self, budget: float) -> float:
        """Share of these pairs that a budget pays; negative where the plan costs more from the start."""
        return min(1.0, (budget - self.base[0]) / max(self.full[0] - self.base[0], 1e-12))

    def accuracy_for(self, budget: float) -> float:
        """Expected bound for a cost; −1 where the plan costs more from the start."""
        share = self.share_within(budget)
        return self.base[1] + share * (self.full[1] - self.base[1]) if share >= 0 else -1.0

    def limited(self, share: float) -> Certificate:
        """The certificate with this share of the pairs that it evaluates whole; all for 1 or more."""
        if share >= 1:
            return self.made.certificate
        return replace(self.made.certificate, exact=int(max(0.0, share * self.made.estimate.exact * self.order**2)))


def staged(search: Search, made: Candidate) -> Staged:
    """Estimate a plan without whole pairs as well."""
    estimate, n = made.estimate, search.subject.network.order
    full = estimate.cost, estimate.accuracy
    if estimate.exact <= 0:
        return Staged(made, n, full, full)
    if made.certificate.rule == "exact":
        return Staged(made, n, (0.0, 0.0), full)
    bare = search.candidate(f"{made.name}, no whole pairs", replace(made.certificate, exact=0)).estimate
    return Staged(made, n, (bare.cost, bare.accuracy), full)


def without_singles(search: Search, made: Candidate) -> list[Candidate]:
    """The plan, and if it bounds single outputs the same without."""
    if not made.estimate.single:
        return [made]
    return [made, search.candidate(f"{made.name}, pairs only", replace(made.certificate, singles=0))]


def choose(search: Search, made: Sequence[Candidate], wanted: Wish) -> Judged | None:
    """The plan that serves the wish best, judged; None when there is none that the checker takes."""
    possible = [c for c in made if c.estimate.cost < float("inf")]
    if wanted.exact:
        return _cheapest(search, sorted(possible, key=wanted.rank), wanted)
    known = [staged(search, one) for c in _promising(possible, wanted) for one in without_singles(search, c)]
    if wanted.budget is not None:
        return _within(search, known, wanted.budget, wanted.accuracy)
    assert wanted.accuracy is not None
    return _reach(search, known, wanted.accuracy)


def _cheapest(search: Search, made: Sequence[Candidate], wanted: Wish) -> Judged | None:
    """The first that the checker takes; where lengths count, of the first few the shortest of those that prove most."""
    best: tuple[int, float, Judged | None] = 0, float("inf"), None
    for candidate in made:
        if candidate.estimate.cost * NEARLY >= best[1] or (best[2] and not search.may(candidate.estimate.check)):
            continue
        search.reckoned += candidate.estimate.check
        found = judged(search.subject, candidate.certificate)
        if found is None:
            continue
        if wanted.objective == "time":
            return found
        best = min(best, (-found.verdict.right, found.cost.share, found), key=lambda made: made[:2])
    return best[2]


def _promising(made: Sequence[Candidate], wanted: Wish) -> list[Candidate]:
    """The plans that cost least in all, and those that leave least open."""
    whole = sorted(made, key=wanted.rank)[:STAGED]
    bounds = sorted(made, key=lambda c: c.estimate.single + c.estimate.exact)[:STAGED]
    return list({id(c): c for c in [*whole, *bounds]}.values())


def _reach(search: Search, known: Sequence[Staged], accuracy: float) -> Judged | None:
    for best in sorted(known, key=lambda s: (s.cost_of(accuracy), -s.full[1], s.full[0])):
        share = best.share_for(accuracy)
        for _ in range(TRIES):
            if share > 1:
                break
            found = judged(search.subject, best.limited(share))
            if found is None:
                break
            if found.verdict.accuracy_bound >= accuracy:
                return found
            gain = max(best.full[1] - best.base[1], MARGIN)
            share += 1.1 * (accuracy - found.verdict.accuracy_bound + MARGIN / 10) / gain + 0.01
        found = judged(search.subject, best.made.certificate)
        if found is not None:
            return found
    return None


def _within(search: Search, known: Sequence[Staged], budget: float, accuracy: float | None) -> Judged | None:
    subject, ceiling = search.subject, 2.0 if accuracy is None else accuracy
    for best in sorted(known, key=lambda s: (-min(s.accuracy_for(budget), ceiling), s.full[0])):
        share = best.share_within(budget)
        for _ in range(TRIES):
            if share < 0:
                break
            found = judged(subject, best.limited(share))
            if found is None:
                break
            over = found.cost.share - budget
            if over <= 0:
                return found
            share = min(share, 1.0) - 1.02 * over / max(best.full[0] - best.base[0], 1e-12) - 1e-4
    return None
