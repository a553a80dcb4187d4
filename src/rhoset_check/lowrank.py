"""Rule `lowrank`: all outputs of a pair from few sums of its activations (THEOREMS.md, Theorem 3).

With features F, what neurons write in them W, P = Wᵀh, and δ what is not written, less a constant c of each neuron,

    margin(z) = (u_xy − c)ᵀh − ⟨P, F(z)⟩ − δ_zᵀh,     δ_zᵀh = δ_zᵀa(x) + δ_zᵀb(y) + δ_zᵀt ≤ … + N(z) e,

t = h − a(x) − b(y), N(z) = ‖δ_z / s‖, e = ‖s t‖. So what rivals reach is one product of rows (P, e) with rows (F, N).
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from rhoset_check.exact import CHUNK, Bounds, behind_by
from rhoset_check.files import PASS, Certificate, LowRankTensors
from rhoset_check.near import Array, Ints, Near
from rhoset_check.network import Model


def additive(model: Model, samples: int) -> tuple[Array, Array]:
    """(n, m + 1) a(x) and b(y), believed: means of activations over `samples` evenly spaced elements; with none, only
    the bias neuron's 1 is taken off."""
    n, m = model.order, model.width
    rows, columns = np.zeros((2, n, m))
    if samples:
        chosen = np.linspace(0, n - 1, samples).astype(np.intp)
        for z in np.array_split(np.arange(n), 1 + n * samples * m // CHUNK):
            one, other = np.repeat(z, samples), np.tile(chosen, len(z))
            for side, x, y in ((rows, one, other), (columns, other, one)):
                side[z] = model.hidden(x, y, "float64").value.reshape(len(z), samples, m).mean(axis=1)
        rows -= rows[chosen].mean(axis=0)
    rows[:, -1], columns[:, -1] = 1.0, 0.0
    return rows, columns


class LowRankRule:
    """The rule, with everything that does not depend on a pair computed once."""

    def __init__(self, given: LowRankTensors, certificate: Certificate, model: Model) -> None:
        work, n = certificate.plan.work, model.order
        self.model, self.work, self.writing = model, work, given.writing
        self.groups, self.name, self.price = [np.arange(n)], "lowrank", (0, 20 * PASS)
        self.scale = np.ones(model.width) if certificate.scale is None else certificate.scale
        unembed = Near.exact(np.ascontiguousarray(model.unembed["float64"].T))
        delta = unembed - Near.exact(given.features).times(given.writing.T)
        constant = Near.exact(delta.value.mean(axis=0, keepdims=True))
        delta, self.unembed = delta - constant, (unembed - constant).to(work)
        lengths = delta.lengths(1.0 / self.scale[:, None])
        self.features = np.concatenate([given.features, lengths, np.full((n, 1), -1.0)], axis=1).T  # (k + 2, n)
        rows, columns = additive(model, certificate.plan.samples)
        self.less_x, self.less_y = Near.exact(-rows.astype(work)), Near.exact(-columns.astype(work))
        self.off = -delta.value.T, delta.error.max()
        self.by_y = self.less_y.times(*self.off)

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds:
        """Of all outputs of these pairs; single ones in their own order, the right answer's infinite."""
        spent["lowrank"] += len(x)
        model, work = self.model, self.work
        hidden, own = model.hidden(x, y, work), model.products(x, y)
        written, right = hidden.times(self.writing), hidden.dot(self.unembed.rows(own))
        rest = self.plus(hidden, (x, self.less_x), (y, self.less_y)).lengths(self.scale[:, None])
        state = Near.beside([written, Near.exact(rest).to(work), right], len(x), work)
        first, place = np.unique(x, return_inverse=True)
        by_x = self.less_x.rows(first).times(*self.off)
        behind = self.plus(state.times(self.features), (place, by_x), (y, self.by_y))
        slack = float(behind.slack.max())
        least, excess = behind_by(behind.value, own, slack, np.empty_like(behind.value))

        def outputs(_: int, which: Ints, __: Ints) -> Array:
            return -(behind.value[which].astype(np.float64) + slack)

        return Bounds(least, excess, least[:, None].__getitem__, outputs)

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
