"""The same work on many inputs, in this process or divided among several, with the results in turn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

Input = TypeVar("Input")
Result = TypeVar("Result")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


START = 0.6
"""Seconds of work from which on it is divided among processes, which take a third of a second to start."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Processes share the cores: threads of theirs beside would wait for one another, and take up to ten times as long."""


def processes(asked: int | None, inputs: int, each: float) -> int:
    """How many processes for so many inputs of `each` seconds: those asked for, else the cores where it is worth it.

    The number of inputs decides and not the clock, so that the same call does the same.
    """
    return min(asked or (cores() if inputs * each >= START else 1), max(inputs, 1))


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    """Those of these variables that are not set, for processes that are started meanwhile."""
    missing = wanted.keys() - os.environ.keys()
    os.environ.update({name: wanted[name] for name in missing})
    try:
        yield
    finally:
        for name in missing:
            del os.environ[name]


def in_turn(
    function: Callable[[Input], Result], inputs: Sequence[Input], workers: int
) -> Iterator[Callable[[], Result]]:
    """For each input a call that returns the function's result, or raises what it raised.

    With one worker the work is done when it is called for. With several it is done in processes of one thread each,
    unless the environment says how many; the function and the inputs must then be picklable.
    """
    if workers <= 1:
        yield from (partial(function, one) for one in inputs)
        return
    import multiprocessing  # which takes a while to load
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            with _environment(ONE_THREAD):  # submitting starts the processes
                futures = [pool.submit(function, one) for one in inputs]
            for future in futures:
                yield future.result
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
