"""The checker alone: what it loads, what its command prints, and with which code it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from check.corpus_maker import corpus
from check.corpus_parts import good_pair
from check.harness import write_pair

FOREIGN = ("rhoset", "torch", "scipy", "click", "rich", "jinja2", "pandas", "hypothesis")
LOADED = "import sys; print('\\n'.join(sorted(m.split('.')[0] for m in sys.modules)))"


def loaded(code: str) -> set[str]:
    """Top-level modules of a fresh process that ran this code."""
    run = subprocess.run([sys.executable, "-c", code + "\n" + LOADED], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def foreign(modules: set[str]) -> set[str]:
    return modules & set(FOREIGN)


def test_the_checker_loads_numpy_safetensors_and_nothing_of_the_library(tmp_path: Path) -> None:
    _, net, cert = good_pair("uniform", "pairs", "exact")
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

    allowed = {"numpy", "safetensors", *sys.stdlib_module_names}
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
    _, net, cert = good_pair("pairs", "exact")
    certificate, network = write_pair(tmp_path, net, cert)
    run = command(certificate, "--network", network)
    assert (run.returncode, run.stderr) == (0, "")
    assert "for at least 36 of the 36 pairs" in run.stdout
    run = command(certificate, "--network", network, "--json", optimise=True)
    assert run.returncode == 0
    assert json.loads(run.stdout)["accuracy_bound"] == 1.0


@pytest.mark.parametrize("name", [
    "one bit of one weight", "a loop", "coupling not invariant", "plan nested too deep", "tensor of 2^62 entries",
    "misassigned slots", "claim of NaN", "NaN weight",
])  # fmt: skip
def test_rejection_exits_1(name: str, tmp_path: Path) -> None:
    pair = corpus()[name]
    (tmp_path / "c").write_bytes(pair.certificate)
    (tmp_path / "n").write_bytes(pair.network)
    run = command(tmp_path / "c", "--network", tmp_path / "n", optimise=name == "a loop")
    assert run.returncode == 1
    assert run.stdout.startswith("REJECTED: ")
    assert pair.reason in run.stdout
    assert run.stderr == ""
    run = command(tmp_path / "c", "--network", tmp_path / "n", "--json")
    fields = json.loads(run.stdout)
    assert (run.returncode, fields["valid"], fields["accuracy_bound"]) == (1, False, 0.0)


def test_a_wrong_call_exits_2(tmp_path: Path) -> None:
    _, net, cert = good_pair("exact")
    certificate, network = write_pair(tmp_path, net, cert)
    calls = [
        (), (certificate,), ("--network", network), (certificate, "--network", tmp_path / "none"),
        (tmp_path / "none", "--network", network), (tmp_path, "--network", network), ("a" * 5000, "--network", network),
        (certificate, "--network", network, "--trust"), (certificate, network),
    ]  # fmt: skip
    for call in calls:
        run = command(*call)
        assert run.returncode == 2, call
        assert run.stdout == ""
        assert "Traceback" not in run.stderr
        assert "rhoset_check" in run.stderr


def test_the_statement_never_rounds_up(tmp_path: Path) -> None:
    """35 of 36 right: 0.972222…, and 2 of 3 would print as 0.666667."""
    from dataclasses import replace

    from check.harness import derive

    _, net, cert = good_pair("exact")
    verdict = derive(net, cert)
    printed = replace(verdict, right=24).statement()
    assert "accuracy at least 0.666666)" in printed
    almost = replace(verdict, right=10**9 - 1, inputs=10**9)
    assert "accuracy at least 0.999999)" in almost.statement()
