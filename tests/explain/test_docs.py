"""The pages explain.md and understanding.md: their Python runs, top to bottom, and does what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rhoset.explaining import explanations

DECIDES = Path(__file__).resolve().parents[2] / "docs" / "understanding.md"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explain.md"


def test_the_page_on_what_decides_a_network_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", DECIDES.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    exec(compile(block, DECIDES.name, "exec"), {})
    shares, parts, sides, divided = capsys.readouterr().out.splitlines()
    assert "'coarse'" in divided
    assert "'law': nan" in shares
    assert "4 of 5 rows" in parts or "5×5" in parts
    left, right = map(float, sides.split())
    assert left < right == 1.0


def test_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), namespace)
    said = capsys.readouterr().out
    assert "4 of 5 rows" in said
    accounts = {line[:20].strip(): float(line[20:27]) for line in said.splitlines()[-5:]}
    assert list(accounts) == ["irreps", "cosets", "circuits", "writing law", "leaning cosets"]
    assert accounts["leaning cosets"] >= accounts["cosets"]
    assert "leaning cosets" not in explanations()
