"""The commands plot and formation, and how values say themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import rhoset as rs
from rhoset.cli import main
from rhoset.display import html
from rhoset.groups import group, irreps, minimal_rho_set, rho_set_families
from rhoset.networks import write_network


@pytest.mark.parametrize("ending", ["svg", "pdf", "png", "html", "json"])
def test_plot(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str):
    target = tmp_path / f"figure.{ending}"
    assert main(["plot", f"{run_folder}#0", "--kind", "margins", "--out", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figure"] == str(target)
    assert target.stat().st_size > 500


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "f.doc"], ".svg"),
        (["--out", "f"], ".svg"),
        (["--kind", "margins", "--out", "f.svg"], "RUN#3"),
        (["--kind", "frontier", "--out", "f.svg"], "RUN#3"),
        (["--kind", "cost", "--out", "f.svg"], "nothing to draw"),
    ],
)
def test_plot_refuses(run_folder: Path, tmp_path: Path, monkeypatch, capsys, arguments: list[str], said: str):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(run_folder), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_formation(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for step, noise in ((10, 0.5), (200, 0.01)):
        network = rs.construct("S3", ["[2,1]"], noise=noise, seed=1).network
        write_network(tmp_path / f"step-{step}.safetensors", network)
    target = tmp_path / "formation.svg"
    assert main(["formation", str(tmp_path), "--prove", "--out", str(target), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["step"] for row in said["steps"]] == [10, 200]
    assert all(row["proved"] <= row["accuracy"] for row in said["steps"])
    assert said["steps"][1]["proved"] == 1
    assert target.read_text(encoding="utf-8").startswith("<svg")


def test_formation_of_a_run(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = shutil.copytree(run_folder, tmp_path / "run")
    steps = run / "networks" / "0000.steps"
    steps.mkdir()
    for step in (100, 50):
        shutil.copy(run / "networks" / "0000.safetensors", steps / f"{step:06d}.safetensors")
    assert main(["formation", f"{run}#0", "--json"]) == 0
    assert [row["step"] for row in json.loads(capsys.readouterr().out)["steps"]] == [50, 100]
    assert main(["formation", f"{run}#1"]) == 2


def values() -> list:
    g = group("S4")
    rho = irreps(g)[1]
    planted = rs.construct(g.name, ["[3,1]"], noise=0.02)
    explanation = rs.explain(planted.network)
    points = minimal_rho_set(g, rho)
    return [
        g, rho, points, points.gset, points.gset.stabilizer, rho_set_families(g, rho)[0], planted, planted.network,
        explanation, explanation.circuits[0], explanation.energy,
    ]  # fmt: skip


@pytest.mark.parametrize("value", values(), ids=lambda v: type(v).__name__)
def test_values_say_themselves_in_a_line(value: object):
    assert "\n" not in repr(value)
    assert len(repr(value)) <= 140
    assert repr(value).startswith(type(value).__name__)
    assert value._repr_html_().startswith("<table>")


def test_a_list_is_one_table():
    g = group("S4")
    said = html(irreps(g))
    assert said.count("<tr>") == 1 + len(irreps(g))
    assert html([1, 2]) is None
    assert html([]) is None
    assert html([g, irreps(g)[0]]) is None


def test_names_in_tables_are_escaped():
    network = rs.construct("S3", ["[2,1]"]).network
    import dataclasses

    odd = dataclasses.replace(network, metadata={**network.metadata, "group": "<b>S3</b>"})
    assert "<b>" not in html(odd)
    assert "<b>" not in html([odd, odd])


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([0.9999] * 6, "99.99 % of the weights' energy"),
        ([0.97, 0.99], "97.0 % to 99.0 % of the weights' energy"),
        ([0.5, 0.9, 0.9, 0.9, 0.9, 1.0], "90.0 % of the weights' energy in the median"),
        (
            [0.1, 0.2, 0.3, 0.4, 0.5],
            "30.0 % of the weights' energy in the median (half of the networks between 20.0 % and 40.0 %)",
        ),
    ],
)
def test_quartiles_only_where_there_are_some(shares: list[float], said: str):
    from rhoset.report.answers import _share_said

    assert _share_said(shares) == said


def test_a_methods_name_is_explained_and_a_common_word_is_not():
    from rhoset.report.terms import defined

    said = defined("By points (2 networks) a sceptic redoes more. It uses the 5 points that S5 permutes.")
    assert said.count('class="term"') == 1
    assert said.startswith('<span class="term" tabindex="0">By points<')
