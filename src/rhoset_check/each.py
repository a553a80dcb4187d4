"""Rule `each`: every x by itself, and sums that points share (THEOREMS.md, Theorem 8).

As in rule `even` neuron i sits at a point c_i, reads y nearly through yc_i and writes ū_i(zc_i), and δ_i(z) besides. So
for each x what an output z reaches is a sum over the points of numbers that depend on (yc, zc), and a number for z.
They are added in the order of a tree: few points tell few classes of y and z apart, so that only the last additions
walk all (y, z). Parts that are in no sum are bounded by their largest over z, and evaluated where that is not enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import EXP, Bounds
from rhoset_check.files import Certificate, GapTensors
from rhoset_check.gaps import fibres, kinds, seats, taken
from rhoset_check.limits import MOST_ENTRIES, PASS, SECOND, Budget, exhaustive, rows_at_once
from rhoset_check.near import Array, Ints, Near, lower_sum, require, up
from rhoset_check.network import Model


@dataclass(frozen=True)
class Part:
    """A function of (y, z) that knows them by classes: for each x a table (y's classes, z's classes)."""

    of_y: Ints
    of_z: Ints
    """(n,): the class of each y and z."""
    first: tuple[Ints, Ints]
    """An element of each class of y, and of each of z."""

    @staticmethod
    def by(of_y: Ints, of_z: Ints) -> Part:
        """With classes numbered anew."""
        (y, at_y), (z, at_z) = (np.unique(of, return_index=True, return_inverse=True)[1:] for of in (of_y, of_z))
        return Part(at_y.ravel(), at_z.ravel(), (y, z))

    @property
    def entries(self) -> int:
        """Of the table of one x."""
        return len(self.first[0]) * len(self.first[1])

    def within(self, table: Near, finer: Part) -> Near:
        """The same function, by the classes of a finer part."""
        return table.some(table.value[:, self.of_y[finer.first[0], None], self.of_z[finer.first[1]]])

    def at(self, table: Near, x: Ints, y: Ints, z: Ints) -> Near:
        """Single entries."""
        return table.some(table.value[x, self.of_y[y], self.of_z[z]])


def parts_of(places: Sequence[Ints], joins: Ints, n: int) -> tuple[list[Part], list[int]]:
    """Those of some points, (n,) each, what x does alone, and the sums of two that joins make; which of them are in no
    sum, the last first."""
    everyone = np.arange(n)
    parts = [*(Part.by(place, place) for place in places), Part.by(0 * everyone, everyone)]
    left = set(range(len(parts)))
    for one, other in joins.tolist():
        require({one, other} <= left and one != other, "gaps.joins: a part is joined once, after it is made")
        left = left - {one, other} | {len(parts)}
        parts.append(Part.by(*(getattr(parts[one], of) * n + getattr(parts[other], of) for of in ("of_y", "of_z"))))
    return parts, sorted(left, reverse=True)


@dataclass(frozen=True)
class Circuit:
    """The neurons of a transitive G-set with q points, in the order of their points; C of the points have some."""

    model: Model
    action: Ints
    """(n, q): y·c."""
    neurons: Ints
    columns: tuple[slice, ...]
    """Those of each point that has some."""
    place: Ints
    """(C, n): z·c for these points."""
    reads: Near
    """(q, k): γ_i(c')."""
    writes: NDArray[np.floating]
    """(k, q): nearly the mean ū_i(d) of u_i over the z with zc_i = d, in the precision of the rule."""
    unwritten: Near
    """(n, k): δ_i(z) = u_i(z) − ū_i(z)."""
    fixed: Array
    moved: Array
    """(C, n) d(y, c) and v(y, c): what readings can cost a margin where w fixes the point yc, and where it moves it."""

    @staticmethod
    def of(model: Model, point: Ints, action: Ints, neurons: Ints, work: str) -> Circuit:
        """What readings differ from γ and unembed from ū. Where fibres stand in three axes these are (within the fibre,
        neuron, place)."""
        (n, q), right, unembed = action.shape, model.right["float64"], model.unembed["float64"]
        points, firsts, at = np.unique(point, return_index=True, return_inverse=True)
        columns, place = tuple(slice(a, b) for a, b in pairwise([*firsts.tolist(), len(point)])), action.T[points]
        order = fibres(action)[:, points]
        here, there = (side.take(order[:, at] * step + base * neurons[:, None]) for side, step, base in (
            (right.value, right.value.shape[1], 1), (unembed, 1, n)))  # fmt: skip
        reads = ((here.min(axis=0) + here.max(axis=0)) / 2).astype(work)
        rho = np.abs(here - reads) + right.error[neurons, None]
        rho *= slopes(model, neurons, np.abs(reads).max(axis=1).astype(np.float64))[:, None]
        low, high, means = there.min(axis=0), there.max(axis=0), there.mean(axis=0).astype(work)
        centre = np.sort((low + high) / 2, axis=1)[:, q // 2, None]  # m_i: the median, near most of a row
        widths, apart, range_ = high - low, np.maximum(high - centre, centre - low), high.max(axis=1) - low.min(axis=1)
        fixed, moved = np.empty((2, len(points), n))
        for c, part in enumerate(columns):
            errors, y = rho[:, part].transpose(1, 0, 2).reshape(-1, n), order[:, c].ravel()
            fixed[c, y] = (widths[part].T @ errors).max(axis=0)
            moved[c, y] = np.minimum(np.sort(apart[part].T @ errors, axis=0)[-2:].sum(axis=0), range_[part] @ errors)
        unwritten = Near.exact(unembed[neurons].T) - Near.exact(taken(means.astype(np.float64), place[at]).T)
        found = columns, place, Near.exact(reads.T), means, unwritten, up(fixed), up(np.maximum(moved, fixed))
        return Circuit(model, action, neurons, *found)

    @cached_property
    def apart(self) -> Array:
        """(k, C): 1 for the neurons of each point."""
        sizes = [part.stop - part.start for part in self.columns]
        return np.repeat(np.eye(len(sizes)), sizes, axis=0)

    @cached_property
    def ends(self) -> list[tuple[Array, Array]]:
        """Error and size of each point's products with `writes`, which are the same for all x."""
        hidden = self.hidden(np.zeros(1, np.intp))
        found = (hidden.columns(part).ends(self.writes[part]) for part in self.columns)
        return [(error.max(keepdims=True), size.max(keepdims=True)) for error, size in found]

    def hidden(self, xs: Ints) -> Near:
        """φ(l_i(x) + γ_i(c')) in rows (c', x)."""
        left = self.model.left[self.reads.dtype].columns(self.neurons).rows(xs)
        return self.reads.each(left).activate(self.model.activation)


@dataclass(frozen=True)
class Seat:
    """A circuit, and what is believed of its neurons' activations: a(x) + b(yc)."""

    circuit: Circuit
    apart: NDArray[np.bool_]
    """(k,): the neurons of which anything is believed; a = b = 0 for the others."""
    by_x: NDArray[np.floating]
    by_point: NDArray[np.floating]
    """(n, k) a, the same for all x of a class; (q, k) b."""
    extra: NDArray[np.floating]
    """(C, q): what readings cost more where yc moves, at most, for each yc."""

    @staticmethod
    def of(circuit: Circuit, apart: NDArray[np.bool_], classes: Ints) -> Seat:
        """Means over the points, then over x, of φ at the mean l_i of each class of x; `classes` (k, n)."""
        (n, q), reads, k = circuit.action.shape, circuit.reads, len(apart)
        left = circuit.model.left[reads.dtype].value[:, circuit.neurons]
        at = (classes + n * np.arange(k)[:, None]).ravel()
        sums, sizes = (np.bincount(at, weights, minlength=n * k) for weights in (left.T.ravel(), None))
        middle = Near.exact((sums / np.maximum(sizes, 1)).take(at).reshape(k, n).T.astype(reads.dtype))
        total, means = np.zeros(middle.value.shape), np.empty((q, k))
        for c in range(q):
            hidden = reads.rows(np.array([c])).each(middle).activate(circuit.model.activation).value
            total, means[c] = total + hidden, hidden.mean(axis=0)
        by_x = np.where(apart, total / q, 0).astype(reads.dtype)
        by_point = np.where(apart, means - by_x.mean(axis=0), 0)
        more = zip(up(circuit.moved - circuit.fixed), circuit.place, strict=True)
        extra = np.array([[row[place == d].max() for d in range(q)] for row, place in more]).astype(reads.dtype)
        extra = np.nextafter(extra, np.inf, dtype=extra.dtype)  # no smaller in fewer digits
        return Seat(circuit, apart, by_x, by_point.astype(reads.dtype), extra)

    @property
    def place(self) -> Ints:
        """(n, k): yc_i."""
        return self.circuit.place.repeat([part.stop - part.start for part in self.circuit.columns], axis=0).T

    def tables(self, hidden: Near, xs: Ints) -> Iterator[Near]:
        """For each column (x, yc, zc): what its neurons write, and what a rival may gain by errors of readings."""
        circuit, q = self.circuit, self.circuit.action.shape[1]
        own = circuit.action[xs][:, :, None] == np.arange(q)
        for c, part in enumerate(circuit.columns):
            table = hidden.rounded(hidden.value[:, part] @ circuit.writes[part], *circuit.ends[c])
            more = Near.exact(np.where(own, 0, self.extra[c][:, None]))
            yield table.some(table.value.reshape(q, len(xs), q).transpose(1, 0, 2)) + more.some(more.value)

    def rest(self, hidden: Near, xs: Ints) -> Near:
        """(yc, x, k): activations less a(x) and b(yc)."""
        cube = Near(hidden.value.reshape(len(self.by_point), len(xs), -1), hidden.error, hidden.size)
        return cube - Near.exact(self.by_x[xs]) - Near.exact(self.by_point[:, None])

    def squares(self, rest: Near, scale: Array | None) -> Array:
        """(2, x, y): the squared length of the rest of all neurons, and of those that are not taken apart."""
        (q, count, k), places = rest.value.shape, self.circuit.place  # (C, y)
        weights = self.circuit.apart * (np.ones(k) if scale is None else scale[self.circuit.neurons])[:, None]
        both = np.concatenate([weights, weights * ~self.apart[:, None]], axis=1)
        found = np.square(Near(rest.value.reshape(-1, k), rest.error, rest.size).lengths(both))
        found = found.reshape(q, count, 2, -1)[places, :, :, np.arange(len(places))[:, None]]  # (C, y, x, 2)
        return np.asarray(up(found.sum(axis=0)).T)


@dataclass(frozen=True)
class Walk:
    """All pairs with some x."""

    answers: Ints
    """(x, y): xy."""
    parts: list[tuple[Part, Near]]
    """The parts that are in no sum with their tables, the one that walks all (y, z) first."""
    rests: list[Near]
    far: Array
    others: Array
    """(x, y): bounds of ‖s(ĥ − a − b)‖ over all neurons, and over those of which nothing is believed."""


def slopes(model: Model, neurons: Ints, read: Array) -> Array:
    """(neurons,): Lipschitz constants of φ over l + r and over l + γ, |γ| ≤ `read` (Lemma 9)."""
    if model.activation != "square":
        return np.ones(len(neurons))
    left, right = (side["float64"].columns(neurons) for side in (model.left, model.right))
    return up(2.0 * (left.size + left.error + np.maximum(right.size + right.error, read)))


class EachRule:
    """The rule; what does not depend on x is computed once."""

    row = 0

    def __init__(self, given: GapTensors, certificate: Certificate, model: Model) -> None:
        self.actions, seated, nowhere = seats(given, model)
        self.model, self.scale, n, m = model, certificate.scale, model.order, model.width - 1
        both = zip(self.actions, seated, strict=True)
        sets = [Circuit.of(model, given.point[mine], action, mine, "float32") for action, mine in both if len(mine)]
        for lost in (sets[0].fixed, sets[0].moved):  # each point is counted once, as one or the other
            lost[0] = up(lost[0] + nowhere)
        self.plan([place for s in sets for place in s.place if s.action.shape[1] > 1], given)
        self.groups = kinds([s.action for s in sets], model.group.identity)
        self.fixed = up(sum(s.fixed.sum(axis=0) for s in sets))
        neurons, ends = np.concatenate([s.neurons for s in sets]), np.cumsum([len(s.neurons) for s in sets])[:-1]
        self.apart = (np.zeros(m, bool) if given.centred is None else given.centred > 0)[neurons]
        classes = np.zeros((1, n), np.intp) if given.classes is None else given.classes
        row = (np.zeros(m, np.intp) if given.row is None else given.row)[neurons]
        each = zip(sets, np.split(self.apart, ends), np.split(classes[row], ends), strict=True)
        self.seats = [Seat.of(*seat) for seat in each]
        self.unwritten = Near.beside([s.unwritten for s in sets], n, "float64")
        weights = np.ones(len(neurons)) if self.scale is None else 1.0 / self.scale[neurons]
        self.lengths, self.unsaid = self.unwritten.lengths(np.stack([weights, weights * ~self.apart], axis=1)).T
        by_x = np.concatenate([seat.by_x for seat in self.seats], axis=1)
        self.by_x = self.alone(by_x, classes, row) + Near.exact(model.unembed["float64"][-1:])
        columns = np.concatenate([s.place for s in sets])
        column = np.repeat(np.arange(len(columns)), [p.stop - p.start for s in sets for p in s.columns])
        by_y = [seat.by_point[seat.place, np.arange(len(seat.apart))] for seat in self.seats]
        self.by_y = self.alone(np.concatenate(by_y, axis=1), columns, column)

    def plan(self, places: list[Ints], given: GapTensors) -> None:
        """The parts, and whether their tables are small enough."""
        n, m = self.model.order, self.model.width - 1
        self.joins = np.zeros((0, 2), np.intp) if given.joins is None else given.joins
        self.parts, self.left = parts_of(places, self.joins, n)
        entries = n * n + sum(part.entries for part in self.parts)
        require(entries * min(n, rows_at_once(n, m)) <= 2 * MOST_ENTRIES, "gaps.joins: the tables are too large")
        work = n * (entries + 6 * n * n) * PASS
        require(work <= exhaustive(n, m) + SECOND / 2, "gaps.joins ask for far more work than exhaustive evaluation")

    def alone(self, values: NDArray[np.floating], classes: Ints, chosen: Ints) -> Near:
        """(n, z): δ_zᵀ of vectors, rows of (n, neurons), the same for each neuron in each class of its `chosen` row."""
        total = Near.exact(np.zeros((1, self.model.order)))
        for j in np.unique(chosen[self.apart]):
            mine = np.flatnonzero((chosen == j) & self.apart)
            _, first, label = np.unique(classes[j], return_index=True, return_inverse=True)
            here, label = values[first][:, mine], label.ravel()
            require((values[:, mine] == here[label]).all(), "gaps.classes: activations differ within a class")
            delta = self.unwritten.columns(mine)
            found = Near.exact(here.astype(np.float64)).times(delta.value.T, delta.error.max(initial=0.0))
            total = total + found.some(found.value[label])
        return total.some(np.broadcast_to(total.value, (self.model.order,) * 2))

    def walk(self, xs: Ints) -> Walk:
        """Form the tables of some x, and add them up."""
        tables, rests, far = list[Near](), list[Near](), np.zeros((2, len(xs), self.model.order))
        for seat in self.seats:
            hidden = seat.circuit.hidden(xs)
            tables += seat.tables(hidden, xs) if len(seat.by_point) > 1 else ()
            rests.append(seat.rest(hidden, xs))
            far += seat.squares(rests[-1], self.scale)
        by_x = self.by_x.rows(xs).to(rests[0].dtype)
        tables.append(by_x.some(by_x.value[:, None]))
        for (one, other), part in zip(self.joins.tolist(), self.parts[len(tables) :], strict=True):
            tables.append(self.parts[one].within(tables[one], part) + self.parts[other].within(tables[other], part))
        left = [(self.parts[j], tables[j]) for j in self.left]
        return Walk(self.model.group.table[xs].astype(np.intp), left, rests, *up(np.sqrt(up(far))))

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """Of all pairs with these x, by kinds of w, without the right answer's own rest; single outputs with it."""
        table, n = self.model.group.table, self.model.order
        xs = x[::n]
        walk = self.walk(xs)
        (part, sums), *alone = walk.parts
        reached = sums.some(sums.value[:, part.of_y[:, None], part.of_z])  # (x, y, z)
        most = np.empty((len(xs), n, len(self.groups)))
        for g, group in enumerate(self.groups):
            z = table[table[xs][:, None, group], np.arange(n)[:, None]]  # (x, y, w): xwy
            most[:, :, g] = np.take_along_axis(reached.value, z, axis=2).max(axis=2) + reached.slack
        largest = [found.some(found.value.max(axis=2)[:, part.of_y]).upper for part, found in alone]
        away = up(self.lengths.max() * walk.far)
        besides = lower_sum([-self.by_y.most(), -self.fixed, -away, *(-part for part in largest)])  # (x, y)
        rival = lower_sum([-most, besides[..., None]]).reshape(-1, len(self.groups))

        def outputs(which: Ints) -> Array:
            x, y = np.divmod(which, n)
            known = self.own(walk, x, y)
            lower = lower_sum([known[:, None], -reached.some(reached.value[x, y]).upper, besides[x, y][:, None]])
            i, z = np.nonzero(~(lower > self.model.floor))
            budget.pay("gaps singly", len(i), 30 * PASS)
            x, y = x[i], y[i]
            terms = [found.upper for found in (*(p.at(t, x, y, z) for p, t in walk.parts), self.at_y(y, z))]
            terms += [self.fixed[y], up(self.lengths[z] * walk.far[x, y])]
            lower[i, z] = lower_sum([known[i], *(-term for term in terms)])
            return lower

        x, y = np.repeat(np.arange(len(xs)), n), y
        bounded = up(self.lengths[walk.answers[x, y]] * walk.far[x, y])
        least = lower_sum([lower_sum([*self.answer(walk, x, y), -bounded])[:, None], rival])
        excess = up(np.exp(-least) @ np.array([float(len(w)) for w in self.groups]) * EXP)
        return Bounds(least.min(axis=1), excess, outputs)

    def at_y(self, y: Ints, z: Ints) -> Near:
        """δ_zᵀ b(y)."""
        return self.by_y.some(self.by_y.value[y, z])

    def answer(self, walk: Walk, x: Ints, y: Ints) -> list[Array]:
        """Lower bounds of what adds up to the right answer, but for the rest of the activations."""
        z = walk.answers[x, y]
        return [*(part.at(table, x, y, z).lower for part, table in walk.parts), self.at_y(y, z).lower]

    def own(self, walk: Walk, x: Ints, y: Ints) -> Array:
        """The right answer, with the rest of the activations of which anything is believed."""
        z, terms, start = walk.answers[x, y], self.answer(walk, x, y), 0
        for seat, rest in zip(self.seats, walk.rests, strict=True):
            mine = np.flatnonzero(seat.apart)
            value = rest.value[seat.place[y][:, mine], x[:, None], mine].astype(np.float64)
            delta = self.unwritten.columns(start + mine).rows(z)
            terms.append(Near(value, rest.error[mine], rest.size[mine]).dot(delta).lower[:, 0])
            start += len(seat.apart)
        return lower_sum([*terms, -up(self.unsaid[z] * walk.others[x, y])])
