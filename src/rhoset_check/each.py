"""Rule `each`: rule even with every x by itself (THEOREMS.md, Theorem 8).

Neurons read y nearly through yc_i and write nearly a function of zc_i as in rule even; what they read of x is taken as
it is. So each x has tables of its own, of (yc, zc) for every point c, which are added for all y and z by the same
`Sums`. All neurons are split. What that leaves of activations is known at x: where a pair stays open it meets what the
right answer has left of unembed in a product, not in a Cauchy-Schwarz inequality.
"""

from __future__ import annotations

import numpy as np

from rhoset_check.even import EvenRule, Slots, activations
from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.gaps import fibres, taken
from rhoset_check.limits import MOST_ENTRIES, PASS, SECOND, Budget, exhaustive, rows_at_once
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up


class AtX:
    """The neurons of a G-set at some x."""

    def __init__(self, slots: Slots, xs: Ints) -> None:
        left, right = (side["float64"].columns(slots.neurons) for side in (slots.model.left, slots.model.right))
        fibre = fibres(slots.action)[:, slots.c]  # (n/q, k, c')
        reads, at = right.value.T[np.arange(len(slots.c))[:, None], fibre], left.value[xs].T[..., None]
        error = (left.slack + right.slack)[:, None, None]  # has room for the rounding of these sums
        ends = at + reads.min(axis=0)[:, None] - error, at + reads.max(axis=0)[:, None] + error
        self.hidden, self.radius = activations(*ends, slots.model.activation)
        """(k, x, c') ĥ, and how far from it activations are where yc = c'."""
        self.hidden[slots.neurons == slots.model.width - 1] = 1.0  # the bias, exactly
        self.slots, self.xs, self.starts = slots, xs, np.searchsorted(slots.c, slots.columns)
        a, b, both = slots.believed
        points = slots.action[slots.model.group.inverse[xs]][:, None, slots.b]  # (x, 1, k) x⁻¹b
        by_x = np.take_along_axis(a[:, None, :, 0].T, points, axis=0)
        same = both[:, 0, 0] * (points == np.arange(slots.action.shape[1])[:, None])  # H where x⁻¹b = c'
        hidden = Near.exact(self.hidden.transpose(1, 2, 0))
        self.rest = hidden - Near.exact(by_x) - Near.exact(b[:, 0].T) - Near.exact(same)
        """(x, c', k) r."""

    def tables(self) -> list[Array]:
        """(x, c', d') L of each column."""
        slots, at = self.slots, np.arange(self.slots.action.shape[1])
        apart = up(slots.means.max(axis=1) - slots.means.min(axis=1))
        fixed, moved = (
            np.add.reduceat(size[:, None, None] * self.radius, self.starts) for size in (slots.widths, apart)
        )
        found, there = list[Array](), slots.action[self.xs][:, None]  # (x, 1, d'): xd'
        of_columns = (np.split(part, self.starts[1:]) for part in (self.hidden, slots.means))
        for hidden, means, always, more in zip(*of_columns, fixed, moved, strict=True):
            wrote = (hidden.reshape(len(means), -1).T @ means).reshape(len(self.xs), len(at), len(at))  # (x, c', zc)
            wrote = np.take_along_axis(wrote, there, axis=2)
            found.append((wrote[:, at, at] - always - more)[..., None] - wrote)
            found[-1][:, at, at] = -always
        return found

    def squares(self) -> list[Array]:
        """(c', x) of each column: the squared length of the rest."""
        most = np.square(np.abs(self.rest.value) + self.rest.error)
        return list(up(np.add.reduceat(most, self.starts, axis=2)).T)

    def own(self, x: Ints, y: Ints, z: Ints) -> Array:
        """(pairs,) Σ δ_i(z) r_i(x, yc_i), at least; `x` are numbers among those here."""
        slots, rest = self.slots, self.rest
        means = np.take_along_axis(slots.means.T, slots.action[z][:, slots.c], axis=0)
        delta = Near.exact(slots.model.unembed["float64"][slots.neurons][:, z].T) - Near.exact(means)
        value = rest.value[x[:, None], slots.action[y][:, slots.c], np.arange(len(slots.c))]
        return Near(value, rest.error, rest.size).dot(delta).lower[:, 0]


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
        """No table is the same for all x; X, which is added to those of an x, is rounded with them."""
        self.slack += float(up(gamma(4 * self.model.width + 256, "float64") * np.abs(self.rest.by_x).max()))

    def margins_at(self, xs: Ints, at: list[AtX]) -> Array:
        """(x, y, v) M less X(x, z), for z = xv."""
        (place, first), *others = self.sums.both([table for one in at for table in one.tables()])
        value = (first[:, :, place] - taken(self.rest.by_x[xs], self.model.group.table[xs])[:, None])[:, place]
        for place, table in others:
            value += table[:, place[:, None], place]
        return np.asarray(value - self.slack)

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of all pairs with these x."""
        n, rest, answers, floor = self.model.order, self.rest, self.model.products(x, y), self.model.floor
        at = [AtX(slots, x[::n]) for slots in self.sets]
        value = self.margins_at(x[::n], at).reshape(len(x), n)
        value[np.arange(len(x)), y] = value.max()  # w = e
        far = up(np.sqrt(up(self.sums.over([table for one in at for table in one.squares()])))).T.ravel()
        own = lower_sum([rest.told[x, y], -up(far * rest.beyond[answers])])
        by_y, by_z = rest.by_y.max(axis=1)[y], rest.by_z.max(axis=1)[answers]
        others = [value.min(axis=1), rest.off[0], -by_y, -by_z, -up(far * rest.beyond.max())]
        open_ = np.flatnonzero(~(lower_sum([own, *others]) > floor))
        budget.pay("gaps own", len(open_), 5 * PASS * self.model.width)
        step = CHUNK // self.model.width + 1
        for part in np.split(open_, range(step, len(open_), step)):
            pairs = part // n, y[part], answers[part]
            own[part] = np.fmax(own[part], lower_sum([rest.told[x[part], y[part]], *(one.own(*pairs) for one in at)]))
        least = lower_sum([own, *others])

        def outputs(which: Ints) -> Array:
            found = taken(value[which], self.model.group.table[self.model.group.inverse[x[which]]])  # at z
            lower = lower_sum([found, *(term[which, None] for term in (own, *others[2:])), rest.off])
            i, z = np.nonzero(~(lower > floor))
            budget.pay("gaps singly", len(i), 30 * PASS)
            pair = which[i]
            terms = -rest.by_y[y[pair], z], -rest.by_z[answers[pair], z], -up(far[pair] * rest.beyond[z])
            lower[i, z] = lower_sum([found[i, z], own[pair], rest.off[0], *terms])
            return lower

        return Bounds(least, up((n - 1) * up(np.exp(-least) * EXP)), outputs)
