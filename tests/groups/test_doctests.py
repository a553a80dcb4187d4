"""Examples in the docstrings of the room and in docs/groups.md run as written."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import rhoset.groups

MODULES = [f"rhoset.groups.{m.name}" for m in pkgutil.iter_modules(rhoset.groups.__path__)]
PAGE = Path(__file__).parents[2] / "docs" / "groups.md"


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples_to_run() -> None:
    counts = [doctest.testmod(importlib.import_module(name)).attempted for name in MODULES]
    assert sum(counts) > 15


def test_the_page() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


def test_every_public_name_is_listed_and_documented() -> None:
    values = {name: value for name, value in vars(rhoset.groups).items() if not name.startswith("_")}
    names = [name for name, value in values.items() if not isinstance(value, ModuleType) and name != "annotations"]
    assert len(names) > 70
    for name in names:
        assert values[name].__doc__, name
    page = PAGE.read_text(encoding="utf-8")
    missing = [name for name in names if f"`{name}" not in page]
    assert missing == []
