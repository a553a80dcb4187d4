"""The loop over a stack: steps between events, evaluations, stopping, snapshots, news, and each network's outcome."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.training.batches import log_spaced
from rhoset.training.labels import label_of
from rhoset.training.model import GroupNetwork
from rhoset.training.stacks.trainer import StackTrainer
from rhoset.training.trainer import Evaluated, Outcome, TrainingState, first_generalised, stop_reason


@dataclass(frozen=True)
class Hooks:
    """What the caller of a stack wants to hear, by the network's place among those it asked for.

    Parameters
    ----------
    on_evaluations
        Called with (place, evaluation) of all networks that were evaluated.
    on_snapshot
        Called with (place, step, network) at its steps.
    every_step
        Called after every step.
    """

    on_evaluations: Callable[[list[tuple[int, Evaluated]]], None] | None = None
    on_snapshot: Callable[[int, int, GroupNetwork], None] | None = None
    every_step: Callable[[StackRun], None] | None = None


class StackRun:
    """A stack on its way; iterate over `run`.

    Parameters
    ----------
    trainer
        The stack.
    states
        What it was restored from (history, losses, seconds), for each network.
    snapshots
        Steps at which `Hooks.on_snapshot` is called, beside each network's log-spaced ones.
    """

    def __init__(
        self,
        trainer: StackTrainer,
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
        self._recent: list[NDArray[np.float64]] = []
        self._clock = time.process_time()

    def run(self, hooks: Hooks) -> Iterator[tuple[int, GroupNetwork, Outcome, float]]:
        """Train; yields (place, network, outcome, objective) of each network when its own rule ends it."""
        if any(not h for h in self.history):
            for row, now in enumerate(self.trainer.evaluate()):
                if not self.history[self.places[row]]:
                    self.history[self.places[row]].append(now)
        while self.places:
            self._steps(hooks)
            self._gather()
            ended = self._events(hooks)
            for row, reason in ended.items():
                yield self._outcome(row, reason)
            if ended:
                rows = [row for row in range(len(self.places)) if row not in ended]
                self.places = [self.places[row] for row in rows]
                self.trainer.keep(rows)

    def _steps(self, hooks: Hooks) -> None:
        """Steps up to the next event of any network."""
        for _ in range(min(self._until(row) for row in range(len(self.places)))):
            losses = self.trainer.advance()
            self._recent.append(losses)
            if self.trainer.converged or not np.isfinite(losses).all():
                return
            if hooks.every_step is not None:
                hooks.every_step(self)

    def _until(self, row: int) -> int:
        """Steps of a network to its next evaluation, snapshot or end; at least 1."""
        step, config = int(self.trainer.steps[row]), self.trainer.configs[row]
        later = [config.evaluate_every - step % config.evaluate_every, config.max_steps - step]
        later += [mark - step for mark in self.marks[self.places[row]]]
        return min((wait for wait in later if wait > 0), default=1)

    def _gather(self) -> None:
        """The losses and the time since the last call, to each network its part."""
        now = time.process_time()
        share = (now - self._clock) / max(1, len(self.places))
        self._clock = now
        columns = np.stack(self._recent, 1).tolist() if self._recent else [[] for _ in self.places]
        for place, column in zip(self.places, columns, strict=True):
            self.losses[place].extend(column)
            self.seconds[place] += share
        self._recent = []

    def _events(self, hooks: Hooks) -> dict[int, str]:
        """Snapshots and evaluations that are due; which rows end, and why."""
        trainer = self.trainer
        ended = {row: "non-finite" for row, place in enumerate(self.places) if not np.isfinite(self.losses[place][-1])}
        due = []
        for row, place in enumerate(self.places):
            step, config = int(trainer.steps[row]), trainer.configs[row]
            if row in ended:
                continue
            if hooks.on_snapshot is not None and step in self.marks[place]:
                hooks.on_snapshot(place, step, trainer.network(row))
            if row in trainer.converged or step % config.evaluate_every == 0 or step >= config.max_steps:
                due.append(row)
        if not due:
            return ended
        evaluations, news = trainer.evaluate(), []
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
        history = self.history[place]
        outcome = Outcome(
            seed=trainer.seeds[row],
            label="diverged" if reason == "non-finite" else label_of(history[-1]),
            reason=reason,
            final=history[-1],
            steps=int(trainer.steps[row]),
            generalised_at=first_generalised(history),
            seconds=self.seconds[place],
            history=tuple(history),
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
