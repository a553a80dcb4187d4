"""Sweeps: the same results on this machine and on a cluster, also when a worker is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas
import polars
import pytest

from rhoset.errors import RhosetError
from rhoset.networks.runs import open_run
from rhoset.training import SweepProgress, read_sweep, run_sweep
from rhoset.training.manifest import require_trainable

FILE = """
models = 2
preset = "wu2024-all-pairs"

[settings]
embed_dim = 16
max_steps = {steps}
min_steps = 10
evaluate_every = 20

[grid]
group = ["S3", "C3xC2"]
width = [16, 24]
"""


def sweep_file(tmp_path: Path, steps: int = 60) -> Path:
    path = tmp_path / "sweep.toml"
    path.write_text(FILE.format(steps=steps))
    return path


def digests(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.glob("cells/*/networks/*.safetensors")):
        run = open_run(path.parent.parent)
        for index in run.indices:
            from rhoset.networks import read_network

            network = read_network(run.network_path(index))
            found[f"{path.parent.parent.name}#{index}"] = network.left.tobytes()
    return found


@contextmanager
def dask_cluster(workers: int) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and workers as a user starts them, on loopback."""
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment,
    )  # fmt: skip
    started: list[subprocess.Popen[str]] = []
    try:
        assert scheduler.stderr is not None
        address = ""
        for line in scheduler.stderr:
            if "Scheduler at:" in line:
                address = line.split()[-1]
                break
        assert address.startswith("tcp://127.0.0.1:")
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
        quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": environment}
        started += [
            subprocess.Popen([*command, "--nthreads", "1", "--no-nanny", "--no-dashboard"], **quiet)
            for _ in range(workers)
        ]
        yield address, started
    finally:
        for process in (*started, scheduler):
            process.kill()
            process.wait()
        if scheduler.stderr is not None:
            scheduler.stderr.close()


def test_a_sweep_is_a_grid_of_runs_and_one_table(tmp_path: Path) -> None:
    news: list[SweepProgress] = []
    sweep = read_sweep(sweep_file(tmp_path))
    found = run_sweep(sweep, tmp_path / "out", workers=1, progress=news.append)
    rows = found.results()
    assert len(rows) == len(news) == 8
    assert (news[-1].done, news[-1].total) == (8, 8)
    assert [(r["group"], r["width"], r["seed"]) for r in rows[:3]] == [
        ("S3", 16, 0), ("S3", 16, 1), ("S3", 24, 0),
    ]  # fmt: skip
    assert rows[2]["run"] == "cells/S3,width=24"
    cell = open_run(tmp_path / "out" / rows[2]["run"])
    assert cell.indices == (0, 1)
    assert len(cell.results()) == 2
    path = tmp_path / "out" / "results.csv"
    assert sorted(set(pandas.read_csv(path)["group"])) == ["C3xC2", "S3"]
    assert polars.read_csv(path)["width"].to_list() == [16, 16, 24, 24] * 2
    news.clear()
    again = run_sweep(sweep, tmp_path / "out", workers=1, progress=news.append)
    assert news == []
    assert again.results() == rows
    (tmp_path / "sweep.toml").write_text(FILE.format(steps=80))
    with pytest.raises(RhosetError, match="max_steps 60, now 80"):
        run_sweep(read_sweep(tmp_path / "sweep.toml"), tmp_path / "out", workers=1)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[[", "not a readable TOML file"),
        ("models = 1", "needs \\[grid\\] with at least group"),
        ("modles = 1\n[grid]\ngroup = ['S3']", "'modles' is not known"),
        ("[grid]\ngroup = []", "grid.group is \\[\\]"),
        ("models = 0\n[grid]\ngroup = ['S3']", "models is 0"),
        ("[grid]\ngroup = ['S3']\nwidht = [8]", "'widht' is no training setting"),
        ("[grid]\ngroup = ['S3']\nwidth = [-8]", "width is -8"),
        ("[grid]\ngroup = ['S3', 'S3']", "two of its combinations are the same"),
        ("[settings]\nwidth = 8\n[grid]\ngroup = ['S3']\nwidth = [8]", "both in"),
        ("[grid]\ngroup = ['Z!']", "Z!"),
        ("preset = 'wu'\n[grid]\ngroup = ['S3']", "preset 'wu' is not known"),
    ],
)
def test_a_wrong_sweep_is_named(text: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(RhosetError, match=named) as caught:
        read_sweep(path)
    assert "wrong.toml" in str(caught.value)


def test_large_grids(tmp_path: Path) -> None:
    """100,000 combinations are read in seconds (0.3 ms each once); a million million are counted, not made."""
    file = tmp_path / "sweep.toml"
    settings = "[settings]\nmax_steps = 1\n[grid]\ngroup = ['C3']\n"
    file.write_text(f"{settings}width = {list(range(1, 101))}\nweight_decay = {[k / 1000 for k in range(200)]}\n")
    start = time.process_time()
    assert len(read_sweep(file).cells) == 20_000
    assert time.process_time() - start < 4
    numbers = list(range(1, 100_002))
    file.write_text(f"{settings}width = {numbers}\nbatch = {numbers}\n")
    with pytest.raises(RhosetError, match="10000200001 combinations; a sweep has at most 100000"):
        read_sweep(file)


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit of open files")
def test_as_many_runs_as_files_may_be_open(tmp_path: Path) -> None:
    """Every run of a sweep is locked while it trains: the limit is raised, or said before anything is made."""
    import resource

    from rhoset.training.runlock import SPARE_FILES

    file, (soft, hard) = tmp_path / "sweep.toml", resource.getrlimit(resource.RLIMIT_NOFILE)
    file.write_text(f"[settings]\nmax_steps = 1\n[grid]\ngroup = ['C3']\nwidth = {list(range(1, 9))}\n")
    few = f"few = {SPARE_FILES + 7}; import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, few))"
    enough = few.replace(str(SPARE_FILES + 7), str(SPARE_FILES + 8))
    call = f"from rhoset.training import *; run_sweep(read_sweep({str(file)!r}), OUT, workers=1)"
    for limit, out, said in ((few, tmp_path / "few", "8 runs at once need"), (enough, tmp_path / "enough", "")):
        script = f"{limit}; {call.replace('OUT', repr(str(out)))}"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert said in done.stderr
        assert out.exists() == (not said), done.stderr
    assert len((tmp_path / "enough" / "results.csv").read_text().splitlines()) == 9
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(RhosetError, match=r"holds 'thesis.txt', which no sweep made"):
        run_sweep(read_sweep(sweep_file(tmp_path)), tmp_path / "out")


def test_no_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("rhoset.training.addresses.CONNECT_SECONDS", 1)
    sweep = read_sweep(sweep_file(tmp_path))
    with pytest.raises(RhosetError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        run_sweep(sweep, tmp_path / "out", cluster="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:9", r"must be one of tcp://.* such as tcp://127\.0\.0\.1:9$"),
        ("localhost", r"such as tcp://localhost$"),
        ("tcp://", r"such as tcp://127\.0\.0\.1:8786$"),
        ("", r"such as tcp://127\.0\.0\.1:8786$"),
        ("ftp://localhost:9", r"must be one of tcp://"),
        ("tcp://localhost", r"the port is missing .* tcp://localhost:8786$"),
        ("tcp://localhost:99999", r"no number from 1 to 65535"),
        ("tcp://127.0.0.1:9", r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"),
    ],
)
def test_an_address_is_refused_before_anything_is_made(address: str, said: str, tmp_path: Path) -> None:
    """At once, with no client left behind that goes on trying, and with nothing written."""
    pytest.importorskip("distributed")
    before = set(threading.enumerate())
    with pytest.raises(RhosetError, match=said) as caught:
        run_sweep(read_sweep(sweep_file(tmp_path)), tmp_path / "out", cluster=address)
    assert caught.value.slug == "cluster"
    assert not (tmp_path / "out").exists()
    assert set(threading.enumerate()) == before


@pytest.mark.ends_within(600)
def test_a_cluster_gives_the_same_networks(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    sweep = read_sweep(sweep_file(tmp_path))
    here = run_sweep(sweep, tmp_path / "here", workers=1)
    with dask_cluster(1) as (address, _):
        there = run_sweep(sweep, tmp_path / "there", cluster=address)
    assert digests(tmp_path / "here") == digests(tmp_path / "there")
    drop = ("seconds",)
    clean = [[{k: v for k, v in r.items() if k not in drop} for r in t.results()] for t in (here, there)]
    assert clean[0] == clean[1]


@pytest.mark.slow
@pytest.mark.ends_within(600)
def test_a_lost_worker_loses_nothing_finished(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    sweep = read_sweep(sweep_file(tmp_path, steps=1500))
    finished: list[str] = []
    with dask_cluster(2) as (address, workers):

        def on_progress(news: SweepProgress) -> None:
            finished.append(news.cell)
            if len(finished) == 2:
                workers[0].send_signal(signal.SIGKILL)
                workers[0].wait()

        there = run_sweep(sweep, tmp_path / "there", cluster=address, progress=on_progress)
        assert workers[0].returncode == -signal.SIGKILL
    assert len(finished) == len(there.results()) == 8
    run_sweep(sweep, tmp_path / "here", workers=2)
    assert digests(tmp_path / "here") == digests(tmp_path / "there")


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "examples/sweeps").glob("*.toml")), ids=lambda p: p.stem
)
def test_examples_can_be_trained(path: Path):
    for cell in read_sweep(path).cells:
        require_trainable(cell.group.table, cell.config)
