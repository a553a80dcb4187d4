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
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import EXP, Bounds
from rhoset_check.files import MOST_ENTRIES, PASS, Certificate, GapTensors, rows_at_once
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

    @cached_property
    def apart(self) -> Array:
        """(k, C): 1 for the neurons of each point."""
        sizes = [part.stop - part.start for part in self.columns]
        return np.repeat(np.eye(len(sizes)), sizes, axis=0)

    def by_point(self, rows: NDArray[Any]) -> Array:
        """(k, C·q) from (k, q): the row of each neuron in the columns of its point, 0 elsewhere."""
        return np.asarray(self.apart[:, :, None] * rows[:, None]).reshape(len(rows), -1)

    @cached_property
    def ends(self) -> list[tuple[Array, Array]]:
        """Error and size of each point's products with `writes`, which are the same for all x."""
        hidden = self.hidden(np.zeros(1, np.intp))
        found = (hidden.columns(part).ends(self.writes[part]) for part in self.columns)
        return [(error.max(keepdims=True), size.max(keepdims=True)) for error, size in found]

    def hidden(self, xs: Ints) -> Near:
        """φ(l_i(x) + γ_i(c')) in rows (c', x)."""
        left = self.model.left[self.reads.dtype].columns(self.neurons).rows(xs)
        return self.reads.each(left).activate(self.model.activation)

    def lengths(self, rest: Near, scale: Array | None) -> Array:
        """(rows, C): of s_i times what stands in the columns of each point, upper bounds."""
        return rest.lengths(self.apart if scale is None else self.apart * scale[self.neurons, None])

    def tables(self, hidden: Near, xs: Ints) -> Iterator[tuple[Near, Near]]:
        """For each column (x, z) A_xz[c, x⁻¹zc] and gap_xz[c]."""
        group, (q, count) = self.model.group, (self.action.shape[1], len(xs))
        carried = group.table[group.inverse[xs]].astype(np.intp)  # x⁻¹z
        for c, part in enumerate(self.columns):
            table = hidden.rounded(hidden.value[:, part] @ self.writes[part], *self.ends[c])  # (c', x), d
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


def seats(certificate: Certificate, model: Model) -> tuple[GapTensors, list[Ints], list[Ints], float]:
    """What the certificate says; the action (n, q) of every G-set, proved; the neurons of each, by point; and what those
    of none can cost a margin."""
    given, n = certificate.gaps, model.order
    if given is None or n == 1:
        raise Rejected("rule gaps needs the tensors of gaps, and two elements")
    sizes = np.array([images.shape[1] for images in given.actions])
    require(
        (sizes >= 1).all() and (given.point < np.append(sizes, 1)[given.block]).all(), "gaps.point leaves its block"
    )
    starts = np.append(0, np.cumsum(sizes))
    images = np.concatenate([images + start for images, start in zip(given.actions, starts, strict=False)], axis=1)
    action = permutation_action(model.group, images, "gaps.right")  # on the points of all sets
    reached = np.zeros(starts[-1], bool)
    reached[action[:, starts[:-1]]] = True
    require(reached.all(), "gaps.right: a set is not transitive")
    actions = [action[:, a:b] - a for a, b in pairwise(starts.tolist())]
    order = np.argsort(starts[given.block] + given.point, kind="stable")
    neurons = [order[given.block[order] == j] for j in range(len(actions))]
    require(sum(map(len, neurons)), "gaps: no neuron is at a point")
    return given, actions, neurons, idle(model, np.flatnonzero(given.block == len(actions)))


def circuits(certificate: Certificate, model: Model) -> tuple[list[Ints], list[Circuit]]:
    """The actions, and the circuits of those with neurons: what readings differ from γ and unembed from ū computed."""
    given, actions, seated, nowhere = seats(certificate, model)
    each = enumerate(zip(actions, seated, strict=True))
    found = [_circuit(model, given, j, *one, certificate.plan.work) for j, one in each if len(one[1])]
    for lost in (found[0].fixed, found[0].moved):  # each point is counted once, as one or the other
        lost[0] = up(lost[0] + nowhere)
    return actions, found


def idle(model: Model, neurons: Ints) -> float:
    """What neurons at no point can cost a margin: Σ (range of u_i) · (largest |h_i|) (Theorem 4, step 6)."""
    unembed, ends = model.unembed["float64"][neurons], list[Near]()
    for side in (model.left["float64"].columns(neurons), model.right["float64"].columns(neurons)):
        ends.append(Near(np.stack([side.value.min(axis=0), side.value.max(axis=0)]), side.error, side.size))
    reach = (ends[0] + ends[1]).activate(model.activation)  # |φ| is largest at an end
    most = np.maximum(reach.upper, -reach.lower).max(axis=0)
    return float(up((unembed.max(axis=1) - unembed.min(axis=1)) @ most))


def _circuit(model: Model, given: GapTensors, j: int, action: Ints, neurons: Ints, work: str) -> Circuit:
    """One of `circuits`. Where fibres stand in three axes these are (within the fibre, neuron, place)."""
    (n, q), right, unembed = action.shape, model.right["float64"], model.unembed["float64"]
    point = given.point[neurons]
    points, firsts, at = np.unique(point, return_index=True, return_inverse=True)
    columns, place = tuple(slice(a, b) for a, b in pairwise([*firsts.tolist(), len(point)])), action.T[points]
    order = np.argsort(place, axis=1, kind="stable").reshape(len(points), q, n // q).transpose(2, 0, 1)  # z by zc
    fibres = order[:, at]
    here = right.value.take(fibres * right.value.shape[1] + neurons[:, None])
    there = unembed.take(fibres + n * neurons[:, None])
    reads = ((here.min(axis=0) + here.max(axis=0)) / 2).astype(work)
    rho = np.abs(here - reads) + right.error[neurons, None]
    rho *= model.slopes(neurons, np.abs(reads).max(axis=1).astype(np.float64))[:, None]
    low, high, means = there.min(axis=0), there.max(axis=0), there.mean(axis=0).astype(work)
    centre = np.sort((low + high) / 2, axis=1)[:, q // 2, None]  # m_i: the median, near most of a row
    widths, apart, range_ = high - low, np.maximum(high - centre, centre - low), high.max(axis=1) - low.min(axis=1)
    fixed, moved = np.empty((2, len(points), n))
    for c, part in enumerate(columns):
        errors, y = rho[:, part].transpose(1, 0, 2).reshape(-1, n), order[:, c].ravel()
        fixed[c, y] = (widths[part].T @ errors).max(axis=0)
        moved[c, y] = np.minimum(np.sort(apart[part].T @ errors, axis=0)[-2:].sum(axis=0), range_[part] @ errors)
    rows = unembed[neurons]
    writes, outputs, unwritten = rows.astype(work), np.arange(n)[None].repeat(len(points), 0), Near.exact(rows[:0].T)
    if not given.exact[j]:
        writes, outputs = means, order[0]
        unwritten = Near.exact(rows.T) - Near.exact(taken(means.astype(np.float64), place[at]).T)
    return Circuit(model, action, neurons, columns, place, Near.exact(reads.T), writes, outputs, unwritten,
                   given.potentials[j], up(fixed), up(np.maximum(moved, fixed)))  # fmt: skip


class GapsRule:
    """The rule, with everything that does not depend on x computed once."""

    name, price = "gaps", (0, 10 * PASS)

    def __init__(self, certificate: Certificate, model: Model) -> None:
        self.model, self.scale, n = model, certificate.scale, model.order
        self.circuits = circuits(certificate, model)[1]
        self.kinds, self.groups = kinds(self.circuits, model)
        self.lost = np.zeros((n, len(self.kinds)))
        for circuit, moved in zip(self.circuits, self.kinds.T, strict=True):
            extra = most_of(up(circuit.moved - circuit.fixed), moved)
            self.lost = up(self.lost + extra + circuit.fixed.sum(axis=0)[:, None])
        self.loss = up(np.array([[len(group)] for group in self.groups]) * np.exp(self.lost.T) * EXP)
        self.rest = 2.0 * float(up(rests(self.circuits, self.scale).max()))
        bias = Near.exact(model.unembed["float64"][-1:]).to(certificate.plan.work)
        self.bias = bias.some(bias.value)

    def bounds(self, xs: Ints, spent: Counter[str]) -> Bounds:
        """Of all pairs with these x, by kinds of w; for single outputs by Theorem 7."""
        own, totals, size = self.outcomes(xs)
        answers, rest = taken(own.value, self.model.group.table[xs]) - own.slack, up(self.rest * size)  # (x, y), (x,)
        by_x = lower_sum([-np.stack([total.most() for total in totals]), -rest])  # (kinds, x)
        least = lower_sum([answers[None], by_x[:, :, None], -self.lost.T[:, None, :]])
        # Σ over kinds of (how many) · exp(−margin), factor by factor
        shift = answers.max(axis=1, keepdims=True)  # logits may be large where their differences are not
        terms = lower_sum([answers, -shift]), lower_sum([by_x, shift.T])
        answer, rival = (up(np.exp(-term) * EXP) for term in terms)
        excess = up(answer * (rival.T @ self.loss))

        def by_group(which: Ints) -> Array:
            return least.reshape(len(least), -1)[:, which].T

        def outputs(g: int, which: Ints, z: Ints) -> Array:
            x, y = np.divmod(which[:, None], self.model.order)
            return lower_sum([answers[x, y], -rest[x], -self.lost[y, g], -totals[g].at(x, z).upper])

        return Bounds(least.min(axis=0).ravel(), excess.ravel(), by_group, outputs)

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
                rest = np.square(circuit.lengths(hidden, self.scale)).reshape(q, len(xs), -1)
                squares = up(squares + rest.max(axis=0).sum(axis=1))
        totals = []
        for kind in self.kinds:
            total = own
            for smallest, k in zip(sums, kind, strict=True):
                total = total - smallest[int(k) - 1] if k else total
            totals.append(total)
        return own, totals, up(np.sqrt(squares))


def kinds(circuits: Sequence[Circuit], model: Model) -> tuple[Ints, list[Ints]]:
    """(kinds, sets): how many points of every set the w ≠ e move; the w of each kind."""
    others, kind = np.flatnonzero(np.arange(model.order) != model.group.identity), np.zeros(model.order - 1, np.intp)
    moves = [(circuit.action[others] != circuit.action[model.group.identity]).sum(axis=1) for circuit in circuits]
    for moved in moves:
        kind = np.unique(kind * (moved.max() + 1) + moved, return_inverse=True)[1]
    groups = [others[kind == g] for g in range(kind.max() + 1)]
    at_once = len(groups) * model.order * min(model.order, rows_at_once(model.order, model.width - 1))
    require(
        len(groups) * len(moves) <= max(model.order, 64) and at_once <= MOST_ENTRIES, "gaps: too many kinds of outputs"
    )
    first = np.unique(kind, return_index=True)[1]
    return np.stack([moved[first] for moved in moves], axis=1), groups


def rests(circuits: Sequence[Circuit], scale: Array | None) -> Array:
    """(n,): bounds of N(z) = ‖δ_z/s‖, the bias left out."""
    rest = Near.beside([c.unwritten for c in circuits], circuits[0].model.order, "float64")
    neurons = np.concatenate([c.neurons[: len(c.unwritten.size)] for c in circuits])
    return rest.lengths(np.ones((len(neurons), 1)) if scale is None else 1.0 / scale[neurons, None])[:, 0]


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
