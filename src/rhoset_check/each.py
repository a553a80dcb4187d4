"""Rule `each`: rule even with every x by itself (THEOREMS.md, Theorem 8).

Neurons read y nearly through yc_i and write nearly a function of zc_i as in rule even; what they read of x is taken as
it is. So each x has tables of its own, of (yc, zc) for every point c, which are added for all y and z by the same
`Sums`. All neurons are split. What that leaves of activations is known at x: where a pair stays open it meets what the
right answer has left of unembed in a product, not in a Cauchy-Schwarz inequality.
"""

from __future__ import annotations

import numpy as np

from rhoset_check.even import EvenRule, Slots, losses
from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.gaps import taken
from rhoset_check.limits import MOST_ENTRIES, PASS, SECOND, Budget, exhaustive, rows_at_once
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up


class AtX:
    """The neurons of a G-set at some x."""

    def __init__(self, slots: Slots, xs: Ints) -> None:
        left = slots.model.left["float64"].value[xs][:, slots.neurons].T
        self.hidden, self.radius = slots.activations(left, left)
        """(k, x, c') ĥ, and how far from it activations are where yc = c'."""
        self.slots, self.xs, expected = slots, xs, slots.believed[-1]
        self.starts = np.flatnonzero(np.diff(slots.column, prepend=-1))
        points = slots.action[slots.model.group.inverse[xs]].T[slots.b]  # (k, x) x⁻¹b
        there = Near(expected.value.T[np.arange(len(points))[:, None], points].T, expected.error, expected.size)
        self.rest = Near.exact(self.hidden.T) - there
        """(c', x, k) r."""

    def tables(self) -> list[Array]:
        """(x, c', d') L of each column."""
        slots, starts, found = self.slots, self.starts, list[Array]()
        fixed, moved = (np.add.reduceat(s[:, None, None] * self.radius, starts) for s in (slots.widths, slots.apart))
        of_columns = (np.split(part, starts[1:]) for part in (self.hidden, slots.means))
        for hidden, means, always, more in zip(*of_columns, fixed, moved, strict=True):
            wrote = (means.T @ hidden.reshape(len(means), -1)).reshape(-1, *always.shape)  # (d, x, c')
            found.append(losses(wrote.swapaxes(0, 1), always, more, slots.action[self.xs]).swapaxes(1, 2))
        return found

    def squares(self) -> list[Array]:
        """(c', x) of each column: the squared length of the rest."""
        most = np.square(np.abs(self.rest.value) + self.rest.error)
        return list(np.moveaxis(up(np.add.reduceat(most, self.starts, axis=2)), 2, 0))

    def own(self, x: Ints, y: Ints, z: Ints) -> Array:
        """(pairs,) Σ δ_i(z) r_i(x, yc_i), at least; `x` are numbers among those here."""
        value = self.rest.value[self.slots.action[y][:, self.slots.c], x[:, None], np.arange(len(self.slots.c))]
        return Near(value, self.rest.error, self.rest.size).dot(self.slots.delta.rows(z)).lower[:, 0]


class EachRule(EvenRule):
    """The rule; what does not depend on x is computed once."""

    def plan(self) -> None:
        """Whether the tables of some x at once are small enough."""
        n, m, steps = self.model.order, self.model.width - 1, self.sums.steps
        entries = (n * n + self.sums.entries(1, n)) * min(n, rows_at_once(n, m))
        require(entries <= 2 * MOST_ENTRIES, "gaps: the sums over points take tables that are too large")
        work = PASS * n * (sum(len(first) ** 2 for *_, first in steps) + n * n * (len(self.sums.last) + 6))
        require(work <= exhaustive(n, m) + SECOND / 2, "gaps: the sums over points are far more work than evaluation")

    def form(self) -> None:
        """No table is the same for all x; X of rivals is taken off those of an x, and rounded with them."""
        self.by_x, self.rest.by_x = self.rest.by_x, np.zeros_like(self.rest.by_x)
        self.rest.beyond[-1] = self.rest.beyond.max()
        self.slack += float(up(gamma(4 * self.model.width + 256, "float64") * np.abs(self.by_x).max()))

    def margins_at(self, xs: Ints, at: list[AtX]) -> Array:
        """(x, y, v) M less X(x, z), for z = xv."""
        (place, first), *others = self.sums.both([table for one in at for table in one.tables()])
        value = (first[:, :, place] - taken(self.by_x[xs], self.model.group.table[xs])[:, None])[:, place]
        for place, table in others:
            value += table[:, place[:, None], place]
        return np.asarray(value - self.slack)

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of all pairs with these x."""
        n, rest, answers, inverse = self.model.order, self.rest, self.model.products(x, y), self.model.group.inverse
        at = [AtX(slots, x[::n]) for slots in self.sets]
        value = self.margins_at(x[::n], at).reshape(len(x), n)
        value[np.arange(len(x)), y] = value.max()  # w = e
        far = up(np.sqrt(up(self.sums.over([table for one in at for table in one.squares()])))).T.ravel()
        own, others = rest.own(x, y, far), lower_sum([value.min(axis=1), rest.rivals(x, y, -1, far)])
        open_ = np.flatnonzero(~(lower_sum([own, others]) > self.model.floor))
        budget.pay("gaps own", len(open_), 5 * PASS * self.model.width)
        step = CHUNK // self.model.width + 1
        for part in np.split(open_, range(step, len(open_), step)):
            terms = (one.own(part // n, y[part], answers[part]) for one in at)
            own[part] = np.fmax(own[part], lower_sum([rest.told[x[part], y[part]], *terms]))
        least = lower_sum([own, others])

        def outputs(which: Ints) -> Array:
            found = taken(value[which], self.model.group.table[inverse[x[which]]])  # at z
            return self.singly(found, x[which], y[which], own[which], far[which], budget)

        return Bounds(least, up((n - 1) * up(np.exp(-least) * EXP)), outputs)
