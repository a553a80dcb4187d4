"""Rule `pairs`: bounds for each pair of inputs from the sums P of its hidden vector, then exact work where needed.

Exactly f(z|x,y) = Σ_blocks ⟨P, F(z)⟩ + residual(z), residual(z) = Σ_i δ_i(z) h_i + β(z), δ = unembed − blocks.
1. With references: ⟨Q, F(e) − F(w)⟩ ≥ ⟨K, F(e) − F(w)⟩ − ‖F(e) − F(w)‖ ‖Q − K‖, looked up by groups of w.
2. `in_span`: ⟨Q, F(w)⟩ itself, for the groups that 1 leaves open.
3. Rule `exact` after this one: the outputs that are still open, from all m neurons.
The residual is bounded by an additive part a(x) + b(y), exact, and Cauchy-Schwarz for the rest (theory, §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blocks import Block
from .inputs import Certificate
from .model import Chunk, Ints, Model, Tally, cross_entropy, evaluate_outputs, evaluate_pairs, outer_sum
from .rigor import EXP_SLACK, SINGLE_MOST, UNDERFLOW, Array, gamma, require, up

RESIDUALS = ("plain", "norm", "centred")
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Residual:
    """δ and everything that bounds δᵀh at a pair."""

    model: Model
    mode: str
    samples: int
    delta: Array  # (n, m)
    bound: Array  # (n,) ‖δ_z‖
    rows: Array  # (m, n) a(x)
    columns: Array  # (m, n) b(y)
    by_row: Array  # (n, n) [z, x]: δ_zᵀ a(x)
    by_column: Array  # (n, n)
    plain: tuple[Array, Array]  # bounds of ‖h‖: one part of x, one of y
    work: int

    def hidden(self, x: Ints, y: Ints, dtype: type) -> tuple[NDArray[Any], int]:
        """(m, pairs): h − a(x) − b(y), or h without an additive part; multiply-adds of a pair."""
        model = self.model
        if self.mode != "centred":
            return model.hidden(x, y, dtype), model.width
        rows: NDArray[Any] = self.rows.astype(dtype, copy=False)
        columns: NDArray[Any] = self.columns.astype(dtype, copy=False)
        additive = outer_sum(rows, columns, x, y)
        if model.activation != "relu":
            return model.hidden(x, y, dtype) - additive, 3 * model.width
        left, right, *_ = model.tables(dtype)
        shifted = outer_sum(left - rows, right - columns, x, y)
        return np.maximum(shifted, -additive, out=shifted), 2 * model.width

    def at(self, hidden: NDArray[Any], x: Ints, y: Ints, exact: bool) -> tuple[Array, Array, int]:
        """Bound of ‖h − a(x) − b(y)‖, lower bound of δᵀ(h − a − b) at the right answer, multiply-adds of a pair."""
        kind, own, m = hidden.dtype, self.model.group.table[x, y], self.model.width
        if self.mode == "plain":
            rest, work = self.plain[0][x] + self.plain[1][y], 0
        else:
            rest, work = up(np.sqrt(np.einsum("ij,ij->j", hidden, hidden))) * (1 + gamma(m + 8, kind.name)), m
        if not exact:
            return rest, -self.bound[own] * rest, work
        delta = self.delta.astype(kind, copy=False)[own]
        return rest, np.einsum("ji,ij->j", delta, hidden).astype(np.float64), work + m

    def against(self, x: Ints, y: Ints, z: Any, rest: Array, correct: Array) -> Array:
        """Upper bound of residual(z) − residual(xy)."""
        bias, own = self.model.bias, self.model.group.table[x, y]
        out = bias[z] - bias[own] + self.bound[z] * rest - correct
        if self.mode == "centred":
            out += self.by_row[z, x] - self.by_row[own, x] + self.by_column[z, y] - self.by_column[own, y]
        return np.asarray(out)

    def worst(self, x: Ints, y: Ints, rest: Array, correct: Array) -> Array:
        """Upper bound of residual(z) − residual(xy) over all z."""
        bias, own = self.model.bias, self.model.group.table[x, y]
        out = bias.max() - bias[own] + self.bound.max() * rest - correct
        if self.mode == "centred":
            out += self.by_row.max(axis=0)[x] - self.by_row[own, x]
            out += self.by_column.max(axis=0)[y] - self.by_column[own, y]
        return np.asarray(out)


def written(model: Model, blocks: list[Block]) -> tuple[Array, int]:
    """(n, m) what all blocks account for of unembed, and the multiply-adds of forming it."""
    total = np.zeros((model.order, model.width))
    for block in blocks:
        total += block.written(model)
    return total, sum(block.sums_work for block in blocks) * model.order


def make_residual(certificate: Certificate, model: Model, blocks: list[Block], stage: dict[str, Any]) -> Residual:
    """δ = unembed − blocks, its norms, and the additive part when the stage asks for it."""
    n, m = model.order, model.width
    mode = stage.get("residual", "plain")
    require(mode in RESIDUALS, f"certificate: residual {mode!r} is not one of {', '.join(RESIDUALS)}")
    account, work = written(model, blocks)
    delta = model.unembed - account
    delta -= delta.mean(axis=0)  # margins do not see what a neuron adds to all outputs alike
    bound = up(np.sqrt(np.square(delta).sum(axis=1)))
    rows = columns = np.zeros((m, 0))
    by_row = by_column = np.zeros((0, 0))
    samples = stage.get("samples", n)
    require(type(samples) is int and 1 <= samples <= n, "certificate: samples must be 1…n")
    if mode == "centred":
        chosen = np.linspace(0, n - 1, samples).astype(np.intp)
        everyone = np.arange(n)
        rows, columns = np.empty((m, n)), np.empty((m, n))
        for z in everyone:
            rows[:, z] = model.hidden(np.full(samples, z), chosen).mean(axis=1)
            columns[:, z] = model.hidden(chosen, np.full(samples, z)).mean(axis=1)
        rows -= rows[:, chosen].mean(axis=1, keepdims=True)
        by_row, by_column = delta @ rows, delta @ columns
        work += 2 * n * m * samples + 2 * n * n * m
    clipped = [np.sqrt(np.square(one_sided(model, t)).sum(axis=0)) for t in (model.left, model.right)]
    plain = (up(clipped[0]), up(clipped[1]))
    samples, work = samples if mode == "centred" else 0, work + 3 * n * m
    return Residual(model, mode, samples, delta, bound, rows, columns, by_row, by_column, plain, work)


def one_sided(model: Model, t: Array) -> Array:
    """g with |φ(l + r)| ≤ g(l) + g(r)."""
    if model.activation == "relu":
        return np.maximum(t, 0)
    return 2 * np.square(t) if model.activation == "square" else np.abs(t)


def rounding(model: Model, blocks: list[Block], residual: Residual, references: float, precision: str) -> float:
    """Bound on what rounding, and matrices that are not quite a representation, can change in a margin.

    Every computed quantity is a chain of at most `steps` roundings over terms whose absolute values are summed
    here, generously; what underflow loses is bounded apart, times everything that it is multiplied with later.
    """
    m = model.width
    chains = sum(block.chain for block in blocks) + max((b.p * b.q for b in blocks), default=0)
    steps = 2 * (m + chains + 2 * residual.samples + len(blocks) + 64)
    size = 2 * model.magnitude + 8 * float((np.abs(residual.delta) @ model.reach).max())
    size += 8 * float(residual.bound.max()) * float(np.linalg.norm(model.reach))
    defects, lost = 0.0, 1.0
    for block in blocks:
        sums = block.reach(model.reach)
        total, norm, root = float(sums.sum()), float(np.linalg.norm(sums)), (block.p * block.q) ** 0.5
        most = float(np.abs(block.coupling).max(initial=0)) if block.slots else block.norm**3
        if block.slots:
            size += 4 * most * (total + root * (norm + root * references))
        else:
            size += 8 * most * (norm + root * references)
            defects += 2 * total * block.defect
        lost += (1 + most) * root * (1 + largest_of(block)) * steps
    lost *= 1 + float(model.reach.max()) + float(residual.bound.max()) * steps
    return float(up(gamma(steps, precision) * size + defects + UNDERFLOW[precision] * lost * (1 + size)))


def largest_of(block: Block) -> float:
    """The largest entry by which a neuron is written."""
    return float(np.abs(block.entries[3] if block.slots else block.coefficients).max(initial=0))


class PairsRule:
    """The rule, with everything that does not depend on a pair computed once."""

    def __init__(
        self, certificate: Certificate, model: Model, blocks: list[Block], stage: dict[str, Any], tally: Tally
    ) -> None:
        self.model, self.blocks = model, blocks
        self.residual = make_residual(certificate, model, blocks, stage)
        given = [a for name, a in certificate.tensors.items() if a.dtype.kind == "f" and name != "omega"]
        fits = model.single_fits and all(np.abs(a).max(initial=0) <= SINGLE_MOST for a in given)
        self.dtype: type = np.float32 if stage.get("work") == "float32" and fits else np.float64
        sides = self.residual.rows.astype(self.dtype), self.residual.columns.astype(self.dtype)
        self.additive = [(block.sums(sides[0]), block.sums(sides[1])) for block in blocks]
        """Sums of a(x), and of b(y), in every block."""
        self.in_span = stage.get("in_span", True) is True and bool(blocks)
        self.exact_correct = stage.get("exact_correct", False) is True
        tally.operations += self.residual.work
        n = model.order
        self.groups, largest = [np.arange(n)], 0.0
        self.references = "references" in certificate.tensors
        count = certificate.tensors["references"].shape[:1] if self.references else ()
        wished = sum(b.p * b.q * b.q + b.q * n for b in blocks) * max(n * n if self.in_span else 0, *count, 0)
        affordable = 64 * n * n * model.width * (n + 1) + (1 << 30)
        require(wished <= affordable, "certificate: the blocks ask for far more work than exhaustive evaluation")
        if self.references:
            kept = certificate.tensor("references", "f", -1, sum(b.p * b.q for b in blocks))
            require(0 < len(kept) <= (1 << 26) // n, "certificate: too many references, or none")
            self.labels = np.zeros((n, n), dtype=np.intp)
            if "labels" in certificate.tensors:
                self.labels = certificate.indices("labels", len(kept), n, n)
            self.groups = read_groups(certificate, model)
            self.kept, largest = self._split(kept.T), float(np.abs(kept).max(initial=0))
            self.least, self.distance = measure(model, blocks, self.groups, self.kept, tally)
        work = [[block.logits_work(w) for block in blocks] for w in [np.array([model.group.identity]), *self.groups]]
        self.span_once = sum(once + each for once, each in work[0]) + 2
        self.span_work = np.array([sum(each for _, each in of) + 2 * len(w) for w, of in zip(self.groups, work[1:])])
        error = [rounding(model, blocks, self.residual, largest, p) for p in (np.dtype(self.dtype).name, "float64")]
        self.needed = model.floor + error[0] + error[1]
        """A computed margin above this is a right answer."""

    def _split(self, features: NDArray[Any]) -> list[NDArray[Any]]:
        return np.split(features, np.cumsum([block.p * block.q for block in self.blocks])[:-1])

    def run(self, tally: Tally, chunk: Chunk, exact: bool) -> None:
        """Settle pairs; what stays open is evaluated exactly if `exact`, else left as it is."""
        model, blocks, x, y = self.model, self.blocks, chunk.x, chunk.y
        least, excess = np.full(len(x), np.inf), np.zeros(len(x))
        unsettled: Bools = np.ones((len(self.groups), len(x)), dtype=bool)
        with np.errstate(all="ignore"):
            hidden, forming = self.residual.hidden(x, y, self.dtype)
            states = [block.sums(hidden) for block in blocks]
            if self.residual.mode == "centred":
                states = [state + outer_sum(*sides, x, y) for state, sides in zip(states, self.additive)]
                forming += 2 * sum(b.p * b.q for b in blocks)
            rest, correct, work = self.residual.at(hidden, x, y, self.exact_correct)
            work += forming + sum(block.sums_work for block in blocks)
            if self.references:
                states = [block.transport(state, x, y) for block, state in zip(blocks, states)]
                work += sum(b.transport_work + 3 * b.p * b.q for b in blocks) + len(self.groups) * (len(blocks) + 1)
                lower = self._at_references(states, x, y) - self.residual.worst(x, y, rest, correct)
                unsettled = np.logical_not((lower > self.needed) & (lower < np.inf))
                sizes = np.array([len(w) for w in self.groups])[:, None]
                self._note(lower, ~unsettled, sizes, least, excess, slice(None))
            tally.operations += work * len(x)
            open_: Bools = np.asarray(unsettled.any(axis=0))
            pair = output = np.empty(0, dtype=np.intp)
            if self.in_span:
                keep, skipped = self._affordable(tally, np.flatnonzero(open_), unsettled)
                pair, output = self._in_span(tally, chunk, keep, states, unsettled, rest, correct, least, excess)
                open_ = np.asarray(np.bincount(pair, minlength=len(x)) > 0)
                open_[skipped] = True
            done = np.flatnonzero(~open_)
            chunk.right[done], chunk.least[done], chunk.loss[done] = True, least[done], cross_entropy(excess[done])
            if not exact:
                return
            many = open_
            if self.in_span:
                many = np.asarray(np.bincount(pair, minlength=len(x)) > model.order // 2)
                many[skipped] = True
            evaluate_pairs(model, tally, chunk, np.flatnonzero(many), self.dtype)
            few = ~many[pair]
            order = np.argsort(pair[few], kind="stable")
            evaluate_outputs(model, tally, chunk, pair[few][order], output[few][order], least, excess)

    def _note(self, lower: Array, known: Bools, sizes: Any, least: Array, excess: Array, where: Any) -> None:
        """Enter known lower bounds of margins against groups of outputs of these sizes."""
        slack = lower - (self.needed - self.model.floor)
        excess[where] += np.where(known, sizes * np.exp(-slack) * EXP_SLACK, 0.0).sum(axis=0)
        least[where] = np.minimum(least[where], np.where(known, slack, np.inf).min(axis=0, initial=np.inf))

    def _at_references(self, states: list[NDArray[Any]], x: Ints, y: Ints) -> Array:
        label = self.labels[x, y]
        lower = self.least[:, label]
        for j, (block, state, kept) in enumerate(zip(self.blocks, states, self.kept)):
            gap = block.centre(state - kept.astype(self.dtype)[:, label])
            length = up(np.sqrt(np.einsum("ij,ij->j", gap, gap)))
            length *= 1 + gamma(block.p * block.q + 8, np.dtype(self.dtype).name)
            lower = lower - self.distance[:, j, None] * length
        return lower

    def _affordable(self, tally: Tally, open_: Ints, unsettled: Bools) -> tuple[Ints, Ints]:
        """The first pairs whose in-span work can be paid, which it is, and the others."""
        cost = np.cumsum(self.span_once + self.span_work @ unsettled[:, open_])
        count = int(np.searchsorted(cost, tally.span_left, side="right"))
        spent = int(cost[count - 1]) if count else 0
        tally.operations, tally.span_left = tally.operations + spent, tally.span_left - spent
        return open_[:count], open_[count:]

    def _in_span(
        self, tally: Tally, chunk: Chunk, keep: Ints, states: list[NDArray[Any]], unsettled: Bools, rest: Array,
        correct: Array, least: Array, excess: Array,
    ) -> tuple[Ints, Ints]:  # fmt: skip
        """⟨Q, F⟩ for the open groups of the pairs `keep`; returns the outputs that stay open, and their pairs."""
        table, e = self.model.group.table, np.array([self.model.group.identity])
        pairs, outputs = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
        for g, w in enumerate(self.groups):
            here = keep[unsettled[g, keep]]
            if not len(here):
                continue
            x, y = chunk.x[here], chunk.y[here]
            own = table[x, y]
            own_states = [state[:, here] for state in states]
            logits = np.asarray(sum(b.logits(s, w) for b, s in zip(self.blocks, own_states))).astype(np.float64)
            if self.references:
                z = table[table[x[None, :], w[:, None]], y[None, :]]
                base = np.asarray(sum(b.logits(s, e) for b, s in zip(self.blocks, own_states))).astype(np.float64)
            else:
                z, base = np.broadcast_to(w[:, None], logits.shape), logits[own, np.arange(len(here))][None]
            lower = base - logits - self.residual.against(x, y, z, rest[here], correct[here])
            known = (lower > self.needed) & (lower < np.inf)
            rival = z != own
            self._note(lower, known & rival, 1, least, excess, here)
            row, column = np.nonzero(~known & rival)
            pairs.append(here[column])
            outputs.append(z[row, column].astype(np.intp))
        return np.concatenate(pairs), np.concatenate(outputs)


def read_groups(certificate: Certificate, model: Model) -> list[Ints]:
    """The parts of the partition `groups` of the w ≠ e."""
    n = model.order
    groups = certificate.indices("groups", n, n) if "groups" in certificate.tensors else np.zeros(n, dtype=np.intp)
    groups[model.group.identity] = n
    return [np.flatnonzero(groups == g) for g in np.unique(groups) if g < n]


def measure(
    model: Model, blocks: list[Block], groups: list[Ints], kept: list[Array], tally: Tally
) -> tuple[Array, Array]:
    """For each group of w: the least margin at every reference, and of every block the largest ‖F(e) − F(w)‖."""
    e = np.array([model.group.identity])
    count = kept[0].shape[1] if kept else 1
    least, distance = np.zeros((len(groups), count)), np.zeros((len(groups), len(blocks)))
    for g, w in enumerate(groups):
        for j, block in enumerate(blocks):
            distance[g, j] = up(np.sqrt(np.square(block.features(e) - block.features(w)).sum(axis=1)).max())
            tally.operations += count * sum(block.logits_work(w)) + len(w) * block.p * block.q
        if blocks:
            gaps = sum(block.logits(k, e) - block.logits(k, w) for block, k in zip(blocks, kept))
            least[g] = np.asarray(gaps).min(axis=0)
    return least, distance
