"""`rhoset import`: checkpoints made here in each published layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rhoset.cli.import_ import FORMATS
from rhoset.groups import group
from rhoset.networks import read_network
from rhoset.networks.importing import FORMAT_NAMES


def test_formats_are_those_of_the_library():
    assert FORMATS == FORMAT_NAMES


def right_network(n: int, instances: int) -> dict[str, np.ndarray]:
    """Tables in the layout of Wu et al. that add mod n rightly: n² neurons, one a pair."""
    pairs = np.arange(n * n)
    one_hot = np.eye(n, dtype=np.float32)
    left, right = one_hot[:, pairs // n] - 0.5, one_hot[:, pairs % n] - 0.5
    unembed = one_hot[(pairs // n + pairs % n) % n]
    parts = {"embedding_left": left, "embedding_right": right, "unembedding": unembed}
    return {name: np.repeat(array[None], instances, axis=0) for name, array in parts.items()}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "wu.safetensors"
    save_file(right_network(4, 1), path)
    return path


def test_one_network(rhoset, checkpoint: Path, tmp_path: Path):
    target = tmp_path / "net.safetensors"
    ran = rhoset("import", "wu", checkpoint, "--group", "C4", "--out", target, "--json")
    assert ran.code == 0, ran.err
    (row,) = ran.json["networks"]
    assert (row["group"], row["order"], row["width"], row["accuracy"]) == ("C4", 4, 16, 1.0)
    network = read_network(target)
    assert network.digest == row["digest"]
    assert np.array_equal(network.table, group("C4").table)


def test_several_networks_go_to_a_folder(rhoset, tmp_path: Path):
    path = tmp_path / "wu.safetensors"
    save_file(right_network(3, 2), path)
    folder = tmp_path / "nets"
    assert rhoset("import", "wu", path, "--group", "C3", "--out", folder).code == 0
    assert sorted(p.name for p in folder.iterdir()) == ["0000.safetensors", "0001.safetensors"]
    ran = rhoset("import", "wu", path, "--group", "C3", "--out", tmp_path / "one.safetensors")
    assert ran.code == 2
    assert "--instance" in ran.err
    one = tmp_path / "one.safetensors"
    assert rhoset("import", "wu", path, "--group", "C3", "--instance", 1, "--out", one).code == 0


def test_nothing_is_replaced_unasked(rhoset, checkpoint: Path, tmp_path: Path):
    target = tmp_path / "net.safetensors"
    target.write_bytes(b"mine")
    call = ("import", "wu", checkpoint, "--group", "C4", "--out", target)
    ran = rhoset(*call)
    assert ran.code == 2
    assert "--force" in ran.err
    assert target.read_bytes() == b"mine"
    assert rhoset(*call, "--force").code == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["wu", "missing.safetensors", "--group", "C4"], "missing.safetensors"),
        (["nonsense", "x", "--group", "C4"], "nonsense"),
        (["stander", "CHECKPOINT", "--group", "C4"], "lembed.weight"),
        (["wu", "CHECKPOINT"], "--group"),
        (["wu", "CHECKPOINT", "--group", "C5"], "5"),
        (["mapping", "CHECKPOINT"], "mapping"),
    ],
)
def test_wrong_calls(rhoset, checkpoint: Path, tmp_path: Path, arguments: list[str], word: str):
    given = [str(checkpoint) if a == "CHECKPOINT" else a for a in arguments]
    ran = rhoset("import", *given, "--out", tmp_path / "net.safetensors")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert word in ran.err
    assert not (tmp_path / "net.safetensors").exists()
