"""Exit codes, streams and errors that all commands share, shown on a probe command."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rhoset import __version__
from rhoset.errors import MissingExtra, RhosetError


def raising(error: BaseException):
    def behaviour(out):
        raise error

    return behaviour


def test_done(rhoset, probe):
    probe.append(lambda out: (out.say("a result"), out.note("a remark"), {})[-1])
    ran = rhoset("probe")
    assert (ran.code, ran.out, ran.err) == (0, "a result\n", "a remark\n")


def test_quiet_keeps_results(rhoset, probe):
    def behaviour(out):
        with out.progress("working", 3) as update:
            update(1, "still working")
        out.say("a result")
        out.note("a remark")
        return {}

    probe.append(behaviour)
    ran = rhoset("probe", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "a result\n", "")


def test_progress_goes_to_standard_error(rhoset, probe):
    def behaviour(out):
        with out.progress("working", 3) as update:
            update(3)
        return {}

    probe.append(behaviour)
    ran = rhoset("probe")
    assert ran.out == ""
    assert "working" in ran.err


def test_json_is_alone_on_standard_output(rhoset, probe):
    def behaviour(out):
        out.say("for humans")
        out.table(["a"], [[1]])
        return {
            "int": np.int64(3),
            "float": np.float32(0.5),
            "nan": float("nan"),
            "infinity": np.array([np.inf, 1.0]),
            "flag": np.bool_(True),
            "path": Path("a/b"),
            "name": "ρ",
        }

    probe.append(behaviour)
    ran = rhoset("probe", "--json")
    assert ran.json == {
        "int": 3,
        "float": 0.5,
        "nan": None,
        "infinity": [None, 1.0],
        "flag": True,
        "path": "a/b",
        "name": "ρ",
    }


def test_the_answer_is_no(rhoset, probe):
    probe.append(lambda out: (out.no(), {"valid": False})[-1])
    ran = rhoset("probe", "--json")
    assert ran.code == 1
    assert ran.json == {"valid": False}


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RhosetError("x is 3;\n it must be 4", slug="x"), "rhoset: x is 3; it must be 4\n"),
        (MissingExtra("training", "train"), "pip install 'rhoset[train]'\n"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a.cert"), "a.cert: No such"),
        (PermissionError(errno.EACCES, "Permission denied", "a.cert"), "a.cert: Permission denied"),
        (IsADirectoryError("a.cert is a folder"), "rhoset: a.cert is a folder"),
        (OSError(errno.ENOSPC, "No space left on device", "runs/a"), "runs/a: no space left"),
        (MemoryError(), "out of memory"),
        (ZeroDivisionError("division\nby zero"), "unexpected ZeroDivisionError: division by zero"),
    ],
)
def test_errors_are_one_line(rhoset, probe, error: Exception, line: str):
    probe.append(raising(error))
    ran = rhoset("probe")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert line in ran.err
    assert "Traceback" not in ran.err


def test_debug_shows_where(rhoset, probe):
    probe.append(raising(RhosetError("bad")))
    ran = rhoset("probe", "--debug")
    assert ran.code == 2
    assert "Traceback" in ran.err
    assert ran.err.endswith("rhoset: bad\n")


def test_json_error(rhoset, probe):
    probe.append(raising(RhosetError("bad", slug="kind")))
    ran = rhoset("probe", "--json")
    assert ran.code == 2
    assert ran.json == {"error": {"message": "bad", "slug": "kind"}}


def test_interrupted(rhoset, probe):
    probe.append(raising(KeyboardInterrupt()))
    ran = rhoset("probe")
    assert (ran.code, ran.err.lstrip("\n")) == (130, "rhoset: interrupted\n")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nonsense"], "nonsense"),
        (["probe", "--nonsense"], "--nonsense"),
        (["probe", "--number", "x"], "'x' is not a valid integer"),
        (["probe", "superfluous"], "superfluous"),
    ],
)
def test_wrong_calls(rhoset, probe, arguments: list[str], word: str):
    ran = rhoset(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert word in ran.err


def test_help_and_version(rhoset, probe):
    assert "Do as told." in rhoset("probe", "--help").out
    assert "Example:  rhoset probe --number 3" in rhoset("probe", "--help").out
    assert rhoset("probe", "--version").out == f"rhoset {__version__}\n"
    assert rhoset("--version").out == f"rhoset {__version__}\n"
    assert rhoset().out == rhoset("--help").out
    assert rhoset().code == 0


def test_table_aligns_numbers_right(rhoset, probe):
    rows = [["a", 1, 0.12345], ["bb", 100, float("nan")]]
    probe.append(lambda out: (out.table(["name", "n", "share"], rows), {})[-1])
    assert rhoset("probe").out == ("name    n   share\na       1  0.1235\nbb    100       –\n")


HEAVY = ("numpy", "scipy", "torch", "jinja2", "rich")


def loaded(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split()) & set(HEAVY)


def test_help_loads_nothing_heavy():
    assert loaded("from rhoset.cli import main; main(['--help'])") == set()
    assert loaded("import rhoset") == set()


def test_that_test_can_fail():
    assert loaded("import numpy") == {"numpy"}


def test_closed_pipe_is_silent():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "rhoset", "--help"], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.stderr == ""
    assert done.returncode == 2


def test_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "rhoset", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr
