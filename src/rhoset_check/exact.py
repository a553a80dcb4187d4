"""Rule `exact`: every output of a pair, or some of them, from all neurons (THEOREMS.md, Theorem 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset_check.limits import Budget
from rhoset_check.near import LOST, UNIT, Array, Ints, Near, gamma, precision, up
from rhoset_check.network import Model

EXP = 1.0 + 1e-4
"""Trust in the C library: its exp and log are taken to be right to one part in ten thousand (loss only)."""
CHUNK = 1 << 19
"""Numbers in a block of hidden vectors or logits: it stays in cache."""


@dataclass(frozen=True)
class Bounds:
    """Of some pairs, (pairs,): lower bounds of the least margin, upper bounds of Σ exp(−margin). `outputs` (which):
    lower bounds of the margins of some of them against every output, (which, n), anything at the right answer."""

    least: Array
    excess: Array
    outputs: Callable[[Ints], Array]


def exact_bounds(model: Model, x: Ints, y: Ints, budget: Budget) -> tuple[Array, Array]:
    """(pairs,): lower bounds of the least margin over all wrong outputs, upper bounds of Σ exp(−margin) over them.

    In float32, then in float64 for the pairs that this leaves open.
    """
    budget.pay("whole", len(x))
    least, excess, error = _evaluated(model, x, y, "float32")
    again = np.flatnonzero(~(least > model.floor) & ~(least < -2.0 * error))
    if len(again):
        budget.pay("again", len(again))
        least[again], excess[again], _ = _evaluated(model, x[again], y[again], "float64")
    return least, excess


def _evaluated(model: Model, x: Ints, y: Ints, dtype: str) -> tuple[Array, Array, float]:
    logits, own = model.logits(x, y, dtype), model.products(x, y)
    error = float(up(2.0 * logits.error.max() + 4.0 * UNIT[dtype] * (logits.size + logits.error).max() + LOST[dtype]))
    gap = logits.value
    gap -= gap[np.arange(len(x)), own][:, None]
    return *behind_by(gap, own, error, gap), error


def behind_by(gap: NDArray[Any], own: Ints, error: float, room: NDArray[Any]) -> tuple[Array, Array]:
    """(pairs,): the least margin and the most that Σ exp(−margin) can be where no margin is smaller by more than
    `error` than −`gap`, (pairs, n); `own` are the right answers, which count as −∞ from now on, `room` is written over.
    """
    dtype, n = precision(gap), gap.shape[1]
    gap[np.arange(len(gap)), own] = -np.inf
    least = -gap.max(axis=1).astype(np.float64) - up(error)
    total = (np.exp(gap, out=room) @ np.ones(n, gap.dtype)).astype(np.float64)  # a product adds several at a time
    return least, up((total * (1.0 + gamma(n, dtype)) + n * LOST[dtype]) * EXP * np.exp(error) * EXP)


def exact_outputs(model: Model, x: Ints, y: Ints, z: Ints) -> Array:
    """(outputs,): lower bounds of the margins of xy against z, in float64."""
    out, unembed = np.empty(len(x)), model.unembed
    step = max(1, CHUNK // model.width)
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        own, rival = (Near.exact(unembed[:, w].T) for w in (model.products(x[part], y[part]), z[part]))
        out[part] = model.hidden(x[part], y[part], "float64").dot(own - rival).lower[:, 0]
    return out
