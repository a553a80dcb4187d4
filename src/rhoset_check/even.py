"""Rule `even`: neurons read x and y by points of a G-set, and slots of neurons are compared (THEOREMS.md, Theorem 10).

Neuron i sits at points b_i and c_i of a G-set: it reads x nearly through x⁻¹b_i and y nearly through yc_i, and writes
nearly a function of zc_i. At x there is one slot (b, c) for each c and each p = x⁻¹b; what it does to the margin
against z = xwy depends on p, yc, wyc and b, and its least over b is the same for all x. So tables of q³ numbers say
everything, and no pair is looked at. What is left of unembed is bounded neuron by neuron; or, of some neurons, what it
does through x, through y and through xy alone is taken as it is, and only the rest goes into the Cauchy-Schwarz
inequality.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain
from operator import iadd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import Certificate, GapTensors
from rhoset_check.gaps import Sums, fibres, idle, proved_actions, taken
from rhoset_check.limits import MOST_ENTRIES, PASS, SECOND, Budget, exhaustive
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

TINY = 2.0**-50
"""More than what rounding does to a sum or a square, as a part of its largest term (Lemma 1)."""


@dataclass(frozen=True)
class Slots:
    """The neurons of a G-set with q points, in the order of their slots (c, b)."""

    model: Model
    action: Ints
    """(n, q): y·c."""
    neurons: Ints
    c: Ints
    b: Ints
    """(k,) each."""
    columns: Ints
    rows: Ints
    """The c, and the b, of slots with neurons."""
    over_rows: Sums
    """Sums over these b of functions of x⁻¹b."""
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
        order = np.lexsort((b, c))
        neurons, c, b = neurons[order], c[order], b[order]
        left, right, unembed = model.left["float64"], model.right["float64"], model.unembed["float64"]
        by_x, by_y = fibres(action[model.group.inverse])[:, b], fibres(action)[:, c]  # (n/q, k, q)
        rows = np.concatenate([left.value.T[neurons], right.value.T[neurons], unembed[neurons]])
        found = rows.take(np.concatenate([by_x, by_y, by_y], axis=1) + model.order * np.arange(len(rows))[:, None])
        low_x, low_y, low = found.min(axis=0).reshape(3, len(b), -1)
        high_x, high_y, high = found.max(axis=0).reshape(3, len(b), -1)
        error = (left.slack + right.slack)[neurons, None, None]  # has room for the rounding of these sums
        ends = low_x[..., None] + low_y[:, None] - error, high_x[..., None] + high_y[:, None] + error
        hidden, radius = activations(*ends, model.activation)
        hidden[neurons == model.width - 1] = 1.0  # the bias, exactly
        means = (low + high) / 2
        widths = up(2.0 * np.maximum(high - means, means - low)).max(axis=1)
        columns, rows = np.unique(c), np.unique(b)
        over_rows = Sums(action[model.group.inverse].T[rows])
        return Slots(model, action, neurons, c, b, columns, rows, over_rows, hidden, radius, means, widths)

    def by_slot(self, values: Array) -> Array:
        """(rows, columns, …) from (k, …): the sums over the neurons of each slot."""
        q = self.action.shape[1]
        slots, starts = np.unique(q * self.c + self.b, return_index=True)
        found = np.zeros((len(self.rows), len(self.columns), *values.shape[1:]))
        at = np.searchsorted(self.rows, slots % q), np.searchsorted(self.columns, slots // q)
        found[at] = np.add.reduceat(values, starts)
        return found

    def least(self, types: Ints, split: NDArray[np.bool_]) -> Array:
        """(columns, types, c', d') L over the x of each type, without D|h̄| of the neurons in `split`."""
        (n, q), index = self.action.shape, np.arange(self.action.shape[1])
        apart = up(self.means.max(axis=1) - self.means.min(axis=1))[:, None, None]
        terms = np.empty((len(self.b), q, q + 2, q))  # (k, p, e, c') what each writes at e; then what is lost
        terms[:, :, :q] = self.hidden[:, :, None] * self.means[:, None, :, None]
        rest = np.where(split[:, None, None], 0.0, np.abs(self.hidden))
        terms[:, :, q], terms[:, :, q + 1] = self.widths[:, None, None] * (self.radius + rest), apart * self.radius
        tables = self.by_slot(terms).swapaxes(1, 2)  # (b, p, c, e, c')
        found, step = np.empty((len(self.columns), types.max() + 1, q, q)), max(1, CHUNK // (n * q * (q + 2)))
        for first in range(0, len(found), step):
            part = slice(first, first + step)
            sums = self.over_rows.over(list(tables[:, :, part]))  # (x, c, e, c')
            written, always, moved = sums[np.arange(n)[:, None], :, self.action], sums[:, :, q], sums[:, :, q + 1]
            own = np.diagonal(written, axis1=1, axis2=3) - always - moved
            gains = np.subtract(own[:, None], written, out=written)
            for kind in range(found.shape[1]):
                found[part, kind] = gains[types == kind].min(axis=0).transpose(1, 2, 0)  # from (d', c, c')
                found[part, kind][:, index, index] = -always[types == kind].max(axis=0)
        return found

    @property
    def size(self) -> float:
        """All terms that any entry of M is a sum of, in size."""
        reach = (np.abs(self.hidden) + self.radius).max(axis=(1, 2))
        return float(4 * len(self.action.T) * up(reach @ (4.0 * np.abs(self.means).max(axis=1) + self.widths)))

    @cached_property
    def believed(self) -> tuple[Array, Array, Array]:
        """(k, q, 1), (k, 1, q), (k, 1, 1) a, b, H: activations are nearly a(x⁻¹b_i) + b(yc_i), and H if xyc_i = b_i."""
        q, hidden = self.action.shape[1], self.hidden
        both = (np.trace(hidden, axis1=1, axis2=2) - q * hidden.mean(axis=(1, 2))) / max(1, q - 1)
        left = hidden - both[:, None, None] * np.eye(q)
        by_x = left.mean(axis=2, keepdims=True)
        return by_x, (left - by_x).mean(axis=1, keepdims=True), both[:, None, None]

    def apart(self, split: NDArray[np.bool_]) -> tuple[Array, list[Array], list[Array], list[Array], Array, Array]:
        """What the neurons in `split` do beside their means over fibres; X, Y and Z nearly.

        (n, n) X(x, z); for each of the columns (q, n), of which the sums over points are Y(y, z) and Z(xy, z), and the
        squared length of the rest, by y and x, an upper bound; (n,) an upper bound of N(z); how far any number that is
        added in X, Y, Z is off, and its size.
        """
        mine, q, count = np.flatnonzero(split), self.action.shape[1], len(self.columns)
        neurons, c, b, index = self.neurons[mine], self.c[mine], self.b[mine], np.arange(len(mine))
        by_x, by_y, both = (part[mine] for part in self.believed)
        terms, rest = (self.hidden[mine], -by_x, -by_y, -both * np.eye(q)), np.zeros(self.hidden.shape)
        rest[mine] = up(np.abs(sum(terms)) + TINY * sum(map(np.abs, terms)))
        far = self.over_rows.over(list(self.by_slot(np.square(rest)).swapaxes(1, 2)))
        delta = Near.exact(self.model.unembed["float64"][neurons].T)
        delta = delta - Near.exact(taken(self.means[mine], self.action.T[c]).T)
        through, column = np.zeros((len(mine), 2 * count + len(self.rows), q)), np.searchsorted(self.columns, c)
        through[index, column], through[index, count + column, b] = by_y[:, 0], both[:, 0, 0]
        through[index, 2 * count + np.searchsorted(self.rows, b)] = by_x[..., 0]
        product = delta.times(through.reshape(len(mine), q * through.shape[1]))
        tables = list(product.value.T.reshape(-1, q, len(self.action)))
        ends = np.array([product.error.max(), up(product.size + product.error).max()])
        found = self.over_rows.over(tables[2 * count :]), tables[:count], tables[count : 2 * count]
        weights = (neurons < self.model.width - 1)[:, None].astype(float)  # of the bias nothing is left
        return *found, list(far.transpose(1, 2, 0)), delta.lengths(weights)[:, 0], ends


class Rest:
    """What the split neurons of all sets do beside their means over fibres."""

    def __init__(self, model: Model, sums: Sums, sets: list[Slots], split: NDArray[np.bool_]) -> None:
        answers, self.by_x, parts = model.group.table, np.zeros((model.order, model.order)), list[Any]()
        for slots in sets:
            by_x, *part = slots.apart(split[slots.neurons])
            self.by_x += by_x
            parts.append(part)
        *tables, beyond, ends = zip(*parts, strict=True)
        self.by_y, self.by_z, far = (sums.over(list(chain(*parts))) for parts in tables)
        (error, size), count = np.max(ends, axis=0), sum(s.action.shape[1] for s in sets)
        self.off = np.full((1, 1), -3.0 * float(up(count * (error + gamma(count + 8, "float64") * size))))
        self.beyond = up(np.sqrt(up(sum(map(np.square, beyond)))))
        self.far = up(np.sqrt(up(far))).T  # (x, y)
        found = taken(self.by_x, answers), taken(self.by_y, answers.T).T, np.diag(self.by_z)[answers]
        self.told = lower_sum([self.off, *found])
        """(x, y): what x, y and xy alone do to the right answer, at least."""
        self.own = lower_sum([self.told, -up(self.far * self.beyond[answers])])
        worst = lower_sum([-self.by_x, -up(self.far.max(axis=1, keepdims=True) * self.beyond)]).min(axis=1)
        terms = -self.by_y.max(axis=1), -self.by_z.max(axis=1)[answers]
        self.least = lower_sum([self.own, self.off, worst[:, None], *terms])
        """(x, y): what they do to any margin, at least."""

    def outputs(self, x: Ints, y: Ints, answers: Ints, z: Ints) -> list[Array]:
        """(outputs,) each: what they do to the margins against these z is at least the sum of these."""
        terms = -self.by_x[x, z], -self.by_y[y, z], -self.by_z[answers, z]
        return [self.own[x, y], self.off[0], *terms, -up(self.far[x, y] * self.beyond[z])]


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
                self.sets.append(Slots.of(model, action, mine, c[mine], b[mine]))
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
        """(types, y): the least of M over w, and Σ exp(−M)."""
        tables = [table for s in self.sets for table in s.least(self.types, self.split[s.neurons])]
        self.parts, n, count = self.sums.both(tables), self.model.order, self.count
        self.main, self.total = np.empty((2, count, n))
        step = CHUNK // n + 1
        for kind in range(count):
            for y in np.split(np.arange(n), range(step, n, step)):
                value = self.margins(np.full(len(y), kind), y)
                value[np.arange(len(y)), y] = np.inf  # w = e
                self.main[kind, y], self.total[kind, y] = value.min(axis=1), up(np.exp(-value).sum(axis=1) * EXP)

    def margins(self, kind: Ints, y: Ints) -> Array:
        """(pairs, n) M of all wy."""
        value = reduce(iadd, (table[kind, place[y]].take(place, axis=1) for place, table in self.parts))
        value -= self.slack
        return np.asarray(value)

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of all pairs with these x; single outputs by Theorem 7."""
        group, n, xs = self.model.group, self.model.order, x[:: self.model.order]
        least, excess = (part[self.types[xs]] for part in (self.main, self.total))
        if self.split.any():
            rest = self.rest.least[xs]
            least, excess = lower_sum([least, rest]), up(excess * up(np.exp(-rest) * EXP))

        def outputs(which: Ints) -> Array:
            rows, row = np.unique(n * self.types[x[which]] + y[which], return_inverse=True)
            main = taken(self.margins(*np.divmod(rows, n))[row], group.table[group.inverse[x[which]]])  # at z
            if not self.split.any():
                return main
            lower = lower_sum([main, rest.ravel()[which, None]])
            i, z = np.nonzero(~(lower > self.model.floor))
            budget.pay("gaps singly", len(i), 30 * PASS)
            at = which[i]
            lower[i, z] = lower_sum(
                [main[i, z], *self.rest.outputs(x[at], y[at], self.model.products(x[at], y[at]), z)]
            )
            return lower

        return Bounds(least.ravel(), excess.ravel(), outputs)


def activations(low: Array, high: Array, activation: str) -> tuple[Array, Array]:
    """Numbers h̄, and how far φ(t) is from them at most for all t from `low` to `high`."""
    sums = np.stack([low, high, np.minimum(np.maximum(low, 0.0), high)])
    found = Near.exact(sums).activate(activation).value  # every φ is largest at an end, and least at one or at 0
    low, high = found.min(axis=0), found.max(axis=0)
    middle = (low + high) / 2
    return middle, up(np.maximum(high - middle, middle - low) + TINY * np.maximum(high, -low))
