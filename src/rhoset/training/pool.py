"""Worker processes for a population: each is a fresh interpreter, single-threaded unless told
otherwise, that trains one network after the other. A worker that dies is replaced and its network
is tried again."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhoset.training.trainer import Evaluated

TRIES = 3
"""Times a network is begun before the population gives up because its worker died."""


@dataclass(frozen=True)
class News:
    """An evaluation of a network in training."""

    index: int
    now: Evaluated


@dataclass(frozen=True)
class Finished:
    """A network is done; its row in the table of results."""

    index: int
    row: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """A network cannot be trained."""

    index: int
    message: str
    slug: str


class _Worker:
    """One process, and a thread here that turns its lines into items of a queue; None when it has
    ended."""

    def __init__(self, inbox: queue.Queue[tuple[_Worker, str | None]], threads: int) -> None:
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            environment[name] = str(threads)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rhoset.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self.index: int | None = None
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

    def give(self, job: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.index = int(job["index"])
        with contextlib.suppress(BrokenPipeError):  # its end comes through the inbox
            self.process.stdin.write(json.dumps(job) + "\n")
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
    run: Path, todo: list[int], workers: int, threads: int, state_every: float
) -> Iterator[News | Finished | Failed]:
    """Train the networks `todo` of a run with `workers` processes; yields what happens as it
    happens.

    The processes end with the generator, and on their own when this process dies.
    """
    waiting, tries = deque(todo), Counter[int]()
    inbox: queue.Queue[tuple[_Worker, str | None]] = queue.Queue()
    live: set[_Worker] = set()

    def start() -> None:
        worker = _Worker(inbox, threads)
        live.add(worker)
        assign(worker)

    def assign(worker: _Worker) -> None:
        if not waiting:
            live.discard(worker)
            worker.close()
            return
        index = waiting.popleft()
        tries[index] += 1
        worker.give(
            {"run": str(run), "index": index, "threads": threads, "state_every": state_every}
        )

    try:
        for _ in range(min(workers, len(todo))):
            start()
        while live:
            worker, line = inbox.get()
            if worker not in live:
                continue
            if line is None:
                live.discard(worker)
                worker.close()
                index = worker.index
                assert index is not None
                if tries[index] >= TRIES:
                    said = worker.complaints[-1] if worker.complaints else "nothing"
                    yield Failed(
                        index,
                        f"training network {index} ended its process {TRIES} times (exit code "
                        f"{worker.process.returncode}, last words: {said}); out of memory?",
                        "worker-died",
                    )
                    return
                waiting.appendleft(index)
                start()
                continue
            message = json.loads(line)
            index = int(message["index"])
            if "evaluated" in message:
                yield News(index, Evaluated.from_list(message["evaluated"]))
            elif "row" in message:
                yield Finished(index, message["row"])
                assign(worker)
            else:
                yield Failed(index, message["error"], message["slug"])
                return
    finally:
        for worker in live:
            worker.close(kill=True)
