"""Rule `gaps`: right readings are nearly constant on cosets; the rest is taken as it is (THEOREMS.md, Theorem 4).

Neuron i sits at a point c_i of a G-set C and reads y nearly through yc_i: r_i(y) = γ_i(yc_i) ± ρ_i(y). With
A_xz[c, c'] = Σ_{c_i = c} u_i(z) φ(l_i(x) + γ_i(c')) the logits are β(z) + Σ_c A_xz[c, yc], up to ρ. At z = xwy the
points c with w·yc = yc have yc = x⁻¹zc; at the others A is at most the largest of the rest of its row. So every point
that w moves costs a rival the gap of a row, and only how many points w moves has to be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import EXP, Bounds
from rhoset_check.files import MOST_ENTRIES, PASS, Certificate, rows_at_once
from rhoset_check.group import permutation_action
from rhoset_check.near import Array, Ints, Near, Rejected, lower_sum, require, up
from rhoset_check.network import Model


@dataclass(frozen=True)
class Circuit:
    """The neurons of a transitive G-set with q points, in the order of their points; C of the points have some."""

    model: Model
    action: Ints
    """(n, q): y·c."""
    neurons: Ints
    columns: tuple[slice, ...]
    """Those of each point that has some."""
    place: Ints
    """(C, n): z·c for these points."""
    reads: Near
    """(q, k): γ_i(c')."""
    writes: NDArray[Any]
    """(k, n) u_i(z), or (k, q) nearly its mean ū_i(d) over the z with zc_i = d; in the precision of the rule."""
    outputs: Ints
    """(C, n) or (C, q): an output z for each column of `writes`."""
    unwritten: Near
    """(n, k): δ_i(z) = u_i(z) − ū_i(z); where u_i is taken as it is it has no columns."""
    potential: Array | None
    """(q, q): g_c(c')."""
    fixed: Array
    moved: Array
    """(C, n) d(y, c) and v(y, c): what readings can cost a margin where w fixes the point yc, and where it moves it."""

    @property
    def exact(self) -> bool:
        """Whether ū_i = u_i."""
        return not len(self.unwritten.size)

    def hidden(self, xs: Ints) -> Near:
        """φ(l_i(x) + γ_i(c')) in rows (c', x)."""
        left = self.model.left[self.reads.dtype].columns(self.neurons).rows(xs)
        return self.reads.each(left).activate(self.model.activation)

    def tables(self, hidden: Near, xs: Ints) -> Iterator[tuple[Near, Near]]:
        """For each column (x, z) A_xz[c, x⁻¹zc] and gap_xz[c]."""
        group, (q, count) = self.model.group, (self.action.shape[1], len(xs))
        ends = (end.reshape(len(self.columns), -1) for end in hidden.ends(self.writes, parts=self.columns))
        error, size = (end.max(axis=1, keepdims=True) for end in ends)
        carried = group.table[group.inverse[xs]].astype(np.intp)  # x⁻¹z
        for c, part in enumerate(self.columns):
            table = hidden.rounded(hidden.value[:, part] @ self.writes[part], error[c], size[c])  # (c', x), d
            if self.potential is not None:
                point = int(self.place[c, group.identity])
                table = table - Near.exact(self.potential[point].astype(table.dtype).repeat(count)[:, None])
            values = table.value.reshape(q, -1)
            index = self.place[c].take(carried.take(self.outputs[c], axis=1)).ravel()
            index = index * values.shape[1] + np.arange(values.shape[1])
            own = table.some(values.take(index).reshape(count, -1))
            values.put(index, -np.inf)
            gap = own - table.some(values.max(axis=0).reshape(count, -1))
            at = slice(None) if self.exact else self.place[c]
            yield own.some(own.value[:, at]), gap.some(gap.value[:, at])


def circuits(certificate: Certificate, model: Model) -> list[Circuit]:
    """Of every G-set: its action proved, what readings differ from γ and unembed from ū computed."""
    given, work, n = certificate.gaps, certificate.plan.work, model.order
    if given is None or n == 1:
        raise Rejected("rule gaps needs the tensors of gaps, and two elements")
    sizes = np.array([images.shape[1] for images in given.actions])
    require((sizes >= 1).all() and (given.point < sizes[given.block]).all(), "gaps.point leaves its block")
    starts = np.append(0, np.cumsum(sizes))
    images = np.concatenate([images + start for images, start in zip(given.actions, starts, strict=False)], axis=1)
    action = permutation_action(model.group, images, "gaps.right")  # on the points of all sets
    neurons = np.argsort(starts[given.block] + given.point, kind="stable")
    point = (starts[given.block] + given.point)[neurons]
    order = np.argsort(action, axis=0, kind="stable").T[point]  # all z in the order of zc_i
    right, unembed = model.right["float64"].columns(neurons), model.unembed["float64"][neurons]
    ordered = taken(right.value.T, order), taken(unembed, order)
    found = list[Circuit]()
    for j, (start, stop) in enumerate(pairwise(starts.tolist())):
        mine, q = slice(*np.searchsorted(point, (start, stop)).tolist()), stop - start
        points, ends = np.unique(point[mine], return_index=True)
        require(np.bincount(action[:, start] - start, minlength=q).all(), f"gaps{j} is not transitive")
        columns = tuple(slice(a, b) for a, b in pairwise([*ends.tolist(), len(point[mine])]))
        place, rows = action.T[point[mine]] - start, unembed[mine]
        here, there = (side[mine].reshape(len(rows), q, n // q) for side in ordered)
        reads = ((here.min(axis=2) + here.max(axis=2)) / 2).astype(work)
        rho = np.abs(right.value.T[mine] - taken(reads.astype(np.float64), place)) + right.error[mine, None]
        rho *= model.slopes(neurons[mine], np.abs(reads).max(axis=1).astype(np.float64))[:, None]
        low, high, means = there.min(axis=2), there.max(axis=2), there.mean(axis=2).astype(work)
        centre = np.sort((low + high) / 2, axis=1)[:, q // 2, None]  # m_i: the median, near most of a row
        apart, whole = np.maximum(high - centre, centre - low), high.max(axis=1) - low.min(axis=1)
        spans = np.concatenate([high - low, apart, whole[:, None]], axis=1)
        fixed, moved = np.empty((2, len(columns), n))
        for c, part in enumerate(columns):
            lost = rho[part].T @ spans[part]
            fixed[c] = lost[:, :q].max(axis=1)
            moved[c] = np.minimum(np.sort(lost[:, q:-1], axis=1)[:, -2:].sum(axis=1), lost[:, -1])
        if given.exact[j]:
            means, outputs, unwritten = (
                rows.astype(work),
                np.arange(n)[None].repeat(len(points), 0),
                Near.exact(rows[:0].T),
            )
        else:
            outputs = order[mine][ends, :: n // q]
            unwritten = Near.exact(rows.T) - Near.exact(taken(means.astype(np.float64), place).T)
        found.append(Circuit(model, action[:, start:stop] - start, neurons[mine], columns, place[ends],
                             Near.exact(reads.T), means, outputs, unwritten, given.potentials[j], up(fixed),
                             up(np.maximum(moved, fixed))))  # fmt: skip
    return found


class GapsRule:
    """The rule, with everything that does not depend on x computed once."""

    name, price = "gaps", (0, 10 * PASS)

    def __init__(self, certificate: Certificate, model: Model) -> None:
        self.model, self.scale, n = model, certificate.scale, model.order
        self.circuits = [circuit for circuit in circuits(certificate, model) if circuit.columns]
        self.kinds, self.groups = kinds(self.circuits, model)
        self.lost = np.zeros((n, len(self.kinds)))
        for circuit, moved in zip(self.circuits, self.kinds.T, strict=True):
            extra = most_of(up(circuit.moved - circuit.fixed), moved)
            self.lost = up(self.lost + extra + circuit.fixed.sum(axis=0)[:, None])
        self.loss = up(np.array([[len(group)] for group in self.groups]) * np.exp(self.lost.T) * EXP)
        self.rest = 2.0 * float(up(rests(self.circuits, self.scale).max()))
        bias = Near.exact(model.unembed["float64"][-1:]).to(certificate.plan.work)
        self.bias = bias.some(bias.value)

    def bounds(self, x: Ints, y: Ints, spent: Counter[str]) -> Bounds:
        """By kinds of w; for single outputs by Theorem 7."""
        starts = np.flatnonzero(np.diff(x, prepend=-1))
        xs, run = x[starts], np.repeat(np.arange(len(starts)), np.diff(starts, append=len(x)))
        own, totals, size = self.outcomes(xs)
        answers, rest = taken(own.value, self.model.group.table[xs]) - own.slack, up(self.rest * size)  # (x, y), (x,)
        by_x = lower_sum([-np.stack([total.most() for total in totals]), -rest])  # (kinds, x)
        least = lower_sum([answers[None], by_x[:, :, None], -self.lost.T[:, None, :]])
        # Σ over kinds of (how many) · exp(−margin), factor by factor
        shift = answers.max(axis=1, keepdims=True)  # logits may be large where their differences are not
        terms = lower_sum([answers, -shift]), lower_sum([by_x, shift.T])
        answer, rival = (up(np.exp(-term) * EXP) for term in terms)
        excess = up(answer * (rival.T @ self.loss))

        def outputs(g: int, which: Ints, z: Ints) -> Array:
            at, by_y = run[which, None], y[which, None]
            return lower_sum([answers[at, by_y], -rest[at], -self.lost[by_y, g], -totals[g].at(at, z).upper])

        def by_group(which: Ints) -> Array:
            return least[:, run[which], y[which]].T

        return Bounds(least.min(axis=0)[run, y], excess[run, y], by_group, outputs)

    def outcomes(self, xs: Ints) -> tuple[Near, list[Near], Array]:
        """(x, z) O(x, z); for each kind O(x, z) − Σ_C S_k(gap), the most that a rival reaches; (x,) most ‖sĥ(x, y)‖."""
        own = self.bias.some(np.broadcast_to(self.bias.value, (len(xs), self.model.order)))
        squares, sums = np.zeros(len(xs)), list[list[Near]]()
        for circuit in self.circuits:
            hidden, q = circuit.hidden(xs), circuit.action.shape[1]
            gaps = [Near.exact(np.zeros((len(xs), 1), hidden.dtype))] * (q - len(circuit.columns))
            for table, gap in circuit.tables(hidden, xs):
                own = own + table
                gaps.append(gap)
            sums.append(running(gaps))
            if not circuit.exact:
                squares = up(squares + np.square(lengths(circuit, hidden, self.scale)).max(axis=1).sum(axis=0))
        totals = []
        for kind in self.kinds:
            total = own
            for smallest, k in zip(sums, kind, strict=True):
                total = total - smallest[int(k) - 1] if k else total
            totals.append(total)
        return own, totals, up(np.sqrt(squares))


def kinds(circuits: Sequence[Circuit], model: Model) -> tuple[Ints, list[Ints]]:
    """(kinds, sets): how many points of every set the w ≠ e move; the w of each kind."""
    n = model.order
    moves = np.stack([(c.action != np.arange(c.action.shape[1])).sum(axis=1) for c in circuits], axis=1)
    others = np.flatnonzero(np.arange(n) != model.group.identity)
    found, kind = np.unique(moves[others], axis=0, return_inverse=True)
    at_once = len(found) * n * min(n, rows_at_once(n, model.width - 1))
    require(found.size <= max(n, 64) and at_once <= MOST_ENTRIES, "gaps: too many kinds of outputs")
    return found, [others[kind.ravel() == g] for g in range(len(found))]


def lengths(circuit: Circuit, rest: Near, scale: Array | None) -> Array:
    """(C, q, xs): bounds of the length of s_i times what stands in rows (c', x), over the neurons of each column."""
    scaled = rest if scale is None else rest.scaled(scale[circuit.neurons])
    return scaled.lengths(circuit.columns).T.reshape(len(circuit.columns), circuit.action.shape[1], -1)


def rests(circuits: Sequence[Circuit], scale: Array | None) -> Array:
    """(n,): bounds of N(z) = ‖δ_z/s‖, the bias left out."""
    rest = Near.beside([c.unwritten for c in circuits], circuits[0].model.order, "float64")
    neurons = np.concatenate([c.neurons[: len(c.unwritten.size)] for c in circuits])
    return (rest if scale is None else rest.scaled(1.0 / scale[neurons])).length()


def taken(rows: NDArray[Any], index: NDArray[Any]) -> NDArray[Any]:
    """(k, …): of every row the entries with some numbers."""
    found: NDArray[Any] = np.take(rows, index + rows.shape[1] * np.arange(len(rows))[:, None])
    return found


def most_of(parts: Array, counts: Ints) -> Array:
    """(n, counts): the sum of the so many largest of the (C, n) `parts`, which are not negative, element by element."""
    sums = np.concatenate([0.0 * parts[:1], up(np.cumsum(np.sort(parts, axis=0)[::-1], axis=0))])
    found: Array = sums[np.minimum(counts, len(parts))].T
    return found


def running(parts: Sequence[Near]) -> list[Near]:
    """Sums of the one, two, … smallest of some numbers, entry by entry (Lemma 10)."""
    values = [part.value for part in parts]
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            values[i], values[j] = np.minimum(values[i], values[j]), np.maximum(values[i], values[j])
    worst = [np.max([getattr(part, name) for part in parts], axis=0) for name in ("error", "size")]
    found = [Near(values[0], *worst)]
    for value in values[1:]:
        found.append(found[-1] + Near(value, *worst))
    return found
