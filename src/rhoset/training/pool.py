"""Worker processes for a population: each is a fresh interpreter, single-threaded unless told
otherwise, that trains one network or one stack after the other. A worker that dies is replaced, and those of its
networks that were not done are tried again."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhoset.processes import ONE_THREAD
from rhoset.training.members import Job
from rhoset.training.outcome import Evaluated

TRIES = 3
"""Times a network is begun before the population gives up because its worker died."""


@dataclass(frozen=True)
class News:
    """An evaluation of a network in training."""

    run: Path
    index: int
    now: Evaluated


@dataclass(frozen=True)
class Finished:
    """A network is done; its row in the table of results."""

    run: Path
    index: int
    row: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """A network cannot be trained."""

    run: Path
    index: int
    message: str
    slug: str


class _Worker:
    """One process, and a thread here that turns its lines into items of a queue; None when it has
    ended."""

    def __init__(self, inbox: queue.Queue[tuple[_Worker, str | None]], threads: int) -> None:
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        environment.update(dict.fromkeys(ONE_THREAD, str(threads)))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rhoset.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self.job: Job | None = None
        self.inbox = inbox
        self.complaints: deque[str] = deque(maxlen=20)
        self.readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._listen, daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.inbox.put((self, line))
        self.inbox.put((self, None))

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.complaints.extend(line.strip() for line in self.process.stderr)

    def give(self, job: Job, settings: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.job = job
        run, indices = job
        line = json.dumps({"run": str(run), "indices": indices, **settings})
        with contextlib.suppress(BrokenPipeError):  # its end comes through the inbox
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

    def close(self, kill: bool = False) -> None:
        if kill:
            self.process.kill()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


def train_in_processes(
    jobs: Sequence[Job], workers: int, threads: int, state_every: float
) -> Iterator[News | Finished | Failed]:
    """Train networks of one or several runs with `workers` processes; yields what happens as it
    happens, and ends after the first failure.

    The processes end with the generator, and on their own when this process dies.
    """
    waiting, tries = deque(jobs), Counter[tuple[Path, int]]()
    inbox: queue.Queue[tuple[_Worker, str | None]] = queue.Queue()
    live: set[_Worker] = set()
    settings = {"threads": threads, "state_every": state_every}

    def start() -> None:
        worker = _Worker(inbox, threads)
        live.add(worker)
        assign(worker)

    def assign(worker: _Worker) -> None:
        if not waiting:
            live.discard(worker)
            worker.close()
            return
        job = waiting.popleft()
        tries.update((job[0], index) for index in job[1])
        worker.give(job, settings)

    try:
        for _ in range(min(workers, len(jobs))):
            start()
        while live:
            worker, line = inbox.get()
            if worker not in live:
                continue
            assert worker.job is not None
            run, indices = worker.job
            if line is None:
                live.discard(worker)
                worker.close()
                if max(tries[run, index] for index in indices) >= TRIES:
                    yield Failed(run, indices[0], _died(worker, indices), "worker-died")
                    return
                waiting.appendleft(worker.job)
                start()
                continue
            message = json.loads(line)
            index = message["index"]
            if "evaluated" in message:
                yield News(run, index, Evaluated.from_list(message["evaluated"]))
            elif "row" in message:
                yield Finished(run, index, message["row"])
                worker.job = (run, tuple(i for i in indices if i != index))
                if not worker.job[1]:
                    assign(worker)
            else:
                yield Failed(run, index, message["error"], message["slug"])
                return
    finally:
        for worker in live:
            worker.close(kill=True)


def _died(worker: _Worker, indices: Sequence[int]) -> str:
    said = worker.complaints[-1] if worker.complaints else "nothing"
    which = f"network {indices[0]}" if len(indices) == 1 else f"networks {indices[0]} to {indices[-1]}"
    return (
        f"training {which} ended its process {TRIES} times (exit code "
        f"{worker.process.returncode}, last words: {said}); out of memory?"
    )
