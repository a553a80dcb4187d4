"""Feature blocks: where neurons write, and how a block moves with its inputs (THEOREMS.md, §4).

Every block has features F(z), (p, q), with F(xwy) = x·F(w)·y for an action of the group on rows and one on columns.
So the logits that it carries at z = xwy are ⟨Q, F(w)⟩ with Q = x⁻¹·P·y⁻¹ and P the hidden vector summed into features
(Lemma 6). In a slot block the actions permute: F[b, c](z) = υ(b, z·c), Q[b, c] = P[x·b, y⁻¹·c]. In a matrix block they
multiply: F(z) = D(z), Q = D(x)ᵀ P D(y)ᵀ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rhoset_check.exact import CHUNK
from rhoset_check.files import MatrixTensors, SlotTensors
from rhoset_check.group import Group, matrix_action, permutation_action
from rhoset_check.near import LOST, UNIT, Array, Ints, Near, gamma, require, up


@dataclass(frozen=True)
class SlotBlock:
    """Neurons on the slots of B × C; υ is invariant, checked on generators."""

    stored: SlotTensors
    rows: Ints = field(repr=False)
    """(n, p): x·b."""
    columns: Ints = field(repr=False)
    """(n, q): z·c."""
    back: Ints = field(repr=False)
    """(n, q): y⁻¹·c."""
    writing: Array = field(repr=False)
    """(p·q, m + 1): how much of each neuron is written on each slot, row and column means taken off."""
    defect: float = 0.0

    @property
    def shape(self) -> tuple[int, int]:
        p, q = self.stored.coupling.shape
        return p, q

    def features(self, w: Ints) -> Array:
        """(len(w), p·q): F(w)."""
        return self.stored.coupling[:, self.columns[w]].transpose(1, 0, 2).reshape(len(w), -1)

    def carry_left(self, x: int) -> tuple[Array, float]:
        """x⁻¹ acting on `writing`, and a bound on every entry's error."""
        p, q = self.shape
        return self.writing.reshape(p, q, -1)[self.rows[x]].reshape(p * q, -1), 0.0

    def carry_right(self, sums: Near, y: Ints) -> Near:
        """(pairs, p·q): y⁻¹ acting on the columns of each pair's sums."""
        (p, q), count = self.shape, len(y)
        index = self.back[y].T * count + np.arange(count)  # (c, pair) ← (y⁻¹·c, pair)
        value = sums.value.T.reshape(p, q * count).take(index.ravel(), axis=1).reshape(p * q, count).T
        ends = (np.repeat(end.reshape(p, q).max(axis=1), q) for end in (sums.error, sums.size))
        return Near(value, *ends)


@dataclass(frozen=True)
class MatrixBlock:
    """Neurons in the span of a representation's entries; ‖D(xwy) − D(x)D(w)D(y)‖ ≤ defect."""

    matrices: Array = field(repr=False)
    writing: Array = field(repr=False)
    """(d², m + 1)."""
    defect: float

    @property
    def shape(self) -> tuple[int, int]:
        return self.matrices.shape[1], self.matrices.shape[1]

    def features(self, w: Ints) -> Array:
        """(len(w), d²): D(w)."""
        return self.matrices[w].reshape(len(w), -1)

    def carry_left(self, x: int) -> tuple[Array, float]:
        """D(x)ᵀ times `writing`, and a bound on every entry's error."""
        d, matrix = len(self.matrices[x]), self.matrices[x]
        cube = self.writing.reshape(d, -1)
        error = gamma(d + 1, "float64") * d * float(np.abs(matrix).max()) * float(np.abs(cube).max(initial=0.0))
        return (matrix.T @ cube).reshape(d * d, -1), float(up(error))

    def carry_right(self, sums: Near, y: Ints) -> Near:
        """(pairs, d²): each pair's sums times D(y)ᵀ."""
        d, count = self.shape[0], len(y)
        moves = self.matrices[y].astype(sums.value.dtype).transpose(2, 1, 0)  # [l, j, pair]
        cube = sums.value.T.reshape(d, d, 1, count)  # [i, l, 1, pair]
        value = sum(cube[:, k] * moves[k] for k in range(d)).reshape(d * d, count).T
        most = float(up(np.abs(self.matrices).max()))
        error, size = (np.repeat(most * end.reshape(d, d).sum(axis=1), d) for end in (sums.error, sums.size))
        slack = 2 * gamma(d + 2, sums.dtype) * (size + error) + 2 * d * LOST[sums.dtype]
        return sums.rounded(value, up(error + slack), up(size))


Block = SlotBlock | MatrixBlock


def build_block(stored: SlotTensors | MatrixTensors, group: Group, width: int, name: str) -> Block:
    """Prove that the actions are the group's, and υ invariant; `width` counts the bias neuron."""
    if isinstance(stored, MatrixTensors):
        matrices, defect = matrix_action(group, stored.matrices, f"{name}.matrices")
        writing = np.zeros((matrices[0].size, width))
        writing[:, stored.neurons] = stored.coefficients.T
        return MatrixBlock(matrices, writing, defect)
    rows = permutation_action(group, stored.left, f"{name}.left")
    columns = permutation_action(group, stored.right, f"{name}.right")
    for g in group.generators:
        moved = stored.coupling[rows[g]][:, columns[g]]
        require(np.array_equal(moved, stored.coupling), f"{name}.coupling: not invariant under the group")
    p, q = stored.coupling.shape
    writing = np.zeros((p, q, width))
    np.add.at(writing, (stored.rows, stored.columns, stored.neurons), stored.weights)
    writing -= writing.mean(axis=0, keepdims=True)  # what this drops adds the same to all logits (Lemma 7)
    writing -= writing.mean(axis=1, keepdims=True)
    return SlotBlock(stored, rows, columns, columns[group.inverse], writing.reshape(p * q, width))


def differences(blocks: Sequence[Block], identity: int, w: Ints) -> Near:
    """(len(w), features): ΔF(w) = F(e) − F(w) of all blocks."""
    parts = [block.features(np.array([identity])) - block.features(w) for block in blocks]
    found = np.concatenate([np.zeros((len(w), 0)), *parts], axis=1)
    size = np.full(found.shape[1], np.abs(found).max(initial=0.0))
    return Near(found, up(UNIT["float64"] * size), up(size))


def at_references(blocks: Sequence[Block], delta: Near, starts: Ints, references: Array) -> tuple[Array, Array]:
    """(references, groups): the least ⟨K, ΔF(w)⟩ of each group; (groups, blocks): its largest ‖ΔF(w)‖ in each block.
    `delta` (outputs, features): ΔF(w), group after group from `starts`."""
    kept, ends = Near.exact(references), np.cumsum([0, *(len(block.writing) for block in blocks)])
    least, slack = np.empty((len(references), len(starts))), float(delta.error.max(initial=0.0))
    for rows in np.array_split(np.arange(len(references)), len(references) * len(delta.value) // CHUNK + 1):
        found = kept.rows(rows).times(delta.value.T, slack).lower
        least[rows] = np.minimum.reduceat(found, starts, axis=1)
    distance = np.empty((len(starts), len(blocks)))
    for j, (a, b) in enumerate(pairwise(ends)):
        distance[:, j] = np.maximum.reduceat(delta.columns(slice(a, b)).length(), starts)
    return least, distance


def unwritten(unembed: NDArray[np.float64], blocks: Sequence[Block]) -> Near:
    """(n, m + 1): δ = unembed − Σ blocks, less a constant for every neuron, which no margin sees."""
    everywhere = np.arange(unembed.shape[1])
    delta = Near.exact(np.ascontiguousarray(unembed.T))
    for block in blocks:
        delta = delta - Near.exact(block.features(everywhere)).times(block.writing)
    means = delta.value.mean(axis=0)
    return delta - Near(np.broadcast_to(means, delta.value.shape), np.zeros(len(means)), np.abs(means))
