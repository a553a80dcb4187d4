"""`rhoset construct`: the network is there, right, and explained as planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhoset.networks import evaluate, read_network


def test_construct(rhoset, tmp_path: Path):
    target = tmp_path / "ideal.safetensors"
    call = ("construct", "S4", "--irrep", "[3,1]", "--irrep", "[1,1,1,1]", "--out", target)
    said = rhoset(*call, "--json").json
    network = read_network(target)
    assert said["digest"] == network.digest
    assert said["accuracy"] == evaluate(network).accuracy == 1
    assert [(c["irrep"], c["left_size"]) for c in said["circuits"]] == [
        ("[3,1]", 4),
        ("[1,1,1,1]", 2),
    ]
    assert said["margin"] == pytest.approx(10, rel=1e-3)
    ran = rhoset(*call)
    assert ran.code == 2
    assert "--force" in ran.err
    assert rhoset(*call, "--force", "--seed", 3, "--noise", 0.01).code == 0
    assert read_network(target).digest != network.digest


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--irrep", "[9,9]"], "[9,9]"),
        (["--irrep", "[3,1]:rows=9"], "9 rows"),
        (["--irrep", "[3,1]:nonsense=1"], "nonsense"),
        (["--irrep", "[3,1]", "--width", "3"], "16"),
        (["--irrep", "[3,1]", "--noise", "-1"], "-1"),
        (["--irrep", "[1,1,1,1]"], "apart"),
        ([], "--irrep"),
    ],
)
def test_wrong_plans(rhoset, tmp_path: Path, options: list[str], word: str):
    ran = rhoset("construct", "S4", *options, "--out", tmp_path / "x.safetensors")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert word in ran.err
    assert list(tmp_path.iterdir()) == []
