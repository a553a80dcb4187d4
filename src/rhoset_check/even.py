"""Rule `even`: neurons read x and y by points of a G-set, and slots of neurons are compared (THEOREMS.md, Theorem 10).

Neuron i sits at points b_i and c_i of a G-set: it reads x nearly through x⁻¹b_i and y nearly through yc_i, and writes
nearly a function of zc_i. At x there is one slot (b, c) for each c and each p = x⁻¹b; what it does to the margin
against z = xwy depends on p, yc, wyc and b, and its least over b is the same for all x. So tables of q³ numbers say
everything, and no pair is looked at. What is left of unembed is bounded neuron by neuron; or, of some neurons, what it
does through x alone and through y alone is taken as it is and only the rest goes into the Cauchy-Schwarz inequality.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import iadd

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import Certificate, GapTensors
from rhoset_check.gaps import Sums, fibres, seats, taken
from rhoset_check.limits import MOST_ENTRIES, PASS, SECOND, Budget, exhaustive
from rhoset_check.near import Array, Ints, Near, Rejected, gamma, lower_sum, require, up
from rhoset_check.network import Model

KEPT = 1 << 22
"""M has so many entries at a time, and is kept where these are all types, y and w."""
TINY = 2.0**-50
"""More than what rounding does to a sum or a square, as a part of its largest term (Lemma 1)."""


@dataclass(frozen=True)
class Slots:
    """The neurons of a G-set with q points, in the order of their slots (c, b)."""

    model: Model
    action: Ints
    """(n, q): y·c."""
    neurons: Ints
    slot: Ints
    """(k,): q·c + b."""
    hidden: Array
    radius: Array
    """(k, q, q) h̄(p, c'), and how far from it activations are where x⁻¹b = p and yc = c'."""
    means: Array
    """(k, q) ū(d)."""
    widths: Array
    """(k,) D: twice how far u(z) is from ū(zc), at most."""

    @staticmethod
    def of(model: Model, action: Ints, neurons: Ints, c: Ints, b: Ints) -> Slots:
        """From what the certificate says of its neurons: the ends of all that it does not say."""
        (n, q), unembed = action.shape, model.unembed["float64"]
        order = np.argsort(c * q + b, kind="stable")
        neurons, c, b = neurons[order], c[order], b[order]
        by_y, by_x = (fibres(sides) for sides in (action, action[model.group.inverse]))
        left, right = ends(model.left["float64"], neurons, by_x[:, b])[..., None], model.right["float64"]
        sums = left + ends(right, neurons, by_y[:, c])[:, :, None]  # (2, k, p, c')
        crossing = (sums[0] <= 0) & (sums[1] >= 0)
        found = Near.exact(sums).activate(model.activation).value
        low, high = found.min(axis=0), found.max(axis=0)
        low = np.where(crossing, np.minimum(low, 0), low)  # every φ is largest at an end, and least there or at 0
        hidden, most = (low + high) / 2, np.maximum(np.abs(low), np.abs(high))
        radius = up(np.maximum(high - hidden, hidden - low) + TINY * most)
        there = unembed.take(by_y[:, c] + n * neurons[:, None])
        low, high = there.min(axis=0), there.max(axis=0)
        means = (low + high) / 2
        bias = neurons == len(unembed) - 1
        hidden[bias], radius[bias] = 1.0, 0.0
        widths = up(2.0 * np.maximum(high - means, means - low)).max(axis=1)
        return Slots(model, action, neurons, c * q + b, hidden, radius, means, widths)

    @property
    def starts(self) -> Ints:
        """The first neuron of each slot that has some."""
        return np.flatnonzero(np.diff(self.slot, prepend=-1))

    def by_c(self, values: Array) -> Array:
        """(c, …) from (slots, …): the sums over b."""
        c = self.slot[self.starts] // len(self.action.T)
        first = np.flatnonzero(np.diff(c, prepend=-1))
        found = np.zeros((len(self.action.T), *values.shape[1:]))
        found[c[first]] = np.add.reduceat(values, first)
        return found

    def least(self, types: Ints, split: NDArray[np.bool_]) -> Array:
        """(types, c, c', d') L over the x of each type, without the rest of unembed of the neurons in `split`."""
        q, starts, index = self.action.shape[1], self.starts, np.arange(self.action.shape[1])
        writes = np.add.reduceat(self.hidden[..., None] * self.means[:, None, None], starts)  # (slots, p, c', e)
        lost = self.radius + np.where(split[:, None, None], 0.0, np.abs(self.hidden))
        fixed = np.add.reduceat(self.widths[:, None, None] * lost, starts)
        to, between = (np.add.reduceat(step * self.radius, starts) for step in self.steps)
        dense = np.zeros((q * q, q, q))
        dense[self.slot[starts]] = to - between
        dense, b = dense.reshape(q, q, q, q), self.slot[starts] % q
        back, found = self.action[self.model.group.inverse].T[b], np.full((types.max() + 1, q, q, q), np.inf)
        step, slots = max(1, CHUNK // (max(len(b), q) * q * q)), np.arange(len(b))[:, None]
        for xs in np.split(np.arange(len(types)), range(step, len(types), step)):
            p, there = back[:, xs], self.action[xs]  # (slots, x), (x, d)
            tables = self.by_c(writes[slots, p])[:, np.arange(len(xs))[:, None, None], index[:, None], there[:, None]]
            always, moved = self.by_c(fixed[slots, p]), self.by_c(between[slots, p])
            own = tables[:, :, index, index] - always - moved - dense[:, there, index, index]
            gains = own[..., None] - tables - dense[:, there, index].swapaxes(2, 3)
            gains[:, :, index, index] = -always
            for kind in np.unique(types[xs]):
                found[kind] = np.minimum(found[kind], gains[:, types[xs] == kind].min(axis=1))
        return found

    @property
    def steps(self) -> Array:
        """(2, k, 1, 1): how far ū(b) is from ū(d), d ≠ b, at most; and how far these are from each other."""
        q = len(self.action.T)
        b = self.slot % q
        others = b[:, None] != np.arange(q)
        low, high = np.where(others, self.means, np.inf).min(axis=1), np.where(others, self.means, -np.inf).max(axis=1)
        own = self.means[np.arange(len(b)), b]
        found = np.stack([np.maximum(high - own, own - low), high - low])
        return up(np.maximum(found, 0.0))[:, :, None, None]

    @property
    def size(self) -> float:
        """All terms that any entry of M is a sum of, in size."""
        reach = (np.abs(self.hidden) + self.radius).max(axis=(1, 2))
        return float(4 * len(self.action.T) * up(reach @ (4.0 * np.abs(self.means).max(axis=1) + self.widths)))

    def apart(self, split: NDArray[np.bool_], scale: Array) -> Split:
        """What the neurons in `split` do through x, through y and through xy, all believed, and what that leaves."""
        q, mine = len(self.action.T), np.flatnonzero(split)
        hidden, neurons, (c, b) = self.hidden[mine], self.neurons[mine], np.divmod(self.slot[mine], q)
        centred = hidden - hidden.mean(axis=1, keepdims=True) - hidden.mean(axis=2, keepdims=True)
        centred += hidden.mean(axis=(1, 2), keepdims=True)
        same = np.trace(centred, axis1=1, axis2=2)[:, None, None] / max(1, q - 1) * np.eye(q)  # H where p = c'
        by_x = (hidden - same).mean(axis=2, keepdims=True)
        by_y = (hidden - same - by_x).mean(axis=1, keepdims=True)
        terms = hidden, -same, -by_x, -by_y
        rest = up(np.abs(sum(terms)) + TINY * sum(map(np.abs, terms)))
        squares = np.zeros((q * q, q, q))
        np.add.at(squares, self.slot[mine], np.square(scale[neurons][:, None, None] * rest))
        delta = Near.exact(self.model.unembed["float64"][neurons].T)
        delta = delta - Near.exact(taken(self.means[mine], self.action.T[c]).T)
        x, y = delta.times(spread(by_x[:, :, 0], b)), delta.times(spread(by_y[:, 0], c))
        z = delta.times(spread(same[np.arange(len(b)), b], c))
        return Split(self, neurons, delta, x, y, z, squares.reshape(q, q, q, q))


@dataclass(frozen=True)
class Split:
    """Activations of some neurons as a_i(x⁻¹b) + b_i(yc) + (H_i where x⁻¹b = yc, that is, xyc = b), and a rest."""

    slots: Slots
    neurons: Ints
    delta: Near
    """(n, k) δ_i(z)."""
    by_x: Near
    by_y: Near
    by_z: Near
    """(n, q·q) δ_zᵀ of each: for every point, and for x⁻¹b, yc, xyc."""
    squares: Array
    """(c, b, p, c') the squared length of s times the rest, upper bounds."""

    def lengths(self, xs: Ints) -> Array:
        """(c, c', x): of all b at these x."""
        index = np.arange(len(self.squares))
        return np.asarray(self.squares[:, self.slots.action[xs], index].sum(axis=2).swapaxes(1, 2))


class EvenRule:
    """The rule; everything is computed once but what each x adds where some neurons are split."""

    row = 0

    def __init__(self, given: GapTensors, certificate: Certificate, model: Model) -> None:
        self.actions, _, nowhere = seats(given, model)
        n, m = model.order, model.width - 1
        if given.left is None:
            raise Rejected("rule even needs gaps.left")
        home, point = given.types or (0, 0)
        require(home < len(self.actions) and point < self.actions[home].shape[1], "gaps.types is no set and point")
        block, c, b = np.append(given.block, home), np.append(given.point, point), np.append(given.left, 0)
        self.model, self.types = model, self.actions[home][:, point] if given.types else np.zeros(n, np.intp)
        self.count, self.sets = int(self.types.max()) + 1, list[Slots]()
        for j, action in enumerate(self.actions):
            mine = np.flatnonzero(block == j)
            require((b[mine] < action.shape[1]).all(), "gaps.left leaves its block")
            if len(mine):
                self.sets.append(Slots.of(model, action, mine, c[mine], b[mine]))
        split = np.zeros(m, bool) if given.centred is None else given.centred > 0
        split = np.append(split, split.any())  # the bias, whose rest is 0, with others
        self.sums, size = Sums(np.concatenate([slots.action.T for slots in self.sets])), sum(s.size for s in self.sets)
        entries = self.sums.entries(self.count, n * bool(split.any()))
        require(entries <= MOST_ENTRIES, "gaps: the sums over points take tables that are too large")
        work = PASS * n * n * self.count * len(self.sums.last)
        require(work <= exhaustive(n, m) + SECOND / 2, "gaps: the sums over points are far more work than evaluation")
        tables = [table for s in self.sets for table in s.least(self.types, split[s.neurons]).swapaxes(0, 1)]
        self.parts = self.sums.both(tables)
        self.slack = float(up(gamma(4 * m + 256, "float64") * size + nowhere))
        self.over_w()
        scale = np.ones(m + 1) if certificate.scale is None else certificate.scale
        self.split = [slots.apart(split[slots.neurons], scale) for slots in self.sets] if split.any() else []
        if self.split:
            self.take_apart(1.0 / np.where(np.arange(m + 1) < m, scale, np.inf))

    def take_apart(self, weights: Array) -> None:
        """Of the split neurons: (x, z) δ_zᵀa, (y, z) δ_zᵀb and (xy, z) δ_zᵀH, and how far these are off; N(z)."""
        found = [self.sums.near([getattr(s, name) for s in self.split]) for name in ("by_x", "by_y", "by_z")]
        (self.by_x, self.by_y, self.by_z), off = zip(*found, strict=True)
        self.by_x, self.off = self.by_x[self.model.group.inverse], -float(up(sum(off)))
        neurons = np.concatenate([s.neurons for s in self.split])
        delta = Near.beside([s.delta for s in self.split], self.model.order, "float64")
        self.beyond = delta.lengths(weights[neurons, None])[:, 0]

    def over_w(self) -> None:
        """(types, n) for each y the least of M over w, and Σ exp(−M)."""
        n = self.model.order
        step = max(1, KEPT // (n * self.count))
        self.main, self.total = np.empty((2, self.count, n))
        for ys in np.split(np.arange(n), range(step, n, step)):
            value = reduce(iadd, (table[:, place[ys][:, None], place] for place, table in self.parts))  # (type, y, wy)
            value -= self.slack
            value[:, np.arange(len(ys)), ys] = np.inf  # w = e
            self.main[:, ys], self.total[:, ys] = value.min(axis=2), up(up(np.exp(-value) * EXP).sum(axis=2))
            value[:, np.arange(len(ys)), ys] = 0.0
            self.kept = value if step >= n else None

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of all pairs with these x; single outputs by Theorem 7."""
        table, n = self.model.group.table, self.model.order
        xs = x[::n]
        types = self.types[xs]
        answers = table[xs]
        rest = np.zeros((1, 1))
        if self.split:
            by_x, off = self.by_x[xs], np.full((1, 1), self.off)
            far = up(np.sqrt(up(self.sums.over([table for s in self.split for table in s.lengths(xs)]).T)))  # (x, y)
            found = taken(by_x, answers), taken(self.by_y, answers.T).T, np.diag(self.by_z)[answers]
            own = lower_sum([off, *found, -up(far * self.beyond[answers])])
            rival = lower_sum([-by_x, -up(far.max(axis=1, keepdims=True) * self.beyond)]).min(axis=1, keepdims=True)
            rest = lower_sum([own, off, rival, -self.by_y.max(axis=1), -self.by_z.max(axis=1)[answers]])
        rest = np.broadcast_to(rest, answers.shape)
        excess = up(self.total[types] * up(np.exp(-rest) * EXP))

        def outputs(which: Ints) -> Array:
            x, y = np.divmod(which, n)
            if self.kept is None:
                return lower_sum([self.main[types[x], y], rest[x, y]])[:, None].repeat(n, axis=1)
            main = taken(self.kept[types[x], y], table[self.model.group.inverse[xs[x]]])  # at z
            lower = lower_sum([main, rest[x, y][:, None]])
            if self.split:
                i, z = np.nonzero(~(lower > self.model.floor))
                budget.pay("gaps singly", len(i), 30 * PASS)
                x, y = x[i], y[i]
                terms = -by_x[x, z], -self.by_y[y, z], -self.by_z[answers[x, y], z], -up(far[x, y] * self.beyond[z])
                lower[i, z] = lower_sum([main[i, z], own[x, y], off[0], *terms])
            return lower

        least = lower_sum([self.main[types], rest])
        return Bounds(least.ravel(), excess.ravel(), outputs)


def ends(side: Near, neurons: Ints, among: Ints) -> Array:
    """(2, k, q) least and largest of a neuron's readings over the elements (n/q, k, q); a sum of two such is one more
    rounding, which `slack` has room for."""
    found, slack = side.value.take(among * side.value.shape[1] + neurons[:, None]), side.slack[neurons, None]
    return np.stack([found.min(axis=0) - slack, found.max(axis=0) + slack])


def spread(values: Array, point: Ints) -> Array:
    """(k, q·q) from (k, q): each row in the columns of its point."""
    found = np.zeros((len(values), values.shape[1], values.shape[1]))
    found[np.arange(len(values)), point] = values
    return found.reshape(len(values), values.shape[1] ** 2)
