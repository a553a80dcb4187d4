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
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model


class PointsRule(LowRankRule):
    """Rule lowrank of the features that sets give, by gaps first; sizes and errors computed once."""

    def __init__(self, given: PointsTensors, certificate: Certificate, model: Model) -> None:
        self.actions = [permutation_action(model.group, one, "points.right") for one in given.actions]
        sizes, n = [action.shape[1] for action in self.actions], model.order
        require(min(sizes) > 1 and n > 1, "rule points needs sets of two points or more, and two elements")
        self.starts = np.cumsum([0, *(q * q for q in sizes)])
        features = [action[:, :, None] == np.arange(q) for action, q in zip(self.actions, sizes, strict=True)]
        indicators = np.concatenate([one.reshape(n, -1) for one in features], axis=1, dtype=np.float64)
        super().__init__(LowRankTensors(indicators, given.writing), certificate, model)
        self.kinds, self.moved = by_moved(self.actions, model.group.identity)
        self.row = max(model.width, 2 * int(self.starts[-1]), len(self.kinds) * (len(sizes) + 2))
        off = -self.delta.value.T, self.delta.error.max()
        self.most_x, self.most_y = (side.times(*off).most() for side in (self.less_x, self.less_y))
        size = up(np.abs(self.delta.value).max(axis=0) + self.delta.error)  # of a difference, so smaller than is known
        self.delta = Near(self.delta.value, self.delta.error, size).to(WORK)
        self.written = self.active.product(given.writing)

    def gaps(self, sums: Near, own: Ints) -> list[Array]:
        """(q + 1, pairs) for each set, P being `sums`: lower bounds of the sum of the k smallest gaps."""
        smallest, pair, back = list[Array](), np.arange(len(own)), self.model.group.inverse[own]
        for action, start in zip(self.actions, self.starts, strict=False):
            q = action.shape[1]
            table, points = sums.value.T[start : start + q * q].reshape(q, q, -1), np.arange(q)[:, None]
            right, before = (action.T.take(z, axis=1) * len(own) + pair for z in (own, back))
            here = points * q * len(own) + right
            mine = table.take(here)
            shift = (table.sum(axis=1) - table.sum(axis=0).take(right)) / (2 * q) - mine / 2  # φ
            potential = Near.exact(shift.reshape(-1, 1))
            others = sums.some(table) + potential.some(shift.take(before))
            others.value.put(here, -np.inf)
            gap = sums.some(mine) + potential.some(shift) - others.some(others.value.max(axis=1))
            lower = np.sort(np.fmax(gap.lower, -np.inf), axis=0)  # a NaN says nothing
            slack = float(up(gamma(q, "float64") * q * np.abs(lower).max(initial=0.0)))
            smallest.append(np.concatenate([np.zeros((1, len(own))), np.cumsum(lower, axis=0) - slack]))
        return smallest

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of these pairs, by how many points of each set w moves; of single outputs by rule lowrank."""
        budget.pay("points", len(x))
        own, hidden = self.model.products(x, y), self.model.hidden(x, y, WORK)
        smallest, right = self.gaps(self.written(hidden), own), hidden.dot(self.delta.rows(own)).lower[:, 0]
        away = self.rest(hidden, x, y).lengths(self.scale)[:, 0]
        besides = lower_sum([right, -self.most_x[x], -self.most_y[y], -up(away * self.lengths.max())])
        least = lower_sum([besides, *(part[k] for part, k in zip(smallest, self.moved.T, strict=True))])
        excess = up(np.array([float(len(w)) for w in self.kinds]) @ np.exp(-least) * EXP)

        def outputs(which: Ints) -> Array:
            budget.work -= len(which) * (self.model.order + self.model.width) * (int(self.starts[-1]) + PASS)
            return super(PointsRule, self).bounds(x[which], y[which], budget).outputs(np.arange(len(which)))

        return Bounds(least.min(axis=0), excess, outputs)


def by_moved(actions: list[Ints], identity: int) -> tuple[list[Ints], Ints]:
    """The w ≠ e by how many points of each set they move; (groups, sets) these numbers."""
    moved = np.stack([(action != action[identity]).sum(axis=1) for action in actions], axis=1)
    others = np.flatnonzero(np.arange(len(moved)) != identity)
    counts, label = np.unique(moved[others], axis=0, return_inverse=True)
    require(len(counts) <= MOST_KINDS, "points: elements are of too many kinds")
    return [others[label.ravel() == g] for g in range(len(counts))], counts
