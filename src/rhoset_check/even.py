"""Rule `even`: what circuits do is compared over all x at once, and no pair is looked at (THEOREMS.md, Theorem 6).

As in rule `gaps` neuron i sits at a point c_i and reads y nearly through yc_i; it writes ū_i(zc_i), and δ_i(z) besides.
What the neurons at c do to the margin against z = xwy is a table of (yc, wyc) for each x; its least over x is the same
for all. What δ does is split: the part that depends on x alone and the part that depends on yc alone are taken as they
are, and only the rest goes into the Cauchy-Schwarz inequality.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import PASS, Certificate
from rhoset_check.gaps import Circuit, circuits, kinds, lengths, rests, taken
from rhoset_check.near import Array, Ints, Near, lower_sum, require, up
from rhoset_check.network import Model

KEPT = 1 << 22
"""M is kept for all types, y and w where it has so few entries."""


class EvenRule:
    """The rule; everything but the sums over x is computed once.

    What depends on a point c with neurons and a point d of its set stands in rows (c, d), of all sets one below the
    other; `carry` is 1 in row (c, d) for the z with zc = d.
    """

    name, price = "gaps", (0, 34 * PASS)

    def __init__(self, certificate: Certificate, model: Model) -> None:
        self.model, self.scale, given, n = model, certificate.scale, certificate.gaps, model.order
        sets, bias = circuits(certificate, model), model.unembed["float64"][-1:]
        fibres = all(not s.columns or (not s.exact and s.potential is None) for s in sets)
        require(given and fibres, "plan.even takes unembed by fibres")
        self.types, self.count, places, moves = np.zeros(n, np.intp), 1, list[NDArray[np.bool_]](), list[Array]()
        unwritten = Near.exact(bias.T)
        if given and given.types is not None:
            j, c = given.types
            require(j < len(sets) and c < sets[j].action.shape[1], "gaps.types is no set and point")
            action, q = sets[j].action, sets[j].action.shape[1]
            self.types, self.count = action[:, c], q
            means = bias[0, np.argsort(self.types, kind="stable")].reshape(q, -1).mean(axis=1)  # ū_m
            unwritten = Near.exact(bias.T) - Near.exact(means[self.types, None])
            table = Near.exact(means).some(np.broadcast_to(means[:, None, None], (1, q, q, n)))
            moves = [along(self.least(table, action, np.arange(n)), self.types[None])]
            places = [one_hot(self.types[None], q)]
        sets = [circuit for circuit in sets if circuit.columns]
        self.groups = kinds(sets, model)[1]
        centred = np.zeros(model.width - 1, bool) if given is None or given.centred is None else given.centred > 0
        found = [self.part(circuit, centred[circuit.neurons]) for circuit in sets]
        for circuit, (least, _, _, _) in zip(sets, found, strict=True):
            here = one_hot(circuit.place, circuit.action.shape[1])
            lost = np.where(here, circuit.fixed[:, None], circuit.moved[:, None])
            moves.append(lower_sum([along(least, circuit.place), -lost]))
            places.append(here)
        self.carry = np.concatenate([here.reshape(-1, n) for here in places]).astype(np.float64)
        self.moves = np.concatenate([move.reshape(self.count, -1, n) for move in moves], axis=1)
        by_x = np.concatenate([*(by_x for _, by_x, _, _ in found), np.ones((1, n))])
        several = np.flatnonzero(by_x.any(axis=1))
        self.by_x = by_x[several]
        self.unwritten = Near.beside([*(s.unwritten for s in sets), unwritten], n, "float64").columns(several)
        self.lengths = rests(sets, self.scale)
        squares = [squares for _, _, _, squares in found]
        self.squares, self.spread = up(sum(square.max(axis=1).sum(axis=0) for square in squares))[None], np.ones((1, 1))
        by_y = None
        if centred.any():
            self.squares = np.concatenate([square.reshape(-1, n) for square in squares])
            self.spread = self.carry[-len(self.squares) :]
            by_y = Near.beside([s.unwritten.times(f[2], parts=s.columns) for s, f in zip(sets, found)], n, "float64")
        self.over_w(by_y)

    def part(self, circuit: Circuit, centred: NDArray[np.bool_]) -> tuple[Array, Array, Array, Array]:
        """(types, C, d, c') L; (k, n) and (k, q) parts a(x) and b(c') of activations, believed; (C, q, n) the squared
        length of the rest of them."""
        (n, q), k, count = circuit.action.shape, len(circuit.neurons), len(circuit.columns)
        least, squares = np.full((self.count, count, q, q), np.inf), np.empty((count, q, n))
        by_x, by_y = np.zeros((k, n), circuit.reads.dtype), np.zeros((k, q), circuit.reads.dtype)
        chunks = min(n, n * q * max(count * q, k) // CHUNK + 1)
        for start in range(chunks):
            xs = np.arange(start, n, chunks)
            hidden = circuit.hidden(xs)
            table = hidden.times(circuit.writes, parts=circuit.columns)
            tables = table.some(table.value.T.reshape(count, q, q, -1))  # [c, d, c', x]
            least = np.minimum(least, self.least(tables, circuit.action, xs))
            if centred.any():
                cube = hidden.value.T.reshape(k, q, -1)
                by_x[:, xs] = np.where(centred[:, None], cube.mean(axis=1), 0.0)
                if start == 0:
                    by_y = np.where(centred[:, None], (cube - by_x[:, None, xs]).mean(axis=2), 0.0).astype(by_x.dtype)
                rest = Near(cube.T, hidden.error, hidden.size) - Near.exact(by_x[:, xs].T[:, None]) - Near.exact(by_y.T)
                hidden = Near(rest.value.T.reshape(k, -1).T, rest.error, rest.size)
            squares[:, :, xs] = np.square(lengths(circuit, hidden, self.scale))
        return least, by_x, by_y, up(squares)

    def least(self, table: Near, action: Ints, xs: Ints) -> Array:
        """(types, C, d', c') the least over the x of each type of T_x(x·c', c') − T_x(x·d', c'), from [c, d, c', x];
        exactly 0 where d' = c'."""
        index, carried = (
            np.arange(action.shape[1]),
            np.take_along_axis(table.value, action[xs].T[None, :, None], axis=1),
        )
        gains = table.some(carried[:, index, index][:, None]) - table.some(carried)
        alike = (np.flatnonzero(self.types[xs] == kind) for kind in range(self.count))
        least = [gains.value.take(those, axis=-1).min(axis=-1, initial=np.inf) for those in alike]
        found = gains.some(np.stack(least)).lower
        found[:, :, index, index] = 0.0
        return found

    def over_w(self, by_y: Near | None) -> None:
        """(types, n) for each y the least of M over w, and Σ exp(−M); (y, z) δ_zᵀb(y), and how far off (y,)."""
        n = self.model.order
        step = max(1, CHUNK // n)
        self.main, self.total = np.empty((2, self.count, n))
        self.by_y, self.slack = (np.zeros((1, 1)), np.zeros(n)) if by_y is None else (np.empty((n, n)), np.empty(n))
        self.kept = np.empty((self.count, n, n)) if self.count * n * n <= KEPT else None
        for ys in np.split(np.arange(n), range(step, n, step)):
            for kind in range(self.count):
                value = Near.exact(self.moves[kind][:, ys].T).times(self.carry).lower  # (y, wy)
                value[np.arange(len(ys)), ys] = np.inf  # w = e
                self.main[kind, ys], self.total[kind, ys] = value.min(axis=1), up(up(np.exp(-value) * EXP).sum(axis=1))
                if self.kept is not None:
                    self.kept[kind, ys] = value
            if by_y is not None:
                found = by_y.times(self.spread[:, ys])
                self.by_y[ys], self.slack[ys] = found.value.T, found.slack

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds:
        """By kinds of w; single outputs by Theorem 7."""
        starts = np.flatnonzero(np.diff(x, prepend=-1))
        xs, run = x[starts], np.repeat(np.arange(len(starts)), np.diff(starts, append=len(x)))
        table, types = self.model.group.table, self.types[xs]
        answers, found = table[xs], self.unwritten.times(self.by_x[:, xs])
        by_x, slack = found.value.T, -up(found.slack[:, None] + self.slack)  # (x, z), (x, y)
        length = up(np.sqrt(self.squares[:, xs].T @ self.spread))  # (x, y)
        by_y = taken(self.by_y, answers.T).T if len(self.by_y) > 1 else self.by_y
        own = lower_sum([taken(by_x, answers), slack, -up(length * self.lengths.take(answers)), by_y])
        rival = lower_sum([-by_x, -up(length.max(axis=1, keepdims=True) * self.lengths)]).min(axis=1, keepdims=True)
        rest = lower_sum([own, slack, rival, -self.by_y.max(axis=1)])
        excess = up(self.total[types] * up(np.exp(-rest) * EXP))

        def by_group(which: Ints) -> Array:
            at, by_y = run[which], y[which]
            least = [self.main[types[at], by_y]] * len(self.groups)
            if self.kept is not None:
                kept = self.kept[types[at], by_y]
                least = [taken(kept, table[w][:, by_y].T).min(axis=1) for w in self.groups]
            return lower_sum([np.stack(least, axis=1), rest[at, by_y][:, None]])

        def outputs(g: int, which: Ints, z: Ints) -> Array:
            if self.kept is None:
                return by_group(which)[:, [g]].repeat(z.shape[1], axis=1)
            at, by_y = run[which, None], y[which, None]
            main = self.kept[types[at], by_y, table[self.model.group.inverse[xs[at]], z]]
            lower = lower_sum([main, rest[at, by_y]])
            i, j = np.nonzero(~(lower > self.model.floor))
            at, by_y, rival = at[i, 0], by_y[i, 0], z[i, j]
            away = up(np.broadcast_to(length, answers.shape)[at, by_y] * self.lengths[rival])
            also = self.by_y[by_y, rival] if len(self.by_y) > 1 else np.zeros(1)
            lower[i, j] = lower_sum([main[i, j], own[at, by_y], slack[at, by_y], -by_x[at, rival], -away, -also])
            spent["gaps singly"] += len(i)
            return lower

        least = lower_sum([self.main[types], rest])
        return Bounds(least[run, y], excess[run, y], by_group, outputs)


def one_hot(place: Ints, count: int) -> NDArray[np.bool_]:
    """(C, d, n): whether zc = d."""
    return np.asarray(place[:, None] == np.arange(count)[:, None])


def along(least: Array, place: Ints) -> Array:
    """(types, C, d, n): from [type, c, d, c'] what stands at c' = yc."""
    return np.take_along_axis(least, place[None, :, None], axis=3)
