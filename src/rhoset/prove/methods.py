"""The methods by name, each a search for its best plans; and how `auto` chooses among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from rhoset.errors import RhosetError
from rhoset.prove import lowrank as lowranks
from rhoset.prove import points as writings
from rhoset.prove import quick
from rhoset.prove.circles import circles
from rhoset.prove.search import FEW, SAMPLE_PAIRS, Candidate, Estimate, Search
from rhoset.prove.wish import Wish
from rhoset_check.files import Certificate
from rhoset_check.limits import rows_at_once

GIVE_UP = 0.95
"""A plan expected to cost more than this share of exhaustive work is not worth its risk: exhaustive is certain."""
TINY = 24
"""Up to this order every method is tried: a look takes milliseconds, and first looks say little."""
DEAR = 0.1
"""Rule lowrank is looked at where the best plan so far costs more: it takes as much to compare all outputs."""
GOOD = 0.03
"""Below this share of exhaustive operations no further plan is looked for."""
ROWS, ENTRY = 3.5e-3, 5.2e-9
"""Seconds that rule gaps takes for rows of pairs that are settled at once, and for each entry of its tables, as
measured on orders 120 and 720. Sizes decide, not a stopwatch, so that the same network gets the same plan on a busy
machine."""
LEFT = 0.02
"""Seconds that pairs left open must take before single outputs, which may close them, are looked at on the clock."""
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
    """Neurons write their part in their own irreps, the logits of these exactly."""
    return lowranks.by_irreps(search)


def equivariant(search: Search, wanted: Wish) -> list[Candidate]:
    """Rule gaps for all x together, from how near the network is to equivariance; what is left open, exactly."""
    looks = [(look, mode) for look in quick.looks(search) for mode in (quick.EVEN, quick.CENTRED)]
    return [
        search.candidate(look.name(mode), _named("equivariant", look.certificate(mode)), FEW) for look, mode in looks
    ]


def lowrank(search: Search, wanted: Wish) -> list[Candidate]:
    """Few sums of activations, from which all outputs follow but for a bound; what is left open, exactly."""
    return lowranks.lowrank(search)


def points(search: Search, wanted: Wish) -> list[Candidate]:
    """What neurons write as functions of points, activations pair by pair; what is left open, exactly."""
    return [made.candidate() for made in writings.looks(search)]


def around(search: Search, wanted: Wish) -> list[Candidate]:
    """Neurons that read waves, in groups whose irreps have at most two dimensions: n² steps for each wave."""
    return circles(search)


def orbit(search: Search, wanted: Wish) -> list[Candidate]:
    """Rule gaps in its forms, never an exact evaluation: what orbits prove by themselves."""
    seen = quick.looks(search)
    made = [look.plain(mode, FEW) for look in seen for mode in quick.MODES]
    made += [look.each() for look in seen if look.read_well and look.points.max() > 1]
    bare = ((c.name, replace(c.certificate, method="orbit", exact=0)) for c in made)
    return [search.candidate(name, certificate) for name, certificate in bare]


def _named(method: str, certificate: Certificate) -> Certificate:
    return replace(certificate, method=method)


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
    "points": points,
    "lowrank": lowrank,
    "irrep": irrep,
    "equivariant": equivariant,
    "orbit": orbit,
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
    """What should be quickest, search included: gaps where the weights, or for larger groups a few x, say so; else
    exhaustive."""
    whole, subject = search.subject.exhaustive, search.subject
    if wanted.exact and whole < LOOKED_AT:
        return _by_weights(search)
    plain = quick.exhaustive(search, FEW if wanted.exact else SAMPLE_PAIRS)
    if whole < SMALL:
        return plain
    looks, best = quick.looks(search, 1 if whole < LOOKED_AT else 2), list[tuple[float, Candidate]]()

    def least() -> float:
        return min((GIVE_UP, *(share for share, _ in best)))

    def ways() -> Iterator[tuple[float, Callable[[], Candidate]]]:
        for look in looks:
            yield from ((_sure(look), partial(look.on_the_clock, mode, LEFT)) for mode in look.modes())
        if whole >= LOOKED_AT and least() > writings.FROM:
            yield from ((made.seconds, partial(made.on_the_clock, LEFT)) for made in writings.looks(search))

    for sure, way in ways():
        if sure < least():
            made = way()
            best.append((sure + made.estimate.left / subject.exhaustive_seconds, made))
    share, found = min(best, key=lambda one: one[0], default=(np.inf, None))
    if found is None or share >= GIVE_UP:
        return plain
    return [at_clock(found, share, plain[0].estimate), *plain]  # what is left open is evaluated: it proves as much


def _by_weights(search: Search) -> list[Candidate]:
    """The true accuracy where exhaustive checking is quick: by gaps where the weights alone say that it holds;
    exhaustive is there for when the checker takes no gaps."""
    seconds = search.subject.exhaustive_seconds
    plain = search.expected("exhaustive", search.subject.certificate("exhaustive"), 1.0, seconds)
    for look in quick.looks(search, 1) if search.subject.exhaustive >= SMALL else ():
        for mode in quick.ON_THE_CLOCK:
            if look.holds(mode) and (sure := _sure(look)) < GIVE_UP:
                return [look.promised(mode, sure * seconds), plain]
    return [plain]


def _sure(look: quick.Look) -> float:
    """What rule gaps is sure to take of the seconds of exhaustive checking."""
    subject = look.search.subject
    n, at_once = subject.network.order, rows_at_once(subject.network.order, subject.network.width)
    return (-(-n // at_once) * ROWS + look.entries * ENTRY) / subject.exhaustive_seconds


def at_clock(made: Candidate, share: float, plain: Estimate) -> Candidate:
    """The candidate, expected to take this share of exhaustive's seconds and to prove what it does; they may have been
    estimated on different pairs."""
    return replace(made, estimate=replace(made.estimate, seconds=share * plain.seconds, accuracy=plain.accuracy))


def by_operations(search: Search, wanted: Wish) -> list[Candidate]:
    """What may have the shortest proof; exhaustive is always among them."""
    enough = 0.0 if wanted.exact else 1.0 if wanted.accuracy is None else wanted.accuracy
    if wanted.exact:  # all plans prove as much
        search.allowed = max(LEAST_SEARCH, ALLOWED * search.subject.exhaustive_seconds)

    def best(made: list[Candidate]) -> float:
        return min((c.estimate.cost for c in made if c.estimate.accuracy >= enough), default=np.inf)

    seen, tiny = quick.looks(search), search.subject.network.order <= TINY
    first = quick.gaps(seen[:1])
    made = [*first, *(circles(search) if best(first) >= GOOD else ())]
    made += quick.each(seen, best(made))
    far = any(quick.FAR * best(made) < c.estimate.cost < np.inf for c in first)  # then other readings are as far
    made += quick.gaps(seen[1:], best(made)) if quick.SHORT < best(made) < quick.HOPELESS and not far else []
    for way in writings.looks(search) if best(made) >= GOOD else ():
        likely = way.share < min(quick.CHEAPER * best(made), quick.HOPELESS)
        made += [way.candidate()] if likely and search.may() else []
    if best(made) >= (GOOD if tiny else DEAR):
        made += lowranks.lowrank(search, best(made))
        made += [*equivariant(search, wanted), *irrep(search, wanted)] if tiny else []
        if wanted.exact:
            made = [c for c in made if c.estimate.cost <= GIVE_UP]
    return [*made, *quick.exhaustive(search, FEW)]
