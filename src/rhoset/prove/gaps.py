"""Readings for rule `gaps`: for every neuron a G-set C and a point c with r_i(y) ≈ γ_i(y·c), from the weights alone.

r_i is constant on the left cosets yK exactly when translating it by k ∈ K changes nothing. So one correlation
of r_i with its translates, summed over a subgroup, says how much of r_i's variance lies between the cosets of that
subgroup, for every subgroup at once. What a reading costs the bound is its largest error times the range of
unembed; what it costs in work grows with the number of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Group, GSet, coset_gset, coset_means, subgroup_classes
from rhoset.groups.cache import remembered
from rhoset.networks import Network, logits
from rhoset.networks.activations import activation

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

MOST_POINTS = 50
"""Largest G-set that is considered: the rule's work grows with the square of its size."""
SAMPLES = 192
"""Elements at which translates are compared (all, where there are no more)."""
PAIRS = 512
"""Pairs from which the size of the margins is estimated."""
POINT_PRICES = (1 / 1000, 1 / 300, 1 / 3000)
"""Share of the typical margin that one point more may cost a neuron; one candidate for each. Below order `PRICED_AT`
a point is as much dearer as it is a larger part of the group."""
PRICED_AT = 120
SET_PRICE, FEW_SETS = 1 / 40, 1 / 8
"""Share of the typical margin that a G-set has to save to be kept; where there are to be few of them."""
ALIKE = 1.0 + 1e-3
"""Points whose readings err by at most so many times the least serve alike."""
IDLE = 1 / 50
"""Share of the typical margin that neurons in no G-set may cost altogether: those that do next to nothing."""


@dataclass(frozen=True, eq=False)
class Cosets:
    """A transitive G-set as readings see it; nothing here depends on a network.

    `action` (n, q) is y·c for every y, as the transposed table's left action on the left side. Points with the same
    stabilizer tell readings apart alike: `points` (k,) has the first of each, `shares` (k, n) its stabilizer's
    elements, each weighing one over their number, and `order` (k, n) the y by y·c, all fibres of one length.
    """

    action: Ints
    points: Ints
    shares: NDArray[np.float32]
    order: Ints

    @property
    def size(self) -> int:
        """Number of points."""
        return int(self.action.shape[1])

    @staticmethod
    def of(gset: GSet, side: str) -> Cosets:
        """Of the cosets of a subgroup."""
        fixed = (gset.action == np.arange(gset.size)).T  # the stabilizer of each point
        distinct, first = np.unique(fixed, axis=0, return_index=True)
        shares = (distinct / distinct.sum(axis=1, keepdims=True)).astype(np.float32)
        action = images(gset.group, gset, side)
        return Cosets(action, first, shares, np.argsort(action[:, first].T, axis=1, kind="stable"))


def all_cosets(group: Group, side: str, most_points: int = MOST_POINTS) -> list[Cosets]:
    """Of one subgroup of each class, by number of points; of the trivial one only where there is no other.

    Kept as long as the group is.
    """

    def found() -> list[Cosets]:
        kept = [h for h in subgroup_classes(group) if h.index <= most_points and (h.order > 1 or group.order == 1)]
        return [Cosets.of(coset_gset(group, h), side) for h in sorted(kept, key=lambda h: h.index)]

    return remembered(f"cosets {side} {most_points}", group, found)


@dataclass(frozen=True, eq=False)
class GapReading:
    """Where every neuron reads.

    Parameters
    ----------
    actions
        For each G-set the (r, q) images of its points under the group's r generators. On the left side these are
        left actions of the opposite group (transposed table).
    block, point
        (m,) number of the neuron's G-set, and its point there; as many as there are G-sets, and 0, for neurons in none.
    places
        For each G-set the (n, q) images of its points under all elements.
    side
        ``right``: the readings of y are constant on cosets; ``left``: those of x.
    error
        Σ_i (range of unembed row i) · (largest distance of its reading from its mid-ranges): a bound of twice what
        the readings can cost a margin. Of neurons in no G-set what they cost altogether.
    margin
        A typical margin of the network.
    """

    actions: tuple[Ints, ...]
    block: Ints
    point: Ints
    places: tuple[Ints, ...]
    side: str = "right"
    error: float = np.inf
    margin: float = np.inf

    @property
    def sizes(self) -> tuple[int, ...]:
        """Points of each G-set."""
        return tuple(action.shape[1] for action in self.actions)


def gap_readings(
    network: Network,
    side: str = "right",
    most_points: int = MOST_POINTS,
    most: int = len(POINT_PRICES),
    margin: float | None = None,
    set_price: float = SET_PRICE,
) -> list[GapReading]:
    """Candidate readings, the cheapest compromise first; equal ones are given once.

    Parameters
    ----------
    network
        Any network; nothing else is known of it.
    side
        ``right`` or ``left``: whose readings are to be constant on cosets.
    most_points
        Largest G-set.
    most
        Only so many of the prices are tried.
    margin
        `typical_margin` of the network, where it is at hand.
    set_price
        Share of the typical margin that a G-set has to save to be kept.

    Raises
    ------
    RhosetError
        As `subgroup_classes`: the group is too large, or has too many subgroups.

    Notes
    -----
    Cost n·min(n, SAMPLES)·m for the correlations, m times the number of subgroups, n m for each class. Subgroups and
    cosets of the group are found once for each group.
    """
    group, cosets = network.group, all_cosets(network.group, side, most_points)
    tables = (network.right, network.left) if side == "right" else (network.left, network.right)
    reads = np.asarray(tables[0], dtype=np.float64)
    margin = typical_margin(network) if margin is None else margin
    prices = [margin * price * max(1.0, PRICED_AT / group.order) for price in POINT_PRICES]
    ranges = np.ptp(np.asarray(network.unembed, dtype=np.float64), axis=1)
    points, errors = _errors(group, cosets, reads * ranges, side, min(prices[:most]))
    sizes = np.array([one.size for one in cosets])
    whole = _whole(network, ranges)
    order, idle = np.argsort(whole, kind="stable"), np.zeros(len(whole), bool)
    idle[order] = np.cumsum(whole[order]) <= IDLE * margin
    idle &= ~idle.all()  # the checker wants one that is in a set
    found: list[GapReading] = []
    for price in prices[:most]:
        chosen = _choose(errors, sizes, price, margin * set_price)
        reading = _reading(group, cosets, points, chosen, idle, side)
        error = float(np.where(idle, whole, errors[chosen, np.arange(len(chosen))]).sum())
        reading = replace(reading, error=error, margin=margin)
        if not any(_same(reading, other) for other in found):
            found.append(reading)
    return found


def images(group: Group, gset: GSet, side: str) -> Ints:
    """(n, q): y·c for every y, as the transposed table's left action on the left side."""
    action = gset.action if side == "right" else gset.action[group.inverse]
    return np.asarray(action, dtype=np.intp)


def _errors(group: Group, cosets: Sequence[Cosets], reads: Array, side: str, price: float) -> tuple[Ints, Array]:
    """(G-sets, m) each: the point of each G-set whose cosets hold most of a reading, and the reading's largest
    distance from its mid-ranges over the fibres of y ↦ y·c.

    G-sets come by size; infinite where a smaller one is sure to be the better bargain at this price a point.
    """
    points, found = np.zeros((len(cosets), reads.shape[1]), np.intp), np.full((len(cosets), reads.shape[1]), np.inf)
    found[0] = np.ptp(reads, axis=0) / 2  # the group itself, one point
    best, several = found[0] + price, np.flatnonzero(found[0] > price)
    correlation = _translates(group, reads[:, several], side)
    for j, one in enumerate(cosets[1:], 1):
        still = np.flatnonzero(best[several] > price * one.size)
        if not len(still):
            continue
        held, open_ = one.shares @ correlation[:, still], several[still]
        chosen = np.round(held, 4).argmax(axis=0)
        points[j, open_] = one.points[chosen]
        fibres = np.take_along_axis(reads[:, open_], one.order[chosen].T, axis=0).reshape(one.size, -1, len(open_))
        found[j, open_] = np.ptp(fibres, axis=1).max(axis=0) / 2
        best = np.minimum(best, found[j] + price * one.size)
    return points, found


def _translates(group: Group, reads: Array, side: str) -> NDArray[np.float32]:
    """(n, m): Σ_y r(y) r(yk) over sampled y for every k, r less its mean, over that for k = e."""
    n = group.order
    sample = np.arange(n)
    if n > SAMPLES:
        sample = np.sort(np.random.default_rng(n).choice(n, SAMPLES, replace=False))
    centred = reads - reads.mean(axis=0)
    scaled = (centred / np.maximum(np.abs(centred).max(axis=0), 1e-300)).astype(np.float32)
    table = group.table if side == "right" else group.table.T
    total, product = np.zeros(scaled.shape, dtype=np.float32), np.empty(scaled.shape, dtype=np.float32)
    for y in sample:
        total += np.multiply(scaled.take(table[y], axis=0), scaled[y], out=product)
    return np.asarray(total / np.maximum(np.abs(total[group.identity]), np.float32(1e-30)), dtype=np.float32)


def _choose(errors: Array, sizes: Ints, point_price: float, set_price: float) -> Ints:
    """(m,) G-set of each neuron: error plus price of the points; G-sets that save little are given up one by one."""
    cost = errors + point_price * sizes[:, None]
    kept = list(range(len(sizes)))
    while True:
        order = np.argsort(cost[kept], axis=0, kind="stable")
        chosen: Ints = np.asarray(kept, dtype=np.intp)[order[0]]
        used = [j for j in np.unique(chosen) if sizes[j] > 1]
        if not used:
            return chosen
        second = np.asarray(kept, dtype=np.intp)[order[min(1, len(kept) - 1)]]
        every = np.arange(len(chosen))
        gain = cost[second, every] - cost[chosen, every]
        saved = {int(j): float(gain[chosen == j].sum()) for j in used}
        worst = min(saved, key=lambda j: (saved[j], -sizes[j]))
        if saved[worst] >= set_price:
            return chosen
        kept.remove(worst)


def _whole(network: Network, ranges: Array) -> Array:
    """(m,) the most that each neuron can do to a margin: the range of what it writes times its largest activation."""
    left, right = (np.stack([side.min(axis=0), side.max(axis=0)]) for side in (network.left, network.right))
    reach = activation(network.activation)(left.astype(np.float64) + right)
    return np.asarray(np.abs(reach).max(axis=0) * ranges)


def _reading(
    group: Group, cosets: Sequence[Cosets], points: Ints, chosen: Ints, idle: NDArray[np.bool_], side: str
) -> GapReading:
    used = np.unique(chosen[~idle])
    block = np.where(idle, len(used), np.searchsorted(used, chosen))
    generators = np.asarray(group.generators, dtype=np.intp)
    places = tuple(cosets[j].action for j in used)
    return GapReading(
        tuple(action[generators] for action in places),
        block.astype(np.intp),
        np.where(idle, 0, points[chosen, np.arange(len(chosen))]),
        places,
        side,
    )


def left_points(network: Network, reading: GapReading) -> tuple[Ints, float]:
    """(m,) for each neuron the point b of its set by which it reads x, nearly through x⁻¹b; and the error of that, as
    `GapReading.error` is. Of points that serve alike that where it writes most, or least.

    Cost n q for each neuron.
    """
    reads = np.asarray(network.left, dtype=np.float64)[network.group.inverse]
    unembed, left, error = np.asarray(network.unembed, dtype=np.float64), np.zeros(reads.shape[1], np.intp), 0.0
    for j, place in enumerate(reading.places):
        (n, q), mine = place.shape, np.flatnonzero(reading.block == j)
        order, own = np.argsort(place.T, axis=1, kind="stable").reshape(q, q, n // q), reads[:, mine]
        far = np.stack([np.ptp(own.take(fibres, axis=0), axis=1).max(axis=0) for fibres in order]) / 2  # (b, k)
        means = coset_means(unembed[mine], place.T[reading.point[mine]])
        apart = np.abs(means - np.median(means, axis=1, keepdims=True)).T
        left[mine] = np.where(far <= far.min(axis=0) * ALIKE, apart, -1.0).argmax(axis=0)
        error += float((far[left[mine], np.arange(len(mine))] * np.ptp(unembed[mine], axis=1)).sum())
    return left, error


def _same(one: GapReading, other: GapReading) -> bool:
    alike = len(one.actions) == len(other.actions)
    alike = alike and all(np.array_equal(a, b) for a, b in zip(one.actions, other.actions, strict=True))
    return alike and np.array_equal(one.block, other.block) and np.array_equal(one.point, other.point)


def typical_margin(network: Network) -> float:
    """Median margin over some pairs; the size of the logits where most answers are wrong."""
    n = network.order
    pairs = np.random.default_rng(n).integers(0, n, (PAIRS, 2))
    f = logits(network, pairs[:, 0], pairs[:, 1], np.float64)
    own = np.asarray(network.table)[pairs[:, 0], pairs[:, 1]]
    correct = f[np.arange(PAIRS), own]
    f[np.arange(PAIRS), own] = -np.inf
    if n == 1:
        return 1.0
    median = float(np.median(correct - f.max(axis=1)))
    return median if median > 0 else float(np.abs(correct).mean()) + 1e-30
