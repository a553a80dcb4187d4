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
from rhoset.training.convergence import Convergence
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
from rhoset.training.sampled import ALL_PAIRS, OutputSamples, evaluation_pairs, losses_on, sampled_loss


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
        Why it stopped: ``loss``, ``plateau``, ``converged``, ``max_steps``, ``non-finite``.
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
    sample
        Pairs of the final evaluation where they are a sample; None: all n².
    """

    seed: int
    label: str
    reason: str
    final: Evaluated
    steps: int
    generalised_at: int | None
    seconds: float
    history: tuple[Evaluated, ...] = field(default=(), repr=False)
    sample: int | None = None


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
        self.network = GroupNetwork(n, config, seed, torch_dtype(config))
        self.optimizer = make_optimizer(config, self.network.named_parameters())
        self.names = {p: name for name, p in self.network.named_parameters()}
        self.workspace = PairLoss(table, config.width, config.activation, torch_dtype(config))
        chosen = training_pairs(n, config, seed)
        self.train_mask = torch.ones(n * n, dtype=torch.bool)
        if chosen is not None:
            self.train_mask.zero_()
            self.train_mask[torch.from_numpy(chosen)] = True
        self.train_mask = self.train_mask.view(n, n)
        self.batches: Batches | None = None
        self.samples: OutputSamples | None = None
        self.seen = evaluation_pairs(n, config, seed)
        if config.sampled_outputs:
            self.samples = OutputSamples(table, config, seed)
        elif config.draws:
            every = chosen if chosen is not None else np.arange(n * n, dtype=np.int64)
            self.batches = Batches(every, config, seed)
        else:
            every_pair = self.workspace.every_pair if chosen is None else some_pairs(table, chosen, config.width)
            self.full_batch = every_pair
        self.step, self.seconds = 0, 0.0
        self.convergence = Convergence([config])
        self.losses: deque[float] = deque(maxlen=max(1, 2 * config.plateau_window))
        self.history: list[Evaluated] = []
        if state is not None:
            self._restore(state)

    def advance(self) -> float:
        """One step; returns the training loss before it (of this batch)."""
        with flushed_denormals(self.samples is not None):
            return self._advance()

    def _advance(self) -> float:
        self.step += 1
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.step)
        self.optimizer.zero_grad()
        loss = objective = self._loss()
        if self.config.cubic_decay:
            objective = loss + penalty(self.network.fold(), self.config)
        objective.backward()
        value = float(loss.detach())
        self.losses.append(value)
        if self.convergence.wanted:
            before = self._flat()
            if self.convergence.look(np.array([value]), before):
                self.step -= 1
                return value
        self.optimizer.step()
        if self.convergence.wanted:
            after = self._flat()
            self.convergence.moved(before - after, after)
        return value

    def _loss(self) -> torch.Tensor:
        """The training loss of this step's pairs."""
        if self.samples is not None:
            return sampled_loss(dict(self.network.named_parameters()), self.samples.at(self.step), self.config)
        if self.batches is not None:
            pairs = some_pairs(self.table, self.batches.at(self.step), self.config.width)
        else:
            pairs = self.full_batch
        loss: torch.Tensor = PairCrossEntropy.apply(*self.network.fold(), self.workspace, pairs)  # type: ignore[no-untyped-call]
        return loss

    def _flat(self) -> NDArray[np.floating]:
        """All parameters as one row (1, P)."""
        with torch.no_grad():
            return np.asarray(torch.cat([p.detach().reshape(-1) for p in self.names])[None].numpy())

    def objective(self, loss: float) -> float:
        """A loss with the decay term ½·weight_decay·‖θ‖²."""
        theta = self._flat()[0].astype(np.float64)
        return loss + 0.5 * self.config.weight_decay * float(theta @ theta)

    def evaluate(self, every_pair: bool = False) -> Evaluated:
        """Loss and accuracy on the pairs that are evaluated on the way (or all), on those of them that are for
        training, and on the others."""
        left, right, unembed, bias = (t.detach() for t in self.network.fold())
        if self.seen is None or every_pair:
            losses, correct = self.workspace.losses(left, right, unembed, bias)
            return evaluated(self.step, losses, correct, self.train_mask)
        losses, correct = losses_on((left, right, unembed, bias), self.table, self.seen, self.config.activation)
        return evaluated(self.step, losses, correct, self.train_mask.view(-1)[torch.from_numpy(self.seen)])

    def state(self) -> TrainingState:
        """A copy of everything that training needs to go on."""
        tensors = {f"parameter.{name}": p.detach().clone() for p, name in self.names.items()} | optimizer_tensors(
            self.optimizer, self.names
        )
        tensors["convergence"] = torch.from_numpy(self.convergence.state(0))
        return TrainingState(tensors, self.step, list(self.losses), list(self.history), self.seconds)

    def _restore(self, state: TrainingState) -> None:
        with torch.no_grad():
            for parameter, name in self.names.items():
                parameter.copy_(state.tensors[f"parameter.{name}"])
        restore_optimizer(self.optimizer, self.names, state.tensors)
        self.convergence.restore(0, state.tensors["convergence"].numpy())
        self.step, self.seconds = state.step, state.seconds
        self.losses.extend(state.losses)
        self.history = list(state.history)

    def run(
        self,
        on_evaluation: Callable[[Evaluated], None] | None = None,
        on_checkpoint: Callable[[int, GroupNetwork], None] | None = None,
        every_step: Callable[[Trainer], None] | None = None,
        snapshots: Sequence[int] = (),
    ) -> Outcome:
        """Train until the stopping rule says so.

        Parameters
        ----------
        on_evaluation
            Called with every evaluation; where training goes on from a state, with its last one first.
        on_checkpoint
            Called with (step, network) at the log-spaced steps.
        every_step
            Called after every step that did not stop training (to save the state, or to give up).
        snapshots
            Steps at which `on_checkpoint` is called beside the log-spaced ones.
        """
        config = self.config
        marks = log_spaced(config.checkpoints, config.max_steps) | frozenset(snapshots)
        started = time.process_time() - self.seconds
        if not self.history:
            self.history.append(self.evaluate())
        if on_evaluation is not None:  # at once, so that whoever waits for a large group knows that it goes on
            on_evaluation(self.history[-1])
        reason: str | None = None
        while reason is None:
            loss = self.advance()
            if not math.isfinite(loss):
                reason = "non-finite"
                break
            if self.convergence.done:
                reason = "converged"
                if self.history[-1].step != self.step:
                    self.history.append(self.evaluate())
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
        sample = None if self.seen is None else len(self.seen)
        if sample is not None and len(self.table) ** 2 <= ALL_PAIRS and reason != "non-finite":
            self.history[-1], sample = self.evaluate(every_pair=True), None
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
            sample=sample,
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


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """torch with `count` threads inside the block; as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def torch_dtype(config: TrainConfig) -> torch.dtype:
    """The type of a configuration's `precision`."""
    return torch.float64 if config.precision == "float64" else torch.float32
