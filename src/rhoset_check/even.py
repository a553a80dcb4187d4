"""Rule `even`: neurons read x and y by points of a G-set, and slots of neurons are compared (THEOREMS.md, Theorem 10).

Neuron i sits at points b_i and c_i of a G-set: it reads x nearly through x⁻¹b_i and y nearly through yc_i, and writes
nearly a function of zc_i. At x there is one slot (b, c) for each c and each p = x⁻¹b; what it does to the margin
against z = xwy depends on p, yc, wyc and b, and its least over b is the same for all x. So tables of q³ numbers say
everything, and no pair is looked at. What is left of unembed is bounded neuron by neuron; or, of some neurons, what it
does through x, through y and through xy alone is taken as it is, and only the rest goes into the Cauchy-Schwarz
inequality.
"""

from __future__ import annotations

from functools import cached_property, reduce
from operator import iadd

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import Certificate, GapTensors
from rhoset_check.gaps import Sums, fibres, idle, proved_actions, taken
from rhoset_check.limits import MOST_ENTRIES, PASS, SECOND, Budget, exhaustive
from rhoset_check.near import ACTIVATIONS, Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

TINY = 2.0**-50
"""More than what rounding does to a number on the way to a radius, as a part of it (Lemma 1)."""


class Slots:
    """The k neurons of a G-set with q points, in the order of their slots (c, b)."""

    def __init__(self, model: Model, action: Ints, neurons: Ints, c: Ints, b: Ints) -> None:
        q, self.model, self.action = action.shape[1], model, action
        order = np.argsort(q * c + b, kind="stable")
        self.neurons, self.c, self.b = neurons[order], c[order], b[order]
        self.columns, self.rows = np.unique(c), np.unique(b)
        """The c, and the b, of slots with neurons."""
        self.column, self.row = np.searchsorted(self.columns, self.c), np.searchsorted(self.rows, self.b)
        """(k,) which of these are each neuron's."""
        self.starts = np.unique(q * self.c + self.b, return_index=True)[1]
        self.over_rows = Sums(action[model.group.inverse].T[self.rows])
        """Sums over these b of functions of x⁻¹b."""
        left, right, where, own = model.left["float64"], model.right["float64"], fibres(action), self.neurons[:, None]
        by_x, by_y = where.swapaxes(1, 2).take(self.b, axis=1), where.take(self.c, axis=1)  # (n/q, k, q)
        of_x, of_y = (side.value.take(model.width * at + own) for side, at in ((left, by_x), (right, by_y)))
        written = model.unembed.take(model.order * own + by_y)
        error = (left.slack + right.slack)[own]  # has room for the rounding of these sums
        self.reads = of_y.min(axis=0) - error, of_y.max(axis=0) + error
        """(k, c') each: the ends of r where yc = c', with room for all errors of l + r."""
        self.hidden, self.radius = self.activations(of_x.min(axis=0), of_x.max(axis=0))
        """(k, p, c') h̄, and how far from it activations are where x⁻¹b = p and yc = c'."""
        low, high = written.min(axis=0), written.max(axis=0)
        self.means = (low + high) / 2
        """(k, d) ū."""
        self.widths = up(2.0 * np.maximum(high - self.means, self.means - low)).max(axis=1)
        """(k,) D: twice how far u(z) is from ū(zc), at most."""
        self.apart = up(self.means.max(axis=1) - self.means.min(axis=1))
        """(k,) R: how far values of ū are from each other, at most."""
        reach = up((np.abs(self.hidden) + self.radius).max(axis=(1, 2)))  # no activation is larger
        self.size = float(up(reach @ (2.0 * np.abs(self.means).max(axis=1) + self.widths)))
        """All terms that any entry of M is a sum of, in size."""

    def activations(self, low: Array, high: Array) -> tuple[Array, Array]:
        """(k, …, c') numbers, and how far φ(l + r) is from them at most: l from `low` to `high`, yc = c'."""
        low, high = low[..., None] + self.reads[0][:, None], high[..., None] + self.reads[1][:, None]
        ends = np.stack([low, high, np.minimum(np.maximum(low, 0.0), high)])
        found = ACTIVATIONS[self.model.activation][1](ends)  # every φ is largest at an end, and least at one or at 0
        low, high = found.min(axis=0), found.max(axis=0)
        middle = (low + high) / 2
        radius = up(np.maximum(high - middle, middle - low) + TINY * np.maximum(high, -low))
        middle[self.neurons == self.model.width - 1] = 1.0  # the bias, exactly
        return middle, radius

    def by_slot(self, values: Array) -> Array:
        """(rows, columns, …) from (k, …): the sums over the neurons of each slot."""
        found = np.zeros((len(self.rows), len(self.columns), *values.shape[1:]))
        found[self.row[self.starts], self.column[self.starts]] = np.add.reduceat(values, self.starts)
        return found

    def least(self, types: Ints, split: NDArray[np.bool_]) -> Array:
        """(columns, types, c', d') L over the x of each type, without D|h̄| of the neurons in `split`."""
        (n, q), kinds = self.action.shape, range(int(types.max()) + 1)
        terms = np.empty((len(self.b), q, q + 2, q))  # (k, p, d, c') what each writes at d; then what is lost
        terms[:, :, :q] = self.hidden[:, :, None] * self.means[:, None, :, None]
        rest = np.where(split[:, None, None], 0.0, np.abs(self.hidden))
        terms[:, :, q] = self.widths[:, None, None] * (self.radius + rest)
        terms[:, :, q + 1] = self.apart[:, None, None] * self.radius
        tables = np.moveaxis(self.by_slot(terms), 1, 3)  # (b, p, d, c, c')
        found, step = np.empty((len(kinds), q, len(self.columns), q)), max(1, CHUNK // (n * q * (q + 2)))
        for first in range(0, len(self.columns), step):
            part = slice(first, first + step)
            sums = self.over_rows.over(list(tables[:, :, :, part]))  # (x, d, c, c')
            gains = losses(sums[:, :q], sums[:, q], sums[:, q + 1], self.action)
            for kind in kinds:
                found[kind, :, part] = gains[types == kind].min(axis=0)
        return found.transpose(2, 0, 3, 1)

    @cached_property
    def believed(self) -> tuple[Array, Array, Array, Near]:
        """(k, q) a, (k, q) b, (k,) H, and (c', p, k) what they say of activations, a(p) + b(c') + (H where p = c')."""
        same, hidden = np.eye(self.action.shape[1]), self.hidden
        both = (np.trace(hidden, axis1=1, axis2=2) - len(same) * hidden.mean(axis=(1, 2))) / max(1, len(same) - 1)
        other = hidden - both[:, None, None] * same
        a, b = other.mean(axis=2), other.mean(axis=1) - other.mean(axis=(1, 2))[:, None]
        return a, b, both, Near.exact(a.T[None]) + Near.exact(b.T[:, None]) + Near.exact(same[..., None] * both)

    @cached_property
    def delta(self) -> Near:
        """(n, k) δ: what the means over fibres leave of unembed."""
        means = taken(self.means, self.action.T[self.c])
        return Near.exact(self.model.unembed[self.neurons].T) - Near.exact(means.T)


def losses(written: Array, always: Array, moved: Array, places: Ints) -> Array:
    """(x, d', …, c') L from T, (x, d, …, c'), F and what is lost where a point moves, (x, …, c'); xd' are `places`."""
    found, index = written[np.arange(len(places))[:, None], places], np.arange(places.shape[1])
    np.subtract((np.diagonal(found, axis1=1, axis2=-1) - always - moved)[:, None], found, out=found)
    found[:, index, ..., index] = -np.moveaxis(always, -1, 0)
    return found


class Rest:
    """What the split neurons of all sets do beside their means over fibres: X, Y, Z nearly, and bounds of N and e."""

    def __init__(self, model: Model, sums: Sums, sets: list[Slots], split: NDArray[np.bool_]) -> None:
        n, self.answers, ends = model.order, model.group.table, list[tuple[float, float]]()
        by_x, by_y, by_z, far, beyond = np.zeros((n, n)), list[Array](), list[Array](), list[Array](), np.zeros(n)

        def spread(slots: Slots, at: Ints, values: Array) -> list[Array]:
            """(q, z) of each point, Σ values_i δ_i(z) of the split neurons there; `values` (k, q)."""
            through = np.zeros((len(at), at.max() + 1, values.shape[1]))
            through[np.arange(len(at)), at] = values * split[slots.neurons, None]
            product = slots.delta.times(through.reshape(len(at), -1))
            ends.append((product.error.max(), up(product.size + product.error).max()))
            return list(product.value.T.reshape(*through.shape[1:], n))

        for slots in sets:
            a, b, both, expected = slots.believed
            by_x += slots.over_rows.over(spread(slots, slots.row, a))
            by_y += spread(slots, slots.column, b)
            by_z += spread(slots, slots.column, both[:, None] * np.eye(a.shape[1])[slots.b])
            rest, mine = Near.exact(slots.hidden.T) - expected, split[slots.neurons]
            squares = slots.by_slot(np.square((np.abs(rest.value) + rest.error) * mine).T)
            far += list(slots.over_rows.over(list(squares.swapaxes(1, 2))).transpose(1, 2, 0))
            weights = mine & (slots.neurons < model.width - 1)  # of the bias nothing is left
            beyond += np.square(slots.delta.lengths(weights[:, None].astype(float))[:, 0])
        (error, size), count = np.max(ends, axis=0), sum(s.action.shape[1] for s in sets)
        self.off = np.full(1, -3.0 * float(up(count * (error + gamma(count + 8, "float64") * size))))
        self.far, beyond = up(np.sqrt(up(sums.over(far)))).T, up(np.sqrt(up(beyond)))
        """(x, y) e."""
        worst = lower_sum([-by_x, -up(self.far.max(axis=1, keepdims=True) * beyond)]).min(axis=1)
        self.by_x, self.beyond = np.column_stack([by_x, -worst]), np.append(beyond, 0.0)
        self.by_y, self.by_z = (np.column_stack([t, t.max(axis=1)]) for t in (sums.over(by_y), sums.over(by_z)))
        """By z, and the largest at -1: of X and N(z)e(x, y) together."""
        found = taken(self.by_x, self.answers), taken(self.by_y, self.answers.T).T, np.diag(self.by_z)[self.answers]
        self.told = lower_sum([self.off, *found])
        """(x, y): what x, y and xy alone do to the right answer, at least."""

    def own(self, x: Ints, y: Ints, far: Array) -> Array:
        """(pairs,): what they do to the right answer, at least, where e is `far`."""
        return lower_sum([self.told[x, y], -up(far * self.beyond[self.answers[x, y]])])

    def rivals(self, x: Ints, y: Ints, z: Ints | int, far: Array) -> Array:
        """(pairs,): what they do for these z, taken off, at least; for every z where it is -1."""
        terms = -self.by_x[x, z], -self.by_y[y, z], -self.by_z[self.answers[x, y], z]
        return lower_sum([self.off, *terms, -up(far * self.beyond[z])])


class EvenRule:
    """The rule; everything is computed once."""

    row = 0
    rest: Rest

    def __init__(self, given: GapTensors, certificate: Certificate, model: Model) -> None:
        self.actions = proved_actions(given, model)
        n, m = model.order, model.width - 1
        home, point = given.types or (0, 0)
        require(home < len(self.actions) and point < self.actions[home].shape[1], "gaps.types is no set and point")
        block, c, b = np.append(given.block, home), np.append(given.point, point), np.append(given.left, 0)
        self.model, self.types = model, self.actions[home][:, point] if given.types else np.zeros(n, np.intp)
        self.count, self.sets = int(self.types.max()) + 1, list[Slots]()
        for j, action in enumerate(self.actions):
            mine = np.flatnonzero(block == j)
            require((b[mine] < action.shape[1]).all(), "gaps.left leaves its block")
            if len(mine):
                self.sets.append(Slots(model, action, mine, c[mine], b[mine]))
        split = np.full(m, given.each) if given.each or given.centred is None else given.centred > 0
        self.split = np.append(split, split.any())  # the bias, whose rest is 0, with others
        self.sums = Sums(np.concatenate([s.action.T[s.columns] for s in self.sets]))
        self.slack = float(up(gamma(4 * m + 256, "float64") * sum(s.size for s in self.sets)))
        self.slack += idle(model, np.flatnonzero(given.block == len(self.actions)))
        self.plan()
        if split.any():
            self.rest = Rest(model, self.sums, self.sets, self.split)
        self.form()

    def plan(self) -> None:
        """Whether tables are small enough."""
        n, m, split = self.model.order, self.model.width - 1, bool(self.split.any())
        entries = self.sums.entries(self.count, n * split)
        require(entries <= MOST_ENTRIES, "gaps: the sums over points take tables that are too large")
        work = PASS * n * n * self.count * len(self.sums.last)
        require(work <= exhaustive(n, m) + SECOND / 2, "gaps: the sums over points are far more work than evaluation")

    def form(self) -> None:
        """By type and y: the least of M over w, and Σ exp(−M)."""
        tables = [table for s in self.sets for table in s.least(self.types, self.split[s.neurons])]
        self.parts, n = self.sums.both(tables), self.model.order
        self.main, self.total = np.empty((2, self.count * n))
        step = CHUNK // n + 1
        for rows in np.split(np.arange(self.count * n), range(step, self.count * n, step)):
            value = self.margins(rows)
            value[np.arange(len(rows)), rows % n] = np.inf  # w = e
            self.main[rows], self.total[rows] = value.min(axis=1), up(np.exp(-value).sum(axis=1) * EXP)

    def margins(self, rows: Ints) -> Array:
        """(rows, n) M of all wy, for type and y in one number, n · type + y."""
        kind, y = np.divmod(rows, self.model.order)
        value = reduce(iadd, (table[kind, place[y]].take(place, axis=1) for place, table in self.parts))
        return np.asarray(value - self.slack)

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of all pairs with these x; single outputs by Theorem 7."""
        group, n, xs = self.model.group, self.model.order, x[:: self.model.order]
        least, excess = (part.reshape(-1, n)[self.types[xs]].ravel() for part in (self.main, self.total))
        if self.split.any():
            far = self.rest.far[x, y]
            own = self.rest.own(x, y, far)
            rest = lower_sum([own, self.rest.rivals(x, y, -1, far)])
            least, excess = lower_sum([least, rest]), up(excess * up(np.exp(-rest) * EXP))

        def outputs(which: Ints) -> Array:
            rows, row = np.unique(n * self.types[x[which]] + y[which], return_inverse=True)
            found = taken(self.margins(rows)[row], group.table[group.inverse[x[which]]])  # at z
            return self.singly(found, x[which], y[which], own[which], far[which], budget) if self.split.any() else found

        return Bounds(least, excess, outputs)

    def singly(self, found: Array, x: Ints, y: Ints, own: Array, far: Array, budget: Budget) -> Array:
        """(pairs, n): M at every z and what is split, for all z at once and then for those that this leaves open."""
        lower = lower_sum([found, lower_sum([own, self.rest.rivals(x, y, -1, far)])[:, None]])
        i, z = np.nonzero(~(lower > self.model.floor))
        budget.pay("gaps singly", len(i), 30 * PASS)
        lower[i, z] = lower_sum([found[i, z], own[i], self.rest.rivals(x[i], y[i], z, far[i])])
        return lower
