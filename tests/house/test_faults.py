"""The list of faults names tests that are there, and every fault has one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (Path(__file__).parent / "FAULTS.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?!fault|---)(.+?) \| (.+) \|$", PAGE, flags=re.MULTILINE)


def missing(row: str) -> list[str]:
    """What a row names that is not there: files, and functions of the file named last."""
    found, file = [], ""
    for name in re.findall(r"`([^`]+)`", row):
        path, _, function = name.partition("::")
        file = path or file
        if not (ROOT / file).is_file():
            found.append(name)
        elif function:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            found += [] if function in names else [name]
    return found


@pytest.mark.parametrize(("fault", "held"), ROWS)
def test_the_tests_are_there(fault: str, held: str) -> None:
    assert "test_" in held
    assert missing(held) == []


def test_all_are_listed_and_a_missing_one_would_be_seen() -> None:
    numbers = [int(fault.partition(".")[0]) for fault, _ in ROWS if fault[0].isdigit()]
    assert numbers == list(range(1, 30))
    assert missing("`tests/house/test_faults.py::test_nothing`, `tests/none.py`") == [
        "tests/house/test_faults.py::test_nothing", "tests/none.py",
    ]  # fmt: skip
