"""Rule `gaps`: right readings are nearly constant on cosets; the rest is taken as it is (THEOREMS.md, Theorem 4).

Neuron i sits at a point c_i of a G-set C and reads y nearly through yc_i: r_i(y) = γ_i(yc_i) ± ρ_i(y). With
A_xz[c, c'] = Σ_{c_i = c} u_i(z) φ(l_i(x) + γ_i(c')) the logits are β(z) + Σ_c A_xz[c, yc], up to ρ. At z = xwy the
points c with w·yc = yc have yc = x⁻¹zc; at the others A is at most the largest of the rest of its row. So every point
that w moves costs a rival the gap of a row, and only how many points w moves has to be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rhoset_check.exact import EXP, Budget
from rhoset_check.files import Certificate
from rhoset_check.group import permutation_action
from rhoset_check.near import Array, Ints, Near, Rejected, lower_sum, require, up
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
        require(self.kinds.size <= n, "gaps: too many kinds of outputs")
        unembed, right = model.unembed["float64"], model.right["float64"]
        self.bias, self.columns, self.empty = Near.exact(unembed[-1:]).to(work), list[Column](), [0] * len(sizes)
        scale = np.ones(model.width) if certificate.scale is None else certificate.scale
        self.scale, slope = scale, model.slopes()
        delta, self.lost = np.zeros((model.width - 1, n)), np.zeros((n, len(self.kinds)))
        for j, action in enumerate(self.actions):
            fixed, extra = [], []
            for c in range(sizes[j]):
                members = np.flatnonzero((given.block == j) & (given.point == c))
                if not len(members):
                    self.empty[j] += 1
                    continue
                place, fibres = action[:, c], [np.flatnonzero(action[:, c] == d) for d in range(sizes[j])]
                gamma_, _ = ranges(right.value[:, members].T, fibres)
                reads = Near.exact(np.ascontiguousarray(gamma_.T).astype(work))
                rho = np.abs(right.value[:, members] - reads.value.astype(np.float64)[place]) + right.error[members]
                rho = up(rho * slope[members])
                means, widths = ranges(unembed[members], fibres)
                whole = ranges(unembed[members], [np.arange(n)])[1]
                fixed.append(up(up(rho @ widths).max(axis=1)))
                extra.append(np.maximum(up(rho @ whole)[:, 0] - fixed[-1], 0.0))
                writes, at = (unembed[members], np.arange(n)) if certificate.plan.exact_rest else (means, place)
                delta[members] = up(np.abs(unembed[members] - writes[:, at]))
                self.columns.append(Column(j, c, members, reads, writes, at))
            if fixed:
                worst = up(np.cumsum(np.sort(extra, axis=0)[::-1], axis=0))
                worst = np.concatenate([np.zeros((1, n)), worst])[np.minimum(self.kinds[:, j], len(worst))]
                self.lost = up(self.lost + worst.T + np.sum(fixed, axis=0)[:, None])
        self.rest = 2.0 * float(up(np.sqrt(np.square(up(delta / scale[:-1, None])).sum(axis=0).max())))

    def bounds(self, x: Ints, y: Ints, budget: Budget) -> tuple[Array, Array]:
        """(pairs,): lower bounds of the least margin, upper bounds of Σ exp(−margin)."""
        xs, run = np.unique(x, return_inverse=True)
        own, rivals, size = self.tables(xs)
        product = self.model.products(x, y)
        terms = [own.lower[run, product][:, None], -rivals[run], -self.lost[y], -up(self.rest * size[run])[:, None]]
        lower = lower_sum(terms)
        with np.errstate(over="ignore"):
            return lower.min(axis=1, initial=np.inf), up((self.counts * np.exp(-lower)).sum(axis=1) * EXP)

    def tables(self, xs: Ints) -> tuple[Near, Array, Array]:
        """For each x: (x, z) the logits of z where y = x⁻¹z; (x, kinds) the most that a rival can reach which moves so
        many points; a bound of ‖scale · h‖."""
        model, group, n = self.model, self.model.group, self.model.order
        dtype, sigma = self.bias.dtype, group.table[group.inverse[xs]]  # x⁻¹z
        own = Near(np.broadcast_to(self.bias.value, (len(xs), n)), self.bias.error, self.bias.size)
        gaps: list[list[Near]] = [[] for _ in self.actions]
        squares = np.zeros(len(xs))
        for column in self.columns:
            q, k = column.reads.value.shape
            left = model.left[dtype].columns(column.neurons).rows(np.repeat(xs, q))
            hidden = (left + column.reads.rows(np.tile(np.arange(q), len(xs)))).activate(model.activation)
            lengths = hidden.scaled(self.scale[column.neurons]).length()
            squares += up(np.square(lengths.reshape(-1, q).max(axis=1)))
            found = hidden.times(column.writes)
            table = found.value.reshape(len(xs), q, -1)
            at = np.arange(len(xs))[:, None], self.actions[column.block][:, column.point][sigma], column.place[None]
            ends = np.full(n, found.error.max()), np.full(n, found.size.max())
            value = Near(table[at], *ends)
            own = own + value
            if q > 1:
                two = np.partition(table, q - 2, axis=1)[:, q - 2 :]
                other = np.where(table == two[:, 1:], two[:, :1], two[:, 1:])
                gaps[column.block].append(value - Near(other[at], *ends))
        rivals = np.full((len(xs), len(self.kinds)), -np.inf)
        nothing = Near.exact(np.zeros((len(xs), n), dtype))
        smallest = [running([nothing] * count + found) for count, found in zip(self.empty, gaps, strict=True)]
        for g, kind in enumerate(self.kinds):
            total = own
            for sums, k in zip(smallest, kind, strict=True):
                total = total - sums[int(k) - 1] if k else total
            rivals[:, g] = total.most()
        return own, rivals, up(np.sqrt(squares))


def ranges(values: Array, fibres: Sequence[Ints]) -> tuple[Array, Array]:
    """(k, fibres) twice: mid-range of every row over each fibre (any float near it will do), and its width."""
    low = np.stack([values[:, fibre].min(axis=1) for fibre in fibres], axis=1)
    high = np.stack([values[:, fibre].max(axis=1) for fibre in fibres], axis=1)
    return (low + high) / 2, up(high - low)


def running(parts: Sequence[Near]) -> list[Near]:
    """Sums of the one, two, … smallest of some numbers, entry by entry (Lemma 10)."""
    if not parts:
        return []
    error, size = (np.max([getattr(part, name) for part in parts], axis=0) for name in ("error", "size"))
    ordered = [Near(value, error, size) for value in np.sort([part.value for part in parts], axis=0)]
    for k in range(1, len(ordered)):
        ordered[k] = ordered[k - 1] + ordered[k]
    return ordered
