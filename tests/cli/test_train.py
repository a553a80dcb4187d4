"""`rhoset train` and `rhoset sweep`."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

QUICK = ("--width", 16, "--steps", 60, "--set", "embed_dim=16", "--set", "evaluate_every=20",
         "--workers", 1)  # fmt: skip


def test_train_resumes_and_refuses(rhoset, tmp_path: Path):
    run = tmp_path / "run"
    ran = rhoset("train", "S3", "--models", 2, "--out", run, "--json", *QUICK)
    assert ran.code == 0
    assert (ran.json["group"], ran.json["run"]) == ("S3", str(run))
    assert [(m["index"], m["seed"], m["steps"]) for m in ran.json["models"]] == [
        (0, 0, 60),
        (1, 1, 60),
    ]
    assert {"loss", "accuracy", "seconds", "label"} <= set(ran.json["models"][0])
    assert "1/2  seed 0" in ran.err
    again = rhoset("train", "S3", "--models", 3, "--out", run, *QUICK)
    assert again.code == 0
    assert "3 networks in" in again.out
    assert "3/3  seed 2" in again.err
    assert "seed 0" not in again.err
    other = rhoset("train", "S3", "--models", 3, "--out", run, *QUICK, "--fraction", 0.5)
    assert other.code == 2
    assert "train_fraction 1.0, now 0.5" in other.err


def test_settings_come_from_preset_file_and_options(rhoset, tmp_path: Path):
    import tomllib

    (tmp_path / "settings.toml").write_text('preset = "morwani2023"\nwidth = 9\nmax_steps = 5\n')
    ran = rhoset(
        "train", "C5", "--config", tmp_path / "settings.toml", "--out", tmp_path / "run",
        "--steps", 4, "--seed", 7, "-q", "--workers", 1, "--set", "split_seed=own",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    said = tomllib.loads((tmp_path / "run" / "run.toml").read_text())
    assert said["first_seed"] == 7
    config = said["config"]
    assert (config["activation"], config["width"], config["max_steps"]) == ("square", 9, 4)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["S99"], "S99"),
        (["S3", "--preset", "wu"], "preset 'wu' is not known"),
        (["S3", "--set", "lr=1"], "'lr' is no training setting"),
        (["S3", "--set", "lr"], "expected NAME=VALUE"),
        (["S3", "--width", "0"], "width is 0"),
        (["S3", "--models", "0"], "0 is not in the range"),
        (["S3", "--config", "missing.toml"], "missing.toml"),
        (["S3", "--device", "nonsense", "--out", "run"], "nonsense"),
    ],
)
def test_wrong_calls_are_one_line(rhoset, arguments, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = rhoset("train", *arguments)
    assert ran.code == 2
    assert named in ran.err
    assert "Traceback" not in ran.err


def test_the_live_table_shows_who_trains(rhoset):
    from rich.console import Console

    from rhoset.cli.train import _LiveTable
    from rhoset.training import Progress
    from rhoset.training.outcome import Evaluated

    table = _LiveTable("S5", 1500)
    now = Evaluated(300, 0.25, 0.75, 0.25, 0.75, 0.0, 0.0)
    table.add(Progress(0, 0, None, {"steps": 1500, "loss": 0.027, "accuracy": 1.0,
                                    "label": "generalised"}, 1, 100, 3725.0))  # fmt: skip
    table.add(Progress(1, 1, now, None, 1, 100, 3725.0))
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table.render())
    console.file.close()
    text = console.export_text()
    assert "S5: 1 of 100 done, 1:02:05 left" in text
    assert text.index("training") < text.index("generalised")
    assert "75.00%" in text


def test_sweep(rhoset, tmp_path: Path):
    path = tmp_path / "grid.toml"
    path.write_text("models = 2\n[settings]\nembed_dim = 8\nmax_steps = 20\n[grid]\ngroup = ['S3']\nwidth = [8, 12]\n")
    ran = rhoset("sweep", path, "--json", "--workers", 1)
    assert ran.code == 0
    assert [c["width"] for c in ran.json["cells"]] == [8, 12]
    assert len(ran.json["models"]) == 4
    assert (tmp_path / "grid" / "results.csv").is_file()
    path.write_text("models = 2")
    assert rhoset("sweep", path).code == 2
