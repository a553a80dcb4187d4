"""What rules even and each share: which neurons sit where in which G-set, and what the others can cost a margin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from heapq import heappop, heappush
from itertools import pairwise
from operator import iadd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.files import GapTensors
from rhoset_check.group import permutation_action
from rhoset_check.near import ACTIVATIONS, Array, Ints, require, up
from rhoset_check.network import Model

MOST_CLASSES = 1 << 11
"""Sums that would tell more classes of elements apart are not made: their parts are added for each pair."""


def proved_actions(given: GapTensors, model: Model) -> list[Ints]:
    """(n, q) the action of every G-set, which is proved, as that it is transitive."""
    sizes = np.array([images.shape[1] for images in given.actions])
    require(model.order > 1 and (sizes >= 1).all(), "rule gaps needs two elements, and sets of points")
    require((given.point < np.append(sizes, 1)[given.block]).all(), "gaps.point leaves its block")
    starts = np.append(0, np.cumsum(sizes))
    images = np.concatenate([images + start for images, start in zip(given.actions, starts, strict=False)], axis=1)
    action = permutation_action(model.group, images, "gaps.right")  # on the points of all sets
    reached = np.unique(action[:, starts[:-1]])  # from a point of each set
    require(len(reached) == starts[-1], "gaps.right: a set is not transitive")
    return [action[:, a:b] - a for a, b in pairwise(starts.tolist())]


def idle(model: Model, neurons: Ints) -> float:
    """What neurons at no point can cost a margin: Σ (range of u_i) · (largest |h_i|) (THEOREMS.md, §3)."""
    unembed, left, right = model.unembed[neurons], model.left["float64"], model.right["float64"]
    error = left.slack + right.slack  # has room for the rounding of these sums
    low, high = (value(left.value, axis=0) + value(right.value, axis=0) for value in (np.min, np.max))
    ends = ACTIVATIONS[model.activation][1](np.stack([low - error, high + error])[:, neurons])
    return float(up(np.ptp(unembed, axis=1) @ np.abs(ends).max(axis=0)))  # |φ| is largest at an end


def fibres(places: Ints) -> Ints:
    """(n/q, q, q): from (n, q) images of q points the elements that take point j to d, at [:, j, d]."""
    n, q = places.shape
    return np.argsort(places.T, axis=1, kind="stable").reshape(q, q, n // q).transpose(2, 0, 1)


def taken(rows: NDArray[Any], index: NDArray[Any]) -> NDArray[Any]:
    """(k, …): of every row the entries with some numbers."""
    found: NDArray[Any] = np.take(rows, index + rows.shape[1] * np.arange(len(rows))[:, None])
    return found


class Sums:
    """Sums of functions of an element's images of some points, (points, n), each of a transitive action. They are added
    two at a time, those first that tell hardly more classes of elements apart than one of them, by their classes, up
    to `MOST_CLASSES`."""

    def __init__(self, places: Ints) -> None:
        (self.points, n), parts, left = places.shape, list(places), set[int]()
        # the first element's class, in bits; all classes are cosets, and of one size
        alike = [int.from_bytes(row.tobytes()) for row in np.packbits(places == places[:, :1], axis=1)]
        self.steps, queue = list[tuple[int, int, Ints, Ints]](), list[tuple[int, int, int]]()

        def enter(part: int) -> None:
            for j in left:
                classes = n // (alike[part] & alike[j]).bit_count()
                if classes <= MOST_CLASSES:
                    heappush(queue, (classes - n // min(alike[part].bit_count(), alike[j].bit_count()), j, part))
            left.add(part)

        for j in range(self.points):
            enter(j)
        while len(left) > 2 and queue:
            _, one, other = heappop(queue)
            if {one, other} <= left:
                width = n // alike[other].bit_count()
                both = parts[one] * width + parts[other]
                there = np.bincount(both) > 0
                self.steps.append((one, other, *divmod(np.flatnonzero(there), width)))
                left -= {one, other}
                parts.append((np.cumsum(there) - 1)[both])
                alike.append(alike[one] & alike[other])
                enter(len(parts) - 1)
        self.last = sorted(((j, parts[j]) for j in left), key=lambda last: -alike[last[0]].bit_count())

    def entries(self, types: int, columns: int) -> int:
        """Of the tables of `both` that stand side by side, with those of `over` for functions of so many columns."""
        sizes, alive, most = [0] * self.points, 0, 0
        for one, other, first, _ in self.steps:
            sizes.append(len(first) * (types * len(first) + columns))
            alive += sizes[-1]
            most, alive = max(most, alive), alive - sizes[one] - sizes[other]
        return most

    def over(self, tables: Sequence[Array]) -> Array:
        """(n, …): the sums of functions of a class, (classes, …)."""
        made = list(tables)
        for one, other, i, j in self.steps:
            made.append(made[one][i] + made[other][j])
            made[one] = made[other] = np.empty(0)  # no longer needed
        return reduce(iadd, (made[j][place] for j, place in self.last))  # one after another

    def both(self, tables: Sequence[Array]) -> list[tuple[Ints, Array]]:
        """Few functions of (y, z), (types, classes, classes), with the sum of those."""
        made = list(tables)
        for one, other, i, j in self.steps:
            made.append(made[one][:, i[:, None], i] + made[other][:, j[:, None], j])
            made[one] = made[other] = np.empty(0)
        return [(place, made[j]) for j, place in self.last]
