"""In which order rule `each` adds what points say, so that few numbers are added (THEOREMS.md, Theorem 8).

Points that one subgroup fixes together tell its cosets apart at most. Such points are added first, tables of (cosets)²
numbers; only the sums of such groups are added for all (y, z).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rhoset_check.near import Ints

TRIES = 60
"""Covers of the points by subgroups that are tried."""
PLANTED = 20
"""Of them the cheapest, by a rough count, whose trees are grown."""

Mask = NDArray[np.bool_]


def shortest(places: Sequence[Ints], alone: Mask, order: int) -> Tree:
    """For points (n,) c ↦ yc but those that stay alone, the tree with the fewest additions of those that are grown."""
    fixed, joined = np.array([place == place[0] for place in places]), np.flatnonzero(~alone)
    groups = covers(fixed[joined], order)[:PLANTED]
    return min((planted(fixed, [joined[g] for g in one], order) for one in groups), key=lambda tree: tree.entries)


@dataclass(frozen=True, eq=False)
class Tree:
    """(k, 2) joins of parts, the points first, then what x does alone; `entries`: additions for one x."""

    joins: Ints
    entries: int


def covers(fixed: Mask, order: int) -> list[list[Ints]]:
    """Partitions of the points into groups that a subgroup fixes, those first that seem cheapest.

    `fixed` (points, n): who fixes each.
    """
    subgroups = fixed
    for _ in range(2):
        both = (subgroups[:, None] & fixed).reshape(-1, order)
        packed, first = np.unique(np.packbits(both, axis=1), axis=0, return_index=True)
        subgroups = both[first[both[first].sum(axis=1) > 1]] if len(packed) > 1 else both[first]
    held = (subgroups.astype(np.float32) @ ~fixed.T < 0.5).astype(np.float32)
    classes = order / subgroups.sum(axis=1)
    price = np.ones((TRIES, len(held)))
    price[1:] = np.exp(np.random.default_rng(0).normal(0.0, 0.3, (TRIES - 1, len(held))))
    left, cost, groups = np.ones((TRIES, len(fixed)), np.float32), np.zeros(TRIES), [list[Ints]() for _ in range(TRIES)]
    while left.any():  # all tries a group further
        new = left @ held.T
        each = price * (classes**2 * np.maximum(new - 1, 0) + order**2) / np.maximum(new, 1e-9)
        best = np.where(new > 0, each, np.inf).argmin(axis=1)
        taken = held[best] * left
        left -= taken
        for attempt in np.flatnonzero(taken.any(axis=1)):
            groups[attempt].append(np.flatnonzero(taken[attempt]))
            cost[attempt] += classes[best[attempt]] ** 2 * (len(groups[attempt][-1]) - 1) + order**2
    made = [groups[attempt] for attempt in np.argsort(cost, kind="stable")]
    return list({str(sorted(map(tuple, one))): one for one in made}.values())


def planted(fixed: Mask, groups: Sequence[Ints], order: int) -> Tree:
    """The tree that adds up each group, then what x does alone to the group of the fewest classes, then the groups."""
    joins, entries = list[tuple[int, int]](), 0

    def join(one: tuple[int, Mask], other: tuple[int, Mask], columns: int = 0) -> tuple[int, Mask]:
        nonlocal entries
        both = one[1] & other[1]
        rows = order // int(both.sum())
        joins.append((one[0], other[0]))
        entries += rows * (columns or rows)
        return len(fixed) + len(joins), both

    sums = list[tuple[int, Mask]]()
    for group in groups:
        parts = [(int(c), fixed[c]) for c in group]
        while len(parts) > 1:
            i, j = max(combinations(range(len(parts)), 2), key=lambda two: (parts[two[0]][1] & parts[two[1]][1]).sum())
            parts = [part for k, part in enumerate(parts) if k not in (i, j)] + [join(parts[i], parts[j])]
        sums += parts
    sums.sort(key=lambda part: -int(part[1].sum()))
    root = join(sums[0], (len(fixed), sums[0][1]), order)
    for part in sums[1:]:
        root = join(root, part, order)
    return Tree(np.array(joins, np.intp), entries)
