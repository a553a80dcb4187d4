"""The methods by name, each a search for its best plans; and how `auto` chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rhoset.errors import RhosetError
from rhoset.prove import quick
from rhoset.prove.circles import circles
from rhoset.prove.pairs import DETAIL, LARGE, SAMPLES, START, Found, Mode, PairsSearch
from rhoset.prove.search import FEW, SAMPLE_PAIRS, Candidate, Estimate, Search
from rhoset.prove.wish import Wish
from rhoset_check.files import rows_at_once

GIVE_UP = 0.95
"""A plan expected to cost more than this share of exhaustive work is not worth its risk: exhaustive is certain."""
TINY = 24
"""Up to this order every method is tried: a look takes milliseconds, and first looks say little."""
DEAR = 0.1
"""Where mixtures of slots and irreps cost more, whole irreps with references are tried as well; where circles do, or
prove less, all of these are."""
LIKELY = 1.3
"""A first look that costs so many times the best plan so far may still lead to a better one: 1.23 did, 1.4 and more did
not."""
BEHIND = 1.6
"""Where rule gaps leaves next to no pair open for so many times less than first looks at mixtures cost, they are not
searched; nor are whole irreps at the finest detail where a first look costs so many times the best plan so far."""
FINER = 0.25
"""Where the best plan so far costs more, much has to be written: a first look at the finest detail too."""
BOTH = (0.005, 0.6)
"""Parts of the pairs that rule gaps leaves open where rule pairs is tried on them."""
GOOD = 0.03
"""Below this share of exhaustive operations no further plan is looked for."""
ROWS, ENTRY = 3.5e-3, 5.2e-9
"""Seconds that rule gaps takes for rows of pairs that are settled at once, and for each entry of its tables, as
measured on orders 120 and 720. Sizes decide, not a stopwatch, so that the same network gets the same plan on a busy
machine."""
PAIRS_FROM = 500
"""On the clock rule pairs is looked at from this order on: below, whatever walks the pairs takes as long as brute
force (docs/prove.md, "On the clock")."""
NOISY = 4
"""Where readings cost more than so many times the typical margin, pairs is not looked at on the clock."""
LEFT = 0.02
"""Seconds that pairs left open must take before potentials and single outputs, which may close them, are looked at on
the clock."""
LOOKED_AT = 10**9
"""Multiply-adds of exhaustive checking from which on a look at some x pays, and one at a second reading."""
ALLOWED, LEAST_SEARCH = 16.0, 0.045
"""Seconds that the search for the shortest proof may take, as reckoned, over those of exhaustive checking, and at
least; what is begun is ended. The best plan so far is taken then."""
SMALL = 5 * 10**7
"""Multiply-adds of exhaustive checking, five milliseconds or so, below which the clock allows no look elsewhere."""

Method = Callable[[Search, Wish], list[Candidate]]


def exhaustive(search: Search, wanted: Wish) -> list[Candidate]:
    """Every output of every pair; n³m."""
    return quick.exhaustive(search, SAMPLE_PAIRS)


def gaps(search: Search, wanted: Wish) -> list[Candidate]:
    """Right readings nearly constant on cosets; n²kq for k neurons on q points.

    Last comes the plan that leaves everything open, which is exhaustive.
    """
    seen = quick.looks(search)
    made = quick.gaps(seen)
    made += quick.each(seen, min((c.estimate.cost for c in made), default=np.inf))
    return [*made, search.candidate("no gaps", search.subject.certificate("gaps"), FEW)]


def irrep(search: Search, wanted: Wish) -> list[Candidate]:
    """unembed in few irreps, the logits inside exactly: n²(mR + nR)."""
    return PairsSearch(search, "irrep", search.whole, wanted, references=(False,)).run()


def equivariant(search: Search, wanted: Wish) -> list[Candidate]:
    """Few irreps, and near bi-equivariance: n²(mR + Σd³)."""
    return PairsSearch(search, "equivariant", search.whole, wanted, references=(True,)).run()


def mixture(search: Search, wanted: Wish, so_far: float = np.inf) -> list[Candidate]:
    """Slots where circuits give them, whole irreps for what is left; the first looks where another plan, of cost
    `so_far`, is well ahead of them."""
    searches = [PairsSearch(search, "mixture", search.mixed, wanted)]
    if search.mixed.shapes != search.spanned.shapes:
        searches.insert(0, PairsSearch(search, "mixture", search.spanned, wanted, references=(False,)))
    firsts = list[Found]()
    for one in searches:
        firsts.append(one.first(min((so_far, *(other.cost(found) for other, found in zip(searches, firsts))))))
    nothing = (0.0, float("inf"))
    ranks = [min((wanted.rank(made) for made in first.values()), default=nothing) for first in firsts]
    chosen = ranks.index(min(ranks))
    found = firsts[chosen]
    if found and min(made.estimate.cost for made in found.values()) > BEHIND * so_far:
        return list(found.values())
    return searches[chosen].run(firsts[chosen])


def around(search: Search, wanted: Wish) -> list[Candidate]:
    """Neurons that read waves, in groups whose irreps have at most two dimensions: n² steps for each wave."""
    return circles(search)


def orbit(search: Search, wanted: Wish) -> list[Candidate]:
    """Slot blocks alone, never an exact evaluation: every input compared with references, then the logits that the
    slots span."""
    if not search.circuits.circuits:
        return []
    made = PairsSearch(search, "orbit", search.slots, wanted, references=(True,), span=False, exact=False).run()
    if max((c.estimate.accuracy for c in made), default=0.0) < 1:
        made += PairsSearch(search, "orbit", search.slots, wanted, exact=False).run()
    return made


def _baseline(name: str) -> Method:
    def missing(search: Search, wanted: Wish) -> list[Candidate]:
        raise RhosetError(
            f"method {name!r} is a baseline with a checker of its own: rhoset certify --method {name}, or"
            " rhoset.reproduce.certify_baseline;"
            f" methods are auto, {', '.join(m for m in METHODS if m not in BASELINES)}",
            slug="no-baseline",
        )

    return missing


BASELINES = ("coset", "paper")
"""Methods of earlier work; no certificate that `auto` makes uses them."""

METHODS: dict[str, Method] = {
    "exhaustive": exhaustive,
    "gaps": gaps,
    "circles": around,
    "irrep": irrep,
    "equivariant": equivariant,
    "orbit": orbit,
    "mixture": mixture,
    **{name: _baseline(name) for name in BASELINES},
}
"""Plans by method; `auto` chooses among them."""


def candidates(method: str, search: Search, wanted: Wish) -> list[Candidate]:
    """The candidates of a method.

    Raises RhosetError where the method is unknown (slug ``unknown-method``).
    """
    if method == "auto":
        return by_time(search, wanted) if wanted.objective == "time" else by_operations(search, wanted)
    if method not in METHODS:
        raise RhosetError(f"method {method!r}: must be auto, {', '.join(METHODS)}", slug="unknown-method")
    return METHODS[method](search, wanted)


def by_time(search: Search, wanted: Wish) -> list[Candidate]:
    """What should be quickest, search included: gaps where the weights, or for larger groups a few x, say so; pairs for
    large groups; else exhaustive."""
    whole, subject = search.subject.exhaustive, search.subject
    if wanted.exact and whole < LOOKED_AT:
        return _by_weights(search)
    plain = quick.exhaustive(search, FEW if wanted.exact else SAMPLE_PAIRS)
    if whole < SMALL:
        return plain
    looks, best = quick.looks(search, 1 if whole < LOOKED_AT else 2), list[tuple[float, Candidate]]()
    for look in looks:
        for mode in (mode for mode in quick.ON_THE_CLOCK if mode in look.modes()):
            sure = _sure(look, mode)
            if sure < min((GIVE_UP, *(share for share, _ in best))):
                made = look.on_the_clock(mode, LEFT)
                best.append((sure + made.estimate.left / subject.exhaustive_seconds, made))
    share, found = min(best, key=lambda one: one[0], default=(np.inf, None))
    if found is not None and share < GIVE_UP:  # what is left open is evaluated: it proves what exhaustive does
        return [at_clock(found, share, plain[0].estimate), *plain]
    if subject.network.order < PAIRS_FROM or any(look.reading.error > NOISY * look.reading.margin for look in looks):
        return plain
    return [*_few_pairs(search, wanted), *plain]


def _by_weights(search: Search) -> list[Candidate]:
    """The true accuracy where exhaustive checking is quick: by gaps where the weights alone say that it holds;
    exhaustive is there for when the checker takes no gaps."""
    seconds = search.subject.exhaustive_seconds
    plain = search.expected("exhaustive", search.subject.certificate("exhaustive"), 1.0, seconds)
    for look in quick.looks(search, 1) if search.subject.exhaustive >= SMALL else ():
        for mode in quick.ON_THE_CLOCK:
            if look.holds(mode) and (sure := _sure(look, mode)) < GIVE_UP:
                return [look.promised(mode, sure * seconds), plain]
    return [plain]


def _sure(look: quick.Look, mode: str) -> float:
    """What rule gaps is sure to take of the seconds of exhaustive checking."""
    subject = look.search.subject
    n, at_once = subject.network.order, rows_at_once(subject.network.order, subject.network.width)
    return (-(-n // at_once) * ROWS + look.entries(mode) * ENTRY) / subject.exhaustive_seconds


def at_clock(made: Candidate, share: float, plain: Estimate) -> Candidate:
    """The candidate, expected to take this share of exhaustive's seconds and to prove what it does; they may have been
    estimated on different pairs."""
    return replace(made, estimate=replace(made.estimate, seconds=share * plain.seconds, accuracy=plain.accuracy))


def _few_pairs(search: Search, wanted: Wish) -> list[Candidate]:
    """At most a handful of plans with rule pairs, on one x. What bounds leave open is evaluated from all neurons: a
    product is quicker than logits in the span, gathered output by output."""
    pairs = PairsSearch(search, "mixture", search.mixed, wanted, span=False)
    found: list[Candidate] = []
    for samples in (0, SAMPLES) if search.subject.network.order <= LARGE else (0,):
        for detail in (0.03, 0.1):
            found += pairs.looked(detail, Mode(samples, True, True), 1).values()
    return found


def by_operations(search: Search, wanted: Wish) -> list[Candidate]:
    """What may have the shortest proof; exhaustive is always among them."""
    enough = 1.0 if wanted.accuracy is None else wanted.accuracy
    if wanted.exact:
        search.allowed = max(LEAST_SEARCH, ALLOWED * search.subject.exhaustive_seconds)

    def best(made: list[Candidate]) -> float:
        return min((c.estimate.cost for c in made if c.estimate.accuracy >= enough), default=np.inf)

    seen, tiny = quick.looks(search), search.subject.network.order <= TINY
    made = quick.gaps(seen[:1])
    made += circles(search) if best(made) >= GOOD else []
    made += quick.each(seen, best(made))
    made += quick.gaps(seen[1:], best(made)) if quick.SHORT < best(made) < quick.HOPELESS else []
    if best(made) >= (GOOD if tiny else DEAR):
        mixtures = mixture(search, wanted, best(made))
        if tiny:
            mixtures += [*equivariant(search, wanted), *irrep(search, wanted)]
        so_far = min(best(made), best(mixtures), 1.0)
        mixtures += in_whole_irreps(search, wanted, so_far)
        made += [*mixtures, *both(search, made, mixtures, wanted)]
        if wanted.exact:
            made = [c for c in made if c.estimate.cost <= GIVE_UP]
    return [*made, *quick.exhaustive(search, FEW)]


def in_whole_irreps(search: Search, wanted: Wish, so_far: float) -> list[Candidate]:
    """As `equivariant`, with the additive part taken off: where circuits share the work, many references for whole
    irreps may settle more than slots do. Nothing where that is not likely to be cheaper than `so_far`."""
    if so_far < DEAR or search.subject.network.order > LARGE or not any(search.mixed.shapes):
        return []
    pairs = PairsSearch(search, "mixture", search.whole, wanted, references=(True,))
    first = pairs.looked(DETAIL[START], Mode(SAMPLES, True, True))
    if so_far > FINER and any(c.estimate.cost < BEHIND * so_far for c in first.values()):
        first |= pairs.looked(DETAIL[0], Mode(SAMPLES, True, True))
    return pairs.run(first) if any(c.estimate.cost < LIKELY * so_far for c in first.values()) else []


def both(search: Search, first: list[Candidate], then: list[Candidate], wanted: Wish) -> list[Candidate]:
    """The best plan of rule pairs on what rule gaps leaves open, where that is a part of the pairs; the next best where
    that helps."""
    known = [
        (c.estimate.exact, c.certificate.gaps)
        for c in first
        if c.certificate.gaps is not None and BOTH[0] < c.estimate.exact < BOTH[1]
    ]
    made = list[Candidate]()
    if not search.may():
        return made
    for _, gaps_ in sorted(known, key=lambda pair: pair[0])[:1]:
        whole = replace(gaps_, exact=np.ones(len(gaps_.exact), dtype=np.intp))  # weights serve rule pairs alone
        so_far = min((c.estimate.cost for c in (*first, *then)), default=np.inf)
        for best in sorted(then, key=wanted.rank)[:2]:
            certificate = replace(best.certificate, gaps=whole, plan=replace(best.certificate.plan, gaps=True))
            made.append(search.candidate(f"gaps, {best.name}", certificate))
            if made[-1].estimate.cost > so_far or not search.may():
                break
    return made
