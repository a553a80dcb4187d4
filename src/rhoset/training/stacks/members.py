"""Networks of a run, trained in the company that their shape asks for: in stacks, or one after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rhoset.training.manifest import TrainingRun
from rhoset.training.member import train_member, write_checkpoint, write_member
from rhoset.training.model import GroupNetwork
from rhoset.training.stacks.driving import Hooks, StackRun
from rhoset.training.stacks.layout import numbers_of, stack_size, suits_stack
from rhoset.training.stacks.stack import one_blas_thread
from rhoset.training.stacks.trainer import StackTrainer
from rhoset.training.statefile import read_state, write_state
from rhoset.training.trainer import Evaluated

NEWS_SECONDS = 0.2
"""A stack tells its evaluations at most so often; all of them are in the records."""

STEP_SECONDS, NUMBER_SECONDS = 5e-5, 1.5e-9
"""Time of a stack's step: a fixed part, and a part for each number that it goes through. Measured on one core with
AVX-512; only the choice between one process and several hangs on them."""

WORTH_A_PROCESS = 4.0
"""Seconds of work below which starting processes, each of which loads PyTorch, takes longer than it saves."""

Job = tuple[Path, tuple[int, ...]]
"""A run folder, and the indices of networks of it that one process trains together."""


def jobs_of(run: TrainingRun, indices: Sequence[int], shares: int, largest: int | None = None) -> list[Job]:
    """Cut networks into jobs: single ones, or stacks for `shares` processes with at most `largest` networks."""
    if not suits_stack(len(run.table), run.config):
        return [(run.path, (index,)) for index in indices]
    size = min(stack_size(len(run.table), run.config), max(1, -(-len(indices) // shares)))
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
    parent: int | None = None,
    emit: Callable[[int, Evaluated], None] | None = None,
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
    parent
        Process to give up with: training stops when this process is no longer the parent.
    emit
        Called with (index, evaluation).
    """
    if suits_stack(len(run.table), run.config):
        yield from _train_stack(run, indices, threads, state_every, parent, emit)
        return
    for index in indices:

        def tell(now: Evaluated, index: int = index) -> None:
            if emit is not None:
                emit(index, now)

        yield train_member(run, index, threads=threads, state_every=state_every, parent=parent, emit=tell)


def _train_stack(
    run: TrainingRun,
    indices: Sequence[int],
    threads: int,
    state_every: float,
    parent: int | None,
    emit: Callable[[int, Evaluated], None] | None,
) -> Iterator[dict[str, Any]]:
    saved, told = time.monotonic(), -NEWS_SECONDS

    def tell(news: list[tuple[int, Evaluated]]) -> None:
        nonlocal told
        if emit is not None and time.monotonic() - told >= NEWS_SECONDS:
            for place, now in news:
                emit(indices[place], now)
            told = time.monotonic()

    def snapshot(place: int, step: int, network: GroupNetwork) -> None:
        write_checkpoint(run, indices[place], step, network)

    def every_step(stack: StackRun) -> None:
        nonlocal saved
        if time.monotonic() - saved < state_every:
            return
        for place, state in stack.states():
            write_state(run.run.state_path(indices[place]), state, run.identity(indices[place]))
        saved = time.monotonic()

    def watch(stack: StackRun) -> None:
        if parent is not None and os.getppid() != parent:
            raise SystemExit(3)
        every_step(stack)

    states = [read_state(run.run.state_path(index), run.identity(index)) for index in indices]
    seeds = [run.first_seed + index for index in indices]
    with one_blas_thread():
        trainer = StackTrainer(run.table, [run.config] * len(seeds), seeds, states)
        for place, network, outcome, _ in StackRun(trainer, states).run(Hooks(tell, snapshot, watch)):
            row = write_member(run, indices[place], network, outcome, threads)
            run.run.state_path(indices[place]).unlink(missing_ok=True)
            yield row
