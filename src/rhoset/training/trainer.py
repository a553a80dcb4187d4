"""Training one network: the loop, its stopping rule, what it reports, and its state for
resuming."""

from __future__ import annotations

import dataclasses
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from rhoset.training.batches import Batches, log_spaced, training_pairs
from rhoset.training.config import TrainConfig
from rhoset.training.kernel import PairCrossEntropy, PairLoss
from rhoset.training.labels import label_of
from rhoset.training.model import GroupNetwork, penalty
from rhoset.training.optimizers import (
    learning_rate,
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
)
from rhoset.training.pairs import some_pairs


@dataclass(frozen=True)
class Evaluated:
    """A network in training, on all n² pairs.

    Parameters
    ----------
    step
        Steps taken.
    loss, accuracy
        Mean cross-entropy (nats) and share right over all pairs.
    train_loss, train_accuracy, test_loss, test_accuracy
        The same over the training pairs and the others (nan where there are no others).
    """

    step: int
    loss: float
    accuracy: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float

    def to_list(self) -> list[float | None]:
        """The numbers in order, None for nan: as JSON holds them."""
        values = dataclasses.astuple(self)
        return [None if isinstance(v, float) and math.isnan(v) else v for v in values]

    @classmethod
    def from_list(cls, values: Sequence[float | None]) -> Evaluated:
        """The inverse of `to_list`."""
        step, *numbers = values
        assert step is not None
        return cls(int(step), *(math.nan if v is None else float(v) for v in numbers))


@dataclass(frozen=True)
class Outcome:
    """How training ended.

    Parameters
    ----------
    seed
        The network's.
    label
        ``generalised``, ``memorised``, ``undertrained`` or ``diverged`` (see
        `rhoset.training.labels`).
    reason
        Why it stopped: ``loss``, ``plateau``, ``max_steps``, ``non-finite``.
    final
        The last evaluation; for a diverged network the last finite one.
    steps
        Optimiser steps taken.
    generalised_at
        First evaluated step with test accuracy (accuracy where there is no test set) of at least
        `rhoset.training.labels.FULL_ACCURACY`; None when that never happened: the time is censored
        at `steps`.
    seconds
        Processor time of this process.
    history
        All evaluations.
    """

    seed: int
    label: str
    reason: str
    final: Evaluated
    steps: int
    generalised_at: int | None
    seconds: float
    history: tuple[Evaluated, ...] = field(default=(), repr=False)


@dataclass(eq=False)
class TrainingState:
    """All that a network in training is: resumed from it, training goes on bit for bit as if never
    stopped."""

    tensors: dict[str, torch.Tensor]
    step: int
    losses: list[float]
    history: list[Evaluated]
    seconds: float


class Trainer:
    """Trains one network; iterate to take steps.

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
        self.table, self.config, self.seed = table, config, seed
        n = len(table)
        self.network = GroupNetwork(n, config, seed)
        self.optimizer = make_optimizer(config, self.network.named_parameters())
        self.names = {p: name for name, p in self.network.named_parameters()}
        self.workspace = PairLoss(table, config.width, config.activation)
        chosen = training_pairs(n, config, seed)
        self.train_mask = torch.ones(n * n, dtype=torch.bool)
        if chosen is not None:
            self.train_mask.zero_()
            self.train_mask[torch.from_numpy(chosen)] = True
        self.train_mask = self.train_mask.view(n, n)
        self.batches: Batches | None = None
        self.full_batch = self.workspace.every_pair
        if config.batch:
            every = chosen if chosen is not None else np.arange(n * n, dtype=np.int64)
            self.batches = Batches(every, config.batch, seed)
        elif chosen is not None:
            self.full_batch = some_pairs(table, chosen, config.width)
        self.step, self.seconds = 0, 0.0
        self.losses: deque[float] = deque(maxlen=max(1, 2 * config.plateau_window))
        self.history: list[Evaluated] = []
        if state is not None:
            self._restore(state)

    def advance(self) -> float:
        """One step; returns the training loss before it (of this batch)."""
        self.step += 1
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.step)
        pairs = self.full_batch
        if self.batches is not None:
            pairs = some_pairs(self.table, self.batches.at(self.step), self.config.width)
        self.optimizer.zero_grad()
        tables = self.network.fold()
        loss = PairCrossEntropy.apply(*tables, self.workspace, pairs)
        objective = loss
        if self.config.cubic_decay:
            objective = loss + penalty(tables, self.config)
        objective.backward()
        self.optimizer.step()
        value = float(loss.detach())
        self.losses.append(value)
        return value

    def evaluate(self) -> Evaluated:
        """Loss and accuracy on all pairs, on the training pairs and on the others."""
        tables = [t.detach() for t in self.network.fold()]
        losses, correct = self.workspace.losses(*tables)
        return evaluated(self.step, losses, correct, self.train_mask)

    def state(self) -> TrainingState:
        """A copy of everything that training needs to go on."""
        tensors = {f"parameter.{name}": p.detach().clone() for p, name in self.names.items()} | optimizer_tensors(
            self.optimizer, self.names
        )
        return TrainingState(tensors, self.step, list(self.losses), list(self.history), self.seconds)

    def _restore(self, state: TrainingState) -> None:
        with torch.no_grad():
            for parameter, name in self.names.items():
                parameter.copy_(state.tensors[f"parameter.{name}"])
        restore_optimizer(self.optimizer, self.names, state.tensors)
        self.step, self.seconds = state.step, state.seconds
        self.losses.extend(state.losses)
        self.history = list(state.history)

    def run(
        self,
        on_evaluation: Callable[[Evaluated], None] | None = None,
        on_checkpoint: Callable[[int, GroupNetwork], None] | None = None,
        every_step: Callable[[Trainer], None] | None = None,
    ) -> Outcome:
        """Train until the stopping rule says so.

        Parameters
        ----------
        on_evaluation
            Called with every evaluation.
        on_checkpoint
            Called with (step, network) at the log-spaced steps.
        every_step
            Called after every step that did not stop training (to save the state, or to give up).
        """
        config = self.config
        marks = log_spaced(config.checkpoints, config.max_steps)
        started = time.process_time() - self.seconds
        if not self.history:
            self.history.append(self.evaluate())
        reason: str | None = None
        while reason is None:
            loss = self.advance()
            if not math.isfinite(loss):
                reason = "non-finite"
                break
            if on_checkpoint is not None and self.step in marks:
                on_checkpoint(self.step, self.network)
            if self.step % config.evaluate_every == 0 or self.step >= config.max_steps:
                now = self.evaluate()
                if not math.isfinite(now.loss):
                    reason = "non-finite"
                    break
                self.history.append(now)
                reason = stop_reason(config, now, self.losses)
                if on_evaluation is not None:
                    on_evaluation(now)
            self.seconds = time.process_time() - started
            if every_step is not None and reason is None:
                every_step(self)
        self.seconds = time.process_time() - started
        final = self.history[-1]
        return Outcome(
            seed=self.seed,
            label="diverged" if reason == "non-finite" else label_of(final),
            reason=reason,
            final=final,
            steps=self.step,
            generalised_at=first_generalised(self.history),
            seconds=self.seconds,
            history=tuple(self.history),
        )


def evaluated(step: int, losses: torch.Tensor, correct: torch.Tensor, train_mask: torch.Tensor) -> Evaluated:
    """Means of per-pair losses and correctness, (n, n), over all, training and other pairs."""

    def mean(values: torch.Tensor) -> float:
        return float(values.mean(dtype=torch.float64)) if values.numel() else math.nan

    return Evaluated(
        step=step,
        loss=mean(losses),
        accuracy=mean(correct),
        train_loss=mean(losses[train_mask]),
        train_accuracy=mean(correct[train_mask]),
        test_loss=mean(losses[~train_mask]),
        test_accuracy=mean(correct[~train_mask]),
    )


def stop_reason(config: TrainConfig, now: Evaluated, losses: Sequence[float]) -> str | None:
    """Why to stop after an evaluation, or None.

    Parameters
    ----------
    config
        The stopping rule.
    now
        The evaluation.
    losses
        Training losses of the last steps, at most two plateau windows of them.
    """
    if now.step >= config.min_steps and now.accuracy == 1:
        if now.loss <= config.stop_loss:
            return "loss"
        window = config.plateau_window
        if window and len(losses) == 2 * window:
            values = list(losses)
            before, after = sum(values[:window]) / window, sum(values[window:]) / window
            if after < config.plateau_loss and after > before * (1 - config.plateau_tolerance):
                return "plateau"
    return "max_steps" if now.step >= config.max_steps else None


def first_generalised(history: Sequence[Evaluated]) -> int | None:
    """First evaluated step at which the network was generalised, or None."""
    for now in history:
        if label_of(now) == "generalised":
            return now.step
    return None


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """torch with `count` threads inside the block; as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train_network(
    table: NDArray[np.int32], config: TrainConfig, seed: int, threads: int = 1
) -> tuple[GroupNetwork, Outcome]:
    """Train one network on this machine's processor.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    config
        Settings.
    seed
        Of the weights.
    threads
        Processor threads; results are reproducible for a thread count.

    Examples
    --------
    >>> import numpy as np
    >>> from rhoset.training import TrainConfig, train_network
    >>> table = ((np.arange(5)[:, None] + np.arange(5)) % 5).astype(np.int32)
    >>> network, outcome = train_network(table, TrainConfig(width=16, max_steps=200), seed=0)
    >>> outcome.label, outcome.steps
    ('generalised', 200)
    """
    with cpu_threads(threads):
        trainer = Trainer(table, config, seed)
        return trainer.network, trainer.run()
