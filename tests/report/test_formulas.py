"""The hook of the documentation that typesets formulas: code stays code, nothing is loaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("latex2mathml", reason="formulas of the documentation need the extra docs")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def typeset():
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS.parent / "scripts" / "docs_hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.typeset


def test_formulas_become_mathml(typeset):
    said = typeset("Let $f_g$ be\n\n$$a^2\n= b$$\n\nand more.")
    assert said.count("<math") == 2
    assert 'display="block"' in said
    assert "$" not in said
    assert "<script" not in said


@pytest.mark.parametrize("text", ["`$x$` stays", "```console\necho $HOME $PATH\n```", "5 $ and 6 dollars", r"\$x\$"])
def test_code_and_money_stay(typeset, text: str):
    assert typeset(text) == text


def test_every_page_converts(typeset):
    pages = list(DOCS.glob("*.md"))
    assert any("<math" in typeset(page.read_text(encoding="utf-8")) for page in pages)
