"""Networks of a run, trained in the company that their shape asks for: in stacks, or one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rhoset.training.company import company, company_size
from rhoset.training.manifest import TrainingRun
from rhoset.training.member import write_checkpoint, write_member
from rhoset.training.model import GroupNetwork
from rhoset.training.outcome import Evaluated, TrainingState
from rhoset.training.stacks.layout import numbers_of, stack_size, suits_stack
from rhoset.training.statefile import read_state, write_state
from rhoset.training.together import Hooks, Training

NEWS_SECONDS = 0.2
"""Evaluations are told at most so often; all of them are in the records."""

STEP_SECONDS, NUMBER_SECONDS = 5e-5, 1.5e-9
"""Time of a stack's step: a fixed part, and a part for each number that it goes through. Measured on one core with
AVX-512; only the choice between one process and several hangs on them."""

WORTH_A_PROCESS = 4.0
"""Seconds of work below which starting processes, each of which loads PyTorch, takes longer than it saves."""

Job = tuple[Path, tuple[int, ...]]
"""A run folder, and the indices of networks of it that one process trains together."""


def jobs_of(run: TrainingRun, indices: Sequence[int], shares: int, largest: int | None = None) -> list[Job]:
    """Cut networks into jobs: single ones, or stacks for `shares` processes with at most `largest` networks."""
    size = min(company_size(len(run.table), run.config), max(1, -(-len(indices) // shares)))
    size = min(size, largest or size)
    return [(run.path, tuple(indices[start : start + size])) for start in range(0, len(indices), size)]


def worth_processes(run: TrainingRun, count: int) -> bool:
    """Whether `count` networks of a run are work for more than one process: always, but for quick stacks."""
    n = len(run.table)
    if not suits_stack(n, run.config):
        return count > 1
    stacks = -(-count // stack_size(n, run.config))
    numbers = count * numbers_of(n, run.config)
    return run.config.max_steps * (STEP_SECONDS * stacks + NUMBER_SECONDS * numbers) > WORTH_A_PROCESS


def train_members(
    run: TrainingRun,
    indices: Sequence[int],
    *,
    threads: int = 1,
    state_every: float = 60.0,
    emit: Callable[[int, Evaluated], None] | None = None,
    device: str = "cpu",
) -> Iterator[dict[str, Any]]:
    """Train networks of a run and write their files; yields the row of each as it ends.

    Parameters
    ----------
    run
        The run.
    indices
        Which networks.
    threads
        Processor threads of a network that is trained by itself; a stack takes one.
    state_every
        Seconds between saves of the state; 0: after every step.
    emit
        Called with (index, evaluation), at most every `NEWS_SECONDS`.
    device
        ``cpu``, or where they are trained together.

    Notes
    -----
    A network's files hold nothing that depends on time or place, so that training again gives the same bytes. Its
    record is written first; it counts as finished when both are there.
    """
    for here, states in _companies(run, indices, device):
        members = _Members(run, here, emit, state_every)
        seeds = [run.first_seed + index for index in here]
        configs = [run.config] * len(here)
        with company(run.table, configs, seeds, states=states, threads=threads, device=device) as trainer:
            training = Training(trainer, states)
            for place, network, outcome, _ in training.run(Hooks(members.tell, members.snapshot, members.every_step)):
                row = write_member(run, here[place], network, outcome, threads)
                run.run.state_path(here[place]).unlink(missing_ok=True)
                yield row


def _companies(
    run: TrainingRun, indices: Sequence[int], device: str
) -> Iterator[tuple[Sequence[int], list[TrainingState | None]]]:
    """Networks that are trained together, with what was saved of each; on a device all of a company at one step."""
    size, shares = company_size(len(run.table), run.config, device), [list(indices)]

    def saved(index: int) -> TrainingState | None:
        return read_state(run.run.state_path(index), run.identity(index))

    if device != "cpu":
        by_step = dict[int, list[int]]()
        for index in indices:
            state = saved(index)
            by_step.setdefault(state.step if state else 0, []).append(index)
        shares = [by_step[step] for step in sorted(by_step, reverse=True)]
    for share in shares:
        for start in range(0, len(share), size):
            here = share[start : start + size]
            yield here, [saved(index) for index in here]


class _Members:
    """What is done on the way of networks of a run: news, snapshots, states."""

    def __init__(
        self,
        run: TrainingRun,
        indices: Sequence[int],
        emit: Callable[[int, Evaluated], None] | None,
        state_every: float,
    ) -> None:
        self.run, self.indices, self.emit, self.state_every = run, indices, emit, state_every
        self.saved, self.told = time.monotonic(), -NEWS_SECONDS

    def tell(self, news: list[tuple[int, Evaluated]]) -> None:
        if self.emit is not None and time.monotonic() - self.told >= NEWS_SECONDS:
            for place, now in news:
                self.emit(self.indices[place], now)
            self.told = time.monotonic()

    def snapshot(self, place: int, step: int, network: GroupNetwork) -> None:
        write_checkpoint(self.run, self.indices[place], step, network)

    def every_step(self, training: Training) -> None:
        if time.monotonic() - self.saved >= self.state_every:
            for place, state in training.states():
                index = self.indices[place]
                write_state(self.run.run.state_path(index), state, self.run.identity(index))
            self.saved = time.monotonic()
