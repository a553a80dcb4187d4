"""Rule `circles`: neurons that read waves, their sums for all pairs at once (THEOREMS.md, §4b, Theorem 9).

Elements move points around circles: F_j(z) = D_j(z)(1, 0). ReLU neurons, taken for parabolas, are what x does, what y
does, and a rest t (Lemma 12), which writes Σ_j ⟨P_j, F_j(z)⟩, P = Wᵀt, and something small. The sums of activations
change simply along an order of the elements in which a neuron is active on few arcs (Lemma 11).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rhoset_check.exact import EXP, Bounds
from rhoset_check.files import Certificate, CircleTensors
from rhoset_check.group import Group, matrix_action
from rhoset_check.limits import Budget
from rhoset_check.lowrank import unwritten
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

BEND = 0.375
"""relu(t) is taken for t/2 + BEND t²/V + V/(32 BEND), right to V/(32 BEND) where |t| ≤ V: any number from ¼ to ½ does;
more makes this smaller, and larger what is left of products of readings."""
SAMPLES = 32
"""What is expected of the sums of (x, y) is a mean over so many x, or up to twice as many."""
NEAR = 8
"""So many rivals, those with the largest logits that are expected, are bounded one by one before all are."""


@dataclass(frozen=True)
class Waves:
    """Circles in which neurons read and write."""

    turns: Array
    """(n, circles, 2, 2): D."""
    defect: float
    """At least |F_j(xv) − D_j(x)F_j(v)| (Lemma 5)."""
    features: Array
    """(n, 2 circles): F."""
    writing: Array
    """(m + 1, 2 circles): W."""
    reads: Ints
    """(m + 1,): the circle that each neuron reads, x by F(x) and y by F(y⁻¹)."""

    @staticmethod
    def of(given: CircleTensors, group: Group) -> Waves:
        """Cost: two products of matrices for each element, circle and generator."""
        found = [matrix_action(group, images, f"circles{j}.matrices") for j, images in enumerate(given.matrices)]
        turns = np.stack([matrices for matrices, _ in found], axis=1)
        features = np.ascontiguousarray(turns[..., 0]).reshape(group.order, -1)
        return Waves(turns, max(defect for _, defect in found), features, given.writing, given.reads)

    def circle(self, j: int, group: Group) -> tuple[Array, Array]:
        """(n, 2) each: F_j(x), F_j(y⁻¹)."""
        circle = self.features[:, 2 * j : 2 * j + 2]
        return circle, circle[group.inverse]


def along(steps: Array, others: Array, weights: Array) -> tuple[Array, int]:
    """(steps, elements, features): Σ_i [−others[e, i] < steps[t, i]] others[e, i] weights[i, j] for steps t, elements e
    and features j, by prefix sums along the steps; and how many terms came and went, times the features.

    `steps` and `others` are (n, neurons), `weights` (neurons, features).
    """
    n, changes = len(steps), 0
    sums = np.zeros((n * n, weights.shape[1]))
    for start, other, weight in zip(steps.T, others.T, weights, strict=True):
        order = np.argsort(-other)
        active = np.searchsorted(-other[order], start)  # the first of the order are
        more = np.diff(active, prepend=0)
        count = np.abs(more)
        first = np.minimum(active, active - more) - (np.cumsum(count) - count)
        element = order[np.arange(count.sum()) + np.repeat(first, count)]
        term = np.repeat(np.sign(more), count) * other[element]
        sums[np.repeat(np.arange(n), count) * n + element] += term[:, None] * weight
        changes += len(element) * len(weight)
        require(changes <= 2 * (n + 64) * n * len(weights), "rule circles: neurons start and stop far too often")
    return np.cumsum(sums.reshape(n, n, -1), axis=0), changes


def summed(model: Model, waves: Waves) -> tuple[Near, int]:
    """(n², features): Wᵀh of all pairs (Lemma 11), and how many terms came and went."""
    n, sizes, changes = model.order, np.abs(waves.writing), 0
    left, right = model.left["float64"], model.right["float64"]
    total = np.zeros((n, n, sizes.shape[1]))
    for j in range(waves.turns.shape[1]):
        mine = np.flatnonzero(waves.reads == j)
        written = np.flatnonzero(sizes[mine].any(axis=0))
        xs, ys = (np.argsort(np.arctan2(*side.T)) for side in waves.circle(j, model.group))
        x, y = left.value[np.ix_(xs, mine)], right.value[np.ix_(ys, mine)]
        (by_y, one), (by_x, other) = (along(*sides, waves.writing[np.ix_(mine, written)]) for sides in ((x, y), (y, x)))
        by_y += by_x.swapaxes(0, 1)
        total[np.ix_(xs, ys, written)] += by_y
        changes += one + other
    reach = left.size + left.error + right.size + right.error
    size, terms = up(reach @ sizes), 2 * (n + 2) * (model.width + 4)
    error = up((left.error + right.error) @ sizes) + up(2 * gamma(terms, "float64") * (n + 2) * size + terms * 1e-300)
    return Near(total.reshape(n * n, -1), np.where(size < 2.0**900, up(error), np.inf), size), changes


def parabolas(
    model: Model, waves: Waves, unembed: Near, delta: Near
) -> tuple[tuple[Array, Array], list[tuple[Array, Array]]]:
    """Of activations a(x) + b(y) + t (Lemma 12): a and b, (n, m + 1) each; what x adds to outputs beside ⟨P, F⟩, at
    least and at most, (n, n) each, and what y adds.

    `unembed` and `delta`, what of it is not written, are (n, m + 1): δ meets t as it meets products of waves, what is
    off these, and the parabola's error.
    """
    left, right = model.left["float64"], model.right["float64"]
    x, y = left.value, right.value
    require(max(left.size.max(), right.size.max()) < 2.0**300, "rule circles: readings are too large")
    wide = np.maximum(x.max(axis=0) + y.max(axis=0), -x.min(axis=0) - y.min(axis=0))
    wide, reach = up(np.maximum(wide, 1e-100)), up(left.size + left.error + right.size + right.error)
    bend, middle = BEND / wide, wide / (32 * BEND)
    sides = middle + x / 2 + bend * x * x, y / 2 + bend * y * y
    away = up(middle * (1 + 1e-11) + left.error + right.error + 1e-14 * (reach + bend * np.square(reach)))
    slack, squares = np.maximum(delta.upper, -delta.lower) @ away, np.zeros((2, model.order))
    for j in range(waves.turns.shape[1]):
        mine = np.flatnonzero(waves.reads == j)
        read = waves.circle(j, model.group), (x[:, mine], y[:, mine])
        most, more = products(*read, bend[mine], delta.columns(mine))
        slack, squares = up(slack + most), up(squares + more)
    beside = up(np.sqrt(squares)[:, :, None] * delta.length())
    beside[0] += slack
    tables = (Near.exact(side).times(unembed.value.T, unembed.error.max()) for side in sides)
    both = list(zip(tables, up(beside), strict=True))
    return sides, [(lower_sum([table.lower, -end]), -lower_sum([-table.upper, -end])) for table, end in both]


def products(circle: tuple[Array, Array], sides: tuple[Array, Array], bend: Array, delta: Near) -> tuple[Array, Array]:
    """Of Σ_i δ_i(z) 2γ_i l_i(x) r_i(y) over neurons that read a circle: (n,) a bound of its waves' part for all x, y;
    (2, n) of Σ_i (2γ_i |l r − the waves' part|)², by what x is off its waves, and by what y is."""
    both = list(zip(circle, sides, strict=True))
    fits = [wave.T @ side / np.maximum(np.square(wave).sum(axis=0), 1e-9)[:, None] for wave, side in both]
    shown = [Near.exact(wave).times(fit) for wave, fit in zip(circle, fits, strict=True)]
    off = [Near.exact(side) - wave for wave, side in zip(shown, sides, strict=True)]
    off_x, off_y, read_x = (np.maximum(one.upper, -one.lower) for one in (*off, shown[0]))
    factors = (2 * bend * fits[0][:, None] * fits[1]).reshape(4, -1).T
    most = delta.times(factors, 1e-15 * np.abs(factors).max(initial=0.0)).length()
    parts = 2 * bend * np.abs(sides[1]).max(axis=0) * off_x, 2 * bend * read_x.max(axis=0) * off_y
    return up(most * np.square(circle[0]).sum(axis=1).max()), up(np.square(parts).sum(axis=2))


class CirclesRule:
    """The rule, with the sums of all pairs and everything that does not depend on one."""

    def __init__(self, given: CircleTensors, _: Certificate, model: Model) -> None:
        n, waves = model.order, Waves.of(given, model.group)
        require(model.activation == "relu" and n > 1, "rule circles speaks of relu, and needs two elements")
        self.model, self.row, self.features = model, max(n, model.width), Near.exact(waves.features)
        self.unembed, delta = unwritten(model, waves.features, waves.writing)
        sides, ((self.low_x, self.up_x), (self.low_y, self.up_y)) = parabolas(model, waves, self.unembed, delta)
        self.most_x, self.most_y = self.up_x.max(axis=1), self.up_y.max(axis=1)
        sums, self.changes = summed(model, waves)
        by_x, by_y = (Near.exact(side).times(waves.writing) for side in sides)
        sums = sums - by_x.each(by_y)
        self.lost = float(up(2.0 * waves.defect * (sums.size + sums.error).sum()))
        turned = np.einsum("xjab,xyja->xyjb", waves.turns, sums.value.reshape(n, n, -1, 2)).reshape(n, n, -1)
        circles = np.repeat(np.eye(waves.turns.shape[1]), 2, axis=0)
        self.sums = sums.rounded(turned.reshape(n * n, -1), *sums.ends(circles @ circles.T * np.abs(waves.turns).max()))
        self.lengths = circles * self.features.lengths(circles).max()
        self.expected = Near.exact(turned[:: 1 + n // SAMPLES].mean(axis=0))  # C(y)
        self.logits = self.expected.times(waves.features.T).upper  # [y, v]
        behind = np.where(np.eye(n), np.inf, -self.logits)
        self.order = np.argsort(behind, axis=1)[:, : min(n - 1, NEAR + 1)]  # the nearest v for each y
        self.rivals = up(np.exp(behind.min(axis=1, keepdims=True) - behind).sum(axis=1) * EXP)

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """What is expected of a pair; where that is not enough, with the right answer from all neurons."""
        budget.pay("circles", len(x))
        budget.spent["circles changes"] = self.changes
        own, sums = self.model.products(x, y), self.sums.rows(x * self.model.order + y)
        off = up((sums - self.expected.rows(y)).lengths(self.lengths).sum(axis=1) + self.lost)
        written = sums.dot(self.features.rows(y)).lower[:, 0]
        right = lower_sum([written, self.low_x[x, own], self.low_y[y, own], -off])
        far = -self.most_x[x], -self.most_y[y]
        least, rivals = lower_sum([right, *far, -self.logits[y, self.order[y, 0]]]), self.rivals[y]
        hard = np.flatnonzero(~(least > self.model.floor))
        if len(hard):
            budget.pay("circles own", len(hard))
            i, j = x[hard], y[hard]
            logit = self.model.hidden(i, j, "float64").dot(self.unembed.rows(own[hard]))
            right[hard] = np.fmax(right[hard], lower_sum([logit.lower[:, 0], -off[hard]]))
            near = self.against(i, j, right[hard], self.order[j, :NEAR]).min(axis=1)
            others = lower_sum([right[hard], *(part[hard] for part in far), -self.logits[j, self.order[j, -1]]])
            least[hard], rivals[hard] = np.fmax(least[hard], np.minimum(near, others)), self.model.order
        excess = up(np.exp(-least) * rivals * EXP)

        def outputs(which: Ints) -> Array:
            group, i = self.model.group, x[which]
            return self.against(i, y[which], right[which], group.table[group.inverse[i]].astype(np.intp))

        return Bounds(least, excess, outputs)

    def against(self, x: Ints, y: Ints, right: Array, v: Ints) -> Array:
        """(pairs, k): lower bounds of margins against z = xv, v (pairs, k); `right` of the right answer, less `off`."""
        x, y = x[:, None], y[:, None]
        z = self.model.group.table[x, v]
        return lower_sum([right[:, None], -self.logits[y, v], -self.up_x[x, z], -self.up_y[y, z]])
