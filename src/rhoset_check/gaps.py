"""What rules even and each share: which neurons sit where in which G-set, and what the others can cost a margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import iadd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.files import GapTensors
from rhoset_check.group import permutation_action
from rhoset_check.near import Array, Ints, Near, gamma, require, up
from rhoset_check.network import Model

MOST_CLASSES = 1 << 11
"""Sums that would tell more classes of elements apart are not made: their parts are added for each pair."""


def seats(given: GapTensors, model: Model) -> tuple[list[Ints], list[Ints], float]:
    """The action (n, q) of every G-set, proved; the neurons of each, by point; what those of
    none can cost a margin."""
    require(model.order > 1, "rule gaps needs two elements")
    sizes = np.array([images.shape[1] for images in given.actions])
    require(
        (sizes >= 1).all() and (given.point < np.append(sizes, 1)[given.block]).all(), "gaps.point leaves its block"
    )
    starts = np.append(0, np.cumsum(sizes))
    images = np.concatenate([images + start for images, start in zip(given.actions, starts, strict=False)], axis=1)
    action = permutation_action(model.group, images, "gaps.right")  # on the points of all sets
    reached = np.zeros(starts[-1], bool)
    reached[action[:, starts[:-1]]] = True
    require(reached.all(), "gaps.right: a set is not transitive")
    actions = [action[:, a:b] - a for a, b in pairwise(starts.tolist())]
    order = np.argsort(starts[given.block] + given.point, kind="stable")
    neurons = [order[given.block[order] == j] for j in range(len(actions))]
    require(sum(map(len, neurons)), "gaps: no neuron is at a point")
    return actions, neurons, idle(model, np.flatnonzero(given.block == len(actions)))


def idle(model: Model, neurons: Ints) -> float:
    """What neurons at no point can cost a margin: Σ (range of u_i) · (largest |h_i|) (THEOREMS.md, §3)."""
    unembed, ends = model.unembed["float64"][neurons], list[Near]()
    for side in (model.left["float64"].columns(neurons), model.right["float64"].columns(neurons)):
        ends.append(Near(np.stack([side.value.min(axis=0), side.value.max(axis=0)]), side.error, side.size))
    reach = (ends[0] + ends[1]).activate(model.activation)  # |φ| is largest at an end
    most = np.maximum(reach.upper, -reach.lower).max(axis=0)
    return float(up((unembed.max(axis=1) - unembed.min(axis=1)) @ most))


def kinds(actions: Sequence[Ints], identity: int) -> list[Ints]:
    """The w ≠ e by how many points of all sets they move."""
    moved = np.sum([(action != action[identity]).sum(axis=1) for action in actions], axis=0)
    others = np.flatnonzero(np.arange(len(moved)) != identity)
    return [others[moved[others] == count] for count in np.unique(moved[others])]


def fibres(places: Ints) -> Ints:
    """(n/q, q, q): from (n, q) images of q points the elements that take point j to d, at [:, j, d]."""
    n, q = places.shape
    return np.argsort(places.T, axis=1, kind="stable").reshape(q, q, n // q).transpose(2, 0, 1)


def taken(rows: NDArray[Any], index: NDArray[Any]) -> NDArray[Any]:
    """(k, …): of every row the entries with some numbers."""
    found: NDArray[Any] = np.take(rows, index + rows.shape[1] * np.arange(len(rows))[:, None])
    return found


class Sums:
    """Sums of functions of an element's images of some points, (points, n). They are added two at a time, those first
    that tell the fewest classes of elements apart, by their classes, up to `MOST_CLASSES`."""

    def __init__(self, places: Ints) -> None:
        self.points, parts, left = len(places), list(places), list(range(len(places)))
        self.steps = list[tuple[int, int, Ints, Ints]]()
        while len(left) > 2:
            left.sort(key=lambda j: int(parts[j].max()))
            one, other, *left = left
            both = parts[one] * (parts[other].max() + 1) + parts[other]
            _, first, label = np.unique(both, return_index=True, return_inverse=True)
            if len(first) > MOST_CLASSES:
                left = [one, other, *left]
                break
            self.steps.append((one, other, parts[one][first], parts[other][first]))
            left, parts = [*left, len(parts)], [*parts, label.ravel()]
        self.last = [(j, parts[j]) for j in left]

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

    def near(self, products: Sequence[Near]) -> tuple[Array, float]:
        """`over` of what stands in the columns of products, (n, points·q), and how far it is off."""
        tables, error, size = list[Array](), 0.0, 0.0
        for product in products:
            q = math.isqrt(len(product.size))
            tables += list(product.value.T.reshape(q, q, -1))
            error += float(up(product.error.reshape(q, q).max(axis=1).sum()))
            size += float(up((product.size + product.error).reshape(q, q).max(axis=1).sum()))
        return self.over(tables), float(up(error + gamma(len(tables) + 8, "float64") * size))
