"""Work divided among processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rhoset.cli._networks import LARGE, share_cores
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
    assert processes(None, 6, 0.05) == cores()
    assert processes(None, 100, 0.05) == cores()
    assert processes(2, 3, 0.05) == 2
    assert processes(4, 3, 0.05) == 3


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="Linux tells how many threads a process has")
@pytest.mark.parametrize(("threads", "expected"), [(0, "fork"), (1, "spawn")])
def test_processes_are_copies_of_one_that_has_one_thread(threads: int, expected: str) -> None:
    code = f"""
import threading, time
from rhoset.processes import _start
for _ in range({threads}):
    threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
print(_start())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


@pytest.mark.parametrize("workers", [None, 1, 2])
def test_small_networks_get_one_thread(workers: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def threads(*specs: str) -> str | None:
        for name in ONE_THREAD:
            monkeypatch.delenv(name, raising=False)
        share_cores(specs, workers)
        return os.environ.get(THREADS)

    run = tmp_path / "run"
    (run / "networks").mkdir(parents=True)
    (run / "networks" / "0000.safetensors").write_bytes(b"")
    assert threads(str(run)) == threads(f"{run}#0") == threads("missing", "x" * 5000, "a\0b#1") == "1"
    for k in range(2):
        (run / "networks" / f"{k:04d}.safetensors").write_bytes(bytes(LARGE))
    assert threads(str(run)) == (None if workers == 1 else "1")
    assert threads(f"{run}#0") is None
    monkeypatch.setenv(THREADS, "3")
    share_cores([str(tmp_path)], workers)
    assert os.environ[THREADS] == "3"
