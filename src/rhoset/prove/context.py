"""What the search knows of one network: the checker's view, the explanation and the terms it may write with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..explaining import Explanation, explain
from ..networks import Network
from . import nearness, writing
from .features import Array
from .measure import Estimate, Subject, estimate, subject
from .proof import MatrixBlock, Proof, SlotBlock

SINGLE = (1e-6, 1e20)
"""Sizes of logits between which work is done in float32: outside, what its underflow or overflow could do is more than
the margins."""


@dataclass(frozen=True)
class Tried:
    """A plan that the search looked at: its name and what it was expected to cost and to prove."""

    plan: str
    cost: float
    accuracy: float
    loss: float


@dataclass(eq=False)
class Context:
    """One search: everything that several plans share, made once and only when asked for."""

    network: Network
    arithmetic: str
    given: Explanation | None = None
    tried: list[Tried] = field(default_factory=list)

    @cached_property
    def subject(self) -> Subject:
        """The network as the checker sees it."""
        return subject(self.network, self.arithmetic)

    @property
    def work(self) -> str:
        """Arithmetic of the checker's sums: float32 unless the logits are too small or too large for it."""
        return "float32" if SINGLE[0] < self.subject.model.magnitude < SINGLE[1] else "float64"

    @property
    def exact(self) -> dict[str, object]:
        """Rule `exact`: screened in float32, settled in float64 or rationals."""
        return {"rule": "exact", "work": self.work}

    @cached_property
    def explanation(self) -> Explanation:
        """The given explanation, or a fresh one."""
        return self.given if self.given is not None else explain(self.network)

    @cached_property
    def size(self) -> Array:
        """(m,) root mean square of every activation over the sampled pairs."""
        x, y = self.subject.sample
        hidden = self.subject.model.hidden(x, y).astype(np.float64)
        return np.sqrt(np.square(hidden).mean(axis=1))

    @cached_property
    def mixed(self) -> writing.Dictionary:
        """Slots where circuits give small ρ-sets, whole irreps elsewhere."""
        return writing.dictionary(self.explanation, self.size)

    @cached_property
    def spanned(self) -> writing.Dictionary:
        """The same for plans that evaluate most logits: slots only where that stays cheaper."""
        return writing.dictionary(self.explanation, self.size, "spanned")

    @cached_property
    def whole(self) -> writing.Dictionary:
        """Whole irreps only."""
        return writing.dictionary(self.explanation, self.size, "whole")

    @cached_property
    def slots(self) -> writing.Dictionary:
        """Slots only."""
        return writing.dictionary(self.explanation, self.size, "slots")

    def proof(self, method: str, rules: list[dict[str, object]], written: Written | None = None) -> Proof:
        """A proof of this network."""
        generators = self.subject.group.generators
        if written is None:
            return Proof(method, self.arithmetic, generators, rules)
        return Proof(method, self.arithmetic, generators, rules, written.blocks, written.tensors)

    def estimate(self, name: str, proof: Proof) -> Estimate:
        """The estimate of a proof, noted among the plans tried."""
        made = estimate(self.subject, proof)
        self.tried.append(Tried(name, made.cost, made.accuracy, made.loss))
        return made


@dataclass(frozen=True, eq=False)
class Written:
    """Blocks with the weights of the residual, and references where a rule wants them."""

    blocks: tuple[SlotBlock | MatrixBlock, ...]
    tensors: dict[str, np.ndarray]


def weighted(context: Context, blocks: list[SlotBlock | MatrixBlock]) -> Written:
    """Blocks and the residual's weights, without references."""
    proved = nearness.proved_blocks(context.subject, blocks)
    omega = nearness.residual_weights(context.subject.model, proved, context.size)
    return Written(tuple(blocks), {"omega": omega})


def referenced(
    context: Context,
    blocks: list[SlotBlock | MatrixBlock],
    clusters: int = 1,
    tolerance: float = nearness.GROUP_TOLERANCE,
) -> Written:
    """Blocks with references: the mean of Q over the sampled pairs, or `clusters` centres over all pairs."""
    model = context.subject.model
    proved = nearness.proved_blocks(context.subject, blocks)
    tensors = {"omega": nearness.residual_weights(model, proved, context.size)}
    distance = nearness.distances(model, proved)
    n, e = model.order, model.group.identity
    if clusters <= 1:
        states = nearness.transported(model, proved, *context.subject.sample)
        references = states.mean(axis=0, dtype=np.float64)[None]
        least = nearness.margins(model, proved, references)[:, 0]
    else:
        x, y = np.divmod(np.arange(n * n), n)
        states = nearness.transported(model, proved, x, y)
        labels, references = nearness.cluster(states, nearness.block_scale(proved, distance), clusters)
        tensors["labels"] = labels.reshape(n, n).astype(np.int32)
        least = np.median(nearness.margins(model, proved, references), axis=1)
    tensors["references"] = references
    tensors["groups"] = nearness.output_groups(least, distance, e, tolerance).astype(np.int32)
    return Written(tuple(blocks), tensors)
