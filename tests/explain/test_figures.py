"""The figures of docs/understanding.md: each is there, small, and drawn from what its network computes."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from explain.planting import planted
from explain.test_quadrature import waves

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "understanding.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    spec = importlib.util.spec_from_file_location("draw_understanding", ROOT / "scripts" / "draw_understanding.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(chart: Any) -> list[list[dict[str, Any]]]:
    """The rows of each layer that has its own, in order."""
    found: list[list[dict[str, Any]]] = []

    def walk(spec: Any) -> None:
        if isinstance(spec, dict):
            if isinstance(spec.get("data"), dict) and "values" in spec["data"]:
                found.append(spec["data"]["values"])
            for value in spec.values():
                walk(value)
        elif isinstance(spec, list):
            for value in spec:
                walk(value)

    walk(chart.to_dict())
    return found


def test_the_page_shows_each_figure_and_no_other() -> None:
    shown = re.findall(r"\(assets/understanding/(\w+)\.svg\)", PAGE.read_text("utf-8"))
    files = {path.stem: path.stat().st_size for path in (ROOT / "docs" / "assets" / "understanding").glob("*.svg")}
    assert sorted(shown) == sorted(files)
    assert max(files.values()) < 150_000


def test_a_circuits_tables_lie_on_the_bars(script: ModuleType) -> None:
    bars, dots, *_ = rows_of(script.circuit_figure(planted("S5", "[4,1]").network))
    said = {row["point"]: row["value"] for row in bars}
    assert len(dots) == 120
    for row in dots:
        assert row["value"] == pytest.approx(said[row["point"]], abs=1e-4)


def test_bars_of_the_division_add_up_to_what_is_least(script: ModuleType) -> None:
    bars, least = rows_of(script.division_figure(planted("S5", "[4,1]", "sign").network))
    assert len(least) == 6
    for row in least:
        assert sum(bar["margin"] for bar in bars if bar["w"] == row["w"]) >= row["margin"] - 1e-3


def test_a_waves_figure_is_the_wave(script: ModuleType, tmp_path: Path) -> None:
    network, _ = waves(37, 5, 24)
    chart = script.circle_figure(network)
    lines, dots, shares = rows_of(chart)
    wave = {row["angle"]: row["l(x)"] for row in lines if row["as"] == "wave"}
    for row in dots:
        assert row["l(x)"] == pytest.approx(wave[row["angle"]], abs=1e-6)
        assert row["l(x)"] == pytest.approx(np.cos(np.radians(row["angle"])), abs=1e-6)
    assert {row["harmonic"] for row in shares if row["share"] > 1e-6} == {"f"}
    script.draw(chart, tmp_path / "circle.svg")
    assert (tmp_path / "circle.svg").read_text("utf-8").startswith("<svg")
