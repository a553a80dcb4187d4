"""docs/explain.md: its Python runs, top to bottom in one namespace, and does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rhoset.explaining import explanations

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explain.md"


def test_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), namespace)
    said = capsys.readouterr().out
    assert "4 of 5 rows" in said
    accounts = {line[:20].strip(): float(line[20:27]) for line in said.splitlines()[-5:]}
    assert list(accounts) == ["irreps", "cosets", "circuits", "writing law", "approximate cosets"]
    assert accounts["approximate cosets"] >= accounts["cosets"]
    assert "approximate cosets" not in explanations()
