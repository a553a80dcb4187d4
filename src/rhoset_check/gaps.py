"""Rule `gaps`: right readings are nearly constant on cosets; the rest is taken as it is (THEOREMS.md, Theorem 4).

Neuron i sits at a point c_i of a G-set C and reads y nearly through yc_i: r_i(y) = γ_i(yc_i) ± ρ_i(y). With
A_xz[c, c'] = Σ_{c_i = c} u_i(z) φ(l_i(x) + γ_i(c')) the logits are β(z) + Σ_c A_xz[c, yc], up to ρ. At z = xwy the
points c with w·yc = yc have yc = x⁻¹zc; at the others A is at most the largest of the rest of its row. So every point
that w moves costs a rival the gap of a row, and only how many points w moves has to be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK, EXP, Budget
from rhoset_check.files import MOST_ENTRIES, Certificate
from rhoset_check.group import permutation_action
from rhoset_check.near import UNIT, Array, Ints, Near, Rejected, lower_sum, require, up
from rhoset_check.network import Model


@dataclass(frozen=True)
class Column:
    """The neurons at one point c of a G-set with q points."""

    block: int
    point: int
    neurons: Ints
    reads: Near
    """(q, k): γ_i(c')."""
    writes: Array
    """(k, n) u_i(z), or (k, q) its mid-range ū_i(d) where z carries c to d."""
    place: Ints
    """(n,): the column of `writes` for output z."""


class GapsRule:
    """The rule, with everything that does not depend on x computed once."""

    def __init__(self, certificate: Certificate, model: Model) -> None:
        if certificate.gaps is None or model.order == 1:
            raise Rejected("rule gaps needs the tensors of gaps, and two elements")
        self.model, n, work, given = model, model.order, certificate.plan.work, certificate.gaps
        names = (f"gaps{j}" for j in range(len(given.actions)))
        self.actions = [
            permutation_action(model.group, images, name) for images, name in zip(given.actions, names, strict=False)
        ]
        sizes = [action.shape[1] for action in self.actions]
        require((given.point < np.array(sizes)[given.block]).all(), "gaps.point leaves its block")
        moved = np.stack([(action != np.arange(action.shape[1])).sum(axis=1) for action in self.actions], axis=1)
        others = np.arange(n) != model.group.identity
        self.kinds, self.counts = np.unique(moved[others], axis=0, return_counts=True)
        require(self.kinds.size <= max(n, 64), "gaps: too many kinds of outputs")
        unembed, right = model.unembed["float64"], model.right["float64"]
        self.bias, self.columns, self.empty = Near.exact(unembed[-1:]).to(work), list[Column](), [0] * len(sizes)
        scale = np.ones(model.width) if certificate.scale is None else certificate.scale
        self.scale = scale
        delta, self.lost = np.zeros((model.width - 1, n)), np.zeros((n, len(self.kinds)))
        for j, action in enumerate(self.actions):
            fixed, extra = [], []
            for c in range(sizes[j]):
                members = np.flatnonzero((given.block == j) & (given.point == c))
                if not len(members):
                    self.empty[j] += 1
                    continue
                place, q = action[:, c], sizes[j]
                middle, _ = ranges(right.value[:, members].T, place, q)
                reads = Near.exact(np.ascontiguousarray(middle.T).astype(work))
                rho = np.abs(right.value[:, members] - reads.value.astype(np.float64)[place]) + right.error[members]
                rho = up(rho * model.slopes(members, reads.size))
                means, widths = ranges(unembed[members], place, q)
                whole = ranges(unembed[members], np.zeros(n, np.intp), 1)[1]
                fixed.append(up(up(rho @ widths).max(axis=1)))
                extra.append(np.maximum(up(rho @ whole)[:, 0] - fixed[-1], 0.0))
                writes, at = (unembed[members], np.arange(n)) if given.exact[j] else (means, place)
                delta[members] = up(np.abs(unembed[members] - writes[:, at]))
                self.columns.append(Column(j, c, members, reads, writes, at))
            self.lost = up(self.lost + most_of(extra, self.kinds[:, j], n) + sum(fixed, np.zeros(n))[:, None])
        squares = np.square(up(delta / scale[:-1, None])).sum(axis=0)
        self.rest = 0.0 if given.exact.all() else 2.0 * float(up(np.sqrt(squares.max())))
        self.size, self.uneven = np.zeros(n), np.full((n, len(self.kinds)), up(np.ptp(unembed[-1])))
        require(not (certificate.plan.even and given.exact.any()), "plan.even needs gaps.exact 0 for every set")
        self.means = self.alike([[] for _ in self.actions]) if certificate.plan.even else None

    def alike(self, deviations: list[list[Array]]) -> tuple[Near, Array]:
        """Means of the tables of all x, carried to e, and what follows from them; how far each x is from them is put
        into `uneven` and `size` (Theorem 5)."""
        model, n, tables = self.model, self.model.order, []
        for column in self.columns:
            action, q = self.actions[column.block], len(column.reads.value)
            require(n * q * q <= MOST_ENTRIES, "gaps: too many points for tables that are alike")
            carried, error, step = np.empty((q, q, n), self.bias.value.dtype), 0.0, max(1, CHUNK // (q * q))
            for xs in np.split(np.arange(n), range(step, n, step)):
                table, slack, _, squares = self.table(column, xs)
                carried[..., xs] = np.take_along_axis(table, action[xs].T[:, None], axis=0)  # [d', c', x]: d = x·d'
                error, self.size[xs] = max(error, slack), self.size[xs] + squares
            mean = carried.mean(axis=2, keepdims=True)
            largest = np.abs(carried - mean).max(axis=(0, 1)).astype(np.float64) * (1.0 + 2.0 * UNIT[self.bias.dtype])
            deviations[column.block].append(up(largest + error))
            tables.append((mean, 0.0, float(up(np.abs(mean).max())), None))
        for j, found in enumerate(deviations):
            self.uneven = up(self.uneven + 2.0 * most_of(found, self.kinds[:, j], n))
        self.size = up(np.sqrt(self.size))
        return self.outcomes(
            tables, np.array([model.group.identity]), Near.exact(np.zeros((1, n), self.bias.value.dtype))
        )

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> tuple[Array, Array]:
        """(pairs,): lower bounds of the least margin, upper bounds of Σ exp(−margin)."""
        xs, run = np.unique(x, return_inverse=True)
        if self.means is not None:
            own, rivals = self.means
            answers, size, uneven = own.lower, self.size[xs], self.uneven[xs]
        else:
            tables = [self.table(column, xs) for column in self.columns]
            own, rivals = self.outcomes(tables, xs, self.bias)
            answers = own.lower[np.arange(len(xs))[:, None], self.model.group.table[xs]]  # (x, y)
            size = up(np.sqrt(sum((squares for *_, squares in tables), np.zeros(len(xs)))))
            uneven = np.zeros((1, len(self.kinds)))
        lost = self.lost.T[:, None, :], up(self.rest * size)[None, :, None], uneven.T[:, :, None]
        lower = lower_sum([answers[None], -rivals.T[:, :, None], *(-term for term in lost)])  # (kinds, x, y)
        with np.errstate(over="ignore"):
            excess = up(np.tensordot(self.counts.astype(np.float64), np.exp(-lower), axes=1) * EXP)
        return lower.min(axis=0)[run, y], excess[run, y]

    def table(self, column: Column, xs: Ints) -> tuple[NDArray[Any], float, float, Array]:
        """(writes, c', x): A of a column, a bound of its error and of its size; (x,): a bound of Σ (scale · ĥ)²."""
        q, dtype = len(column.reads.value), self.bias.dtype
        left = self.model.left[dtype].columns(column.neurons).rows(np.tile(xs, q))
        hidden = (left + column.reads.rows(np.repeat(np.arange(q), len(xs)))).activate(self.model.activation)
        squares = np.zeros(len(xs))
        if self.rest:
            lengths = hidden.scaled(self.scale[column.neurons]).length()
            squares = up(np.square(lengths.reshape(q, len(xs)).max(axis=0)))
        found = hidden.times(column.writes)
        return found.value.T.reshape(-1, q, len(xs)), float(found.error.max()), float(found.size.max()), squares

    def outcomes(
        self, tables: Sequence[tuple[NDArray[Any], float, float, Any]], xs: Ints, bias: Near
    ) -> tuple[Near, Array]:
        """For each x: (x, z) the logits of z where y = x⁻¹z; (x, kinds) the most that a rival can reach which moves so
        many points."""
        group, n, count = self.model.group, self.model.order, len(xs)
        sigma = group.table[group.inverse[xs]]  # x⁻¹z
        own = Near(np.broadcast_to(bias.value, (count, n)), bias.error, bias.size)
        gaps: list[list[Near]] = [[] for _ in self.actions]
        everyone = np.arange(count)[:, None]
        for column, (table, error, size, _) in zip(self.columns, tables, strict=True):
            q, ends = len(column.reads.value), (np.full(n, error), np.full(n, size))
            place = self.actions[column.block][:, column.point][sigma]  # x⁻¹z carries c there
            value = Near(table.take((column.place * q + place) * count + everyone), *ends)
            own = own + value
            if q > 1:
                first, second = (two.take(column.place * count + everyone) for two in largest_two(table))
                gaps[column.block].append(value - Near(np.where(value.value == first, second, first), *ends))
        rivals = np.full((count, len(self.kinds)), -np.inf)
        nothing = Near.exact(np.zeros((count, n), own.dtype))
        smallest = [running([nothing] * empty + found) for empty, found in zip(self.empty, gaps, strict=True)]
        for g, kind in enumerate(self.kinds):
            total = own
            for sums, k in zip(smallest, kind, strict=True):
                total = total - sums[int(k) - 1] if k else total
            rivals[:, g] = total.most()
        return own, rivals


def most_of(parts: Sequence[Array], counts: Ints, n: int) -> Array:
    """(n, len(counts)): the sum of the so many largest of some non-negative numbers, element by element."""
    sums = up(np.cumsum(np.sort(np.reshape(parts, (len(parts), n)), axis=0)[::-1], axis=0))
    found: Array = np.concatenate([np.zeros((1, n)), sums])[np.minimum(counts, len(sums))].T
    return found


def ranges(values: Array, place: Ints, count: int) -> tuple[Array, Array]:
    """(k, count) twice: mid-range of every row over the elements with each place (any float near it will do), and its
    width. For a place that no element has, whose numbers no bound uses, those of some elements."""
    order = np.argsort(place, kind="stable")
    ordered = values[:, np.append(order, order[-1])]
    starts = np.searchsorted(place[order], np.arange(count))
    low, high = (extreme.reduceat(ordered, starts, axis=1) for extreme in (np.minimum, np.maximum))
    return (low + high) / 2, up(high - low)


def largest_two(table: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The largest entry along the second axis, and the next: (writes, x) each."""
    first, second = table[:, 0], np.full((table.shape[0], table.shape[2]), -np.inf, dtype=table.dtype)
    for k in range(1, table.shape[1]):
        second = np.maximum(second, np.minimum(first, table[:, k]))
        first = np.maximum(first, table[:, k])
    return first, second


def running(parts: Sequence[Near]) -> list[Near]:
    """Sums of the one, two, … smallest of some numbers, entry by entry (Lemma 10)."""
    if not parts:
        return []
    error, size = (np.max([getattr(part, name) for part in parts], axis=0) for name in ("error", "size"))
    values = [part.value for part in parts]
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            values[i], values[j] = np.minimum(values[i], values[j]), np.maximum(values[i], values[j])
    ordered = [Near(value, error, size) for value in values]
    for k in range(1, len(ordered)):
        ordered[k] = ordered[k - 1] + ordered[k]
    return ordered
