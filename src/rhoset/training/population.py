"""Populations: many networks that differ in their seed alone, trained by several processes into one
run folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.networks import Network
from rhoset.networks.runs import Run
from rhoset.processes import cores
from rhoset.summaries import Shown
from rhoset.training.config import TrainConfig
from rhoset.training.instances import DEVICE_INSTANCES, device_named, train_instances
from rhoset.training.manifest import TrainingRun, Wanted, open_or_create, open_training_run
from rhoset.training.member import finished_row, write_checkpoint, write_member
from rhoset.training.model import GroupNetwork
from rhoset.training.pool import Failed, Finished, News, train_in_processes
from rhoset.training.runlock import locked
from rhoset.training.single import train_network
from rhoset.training.stacks.members import jobs_of, train_members, worth_processes
from rhoset.training.trainer import Evaluated

SAVE_SECONDS = 0.5
"""The table of results is written at most so often while networks finish; their records are written at once, and a
run that goes on makes the table from them."""


@dataclass(frozen=True)
class Progress:
    """News of a population in training.

    Parameters
    ----------
    index, seed
        Which network.
    now
        Its latest evaluation; None when the news is that it is finished.
    row
        Its row in the table of results when it is finished.
    done, total
        Networks finished, and wanted.
    seconds_left
        Estimated wall-clock seconds to the end; None before the first estimate.
    """

    index: int
    seed: int
    now: Evaluated | None
    row: Mapping[str, Any] | None
    done: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Population(Shown):
    """A run of training that is finished.

    Parameters
    ----------
    run
        The folder.
    rows
        The table of results, by index.
    notes
        What a user should know: another machine or thread count than the run began with, damaged
        files trained again.
    """

    run: Run
    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]


@public
def train_population(
    group: Group,
    config: TrainConfig,
    models: int,
    out: str | Path,
    *,
    first_seed: int = 0,
    workers: int | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    state_every: float = 60.0,
    device: str = "cpu",
) -> Population:
    """Train networks with seeds first_seed … first_seed + models − 1 into a run folder.

    A run that was stopped, at any moment and by any means, goes on when called again with the same
    settings; with more models it grows. Network i is bit-identical to training it alone with its
    seed, whatever `workers` is.

    Parameters
    ----------
    group
        What to learn.
    config
        How.
    models
        Networks in all.
    out
        The run folder.
    first_seed
        Seed of network 0.
    workers
        Processes; the cores there are when None. One trains in this process.
    threads
        Processor threads for each network. Results depend on it in the last bits.
    progress
        Called in this process with the news of every evaluation and every finished network.
    state_every
        Seconds between saves of the state of a network in training.
    device
        ``cpu``: processes on this machine. Any other torch device, such as ``cuda:0``: the networks
        are trained together there with an instance axis, `DEVICE_INSTANCES` at a time; the results
        then agree with the processor's to rounding, not to the bit.

    Raises
    ------
    RhosetError
        ``bad-device``, ``run-settings-differ``, ``run-busy``, ``run-exists``, ``bad-run``,
        ``bad-setting``, ``worker-died``.
    """
    if models < 1 or first_seed < 0 or threads < 1 or (workers is not None and workers < 1):
        raise RhosetError(
            f"models {models}, first_seed {first_seed}, workers {workers}, threads {threads}: "
            "models, workers and threads must be at least 1, first_seed at least 0",
            slug="bad-setting",
        )
    path = Path(out)
    if device != "cpu":
        device_named(device)
    with prepared(path):
        training, notes = open_or_create(path, Wanted(group, config, models, first_seed, threads, device))
        rows = {i: row for i in range(training.models) if (row := finished_row(training, i))}
        damaged = [i for i in range(models) if i not in rows and training.run.network_path(i).exists()]
        if damaged:
            notes = (*notes, f"networks {damaged} were incomplete or damaged and are trained again")
        todo = [i for i in range(models) if i not in rows]
        _save(training, rows)
        saved = time.monotonic()
        wanted = workers or (cores() if worth_processes(training, len(todo)) else 1)
        count = min(wanted, max(1, len(todo)))
        clock = _Clock(len(todo), config.max_steps)
        if device == "cpu":
            events = _events(training, todo, count, threads, state_every, progress, rows, clock)
        else:
            events = _on_device(training, todo, device, threads)
        for event in events:
            if isinstance(event, Failed):
                raise RhosetError(event.message, slug=event.slug)
            if isinstance(event, Finished):
                rows[event.index] = event.row
                clock.finished(event.index, int(event.row["steps"]))
                if time.monotonic() - saved >= SAVE_SECONDS or len(rows) == training.models:
                    _save(training, rows)
                    saved = time.monotonic()
            else:
                clock.at(event.index, event.now.step)
            if progress is not None:
                progress(_news(training, event, rows, models, clock, count))
    return Population(training.run, tuple(rows[i] for i in sorted(rows)), notes)


@public
def retrain(run: str | Path, index: int, threads: int | None = None) -> Network:
    """Train network `index` of a run again from its manifest, alone, in memory.

    On the machine, versions and thread count that the manifest records the result is bit-identical
    to the file.

    Parameters
    ----------
    run
        A run folder that training made.
    index
        Which network.
    threads
        Processor threads; those of the manifest when None.

    Raises
    ------
    RhosetError
        ``bad-run``; ``no-such-network`` for an index that the run does not have.
    """
    training = open_training_run(Path(run))
    if not 0 <= index < training.models:
        raise RhosetError(f"{run} has networks 0 to {training.models - 1}, not {index}", slug="no-such-network")
    recorded = training.run.manifest.get("environment", {}).get("threads", 1)
    seed = training.first_seed + index
    network, _ = train_network(training.table, training.config, seed, threads or int(recorded))
    return network.to_network(training.table, training.described)


def prepared(path: Path) -> AbstractContextManager[None]:
    """Makes the folder of a run and holds its lock inside the block."""
    if path.is_file():
        raise RhosetError(f"{path} is a file; give a folder for the run", slug="run-exists")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RhosetError(f"cannot make the folder {path}: {error.strerror or error}", slug="cannot-write") from None
    return locked(path)


def _on_device(training: TrainingRun, todo: list[int], device: str, threads: int) -> Iterator[News | Finished]:
    first, path = training.first_seed, training.path
    for start in range(0, len(todo), DEVICE_INSTANCES):
        seeds = [first + index for index in todo[start : start + DEVICE_INSTANCES]]
        news: list[News] = []

        def emit(seed: int, now: Evaluated, news: list[News] = news) -> None:
            news.append(News(path, seed - first, now))

        def checkpoint(seed: int, step: int, network: GroupNetwork) -> None:
            write_checkpoint(training, seed - first, step, network)

        trained = train_instances(training.table, training.config, seeds, device_named(device), emit, checkpoint)
        for network, outcome, _ in trained:
            index = outcome.seed - first
            yield from news
            news.clear()
            yield Finished(path, index, write_member(training, index, network, outcome, threads))


def _events(
    training: TrainingRun,
    todo: list[int],
    workers: int,
    threads: int,
    state_every: float,
    progress: Callable[[Progress], None] | None,
    rows: Mapping[int, Mapping[str, Any]],
    clock: _Clock,
) -> Iterator[News | Finished | Failed]:
    if workers > 1:
        yield from train_in_processes(jobs_of(training, todo, workers), workers, threads, state_every)
        return

    def emit(index: int, now: Evaluated) -> None:
        clock.at(index, now.step)
        if progress is not None:
            total = training.models
            progress(_news(training, News(training.path, index, now), rows, total, clock, workers))

    for _, indices in jobs_of(training, todo, 1):
        for row in train_members(training, indices, threads=threads, state_every=state_every, emit=emit):
            yield Finished(training.path, row["index"], row)


def _news(
    training: TrainingRun,
    event: News | Finished,
    rows: Mapping[int, Mapping[str, Any]],
    total: int,
    clock: _Clock,
    workers: int,
) -> Progress:
    return Progress(
        index=event.index,
        seed=training.first_seed + event.index,
        now=event.now if isinstance(event, News) else None,
        row=event.row if isinstance(event, Finished) else None,
        done=sum(1 for i in rows if i < total),
        total=total,
        seconds_left=clock.left(),
    )


def _save(training: TrainingRun, rows: Mapping[int, Mapping[str, Any]]) -> None:
    training.run.write_results(rows[i] for i in sorted(rows))


class _Clock:
    """Estimates the time left from the steps done in this call."""

    def __init__(self, todo: int, max_steps: int) -> None:
        self.todo, self.max_steps = todo, max_steps
        self.started = time.monotonic()
        self.steps: dict[int, int] = {}
        self.first: dict[int, int] = {}
        self.ended: dict[int, int] = {}

    def at(self, index: int, step: int) -> None:
        self.first.setdefault(index, step)
        self.steps[index] = step

    def finished(self, index: int, step: int) -> None:
        self.first.setdefault(index, 0)
        self.steps[index] = self.ended[index] = step

    def left(self) -> float | None:
        done = sum(step - self.first[i] for i, step in self.steps.items())
        if not done:
            return None
        typical = sum(self.ended.values()) / len(self.ended) if self.ended else self.max_steps
        running = {i: s for i, s in self.steps.items() if i not in self.ended}
        steps = sum(max(0.0, typical - s) for s in running.values())
        steps += typical * (self.todo - len(self.ended) - len(running))
        return steps * (time.monotonic() - self.started) / done
