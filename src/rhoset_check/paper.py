"""Rule `paper`: the published verifier (Wu et al. 2024), made sound.

The ideal network has exactly equal slots: L̂_i(x) = s_i α(x⁻¹b_i), R̂_i(y) = s_i γ(y c_i), Û_i(z) = κ̂_i υ(b_i, z c_i)
with Σ κ̂_i s_i = W in every slot, so f̂(xwy|x,y) = W Σ φ(α(b) + γ(c)) υ(b, wc) for all x, y. A pair is right when the
network's own right logit is above the ideal's best wrong logit plus a bound of |f − f̂| over all outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blocks import Block
from .inputs import Certificate
from .model import Chunk, Model, Tally, cross_entropy
from .rigor import gamma, require, up


class PaperRule:
    """The ideal network and its best wrong logit, once; then 5m multiply-adds a pair."""

    def __init__(
        self, certificate: Certificate, model: Model, blocks: list[Block], stage: dict[str, Any], tally: Tally
    ) -> None:
        n, m = model.order, model.width
        require(model.activation in ("relu", "abs"), "certificate: rule paper is for relu and abs")
        self.model, everyone = model, np.arange(n)
        left, right, ideal = np.zeros((m, n)), np.zeros((m, n)), np.zeros(n)
        unembed, used = np.zeros((n, m)), np.zeros(m, dtype=int)
        size = 0.0
        for j, block in enumerate(blocks):
            require(block.slots, "certificate: rule paper takes slot blocks only")
            neuron, row, column, weight = block.entries
            np.add.at(used, neuron, 1)
            scale = certificate.tensor(f"block{j}.scale", "f", len(neuron))
            alpha = certificate.tensor(f"block{j}.alpha", "f", block.p)
            gamma_ = certificate.tensor(f"block{j}.gamma", "f", block.q)
            require((scale > 0).all(), f"certificate: block{j}.scale must be positive")
            slot = row * block.q + column
            sums = np.bincount(slot, weight * scale, block.p * block.q)
            total = float(sums.mean())
            filled = (sums * total > 0).all() and (weight * total > 0).all()
            require(filled, f"certificate: block{j}: rule paper needs every slot filled, with weights of one sign")
            left[neuron] = scale[:, None] * alpha[block.left[model.group.inverse][:, row].T]
            right[neuron] = scale[:, None] * gamma_[block.forward[:, column].T]
            share = weight * total / sums[slot]
            unembed[:, neuron] = share * block.coupling[row[:, None], block.forward[:, column].T].T
            heights = np.asarray(model.activate(alpha[:, None] + gamma_[None, :]))
            ideal += total * block.logits(heights.reshape(-1, 1), everyone)[:, 0]
            size += abs(total) * block.p * block.q * float(np.abs(heights).max() * np.abs(block.coupling).max())
        require((used <= 1).all(), "certificate: rule paper takes each neuron once")
        self.left, self.right = left, right
        wrong = np.delete(ideal, model.group.identity)
        middle = (model.bias.max() + model.bias.min()) / 2
        self.wrong = float(wrong.max(initial=-np.inf)) + middle
        spread = float(np.abs(model.bias - middle).max())
        # The ideal's κ̂ = κ W / Σ κ s is the real number, not its rounding; the sums have terms of one sign.
        slack = gamma(16 + sum(block.chain for block in blocks), "float64") * np.abs(unembed)
        self.by_hidden = float(up(np.sqrt(np.square(model.unembed).sum(axis=1))).max())
        self.by_unembed = float(up(np.sqrt(np.square(np.abs(model.unembed - unembed) + slack).sum(axis=1))).max())
        reach = model.reach + np.abs(left).max(axis=1) + np.abs(right).max(axis=1)
        size += 2 * model.magnitude + (self.by_hidden + self.by_unembed) * float(np.linalg.norm(reach))
        steps = 4 * (m + 64 + max((b.p * b.q for b in blocks), default=0))
        self.needed = model.floor + float(up(gamma(steps, "float64") * (size + spread))) + spread
        tally.operations += 2 * n * m + n * sum(b.q for b in blocks)

    def run(self, tally: Tally, chunk: Chunk, exact: bool) -> None:
        """Settle the pairs of a chunk; the others stay as they are."""
        model, x, y = self.model, chunk.x, chunk.y
        own = model.group.table[x, y]
        hidden = model.hidden(x, y)
        ideal: NDArray[Any] = model.activate(self.left[:, x] + self.right[:, y])
        correct = np.einsum("ji,ij->j", model.unembed[own], hidden) + model.bias[own]
        error = self.by_hidden * up(np.sqrt(np.square(hidden - ideal).sum(axis=0)))
        error += self.by_unembed * up(np.sqrt(np.square(ideal).sum(axis=0)))
        tally.operations += 5 * model.width * len(x)
        slack = correct - self.wrong - error - (self.needed - model.floor)
        right = slack > model.floor
        chunk.right[:] = right
        chunk.least[right] = slack[right]
        chunk.loss[right] = np.fmin(chunk.loss[right], cross_entropy(model.order * np.exp(-slack[right])))
