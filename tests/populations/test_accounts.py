"""Accounts side by side: what the library says of each network, kept, and in the command's table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import rhoset as rs
from rhoset.cli import main
from rhoset.explaining import analyse, compare, equivariance, minimality
from rhoset.networks import read_network, write_network
from rhoset.networks.constructing import construct
from rhoset.populations import accounts as module
from rhoset.populations import table
from rhoset.populations.accounts import COLUMNS, accounts


@pytest.fixture
def folder(standard: Path, tmp_path: Path) -> Path:
    """Two networks on S4 and one on C7, in a folder of their own."""
    for name in ("0000", "0001"):
        shutil.copy(standard / f"{name}.safetensors", tmp_path / f"{name}.safetensors")
    write_network(tmp_path / "cyclic.safetensors", construct("C7", ["2a"], seed=1, noise=0.01).network)
    return tmp_path


def test_they_are_what_the_library_says(folder: Path) -> None:
    path = folder / "0000.safetensors"
    network = read_network(path)
    said = accounts(network)
    for each in compare(network):
        name = each.name.replace(" ", "_")
        assert said[f"by_{name}"] == each.explained
        assert said[f"right_by_{name}"] == each.result.accuracy
    sides = equivariance(network)
    assert (said["equivariant_left"], said["equivariant_both"]) == (sides.left, sides.both)
    needed = minimality(analyse(network).explanation)
    assert said["parts"] == len(needed.parts)
    assert said["parts_enough"] == min(map(len, needed.sufficient))


def test_what_was_computed_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "0000.safetensors"
    network = read_network(path)
    first = accounts(network, path)
    monkeypatch.setattr(module, "compare", lambda of: pytest.fail("computed again"))
    assert accounts(network, path) == first
    monkeypatch.setattr(module, "ACCOUNTS", -1)
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        accounts(network, path)


def test_the_table_has_a_column_for_each(folder: Path) -> None:
    pytest.importorskip("pandas")
    frame = table(folder, accounts=True)
    cyclic = frame[frame["group"] == "C7"].iloc[0]
    others = frame[frame["group"] == "S4"]
    assert cyclic["by_circles"] > 0.5
    assert others["by_circles"].isna().all()
    assert (others["by_irreps"] >= others["by_circuits"] - 1e-9).all()
    said = {"by_ACCOUNT", "right_by_ACCOUNT"}
    named = {name for name in frame.columns if name.startswith(("equivariant", "parts", "law"))}
    assert named | said == set(COLUMNS) - {"decided"}
    assert "by_circles" not in table(folder).columns


def test_the_command_prints_and_writes_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", str(folder), "--accounts", "--json"]) == 0
    networks = json.loads(capsys.readouterr().out)["networks"]
    assert len(networks) == 3
    for record in networks:
        assert 0 <= record["accounts"]["by_cosets"] <= 1
        assert "decided" not in record["accounts"]
    assert main(["table", str(next(folder.rglob("*.safetensors"))), "--accounts"]) == 0
    assert "by_cosets" in capsys.readouterr().out  # of one network, where no column tells networks apart
    target = folder / "accounts.csv"
    assert main(["table", str(folder), "--accounts", "--out", str(target), "-q"]) == 0
    assert "equivariant_left" in target.read_text("utf-8").splitlines()[0]


def test_decided_needs_the_training_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    rs.train("S3", 1, out=tmp_path / "run", width=12, max_steps=1500)
    network = construct("S3", ["[2,1]"], seed=1).network
    write_network(tmp_path / "planted.safetensors", network)
    assert main(["table", str(tmp_path / "run"), str(tmp_path / "planted.safetensors"), "--decided", "--json"]) == 0
    trained, planted = (record["accounts"] for record in json.loads(capsys.readouterr().out)["networks"])
    assert trained["decided"] > 0.99
    assert planted["decided"] is None
