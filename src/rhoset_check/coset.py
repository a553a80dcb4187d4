"""Rule `coset`: coset concentration alone (Stander et al.). Unembed is taken as it is; nothing is said of outputs.

Neurons with the same cosets (one slot (b, c) of a pair of G-sets) read x only through x⁻¹b and y only through yc, up to
their distance from coset means. So their joint logits are a table over the points of B × C, added up slot by slot:
one addition for a slot where exhaustive work takes one multiply-add for a neuron.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .blocks import Block
from .inputs import Certificate
from .model import Chunk, Model, Tally, cross_entropy, evaluate_pairs
from .rigor import EXP_SLACK, gamma, require, up

MAX_TABLE = 1 << 28
"""Entries of all slot tables together."""


class CosetRule:
    """The tables of all slots, and how far the neurons are from constant on their cosets."""

    def __init__(
        self, certificate: Certificate, model: Model, blocks: list[Block], stage: dict[str, Any], tally: Tally
    ) -> None:
        n, m = model.order, model.width
        require(model.activation in ("relu", "abs", "linear"), "certificate: rule coset needs a 1-Lipschitz activation")
        self.model, self.tables = model, []
        rows, columns, covered = np.zeros(n), np.zeros(n), np.zeros(m, dtype=int)
        entries = 0
        for block in blocks:
            require(block.slots, "certificate: rule coset takes slot blocks only")
            neuron, row, column, _ = block.entries
            np.add.at(covered, neuron, 1)
            back, order = block.left[model.group.inverse], np.lexsort((column, row))
            slots, starts = np.unique(row[order] * block.q + column[order], return_index=True)
            entries += len(slots) * block.p * block.q * n
            require(entries <= MAX_TABLE, "certificate: the coset tables are too large")
            for slot, members in zip(slots, np.split(neuron[order], starts[1:])):
                place = back[:, slot // block.q], block.forward[:, slot % block.q]
                means = []
                sides = zip((model.left, model.right), place, (block.p, block.q), (rows, columns))
                for weight, at, size, total in sides:
                    count = np.maximum(np.bincount(at, minlength=size), 1)
                    mean = np.stack([np.bincount(at, w, size) / count for w in weight[members]])
                    total += np.square(weight[members] - mean[:, at]).sum(axis=0)
                    means.append(mean)
                heights = model.activate(means[0][:, :, None] + means[1][:, None, :]).reshape(len(members), -1)
                self.tables.append((place[0] * block.q, place[1], (model.unembed[:, members] @ heights).T))
                tally.operations += len(members) * (block.p * block.q * n + 4 * n)
        require((covered <= 1).all(), "certificate: rule coset takes each neuron once")
        self.rest = np.flatnonzero(covered == 0)
        inside = covered > 0
        self.by_x, self.by_y = up(np.sqrt(rows)), up(np.sqrt(columns))
        self.bound = up(np.sqrt(np.square(model.unembed[:, inside]).sum(axis=1)))
        total_size = 2 * model.magnitude + 4 * float(self.bound.max()) * float(np.linalg.norm(model.reach))
        self.error = 4 * float(up(gamma(4 * (m + 64 + len(self.tables)), "float64") * total_size)) + 1e-280
        tally.operations += n * m

    def run(self, tally: Tally, chunk: Chunk, exact: bool) -> None:
        """Settle the pairs of a chunk; evaluate the others exactly if `exact`."""
        model, x, y = self.model, chunk.x, chunk.y
        own, columns = model.group.table[x, y], np.arange(len(x))
        hidden = model.hidden(x, y)[self.rest]
        logits = model.unembed[:, self.rest] @ hidden + model.bias[:, None]
        for by_x, by_y, table in self.tables:
            logits += table[by_x[x] + by_y[y]].T
        tally.operations += len(x) * (model.order * (len(self.tables) + len(self.rest)) + len(self.rest))
        error = self.by_x[x] + self.by_y[y]
        lower = logits[own, columns] - logits - (self.bound[:, None] + self.bound[own]) * error - self.error
        lower[own, columns] = np.inf
        right = lower.min(axis=0) > model.floor
        chunk.right[:] = right
        chunk.least[right] = lower.min(axis=0)[right]
        with np.errstate(over="ignore"):
            chunk.loss[right] = cross_entropy(np.exp(-lower[:, right]).sum(axis=0) * EXP_SLACK)
        if exact:
            evaluate_pairs(model, tally, chunk, np.flatnonzero(~right))
