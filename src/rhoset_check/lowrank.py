"""Rule `lowrank`: all outputs of a pair from few sums of its activations (THEOREMS.md, Theorem 3).

Activations are h = a(x) + b(y) + t with believed a and b, whose logits are tabulated. Those of t are ⟨P, F(z)⟩ + δ_zᵀt
with features F, what neurons write in them W, P = Wᵀt, and |δ_zᵀt| ≤ N(z) e. So what rivals reach is one product, of
rows (P, e) with rows (F, N).
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from rhoset_check.exact import Bounds, behind_by
from rhoset_check.files import PASS, Certificate, LowRankTensors
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


class LowRankRule:
    """The rule, with everything that does not depend on a pair computed once."""

    def __init__(self, given: LowRankTensors, certificate: Certificate, model: Model) -> None:
        work, n = certificate.plan.work, model.order
        self.model, self.work, self.writing = model, work, given.writing
        self.groups, self.name, self.price = [np.arange(n)], "lowrank", (0, 8 * PASS)
        self.scale = np.ones((model.width, 1)) if certificate.scale is None else certificate.scale[:, None]
        unembed = Near.exact(np.ascontiguousarray(model.unembed["float64"].T))
        delta = unembed - Near.exact(given.features).times(given.writing.T)
        constant = Near.exact(delta.value.mean(axis=0, keepdims=True))
        delta, unembed = delta - constant, unembed - constant  # v
        lengths = delta.lengths(1.0 / self.scale)
        self.held, self.tilt = self.aligned(delta, lengths)
        self.features = np.concatenate([given.features, lengths, np.full((n, 1), -1.0)], axis=1).T  # (k + 2, n)
        self.unembed, self.off = unembed.to(work), (-unembed.value.T, unembed.error.max())
        rows, columns = additive(model, certificate.plan.samples)
        self.less_x, self.less_y = Near.exact(-rows.astype(work)), Near.exact(-columns.astype(work))
        self.by_y = self.less_y.times(*self.off)

    def aligned(self, delta: Near, lengths: Array) -> tuple[float, float]:
        """At most 1 − ‖BᵀB − I‖ for B = W/s; at least ‖Bᵀ(δ_z/s)‖ / N(z) for all z, `lengths` being N."""
        side, twice = self.writing / self.scale, self.writing / np.square(self.scale)
        slack, more = (2.0**-51 * np.abs(part).max(initial=0.0) for part in (side, twice))
        product = Near(side.T, np.full(len(side), slack), up(np.abs(side).max(axis=1, initial=0.0))).times(side, slack)
        away = np.abs(product.value - np.eye(side.shape[1])) + product.error
        across = delta.times(twice, more).length()
        return 1.0 - 1e-9 - float(up(np.sqrt(np.square(away).sum()))), float(up((across / lengths[:, 0]).max()))

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds:
        """Of all outputs of these pairs; single ones in their own order, the right answer's infinite."""
        spent["lowrank"] += len(x)
        model, work, own = self.model, self.work, self.model.products(x, y)
        rest = self.plus(model.hidden(x, y, work), (x, self.less_x), (y, self.less_y))
        first, place = np.unique(x, return_inverse=True)
        by_x, sums = self.less_x.rows(first).times(*self.off), rest.times(self.writing)
        right = rest.dot(self.unembed.rows(own)) + by_x.at(place, own) + self.by_y.at(y, own)
        state = Near.beside([sums, Near.exact(self.length(rest, sums)).to(work), right], len(x), work)
        behind = self.plus(state.times(self.features), (place, by_x), (y, self.by_y))
        slack = float(behind.slack.max())
        least, excess = behind_by(behind.value, own, slack, np.empty_like(behind.value))

        def outputs(_: int, which: Ints, __: Ints) -> Array:
            return -(behind.value[which].astype(np.float64) + slack)

        return Bounds(least, excess, least[:, None].__getitem__, outputs)

    def length(self, rest: Near, sums: Near) -> Array:
        """(pairs, 1) e: the length of st, or of what the sums do not hold of it."""
        whole = rest.lengths(self.scale)
        known = np.sqrt(np.square(sums.value, dtype=np.float64).sum(axis=1, keepdims=True)) * (1.0 - 1e-9)
        known = np.maximum(known - up(np.sqrt(np.square(sums.error).sum())), 0.0)
        left = np.maximum(up(whole * whole) - max(self.held, 0.0) * np.square(known) * (1.0 - 1e-9), 0.0)
        return np.fmin(whole, up(up(np.sqrt(up(left))) + 2.0 * self.tilt * whole))

    def plus(self, here: Near, by_x: tuple[Ints, Near], by_y: tuple[Ints, Near]) -> Near:
        """A row for each pair, with the row of this number of each of two tables added, in place of what is given."""
        (x, rows), (y, columns), everyone = by_x, by_y, np.arange(self.model.order)
        for run in np.split(np.arange(len(x)), np.flatnonzero(np.diff(x)) + 1):
            part = here.value[run[0] : run[-1] + 1]
            part += rows.value[x[run[0]]]
            part += columns.value if np.array_equal(y[run], everyone) else columns.rows(y[run]).value
        for side in (rows, columns):
            here = here.rounded(here.value, here.error + side.error, here.size + side.size)
        return here
