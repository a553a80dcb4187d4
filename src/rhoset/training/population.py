"""Populations: many networks that differ in their seed alone, trained by several processes into one
run folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.networks import Network
from rhoset.networks.atomic import make_folder
from rhoset.networks.runs import Run
from rhoset.processes import cores
from rhoset.summaries import Shown
from rhoset.training.config import TrainConfig
from rhoset.training.in_memory import train_network
from rhoset.training.instances import device_named
from rhoset.training.manifest import TrainingRun, Wanted, open_or_create, open_training_run, require_trainable
from rhoset.training.member import finished_row
from rhoset.training.members import jobs_of, train_members, worth_processes
from rhoset.training.outcome import Evaluated
from rhoset.training.pool import Failed, Finished, News, train_in_processes
from rhoset.training.runlock import locked

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
        are trained together there with an instance axis, some at a time; the results
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
    require_trainable(group.table, config)
    with prepared(path):
        training, notes = open_or_create(path, Wanted(group, config, models, first_seed, threads, device))
        rows = {i: row for i in range(training.models) if (row := finished_row(training, i))}
        for index in rows:  # killed between its network and this
            training.run.state_path(index).unlink(missing_ok=True)
        damaged = [i for i in range(models) if i not in rows and training.run.network_path(i).exists()]
        if damaged:
            notes = (*notes, f"networks {damaged} were incomplete or damaged and are trained again")
        todo = [i for i in range(models) if i not in rows]
        wanted = workers or (cores() if worth_processes(training, len(todo)) else 1)
        count = min(wanted, max(1, len(todo))) if device == "cpu" else 1
        watch = _Watch(training, rows, models, progress, _Clock(len(todo), config.max_steps))
        if count > 1:
            for event in train_in_processes(jobs_of(training, todo, count), count, threads, state_every):
                watch.hear(event)
        else:
            trained = train_members(
                training, todo, threads=threads, state_every=state_every, emit=watch.evaluated, device=device
            )
            for row in trained:
                watch.hear(Finished(path, row["index"], row))
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
    return locked(make_folder(path))


class _Watch:
    """Hears what happens to the networks of a run: keeps its table of results, tells the progress.

    Parameters
    ----------
    training
        The run.
    rows
        Of the networks that are finished, by index; more as they end.
    total
        Networks wanted.
    progress
        Called with the news.
    clock
        Of the time left.
    """

    def __init__(
        self,
        training: TrainingRun,
        rows: dict[int, dict[str, Any]],
        total: int,
        progress: Callable[[Progress], None] | None,
        clock: _Clock,
    ) -> None:
        self.training, self.rows, self.total = training, rows, total
        self.progress, self.clock = progress, clock
        self._save()

    def evaluated(self, index: int, now: Evaluated) -> None:
        """News of one in this process."""
        self.hear(News(self.training.path, index, now))

    def hear(self, event: News | Finished | Failed) -> None:
        """Raises RhosetError when training failed."""
        if isinstance(event, Failed):
            raise RhosetError(event.message, slug=event.slug)
        if isinstance(event, Finished):
            self.rows[event.index] = event.row
            self.clock.finished(event.index, int(event.row["steps"]))
            if time.monotonic() - self.saved >= SAVE_SECONDS or len(self.rows) == self.training.models:
                self._save()
        else:
            self.clock.at(event.index, event.now.step)
        if self.progress is not None:
            self.progress(
                Progress(
                    index=event.index,
                    seed=self.training.first_seed + event.index,
                    now=event.now if isinstance(event, News) else None,
                    row=event.row if isinstance(event, Finished) else None,
                    done=sum(1 for i in self.rows if i < self.total),
                    total=self.total,
                    seconds_left=self.clock.left(),
                )
            )

    def _save(self) -> None:
        self.training.run.write_results(self.rows[i] for i in sorted(self.rows))
        self.saved = time.monotonic()


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
