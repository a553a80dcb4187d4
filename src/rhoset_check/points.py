"""Rule `points`: what neurons write depends on where z takes the points of G-sets (THEOREMS.md, Theorem 4).

A neuron writes Σ_c W[c, zc] and something small. So a pair has for every point c one number for each place that zc may
take, P[c, d], and a wrong output loses the gap between the right place and the next best for every point that it takes
elsewhere: how many these are is known from w. Activations are those of the pair itself, whatever neurons read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import Certificate, PointsTensors
from rhoset_check.group import permutation_action
from rhoset_check.limits import MOST_KINDS, PASS, Budget
from rhoset_check.lowrank import additive, plus, product
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

BLOCK = 1 << 16
"""Numbers that are added at a time for outputs that are bounded singly: they stay in cache."""


class PointsRule:
    """The rule, with everything that does not depend on a pair computed once, sizes and errors included."""

    def __init__(self, given: PointsTensors, certificate: Certificate, model: Model) -> None:
        self.model, self.work, n = model, "float32", model.order
        self.actions = [permutation_action(model.group, one, "points.right") for one in given.actions]
        sizes = [action.shape[1] for action in self.actions]
        require(min(sizes) > 1 and n > 1, "rule points needs sets of two points or more, and two elements")
        starts = np.cumsum([0, *(q * q for q in sizes)])
        columns = [a + start + q * np.arange(q) for a, start, q in zip(self.actions, starts, sizes, strict=False)]
        self.starts, self.columns = starts, np.concatenate(columns, axis=1)
        self.groups, self.moved = by_moved(self.actions, model.group.identity)
        row = max(model.width, 2 * int(starts[-1]), len(self.groups) * (len(sizes) + 2))
        self.row = min(row, CHUNK // n) if row * n <= 3 * CHUNK else row  # whole rows of pairs are formed more quickly
        features = np.zeros((n, starts[-1]))
        np.put_along_axis(features, self.columns, 1.0, axis=1)
        self.scale = np.ones((model.width, 1)) if certificate.scale is None else certificate.scale[:, None]
        delta = Near.exact(model.unembed["float64"].T) - Near.exact(features).times(given.writing.T)
        delta = delta - Near.exact(delta.value.mean(axis=0, keepdims=True))
        self.lengths = delta.lengths(1.0 / self.scale)[:, 0]
        sides = additive(model, certificate.samples)
        self.less_x, self.less_y = (Near.exact(-side.astype(self.work)) for side in sides)
        off = -delta.value.T, delta.error.max()
        self.by_x, self.by_y = product(self.less_x, *off), self.less_y.times(*off)
        self.delta, self.most_y = delta.to(self.work), self.by_y.most()
        one = np.zeros(1, np.intp)
        hidden = model.hidden(one, one, self.work)
        self.sums, rest = product(hidden, given.writing), self.rest(hidden, one, one)
        self.longest = up(np.sqrt(up(np.square(self.scale[:, 0] * (rest.size + rest.error)).sum())))
        self.plain = not certificate.samples  # then e is taken at its largest

    def rest(self, hidden: Near, x: Ints, y: Ints) -> Near:
        """(pairs, m + 1): t, in place of activations."""
        return plus(hidden, (x, self.less_x), (y, self.less_y))

    def gaps(self, sums: Near, own: Ints) -> tuple[list[Array], list[Array]]:
        """For each set, lower bounds: (q + 1, pairs) the sum of the k smallest gaps; (pairs,) that of P at the right
        places."""
        smallest, right = list[Array](), list[Array]()
        for action, start in zip(self.actions, self.starts, strict=False):
            q, index = action.shape[1], np.arange(action.shape[1])
            flat = (start + q * index[:, None, None] + action.T.take(own, axis=1)) * len(own) + np.arange(len(own))
            table = sums.value.T.take(flat)  # (c, d, pair): P[c, xyd]
            mine = table[index, index]
            shift = (table.sum(axis=1) - table.sum(axis=0)) / (2 * q) - mine / 2
            shifted = sums.some(table) + Near.exact(shift.reshape(-1, 1)).some(shift)
            best = shifted.value[index, index]
            shifted.value[index, index] = -np.inf
            gap = shifted.some(best) - shifted.some(shifted.value.max(axis=1))
            lower = np.sort(np.fmax(gap.lower, -np.inf), axis=0)  # a NaN says nothing
            slack = float(up(gamma(q, "float64") * q * np.abs(lower).max(initial=0.0)))
            smallest.append(np.concatenate([np.zeros((1, len(own))), np.cumsum(lower, axis=0) - slack]))
            right.append(added(mine, sums))
        return smallest, right

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of these pairs, by how many points of each set w moves; of single outputs from P itself. What the right
        answer gets besides is bounded, and formed from all neurons where that is not enough."""
        budget.pay("points", len(x))
        own, (first, place) = self.model.products(x, y), np.unique(x, return_inverse=True)
        by_x, hidden = self.by_x(self.less_x.rows(first)), self.model.hidden(x, y, self.work)
        smallest, right = self.gaps(sums := self.sums(hidden), own)
        rest = hidden if self.plain else self.rest(hidden, x, y)
        away = np.full(len(x), self.longest) if self.plain else rest.lengths(self.scale)[:, 0]
        sides = by_x.at(place, own).lower[:, 0], self.by_y.at(y, own).lower[:, 0]
        besides = lower_sum([*sides, -up(away * self.lengths[own])])
        rival = lower_sum([-by_x.most()[place], -self.most_y[y], -up(away * self.lengths.max())])
        gaps = [part[k] for part, k in zip(smallest, self.moved.T, strict=True)]
        least = lower_sum([besides, rival, *gaps])
        hard = np.flatnonzero(~(least > self.model.floor).all(axis=0))
        if len(hard):
            budget.pay("points own", len(hard))
            rest = rest.rows(hard)
            rest = self.rest(rest, x[hard], y[hard]) if self.plain else rest
            exact = rest.dot(self.delta.rows(own[hard])).lower[:, 0]
            besides[hard] = np.fmax(besides[hard], lower_sum([exact, *(side[hard] for side in sides)]))
            least[:, hard] = lower_sum([besides[hard], rival[hard], *(part[:, hard] for part in gaps)])
        flat = sums.value.T.ravel()
        excess = up(np.array([float(len(w)) for w in self.groups]) @ np.exp(-least) * EXP)

        columns, step = self.columns.T * len(x), BLOCK // len(self.columns.T)

        def some(which: Ints) -> Array:
            z = np.broadcast_to(np.arange(self.model.order), (len(which), self.model.order))
            known = lower_sum([besides[which], *(part[which] for part in right)])[:, None]
            sides = (-by_x.at(place[which, None], z).upper, -self.by_y.at(y[which, None], z).upper)
            reached = added(-flat.take(columns.take(z, axis=1) + which[:, None]), sums)
            return lower_sum([known, *sides, -up(away[which, None] * self.lengths[z]), reached])

        def outputs(which: Ints) -> Array:
            budget.pay("points singly", len(which) * self.model.order, PASS * (2 * len(columns) + 30))
            rows = step // self.model.order + 1
            return np.concatenate([some(part) for part in np.split(which, range(rows, len(which), rows))])

        return Bounds(least.min(axis=0), excess, outputs)


def added(some: NDArray[Any], of: Near) -> Array:
    """Lower bounds of the real sums, along the first axis, of entries of `of` (Lemma 1)."""
    k, error, most = len(some), of.error.max(), (of.size + of.error).max()
    return np.asarray(some.sum(axis=0, dtype=np.float64) - up(k * (error + gamma(k + 2, "float64") * most)))


def by_moved(actions: list[Ints], identity: int) -> tuple[list[Ints], Ints]:
    """The w ≠ e by how many points of each set they move; (groups, sets) these numbers."""
    moved = np.stack([(action != action[identity]).sum(axis=1) for action in actions], axis=1)
    others = np.flatnonzero(np.arange(len(moved)) != identity)
    counts, label = np.unique(moved[others], axis=0, return_inverse=True)
    require(len(counts) <= MOST_KINDS, "points: elements are of too many kinds")
    return [others[label.ravel() == g] for g in range(len(counts))], counts
