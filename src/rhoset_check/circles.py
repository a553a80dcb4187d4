"""Rule `circles`: neurons that read waves, their sums for all pairs at once (THEOREMS.md, §4b, Theorem 9).

Elements move points around circles: F_j(z) = D_j(z)(1, 0). ReLU neurons, taken for parabolas, are what x does, what y
does, and a rest t (Lemma 12), which writes Σ_j ⟨P_j, F_j(z)⟩, P = Wᵀt, and something small. The sums of activations
change simply along an order of the elements in which a neuron is active on few arcs (Lemma 11).
"""

from __future__ import annotations

import numpy as np

from rhoset_check.exact import EXP, Bounds
from rhoset_check.files import Certificate, CircleTensors
from rhoset_check.group import matrix_action
from rhoset_check.limits import Budget
from rhoset_check.lowrank import unwritten
from rhoset_check.near import Array, Ints, Near, gamma, lower_sum, require, up
from rhoset_check.network import Model

BEND = 0.375
"""relu(t) is taken for t/2 + BEND t²/V + V/(32 BEND), right to V/(32 BEND) where |t| ≤ V: any number from ¼ to ½ does;
more makes this smaller, and larger what is left of products of readings."""
NEAR = 8
"""So many rivals, those with the largest logits that are expected, are bounded one by one, the others together."""


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
        step = np.repeat(np.arange(n), np.abs(more))  # at which a term comes or goes
        place = np.minimum(active, active - more)[step] + np.arange(len(step)) - np.searchsorted(step, step)
        element = order[place]
        sums[step * n + element] += (np.sign(more)[step] * other[element])[:, None] * weight
        changes += len(element) * len(weight)
        require(changes <= 2 * (n + 64) * n * len(weights), "rule circles: neurons start and stop far too often")
    return np.cumsum(sums.reshape(n, n, -1), axis=0), changes


def summed(model: Model, given: CircleTensors, features: Array) -> tuple[Near, int]:
    """(n², 2 circles): Wᵀh of all pairs (Lemma 11), and how many terms came and went. `features` is (n, circles, 2): F;
    a neuron reads x by the F(x) of its circle, and y by F(y⁻¹)."""
    n, sizes, changes = model.order, np.abs(given.writing), 0
    left, right = model.left["float64"], model.right["float64"]
    total = np.zeros((n, n, sizes.shape[1]))
    for j, circle in enumerate(features.swapaxes(0, 1)):
        mine = np.flatnonzero(given.reads == j)
        written = np.flatnonzero(sizes[mine].any(axis=0))
        xs, ys = (np.argsort(np.arctan2(*side.T)) for side in (circle, circle[model.group.inverse]))
        x, y = left.value[np.ix_(xs, mine)], right.value[np.ix_(ys, mine)]
        weights = given.writing[np.ix_(mine, written)]
        (by_y, one), (by_x, other) = along(x, y, weights), along(y, x, weights)
        total[np.ix_(xs, ys, written)] += by_y + by_x.swapaxes(0, 1)
        changes += one + other
    reach = left.size + left.error + right.size + right.error
    size, terms = up(reach @ sizes), 2 * (n + 2) * (model.width + 4)
    error = up((left.error + right.error) @ sizes) + up(2 * gamma(terms, "float64") * (n + 2) * size + terms * 1e-300)
    return Near(total.reshape(n * n, -1), np.where(size < 2.0**900, up(error), np.inf), size), changes


def parabolas(model: Model, given: CircleTensors, features: Array, delta: Near) -> tuple[tuple[Array, Array], Array]:
    """Of activations a(x) + b(y) + t (Lemma 12): a and b, (n, m + 1) each. And (2, n, n): |δ_zᵀt|, `delta` being δ, is
    at most a number of x and z and one of y and z. δ meets the parabola's error and products of waves, both of which
    stand in the first, and what readings are off their waves."""
    left, right = model.left["float64"], model.right["float64"]
    x, y, most_y = left.value, right.value, np.abs(right.value).max(axis=0)
    wide = up(np.maximum(np.abs(x).max(axis=0) + most_y, 1e-100))
    require(wide.max() < 2.0**300, "rule circles: readings are too large")
    bend, middle = BEND / wide, wide / (32 * BEND)
    rest = np.maximum(delta.upper, -delta.lower) @ (up(middle) + left.error + right.error)
    squares = np.zeros((2, model.order))
    for j, circle in enumerate(features.swapaxes(0, 1)):
        mine = np.flatnonzero(given.reads == j)
        p, most_x, off_x = wave(circle, x[:, mine])
        q, _, off_y = wave(circle[model.group.inverse], y[:, mine])
        squares += np.square(2 * bend[mine] * [most_y[mine] * off_x, most_x * off_y]).sum(axis=2)
        factors = (2 * bend[mine] * p[:, None] * q).reshape(4, -1).T
        length = delta.columns(mine).times(factors, 1e-15 * np.abs(factors).max(initial=0.0)).length()
        rest += length * np.square(circle).sum(axis=1).max()
    beside = np.sqrt(up(squares))[:, :, None] * delta.length()
    beside[0] += rest
    return (middle + x / 2 + bend * x * x, y / 2 + bend * y * y), up(beside)


def wave(circle: Array, side: Array) -> tuple[Array, Array, Array]:
    """Of readings (n, k), and a circle X (n, 2): waves ⟨p, X⟩, p (2, k); bounds of their sizes, and of what is off."""
    fit = circle.T @ side / np.maximum(np.square(circle).sum(axis=0), 1e-9)[:, None]
    shown = Near.exact(circle).times(fit)
    off = Near.exact(side) - shown
    return fit, up(np.abs(shown.value).max(axis=0) + shown.error), np.maximum(off.upper, -off.lower)


class CirclesRule:
    """The rule, with the sums of all pairs and everything that does not depend on one."""

    def __init__(self, given: CircleTensors, _: Certificate, model: Model) -> None:
        n, group, self.model, self.row = model.order, model.group, model, max(model.order, model.width)
        require(model.activation == "relu" and n > 1, "rule circles speaks of relu, and needs two elements")
        found = [matrix_action(group, images, f"circles{j}.matrices") for j, images in enumerate(given.matrices)]
        turns = np.stack([matrices for matrices, _ in found], axis=1)  # (n, circles, 2, 2): D
        features, circles = turns[..., 0], np.repeat(np.eye(len(found)), 2, axis=0)  # F
        self.features, self.back = Near.exact(features.reshape(n, -1)), group.table[group.inverse].astype(np.intp)
        self.unembed, delta = unwritten(model, self.features.value, given.writing)
        sides, beside = parabolas(model, given, features, delta)
        tables = [Near.exact(side).times(self.unembed.value.T, self.unembed.error.max()) for side in sides]
        value, beside = np.array([table.value for table in tables]), up(beside + [[table.slack] for table in tables])
        self.low, self.up = lower_sum([value, -beside]), -lower_sum([-value, -beside])  # of x, and of y, at [z]
        sums, self.changes = summed(model, given, features)
        by_x, by_y = (Near.exact(side).times(given.writing) for side in sides)
        sums = sums - by_x.outer(by_y)  # P
        self.lost = up(2.0 * max(defect for _, defect in found) * (sums.size + sums.error).sum())  # 2Δ Σ|P_j|
        turned = (sums.value.reshape(n, n, -1, 2).swapaxes(1, 2) @ turns).swapaxes(1, 2).reshape(n * n, -1)  # Q
        self.sums = sums.rounded(turned, *sums.ends(circles @ circles.T * np.abs(turns).max()))
        self.expected = Near.exact(turned.reshape(n, n, -1).mean(axis=0))  # C(y)
        self.lengths = circles * self.features.lengths(circles).max(axis=0)  # max|F_j|
        self.logits = self.expected.times(self.features.value.T).upper  # [y, v]
        behind, near = np.where(np.eye(n), np.inf, -self.logits), min(NEAR, n - 2)
        self.near, ranked = np.argsort(behind, axis=1)[:, :near], np.sort(behind, axis=1)[:, near:]
        self.next, self.others = ranked[:, 0], up(np.exp(ranked[:, :1] - ranked).sum(axis=1) * EXP)

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> Bounds:
        """With the right answer by its sums; where that is not enough, from all neurons."""
        budget.pay("circles", len(x))
        budget.spent["circles changes"] = self.changes
        own, sums = self.model.products(x, y), self.sums.rows(x * self.model.order + y)
        off = up((sums - self.expected.rows(y)).lengths(self.lengths).sum(axis=1) + self.lost)
        written = sums.dot(self.features.rows(y)).lower[:, 0]
        right = lower_sum([written, self.low[0, x, own], self.low[1, y, own], -off])
        least, excess = self.margins(x, y, right)
        hard = np.flatnonzero(~(least > self.model.floor))
        if len(hard):
            budget.pay("circles own", len(hard))
            logit = self.model.hidden(x[hard], y[hard], "float64").dot(self.unembed.rows(own[hard]))
            right[hard] = lower_sum([logit.lower[:, 0], -off[hard]])
            least[hard], excess[hard] = self.margins(x[hard], y[hard], right[hard])
        return Bounds(least, excess, lambda some: self.against(x[some], y[some], right[some], self.back[x[some]]))

    def margins(self, x: Ints, y: Ints, right: Array) -> tuple[Array, Array]:
        """(pairs,): lower bounds of the least margin, upper bounds of Σ exp(−margin); `right` as in `against`."""
        near = self.against(x, y, right, self.near[y])
        far = lower_sum([right, self.next[y], -self.up[0].max(axis=1)[x], -self.up[1].max(axis=1)[y]])
        excess = np.exp(-near).sum(axis=1) + self.others[y] * np.exp(-far)
        return np.minimum(near.min(axis=1, initial=np.inf), far), up(excess * EXP)

    def against(self, x: Ints, y: Ints, right: Array, v: Ints) -> Array:
        """(pairs, k): lower bounds of margins against z = xv, v (pairs, k); `right` of the right answer, less `off`."""
        x, y = x[:, None], y[:, None]
        z = self.model.group.table[x, v]
        return lower_sum([right[:, None], -self.logits[y, v], -self.up[0, x, z], -self.up[1, y, z]])
