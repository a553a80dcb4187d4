"""The same work on many inputs, in this process or divided among several, with the results in turn."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

Input = TypeVar("Input")
Result = TypeVar("Result")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


IN_PROCESSES = 24
"""From so many inputs on they are divided among processes, which take a third of a second to start."""


def processes(asked: int | None, inputs: int) -> int:
    """How many processes for so many inputs: those asked for, else the cores where it is worth it."""
    return min(asked or (cores() if inputs >= IN_PROCESSES else 1), max(inputs, 1))


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
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            for future in [pool.submit(function, one) for one in inputs]:
                yield future.result
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
