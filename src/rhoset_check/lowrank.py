"""Rule `lowrank`: all outputs of a pair from few sums of its activations (THEOREMS.md, Theorem 3).

Activations are h = a(x) + b(y) + t with believed a and b, whose logits are tabulated. Those of t are ⟨P, F(z)⟩ + δ_zᵀt
with features F, what neurons write in them W, P = Wᵀt, and |δ_zᵀt| ≤ N(z) e. So what rivals reach is one product, of
rows (P, e) with rows (F, N).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import Bounds, behind_by
from rhoset_check.files import Certificate, LowRankTensors
from rhoset_check.limits import Budget
from rhoset_check.near import Array, Ints, Near, up
from rhoset_check.network import Model

WORK = "float32"
"""Precision of all that is done for pairs."""


def additive(model: Model, samples: int) -> tuple[Array, Array]:
    """(n, m + 1) a(x) and b(y), believed: means of activations over `samples` evenly spaced elements; with none, only
    the bias neuron's 1 is taken off."""
    rows, columns = np.zeros((2, model.order, model.width))
    left, right = model.left["float64"], model.right["float64"]
    chosen = np.linspace(0, model.order - 1, samples).astype(np.intp)
    for z in chosen[:, None]:
        rows += (left + right.rows(z)).activate(model.activation).value / samples
        columns += (left.rows(z) + right).activate(model.activation).value / samples
    rows -= rows[chosen].mean(axis=0) if samples else 0.0
    rows[:, -1], columns[:, -1] = 1.0, 0.0
    return rows, columns


def unwritten(model: Model, features: Array, writing: Array) -> tuple[Near, Near]:
    """(n, m + 1) each, less a constant of each neuron: v, unembed, and δ, what of it is not written in features."""
    unembed = Near.exact(np.ascontiguousarray(model.unembed.T))
    delta = unembed - Near.exact(features).times(writing.T)
    constant = Near.exact(delta.value.mean(axis=0, keepdims=True))
    return unembed - constant, delta - constant


class LowRankRule:
    """The rule, with everything that does not depend on a pair computed once, sizes and errors included."""

    def __init__(self, given: LowRankTensors, certificate: Certificate, model: Model) -> None:
        self.model, self.row, n = model, max(model.order, model.width), model.order
        self.scale = np.ones((model.width, 1)) if certificate.scale is None else certificate.scale[:, None]
        unembed, self.delta = unwritten(model, given.features, given.writing)
        self.lengths = self.delta.lengths(1.0 / self.scale)
        self.held, self.tilt = aligned(self.delta, self.lengths, given.writing, self.scale)
        sides = additive(model, certificate.samples)
        self.less_x, self.less_y = (Near.exact(-side.astype(WORK)) for side in sides)
        self.unembed, off = unembed.to(WORK), (-unembed.value.T, unembed.error.max())
        self.by_x, self.by_y = self.less_x.product(*off), self.less_y.times(*off)
        one = np.zeros(1, np.intp)
        self.active = model.hidden(one, one, WORK)  # with errors and sizes of any pair's, as the next
        self.away = self.active + self.less_x.rows(one) + self.less_y.rows(one)
        most = np.square(self.scale[:, 0] * (self.away.size + self.away.error)).sum(keepdims=True)
        self.longest, self.sums = up(np.sqrt(up(most))), self.away.product(given.writing)
        features = np.concatenate([given.features, self.lengths, np.full((n, 1), -1.0)], axis=1)
        state, by_x = self.state(one, one), self.by_x(self.less_x.rows(one))
        self.logits = state.product(features.T)
        self.slack = float((self.logits(state) + by_x + self.by_y.rows(one)).slack.max())

    def rest(self, hidden: Near, x: Ints, y: Ints) -> Near:
        """(pairs, m + 1): t, in place of activations."""
        return Near(plus(hidden.value, x, self.less_x.value, y, self.less_y.value), self.away.error, self.away.size)

    def state(self, x: Ints, y: Ints) -> Near:
        """(pairs, k + 2): P, e, and the logit of the right answer."""
        hidden, zero = self.model.hidden(x, y, WORK), np.zeros(1)
        right = hidden.dot(self.unembed.rows(self.model.products(x, y)))
        rest = self.rest(hidden, x, y)
        sums = self.sums(rest)
        length = np.fmin(self.length(rest, sums), self.longest).astype(WORK)
        return Near.beside(sums, rest.rounded(length, zero, self.longest), right)

    def length(self, rest: Near, sums: Near) -> Array:
        """(pairs, 1) e: the length of st, or of what the sums do not hold of it."""
        whole = rest.lengths(self.scale)
        known = np.sqrt(np.square(sums.value, dtype=np.float64).sum(axis=1, keepdims=True)) * (1.0 - 1e-9)
        known = np.maximum(known - up(np.sqrt(np.square(sums.error).sum())), 0.0)
        left = np.maximum(up(whole * whole) - max(self.held, 0.0) * np.square(known) * (1.0 - 1e-9), 0.0)
        return np.fmin(whole, up(up(np.sqrt(up(left))) + 2.0 * self.tilt * whole))

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of all outputs of these pairs."""
        budget.pay("lowrank", len(x))
        first, place = np.unique(x, return_inverse=True)
        by_x = self.by_x(self.less_x.rows(first)).value
        behind = plus(self.logits(self.state(x, y)).value, place, by_x, y, self.by_y.value)
        least, excess = behind_by(behind, self.model.products(x, y), self.slack, np.empty_like(behind))
        return Bounds(least, excess, lambda which: -(behind[which].astype(np.float64) + self.slack))


def aligned(delta: Near, lengths: Array, writing: Array, scale: Array) -> tuple[float, float]:
    """At most 1 − ‖BᵀB − I‖ for B = W/s; at least ‖Bᵀ(δ_z/s)‖ / N(z) for all z, `lengths` being N."""
    side, twice = writing / scale, writing / np.square(scale)
    slack, more = (2.0**-51 * np.abs(part).max(initial=0.0) for part in (side, twice))
    square = Near(side.T, np.full(len(side), slack), up(np.abs(side).max(axis=1, initial=0.0))).times(side, slack)
    away = np.abs(square.value - np.eye(side.shape[1])) + square.error
    across = delta.times(twice, more).length()
    return 1.0 - 1e-9 - float(up(np.sqrt(np.square(away).sum()))), float(up((across / lengths[:, 0]).max()))


def plus(value: NDArray[Any], x: Ints, by_x: NDArray[Any], y: Ints, by_y: NDArray[Any]) -> NDArray[Any]:
    """`value` has a row for each pair: the rows of x and of y in two tables are added to it, in place."""
    for run in np.split(np.arange(len(x)), np.flatnonzero(np.diff(x)) + 1):
        part, several = value[run[0] : run[-1] + 1], slice(y[run[0]], y[run[0]] + len(run))
        part += by_x[x[run[0]]]
        part += by_y[several] if np.array_equal(y[run], np.arange(several.start, several.stop)) else by_y[y[run]]
    return value
