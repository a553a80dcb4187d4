"""Plans with rule `points`: what neurons write, as functions of where z takes the points of G-sets (THEOREMS.md,
Theorem 4).

A neuron writes at the points of one set, that which holds most of its row of unembed, by least squares. Sets are taken
one after another, each the one that leaves least, as readings do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from rhoset.counting import Shape, points_operations
from rhoset.errors import RhosetError
from rhoset.groups.cache import remembered
from rhoset.prove.features import balanced, representable
from rhoset.prove.gaps import Cosets, all_cosets
from rhoset.prove.lowrank import SAMPLES, aside
from rhoset.prove.search import FEW, Candidate, Search
from rhoset_check.files import PointsTensors
from rhoset_check.lowrank import additive
from rhoset_check.near import Array, Ints

MOST_NUMBERS, MOST_SETS = 320, 3
"""Sums of a pair, and sets: with more of them outputs themselves are not much dearer."""
ENOUGH, HOPELESS = 0.2, 2.25
"""What sets leave costs a margin so many times its typical size: no further set is looked for below the first, no plan
is made above the second: five of five networks had most pairs open there."""
NO_GAIN = 0.9
"""A further set that leaves more than this part of what the sets before it do is not taken: it only takes time."""
FROM = 0.03
"""The rule takes about so much of exhaustive's seconds at least (S7): plans that take less are not compared with it."""
PRICE = 0.005
"""What one sum more may cost, as a part of a typical margin."""
PAIR, ACTIVE, NUMBER, SUMMED = 5e-7, 2.5e-9, 1.3e-8, 4e-11
"""Seconds that the rule takes for a pair, for each activation, for each sum, and for each multiply-add of the sums, as
measured on order 720."""


@dataclass(frozen=True, eq=False)
class Written:
    """What neurons write at the points of some sets, and what plans with that are sure to take."""

    search: Search
    given: PointsTensors
    scale: Array

    @property
    def samples(self) -> int:
        """How many elements are averaged."""
        return min(SAMPLES, self.search.subject.network.order)

    @property
    def share(self) -> float:
        """Multiply-adds over exhaustive where no pair is left open."""
        shape = Shape.of(self.search.subject.weights)
        once, each, _ = points_operations(self.given, self.samples, shape)
        return (once + shape.order**2 * each) / shape.exhaustive

    @property
    def seconds(self) -> float:
        """The same by the clock, over what exhaustive checking takes."""
        n, m = self.search.subject.network.order, self.search.subject.network.width
        k = np.count_nonzero(self.given.writing.any(axis=0))
        once = n * m * (2 * self.samples * ACTIVE + 2 * n * SUMMED)
        pairs = n * n * (PAIR + m * ACTIVE + k * (NUMBER + m * SUMMED))
        return float((once + pairs) / self.search.subject.exhaustive_seconds)

    def candidate(self, singly: bool = True) -> Candidate:
        """Rule points, single outputs where they are wanted, then exact."""
        plan = {"scale": self.scale, "samples": self.samples, "singles": self.search.singles if singly else 0}
        sizes = " + ".join(str(len(images.T)) for images in self.given.actions)
        certificate = self.search.subject.certificate("points", "points", self.given, **plan)
        return self.search.candidate(f"points, {sizes}", certificate, FEW)

    def on_the_clock(self, dear: float) -> Candidate:
        """With single outputs where pairs left open take more than so many seconds, `dear`, and that takes less."""
        made = self.candidate(singly=False)
        return min(made, self.candidate(), key=lambda one: one.estimate.left) if made.estimate.left > dear else made


def looks(search: Search) -> list[Written]:
    """The set that leaves least of what neurons write, and with one and two more; none where that leaves too much, or
    subgroups are too many. Cost n m q² for each set of q points."""
    subject, unembed = search.subject, search.subject.model.unembed
    try:
        sets = [one for one in all_cosets(subject.network.group, "right") if 1 < one.size**2 <= MOST_NUMBERS]
    except RhosetError:
        return []
    (x, y, active), (rows, columns) = search.drawn, additive(subject.model, min(SAMPLES, subject.network.order))
    size = np.sqrt(np.square(active - rows[x] - columns[y]).mean(axis=0))  # of the bias 0
    ways = remembered("written at points", subject.network.group, lambda: [least_squares(one.action) for one in sets])
    found = [written(unembed, one.action, way) for one, way in zip(sets, ways, strict=True)]
    made, chosen = list[Written](), list[int]()

    def left(js: list[int]) -> Array:
        return np.asarray(np.sqrt(np.min([found[j][1] for j in js], axis=0)))

    def price(js: list[int]) -> float:
        return float(2.0 * (left(js) @ size) / np.sqrt(subject.network.order) / search.margin)

    while len(chosen) < min(MOST_SETS, len(sets)) and (not chosen or price(chosen) > ENOUGH):
        numbers = sum(sets[j].size ** 2 for j in chosen)
        more = [j for j in range(len(sets)) if j not in chosen and numbers + sets[j].size ** 2 <= MOST_NUMBERS]
        if not more:
            break
        best = min(more, key=lambda j: price([*chosen, j]) + PRICE * sets[j].size ** 2)
        if chosen and price([*chosen, best]) > NO_GAIN * price(chosen):
            break
        chosen = [*chosen, best]
        if price(chosen) <= HOPELESS:
            scale = balanced(left(chosen)[:-1], size[:-1])
            scale = np.append(scale, aside(float(left(chosen)[-1]), float(np.linalg.norm(left(chosen)[:-1] / scale))))
            given = _given(search, [sets[j] for j in chosen], [found[j] for j in chosen])
            made.append(Written(search, given, scale))
    return made


def indicators(place: Ints) -> Array:
    """(n, q·q): 1 where z takes point b to c."""
    return np.asarray(place[:, :, None] == np.arange(place.shape[1]), np.float64).reshape(len(place), -1)


def least_squares(place: Ints) -> Array:
    """(q·q, q·q) the pseudoinverse of the indicators' products, the same for all networks of a group."""
    features = indicators(place)
    return np.asarray(np.linalg.pinv(features.T @ features, hermitian=True))


def written(unembed: Array, place: Ints, way: Array) -> tuple[Array, Array]:
    """(rows, q·q) what rows (k, n) write at the points of a set, (n, q), by its `least_squares`; (k,)
    squared lengths of what that leaves."""
    features, rows = indicators(place), unembed - unembed.mean(axis=1, keepdims=True)
    found = rows @ features @ way
    return found, np.square(rows - found @ features.T).sum(axis=1)


def fewest(rows: Array) -> Array:
    """(k, q·q) the same written, but for a constant of each row, with nothing at the last point and in the last place:
    that are (q − 1)² sums."""
    table = rows.reshape(len(rows), isqrt(rows.shape[1]), -1)
    table = table - table[:, -1:] - (table[:, :, -1:] - table[:, -1:, -1:])
    return np.asarray(table.reshape(rows.shape))


def _given(search: Search, sets: list[Cosets], found: list[tuple[Array, Array]]) -> PointsTensors:
    """What the certificate says: each row at the points of the set that leaves least of it."""
    own = np.argmin([left for _, left in found], axis=0)
    writing = [np.where((own == j)[:, None], fewest(rows), 0.0) for j, (rows, _) in enumerate(found)]
    generators = np.asarray(search.subject.network.group.generators, dtype=np.intp)
    return PointsTensors(tuple(one.action[generators] for one in sets), representable(np.concatenate(writing, axis=1)))
