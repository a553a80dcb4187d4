"""Rule `uniform`: how far the weights are from an orbit circuit, one input at a time; no pair is ever formed.

Neuron i in slot (b', c') reads α(x⁻¹b') + δl(x) and γ(yc') + δr(y), α and γ its means over the points of B and C.
With G_{b',c'}[b, c] = Σ_i κ_i φ(α_i(b) + γ_i(c)) over the neurons of the slot, |Q[b, c] − G_{xb, y⁻¹c}[b, c]| is at
most e(x) + e'(y) with e(x) = Σ_i |κ_i| |δl_i(x)| in every slot. Where F(e) − F(w) is not zero in k slots only, the
norms of e, e' over their k largest slots do (written ‖·‖_k).
Slots of equal type have nearly equal G; the type pattern of (xb)_b and (y⁻¹c)_c decides which reference holds.
With `linear`, relu(t) = t/2 + |t|/2 and the first half, additive in x and y, is evaluated exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .blocks import Block
from .inputs import Certificate
from .model import Ints, Model, Tally, cross_entropy, new_chunk
from .pairs import Bools, make_residual, measure, one_sided, read_groups, rounding
from .rigor import EXP_SLACK, INFLATE, Array, require, up

BINS = 64
"""Bins of each side for the loss bound of the sorted count."""


class Uniform:
    """Everything the rule knows of single inputs."""

    def __init__(
        self, certificate: Certificate, model: Model, blocks: list[Block], stage: dict[str, Any], tally: Tally
    ) -> None:
        n = model.order
        slots = [(j, block) for j, block in enumerate(blocks) if block.slots]
        self.model, self.blocks = model, [block for _, block in slots]
        residual = make_residual(certificate, model, self.blocks, {"residual": "plain"})
        tally.operations += residual.work
        self.linear = stage.get("linear", False) is True
        require(not self.linear or model.activation == "relu", "certificate: linear halves are for relu only")
        self.groups = read_groups(certificate, model)
        self.sizes = np.array([len(w) for w in self.groups])
        self.halves = [np.zeros((n, n)) if self.linear else np.zeros((0, 0)) for _ in range(2)]
        activity = Activity(model)
        errors, tables, codes = [], [], ([], [])  # type: ignore[var-annotated]
        for j, block in slots:
            *error, table = profile(model, block, self.linear, self.halves, activity)
            errors.append(error)
            sides = ("row_type", block.p), ("column_type", block.q)
            types = [self._types(certificate, f"block{j}.{name}", count) for name, count in sides]
            tables.append(by_type(table, types, block))
            codes[0].append(types[0][block.left])
            codes[1].append(types[1][block.right])
            k = len(block.entries[0])
            tally.operations += k * (4 * n + block.p * block.q) + 2 * n * block.p * block.q
            tally.operations += 2 * n * (k + block.p * block.q**2 + n * block.q) if self.linear else 0
        self.label, first = zip(*(_patterns(code, n) for code in codes))
        counts = len(first[0]), len(first[1])
        largest_block = max((block.p * block.q for block in self.blocks), default=0)
        require(counts[0] * counts[1] * max(n, largest_block) <= 1 << 26, "certificate: too many types of slots")
        i, k = (a.ravel() for a in np.meshgrid(first[0], first[1], indexing="ij"))
        kept, spread = [], []
        for (mean, deviation), code_x, code_y, block in zip(tables, codes[0], codes[1], self.blocks):
            b, c = np.arange(block.p)[:, None, None], np.arange(block.q)[None, :, None]
            place = code_x[i].T[:, None, :], code_y[k].T[None, :, :], b, c
            kept.append(mean[place].reshape(block.p * block.q, -1))
            spread.append(deviation[place].reshape(block.p * block.q, -1))
        self.patterns = counts[1]
        least, distance = measure(model, self.blocks, self.groups, kept, tally)
        largest = max((float(np.abs(k).max(initial=0)) for k in kept), default=0.0)
        self.needed = model.floor + 2 * rounding(model, self.blocks, residual, largest, "float64")
        self.needed += float(model.bias.max() - model.bias.min()) * INFLATE
        worst = 2 * float(residual.bound.max())
        base, size_x, size_y = activity.bounds(residual.plain)
        self.by_x, self.by_y = (worst * np.tile(size, (len(self.groups), 1)) for size in (size_x, size_y))
        least = least - worst * base
        for j, block in enumerate(self.blocks):
            e = np.array([model.group.identity])
            moved = [int((block.features(w) != block.features(e)).sum(axis=1).max()) for w in self.groups]
            least = least - distance[:, j, None] * largest_norms(spread[j], moved)
            self.by_x += distance[:, j, None] * largest_norms(errors[j][0], moved)
            self.by_y += distance[:, j, None] * largest_norms(errors[j][1], moved)
        self.least, self.by_x, self.by_y = least, up(self.by_x), up(self.by_y)
        tally.operations += 2 * n * len(self.groups) * (len(self.blocks) + 1)

    @staticmethod
    def _types(certificate: Certificate, name: str, count: int) -> Ints:
        given = name in certificate.tensors
        return certificate.indices(name, count, count) if given else np.zeros(count, dtype=np.intp)

    def lower(self, x: Ints, y: Ints) -> Array:
        """(groups, pairs): lower bounds of the margins, less what a right answer needs."""
        out = self.least[:, self.label[0][x] * self.patterns + self.label[1][y]] - self.by_x[:, x] - self.by_y[:, y]
        if self.linear:
            own = self.model.group.table[x, y]
            for half, index in zip(self.halves, (x, y)):
                out -= half.max(axis=0)[index] - half[own, index]
        return np.asarray(out - self.needed)


class Activity:
    """Bounds of ‖h(x, y)‖ by a constant, a part of x and a part of y."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.outside = np.ones(model.width, dtype=bool)
        self.squares = 0.0
        self.gaps = [np.zeros(model.order), np.zeros(model.order)]

    def add(self, block: Block, features: Ints, neurons: Ints, heights: Array, gaps: list[Array]) -> None:
        """Neurons of a round: φ(α + γ) (k, p, q), and δl, δr (k, n); each neuron counts once."""
        fresh = self.outside[neurons]
        self.outside[neurons] = False
        self.table[features[fresh]] += np.square(heights[fresh])
        for total, gap in zip(self.gaps, gaps):
            total += np.square(gap[fresh]).sum(axis=0)

    def open(self, block: Block) -> None:
        """Begin a block."""
        self.table = np.zeros((block.p * block.q, block.p, block.q))

    def close(self) -> None:
        """End a block: ‖ĥ‖² is at most the sum over (b, c) of the largest slot."""
        self.squares += float(up(self.table.max(axis=0, initial=0.0).sum()))

    def bounds(self, plain: tuple[Array, Array]) -> tuple[float, Array, Array]:
        """The better of this bound and the plain one."""
        slope = 2 * float(up(np.sqrt(self.model.reach.max(initial=0)))) if self.model.activation == "square" else 1.0
        base, out = float(up(np.sqrt(self.squares))), []
        for gap, weight in zip(self.gaps, (self.model.left, self.model.right)):
            rest = np.square(one_sided(self.model, weight[self.outside]))
            out.append(up(slope * np.sqrt(gap) + np.sqrt(rest.sum(axis=0))))
        if base + out[0].max() + out[1].max() < plain[0].max() + plain[1].max():
            return base, out[0], out[1]
        return 0.0, plain[0], plain[1]


def largest_norms(slots: Array, counts: list[int]) -> Array:
    """(len(counts), columns): 2-norms over the `count` largest entries of each column, for each count."""
    sums = np.cumsum(np.sort(np.square(slots), axis=0)[::-1], axis=0)
    sums = np.concatenate([np.zeros((1, slots.shape[1])), sums])
    return up(np.sqrt(sums[np.minimum(np.asarray(counts, dtype=int), len(slots))]))


def profile(
    model: Model, block: Block, linear: bool, halves: list[Array], activity: Activity
) -> tuple[Array, Array, Array]:
    """(p·q, n): Σ|κ||δl(x)| and Σ|κ||δr(y)| of every slot; (p·q, p, q): G. Adds the exact linear halves."""
    p, q, n = block.p, block.q, model.order
    require((p * q) ** 2 <= 1 << 26 and p * q * n <= 1 << 27, "certificate: a block has too many slots for this rule")
    errors, table = (np.zeros((p * q, n)), np.zeros((p * q, n))), np.zeros((p * q, p, q))
    sums = (np.zeros((p * q, n)), np.zeros((p * q, n)))
    back = block.left[model.group.inverse]
    activity.open(block)
    for features, neurons, weights in block.rounds:
        k = np.arange(len(features))[:, None]
        slope = np.full(len(neurons), 0.5 if linear else 1.0)
        if model.activation == "square":
            slope = 2 * up(np.sqrt(model.reach[neurons]))
        means, gaps = [], []
        sides = ((model.left, back[:, features // q].T, p), (model.right, block.forward[:, features % q].T, q))
        for (weight, place, size), error, half in zip(sides, errors, sums):
            values = weight[neurons]
            flat = (k * size + place).ravel()
            count = np.maximum(np.bincount(flat, minlength=len(k) * size), 1)
            mean = np.bincount(flat, values.ravel(), len(k) * size) / count
            gaps.append(np.abs(values - mean[flat].reshape(values.shape)))
            error[features] += (np.abs(weights) * slope)[:, None] * gaps[-1]
            if linear:
                half[features] += 0.5 * weights[:, None] * values
            means.append(mean.reshape(len(k), size))
        t = means[0][:, :, None] + means[1][:, None, :]
        halved = 0.5 * np.abs(t)
        heights = model.activate(t)
        activity.add(block, features, neurons, heights, gaps)
        table[features] += weights[:, None, None] * (halved if linear else heights)
    activity.close()
    if linear:
        for half, total in zip(halves, sums):
            half += block.logits(total, np.arange(n))
    return up(errors[0]), up(errors[1]), table


def by_type(table: Array, types: list[Ints], block: Block) -> tuple[Array, Array]:
    """(row types, column types, p, q): the mean of G over the slots of a type, and the largest deviation from it."""
    kinds = types[0].max() + 1, types[1].max() + 1
    slot_type = (types[0][:, None] * kinds[1] + types[1][None, :]).ravel()
    count = np.bincount(slot_type, minlength=kinds[0] * kinds[1])
    mean = np.zeros((len(count), block.p, block.q))
    np.add.at(mean, slot_type, table)
    mean /= np.maximum(count, 1)[:, None, None]
    deviation = np.zeros_like(mean)
    np.maximum.at(deviation, slot_type, np.abs(table - mean[slot_type]))
    shape = (*kinds, block.p, block.q)
    return mean.reshape(shape), deviation.reshape(shape)


def _patterns(codes: list[Ints], n: int) -> tuple[Ints, Ints]:
    code = np.concatenate(codes, axis=1) if codes else np.zeros((n, 1), dtype=np.intp)
    _, first, label = np.unique(code, axis=0, return_index=True, return_inverse=True)
    return label.reshape(-1), first


def settle_uniform(
    certificate: Certificate, model: Model, blocks: list[Block], stage: dict[str, Any], tally: Tally
) -> Callable[[Tally, Ints, Ints], Bools]:
    """The rule as a first stage: a function that settles pairs (x, y) and says which."""
    rule = Uniform(certificate, model, blocks, stage, tally)

    def settle(tally: Tally, x: Ints, y: Ints) -> Bools:
        lower = rule.lower(x, y)
        tally.operations += len(x) * (len(rule.groups) + (2 if rule.linear else 0))
        done = np.asarray(((lower > 0) & (lower < np.inf)).all(axis=0))
        chunk = new_chunk(model, x[done], y[done])
        slack = lower[:, done] + model.floor
        chunk.right[:] = True
        chunk.least = slack.min(axis=0, initial=np.inf)
        chunk.loss = cross_entropy((rule.sizes[:, None] * np.exp(-slack)).sum(axis=0) * EXP_SLACK)
        tally.add(chunk)
        return done

    return settle


def count_uniform(
    certificate: Certificate, model: Model, blocks: list[Block], stage: dict[str, Any], tally: Tally
) -> None:
    """The rule alone, in n log n: each input gets the share of the margin that it loses; sorted, then counted."""
    rule = Uniform(certificate, model, blocks, stage, tally)
    n, worst = model.order, 2 * model.magnitude
    least = rule.least.min(axis=1) - rule.needed
    require(not rule.linear, "certificate: the sorted count has no linear halves")
    tally.margin, tally.loss = -worst, n * n * (np.log(n) + worst) * EXP_SLACK
    if not ((least > 0) & (least < np.inf)).all():
        return
    shares = ((by / least[:, None]).max(axis=0, initial=0.0) * INFLATE for by in (rule.by_x, rule.by_y))
    share_x, share_y = (np.sort(np.nan_to_num(share, nan=np.inf)) for share in shares)
    tally.operations += 4 * n * int(np.ceil(np.log2(n + 1)))
    tally.right = int(np.searchsorted(share_y, 1 - 1e-9 - share_x, side="left").sum())
    # The margin against group g is at least least[g]·(1 − share_x − share_y), whatever the sign.
    gap = 1 - share_x[-1] - share_y[-1]
    tally.margin = max(-worst, float((least * gap).min(initial=np.inf)))
    ends = np.unique(np.linspace(0, n, BINS + 1).astype(np.intp))
    tops = [share[ends[1:] - 1] for share in (share_x, share_y)]
    total = tops[0][:, None] + tops[1][None, :]
    with np.errstate(all="ignore"):
        excess = sum((size * np.exp(-a * (1 - total)) for a, size in zip(least, rule.sizes)), np.zeros_like(total))
        loss = np.fmin(cross_entropy(excess), np.log(n) + worst)
    tally.loss = float((loss * np.outer(np.diff(ends), np.diff(ends))).sum()) * EXP_SLACK
