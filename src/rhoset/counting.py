"""How many multiply-adds a check takes, counted from shapes and from what each stage had to do. Nobody believes it.

The unit is one multiply-add, an addition, a comparison or an activation of one number; sums count the entries that are
not zero by the explanation's structure. The bias neuron, always 1, is not counted, as it is not in the exhaustive
n³m + n²m. Apart stands `Count.table`, what comes before any input is looked at: integers compared to prove that the
table is a group's and that permutations act, and left and right formed from factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rhoset.summaries import Shown
from rhoset_check.circles import NEAR
from rhoset_check.even import EvenRule
from rhoset_check.files import (
    Certificate,
    CircleTensors,
    GapTensors,
    LowRankTensors,
    PointsTensors,
    Unreadable,
    Weights,
    read_certificate,
    read_network,
)
from rhoset_check.gaps import Sums
from rhoset_check.group import permutation_action, prove_group
from rhoset_check.near import Rejected
from rhoset_check.settle import Rules
from rhoset_check.verdict import Verdict


@dataclass(frozen=True)
class Shape:
    """n elements, m neurons; `inner` is the width of the embedding of a network in factors, else 0."""

    order: int
    width: int
    inner: int = 0

    @staticmethod
    def of(weights: Weights) -> Shape:
        """Of a network as the checker read it."""
        inner = weights.tensors["embed_left"].shape[1] if weights.factored else 0
        return Shape(len(weights.table), len(weights.tensors["unembed"]), inner)

    @property
    def exhaustive(self) -> int:
        """n³m + n²m."""
        return self.order**2 * self.width * (self.order + 1)


@dataclass(frozen=True)
class Count:
    """Multiply-adds: done once; for each x; for each pair that rule lowrank looks at; in stages, as they were opened.

    `table` is what comes before: the group, its actions, and tables formed from factors.
    """

    once: int
    each_x: int
    each_pair: int
    stages: int
    table: int

    def total(self, xs: float, pairs: float, share: float = 1.0) -> float:
        """All of it for so many x and so many pairs in rule lowrank, `share` times the stages."""
        return self.once + self.each_x * xs + self.each_pair * pairs + self.stages * share


@dataclass(frozen=True, eq=False)
class Facts:
    """What the shapes of a certificate do not say, and its actions do.

    `places`: (n, q) the points of each set under all elements.
    """

    places: tuple[NDArray[np.intp], ...] = ()

    @staticmethod
    def of(rules: Rules) -> Facts:
        """From rules that the checker has prepared."""
        return Facts(tuple(rules.rule.actions)) if isinstance(rules.rule, EvenRule) else Facts()

    @staticmethod
    def by_actions(given: GapTensors, certificate: Certificate, weights: Weights) -> Facts:
        """From the certificate; cost: proving the group and its actions."""
        group = prove_group(weights.table, certificate.generators)
        return Facts(tuple(permutation_action(group, images, "gaps") for images in given.actions))


@dataclass(frozen=True, repr=False)
class Cost(Shown):
    """Of one check: multiply-adds, those of the exhaustive check, and what comes before both (`Count.table`)."""

    operations: int
    exhaustive: int
    table: int

    @property
    def share(self) -> float:
        """operations / exhaustive."""
        return self.operations / max(self.exhaustive, 1)


def cost(certificate: Certificate, weights: Weights, verdict: Verdict) -> Cost:
    """What the check that gave a verdict took; nothing where nothing was proved.

    Cost: where rule gaps ran, that of proving the group's actions; else next to none.
    """
    shape, spent = Shape.of(weights), verdict.spent
    if not verdict.valid:
        return Cost(0, shape.exhaustive, 0)
    given = certificate.given
    known = Facts.by_actions(given, certificate, weights) if isinstance(given, GapTensors) else Facts()
    found = count(certificate, shape, spent, known)
    return Cost(int(found.total(shape.order, spent.get("lowrank", 0))), shape.exhaustive, found.table)


def cost_of_files(certificate: Path, network: Path, verdict: Verdict) -> Cost:
    """`cost` of a verdict on two files, which are read again; zeros where one of them cannot be."""
    try:
        weights = read_network(network)
        shape = Shape.of(weights)
        if not verdict.valid:
            return Cost(0, shape.exhaustive, 0)
        if "operations" in verdict.spent:  # a baseline's checker counts itself
            return Cost(verdict.spent["operations"], shape.exhaustive, 0)
        return cost(read_certificate(certificate, shape.order, shape.width), weights, verdict)
    except (Unreadable, Rejected):
        return Cost(0, 0, 0)


def count(certificate: Certificate, shape: Shape, spent: Mapping[str, int], known: Facts) -> Count:
    """What the rules of a certificate take; `spent` is what the checker's `Budget` kept."""
    n, m, r, given = shape.order, shape.width, len(certificate.generators), certificate.given
    once, each_x, each_pair, table = 0, 0, 0, r * n * n + 2 * n * shape.inner * m
    stages = (spent.get("whole", 0) + spent.get("again", 0)) * m * (n + 1) + spent.get("singles", 0) * m
    if isinstance(given, GapTensors | PointsTensors):
        table += r * n * sum(images.shape[1] for images in given.actions)
    if isinstance(given, GapTensors):
        once, each_x = (each_operations if given.each else even_operations)(given, shape, known.places)
        stages += spent.get("open", 0) * n + spent.get("gaps own", 0) * m + spent.get("gaps singly", 0) * 5
    elif isinstance(given, CircleTensors):
        once, each = circles_operations(given, shape, r)
        once += spent.get("circles changes", 0)
        stages += spent.get("circles", 0) * each + spent.get("circles own", 0) * (2 * m + 4 * NEAR)
        stages += spent.get("open", 0) * 3 * n
    elif isinstance(given, LowRankTensors):
        once, each_pair = lowrank_operations(given, certificate.samples, shape)
    elif isinstance(given, PointsTensors):
        once, each, each_pair = points_operations(given, certificate.samples, shape)
        stages += spent.get("points", 0) * each
        stages += min(spent.get("lowrank", 0), spent.get("points", 0) // n) * n * m  # what x does to all outputs
    return Count(once, each_x, each_pair, stages, table)


def circles_operations(given: CircleTensors, shape: Shape, r: int) -> tuple[int, int]:
    """(once, each pair) of rule circles for r generators, but for terms that come and go.

    Once: the representations; readings sorted and merged, both ways; for each pair and number that is written two by
    prefix sums, added; parabolas, what is not written and its lengths, readings as waves and products of these; the two
    tables of what x and y do; what is expected of every pair and output, sorted. Each pair: what x and y do taken off
    its sums, which are turned, added up, and their distance from what is expected; the right answer's logit, and the
    bounds of the nearest rivals.
    """
    n, m, circles = shape.order, shape.width, len(given.matrices)
    walks = [given.writing[given.reads == j].any(axis=0) for j in np.unique(given.reads)]
    once = 8 * (1 + r) * n * circles + 4 * n * m * ceil(log2(max(n, 2))) + 3 * n * n * sum(int(w.sum()) for w in walks)
    once += 3 * n * int(np.count_nonzero(given.writing)) + 2 * n * n * (m + 2) + 35 * n * m
    once += n * n * (2 * circles + ceil(log2(max(n, 2))))
    return once, 17 * circles + 8 + 4 * min(NEAR, n)


def points_operations(given: PointsTensors, samples: int, shape: Shape) -> tuple[int, int, int]:
    """(once, each pair, each pair that rule lowrank looks at) of rule points.

    Once: what is not written, its lengths, and how the sums lie to it; what is believed of activations, what of unembed
    it meets, and what of that is not written. Each pair: its hidden vector, the sums, the right answer, what is
    believed taken off, the length of that; numbers that are summed added both ways, evened and compared; gaps sorted,
    and added for every kind of w: of these there are as many at least as the largest set has points. Then as rule
    lowrank, but that an output is a sum of one number for each point.
    """
    n, m, k, written = shape.order, shape.width, given.writing.shape[1], int(np.count_nonzero(given.writing))
    sizes = [images.shape[1] for images in given.actions]
    points, steps = sum(sizes), sum(q * ceil(log2(q)) for q in sizes if q > 1)
    once = 2 * n * (written + m) + k * written + (2 * n * samples * m + 3 * n * n * m if samples else 0)
    gaps = 4 * k + 4 * points + steps + max(sizes) * (points + 4)
    return once, written + 6 * m + gaps, written + 5 * m + k + n * (points + 5)


def lowrank_operations(given: LowRankTensors, samples: int, shape: Shape) -> tuple[int, int]:
    """(once, each pair) of rule lowrank.

    Once: what is not written, its lengths, and how the sums lie to it; what is believed of activations, and what of
    unembed it meets. Each pair: its hidden vector, what is believed taken off, the length of that, the right answer,
    the sums and their length; for every output a product, what x and y do to it, and a comparison.
    """
    (n, k), m, written = given.features.shape, shape.width, int(np.count_nonzero(given.writing))
    once = 2 * n * (written + m) + k * written + (2 * n * samples * m + 2 * n * n * m if samples else 0)
    return once, written + 5 * m + k + n * (k + 5)


def even_operations(given: GapTensors, shape: Shape, places: Sequence[NDArray[np.intp]]) -> tuple[int, int]:
    """(once, each x) of rule even; `places` (n, q), each set's points under all elements.

    Once, for each neuron: the ends of what it reads and writes, at all pairs of points its activations, what these
    write at every third, and what readings cost. For all x the tables of slots, added by classes of x; gains, and their
    least. For all (y, w) and types the sums over points, their least and their exponentials. Of split neurons, also:
    what x, y and xy do alone, for each point and z, and its sums over points for all z; the rest at pairs of points,
    its length summed for all pairs, what of unembed it meets. Each x then: for all z and y the terms of the bound.
    """
    n, m = shape.order, shape.width
    centred = np.zeros(m, bool) if given.centred is None else given.centred > 0
    (home, _), types = given.types or (0, 0), 1 if given.types is None else places[given.types[0]].shape[1]
    once, apart, columns = 6 * n * m, int(centred.any()), list[NDArray[np.intp]]()
    for j, place in enumerate(places):
        mine = given.block == j
        c, b = (np.unique(part[mine]) for part in (given.point, given.left))
        if not len(c) and j != home:
            continue
        q, split, used, k = place.shape[1], int((mine & centred).sum()), max(1, len(c)), int(mine.sum()) + (j == home)
        rows, _ = sums_entries(place.T[b] if len(b) else place.T[:1])
        columns += list(place.T[c] if len(c) else place.T[:1])
        once += k * q * q * (q + 12) + used * q * (rows * (q + 2) + n * (2 * q + 3))
        once += split * (n * (2 * q + 4) + 9 * q * q) + apart * rows * (used * q + n)
    single, double = sums_entries(np.array(columns))
    return once + types * (double + 2 * n * n) + apart * 3 * n * single, n * (15 * apart + 1)


def sums_entries(places: NDArray[np.intp]) -> tuple[int, int]:
    """Additions of rule even's sums over points, for all elements and for all pairs of them."""
    sums, n = Sums(places), places.shape[1]
    sizes, more = [len(first) for *_, first in sums.steps], len(sums.last) - 1
    return sum(sizes) + n * more, sum(size * size for size in sizes) + n * n * more


def each_operations(given: GapTensors, shape: Shape, places: Sequence[NDArray[np.intp]]) -> tuple[int, int]:
    """(once, each x) of rule each; `places` as in `even_operations`.

    Once, for each neuron: the ends of what it reads and writes, its activations at all pairs of points, what is
    believed of them, and what of unembed that meets, summed over points for all z. For each x: its activations and
    what readings cost; what is believed taken off, the squares; the tables of points and their gains, added; for each
    y the length of what is left; for each (y, z) a comparison.
    """
    n, m, columns = shape.order, shape.width, list[NDArray[np.intp]]()
    once, each_x = 6 * n * m, 0
    for j, place in enumerate(places):
        q, mine = place.shape[1], given.block == j
        used, k = np.unique(given.point[mine]), int(mine.sum())
        if k:
            columns += list(place.T[used])
            once += 8 * q * q * k + 3 * n * q * k + n * sums_entries(place.T[np.unique(given.left[mine])])[0]
            each_x += 10 * q * k + (q * q * (k + 2 * len(used)) if q > 1 else 0)
    sums = Sums(np.array(columns or [places[0][:, 0]]))  # where all neurons are idle, the bias sits there
    sizes, more = [len(first) for *_, first in sums.steps], len(sums.last) - 1
    alone = n * (int(sums.last[0][1].max()) + 1)  # what x does alone, for the classes of y in the first that are left
    once += 2 * n * (sum(sizes) + n * more)
    return once, each_x + sum(size * size + size for size in sizes) + n * (n + 1) * more + alone + n * n
