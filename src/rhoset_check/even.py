"""Rule `even`: what circuits do is compared over all x at once, and no pair is looked at (THEOREMS.md, Theorem 6).

As in rule `gaps` neuron i sits at a point c_i and reads y nearly through yc_i; it writes ū_i(zc_i), and δ_i(z) besides.
What the neurons at c do to the margin against z = xwy is a table of (yc, wyc) for each x; its least over x is the same
for all. What δ does is split: the part that depends on x alone and the part that depends on yc alone are taken as they
are, and only the rest goes into the Cauchy-Schwarz inequality.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import PASS, Certificate
from rhoset_check.gaps import Circuit, circuits, kinds, rests, taken
from rhoset_check.near import Array, Ints, Near, lower_sum, require, up
from rhoset_check.network import Model

KEPT = 1 << 22
"""M has so many entries at a time, and is kept where these are all types, y and w."""


class EvenRule:
    """The rule; everything but the sums over x is computed once.

    What depends on a point c with neurons and a point d of its set stands in rows (c, d), of all sets one below the
    other; `carry` is 1 in row (c, d) for the z with zc = d.
    """

    name, price = "gaps", (0, 34 * PASS)

    def __init__(self, certificate: Certificate, model: Model) -> None:
        self.model, self.scale, given, n = model, certificate.scale, certificate.gaps, model.order
        actions, self.sets = circuits(certificate, model)
        fibres = all(not circuit.exact and circuit.potential is None for circuit in self.sets)
        require(given and fibres, "plan.even takes unembed by fibres")
        bias = model.unembed["float64"][-1:]
        self.types, self.count, places, moves, unwritten = np.zeros(n, np.intp), 1, [], [], Near.exact(bias.T)
        if given and given.types is not None:
            j, c = given.types
            require(j < len(actions) and c < actions[j].shape[1], "gaps.types is no set and point")
            action, q = actions[j], actions[j].shape[1]
            self.types, self.count = action[:, c], q
            means = bias[0, np.argsort(self.types, kind="stable")].reshape(q, -1).mean(axis=1)  # ū_m
            unwritten = Near.exact(bias.T) - Near.exact(means[self.types, None])
            table = Near.exact(means).some(np.broadcast_to(means[:, None, None], (1, q, q, n)))
            places = [one_hot(self.types[None], q)]
            moves = [self.least(table, action, np.arange(n)) @ places[0]]
        centred = np.zeros(model.width - 1, bool) if given is None or given.centred is None else given.centred > 0
        found = [self.part(circuit, centred[circuit.neurons]) for circuit in self.sets]
        for circuit, (least, _, _, _) in zip(self.sets, found, strict=True):
            here = one_hot(circuit.place, circuit.action.shape[1])
            lost = np.where(here > 0, circuit.fixed[:, None], circuit.moved[:, None])
            moves.append(lower_sum([least @ here, -lost]))
            places.append(here)
        self.carry = np.concatenate([here.reshape(-1, n) for here in places])
        self.moves = np.concatenate([move.reshape(self.count, -1, n) for move in moves], axis=1)
        self.by_x = np.concatenate([*(by_x for _, by_x, _, _ in found), np.ones((n, 1))], axis=1)
        chosen = (circuit.unwritten.columns(np.flatnonzero(centred[circuit.neurons])) for circuit in self.sets)
        self.unwritten = Near.beside([*chosen, unwritten], n, "float64")
        self.lengths = rests(self.sets, self.scale)
        squares = [squares for _, _, _, squares in found]
        self.squares, self.spread = up(sum(square.max(axis=1).sum(axis=0) for square in squares))[None], np.ones((1, 1))
        by_y = None
        if centred.any():
            self.squares = np.concatenate([square.reshape(-1, n) for square in squares])
            self.spread = self.carry[-len(self.squares) :]
            products = (s.unwritten.times(s.by_point(f[2].T)) for s, f in zip(self.sets, found, strict=True))
            by_y = Near.beside(list(products), n, "float64")
        self.over_w(by_y)

    @cached_property
    def groups(self) -> list[Ints]:
        """Kinds of w."""
        return kinds(self.sets, self.model)[1]

    def part(self, circuit: Circuit, centred: NDArray[np.bool_]) -> tuple[Array, Array, Array, Array]:
        """(types, C, d, c') L; (n, centred) and (q, k) parts a(x) and b(c') of activations, believed; (C, q, n) the
        squared length of the rest of them."""
        (n, q), k, count = circuit.action.shape, len(circuit.neurons), len(circuit.columns)
        least, squares = np.full((self.count, count, q, q), np.inf), np.empty((count, q, n))
        by_x, by_y = np.zeros((n, k), circuit.reads.dtype), np.zeros((q, k), circuit.reads.dtype)
        writes = circuit.by_point(circuit.writes)
        chunks = min(n, n * q * max(count * q, k) // CHUNK + 1)
        for start in range(chunks):
            xs = np.arange(start, n, chunks)
            hidden = circuit.hidden(xs)
            table = hidden.times(writes)
            tables = table.some(table.value.T.reshape(count, q, q, -1))  # [c, d, c', x]
            least = np.minimum(least, self.least(tables, circuit.action, xs))
            if centred.any():
                cube = hidden.value.reshape(q, -1, k)
                by_x[xs] = np.where(centred, cube.mean(axis=0), 0.0)
                if start == 0:
                    by_y = np.where(centred, (cube - by_x[xs]).mean(axis=1), 0.0).astype(by_x.dtype)
                rest = Near(cube, hidden.error, hidden.size) - Near.exact(by_x[xs]) - Near.exact(by_y[:, None])
                hidden = Near(rest.value.reshape(-1, k), rest.error, rest.size)
            squares[:, :, xs] = np.square(circuit.lengths(hidden, self.scale)).T.reshape(count, q, -1)
        return least, by_x[:, centred], by_y, up(squares)

    def least(self, table: Near, action: Ints, xs: Ints) -> Array:
        """(types, C, d', c') the least over the x of each type of T_x(x·c', c') − T_x(x·d', c'), from [c, d, c', x];
        exactly 0 where d' = c'."""
        index, count = np.arange(action.shape[1]), len(xs)
        place = (action[xs].T[:, None] * len(index) + index[:, None]) * count + np.arange(count)  # (x·d', c', x)
        carried = table.value.reshape(len(table.value), -1).take(place, axis=1)
        gains = table.some(carried[:, index, index][:, None]) - table.some(carried)
        alike = (np.flatnonzero(self.types[xs] == kind) for kind in range(self.count))
        least = [gains.value.take(those, axis=-1).min(axis=-1, initial=np.inf) for those in alike]
        found = gains.some(np.stack(least)).lower
        found[:, :, index, index] = 0.0
        return found

    def over_w(self, by_y: Near | None) -> None:
        """(types, n) for each y the least of M over w, and Σ exp(−M); (y, z) δ_zᵀb(y), and how far off (y,)."""
        n = self.model.order
        step = max(1, KEPT // (n * self.count))
        self.main, self.total = np.empty((2, self.count, n))
        self.by_y, self.slack = (np.zeros((1, 1)), np.zeros(n)) if by_y is None else (np.empty((n, n)), np.empty(n))
        for ys in np.split(np.arange(n), range(step, n, step)):
            moves = self.moves[:, :, ys].transpose(0, 2, 1).reshape(-1, len(self.carry))
            value = Near.exact(moves).times(self.carry).lower.reshape(self.count, -1, n)  # (type, y, wy)
            value[:, np.arange(len(ys)), ys] = np.inf  # w = e
            self.main[:, ys], self.total[:, ys] = value.min(axis=2), up(up(np.exp(-value) * EXP).sum(axis=2))
            self.kept = value if step >= n else None
            if by_y is not None:
                found = by_y.times(self.spread[:, ys])
                self.by_y[ys], self.slack[ys] = found.value.T, found.slack

    def bounds(self, xs: Ints, spent: Counter[str]) -> Bounds:
        """Of all pairs with these x; single outputs by Theorem 7."""
        table, types, n = self.model.group.table, self.types[xs], self.model.order
        answers, found = table[xs], self.unwritten.times(self.by_x[xs].T)
        by_x, slack = found.value.T, -up(found.slack.max() + self.slack[None])  # (x, z), (1, y)
        length = up(np.sqrt(self.squares[:, xs].T @ self.spread))  # (x, y)
        by_y = taken(self.by_y, answers.T).T if len(self.by_y) > 1 else self.by_y
        own = lower_sum([taken(by_x, answers), slack, -up(length * self.lengths.take(answers)), by_y])
        rival = lower_sum([-by_x, -up(length.max(axis=1, keepdims=True) * self.lengths)]).min(axis=1, keepdims=True)
        rest = lower_sum([own, slack, rival, -self.by_y.max(axis=1)])
        excess = up(self.total[types] * up(np.exp(-rest) * EXP))

        def by_group(which: Ints) -> Array:
            x, y = np.divmod(which, n)
            least = [self.main[types[x], y]] * len(self.groups)
            if self.kept is not None:
                kept = self.kept[types[x], y]
                least = [taken(kept, table[w][:, y].T).min(axis=1) for w in self.groups]
            return lower_sum([np.stack(least, axis=1), rest[x, y][:, None]])

        def outputs(g: int, which: Ints, z: Ints) -> Array:
            if self.kept is None:
                return by_group(which)[:, [g]].repeat(z.shape[1], axis=1)
            x, y = np.divmod(which[:, None], n)
            main = self.kept[types[x], y, table[self.model.group.inverse[xs[x]], z]]
            lower = lower_sum([main, rest[x, y]])
            i, j = np.nonzero(~(lower > self.model.floor))
            x, y, rival = x[i, 0], y[i, 0], z[i, j]
            away = up(np.broadcast_to(length, answers.shape)[x, y] * self.lengths[rival])
            also = self.by_y[y, rival] if len(self.by_y) > 1 else np.zeros(1)
            lower[i, j] = lower_sum([main[i, j], own[x, y], slack[0, y], -by_x[x, rival], -away, -also])
            spent["gaps singly"] += len(i)
            return lower

        least = lower_sum([self.main[types], rest])
        return Bounds(least.ravel(), excess.ravel(), by_group, outputs)


def one_hot(place: Ints, count: int) -> Array:
    """(C, d, n): 1 where zc = d."""
    return np.asarray(place[:, None] == np.arange(count)[:, None], dtype=np.float64)
