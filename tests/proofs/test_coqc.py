"""The proofs themselves: what they rest on, and theorems about small networks, true and false ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.orbit_circuits import circuit

from rhoset.formalize import formalize

PROOFS = Path(__file__).parents[2] / "proofs"
pytestmark = [
    pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed"),
    pytest.mark.skipif(not (PROOFS / "Theorems.vo").exists(), reason="the proofs are not built (make proofs)"),
]


def coqc(path: Path) -> subprocess.CompletedProcess[str]:
    """Compile one file beside the library."""
    command = ["coqc", "-R", str(PROOFS), "Rhoset", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


@pytest.mark.parametrize("rule", ["even", "lowrank", "exact"])
def test_theorem_and_its_negation(tmp_path: Path, verified: Path, rule: str):
    case = circuit(tmp_path, 3, 0.001, rule="lowrank" if rule == "lowrank" else "gaps")
    path = tmp_path / "net.v"
    formalize(case.certificate, case.network, path, rule)
    done = coqc(path)
    assert done.returncode == 0, done.stderr
    assert "Axioms" in done.stdout  # the primitive integers'
    subprocess.run(
        [sys.executable, str(PROOFS / "check_assumptions.py"), "-"], input=done.stdout, text=True, check=True
    )
    # One weight changed in the file (what output 5 gains is more than any margin): the same claim fails.
    text = path.read_text()
    assert "Definition net_bias : list int := [" in text
    head, tail = text.split("Definition net_bias : list int := [")
    first = tail.split("; ", 1)[0]
    huge = int(np.float32(1e4).view(np.uint32))
    false = tmp_path / "false.v"
    false.write_text(f"{head}Definition net_bias : list int := [{huge}{tail[len(first) :]}")
    assert coqc(false).returncode != 0


def test_a_higher_claim_fails(tmp_path: Path):
    case = circuit(tmp_path, 3, 0.6, 1)
    path = tmp_path / "net.v"
    right = formalize(case.certificate, case.network, path, "exact").right
    assert right < 36
    assert coqc(path).returncode == 0
    higher = tmp_path / "higher.v"
    text = path.read_text()
    higher.write_text(
        text.replace(f"weights {right}", f"weights {right + 1}").replace(f"{right} <=", f"{right + 1} <=")
    )
    assert coqc(higher).returncode != 0


def test_factors(tmp_path: Path, verified: Path):
    case = circuit(tmp_path, 3, 0.01)
    m = case.tensors["left"].shape[1]
    factors = {"unembed": case.tensors["unembed"], "cayley": case.tensors["table"]}
    for side in ("left", "right"):
        factors |= {f"embed_{side}": case.tensors[side], f"hidden_{side}": np.eye(m, dtype=np.float32)}
    case.tensors = factors
    case.save()
    path = tmp_path / "net.v"
    for rule, case.rule in (("even", "gaps"), ("lowrank", "lowrank"), ("exact", "exact")):
        case.save()
        assert formalize(case.certificate, case.network, path, rule).right == 36
        done = coqc(path)
        assert done.returncode == 0, done.stderr


def test_what_the_theorems_rest_on(tmp_path: Path):
    done = coqc(PROOFS / "Assumptions.v")
    assert done.returncode == 0
    check = [sys.executable, str(PROOFS / "check_assumptions.py"), "-"]
    assert subprocess.run(check, input=done.stdout, text=True, check=False).returncode == 0
    worse = done.stdout + "\nAxioms:\nRhoset.Exact.because : forall n : nat, n = n\n"
    assert subprocess.run(check, input=worse, text=True, check=False, capture_output=True).returncode == 1
    admitted = tmp_path / "admitted.v"
    admitted.write_text("Axiom because : 0 = 1. Theorem t : 0 = 1. exact because. Qed. Print Assumptions t.\n")
    found = subprocess.run(check, input=coqc(admitted).stdout, text=True, check=False, capture_output=True)
    assert found.returncode == 1
    assert "because" in found.stdout + found.stderr
