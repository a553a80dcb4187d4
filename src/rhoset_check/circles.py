"""Rule `circles`: neurons that read waves, their sums for all pairs at once (THEOREMS.md, §4b, Theorem 9).

Neurons write Σ_j W[j, i] F_j(z), F the entries of representations of dimension 1 and 2, and something small. The sums
P = W h of ReLU neurons change simply along an order of the elements in which a neuron is active on few arcs (Lemma 11);
what is small meets ReLU as a parabola: what x does, what y does, and a product of few waves (Lemma 12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import Certificate, CircleTensors
from rhoset_check.group import Group, frobenius, matrix_action
from rhoset_check.limits import PASS, Budget
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

BEND = 0.375
"""relu(t) is taken for t/2 + BEND t²/V + V/(32 BEND), right to V/(32 BEND) where |t| ≤ V: any number from ¼ to ½ does;
more makes this smaller, and larger what is left of products of readings."""
MOST_KINDS = 4
"""Elements are of so many kinds at most: in cyclic groups all are alike, in dihedral ones turns and mirrors differ."""
TURNS = np.array([[1.0, 0, 0, 1], [0, -1, 1, 0], [1, 0, 0, -1], [0, 1, 1, 0]])
"""Of 2 × 2 matrices by rows: what turns, two numbers, and what mirrors, two."""


def flips(ends: Array, values: Array, below: bool) -> tuple[Ints, Ints, Array]:
    """(step, element, ±1): where [values[element] < ends[step]], or, not `below`, ≤, is not what it was before."""
    order = np.argsort(values, kind="stable")
    rank = np.searchsorted(values[order], ends, side="left" if below else "right")
    first, count = np.minimum(rank[:-1], rank[1:]), np.abs(np.diff(rank))
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
    return np.repeat(np.arange(1, len(ends)), count), order[place], np.repeat(np.sign(np.diff(rank)), count) * 1.0


def along(ends: Array, values: Array, terms: Array, weights: Array, below: bool) -> tuple[Array, int]:
    """(features, steps, elements): Σ_i [values[e, i] < ends[t, i]] weights[j, i] terms[e, i] for steps t, elements e
    and features j, by prefix sums along the steps, or, not `below`, with [ends[t, i] < values[e, i]]; and how many
    terms came and went, times the features.

    `ends` is (steps, k), `values` and `terms` (elements, k), `weights` (features, k).
    """
    n, k = values.shape
    sums, changes, found = np.zeros((len(weights), n * n)), 0, list[tuple[Ints, Ints, Array]]()
    for i in range(k):
        step, element, sign = flips(ends[:, i], values[:, i], below)
        changes += len(step) * len(weights)
        require(changes <= (n + 64) * n * k, "circles.orders: neurons start and stop far too often")
        found.append((step * n + element, np.full(len(step), i), (sign if below else -sign) * terms[element, i]))
        if i == k - 1 or sum(len(steps) for steps, _, _ in found) > CHUNK:  # summed before they take much memory
            place, neuron, change = (np.concatenate(part) for part in zip(*found, strict=True))
            for row, here in zip(weights, sums, strict=True):
                here += np.bincount(place, row[neuron] * change, minlength=n * n)
            found = []
    known = (values < ends[0] if below else ends[0] < values) * terms
    sums = sums.reshape(len(weights), n, n)
    sums[:, 0] += weights @ known.T
    np.cumsum(sums, axis=1, out=sums)
    return sums, changes


def summed(model: Model, given: CircleTensors, writing: Array) -> tuple[Near, int]:
    """(n², features): W h of all pairs (Lemma 11), and how many terms came and went."""
    require(model.activation == "relu", "rule circles speaks of relu")
    n, sizes, changes = model.order, np.abs(writing), 0
    left, right = model.left["float64"], model.right["float64"]
    total = np.zeros((len(sizes), n, n))
    for walk, order in enumerate(given.orders):
        mine = np.flatnonzero(given.walk == walk)
        written = np.flatnonzero(sizes[:, mine].any(axis=1))
        if not len(written):
            continue
        weights, x, y = writing[np.ix_(written, mine)], left.value[order][:, mine], right.value[order][:, mine]
        by_y, one = along(x, -y, y, weights, True)  # [feature, x, y]: r where −r < l
        by_x, other = along(-y, x, x, weights, False)  # [feature, y, x]: l where −r < l
        by_y += by_x.transpose(0, 2, 1)
        total[np.ix_(written, order, order)] += by_y
        changes += one + other
    reads = left.size + left.error + right.size + right.error
    size, terms = up(sizes @ reads), 2 * (n + 2) * (model.width + 4)
    error = up(sizes @ (left.error + right.error)) + up(2 * gamma(terms, "float64") * (n + 2) * size + terms * 1e-300)
    value = total.reshape(len(sizes), n * n).T
    return Near(value, np.where(size < 2.0**900, up(error), np.inf), size), changes


@dataclass(frozen=True)
class Waves:
    """Features of matrices in their planes, as floats; but for the matrices' own defects nothing is proved of them."""

    features: Array
    """(n, features): F(z)."""
    writing: Array
    """(features, m + 1): W."""
    expected: Near
    """(n², features): D(x) K D(y), which the sums are near to."""
    reference: Array
    """(n,) at least ⟨D(x) K D(y), F(xwy)⟩ for all x and y."""
    parts: list[Ints]
    """Features of each plane."""
    blocks: list[Ints]
    """Features of each block."""

    @staticmethod
    def of(given: CircleTensors, group: Group) -> Waves:
        """Representations are proved; what commutes with everything in K, a multiple of the identity, is carried by
        D(xy)."""
        n, features, turned, expected = group.order, list[Array](), list[Array](), list[Array]()
        reference, parts, ends, sizes = np.zeros(n), list[Ints](), [0], list[float]()
        for j, images in enumerate(given.matrices):
            matrices, defect = matrix_action(group, images, f"circles{j}.matrices")
            d, start = matrices.shape[1], ends[-1]
            turns, planes = (TURNS, 2) if d == 2 else (np.ones((1, 1)), 1)
            here = given.reference[start : start + d * d].reshape(d, d)
            features.append(matrices.reshape(n, -1) @ turns.T / planes)
            features[-1][np.abs(features[-1]) < 1e-9] = 0.0
            turned.append(turns @ given.writing[:, start : start + d * d].T)
            middle = np.trace(here) / d
            moved = (middle * matrices)[group.table]
            if (here != middle * np.eye(d)).any():
                turn = matrices @ (here - middle * np.eye(d))
                moved += np.einsum("xab,ycb->xyac", turn, matrices.swapaxes(1, 2), optimize=True)
            expected.append(moved.reshape(n * n, d * d) @ turns.T)
            square, most = frobenius(matrices.swapaxes(1, 2) @ matrices - np.eye(d)), frobenius(matrices)
            size = float(up(np.sqrt(np.square(here).sum()))) * (1.0 + most) ** 4
            require(square <= 0.5, "rule circles: matrices are not orthogonal")
            loss = up(size * (3.0 * defect + 3.0 * (square + 1e-13) + 5e-9))
            reference = reference + matrices.reshape(n, -1) @ here.ravel() + float(loss)
            parts += [start + np.arange(k, k + 2) for k in (0, 2)] if d == 2 else [start + np.arange(1)]
            ends.append(start + d * d)
            sizes += [size] * (d * d)
        spans = [np.arange(a, b) for a, b in pairwise(ends)]
        near = Near(np.concatenate(expected, axis=1), up(1e-13 * np.array(sizes)), up(4 * np.array(sizes)))
        return Waves(np.concatenate(features, axis=1), np.concatenate(turned), near, reference, parts, spans)


@dataclass(frozen=True)
class Rest:
    """(n, n) each: bounds of what x alone, and y alone, adds to output z through what is not written (Lemma 12)."""

    delta: Near
    """(n, m + 1): what is not written, less a constant of each neuron."""
    low_x: Array
    low_y: Array
    up_x: Array
    up_y: Array

    @staticmethod
    def of(model: Model, given: CircleTensors, waves: Waves, scale: Array) -> Rest:
        left, right = model.left["float64"], model.right["float64"]
        x, y = left.value, right.value
        require(max(left.size.max(), right.size.max()) < 2.0**300, "rule circles: readings are too large")
        unembed = Near.exact(np.ascontiguousarray(model.unembed["float64"].T))
        delta = unembed - Near.exact(waves.features).times(waves.writing)
        delta = delta - Near.exact(delta.value.mean(axis=0, keepdims=True))
        high, low = x.max(axis=0) + y.max(axis=0), x.min(axis=0) + y.min(axis=0)
        bent = (low < 0) & (high > 0)
        wide, reach = up(np.maximum(-low, high)), up(left.size + left.error + right.size + right.error)
        square, line = np.where(bent, BEND / np.where(bent, wide, 1.0), 0.0), np.where(bent, 0.5, low >= 0)
        middle = np.where(bent, wide / (32 * BEND), 0.0)
        away = up(middle * (1 + 1e-11) + left.error + right.error + 1e-14 * (reach + square * np.square(reach)))
        sides = middle + line * x + square * x * x, line * y + square * y * y
        tables = [Near.exact(side).times(delta.value.T, delta.error.max()) for side in sides]
        sizes = np.maximum(delta.upper, -delta.lower)
        both, noise = up(sizes @ away), [np.zeros(model.order), np.zeros(model.order)]
        for walk, block in enumerate(given.reads):
            mine = np.flatnonzero((given.walk == walk) & bent)
            if len(mine):
                read = (x[:, mine], y[:, mine]), square[mine]
                product, *more = products(waves, waves.blocks[block], *read, delta.columns(mine))
                both = up(both + product)
                noise = [up(a + np.square(b * scale[mine]).sum(axis=1)) for a, b in zip(noise, more, strict=True)]
        length = up(np.sqrt(up(np.square(sizes[:, bent] / scale[bent]).sum(axis=1))))
        ends = [up(length * up(np.sqrt(part))[:, None]) for part in noise]
        ends[0] = up(ends[0] + both)
        lows = (lower_sum([table.lower, -end]) for table, end in zip(tables, ends, strict=True))
        ups = (-lower_sum([-table.upper, -end]) for table, end in zip(tables, ends, strict=True))
        return Rest(delta, *lows, *ups)


def products(
    waves: Waves, block: Ints, sides: tuple[Array, Array], square: Array, delta: Near
) -> tuple[Array, Array, Array]:
    """Of Σ_i δ_i(z) 2γ_i l_i(x) r_i(y) over the neurons of a walk: (n,) a bound of its waves' part for all x and y, and
    (n, neurons) bounds of each neuron's 2γ |l r − its waves' part|, by what x is off its waves, and by what y is."""
    features = waves.features[:, block]
    planes = [part - block[0] for part in waves.parts if block[0] <= part[0] <= block[-1]]
    fits = [features.T @ side / np.maximum(np.square(features).sum(axis=0), 1e-9)[:, None] for side in sides]
    reach = up(sum(up(np.sqrt(up(np.square(features[:, p]).sum(axis=1)))) for p in planes)).max()
    most = np.zeros(len(features))
    for p in planes:
        for q in planes:
            factors = (2 * square * fits[0][p][:, None] * fits[1][q]).reshape(-1, len(square)).T
            most = np.maximum(most, delta.times(factors, 1e-15 * np.abs(factors).max(initial=0.0)).length())
    shown = [Near.exact(features).times(fit) for fit in fits]
    off = (Near.exact(side) - one for side, one in zip(sides, shown, strict=True))
    off_x, off_y = (np.maximum(one.upper, -one.lower) for one in off)
    wave, other = np.maximum(shown[0].upper, -shown[0].lower).max(axis=0), np.abs(sides[1]).max(axis=0)
    return up(most * reach * reach), up(2 * square * other * off_x), up(2 * square * wave * off_y)


class CirclesRule:
    """The rule, with the sums of all pairs and everything that does not depend on one."""

    def __init__(self, given: CircleTensors, certificate: Certificate, model: Model) -> None:
        others = np.flatnonzero(np.arange(model.order) != model.group.identity)
        label = given.groups[others]
        groups = [others[label == g] for g in np.unique(label)]
        require(groups, "rule circles needs two elements")
        self.model, self.groups, self.waves = model, groups, Waves.of(given, model.group)
        self.sums, self.changes = summed(model, given, self.waves.writing)
        scale = np.ones(model.width) if certificate.scale is None else certificate.scale
        self.rest = Rest.of(model, given, self.waves, scale)
        self.features = Near.exact(self.waves.features)
        self.most = np.array([self.waves.reference[w].max() for w in groups])
        lengths = np.stack([self.features.columns(part).length() for part in self.waves.parts], axis=1)
        self.kinds, self.lengths, self.off = _kinds(lengths, model.group.table, groups)
        self.worst = self.rest.up_x.max(axis=1), self.rest.up_y.max(axis=1)
        self.row = max(model.order, model.width)

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """What is expected of a pair, for groups; where that is not enough, with the right answer from all neurons."""
        budget.pay("circles", len(x))
        budget.spent["circles changes"] = self.changes
        own, rest, places = self.model.products(x, y), self.rest, x * self.model.order + y
        found, expected = self.sums.rows(places), self.waves.expected.rows(places)
        away = found - expected
        apart = np.stack([away.columns(part).length() for part in self.waves.parts], axis=1) @ self.lengths.T
        off = np.take_along_axis(up(apart), self.off[self.kinds[x], self.kinds[y]], axis=1)
        written = found.dot(self.features.rows(own)).lower[:, 0]
        right = lower_sum([written, rest.low_x[x, own], rest.low_y[y, own]])
        rivals = [-self.most, -off, -self.worst[0][x][:, None], -self.worst[1][y][:, None]]
        least = lower_sum([right[:, None], *rivals])
        hard = np.flatnonzero(~(least > self.model.floor).all(axis=1))
        if len(hard):
            budget.pay("circles own", len(hard))
            hidden = self.model.hidden(x[hard], y[hard], "float64")
            exact = lower_sum([written[hard], hidden.dot(rest.delta.rows(own[hard])).lower[:, 0]])
            right[hard] = np.fmax(right[hard], exact)
            least = np.fmax(least, lower_sum([right[:, None], *rivals]))
        excess = up(np.exp(-least) @ np.array([len(w) for w in self.groups]) * EXP)
        outputs = partial(self.outputs, (x, y), (found, right, off), least, budget)
        return Bounds(least.min(axis=1, initial=np.inf), excess, outputs)

    def outputs(
        self,
        pairs: tuple[Ints, Ints],
        state: tuple[Near, Array, Array],
        least: Array,
        budget: Budget,
        which: Ints,
    ) -> Array:
        """(which, n): of groups that are open, with what x and y do to each output; then, of what is open, from P."""
        (x, y), (found, right, off), table = (part[which] for part in pairs), state, self.model.group.table
        lower, first = np.empty((len(which), self.model.order)), np.arange(len(which))[:, None]
        expected, others = lower.copy(), lower.copy()
        for g, w in enumerate(self.groups):
            z = table[table[x[:, None], w], y[:, None]]
            expected[first, z], others[first, z] = self.waves.reference[w] + off[which, g, None], least[which, g, None]
        rivals = [right[which, None], -self.rest.up_x[x], -self.rest.up_y[y]]
        own = first[:, 0], self.model.products(x, y)
        expected[own] = others[own] = 0.0
        lower = np.where(others > self.model.floor, others, lower_sum([*rivals, -expected]))
        row, z = np.nonzero(~(lower > self.model.floor))
        budget.pay("circles span", len(row), 10 * PASS + len(self.features.size))
        logits, step = np.empty(len(row)), max(1, CHUNK // len(self.features.size))
        for start in range(0, len(row), step):
            part = slice(start, start + step)
            logits[part] = found.rows(which[row[part]]).dot(self.features.rows(z[part])).upper[:, 0]
        exact = lower_sum([*(np.broadcast_to(one, lower.shape)[row, z] for one in rivals), -logits])
        lower[row, z] = np.fmax(lower[row, z], exact)
        return lower


def _kinds(lengths: Array, table: NDArray[np.int32], groups: Sequence[Ints]) -> tuple[Ints, Array, Ints]:
    """Elements by the planes that their features meet, (n,), where that is a homomorphism, else one kind of all;
    lengths of features, a row for each kind or several together, (rows, planes); and the row that the outputs of group
    g of a pair meet, (kinds of x, kinds of y, groups)."""
    kinds = np.unique(lengths > 1e-9, axis=0, return_inverse=True)[1].reshape(len(lengths))
    first = np.unique(kinds, return_index=True)[1]
    product = kinds[table[np.ix_(first, first)]]
    if len(first) > MOST_KINDS or not np.array_equal(kinds[table], product[kinds[:, None], kinds]):
        kinds, product = np.zeros_like(kinds), np.zeros((1, 1), np.intp)
    count = len(product)
    rows, index = list[Array](), np.empty((count, count, len(groups)), np.intp)
    known = dict[tuple[int, ...], int]()
    for a, b, g in np.ndindex(index.shape):
        met = tuple(sorted({int(product[product[a, k], b]) for k in np.unique(kinds[groups[g]])}))
        if met not in known:
            known[met] = len(rows)
            rows.append(np.max([lengths[kinds == k].max(axis=0) for k in met], axis=0))
        index[a, b, g] = known[met]
    return kinds, np.array(rows), index
