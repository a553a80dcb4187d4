"""Stopped from outside: exit code 130, one line, nothing half written, and no process that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import rhoset as rs
from rhoset.networks import write_network

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at the processes of Linux"),
    pytest.mark.ends_within(600),
]


def until(happened: Callable[[], bool], seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return happened()


def children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def started(call: list[str], **variables: str) -> subprocess.Popen[str]:
    """The command in a group of its own, which an interrupt reaches; pytest's own workers ignore them."""
    return subprocess.Popen(
        call,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize(
    ("number", "to_all"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGKILL, False)], ids=str
)
@pytest.mark.parametrize("threads", ["1", "2"], ids=["copies", "new processes"])
def test_workers_end_with_their_command(number: signal.Signals, to_all: bool, threads: str, tmp_path: Path) -> None:
    network = rs.construct("S4", ["[3,1]", "[2,1,1]"], seed=1, noise=0.05).network
    for k in range(30):
        write_network(tmp_path / f"{k:02d}.safetensors", network)
    call = [sys.executable, "-m", "rhoset", "certify", str(tmp_path), "--workers", "2", "--objective", "operations"]
    process = started(call, OPENBLAS_NUM_THREADS=threads, OMP_NUM_THREADS=threads)
    try:
        assert until(lambda: len(children(process.pid)) >= (2 if threads == "1" else 3))  # two; what counts resources
        (os.killpg if to_all else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=300)
        assert until(lambda: gone(process.pid))
    finally:
        if not gone(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    assert out == ""
    if number == signal.SIGINT:
        assert (process.returncode, err) == (130, "rhoset: interrupted\n")
    assert {path.suffix for path in tmp_path.iterdir()} <= {".safetensors", ".cert"}
    for certificate in tmp_path.glob("*.cert"):
        assert rs.check(certificate, certificate.with_name(certificate.name[:2] + ".safetensors")).valid


@pytest.mark.parametrize("module", ["click", "rhoset.cli._app"])
def test_interrupted_while_it_loads(module: str) -> None:
    script = (
        "import sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from rhoset.__main__ import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, "groups", "list"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "rhoset: interrupted\n")


def test_training_says_that_it_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "run"
    call = [sys.executable, "-m", "rhoset", "train", "C5", "--steps", "10000000", "--set", "stop_loss=0", "--workers"]
    call += ["1", "-q", "--out", str(out)]
    process = started(call)
    try:
        assert until(lambda: (out / "run.toml").exists(), 300)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=300)
    finally:
        if not gone(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    assert (process.returncode, *said) == (130, "", "rhoset: interrupted; the same command goes on from here\n")
    assert not [path for path in out.rglob("*") if path.name.endswith(".tmp")]
