"""Rule `even`: what circuits do is compared over all x at once, and no pair is looked at (THEOREMS.md, Theorem 6).

As in rule `gaps` neuron i sits at a point c_i and reads y nearly through yc_i; it writes ū_i(zc_i), and δ_i(z) besides.
What the neurons at c do to the margin against z = xwy is a table of (yc, wyc) for each x; its least over x is the same
for all. What δ does is split: the part that depends on x alone and the part that depends on yc alone are taken as they
are, and only the rest goes into the Cauchy-Schwarz inequality.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import Certificate
from rhoset_check.gaps import GapsRule, Part, ranges
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

KEPT = 1 << 22
"""Sums over the points for each type, y and w are kept up to so many: single outputs are bounded from them."""
HALF_ULP = 2.0**-52
"""A float64 difference errs by less than this part of it."""


class EvenRule(GapsRule):
    """The rule; everything but the sums over x is computed once."""

    def __init__(self, certificate: Certificate, model: Model) -> None:
        super().__init__(certificate, model)
        given, n, m = self.given, model.order, model.width - 1
        require(not given.exact.any(), "plan.even needs gaps.exact 0 for every set")
        require(all(potential is None for potential in given.potentials), "plan.even takes no potentials")
        self.types, self.kinds_of_x, bias = np.zeros(n, np.intp), 1, np.zeros((1, n))
        moves, self.by_y = list[tuple[Ints, Array]](), list[tuple[Ints, Near]]()
        if given.types is not None:
            j, c = given.types
            require(j < len(self.parts) and c < self.parts[j].points, "gaps.types is no set and point")
            action, q = self.parts[j].action, self.parts[j].points
            place, means = action[:, c], ranges(self.unembed[-1:], action[:, c], q)[2][0]
            found, self.types = np.unique(place, return_inverse=True)
            bias, self.kinds_of_x = means[None, place], len(found)
            carried = np.repeat(means[action][None], q, axis=0)  # at x·d', whatever is read
            least = self.least(carried, np.arange(n), float(np.abs(means).max()) * HALF_ULP)
            moves.append((place, least[:, place]))
        centred = np.zeros(m, bool) if given.centred is None else given.centred > 0
        self.fixed, self.size = np.zeros(n), np.zeros(n)
        rest, self.squares = np.concatenate([np.zeros((m, n)), self.unembed[-1:] - bias]), list[tuple[Ints, Array]]()
        for part in self.parts:
            for column in part.columns:
                members = part.neurons[column.part]
                rest[members] = self.unembed[members] - column.writes.astype(np.float64)[:, column.place]
        self.slack = float(up(HALF_ULP * np.abs(rest).max()))
        by_x = [np.ones((n, 1))]
        for part in self.parts:
            tables, means_x, means_y = self.part(part, centred[part.neurons])
            for column, table in zip(part.columns, tables, strict=True):
                place, members = part.action[:, column.point], part.neurons[column.part]
                if part.points == 1:  # no w moves it, and a(x) is all that it does: b is 0
                    self.fixed = up(self.fixed + column.fixed)
                    continue
                lost = np.where(place[:, None] == np.arange(part.points), column.fixed[:, None], column.moved[:, None])
                moves.append((place, table[:, place] - lost))
                if centred[members].any():
                    self.by_y.append((place, Near.exact(means_y[:, column.part]).times(rest[members], self.slack)))
            by_x.append(means_x[:, centred[part.neurons]])
        chosen = np.concatenate([[m], *(part.neurons[centred[part.neurons]] for part in self.parts)])
        self.by_x, self.rest_x = Near.exact(np.concatenate(by_x, axis=1)), rest[chosen]
        self.lengths = up(np.sqrt(self.delta))
        if self.by_y and n * n <= KEPT:  # one table in place of several, (y, z)
            everyone = np.arange(n)
            self.by_y = [(everyone, added(table.rows(place) for place, table in self.by_y))]
        self.main, self.total, self.most_y = self.over_w(moves)

    def part(self, part: Part, centred: NDArray[np.bool_]) -> tuple[list[Array], Array, Array]:
        """Of a G-set: L of every column; (n, k) and (q, k) parts a(x) and b(c') of its activations, believed. The
        squared length of the rest of them goes to `squares`."""
        n, q, k = self.model.order, part.points, len(part.neurons)
        chunks = n * q * max(q, k) // CHUNK + 1
        least = [np.full((self.kinds_of_x, q, q), np.inf) for _ in part.columns]
        squares, by_x, by_y = [np.zeros((q, n)) for _ in part.columns], np.zeros((n, k)), np.zeros((q, k))
        for start in range(min(chunks, n)):
            xs = np.arange(start, n, chunks)
            left = self.model.left[self.work].columns(part.neurons).rows(xs)
            hidden = part.reads.each(left).activate(self.model.activation)  # rows (c', x)
            for into, column in zip(least, part.columns, strict=True):
                table = hidden.columns(column.part).times(column.writes, rowwise=True)
                values = table.value.reshape(q, len(xs), q).astype(np.float64)  # [c', x, d]
                carried = np.take_along_axis(values, part.action[xs][None], axis=2)  # d = x·d'
                error = float((table.error + HALF_ULP * (table.size + table.error)).max())
                np.minimum(into, self.least(carried, xs, error), out=into)
            if centred.any():
                cube = hidden.value.reshape(q, len(xs), k).astype(np.float64)
                by_x[xs] = np.where(centred, cube.mean(axis=0), 0.0)
                by_y = np.where(centred, (cube - by_x[xs]).mean(axis=1), 0.0) if start == 0 else by_y
                hidden = hidden.to("float64") - Near.exact(np.tile(by_x[xs], (q, 1)))
                hidden = hidden - Near.exact(np.repeat(by_y, len(xs), axis=0))
            scaled = hidden if self.scale is None else hidden.scaled(self.scale[part.neurons])
            for square, column in zip(squares, part.columns, strict=True):
                square[:, xs] = np.square(scaled.columns(column.part).length()).reshape(q, len(xs))
        for column, found in zip(part.columns, squares, strict=True):
            if centred.any():
                self.squares.append((part.action[:, column.point], up(found)))
            else:
                self.size = up(self.size + found.max(axis=0))
        return least, by_x, by_y

    def least(self, carried: Array, xs: Ints, error: float) -> Array:
        """(types, c', d') the least over the x of each type of T_x(x·c', c') − T_x(x·d', c'), from [c', x, d'] with
        entries that err by less; exactly 0 where d' = c'."""
        q = len(carried)
        gains = carried[np.arange(q), :, np.arange(q)][:, :, None] - carried
        found = np.full((self.kinds_of_x, q, q), np.inf)
        for kind in np.unique(self.types[xs]):
            found[kind] = gains[:, self.types[xs] == kind].min(axis=1) - float(up(2.0 * error))
        found[:, np.arange(q), np.arange(q)] = 0.0
        return found

    def over_w(self, moves: Sequence[tuple[Ints, Array]]) -> tuple[Array, Array, Array]:
        """(groups, types, n) for each y the least over the w of a group of what the `moves`, y·c and (types, y, wyc),
        add up to; (types, n) Σ exp of less it; (n,) the most that δ can do to an output through b(y). The sums
        themselves are kept where they are few."""
        n, kinds, group = self.model.order, self.kinds_of_x, self.model.group
        least, total, most = np.empty((len(self.groups), kinds, n)), np.empty((kinds, n)), np.zeros(n)
        step = max(1, CHUNK // (kinds * n))
        slack = up(gamma(2 * len(moves) + 2, "float64") * 2 * sum(float(np.abs(gain).max()) for _, gain in moves))
        self.kept = np.empty((kinds, n, n)) if kinds * n * n <= KEPT else None
        for ys in np.split(np.arange(n), range(step, n, step)):
            value = np.full((kinds, len(ys), n), -float(slack))
            for place, gain in moves:
                value += np.take_along_axis(gain[:, ys], place[group.table.T[ys]][None], axis=2)
            value[:, :, group.identity] = np.inf
            for g, w in enumerate(self.groups):
                least[g][:, ys] = value[:, :, w].min(axis=2)
            total[:, ys] = up(up(np.exp(-value) * EXP).sum(axis=2))
            if self.kept is not None:
                self.kept[:, ys] = value
            if self.by_y:
                most[ys] = upper(added(table.rows(place[ys]) for place, table in self.by_y)).max(axis=1)
        return least, total, most

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds:
        """By kinds of w; single outputs by Theorem 7."""
        starts = np.flatnonzero(np.diff(x, prepend=-1))
        xs, run = x[starts], np.repeat(np.arange(len(starts)), np.diff(starts, append=len(x)))
        answers, rows = self.model.group.table[xs].astype(np.intp), np.arange(len(xs))[:, None]
        by_x = self.by_x.rows(xs).times(self.rest_x, self.slack)  # (x, z)
        lengths = up(
            np.sqrt(sum((found[place][:, xs] for place, found in self.squares), self.size[None, xs]))
        ).T  # (x, y)
        terms = [-self.fixed[None], by_x.lower[rows, answers], -up(lengths * self.lengths[answers])]
        if self.by_y:
            here = (table.at(np.broadcast_to(place, answers.shape), answers) for place, table in self.by_y)
            terms.append(added(here).lower)
        own, upper_x = lower_sum(terms), upper(by_x)
        rivals = -lower_sum([-upper_x, -up(lengths.max(axis=1, keepdims=True) * self.lengths)])
        rest = lower_sum([own, -rivals.max(axis=1, keepdims=True), -self.most_y[None]])
        least = lower_sum([self.main.min(axis=0)[self.types[xs]], rest])
        excess = up(self.total[self.types[xs]] * up(np.exp(-rest) * EXP))

        def outputs(g: int, which: Ints, z: Ints) -> Array:
            if self.kept is None:
                return np.repeat(by_group(which)[:, g, None], z.shape[1], axis=1)
            at, y_ = run[which], y[which]
            main = self.kept[self.types[xs[at]][:, None], y_[:, None], self.groups[g]]
            lower = lower_sum([main, rest[at, y_][:, None]])
            i, j = np.nonzero(~(lower > self.model.floor))
            at, y_, rival = at[i], y_[i], z[i, j]
            away = up(np.broadcast_to(lengths, answers.shape)[at, y_] * self.lengths[rival])
            terms = [main[i, j], own[at, y_], -upper_x[at, rival], -away]
            if self.by_y:
                terms.append(-upper(added(table.at(place[y_], rival) for place, table in self.by_y))[:, 0])
            lower[i, j] = lower_sum(terms)
            spent["gaps singly"] += len(i)
            return lower

        def by_group(which: Ints) -> Array:
            at, by_y = run[which], y[which]
            return lower_sum([self.main[:, self.types[xs[at]], by_y].T, rest[at, by_y][:, None]])

        return Bounds(least[run, y], excess[run, y], by_group, outputs)


def upper(found: Near) -> Array:
    """No real number here is larger."""
    return -Near(-found.value, found.error, found.size).lower


def added(parts: Iterable[Near]) -> Near:
    """Their sum."""
    remaining = iter(parts)
    total = next(remaining)
    for part in remaining:
        total = total + part
    return total
