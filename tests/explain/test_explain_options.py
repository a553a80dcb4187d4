"""``rhoset explain --minimal --equivariance --laws``: what is printed and what scripts read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from explain.planting import planted
from support.public import public_file

from rhoset.cli._app import app
from rhoset.networks import write_network


def test_minimal_and_equivariance(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_network(path, planted("S4", "[3,1]:rows=3", "sign").network)
    call = ["explain", str(path), "--minimal", "--equivariance"]
    said = json.loads(CliRunner().invoke(app, [*call, "--json"], catch_exceptions=False).stdout)["networks"][0]
    assert said["minimal"]["exhaustive"] is True
    assert {row["part"] for row in said["minimal"]["parts"]} >= set(said["minimal"]["sufficient"][0])
    assert said["equivariance"]["right"] == pytest.approx(1, abs=1e-6)
    assert said["equivariance"]["left"] < 1
    text = CliRunner().invoke(app, call, catch_exceptions=False).stdout
    assert "accuracy without" in text
    assert "enough for 100.00%" in text
    assert "by class" in text


def test_laws_of_a_public_network() -> None:
    path = str(public_file("A5_seed2.safetensors"))
    result = CliRunner().invoke(app, ["explain", path, "--laws", "--json"], catch_exceptions=False)
    laws = json.loads(result.stdout)["networks"][0]["laws"]
    assert laws["fraction"] == pytest.approx(0.5)
    assert laws["writing"]["law"] > 0.9999
    assert laws["writing"]["decided"] > 0.9999
    assert laws["distance"] <= 1e-3
    assert laws["reading"]["left"] > 0.8
    assert sum(row["energy"] for row in laws["scalars"]) == pytest.approx(1)


def test_laws_where_the_pairs_are_not_known(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_network(path, planted("S4", "[3,1]").network)
    said = CliRunner().invoke(app, ["explain", str(path), "--laws"], catch_exceptions=False).stdout
    assert "training pairs not known" in said
    assert "one scalar an irrep" in said


def test_laws_take_the_last_snapshot(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    import rhoset

    settings = {"optimizer": "adamw", "weight_decay": 1.0, "learning_rate": 1e-3, "unembed_bias": False}
    settings |= {"max_steps": 60, "checkpoints": 4, "width": 8, "architecture": "folded"}
    rhoset.train("S3", 1, out=tmp_path / "run", **settings)
    call = ["explain", str(tmp_path / "run"), "--laws", "--json"]
    (said,) = json.loads(CliRunner().invoke(app, call, catch_exceptions=False).stdout)["networks"]
    network = rhoset.load(tmp_path / "run" / "networks" / "0000.safetensors")
    steps = sorted((tmp_path / "run" / "networks" / "0000.steps").glob("*.safetensors"))
    before = next(rhoset.load(path) for path in reversed(steps) if int(path.stem) < 60)
    law = rhoset.writing_law(network, before=before).shares()
    assert said["laws"]["writing"]["moving"] == pytest.approx(law["moving"])
    assert said["laws"]["writing"]["law"] == pytest.approx(law["law"])


@pytest.mark.parametrize(("plans", "tables"), [(("[3,1]", "sign"), 1), (("[3,1]", "[3,1]:size=6", "sign"), 2)])
def test_irreps_stand_apart_where_they_are_not_the_parts(tmp_path: Path, plans: tuple[str, ...], tables: int) -> None:
    path = tmp_path / "net.safetensors"
    write_network(path, planted("S4", *plans).network)
    said = CliRunner().invoke(app, ["explain", str(path), "--minimal"], catch_exceptions=False).stdout
    assert said.count("accuracy without") == tables


def test_no_shares_of_a_part_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_network(path, planted("S4", "[3,1]").network)
    call = ["explain", str(path), "--laws", "--division"]
    said = json.loads(CliRunner().invoke(app, [*call, "--json"], catch_exceptions=False).stdout)["networks"][0]
    assert said["laws"]["writing"]["off"] < 1e-9
    assert said["laws"]["writing"]["off_group"] is None
    text = CliRunner().invoke(app, call, catch_exceptions=False).stdout
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("own irrep, and scalars")] == ["1"]
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("readings, one scalar")] == ["–"]
    assert "-0.00" not in text
