"""Orbit circuits as slot blocks: one slot a neuron, rows and columns of like slots given one type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset_check.group import Group as ProvedGroup
from rhoset_check.group import permutation_action

from ..explaining import Circuit, Explanation
from . import nearness
from .context import Context, Written
from .features import Array, invariant
from .proof import SlotBlock

LEVELS = (0.5, 0.25, 0.12, 0.06, 0.03)
"""Rows of slots whose tables differ by less than this part of the largest row are of one type; tried in turn."""


def circuit_block(explanation: Explanation, circuit: Circuit) -> SlotBlock:
    """A circuit's neurons on its slots, weights fitted to unembed by least squares; cost k n."""
    network = explanation.network
    generators = np.array(network.group.generators, dtype=np.intp)
    left, right = (s.gset.action for s in (circuit.left_set, circuit.right_set))
    coupling = invariant(circuit.coupling, left[generators], right[generators])
    written = coupling[circuit.rows[:, None], right[:, circuit.columns].T]
    centred = written - written.mean(axis=1, keepdims=True)
    weights = (network.unembed[circuit.neurons] * centred).sum(axis=1) / np.maximum((centred**2).sum(axis=1), 1e-300)
    return SlotBlock(
        left[generators], right[generators], coupling, circuit.neurons, circuit.rows, circuit.columns, weights
    )


def circuit_blocks(explanation: Explanation) -> list[SlotBlock]:
    """One block a circuit."""
    return [circuit_block(explanation, circuit) for circuit in explanation.circuits]


def slot_tables(explanation: Explanation, circuit: Circuit, block: SlotBlock) -> Array:
    """(p, q, p, q) G_{b',c'}[b, c] = Σ κ φ(α(b) + γ(c)) over the neurons of each slot (b', c')."""
    from ..networks import activation

    p, q = circuit.shape
    phi = activation(explanation.network.activation)
    heights = phi(circuit.alpha[:, :, None] + circuit.gamma[:, None, :]) * block.weights[:, None, None]
    table = np.zeros((p, q, p, q))
    np.add.at(table, (circuit.rows, circuit.columns), heights)
    return table


def typed(explanation: Explanation, circuit: Circuit, block: SlotBlock, level: float) -> SlotBlock:
    """The block with rows and columns of like slots given a type each."""
    table = slot_tables(explanation, circuit, block)
    rows = _levels(table, level)
    columns = _levels(table.transpose(1, 0, 2, 3), level)
    return replace(block, row_type=rows, column_type=columns)


def _levels(table: Array, level: float) -> NDArray[np.intp]:
    """(p,) types of the first axis: leaders within `level` of the largest row's norm."""
    flat = table.reshape(len(table), -1)
    limit = level * float(np.linalg.norm(flat, axis=1).max(initial=0.0))
    types, leaders = np.zeros(len(flat), dtype=np.intp), list[Array]()
    for b, row in enumerate(flat):
        near = [k for k, leader in enumerate(leaders) if np.linalg.norm(row - leader) <= limit]
        if near:
            types[b] = near[0]
        else:
            types[b] = len(leaders)
            leaders.append(row)
    return types


def uniform_written(context: Context, blocks: Sequence[SlotBlock]) -> Written:
    """Blocks for rule `uniform`: weights of the residual, groups of outputs at the mean of Q."""
    model = context.subject.model
    proved = nearness.proved_blocks(context.subject, list(blocks))
    states = nearness.transported(model, proved, *context.subject.sample)
    references = states.mean(axis=0, dtype=np.float64)[None]
    least = nearness.margins(model, proved, references)[:, 0]
    groups = nearness.output_groups(least, nearness.distances(model, proved), model.group.identity)
    omega = nearness.residual_weights(model, proved, context.size)
    return Written(tuple(blocks), {"omega": omega, "groups": groups.astype(np.int32)})


def patterns(blocks: Sequence[SlotBlock], group: ProvedGroup) -> int:
    """How many patterns of types the pairs (x, y) show: those of x times those of y."""
    counts = []
    for name, side in (("left", "row_type"), ("right", "column_type")):
        codes = []
        for block in blocks:
            images, types = getattr(block, name), getattr(block, side)
            if types is not None:
                codes.append(types[permutation_action(group, images, name)])
        code = np.concatenate(codes, axis=1) if codes else np.zeros((1, 1))
        counts.append(len(np.unique(code, axis=0)))
    return counts[0] * counts[1]


def paper_block(circuit: Circuit, block: SlotBlock) -> SlotBlock:
    """The block with the ideal network of rule `paper`: one α and γ for all slots, a scale for each neuron."""
    strength = np.abs(block.weights)[:, None]
    readings = np.concatenate([circuit.alpha, circuit.gamma], axis=1)
    common = (strength * readings).sum(axis=0)
    for _ in range(3):  # scales and the common reading in turn
        scale = np.maximum(readings @ common / max(float(common @ common), 1e-300), 1e-6)
        common = (strength * scale[:, None] * readings).sum(axis=0) / (strength[:, 0] * scale**2).sum()
    p = circuit.shape[0]
    return replace(block, scale=scale, alpha=common[:p], gamma=common[p:])
