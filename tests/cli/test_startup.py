"""What a command loads before it answers: a check loads no search, a wrong setting no PyTorch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rhoset.networks import read_network, write_network
from rhoset.networks.constructing import construct
from rhoset.prove import certify


def loaded(*arguments: object) -> tuple[int, set[str]]:
    """Exit code of a command line in a fresh process, and the modules that it loaded."""
    code = f"""
import sys
from rhoset.cli import main
code = main({[str(a) for a in arguments]!r})
print(code, *sorted(sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, *modules = done.stderr.splitlines()[-1].split()
    return int(first), set(modules)


SEARCH = {
    "rhoset.prove",
    "rhoset.explaining",
    "rhoset.groups.real_irreps",
    "rhoset.networks.importing",
    "rhoset.training",
}


def test_a_check_loads_neither_scipy_nor_the_search(tmp_path: Path) -> None:
    network = construct("S3", ["[2,1]"], seed=1).network
    path = write_network(tmp_path / "net.safetensors", network)
    certificate = certify(network).write(tmp_path / "net.cert")
    code, modules = loaded("check", certificate, "--network", path)
    assert code == 0
    assert not modules & {*SEARCH, "scipy", "torch", "rich", "jinja2"}


@pytest.mark.parametrize("command", ["explain", "certify", "check"])
def test_what_processes_need_is_loaded_before_they_begin(command: str, tmp_path: Path) -> None:
    """They are copies of the first process, in which one worker would have loaded it."""
    certificates = []
    for seed in (1, 2):
        path = write_network(tmp_path / f"{seed}.safetensors", construct("S3", ["[2,1]"], seed=seed).network)
        certificates.append(certify(read_network(path)).write(tmp_path / f"{seed}.auto.cert"))
    given = [*certificates, "--network", tmp_path] if command == "check" else [tmp_path]
    (code, alone), (_, first) = (loaded(command, *given, "--workers", workers) for workers in (1, 2))
    assert code == 0
    assert not {name for name in alone - first if name.partition(".")[0] in {"numpy", "rhoset", "rhoset_check"}}


@pytest.mark.parametrize(
    "wrong", [["--preset", "foo"], ["--set", "width=x"], ["--activation", "tanh"], ["--config", "missing.toml"]]
)
def test_a_wrong_setting_is_said_before_pytorch_is_loaded(wrong: list[str]) -> None:
    code, modules = loaded("train", "S3", *wrong)
    assert code == 2
    assert "torch" not in modules


@pytest.mark.parametrize(
    "wrong", [["report", "missing"], ["formation", "missing"], ["table", "missing"], ["compare", "missing", "missing"]]
)
def test_a_place_that_is_not_there_is_said_before_its_room_is_loaded(wrong: list[str]) -> None:
    code, modules = loaded(*wrong)
    assert code == 2
    assert not modules & {"rhoset.report", "rhoset.populations", "rhoset.explaining", "scipy", "rich"}


def test_two_runs_are_compared_without_scipys_statistics(tmp_path: Path) -> None:
    runs = [tmp_path / name for name in "ab"]
    for seed, run in enumerate(runs):
        run.mkdir()
        write_network(run / "net.safetensors", construct("S3", ["[2,1]"], noise=0.1, seed=seed).network)
    code, modules = loaded("compare", *runs, "-q")
    assert code == 0
    assert not modules & {"scipy.stats", "torch"}


def test_a_wrong_address_is_said_before_pytorch_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text('[grid]\ngroup = ["C3"]\n')
    for address in ("127.0.0.1:8786", "localhost", "tcp://", "tcp://host", "tcp://host:99999999", ""):
        code, modules = loaded("sweep", tmp_path / "sweep.toml", "--cluster", address)
        assert code == 2
        assert not modules & {"torch", "distributed"}


def test_explaining_and_certifying_load_no_scipy(tmp_path: Path) -> None:
    path = write_network(tmp_path / "net.safetensors", construct("A4", ["3a"], seed=1).network)
    for arguments in (["groups", "show", "A5"], ["explain", path], ["certify", path]):
        code, modules = loaded(*arguments)
        assert code == 0
        assert not modules & {"scipy", "torch"}


def test_the_quickest_proof_loads_no_explanation(tmp_path: Path) -> None:
    path = write_network(tmp_path / "net.safetensors", construct("S4", ["[3,1]"], seed=1).network)
    assert "rhoset.explaining" not in loaded("certify", path)[1]
    assert "rhoset.explaining" in loaded("certify", path, "--objective", "operations", "--method", "lowrank")[1]


def test_that_these_tests_can_fail(tmp_path: Path) -> None:
    network = construct("S3", ["[2,1]"], seed=1).network
    path = write_network(tmp_path / "net.safetensors", replace(network, activation="gelu"))
    _, modules = loaded("explain", path)
    assert "scipy" in modules
    assert "rhoset.explaining" in modules


def test_who_divides_a_study_among_processes_loads_no_search_for_proofs() -> None:
    code = "import rhoset.populations.studies, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"rhoset.prove", "multiprocessing", "scipy", "torch"}
