"""Work divided among processes."""

from __future__ import annotations

import os

import pytest

from rhoset.processes import ONE_THREAD, cores, in_turn, processes

THREADS = "OPENBLAS_NUM_THREADS"


def threads(_: int) -> str | None:
    return os.environ.get(THREADS)


def half(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def test_results_come_in_turn_and_errors_with_them() -> None:
    for workers in (1, 2):
        found = list(in_turn(half, [4, 3, 8], workers))
        assert [found[0](), found[2]()] == [2, 4]
        with pytest.raises(ValueError, match="3 is odd"):
            found[1]()


def test_processes_have_one_thread_each_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ONE_THREAD:
        monkeypatch.delenv(name, raising=False)
    assert [result() for result in in_turn(threads, [0, 1], 2)] == ["1", "1"]
    assert not os.environ.keys() & ONE_THREAD.keys()
    monkeypatch.setenv(THREADS, "3")
    assert [result() for result in in_turn(threads, [0, 1], 2)] == ["3", "3"]


def test_work_is_divided_where_it_takes_longer_than_starting_processes() -> None:
    assert processes(None, 3, 0.05) == 1
    assert processes(None, 100, 0.05) == cores()
    assert processes(2, 3, 0.05) == 2
    assert processes(4, 3, 0.05) == 3
