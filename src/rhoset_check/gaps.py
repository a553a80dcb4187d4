"""Rule `gaps`: right readings are nearly constant on cosets; the rest is taken as it is (THEOREMS.md, Theorem 4).

Neuron i sits at a point c_i of a G-set C and reads y nearly through yc_i: r_i(y) = γ_i(yc_i) ± ρ_i(y). With
A_xz[c, c'] = Σ_{c_i = c} u_i(z) φ(l_i(x) + γ_i(c')) the logits are β(z) + Σ_c A_xz[c, yc], up to ρ. At z = xwy the
points c with w·yc = yc have yc = x⁻¹zc; at the others A is at most the largest of the rest of its row. So every point
that w moves costs a rival the gap of a row, and only how many points w moves has to be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import EXP, Bounds
from rhoset_check.files import MOST_ENTRIES, PASS, Certificate, GapTensors, rows_at_once
from rhoset_check.group import permutation_action
from rhoset_check.near import Array, Ints, Near, Rejected, lower_sum, require, up
from rhoset_check.network import Model


@dataclass(frozen=True)
class Column:
    """The neurons at one point c of a G-set, and what they write."""

    point: int
    part: slice
    """Where they stand among the neurons of their G-set."""
    writes: Array
    """(k, n) u_i(z), or (k, q) nearly its mean ū_i(d) where z carries c to d; in the precision of the rule."""
    place: Ints
    """(n,): the column of `writes` for output z."""
    potential: Array | None
    """(q,): g_c(c')."""
    fixed: Array
    moved: Array
    """(n,) d(y, c) and v(y, c): what readings can cost a margin where w fixes the point yc, and where it moves it."""


@dataclass(frozen=True)
class Part:
    """A G-set with q points, and its neurons in the order of their points."""

    action: Ints
    """(n, q): y·c."""
    neurons: Ints
    reads: Near
    """(q, k): γ_i(c')."""
    columns: tuple[Column, ...]

    @property
    def points(self) -> int:
        return int(self.action.shape[1])


class GapsRule:
    """The rule, with everything that does not depend on x computed once."""

    name, price = "gaps", 6 * PASS

    def __init__(self, certificate: Certificate, model: Model) -> None:
        if certificate.gaps is None or model.order == 1:
            raise Rejected("rule gaps needs the tensors of gaps, and two elements")
        self.model, self.work, self.given, n = model, certificate.plan.work, certificate.gaps, model.order
        given = self.given
        actions = [permutation_action(model.group, images, f"gaps{j}") for j, images in enumerate(given.actions)]
        sizes = np.array([action.shape[1] for action in actions])
        require((sizes >= 1).all() and (given.point < sizes[given.block]).all(), "gaps.point leaves its block")
        counts = np.stack([(action != np.arange(action.shape[1])).sum(axis=1) for action in actions], axis=1)
        others = np.arange(n) != model.group.identity
        self.kinds, kind, self.counts = np.unique(counts[others], axis=0, return_inverse=True, return_counts=True)
        self.groups = [np.flatnonzero(others)[kind.ravel() == g] for g in range(len(self.kinds))]
        at_once = len(self.kinds) * n * min(n, rows_at_once(n, model.width - 1))
        require(self.kinds.size <= max(n, 64) and at_once <= MOST_ENTRIES, "gaps: too many kinds of outputs")
        self.unembed, self.scale = model.unembed["float64"], certificate.scale
        self.delta, self.lost, self.parts = np.zeros(n), np.zeros((n, len(self.kinds))), list[Part]()
        for j, action in enumerate(actions):
            self.add(action, given, j)
        self.loss = up(np.exp(self.lost.T) * EXP)
        self.rest = 0.0 if given.exact.all() else 2.0 * float(up(np.sqrt(self.delta.max())))
        self.bias = Near.exact(self.unembed[-1:]).to(self.work)

    def add(self, action: Ints, given: GapTensors, j: int) -> None:
        """G-set j: what it reads and writes, what that loses of readings (`lost`) and leaves of unembed (`delta`)."""
        n, q, right, point = len(action), action.shape[1], self.model.right["float64"], given.point
        neurons, potential = np.flatnonzero(given.block == j), given.potentials[j]
        neurons = neurons[np.argsort(point[neurons], kind="stable")]
        ends = np.searchsorted(point[neurons], np.arange(q + 1))
        reads, columns = np.zeros((q, len(neurons)), self.work), list[Column]()
        for c in np.flatnonzero(np.diff(ends)):
            part = slice(ends[c], ends[c + 1])
            members, place = neurons[part], action[:, c]
            unembed = self.unembed[members]
            reads[:, part] = np.mean(ranges(right.value[:, members].T, place, q)[:2], axis=0).T
            here = reads[:, part].astype(np.float64)
            rho = np.abs(right.value[:, members] - here[place]) + right.error[members]
            rho = up(rho * self.model.slopes(members, np.abs(here).max(axis=0)))
            low, high, means = ranges(unembed, place, q)
            fixed = up(up(rho @ up(high - low)).max(axis=1))
            writes, at = (unembed, np.arange(n)) if given.exact[j] else (means, place)
            writes = writes.astype(self.work)
            scale = 1.0 if self.scale is None else self.scale[members, None]
            self.delta = up(self.delta + np.square(up(np.abs(unembed - writes[:, at]) / scale)).sum(axis=0))
            apart = np.maximum(moved(rho, low, high), fixed)
            columns.append(Column(int(c), part, writes, at, None if potential is None else potential[c], fixed, apart))
        extra = [column.moved - column.fixed for column in columns]
        fixed = sum((column.fixed for column in columns), np.zeros(n))
        self.lost = up(self.lost + most_of(extra, self.kinds[:, len(self.parts)], n) + fixed[:, None])
        self.parts.append(Part(action, neurons, Near.exact(reads), tuple(columns)))

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds:
        """By kinds of w; for single outputs by Theorem 7."""
        starts = np.flatnonzero(np.diff(x, prepend=-1))
        xs, run = x[starts], np.repeat(np.arange(len(starts)), np.diff(starts, append=len(x)))
        made = [self.hidden(part, xs) for part in self.parts]
        tables = (
            table for part, (hidden, _) in zip(self.parts, made, strict=True) for table in self.tables(part, hidden)
        )
        own, totals = self.outcomes(tables, xs, self.bias)
        rivals = np.stack([total.most() for total in totals], axis=1)
        answers = own.lower[np.arange(len(xs))[:, None], self.model.group.table[xs]]  # (x, y)
        size = up(np.sqrt(sum((squares for _, squares in made), np.zeros(len(xs)))))
        by_x = lower_sum([-rivals, -up(self.rest * size)[:, None]]).T  # (kinds, x)
        least = lower_sum([answers[None], by_x[:, :, None], -self.lost.T[:, None, :]])
        # Σ over kinds of (how many) · exp(−margin), factor by factor
        shift = answers.max(axis=1, keepdims=True)  # logits may be large where their differences are not
        terms = lower_sum([answers, -shift]), lower_sum([by_x, shift.T])
        answer, rival = (up(np.exp(-term) * EXP) for term in terms)
        excess = up(answer * up((rival * self.counts.astype(np.float64)[:, None]).T @ self.loss))

        def outputs(g: int, which: Ints, z: Ints) -> Array:
            at, by_y = run[which], y[which]
            rival = totals[g].at(at[:, None], z)
            mine = lower_sum([answers[at, by_y], -up(self.rest * size)[at], -self.lost[by_y, g]])
            return lower_sum([mine[:, None], Near(-rival.value, rival.error, rival.size).lower])

        def by_group(which: Ints) -> Array:
            return least[:, run[which], y[which]].T

        return Bounds(least.min(axis=0)[run, y], excess[run, y], by_group, outputs)

    def hidden(self, part: Part, xs: Ints) -> tuple[Near, Array]:
        """Activations φ(l_i(x) + γ_i(c')) of a G-set in rows (c', x); (x,): a bound of Σ (scale · ĥ)²."""
        left = self.model.left[self.work].columns(part.neurons).rows(xs)
        hidden, squares = part.reads.each(left).activate(self.model.activation), np.zeros(len(xs))
        if self.rest:
            scaled = hidden if self.scale is None else hidden.scaled(self.scale[part.neurons])
            for column in part.columns:
                lengths = scaled.columns(column.part).length().reshape(part.points, len(xs))
                squares = up(squares + np.square(lengths.max(axis=0)))
        return hidden, squares

    def tables(self, part: Part, hidden: Near) -> Iterator[Near]:
        """A of every column of a G-set, in rows (c', x), from its activations."""
        for column in part.columns:
            table = hidden.columns(column.part).times(column.writes, rowwise=True)
            if column.potential is not None:
                given = np.repeat(column.potential.astype(self.work), len(table.value) // part.points)[:, None]
                table = table - Near(given, np.zeros(1), np.abs(given).max(axis=0).astype(np.float64))
            yield table

    def outcomes(self, tables: Iterable[Near], xs: Ints, bias: Near) -> tuple[Near, list[Near]]:
        """For each x and z: the logits of z where y = x⁻¹z; for each kind the most that z can reach where w moves so
        many points."""
        group, n, count = self.model.group, self.model.order, len(xs)
        sigma = group.table[group.inverse[xs]].astype(np.intp)  # x⁻¹z
        own, remaining, sums = Near(np.broadcast_to(bias.value, (count, n)), bias.error, bias.size), iter(tables), []
        nothing = Near.exact(np.zeros((count, n), self.work))
        for part in self.parts:
            gaps = [nothing] * (part.points - len(part.columns))
            for column, table in zip(part.columns, remaining, strict=False):  # takes as many as there are columns
                values = table.value.reshape(part.points, count, -1)
                ends = np.full(n, table.error.max()), np.full(n, table.size.max())
                at = part.action[:, column.point].take(sigma)  # x⁻¹z carries c there
                at *= count * values.shape[2]
                at += np.arange(count)[:, None] * values.shape[2] + column.place
                value = Near(values.take(at), *ends)
                own = own + value
                if part.points > 1:
                    first, second = (two.take(column.place, axis=1) for two in largest_two(values))
                    gaps.append(value - Near(np.where(value.value == first, second, first), *ends))
            sums.append(running(gaps))
        rivals = list[Near]()
        for kind in self.kinds:
            total = own
            for smallest, k in zip(sums, kind, strict=True):
                total = total - smallest[int(k) - 1] if k else total
            rivals.append(total)
        return own, rivals


def moved(rho: Array, low: Array, high: Array) -> Array:
    """(n,): the most that the neurons at a point can change where z and xy move it apart: v(y, c) of Theorem 4.

    `rho` (n, k), `low` and `high` (k, q) of unembed over the fibres.
    """
    whole = up(rho @ up(high.max(axis=1) - low.min(axis=1)))
    centre = np.sort((low + high) / 2, axis=1)[:, low.shape[1] // 2, None]  # m_i: the median, near most of a row
    apart = up(rho @ up(np.maximum(np.abs(high - centre), np.abs(low - centre))))
    return np.minimum(whole, up(np.sort(apart, axis=1)[:, -2:].sum(axis=1)))


def most_of(parts: Sequence[Array], counts: Ints, n: int) -> Array:
    """(n, len(counts)): the sum of the so many largest of some non-negative numbers, element by element."""
    sums = up(np.cumsum(np.sort(np.reshape(parts, (len(parts), n)), axis=0)[::-1], axis=0))
    found: Array = np.concatenate([np.zeros((1, n)), sums])[np.minimum(counts, len(sums))].T
    return found


def ranges(values: Array, place: Ints, count: int) -> tuple[Array, Array, Array]:
    """(k, count) each: the least and the largest of every row over the elements with each place, and nearly the mean.
    For a place that no element has, whose numbers no bound uses, those of some elements."""
    order = np.argsort(place, kind="stable")
    ordered = values[:, np.append(order, order[-1])]
    starts = np.searchsorted(place[order], np.arange(count))
    low, high, total = (f.reduceat(ordered, starts, axis=1) for f in (np.minimum, np.maximum, np.add))
    return low, high, total / np.maximum(np.diff(starts, append=ordered.shape[1]), 1)


def largest_two(table: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The largest entry along the first axis, and the next."""
    first, second = table[0], np.full(table.shape[1:], -np.inf, dtype=table.dtype)
    for row in table[1:]:
        second = np.maximum(second, np.minimum(first, row))
        first = np.maximum(first, row)
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
