"""Training one network by the kernel: shapes whose pairs fill blocks of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from rhoset.groups.arrays import mask_of
from rhoset.training.batches import Batches, training_pairs
from rhoset.training.config import TrainConfig
from rhoset.training.curriculum import Curriculum
from rhoset.training.encoding import encoded_loss
from rhoset.training.kernel import PairCrossEntropy, PairLoss
from rhoset.training.model import first_network, penalty
from rhoset.training.optimizers import (
    learning_rate,
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
)
from rhoset.training.outcome import Evaluated, TrainingState, evaluated
from rhoset.training.pairs import some_pairs
from rhoset.training.sampled import ALL_PAIRS, OutputSamples, evaluation_pairs, losses_on, sampled_loss
from rhoset.training.together import Together


class Trainer(Together):
    """One network in training; `advance` takes a step, `rhoset.training.together.Training` all of them.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    config
        Settings.
    seed
        Of the initial weights, the batches and (where `split_seed` is None) the split.
    state
        Where to go on, from `state`.

    Notes
    -----
    A full-batch step takes 6·n²·m·n floating-point operations; memory is the parameters, their
    optimiser state and one block of pairs. Deterministic for a machine, a torch version and a
    thread count.
    """

    def __init__(
        self,
        table: NDArray[np.int32],
        config: TrainConfig,
        seed: int,
        state: TrainingState | None = None,
    ) -> None:
        super().__init__(table, [config], [seed])
        self.config, n = config, len(table)
        self.module = first_network(table, config, seed, self.dtype)
        self.optimizer = make_optimizer(config, self.module.named_parameters())
        self.names = {p: name for name, p in self.module.named_parameters()}
        self.workspace = self.stage = PairLoss(table, config.width, config.activation, self.dtype)
        self.curriculum = Curriculum(table, config)
        chosen = training_pairs(n, config, seed)
        self.train_mask = torch.from_numpy(mask_of(n * n, slice(None) if chosen is None else chosen)).view(n, n)
        self.batches: Batches | None = None
        self.samples: OutputSamples | None = None
        self.seen = evaluation_pairs(n, config, seed)
        self.sample = None if self.seen is None else len(self.seen)
        if config.sampled_outputs:
            self.samples = OutputSamples(table, config, seed)
        elif config.draws:
            every = chosen if chosen is not None else np.arange(n * n, dtype=np.int64)
            self.batches = Batches(every, config, seed, self.curriculum)
        else:
            every_pair = self.workspace.every_pair if chosen is None else some_pairs(table, chosen, config.width)
            self.full_batch = every_pair
        self.step = 0
        if state is not None:
            self._restore(state)

    @property
    def steps(self) -> Sequence[int]:
        """Steps taken."""
        return (self.step,)

    def advance(self) -> NDArray[np.float64]:
        """One step; returns the training loss (1,) before it, of its pairs."""
        with flushed_denormals(self.samples is not None or bool(self.curriculum.stages)):
            return self._advance()

    def _advance(self) -> NDArray[np.float64]:
        self.step += 1
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.step)
            if group["weight_decay"]:
                group["weight_decay"] = self.curriculum.weight_decay(self.step)
        self.optimizer.zero_grad()
        loss = objective = self._loss()
        if self.config.cubic_decay:
            objective = loss + penalty(self.module.fold(), self.config)
        objective.backward()
        losses = np.array([float(loss.detach())])
        if self.convergence.wanted:
            before = self._flat()
            if self.convergence.look(losses, before):
                self.step -= 1
                return losses
        self.optimizer.step()
        if self.convergence.wanted:
            after = self._flat()
            self.convergence.moved(before - after, after)
        return losses

    def _loss(self) -> torch.Tensor:
        """The training loss of this step's pairs."""
        if self.samples is not None:
            return sampled_loss(dict(self.module.named_parameters()), self.samples.at(self.step), self.config)
        if self.batches is not None and self.config.encoding_subgroup:
            known = dict(self.module.named_parameters()) | self.module.fixed
            return encoded_loss(known, self.batches.at(self.step), self.table, self.config.activation)
        tables, work = self.module.fold(), self.workspace
        if self.batches is not None:
            chosen, k, n = self.batches.at(self.step), self.curriculum.among(self.step), len(self.table)
            if k < n:
                tables, work = tables.first(k), self._stage_of(k)
                chosen = chosen // n * k + chosen % n
            pairs = some_pairs(work.table, chosen, self.config.width)
        else:
            pairs = self.full_batch
        loss: torch.Tensor = PairCrossEntropy.apply(*tables, work, pairs)  # type: ignore[no-untyped-call]
        return loss

    def _stage_of(self, elements: int) -> PairLoss:
        """The workspace of the subgroup of the first elements; the last one is kept."""
        if self.stage.n != elements:
            table = np.ascontiguousarray(self.table[:elements, :elements])
            self.stage = PairLoss(table, self.config.width, self.config.activation, self.dtype)
        return self.stage

    def _flat(self) -> NDArray[np.floating]:
        """All parameters as one row (1, P)."""
        with torch.no_grad():
            return np.asarray(torch.cat([p.detach().reshape(-1) for p in self.names])[None].numpy())

    def evaluate(self, every_pair: bool = False) -> Evaluated:
        """Loss and accuracy on the pairs that are evaluated on the way (or all), on those of them that are for
        training, and on the others."""
        left, right, unembed, bias = (t.detach() for t in self.module.fold())
        if self.seen is None or every_pair:
            losses, correct = self.workspace.losses(left, right, unembed, bias)
            return evaluated(self.step, losses, correct, self.train_mask)
        losses, correct = losses_on((left, right, unembed, bias), self.table, self.seen, self.config.activation)
        return evaluated(self.step, losses, correct, self.train_mask.view(-1)[torch.from_numpy(self.seen)])

    def evaluations(self) -> list[Evaluated]:
        """As `evaluate`."""
        return [self.evaluate()]

    def last(self, now: Evaluated) -> tuple[Evaluated, int | None]:
        """On all pairs, where a sample was seen on the way and all can be afforded."""
        if self.seen is None or len(self.table) ** 2 > ALL_PAIRS:
            return now, self.sample
        return self.evaluate(every_pair=True), None

    def values(self, row: int = 0) -> dict[str, torch.Tensor]:
        """The parameters, which a step changes."""
        return {name: p.detach() for p, name in self.names.items()}

    def moments(self, row: int = 0) -> dict[str, torch.Tensor]:
        """What the optimiser remembers."""
        return optimizer_tensors(self.optimizer, self.names)

    def _restore(self, state: TrainingState) -> None:
        with torch.no_grad():
            for parameter, name in self.names.items():
                parameter.copy_(state.tensors[f"parameter.{name}"])
        restore_optimizer(self.optimizer, self.names, state.tensors)
        self.convergence.restore(0, state.tensors["convergence"].numpy())
        self.step = state.step


@contextmanager
def flushed_denormals(wanted: bool) -> Iterator[None]:
    """This thread's denormal numbers are zero inside the block, if wanted. Rows that a sample leaves out decay
    until they are denormal; with S7 a step then takes three times as long."""
    if wanted:
        torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if wanted:
            torch.set_flush_denormal(False)
