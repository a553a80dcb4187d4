"""Rule `even`: neurons read x and y by points of a G-set, and slots of neurons are compared (THEOREMS.md, Theorem 6).

Neuron i sits at points b_i and c_i of a G-set: it reads x nearly through x⁻¹b_i and y nearly through yc_i, and writes
nearly a function of zc_i. At x there is one slot (b, c) for each c and each p = x⁻¹b; what it does to the margin
against z = xwy depends on p, yc, wyc and b, and its least over b is the same for all x. So tables of q³ numbers say
everything, and no pair is looked at. What is left of unembed is bounded neuron by neuron; or, of some neurons, what it
does through x alone and through y alone is taken as it is and only the rest goes into the Cauchy-Schwarz inequality.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset_check.each import kinds
from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import MOST_ENTRIES, PASS, Certificate
from rhoset_check.gaps import seats, taken
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

KEPT = 1 << 22
"""M has so many entries at a time, and is kept where these are all types, y and w."""
TINY = 2.0**-50
"""More than what rounding does to a sum or a square, as a part of its largest term (Lemma 1)."""


@dataclass(frozen=True)
class Slots:
    """The neurons of a G-set with q points, in the order of their slots (c, b); C of the points c have some."""

    model: Model
    action: Ints
    """(n, q): y·c."""
    neurons: Ints
    slot: Ints
    """(k,): q times the place of c among those with neurons, plus b."""
    points: Ints
    """(C,): these c."""
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
        points, at = np.unique(c, return_inverse=True)
        order = np.argsort(at * q + b, kind="stable")
        neurons, c, b, slot = neurons[order], c[order], b[order], (at * q + b)[order]
        by_y, by_x = (fibres(sides) for sides in (action, action[model.group.inverse]))
        low, high = ends(model.left["float64"], neurons, by_x[:, b])
        sums = np.stack([low, high])[..., None] + np.stack(ends(model.right["float64"], neurons, by_y[:, c]))[:, :, None]
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
        return Slots(model, action, neurons, slot, points, hidden, radius, means, widths)

    @property
    def starts(self) -> Ints:
        """The first neuron of each slot that has some."""
        return np.flatnonzero(np.diff(self.slot, prepend=-1))

    def by_c(self, values: Array) -> Array:
        """(C, …) from (slots, …): the sums over b."""
        return np.add.reduceat(values, np.flatnonzero(np.diff(self.slot[self.starts] // self.action.shape[1], prepend=-1)))

    def least(self, types: Ints, split: NDArray[np.bool_]) -> Array:
        """(types, C, c', d') L over the x of each type, without the rest of unembed of the neurons in `split`."""
        q, starts, index = self.action.shape[1], self.starts, np.arange(self.action.shape[1])
        writes = np.add.reduceat(self.hidden[..., None] * self.means[:, None, None], starts)  # (slots, p, c', e)
        lost = self.radius + np.where(split[:, None, None], 0.0, np.abs(self.hidden))
        fixed = np.add.reduceat(self.widths[:, None, None] * lost, starts)
        to, between = (np.add.reduceat(step * self.radius, starts) for step in self.steps)
        dense = np.zeros((len(self.points) * q, q, q))
        dense[self.slot[starts]] = to - between
        dense, b = dense.reshape(-1, q, q, q), self.slot[starts] % q
        back, found = self.action[self.model.group.inverse].T[b], np.full((types.max() + 1, len(dense), q, q), np.inf)
        step, slots = max(1, CHUNK // writes.size), np.arange(len(b))[:, None]
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

    def apart(self, split: NDArray[np.bool_], scale: Array) -> tuple[Near, Array, Array, Array]:
        """Of the neurons in `split`: (n, k) δ_i(z); a_i(p), (k, b·q); b_i(c'), and H_i in the column of b_i, (k, 2·C·q);
        (C, b, p, c') the squared length, times s, of what these leave of h̄."""
        q, mine = len(self.action.T), np.flatnonzero(split)
        hidden, neurons, (c, b) = self.hidden[mine], self.neurons[mine], np.divmod(self.slot[mine], q)
        centred = hidden - hidden.mean(axis=1, keepdims=True) - hidden.mean(axis=2, keepdims=True)
        centred += hidden.mean(axis=(1, 2), keepdims=True)
        same = np.trace(centred, axis1=1, axis2=2) / max(1, q - 1)
        diagonal = same[:, None, None] * np.eye(q)
        by_x = (hidden - diagonal).mean(axis=2)
        by_y = (hidden - diagonal - by_x[:, :, None]).mean(axis=1)
        terms = hidden, -diagonal, -by_x[:, :, None], -by_y[:, None]
        rest = up(np.abs(sum(terms)) + TINY * sum(map(np.abs, terms)))
        squares = np.zeros((len(self.points) * q, q, q))
        np.add.at(squares, self.slot[mine], np.square(scale[neurons][:, None, None] * rest))
        written = taken(self.means[mine], self.action.T[self.points[c]]).T
        delta = Near.exact(self.model.unembed["float64"][neurons].T) - Near.exact(written)
        both = spread(by_y, c, len(self.points)), spread(same[:, None] * (b[:, None] == np.arange(q)), c, len(self.points))
        return delta, spread(by_x, b, q), np.concatenate(both, axis=1), squares.reshape(-1, q, q, q)


class EvenRule:
    """The rule; everything is computed once but what each x adds where some neurons are split."""

    name, price = "gaps", (0, 34 * PASS)

    def __init__(self, certificate: Certificate, model: Model) -> None:
        given, actions, seated, nowhere = seats(certificate, model)
        n, m, left = model.order, model.width - 1, given.left
        require(left is not None, "rule even needs gaps.left")
        assert left is not None
        home, point = given.types or (0, 0)
        require(home < len(actions) and point < actions[home].shape[1], "gaps.types is no set and point")
        block, c, b = np.append(given.block, home), np.append(given.point, point), np.append(left, 0)
        self.model, self.types = model, actions[home][:, point] if given.types else np.zeros(n, np.intp)
        self.count, self.sets = int(self.types.max()) + 1, list[Slots]()
        for j, action in enumerate(actions):
            mine = np.flatnonzero(block == j)
            require((b[mine] < action.shape[1]).all(), "gaps.left leaves its block")
            if len(mine):
                self.sets.append(Slots.of(model, action, mine, c[mine], b[mine]))
        split = np.zeros(m, bool) if given.centred is None else given.centred > 0
        self.split = bool(split.any())
        split = np.append(split, self.split)
        parts = list[tuple[Ints, Array]]()
        for slots in self.sets:
            tables = slots.least(self.types, split[slots.neurons])
            parts += [(slots.action[:, at], tables[:, i]) for i, at in enumerate(slots.points)]
        self.parts = joined(parts)
        size = sum(slots.size for slots in self.sets)
        self.slack = float(up(gamma(4 * m + 256, "float64") * size + nowhere))
        if self.split:
            self.take_apart(split, np.ones(m + 1) if certificate.scale is None else certificate.scale)
        self.over_w()

    @property
    def groups(self) -> list[Ints]:
        """The w by how many points they move."""
        return kinds([slots.action for slots in self.sets], self.model.group.identity)

    def take_apart(self, split: NDArray[np.bool_], scale: Array) -> None:
        """What the split neurons do through x, through y, and the lengths of the rest."""
        m, inverse = self.model.width - 1, self.model.group.inverse
        scale = np.append(scale[:m], 0.0)  # the bias leaves nothing
        found = [(slots, *slots.apart(split[slots.neurons], scale)) for slots in self.sets]
        products = [(delta.times(by_x), delta.times(by_y)) for _, delta, by_x, by_y, _ in found]
        n = self.model.order
        self.by_x, by_y = (Near.beside(list(side), n, "float64") for side in zip(*products, strict=True))
        self.carry = np.concatenate([one_hot(slots.action[inverse].T) for slots in self.sets])
        nothing, carry = np.zeros, [one_hot(slots.action.T[slots.points]) for slots in self.sets]
        both = np.concatenate([np.kron(np.eye(2), here) for here in carry])
        found_y = by_y.times(both)
        self.off = found_y.slack[:n] + found_y.slack[n:]
        self.by_y, self.by_z = found_y.value.T[:n], found_y.value.T[n:]  # (y, z), (xy, z)
        squares = np.zeros((n, n))
        for slots, *_, square in found:
            p = np.arange(slots.action.shape[1])
            by_point = square[:, slots.action, p].sum(axis=2)  # (C, x, c')
            squares += sum(table[:, slots.action[:, c]] for table, c in zip(by_point, slots.points, strict=True))
        self.far = up(np.sqrt(up(squares)))  # (x, y)
        neurons = np.concatenate([slots.neurons[split[slots.neurons]] for slots in self.sets])
        weights = np.where(neurons < m, 1.0, 0.0) / np.where(neurons < m, scale[neurons], 1.0)
        delta = Near.beside([one[1] for one in found], n, "float64")
        self.lengths = delta.lengths(weights[:, None])[:, 0]
    def over_w(self) -> None:
        """(types, n) for each y the least of M over w, and Σ exp(−M)."""
        n = self.model.order
        step = max(1, KEPT // (n * self.count))
        self.main, self.total = np.empty((2, self.count, n))
        for ys in np.split(np.arange(n), range(step, n, step)):
            value = sum(table[:, place[ys][:, None], place] for place, table in self.parts) - self.slack  # (type, y, wy)
            value[:, np.arange(len(ys)), ys] = np.inf  # w = e
            self.main[:, ys], self.total[:, ys] = value.min(axis=2), up(up(np.exp(-value) * EXP).sum(axis=2))
            self.kept = value if step >= n else None

    def bounds(self, xs: Ints, spent: Counter[str]) -> Bounds:
        """Of all pairs with these x; single outputs by Theorem 7."""
        table, types, n = self.model.group.table, self.types[xs], self.model.order
        answers = table[xs]
        own = rest = np.zeros((1, 1))
        if self.split:
            found = self.by_x.times(self.carry[:, xs])
            by_x, off = found.value.T, -up(found.slack.max() + self.off)  # (x, z), (y,)
            by_y = taken(self.by_y, answers.T).T
            own = lower_sum([taken(by_x, answers), off, by_y, self.by_z[answers, answers], -up(self.far[xs] * self.lengths.take(answers))])
            rival = lower_sum([-by_x, -up(self.far[xs].max(axis=1, keepdims=True) * self.lengths)]).min(axis=1, keepdims=True)
            rest = lower_sum([own, off, rival, -self.by_y.max(axis=1), -self.by_z.max(axis=1)[answers]])
        rest = np.broadcast_to(rest, answers.shape)
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
            if self.split:
                terms = [main[i, j], own[x, y], off[y], -by_x[x, rival], -self.by_y[y, rival], -self.by_z[answers[x, y], rival]]
                lower[i, j] = lower_sum([*terms, -up(self.far[xs[x], y] * self.lengths[rival])])
                spent["gaps singly"] += len(i)
            return lower

        least = lower_sum([self.main[types], rest])
        return Bounds(least.ravel(), excess.ravel(), by_group, outputs)


def fibres(places: Ints) -> Ints:
    """(n/q, q, q): from (n, q) images of q points the elements that take point j to d, at [:, j, d]."""
    n, q = places.shape
    return np.argsort(places.T, axis=1, kind="stable").reshape(q, q, n // q).transpose(2, 0, 1)


def ends(side: Near, neurons: Ints, among: Ints) -> tuple[Array, Array]:
    """(k, q) least and largest of a neuron's readings over the elements (n/q, k, q); a sum of two such is one more
    rounding, which `slack` has room for."""
    found, slack = side.value.take(among * side.value.shape[1] + neurons[:, None]), side.slack[neurons, None]
    return found.min(axis=0) - slack, found.max(axis=0) + slack


def spread(values: Array, point: Ints, points: int) -> Array:
    """(k, points·q) from (k, q): each row in the columns of its point."""
    found = np.zeros((len(values), points, values.shape[1]))
    found[np.arange(len(values)), point] = values
    return found.reshape(len(values), points * values.shape[1])


def one_hot(place: Ints) -> Array:
    """(C·q, n) from (C, n): in row (c, d) 1 for those that take c to d."""
    count = int(place.max()) + 1
    return np.asarray(place[:, None] == np.arange(count)[:, None], dtype=np.float64).reshape(-1, place.shape[1])


def joined(parts: Sequence[tuple[Ints, Array]]) -> list[tuple[Ints, Array]]:
    """Two functions of (y, z) that know both by classes, (n,) and (types, classes, classes), with the sum of all: those
    with the fewest classes are added first."""
    left = sorted(parts, key=lambda part: part[1].shape[-1])
    while len(left) > 2:
        (one, a), (other, b), *left = left
        _, first, place = np.unique(one * b.shape[-1] + other, return_index=True, return_inverse=True)
        i, j = one[first], other[first]
        require(len(a) * len(first) ** 2 <= MOST_ENTRIES, "gaps: the sets have too many points")
        left.append((place.ravel(), a[:, i[:, None], i] + b[:, j[:, None], j]))
        left.sort(key=lambda part: part[1].shape[-1])
    return left
