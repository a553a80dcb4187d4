"""Exact decomposition of logits and margins by irrep and by circuit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.explaining.explanation import Explanation
from rhoset.groups import project
from rhoset.networks import activation

BLOCK = 1 << 16
"""Pairs times neurons held at once, in thousands of bytes about eight times as much."""


@dataclass(frozen=True, eq=False)
class MarginParts:
    """Margins of N pairs, split exactly.

    Attributes
    ----------
    parts
        (N, groups, irreps): share of each margin f(xy) − f(z*) that the neurons of a group add
        through an irrep of their unembed rows; z* is the network's best wrong output.
    bias
        (N,) part of the bias.
    margin
        (N,) the margins; parts.sum((1, 2)) + bias up to rounding.
    groups
        Names: circuits and quadratures in their order, then "left over".
    irreps
        Their labels.
    """

    parts: NDArray[np.float64]
    bias: NDArray[np.float64]
    margin: NDArray[np.float64]
    groups: tuple[str, ...]
    irreps: tuple[str, ...]


def neuron_groups(explanation: Explanation) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Names of the groups and (m,) the group of each neuron; the last group is what is left over
    (dead neurons too)."""
    names: list[str] = []
    member = np.full(explanation.network.width, -1, dtype=np.int32)
    for part in explanation.parts:
        member[part.neurons] = len(names)
        names.append(part.label)
    member[member < 0] = len(names)
    return (*names, "left over"), member


def margin_parts(explanation: Explanation, x: ArrayLike, y: ArrayLike) -> MarginParts:
    """Split the margins of N inputs (x, y), given as two (N,) arrays of elements.

    Cost N m n for the logits and N m Σ_ρ 1 for the parts, in blocks; memory N × groups × irreps.
    """
    network = explanation.network
    xs, ys = np.broadcast_arrays(np.atleast_1d(x), np.atleast_1d(y))
    left, right = network.left.astype(np.float64), network.right.astype(np.float64)
    unembed, bias = network.unembed.astype(np.float64), network.bias.astype(np.float64)
    projected = [project(irrep, unembed) for irrep in explanation.irreps]
    names, member = neuron_groups(explanation)
    phi = activation(network.activation)
    count = len(xs)
    parts = np.zeros((count, len(names), len(projected)))
    bias_part, margin = np.zeros(count), np.zeros(count)
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(len(names)))
    filled = np.bincount(member, minlength=len(names)) > 0
    step = max(1, BLOCK // max(network.width, network.order))
    for start in range(0, count, step):
        rows = slice(start, min(start + step, count))
        h = phi(left[xs[rows]] + right[ys[rows]])
        f = h @ unembed + bias
        answer = network.table[xs[rows], ys[rows]]
        at = np.arange(len(answer))
        correct = f[at, answer].copy()
        f[at, answer] = -np.inf
        rival = f.argmax(axis=1)
        margin[rows] = correct - f[at, rival]
        bias_part[rows] = bias[answer] - bias[rival]
        for k, table in enumerate(projected):
            each = h * (table[:, answer] - table[:, rival]).T
            sums = np.add.reduceat(each[:, order], starts[filled], axis=1)
            parts[rows, filled, k] = sums
    irreps = tuple(irrep.label for irrep in explanation.irreps)
    return MarginParts(parts, bias_part, margin, names, irreps)
