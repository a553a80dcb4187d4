"""The loop over networks that take their steps together, whatever the arithmetic: steps between events, evaluations,
stopping, snapshots, news, and each network's outcome."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rhoset.training.batches import log_spaced
from rhoset.training.config import TrainConfig
from rhoset.training.convergence import Convergence
from rhoset.training.model import GroupNetwork, check_start, first_network
from rhoset.training.outcome import Evaluated, Outcome, TrainingState, first_generalised, label_of, stop_reason


class Together(ABC):
    """Networks of one shape that take their steps together: the kernel trains one, a stack many small ones, a device
    a hundred. A row is a network's place among those that are left.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    configs, seeds
        One for each network.
    dtype
        Of the parameters; that of the configuration when None.
    """

    clock: Callable[[], float] = staticmethod(time.process_time)
    """What `Outcome.seconds` are measured by."""
    sample: int | None = None
    """Pairs of an evaluation on the way where they are a sample; None: all n²."""

    def __init__(
        self,
        table: NDArray[np.int32],
        configs: Sequence[TrainConfig],
        seeds: Sequence[int],
        dtype: torch.dtype | None = None,
    ) -> None:
        self.table, self.configs, self.seeds = table, list(configs), list(seeds)
        self.dtype = dtype or torch_dtype(configs[0])
        self.convergence = Convergence(self.configs)
        for path in {config.start_from for config in configs if config.start_from}:
            check_start(table, path)

    @property
    @abstractmethod
    def steps(self) -> Sequence[int] | NDArray[np.int64]:
        """Steps taken, of each."""

    @abstractmethod
    def advance(self) -> Any:
        """One step of all; returns the training losses (k,) before it, of its pairs: an array, or a tensor of a device
        that nobody should wait for. Those found converged before their step do not take it (`converged`)."""

    @abstractmethod
    def evaluations(self) -> list[Evaluated]:
        """Each of them on the pairs that are looked at on the way: `sample` of them."""

    def last(self, now: Evaluated) -> tuple[Evaluated, int | None]:
        """The evaluation that a network ends with, and its `sample`."""
        return now, self.sample

    @abstractmethod
    def values(self, row: int) -> dict[str, torch.Tensor]:
        """The parameters of one network by name, on the processor; to be copied."""

    @abstractmethod
    def moments(self, row: int) -> dict[str, torch.Tensor]:
        """What the optimiser remembers of one network, as ``PARAMETER.ENTRY``; to be copied."""

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these networks only."""
        self.seeds, self.configs = [self.seeds[i] for i in rows], [self.configs[i] for i in rows]
        self.convergence.keep(rows)

    @property
    def converged(self) -> tuple[int, ...]:
        """Rows that the last `advance` found converged."""
        return self.convergence.done

    def network(self, row: int) -> GroupNetwork:
        """A copy of one network as a module."""
        config = self.configs[row].replace(start_from="")  # its values come from here
        network = first_network(self.table, config, self.seeds[row], self.dtype)
        values = self.values(row)
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(values[name])
        return network

    def objective(self, row: int, loss: float) -> float:
        """A loss of one network with the decay term ½·weight_decay·‖θ‖²."""
        theta = np.concatenate([value.numpy().reshape(-1) for value in self.values(row).values()]).astype(np.float64)
        return loss + 0.5 * self.configs[row].weight_decay * float(theta @ theta)

    def state(self, row: int) -> TrainingState:
        """A copy of all that one network needs to go on; its losses, history and seconds are the loop's."""
        tensors = {f"parameter.{name}": value for name, value in self.values(row).items()}
        tensors |= {f"optimizer.{name}": value for name, value in self.moments(row).items()}
        tensors["convergence"] = torch.from_numpy(self.convergence.state(row))
        copies = {name: value.clone(memory_format=torch.contiguous_format) for name, value in tensors.items()}
        return TrainingState(copies, int(self.steps[row]), [], [], 0.0)


def torch_dtype(config: TrainConfig) -> torch.dtype:
    """The type of a configuration's `precision`."""
    return torch.float64 if config.precision == "float64" else torch.float32


@dataclass(frozen=True)
class Hooks:
    """What the caller of the loop wants to hear, by a network's place among those it asked for.

    Parameters
    ----------
    on_evaluations
        Called with (place, evaluation) of all networks that were evaluated, and before the first step with the latest
        one of each, so that whoever waits for a large group knows that it goes on.
    on_snapshot
        Called with (place, step, network) at its steps.
    every_step
        Called after every step that leaves a network to train (to save states, or to give up).
    """

    on_evaluations: Callable[[list[tuple[int, Evaluated]]], None] | None = None
    on_snapshot: Callable[[int, int, GroupNetwork], None] | None = None
    every_step: Callable[[Training], None] | None = None


class Training:
    """Networks on their way; iterate over `run`.

    Parameters
    ----------
    trainer
        The networks.
    states
        What each was restored from (history, losses, seconds).
    snapshots
        Steps at which `Hooks.on_snapshot` is called, beside each network's log-spaced ones.
    """

    def __init__(
        self,
        trainer: Together,
        states: Sequence[TrainingState | None] | None = None,
        snapshots: Sequence[int] = (),
    ) -> None:
        self.trainer = trainer
        count = len(trainer.seeds)
        known = list(states) if states is not None else [None] * count
        self.places = list(range(count))
        self.history = [list(s.history) if s else [] for s in known]
        self.losses = [
            deque(s.losses if s else [], maxlen=max(1, 2 * c.plateau_window))
            for s, c in zip(known, trainer.configs, strict=True)
        ]
        self.seconds = [s.seconds if s else 0.0 for s in known]
        self.marks = [log_spaced(c.checkpoints, c.max_steps) | frozenset(snapshots) for c in trainer.configs]
        self._recent: list[Any] = []
        self._since = trainer.clock()

    def run(self, hooks: Hooks) -> Iterator[tuple[int, GroupNetwork, Outcome, float]]:
        """Train; yields (place, network, outcome, objective) of each network when its own rule ends it. One whose loss
        is not finite ends alone."""
        if not all(self.history):
            for place, now in enumerate(self.trainer.evaluations()):
                self.history[place] = self.history[place] or [now]
        if hooks.on_evaluations is not None:
            hooks.on_evaluations([(place, history[-1]) for place, history in enumerate(self.history)])
        while self.places:
            self._steps(hooks)
            ended = self._events(hooks, self._gather())
            for row, reason in ended.items():
                yield self._outcome(row, reason)
            if ended:
                rows = [row for row in range(len(self.places)) if row not in ended]
                self.places = [self.places[row] for row in rows]
                self.trainer.keep(rows)
            if self.places and hooks.every_step is not None:
                hooks.every_step(self)

    def _steps(self, hooks: Hooks) -> None:
        """Steps up to the next event of any network."""
        count = min(self._until(row) for row in range(len(self.places)))
        for taken in range(1, count + 1):
            losses = self.trainer.advance()
            self._recent.append(losses)
            over = isinstance(losses, np.ndarray) and not np.isfinite(losses).all()
            if taken == count or self.trainer.converged or over:
                return
            if hooks.every_step is not None:
                hooks.every_step(self)

    def _until(self, row: int) -> int:
        """Steps of a network to its next evaluation, snapshot or end; at least 1."""
        step, config = int(self.trainer.steps[row]), self.trainer.configs[row]
        later = [config.evaluate_every - step % config.evaluate_every, config.max_steps - step]
        later += [mark - step for mark in self.marks[self.places[row]]]
        return min((wait for wait in later if wait > 0), default=1)

    def _gather(self) -> list[bool]:
        """The losses and the time since the last call, to each network its part; whether its losses were finite."""
        now = self.trainer.clock()
        share = (now - self._since) / max(1, len(self.places))
        self._since = now
        recent = [torch.as_tensor(losses) for losses in self._recent]
        columns = torch.stack(recent, 1).cpu().numpy() if recent else np.empty((len(self.places), 0))
        for place, column in zip(self.places, columns, strict=True):
            self.losses[place].extend(column.tolist())
            self.seconds[place] += share
        self._recent = []
        return [bool(np.isfinite(column).all()) for column in columns]

    def _events(self, hooks: Hooks, finite: Sequence[bool]) -> dict[int, str]:
        """Snapshots and evaluations that are due; which rows end, and why."""
        trainer, due = self.trainer, list[int]()
        ended = {row: "non-finite" for row in range(len(self.places)) if not finite[row]}
        for row, place in enumerate(self.places):
            step, config = int(trainer.steps[row]), trainer.configs[row]
            if row in ended:
                continue
            if row in trainer.converged:
                due.append(row)
                continue
            if hooks.on_snapshot is not None and step in self.marks[place]:
                hooks.on_snapshot(place, step, trainer.network(row))
            if step % config.evaluate_every == 0 or step >= config.max_steps:
                due.append(row)
        if not due:
            return ended
        evaluations, news = trainer.evaluations(), []
        for row in due:
            place, now = self.places[row], evaluations[row]
            if not np.isfinite(now.loss):
                ended[row] = "non-finite"
                continue
            if self.history[place][-1].step != now.step:
                self.history[place].append(now)
            reason = stop_reason(trainer.configs[row], now, self.losses[place])
            if row in trainer.converged:
                reason = "converged"
            if reason is not None:
                ended[row] = reason
            news.append((place, now))
        if hooks.on_evaluations is not None and news:
            hooks.on_evaluations(news)
        return ended

    def _outcome(self, row: int, reason: str) -> tuple[int, GroupNetwork, Outcome, float]:
        place, trainer = self.places[row], self.trainer
        history, sample = self.history[place], trainer.sample
        if reason != "non-finite":
            history[-1], sample = trainer.last(history[-1])
        outcome = Outcome(
            seed=trainer.seeds[row],
            label="diverged" if reason == "non-finite" else label_of(history[-1]),
            reason=reason,
            final=history[-1],
            steps=int(trainer.steps[row]),
            generalised_at=first_generalised(history),
            seconds=self.seconds[place],
            history=tuple(history),
            sample=sample,
        )
        return place, trainer.network(row), outcome, trainer.objective(row, history[-1].train_loss)

    def states(self) -> Iterator[tuple[int, TrainingState]]:
        """(place, state) of every network still in training, complete: to be written down and gone on from."""
        self._gather()
        for row, place in enumerate(self.places):
            state = self.trainer.state(row)
            state.losses = list(self.losses[place])
            state.history, state.seconds = list(self.history[place]), self.seconds[place]
            yield place, state
