"""The same work on many inputs, in this process or divided among several, with the results in turn or as they come."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

Key = TypeVar("Key")
Input = TypeVar("Input")
Result = TypeVar("Result")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


IN_PROCESSES = 24
"""From so many inputs on they are divided among processes, which take a third of a second to start."""


PARENT_SECONDS = 0.2
"""How often a process looks whether the one that it serves is still there."""


def processes(asked: int | None, inputs: int) -> int:
    """How many processes for so many inputs: those asked for, else the cores where it is worth it."""
    return min(asked or (cores() if inputs >= IN_PROCESSES else 1), max(inputs, 1))


def end_with_parent() -> None:
    """In a process that serves another: end at once when that one is killed, which nothing else would tell it. What is
    written is written atomically, so nothing half done is left behind."""
    parent = os.getppid()

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()


def in_turn(
    function: Callable[[Input], Result], inputs: Sequence[Input], workers: int
) -> Iterator[Callable[[], Result]]:
    """For each input a call that returns the function's result, or raises what it raised.

    With one worker the work is done when it is called for. With several it is done in processes; the function and the
    inputs must then be picklable.
    """
    if workers <= 1:
        yield from (partial(function, one) for one in inputs)
        return
    with _pool(workers) as pool:
        for future in [pool.submit(function, one) for one in inputs]:
            yield future.result


def as_they_end(
    function: Callable[[Input], Result], inputs: Mapping[Key, Input], workers: int
) -> Iterator[tuple[Key, Result]]:
    """The key of each input with the function's result, in the order in which they are done; otherwise as `in_turn`.

    Raises `concurrent.futures.process.BrokenProcessPool` where a process was killed.
    """
    if workers <= 1:
        yield from ((key, function(one)) for key, one in inputs.items())
        return
    with _pool(workers) as pool:
        futures = {pool.submit(function, one): key for key, one in inputs.items()}
        for future in as_completed(futures):
            yield futures.pop(future), future.result()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one; after an error, what waits is not begun."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=end_with_parent) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
