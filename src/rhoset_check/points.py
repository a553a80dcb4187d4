"""Rule `points`: what neurons write depends on where z takes the points of G-sets (THEOREMS.md, Theorem 4).

A neuron writes Σ_c W[c, zc] and something small. So a pair has for every point c one number for each place that zc may
take, P[c, d], and a wrong output loses the gap between the right place and the next best for every point that it takes
elsewhere: how many these are is known from w. Activations are those of the pair itself, whatever neurons read.
"""

from __future__ import annotations

import numpy as np

from rhoset_check.exact import EXP, Bounds
from rhoset_check.files import Certificate, LowRankTensors, PointsTensors
from rhoset_check.group import permutation_action
from rhoset_check.limits import MOST_KINDS, PASS, Budget
from rhoset_check.lowrank import WORK, LowRankRule
from rhoset_check.near import LARGEST, LOST, Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model


class PointsRule(LowRankRule):
    """Rule lowrank of the features that sets give, by gaps first; sizes and errors computed once."""

    def __init__(self, given: PointsTensors, certificate: Certificate, model: Model) -> None:
        self.sets = [np.ascontiguousarray(permutation_action(model.group, g, "points.right").T) for g in given.actions]
        sizes, n = [len(action) for action in self.sets], model.order
        require(min(sizes) > 1 and n > 1, "rule points needs sets of two points or more, and two elements")
        self.starts = np.cumsum([0, *(q * q for q in sizes)])
        features = [action.T[:, :, None] == np.arange(len(action)) for action in self.sets]
        indicators = np.concatenate([one.reshape(n, -1) for one in features], axis=1, dtype=np.float64)
        super().__init__(LowRankTensors(indicators, given.writing), certificate, model)
        moved = np.stack([(one[:, model.group.identity] != one.T).sum(axis=1) for one in self.sets], axis=1)
        kinds, count = np.unique(np.delete(moved, model.group.identity, axis=0), axis=0, return_counts=True)
        require(len(kinds) <= MOST_KINDS, "points: elements are of too many kinds")
        self.moved = [(np.arange(q) < k[:, None]).astype(WORK) for q, k in zip(sizes, kinds.T, strict=True)]
        self.count, self.row = count.astype(np.float64), max(model.width, 2 * int(self.starts[-1]), 4 * len(kinds))
        off = -self.delta.value.T, self.delta.error.max()
        self.most_x, self.most_y = (side.times(*off).most() for side in (self.less_x, self.less_y))
        size = up(np.abs(self.delta.value).max(axis=0) + self.delta.error)  # of a difference, so smaller than is known
        self.delta = Near(self.delta.value, self.delta.error, size).to(WORK)
        self.used = np.flatnonzero(given.writing.any(axis=0))
        self.writing = given.writing[:, self.used].astype(WORK)
        sums, points = self.active.times(given.writing), sum(sizes)
        most, right = sums.size.max() + sums.error.max(), self.active.dot(self.delta.rows(slice(1)))
        # what sums of gaps and D err together (THEOREMS.md, §4a)
        error = points * (2.0 * sums.error.max() + 7.0 * gamma(points + 2, WORK) * most + 4.0 * LOST[WORK])
        self.error = float(up(error + right.slack.max() if 7.0 * points * most < LARGEST[WORK] else np.inf))

    def gaps(self, hidden: Near, own: Ints) -> Array:
        """(kinds, pairs): for each kind of w the sum of as many smallest gaps as it moves points, within `error`."""
        pairs, found = len(own), np.zeros((len(self.count), len(own)))
        sums = np.zeros((int(self.starts[-1]), pairs), WORK)
        sums[self.used] = (hidden.value @ self.writing).T
        for action, start, moved in zip(self.sets, self.starts, self.moved, strict=False):
            q, flat = len(action), sums[start : start + len(action) ** 2].reshape(-1)
            table, column = flat.reshape(q, q, pairs), action.take(own, axis=1) * pairs + np.arange(pairs)
            here = column + np.arange(q)[:, None] * (q * pairs)
            right = flat[here]
            shift = (table.sum(axis=0).take(column) - table.sum(axis=1)) / (2 * q) + right / 2  # −φ
            by_place = np.empty((q, pairs), WORK)
            by_place.reshape(-1)[column] = shift
            table -= by_place
            flat[here] = -np.inf
            found += moved @ np.sort(right - shift - table.max(axis=1), axis=0)
        return found

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of these pairs, by how many points of each set w moves; of single outputs by rule lowrank."""
        budget.pay("points", len(x))
        own, hidden = self.model.products(x, y), self.model.hidden(x, y, WORK)
        right = np.einsum("ij,ij->i", hidden.value, self.delta.rows(own).value).astype(np.float64)
        gaps, away = self.gaps(hidden, own), self.rest(hidden, x, y).lengths(self.scale)[:, 0]
        besides = lower_sum([right, -self.most_x[x], -self.most_y[y], -up(away * self.lengths.max() + self.error)])
        least = lower_sum([besides, gaps])

        def outputs(which: Ints) -> Array:
            budget.work -= len(which) * (self.model.order + self.model.width) * (int(self.starts[-1]) + PASS)
            return super(PointsRule, self).bounds(x[which], y[which], budget).outputs(np.arange(len(which)))

        return Bounds(least.min(axis=0), up(self.count @ np.exp(-least) * EXP), outputs)
