"""One row a network: values, files, what is kept, certificates checked anew."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rhoset as rs
from rhoset.cli import main
from rhoset.errors import RhosetError
from rhoset.networks import read_network
from rhoset.networks.runs import certificate_path, create_run
from rhoset.populations import COLUMNS, measuring, table, write_table
from rhoset.populations.rows import files_of, flat, records
from rhoset.populations.tables import to_latex, to_markdown
from rhoset.summaries import cell

pandas = pytest.importorskip("pandas")


def test_rows_say_what_the_library_says(standard: Path):
    frame = table(standard)
    assert len(frame) == 6
    for row, path in zip(frame.to_dict("records"), sorted(standard.glob("*.safetensors")), strict=True):
        network = read_network(path)
        result = rs.evaluate(network)
        assert row["network"] == str(path)
        assert row["accuracy"] == result.accuracy
        assert row["loss"] == pytest.approx(result.loss, rel=1e-3)
        assert row["explained"] == pytest.approx(rs.explain(network).explained)
        assert row["irreps"].startswith("[3,1] ×")
        assert row["key_set"].startswith("{[3,1]")


def test_every_column_is_documented(standard: Path):
    documented = set(COLUMNS)
    names = set(table(standard, spectrum=True).columns)
    plain = {n for n in names if not n.startswith(("b2 ", "nu ")) and not n.endswith(("_bound", "_cost", "_seconds"))}
    assert plain <= documented
    assert any(n.startswith("b2 ") for n in names)


def test_large_groups_have_no_spectral_weights(standard: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    shutil.copy(standard / "0000.safetensors", tmp_path / "0.safetensors")
    monkeypatch.setattr(measuring, "OPERATIONS", 10_000)
    (record,) = records(files_of([tmp_path / "0.safetensors"]))
    assert record["pairs"] < 576
    assert record["spectral_weights"] is record["key_set"] is record["spectral_count"] is None
    assert record["multiplicity"]["[3,1]"] > 0
    assert next(flat([record], spectrum=True))["b2 [3,1]"] is None


def test_polars_on_request(standard: Path):
    polars = pytest.importorskip("polars")
    frame = table(standard, frame="polars")
    assert isinstance(frame, polars.DataFrame)
    assert frame.height == 6
    with pytest.raises(RhosetError, match="pandas"):
        table(standard, frame="arrow")


def test_without_pandas_it_says_so(standard: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(RhosetError, match=r"rhoset\[table\]"):
        table(standard)


def test_what_was_measured_is_kept_and_used_again(standard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "nets"
    folder.mkdir()
    shutil.copy(standard / "0000.safetensors", folder / "0.safetensors")
    first = records(files_of([folder]))
    kept = list((folder / ".measured").iterdir())
    assert len(kept) == 1
    monkeypatch.setattr(measuring, "_measure", lambda network: pytest.fail("measured again"))
    assert records(files_of([folder])) == first
    stale = json.loads(kept[0].read_text()) | {"version": "0.0.0"}
    kept[0].write_text(json.dumps(stale))
    with pytest.raises(pytest.fail.Exception, match="measured again"):
        records(files_of([folder]))


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"digest": 3}'])
def test_a_damaged_record_is_measured_again(standard: Path, tmp_path: Path, damage: str):
    folder = tmp_path / "nets"
    folder.mkdir()
    shutil.copy(standard / "0000.safetensors", folder / "0.safetensors")
    first = records(files_of([folder]))
    next((folder / ".measured").iterdir()).write_text(damage)
    assert records(files_of([folder])) == first


def test_bounds_are_the_checkers_and_bad_certificates_prove_nothing(standard: Path, tmp_path: Path):
    path = tmp_path / "net.safetensors"
    shutil.copy(standard / "0000.safetensors", path)
    made = rs.certify(read_network(path))
    made.write(certificate_path(path, "auto"))
    (record,) = records(files_of([path]))
    assert record["bounds"]["auto"]["accuracy_bound"] == made.verdict.accuracy_bound
    assert record["bounds"]["auto"]["cost"] == made.cost.share
    shutil.copy(standard / "0001.safetensors", path)  # the certificate now speaks of another network
    (record,) = records(files_of([path]))
    assert record["bounds"] == {}
    assert "another network" in record["refused"]["auto"]
    assert records(files_of([path]), bounds=False)[0]["refused"] == {}


def test_settings_and_seeds_of_a_run(standard: Path, tmp_path: Path):
    for width in (1, 2):
        run = create_run(tmp_path / f"run{width}", {"config": {"learning_rate": width / 10, "betas": [0.9, 0.98]}})
        shutil.copy(standard / "0003.safetensors", run.network_path(0))
        run.write_results([{"index": 0, "seed": 40 + width, "steps": 100}])
    said = records(files_of([tmp_path / "run1", tmp_path / "run2"]))
    rows = list(flat(said))
    assert [row["learning_rate"] for row in rows] == [0.1, 0.2]
    assert [row["seed"] for row in rows] == [41, 42]
    assert "betas" not in rows[0]
    assert next(flat(said, settings="all"))["betas"] == "0.9 0.98"
    assert next(iter((tmp_path / "run1" / ".measured").iterdir())).suffix == ".json"


def test_files_by_their_ending(standard: Path, tmp_path: Path):
    rows = list(flat(records(files_of([standard]))))
    written = list(csv.DictReader(write_table(tmp_path / "t.csv", rows).read_text().splitlines()))
    assert [float(row["loss"]) for row in written] == [row["loss"] for row in rows]
    polars = pytest.importorskip("polars")
    assert polars.read_parquet(write_table(tmp_path / "t.parquet", rows))["loss"].to_list() == [r["loss"] for r in rows]
    assert write_table(tmp_path / "t.md", rows).read_text().count("\n") == 8
    assert "\\begin{tabular}" in write_table(tmp_path / "t.tex", rows).read_text()
    with pytest.raises(RhosetError, match=r"\.xls"):
        write_table(tmp_path / "t.xls", rows)


def test_latex_needs_no_package_and_reads_nothing_as_a_command():
    text = to_latex(["net_work", "loss"], [["a_b 50 % {[4,1]} 5×5 ρ \\ ^ ~ # &", 2.5e-7], ["–", None]])
    assert text == (
        "\\begin{tabular}{lr}\n\\hline\nnet work & loss \\\\\n\\hline\n"
        "a\\_b 50 \\% \\{{[}4,1]\\} 5$\\times$5 $\\rho$ \\textbackslash{} \\textasciicircum{} \\textasciitilde{} "
        "\\# \\& & $2.5\\cdot10^{-7}$ \\\\\n-- & -- \\\\\n\\hline\n\\end{tabular}\n"
    )
    assert to_markdown(["a|b"], [["x|y"]]).splitlines()[2] == "| x\\|y |"


@pytest.mark.parametrize(
    ("arguments", "slug"), [({"settings": "some"}, "bad-settings"), ({"frame": "dask"}, "bad-frame")]
)
def test_wrong_arguments_are_said_before_anything_is_read(arguments: dict[str, str], slug: str):
    with pytest.raises(RhosetError) as caught:
        table("nowhere", **arguments)
    assert caught.value.slug == slug


def test_a_share_below_one_never_reads_as_one():
    assert [cell(value) for value in (1.0, 0.99993, 1 - 4e-8, 1 - 3e-16, 0.123456, float("nan"))] == [
        "1", "0.9999", "0.99999996", "1", "0.1235", "–",
    ]  # fmt: skip


def test_units_for_readers_and_names_for_programs(standard: Path, tmp_path: Path):
    rows = [{**row, "auto_seconds": 0.5} for row in flat(records(files_of([standard])))]
    for name in ("t.tex", "t.md"):
        text = write_table(tmp_path / name, rows).read_text()
        assert "loss (nats)" in text
        assert "seconds (s)" in text
    assert ",loss," in write_table(tmp_path / "t.csv", rows).read_text().splitlines()[0]


@pytest.mark.parametrize("command", ["table", "compare"])
def test_a_study_is_refused_with_what_to_do(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "settings.json").write_text("{}")
    places = [str(tmp_path)] * (2 if command == "compare" else 1)
    assert main([command, "-q", *places]) == 2
    assert "its networks.csv has one row a network" in capsys.readouterr().err


def test_the_command(standard: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main(["table", "-q", "--json", str(standard)]) == 0
    said = json.loads(capsys.readouterr().out)["networks"]
    assert list(said[0])[:9] == [
        "network", "group", "seed", "accuracy", "loss", "irreps", "circuits", "explained", "bounds",
    ]  # fmt: skip
    assert said[0]["irreps"][0]["name"] == "[3,1]"
    assert main(["table", "-q", str(standard), "--columns", "network,loss"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["network", "loss"]
    assert main(["table", "-q", str(standard), "--out", str(tmp_path / "t.tex")]) == 0
    lines = (tmp_path / "t.tex").read_text().splitlines()
    assert "order" not in lines[2]  # all the same, so not for a reader
    assert lines[4].startswith("0000.safetensors & ")
    assert main(["table", "-q", str(standard), "--out", str(tmp_path / "t.csv")]) == 0
    assert ",order," in (tmp_path / "t.csv").read_text().splitlines()[0]
    assert main(["table", "-q", str(standard), "--by", "group"]) == 0
    assert "6/6 = 100% (54–100)" in capsys.readouterr().out


def test_latex_fits_a_page(tmp_path: Path):
    """Columns go on below, each part with the first one; what is long is set in lines. TeX agrees."""
    columns = ["network", *(f"column_{k}" for k in range(9)), "circuits", "label"]
    rows = [[f"run#{k}", *([0.123456] * 9), "[4,1] 5×5 full, " * 6 + "sign", "cells/width=16#0"] for k in range(3)]
    text = to_latex(columns, rows)
    parts = text.split("\n\n")
    heads = [part.splitlines()[2].removesuffix(" \\\\").split(" & ") for part in parts]
    assert len(parts) > 2
    assert {head[0] for head in heads} == {"network"}
    assert [name for head in heads for name in head[1:]] == [name.replace("_", " ") for name in columns[1:]]
    assert "p{0.4\\linewidth}" in text
    assert len(to_latex(columns[:3], [row[:3] for row in rows]).split("\n\n")) == 1
    if shutil.which("pdflatex") is None:
        pytest.skip("no LaTeX here")
    (tmp_path / "t.tex").write_text(f"\\documentclass{{article}}\\begin{{document}}\n{text}\\end{{document}}\n")
    made = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "t.tex"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (made.returncode, "Overfull" in made.stdout) == (0, False), made.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--columns", "nope"], "no column 'nope'"),
        (["--by", "nope"], "no column 'nope'"),
        (["--out", "t.xls"], "the ending must be one of"),
        (["--out", "nowhere/t.csv"], "cannot write nowhere/t.csv"),
        (["--columns", ","], "--columns names no column"),
        (["--by", " "], "--by names no column"),
    ],
)
def test_wrong_calls_are_one_line(standard: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str):
    assert main(["table", "-q", str(standard), *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
