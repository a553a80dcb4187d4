"""Rule `pairs`: bounds for each pair of inputs from the sums P of its hidden vector (THEOREMS.md, Theorem 3).

Exactly, margin(w) = Σ_blocks ⟨Q, ΔF(w)⟩ + (δ_xy − δ_xwy)ᵀ h, ΔF(w) = F(e) − F(w), δ what is not written.
1. References: ⟨Q, ΔF(w)⟩ ≥ ⟨K, ΔF(w)⟩ − Σ_blocks ‖ΔF(w)‖ ‖Q − K‖, for groups of w.
2. Span: ⟨Q, ΔF(w)⟩ itself, for the outputs of groups that 1 leaves open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from rhoset_check.blocks import Block, at_references, differences, unwritten
from rhoset_check.exact import CHUNK, EXP, Bounds
from rhoset_check.files import PASS, Certificate
from rhoset_check.near import Array, Ints, Near, lower_sum, require, up
from rhoset_check.network import Model


@dataclass(frozen=True)
class Residual:
    """δᵀh = δᵀ(a(x) + b(y)), tabulated, + δᵀ(h − a(x) − b(y)), by Cauchy-Schwarz with weights `scale` (Lemma 8)."""

    delta: Near
    by_x: Near
    by_y: Near
    """(n, n): δ_zᵀ a(x), δ_zᵀ b(y) in row x or y, column z."""
    additive: tuple[Near, Near]
    scale: Array
    bound: float
    """The largest ‖δ_z / scale‖."""

    @staticmethod
    def of(model: Model, blocks: Sequence[Block], samples: int, scale: Array | None, dtype: str) -> Residual:
        """a and b are means over `samples` evenly spaced elements; with none, only the bias neuron's 1 is taken off."""
        n, m = model.order, model.width
        delta = unwritten(model.unembed["float64"], blocks)
        everyone, rows, columns = np.arange(n), np.zeros((n if samples else 1, m)), np.zeros((n if samples else 1, m))
        if samples:
            chosen = np.linspace(0, n - 1, samples).astype(np.intp)
            for z in np.array_split(everyone, 1 + n * samples * m // CHUNK):
                one, other = np.repeat(z, samples), np.tile(chosen, len(z))
                for side, x, y in ((rows, one, other), (columns, other, one)):
                    side[z] = model.hidden(x, y, "float64").value.reshape(len(z), samples, m).mean(axis=1)
            rows -= rows[chosen].mean(axis=0)
        rows[:, -1], columns[:, -1] = 1.0, 0.0
        sides = [Near.exact(side.astype(dtype)) for side in (rows, columns)]
        products = (Near.exact(side.value.astype(np.float64)).times(delta.value.T, delta.error.max()) for side in sides)
        kept = (product.to(dtype) for product in products)
        by_x, by_y = (Near(np.broadcast_to(p.value, (n, n)), p.error, p.size) for p in kept)
        scale = np.ones(m) if scale is None else scale
        bound = float(up(delta.lengths(1.0 / scale[:, None]).max()))
        return Residual(delta.to(dtype), by_x, by_y, (sides[0], sides[1]), scale, bound)

    def rest(self, hidden: Near, x: Ints, y: Ints) -> Near:
        """h − a(x) − b(y)."""
        rows, columns = self.additive
        if len(rows.value) == 1:
            return hidden - rows
        return hidden - rows.rows(x) - columns.rows(y)


@dataclass(frozen=True)
class State:
    """What is known of some pairs once their sums are carried to the identity."""

    x: Ints
    y: Ints
    carried: Near
    """(pairs, features): Q."""
    own: Near
    """(pairs, 1): what bounds below the part of the margin that is not written, but for by_x[x, z] + by_y[y, z]."""


class PairsRule:
    """The rule, with everything that does not depend on a pair computed once."""

    def __init__(self, certificate: Certificate, model: Model, blocks: Sequence[Block], groups: Sequence[Ints]) -> None:
        self.model, self.plan, self.blocks, self.groups = model, certificate.plan, blocks, groups
        features = sum(len(block.writing) for block in blocks)
        self.name, self.price = "pairs", (32 * features, 20 * PASS + features)
        work = certificate.plan.work
        self.delta = differences(blocks, model.group.identity, np.concatenate([np.zeros(0, np.intp), *groups]))
        self.ends = np.cumsum([0, *(len(w) for w in groups)])
        self.residual = Residual.of(model, blocks, certificate.plan.samples, certificate.scale, work)
        ends = np.cumsum([0, *(len(block.writing) for block in blocks)])
        self.parts = [slice(a, b) for a, b in pairwise(ends)]
        self.references, self.labels = certificate.references, certificate.labels
        if self.references is not None:
            require(groups, "references need two elements")
            self.least, self.distance = at_references(blocks, self.delta, self.ends[:-1], self.references)
            self.kept = Near.exact(self.references).to(work)
            self.worst = [side.most() for side in (self.residual.by_x, self.residual.by_y)]

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds:
        """References for groups, the first inequality of Theorem 3 for single outputs; x sorted."""
        spent["pairs"] += len(x)
        state, sizes = self.state(x, y), np.array([len(w) for w in self.groups])
        known, least = None, np.full((len(x), len(sizes)), -np.inf)
        if self.references is not None:
            known = self.at_references(state)
            least = lower_sum([known, -self.worst[0][x][:, None], -self.worst[1][y][:, None]])
        excess = up(np.exp(-least) @ sizes * EXP)
        outputs = partial(self.outputs, state, known, spent)
        return Bounds(least.min(axis=1, initial=np.inf), excess, least.__getitem__, outputs)

    def state(self, x: Ints, y: Ints) -> State:
        """Form the hidden vectors, carry their sums to the identity, bound what is not written; x sorted."""
        model, residual, plan = self.model, self.residual, self.plan
        hidden, own = model.hidden(x, y, plan.work), model.products(x, y)
        runs = [part for part in np.split(np.arange(len(x)), np.flatnonzero(np.diff(x)) + 1) if len(part)]
        sums = []
        for run in runs:
            moved = [block.carry_left(int(x[run[0]])) for block in self.blocks]
            writing = np.concatenate([np.zeros((0, model.width)), *(matrix for matrix, _ in moved)])
            here = Near(hidden.value[run[0] : run[-1] + 1], hidden.error, hidden.size)
            sums.append(here.times(writing.T, max((slack for _, slack in moved), default=0.0)))
        total = Near.stacked(sums)
        carried = [b.carry_right(total.columns(part), y) for b, part in zip(self.blocks, self.parts, strict=True)]
        defects = (2.0 * b.defect * hidden.size @ np.abs(b.writing).sum(axis=0) for b in self.blocks if b.defect)  # ‖P‖
        rest = residual.rest(hidden, x, y)
        length = rest.lengths(residual.scale[:, None])
        correct = residual.delta.rows(own).dot(rest) if plan.own else Near.exact(-residual.bound * length)
        terms = [correct.lower, -residual.bound * length, np.full((1, 1), -up(float(sum(defects))))]
        additive = residual.by_x.at(x, own) + residual.by_y.at(y, own) + Near.exact(lower_sum(terms)).to(plan.work)
        return State(x, y, Near.beside(carried, len(x), plan.work), additive)

    def at_references(self, state: State) -> Array:
        """(pairs, groups): step 1, less nothing for what is additive of rivals."""
        label = (
            np.zeros(len(state.y), np.intp) if self.labels is None else self.labels[state.x, state.y].astype(np.intp)
        )
        away = state.carried - self.kept.rows(label)
        gaps = np.stack([np.zeros(len(label)), *(away.columns(part).length() for part in self.parts)], axis=1)[:, 1:]
        return lower_sum([self.least[label], -up(gaps @ self.distance.T), state.own.lower])

    def outputs(self, state: State, known: Array | None, spent: Counter[str], g: int, which: Ints, z: Ints) -> Array:
        """(which, outputs of group g): step 1 with what is additive of each rival; step 2 where that is not enough."""
        by_x, by_y = self.residual.by_x.at(state.x[which, None], z), self.residual.by_y.at(state.y[which, None], z)
        lower, rows = np.full(z.shape, -np.inf), np.arange(len(which))
        if known is not None:
            rivals = (Near(-side.value, side.error, side.size).lower for side in (by_x, by_y))
            lower = lower_sum([known[which, g, None], *rivals])
            rows = np.flatnonzero(~(lower > self.model.floor).all(axis=1))
        spent[f"span {g}"] += len(rows)
        delta, slack = self.delta.value[self.ends[g] : self.ends[g + 1]], self.delta.error.max(initial=0.0)
        margin = state.carried.rows(which[rows]).times(delta.T, slack) + state.own.rows(which[rows])
        lower[rows] = np.fmax(lower[rows], (margin - by_x.rows(rows) - by_y.rows(rows)).lower)
        return lower
