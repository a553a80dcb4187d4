"""Plans that need no explanation: exhaustive, and gaps read off the weights.

What decides is looked at before any plan is tried: how many multiply-adds a plan takes follows from the sizes of the
G-sets, and how much its means over fibres cost a margin from the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhoset.counting import Shape, even_operations
from rhoset.errors import RhosetError
from rhoset.groups import coset_means
from rhoset.prove.gaps import FEW_SETS, POINT_PRICES, GapReading, all_cosets, gap_readings, left_points
from rhoset.prove.search import EACH, FEW, SAMPLE_PAIRS, Candidate, Search
from rhoset_check.files import Certificate, EachTensors, GapTensors
from rhoset_check.near import Array, Ints

TYPES = 2
"""Points of the set by which rule even tells x apart: sign's, where circuits of sign or the bias are uneven."""
CHEAPER = 0.9
"""A mode is looked at where its tables take less than this part of the best plan so far."""
SHORT, HOPELESS = 0.03, 0.7
"""Further readings are looked at where the best plan so far costs between these: below there is little to gain, above
they were as hopeless."""
FEW_CENTRED, MOST = 1.07, 0.95
"""Up to that `by_means` only neurons that make this part of what means cost are centred. Measured on ten networks: no
pair was opened by it, and proofs took 0.95 of what they had taken; above, pairs are opened."""
MOST_SLOTS = 24
"""Points of the largest set that rule even is tried with: its tables grow with the fourth power."""
BY_MEANS, BY_CENTRES = 0.5, 2.25
"""Parts of the typical margin that means over fibres may cost (`Look.by_means`) where plans are tried that bound what
they leave neuron by neuron, and that take it apart: of 38 looks at more on networks of S5 none settled a pair."""
MOST_OPEN = 0.9
"""Part of the pairs left open from which on single outputs are not looked at on the clock: most would be open."""
SCATTERED_READINGS = 1.5
"""Readings may err by so many times the typical margin."""


def exhaustive(search: Search, pairs: int) -> list[Candidate]:
    """Every output of every pair; n³m. Estimated on so many pairs."""
    return [search.candidate("exhaustive", search.subject.certificate("exhaustive"), pairs)]


EVEN, CENTRED = "by slots", "by slots, the rest taken apart"
MODES = (EVEN, CENTRED)
"""How rule even takes what unembed's means over fibres leave: neuron by neuron; or what it does that depends on x, on y
or on xy alone as it is and the rest by Cauchy-Schwarz, n² a few times."""

BY_ITSELF = "by fibres, each x by itself"
"""By rule each: what circuits do is added up for every pair and output, in sums that points share."""
EACH_FROM = 0.035
"""Rule each is looked at where the best plan so far costs more: it compares every output, and takes 0.03 or more."""
DEAR_SUMS = 0.05
"""Where rule each costs more it is looked at with fewer G-sets too."""
FAR = 1.5
"""A first look that costs so many times the best plan so far leads to nothing."""

ON_THE_CLOCK = {EVEN: 0.4, CENTRED: 1.0}
"""The `Look.by_means` up to which each needs no look at pairs where readings are good. Measured on networks of S5,
own and by the published recipe: the first settled all pairs up to 0.40 and none at 0.51, the second all but a few up
to 0.8 and half of them at 1.2. What is left open is evaluated, so that a wrong guess costs time alone."""
GOOD_READINGS = 0.5
"""Readings are good where their error is less than this part of the typical margin."""


@dataclass(frozen=True, eq=False)
class Look:
    """A reading, and what its plans are sure to take."""

    search: Search
    reading: GapReading

    @property
    def points(self) -> Ints:
        """Of each G-set."""
        return np.array(self.reading.sizes)

    @cached_property
    def used(self) -> Ints:
        """For each point with neurons the number of its G-set."""
        most = int(self.points.max()) + 1
        used = np.unique(self.reading.block * most + self.reading.point) // most
        return np.asarray(used[used < len(self.points)])

    @property
    def columns(self) -> int:
        """Points with neurons: each takes the checker some steps."""
        return len(self.used)

    @property
    def entries(self) -> int:
        """Numbers in the tables of all x: each is compared with others."""
        slots = np.unique(np.stack([self.reading.block, self.reading.point, self.left[0]]), axis=1)[0]
        sizes = np.append(self.points, 0)[slots]
        return int(np.square(sizes).sum()) * self.search.subject.network.order

    @cached_property
    def left(self) -> tuple[Ints, float]:
        """(m,) points by which neurons read x, and the error of that."""
        return left_points(self.search.subject.network, self.reading)

    @cached_property
    def left_over(self) -> Array:
        """(m + 1,) length of what the means over fibres leave of each row of unembed; of the bias nothing."""
        reading, unembed = self.reading, self.search.subject.model.unembed
        found = np.zeros(len(unembed))
        for j, place in enumerate(reading.places):
            members = np.flatnonzero(reading.block == j)
            rows, at = unembed[members], place.T[reading.point[members]]
            found[members] = np.linalg.norm(rows - np.take_along_axis(coset_means(rows, at), at, axis=1), axis=1)
        idle = np.flatnonzero(reading.block == len(reading.places))  # as at one point, where the proofs put them
        found[idle] = np.linalg.norm(unembed[idle] - unembed[idle].mean(axis=1, keepdims=True), axis=1)
        return found

    @cached_property
    def by_means(self) -> float:
        """What bounding it costs a margin where the weights of the inequality are `balanced`, over a typical margin."""
        lengths, n = self.left_over * self.search.size, self.search.subject.network.order
        return float(2.0 * lengths.sum() / np.sqrt(n) / self.reading.margin)

    @property
    def read_well(self) -> bool:
        """Whether readings are near enough to points."""
        return self.reading.error <= SCATTERED_READINGS * self.reading.margin

    def modes(self) -> tuple[str, ...]:
        """Those that may hold, the cheapest first."""
        if self.points.max() > MOST_SLOTS or self.by_means > BY_CENTRES:
            return ()
        read = self.left[1] <= SCATTERED_READINGS * self.reading.margin
        return tuple(m for m, most in zip(MODES, (BY_MEANS, BY_CENTRES), strict=True) if read and self.by_means <= most)

    def holds(self, mode: str) -> bool:
        """Whether the weights alone say that the mode settles nearly all pairs."""
        most = GOOD_READINGS * self.reading.margin
        likely = self.points.max() <= MOST_SLOTS and self.reading.error <= most  # what is known without a look
        return bool(likely and self.by_means <= ON_THE_CLOCK[mode] and self.left[1] <= most)

    def share(self, mode: str) -> float:
        """Multiply-adds over exhaustive where no pair is left open."""
        shape, (given, places) = Shape.of(self.search.subject.weights), self.sets(mode)
        once, each_x = even_operations(given, shape, places)
        return (once + each_x * shape.order) / shape.exhaustive

    def tensors(self, mode: str) -> GapTensors:
        """What the certificate says of readings."""
        return self.sets(mode)[0]

    def sets(self, mode: str) -> tuple[GapTensors, tuple[Ints, ...]]:
        """What the certificate says of readings, and its sets' points under all elements. Where neurons are taken apart
        x is told apart by a set of two points: one is added where the reading has none."""
        reading, group = self.reading, self.search.subject.network.group
        actions, places, block = reading.actions, reading.places, reading.block
        if mode == BY_ITSELF:
            return EachTensors(actions, block, reading.point, self.left[0]), places
        if mode == EVEN:
            return GapTensors(actions, block, reading.point, self.left[0]), places
        two = [j for j, size in enumerate(reading.sizes) if size == TYPES]
        if not two:
            more = [one.action for one in all_cosets(group, reading.side) if one.size == TYPES][:1]
            two, block = [len(places)] * len(more), np.where(block == len(places), block + len(more), block)
            generators = np.asarray(group.generators, dtype=np.intp)
            actions, places = (*actions, *(place[generators] for place in more)), (*places, *more)
        types = (two[0], 0) if two else None
        centred = self.taken_apart.astype(np.intp)
        return GapTensors(actions, block, reading.point, self.left[0], types, centred), places

    def each(self, pairs: int = FEW) -> Candidate:
        """Rule each, then single outputs, then exact."""
        certificate = self.search.subject.certificate(
            "gaps", "gaps", self.tensors(BY_ITSELF), singles=self.search.singles
        )
        return self.search.candidate(self.name(BY_ITSELF), certificate, pairs)

    def certificate(self, mode: str, singly: bool = True) -> Certificate:
        """Rule even, then single outputs, where they are wanted, then exact."""
        singles = self.search.singles if singly else 0
        return self.search.subject.certificate("gaps", "gaps", self.tensors(mode), singles=singles)

    @cached_property
    def taken_apart(self) -> NDArray[np.bool_]:
        """(m,) neurons whose activations are centred, of sets of several points: where means cost little only those
        that make `MOST` of that, since each takes a step for every pair."""
        several = np.append(self.points, 0)[self.reading.block] > 1
        cost = np.where(several, (self.left_over * self.search.size)[:-1], 0.0)
        order = np.argsort(-cost)
        needed = np.cumsum(cost[order])[np.argsort(order)] - cost < MOST * cost.sum()
        return several & needed if self.by_means <= FEW_CENTRED else several

    @cached_property
    def centred(self) -> Array:
        """(m + 1,) root mean square of what activations are without their means over x and over y."""
        return np.asarray(np.sqrt(np.square(self.search.apart).mean(axis=0)))

    def name(self, mode: str) -> str:
        """What a plan is called."""
        sizes = " + ".join(map(str, sorted(self.reading.sizes, reverse=True)))
        return f"gaps, {sizes} points, {mode}"

    def plain(self, mode: str, pairs: int = SAMPLE_PAIRS, singly: bool = True) -> Candidate:
        """Rule even in one of the `MODES`."""
        return self.search.candidate(self.name(mode), self.certificate(mode, singly), pairs)

    def promised(self, mode: str, seconds: float) -> Candidate:
        """Rule even in a mode that `holds`, expected to take so many seconds; no pair is looked at."""
        certificate = self.certificate(mode, singly=False)
        return self.search.expected(self.name(mode), certificate, self.share(mode), seconds)

    def on_the_clock(self, mode: str, dear: float) -> Candidate:
        """Rule even in one of the `MODES`; with single outputs where pairs left open take more than so many seconds,
        `dear`, and that takes less."""
        made = self.plain(mode, singly=False)
        if made.estimate.left > dear and made.estimate.exact < MOST_OPEN:
            made = min(made, self.plain(mode), key=lambda one: one.estimate.left)
        return made


def looks(search: Search, most: int = len(POINT_PRICES)) -> list[Look]:
    """What the right readings are nearly functions of, the likeliest first, at most so many; none for groups that are
    too large."""
    network = search.subject.network
    if network.order < 2:
        return []
    try:
        return [Look(search, reading) for reading in gap_readings(network, most=most, margin=search.margin)]
    except RhosetError:  # too many subgroups
        return []


def gaps(seen: Sequence[Look], best: float = np.inf) -> list[Candidate]:
    """Right readings nearly constant on cosets; what is left open, exactly; where that may cost less than `best`."""
    made = list[Candidate]()
    for look in seen:
        for mode in look.modes():
            if look.share(mode) < CHEAPER * best and look.search.may():
                made.append(look.plain(mode, FEW))
                best = min(best, made[-1].estimate.cost)
        if not SHORT < best < HOPELESS:
            break
    return made


def each(seen: Sequence[Look], so_far: float) -> list[Candidate]:
    """Rule each by the first good reading, where the best plan so far costs more than `EACH_FROM`, and by one of fewer
    sets, where that is dear. Other readings gain three in a hundred at most."""
    look = next((look for look in seen if so_far > EACH_FROM and look.read_well and look.points.max() > 1), None)
    if look is None or not look.search.may():
        return []
    found, search = [look.each()], look.search
    if DEAR_SUMS < found[0].estimate.cost < FAR * so_far and search.may(EACH):
        fewer = Look(search, gap_readings(search.subject.network, most=1, margin=search.margin, set_price=FEW_SETS)[0])
        found += [fewer.each()] if fewer.read_well and len(fewer.points) < len(look.points) else []
    return found
