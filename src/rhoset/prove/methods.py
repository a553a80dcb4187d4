"""The methods by name, each a search for its best plans; and how `auto` chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rhoset.errors import RhosetError
from rhoset.prove import quick
from rhoset.prove.pairs import Mode, PairsSearch
from rhoset.prove.search import FEW, SAMPLE_PAIRS, Candidate, Search
from rhoset.prove.wish import Wish

GIVE_UP = 0.95
"""A plan expected to cost more than this share of exhaustive work is not worth its risk: exhaustive is certain."""
GOOD = 0.03
"""Below this share of exhaustive operations no further plan is looked for."""
CLOCK = 10
"""A multiply-add of rule gaps takes, at worst, so many times one of exhaustive's matrix product; measured 5 to 15 on
orders 60 to 120. Counts and not seconds decide, so that the same network gets the same plan on a busy machine."""
PAIRS_FROM = 500
"""On the clock rule pairs is looked at from this order on: below, whatever walks the pairs takes as long as brute
force (docs/prove.md, "On the clock")."""
SMALL = 5 * 10**7
"""Multiply-adds of exhaustive checking, five milliseconds or so, below which the clock allows no look elsewhere."""

Method = Callable[[Search, Wish], list[Candidate]]


def exhaustive(search: Search, wanted: Wish) -> list[Candidate]:
    """Every output of every pair; n³m."""
    return quick.exhaustive(search, SAMPLE_PAIRS)


def gaps(search: Search, wanted: Wish) -> list[Candidate]:
    """Right readings nearly constant on cosets; n²kq for k neurons on q points."""
    return quick.gaps(search)


def irrep(search: Search, wanted: Wish) -> list[Candidate]:
    """unembed in few irreps, the logits inside exactly: n²(mR + nR)."""
    return PairsSearch(search, "irrep", search.whole, wanted, references=(False,)).run()


def equivariant(search: Search, wanted: Wish) -> list[Candidate]:
    """Few irreps, and near bi-equivariance: n²(mR + Σd³)."""
    return PairsSearch(search, "equivariant", search.whole, wanted, references=(True,)).run()


def mixture(search: Search, wanted: Wish) -> list[Candidate]:
    """Slots where circuits give them, whole irreps for what is left."""
    searches = [PairsSearch(search, "mixture", search.mixed, wanted)]
    if search.mixed.shapes != search.spanned.shapes:
        searches.append(PairsSearch(search, "mixture", search.spanned, wanted))
    firsts = [one.first() for one in searches]
    nothing = (0.0, float("inf"))
    ranks = [min((wanted.rank(made) for made in first.values()), default=nothing) for first in firsts]
    chosen = ranks.index(min(ranks))
    return searches[chosen].run(firsts[chosen])


def orbit(search: Search, wanted: Wish) -> list[Candidate]:
    """Slot blocks alone, never an exact evaluation: every input compared with references, then the logits that the
    slots span."""
    if not search.explanation.circuits:
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
    """What should be quickest, search included: gaps where a few x say so, pairs for large groups, else exhaustive."""
    plain = quick.exhaustive(search, FEW if wanted.exact else SAMPLE_PAIRS)
    if search.subject.exhaustive < SMALL:
        return plain
    for reading in quick.readings(search)[:1]:
        for mode in quick.ON_THE_CLOCK:
            made = quick.of_reading(search, reading, mode)
            proved, share = made.estimate.accuracy >= plain[0].estimate.accuracy, made.estimate.cost * CLOCK
            if proved and share < GIVE_UP:
                return [at_clock(made, share * plain[0].estimate.seconds), *plain]
    if search.subject.network.order < PAIRS_FROM:
        return plain
    return [*_few_pairs(search, wanted), *plain]


def at_clock(made: Candidate, seconds: float) -> Candidate:
    """The candidate with an estimate of the seconds that comes from its count."""
    return replace(made, estimate=replace(made.estimate, seconds=seconds))


def _few_pairs(search: Search, wanted: Wish) -> list[Candidate]:
    """At most a handful of plans with rule pairs, on two x."""
    pairs = PairsSearch(search, "mixture", search.mixed, wanted)
    found: list[Candidate] = []
    for mode in (Mode(0, True, True), Mode(0, True, False)):
        for detail in (0.03, 0.1):
            found += pairs.looked(detail, mode, 1).values()
    return found


def by_operations(search: Search, wanted: Wish) -> list[Candidate]:
    """What may have the shortest proof; exhaustive is always among them."""
    enough = 1.0 if wanted.accuracy is None else wanted.accuracy
    made = quick.gaps(search)
    done = [c for c in made if c.estimate.accuracy >= enough and c.estimate.cost < GOOD]
    if not done:
        made += mixture(search, wanted)
        if wanted.exact:
            made = [c for c in made if c.estimate.cost <= GIVE_UP]
    return [*made, *quick.exhaustive(search, SAMPLE_PAIRS)]
