"""The same work on many inputs, in this process or divided among several, with the results in turn or as they come."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

Key = TypeVar("Key")
Input = TypeVar("Input")
Result = TypeVar("Result")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


START = 0.3
"""Seconds of work from which on it is divided among processes: new ones take a third of a second to start."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Processes share the cores: threads of theirs beside would wait for one another, and take up to ten times as long."""


PARENT_SECONDS = 0.2
"""How often a process looks whether the one that it serves is still there."""


def processes(asked: int | None, inputs: int, each: float) -> int:
    """How many processes for so many inputs of `each` seconds: those asked for, else the cores where it is worth it.

    The number of inputs decides and not the clock, so that the same call does the same.
    """
    return min(asked or (cores() if inputs * each >= START else 1), max(inputs, 1))


def one_thread() -> None:
    """In a process that has not loaded numpy: products have one thread, unless the environment says how many."""
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)


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


def end_with_parent() -> None:
    """In a process that serves another: end at once when that one is killed, which nothing else would tell it. What is
    written is written atomically, so nothing half done is left behind."""
    import multiprocessing

    parent, served = os.getppid(), multiprocessing.parent_process()

    def wait() -> None:
        if served is not None:  # one of a pool: this sees a parent that was killed before we began, too
            served.join()
        while served is None and os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()


def _begin() -> None:
    """In a process of a pool: it ends with its parent, and at once where it is ended before it has an input."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()


def _until_ended(function: Callable[[Input], Result], one: Input) -> Result:
    """In a process of a pool: one input's result. Where the process is ended meanwhile, what was begun is undone by
    now; the pool's loop would go on with the next input, and say what it met outside of one."""
    try:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
        try:
            return function(one)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    except SystemExit:
        os._exit(1)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Interrupts wait until the block is left, and do not reach the processes that are started in it: they are for the
    parent, which ends its processes."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    came, handler = list[int](), signal.getsignal(signal.SIGINT)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))  # by way of numpy's threads
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if came:
            signal.raise_signal(signal.SIGINT)


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
    with _pool(workers) as pool:
        for future in _submitted(pool, function, inputs):
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
    from concurrent.futures import as_completed

    with _pool(workers) as pool:
        futures = dict(zip(_submitted(pool, function, inputs.values()), inputs, strict=True))
        for future in as_completed(futures):
            yield futures.pop(future), future.result()


def _submitted(
    pool: ProcessPoolExecutor, function: Callable[[Input], Result], inputs: Iterable[Input]
) -> list[Future[Result]]:
    """The inputs handed to the processes, which this starts, with one thread each."""
    with _environment(ONE_THREAD), _uninterrupted():
        return [pool.submit(_until_ended, function, one) for one in inputs]


def _start() -> str:
    """How processes begin: as copies of this one where it has one thread, as Linux tells, which takes no time; else as
    new ones, which load everything again. A copy of a process of several threads may wait for a lock that nobody
    holds."""
    tasks = "/proc/self/task"
    return "fork" if os.path.isdir(tasks) and len(os.listdir(tasks)) == 1 else "spawn"


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one; after an error or an interrupt at once."""
    import multiprocessing  # which takes a while to load
    from concurrent.futures import ProcessPoolExecutor

    context, before = multiprocessing.get_context(_start()), set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        try:
            yield pool
        except BaseException:
            for process in set(multiprocessing.active_children()) - before:
                process.terminate()
            pool.shutdown(cancel_futures=True)  # and wait: at exit the interpreter would wake what is closing meanwhile
            raise
