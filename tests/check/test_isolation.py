"""The checker alone: what it loads, what its command prints, and with which code it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from check.corpus_maker import corpus
from check.corpus_parts import good_pair
from check.harness import derive, write_pair

FOREIGN = ("rhoset", "torch", "scipy", "click", "rich", "jinja2", "pandas", "hypothesis")
LOADED = "import sys; print('\\n'.join(sorted(m.split('.')[0] for m in sys.modules)))"


def loaded(code: str) -> set[str]:
    """Top-level modules of a fresh process that ran this code."""
    run = subprocess.run([sys.executable, "-c", code + "\n" + LOADED], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def foreign(modules: set[str]) -> set[str]:
    return modules & set(FOREIGN)


def test_the_checker_loads_numpy_safetensors_and_nothing_of_the_library(tmp_path: Path) -> None:
    _, net, cert = good_pair("gaps", "exact")
    certificate, network = write_pair(tmp_path, net, cert)
    code = f"import rhoset_check; assert rhoset_check.check({str(certificate)!r}, {str(network)!r}).right == 36"
    modules = loaded(code)
    assert {"rhoset_check", "numpy", "safetensors"} <= modules
    assert foreign(modules) == set()
    extra = modules - set(sys.stdlib_module_names) - {"rhoset_check", "numpy", "safetensors"}
    started = loaded("pass")
    assert {m for m in extra - started if not m.startswith("_")} == set()


def test_that_test_can_fail() -> None:
    assert "rhoset" in foreign(loaded("import rhoset_check, rhoset"))
    assert "scipy" in foreign(loaded("import rhoset_check, scipy"))


def test_no_source_file_imports_the_library_or_asserts() -> None:
    """Read, not run: no assert that -O would drop, no import beyond numpy, safetensors and the standard library."""
    import ast

    import rhoset_check

    allowed = {"rhoset_check", "numpy", "safetensors", *sys.stdlib_module_names}
    files = sorted(Path(rhoset_check.__file__).parent.glob("*.py"))
    assert len(files) >= 8
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Assert), f"{file.name}:{node.lineno} asserts"
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= allowed, file.name
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] in allowed, file.name
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), file.name


def command(*arguments: str | Path, optimise: bool = False) -> subprocess.CompletedProcess[str]:
    flags = ["-O"] if optimise else []
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    call = [sys.executable, *flags, "-m", "rhoset_check", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, env=environment, check=False)


def test_acceptance_exits_0_and_says_what_was_proved(tmp_path: Path) -> None:
    _, net, cert = good_pair("exact")
    certificate, network = write_pair(tmp_path, net, cert)
    run = command(certificate, "--network", network)
    assert (run.returncode, run.stderr) == (0, "")
    assert "for at least 36 of the 36 pairs" in run.stdout
    run = command(certificate, "--network", network, "--json", optimise=True)
    assert run.returncode == 0
    assert json.loads(run.stdout)["accuracy_bound"] == 1.0


@pytest.mark.parametrize("name", [
    "one bit of one weight", "a loop", "matrices that represent nothing", "a rule that is not there",
    "tensor of 2^62 entries", "misassigned features", "claim of NaN", "NaN weight", "gaps: relations", "version 1",
    "unknown activation",
])  # fmt: skip
def test_exit_codes_are_1_and_2_with_one_line(name: str, tmp_path: Path) -> None:
    pair = corpus()[name]
    (tmp_path / "c").write_bytes(pair.certificate)
    (tmp_path / "n").write_bytes(pair.network)
    code = {"rejected": 1, "unreadable": 2}[pair.status]
    run = command(tmp_path / "c", "--network", tmp_path / "n", optimise=name == "a loop")
    assert run.returncode == code
    assert run.stdout.startswith(f"{pair.status.upper()}: ")
    assert len(run.stdout.splitlines()) == 1
    assert pair.reason in run.stdout
    assert run.stderr == ""
    run = command(tmp_path / "c", "--network", tmp_path / "n", "--json")
    fields = json.loads(run.stdout)
    assert (run.returncode, fields["valid"], fields["accuracy_bound"]) == (code, False, 0.0)


def good_files(folder: Path) -> tuple[str, str]:
    certificate, network = write_pair(folder, *good_pair("exact")[1:])
    return str(certificate), str(network)


def test_a_wrong_call_exits_2(tmp_path: Path) -> None:
    certificate, network = good_files(tmp_path)
    for call in [(), (certificate,), ("--network", network), (certificate, network),
                 (certificate, "--network", network, "--trust")]:  # fmt: skip
        run = command(*call)
        assert (run.returncode, run.stdout) == (2, ""), call
        assert "Traceback" not in run.stderr
        assert "rhoset_check" in run.stderr


def test_files_that_cannot_be_read_exit_2(tmp_path: Path) -> None:
    certificate, network = good_files(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "none", tmp_path, "a" * 5000, tmp_path / "fifo", "/dev/zero", "/dev/stdin", "\udce9"):
        for call in ((certificate, "--network", path), (path, "--network", network)):
            run = command(*call)
            assert (run.returncode, run.stderr) == (2, ""), call
            assert run.stdout.startswith("UNREADABLE: ")
            assert len(run.stdout.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_exits_2(tmp_path: Path) -> None:
    certificate, network = good_files(tmp_path)
    Path(network).chmod(0)
    run = command(certificate, "--network", network)
    assert (run.returncode, run.stderr) == (2, "")
    assert "Permission denied" in run.stdout


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", ">&- 2>&-"])
@pytest.mark.parametrize("flag", ["", "--json"])
def test_an_answer_that_cannot_be_said_exits_2(redirection: str, flag: str, tmp_path: Path) -> None:
    """The certificate is good; but 0 would mean that somebody was told."""
    if "full" in redirection and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    certificate, network = good_files(tmp_path)
    call = f'"{sys.executable}" -m rhoset_check "{certificate}" --network "{network}" {flag} {redirection}'
    run = subprocess.run(["sh", "-c", call], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("name", ["a loop", "a neuron too few", "good"])
def test_any_encoding_of_the_output(encoding: str, name: str, tmp_path: Path) -> None:
    """Reasons and the statement hold …, ≠, Σ, φ."""
    pair = corpus().get(name)
    if pair:
        (tmp_path / "a.cert").write_bytes(pair.certificate)
        (tmp_path / "a.safetensors").write_bytes(pair.network)
    else:
        good_files(tmp_path)
    files = str(tmp_path / "a.cert"), "--network", str(tmp_path / "a.safetensors")
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    call = [sys.executable, "-m", "rhoset_check", *files]
    run = subprocess.run(call, capture_output=True, env=environment, check=False)
    assert (run.returncode, run.stderr) == (1 if pair else 0, b"")
    assert run.stdout.decode(encoding)


def test_the_statement_never_rounds_up(tmp_path: Path) -> None:
    """The fraction is the statement; as a float it is rounded down."""
    _, net, cert = good_pair("exact")
    verdict = derive(net, cert)
    for right, inputs in [(24, 36), (10**9 - 1, 10**9), (1, 3), (2, 3), (5, 6), (4489, 4489)]:
        told = replace(verdict, right=right, inputs=inputs)
        assert Fraction(told.accuracy_bound) <= Fraction(right, inputs)
        assert f"for at least {right} of the {inputs} pairs" in told.statement()
