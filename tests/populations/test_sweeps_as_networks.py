"""A sweep is a folder of runs: every command that takes networks takes it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rhoset.cli import main
from rhoset.errors import RhosetError
from rhoset.networks import write_atomic
from rhoset.networks.runs import create_run, open_networks


@pytest.fixture
def sweep(standard: Path, tmp_path: Path) -> Path:
    """Two cells of two networks, as `rhoset sweep` lays them out."""
    folder = tmp_path / "widths"
    for width in (128, 64):
        run = create_run(
            folder / "cells" / f"S4,width={width}", {"config": {"width": width, "weight_decay": 1 / width}}
        )
        for index in range(2):
            shutil.copy(standard / f"{index:04d}.safetensors", run.network_path(index))
        run.write_results([{"index": i, "seed": i, "steps": width, "seconds": 1.0} for i in range(2)])
    write_atomic(folder / "sweep.toml", "models = 2\n")
    return folder


def test_all_networks_of_all_cells_in_natural_order(sweep: Path):
    labels = [label for label, _ in open_networks(sweep)]
    assert labels == [f"{sweep}/cells/S4,width={width}#{index}" for width in (64, 128) for index in range(2)]
    for label, path in open_networks(sweep):
        assert open_networks(label) == [(label, path)]  # what is printed can be typed


def test_a_sweep_without_networks(sweep: Path):
    for path in sweep.rglob("*.safetensors"):
        path.unlink()
    with pytest.raises(RhosetError, match="no finished network"):
        open_networks(sweep)


@pytest.mark.parametrize("command", ["explain", "certify", "table"])
def test_commands_take_sweeps(sweep: Path, command: str, capsys: pytest.CaptureFixture[str]):
    assert main([command, "-q", "--json", str(sweep)]) == 0
    said = json.loads(capsys.readouterr().out)
    (entries,) = said.values()
    assert [entry["network"] for entry in entries] == [label for label, _ in open_networks(sweep)]


def test_the_table_has_the_settings_that_differ(sweep: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["table", "-q", str(sweep), "--columns", "network,weight_decay,seed,steps"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[1:] for row in rows] == [[d, s, n] for d, n in (("0.01562", "64"), ("0.007812", "128")) for s in "01"]
    assert main(["table", "-q", str(sweep), "--by", "weight_decay"]) == 0
    assert capsys.readouterr().out.count("2/2") >= 4


def test_report_takes_a_sweep(sweep: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["report", "-q", "--json", str(sweep)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["networks"] == 4
    assert "S4,width=64 #1" in Path(said["report"]).read_text(encoding="utf-8")
