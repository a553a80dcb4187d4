"""The right-hand side of the theorem of Even.v in ``proofs/``, in float64 and apart from the code of either checker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.formalize.reading import Explanation, Stored
from rhoset_check.group import permutation_action, prove_group

Array = NDArray[np.float64]


def tables(stored: Stored) -> tuple[Array, Array, Array, Array]:
    """left (n, m), right (n, m), unembed (m, n), bias (n) as float64."""
    t = {name: array.astype(np.float64) for name, array in stored.tensors.items()}
    if not stored.factored:
        return t["left"], t["right"], t["unembed"], t["bias"]
    left, right = (t[f"embed_{side}"] @ t[f"hidden_{side}"] for side in ("left", "right"))
    return left, right, t["unembed"], t["bias"]


def fibres(values: Array, place: NDArray[np.intp], points: int) -> tuple[Array, Array, Array]:
    """(k, points) each: the least, the largest and the mean of rows (k, n) over each fibre."""
    chosen = [values[:, place == d] if (place == d).any() else values[:, :1] for d in range(points)]
    low, high, mean = (np.stack([getattr(part, name)(axis=1) for part in chosen], 1) for name in ("min", "max", "mean"))
    return low, high, mean


def even_margins(stored: Stored, explanation: Explanation) -> Array:
    """(n, n): for each pair the least margin. ū, a and b are means, s the units of Even.v; of neurons without means δ
    is taken above and below 0 apart."""
    left, right, unembed, bias = tables(stored)
    group, n, m = prove_group(stored.table, explanation.generators), len(bias), len(unembed)
    actions = [permutation_action(group, images, "gaps") for images in explanation.gsets]
    codes = np.array(explanation.units[:m] or [0] * m)
    unit = (codes % 32 + 1) / np.exp2(codes // 32)
    centred = np.zeros(m, bool)
    centred[: len(explanation.centred)] = explanation.centred
    y, kinds = np.arange(n), np.zeros(n, np.intp)
    moves, rest, squares = np.zeros((1, n, n)), bias.copy(), np.zeros((n, n))
    if explanation.types is not None:
        j, c = explanation.types
        place, q = actions[j][:, c], actions[j].shape[1]
        mean = fibres(bias[None], place, q)[2][0]
        rest, kinds, moves = bias - mean[place], place, np.zeros((q, n, n))
        moves += least(np.repeat(mean[actions[j]][:, None], q, axis=1), kinds, q)[:, place][:, :, place]
    by_x, by_y = np.tile(rest, (n, 1)), np.zeros((n, n))
    lengths = np.zeros((2, n))
    for j, action in enumerate(actions):
        for c in range(action.shape[1]):
            members = np.flatnonzero((explanation.places == (j, c)).all(axis=1))
            if not len(members):
                continue
            place, q = action[:, c], action.shape[1]
            low, high, _ = fibres(right[:, members].T, place, q)
            reads = (low + high) / 2
            low, high, means = fibres(unembed[members], place, q)
            rho = np.abs(right[:, members] - reads[:, place].T)
            hidden = np.maximum(left[:, None, members] + reads.T, 0)  # x, c', i
            table = np.einsum("xci,id->xcd", hidden, means)
            carried = np.take_along_axis(table, action[:, None, :], axis=2)
            gain = least(carried, kinds, len(moves))[:, place][:, :, place]
            moves += gain - lost(rho, low, high, place)
            off = centred[members]
            a = np.where(off, hidden.mean(axis=1), 0.0)
            b = np.where(off, (hidden - a[:, None]).mean(axis=0), 0.0)
            squares += np.square((hidden - a[:, None] - b) * unit[members]).sum(axis=2)[:, place]
            delta = unembed[members] - means[:, place]
            by_x, by_y = by_x + a @ delta, by_y + b[place] @ delta
            for side, sign in enumerate((1, -1)):
                part = np.where(off[:, None], delta, np.maximum(sign * delta, 0)) / unit[members, None]
                lengths[side] += np.square(part).sum(axis=0)
    above, below, length = np.sqrt(lengths[0]), np.sqrt(lengths[1]), np.sqrt(squares)
    moves[:, y, y] = np.inf
    answer, x = stored.table, y[:, None]
    rival = (by_x + length.max(axis=1)[:, None] * above).max(axis=1)[:, None] + by_y.max(axis=1)
    return moves.min(axis=2)[kinds] + by_x[x, answer] + by_y[y, answer] - below[answer] * length - rival


def least(carried: Array, kinds: NDArray[np.intp], count: int) -> Array:
    """(count, c', d'): the least over the x of each kind of T_x(x·c', c') − T_x(x·d', c'), from (x, c', d')."""
    q = carried.shape[1]
    gains = carried[:, np.arange(q), np.arange(q), None] - carried
    found = np.full((count, q, q), np.inf)
    for kind in range(count):
        found[kind] = gains[kinds == kind].min(axis=0, initial=np.inf)
    return found


def lost(rho: Array, low: Array, high: Array, place: NDArray[np.intp]) -> Array:
    """(y, s): d(y, c) where s carries c as y does, else v(y, c)."""
    fixed = (rho @ (high - low)).max(axis=1)
    centre = np.sort((low + high) / 2, axis=1)[:, low.shape[1] // 2, None]
    away = np.sort(rho @ np.maximum(high - centre, centre - low), axis=1)
    whole = rho @ (high.max(axis=1) - low.min(axis=1))
    moved = np.minimum(whole, away[:, -2:].sum(axis=1)) if low.shape[1] > 1 else fixed
    return np.where(place[:, None] == place, fixed[:, None], moved[:, None])
