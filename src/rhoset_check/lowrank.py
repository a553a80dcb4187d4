"""Rule `lowrank`: all outputs of a pair from few sums of its activations (THEOREMS.md, Theorem 3).

Activations are h = a(x) + b(y) + t with believed a and b, whose logits are tabulated. Those of t are ⟨P, F(z)⟩ + δ_zᵀt
with features F, what neurons write in them W, P = Wᵀt, and |δ_zᵀt| ≤ N(z) e. So what rivals reach is one product, of
rows (P, e) with rows (F, N).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rhoset_check.exact import Bounds, behind_by
from rhoset_check.files import Certificate, LowRankTensors
from rhoset_check.limits import Budget
from rhoset_check.near import Array, Ints, Near, up
from rhoset_check.network import Model


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


def product(here: Near, matrix: Array, slack: Array | float = 0.0) -> Callable[[Near], Near]:
    """What `times` does, for all numbers that err as these do and are no larger; bounds are formed once."""
    ends, rounded = here.ends(matrix, slack), matrix.astype(here.dtype)
    return lambda other: other.rounded(other.product(rounded), *ends)


class LowRankRule:
    """The rule, with everything that does not depend on a pair computed once, sizes and errors included."""

    def __init__(self, given: LowRankTensors, certificate: Certificate, model: Model) -> None:
        work, n = "float32", model.order
        self.model, self.work, self.row = model, work, max(n, model.width)
        self.scale = np.ones((model.width, 1)) if certificate.scale is None else certificate.scale[:, None]
        unembed = Near.exact(np.ascontiguousarray(model.unembed["float64"].T))
        delta = unembed - Near.exact(given.features).times(given.writing.T)
        constant = Near.exact(delta.value.mean(axis=0, keepdims=True))
        delta, unembed = delta - constant, unembed - constant  # v
        lengths = delta.lengths(1.0 / self.scale)
        self.held, self.tilt = aligned(delta, lengths, given.writing, self.scale)
        sides = additive(model, certificate.samples)
        self.less_x, self.less_y = (Near.exact(-side.astype(work)) for side in sides)
        self.unembed, off = unembed.to(work), (-unembed.value.T, unembed.error.max())
        self.by_x, self.by_y = product(self.less_x, *off), self.less_y.times(*off)
        one = np.zeros(1, np.intp)
        rest = self.rest(one, one)
        self.longest = up(np.sqrt(up(np.square(self.scale[:, 0] * (rest.size + rest.error)).sum(keepdims=True))))
        self.sums = product(rest, given.writing)
        features = np.concatenate([given.features, lengths, np.full((n, 1), -1.0)], axis=1)
        self.logits = product(self.state(one, one, self.by_x(self.less_x.rows(one)), one), features.T)

    def rest(self, x: Ints, y: Ints) -> Near:
        """(pairs, m + 1): t."""
        return plus(self.model.hidden(x, y, self.work), (x, self.less_x), (y, self.less_y))

    def state(self, x: Ints, y: Ints, by_x: Near, place: Ints) -> Near:
        """(pairs, k + 2): P, e, and the logit of the right answer; `place` (pairs,) rows of `by_x`."""
        rest, own = self.rest(x, y), self.model.products(x, y)
        sums, zero = self.sums(rest), np.zeros(1)
        right = rest.dot(self.unembed.rows(own)) + by_x.at(place, own) + self.by_y.at(y, own)
        length = np.fmin(self.length(rest, sums), self.longest).astype(self.work)
        return Near.beside([sums, rest.rounded(length, zero, self.longest), right], len(x), self.work)

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
        by_x = self.by_x(self.less_x.rows(first))
        behind = plus(self.logits(self.state(x, y, by_x, place)), (place, by_x), (y, self.by_y))
        value, slack = behind.value, float(behind.slack.max())
        least, excess = behind_by(value, self.model.products(x, y), slack, np.empty_like(value))
        return Bounds(least, excess, lambda which: -(value[which].astype(np.float64) + slack))


def aligned(delta: Near, lengths: Array, writing: Array, scale: Array) -> tuple[float, float]:
    """At most 1 − ‖BᵀB − I‖ for B = W/s; at least ‖Bᵀ(δ_z/s)‖ / N(z) for all z, `lengths` being N."""
    side, twice = writing / scale, writing / np.square(scale)
    slack, more = (2.0**-51 * np.abs(part).max(initial=0.0) for part in (side, twice))
    square = Near(side.T, np.full(len(side), slack), up(np.abs(side).max(axis=1, initial=0.0))).times(side, slack)
    away = np.abs(square.value - np.eye(side.shape[1])) + square.error
    across = delta.times(twice, more).length()
    return 1.0 - 1e-9 - float(up(np.sqrt(np.square(away).sum()))), float(up((across / lengths[:, 0]).max()))


def plus(here: Near, by_x: tuple[Ints, Near], by_y: tuple[Ints, Near]) -> Near:
    """A row for each pair, with the row of this number of each of two tables added, in place of what is given."""
    (x, rows), (y, columns) = by_x, by_y
    for run in np.split(np.arange(len(x)), np.flatnonzero(np.diff(x)) + 1):
        part, several = here.value[run[0] : run[-1] + 1], slice(y[run[0]], y[run[0]] + len(run))
        part += rows.value[x[run[0]]]
        follow = np.array_equal(y[run], np.arange(several.start, several.stop))
        part += columns.value[several] if follow else columns.rows(y[run]).value
    for side in (rows, columns):
        here = here.rounded(here.value, here.error + side.error, here.size + side.size)
    return here
