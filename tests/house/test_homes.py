"""Each idea has one home: the list in docs/architecture.md is true, and nobody reaches into another's private rooms."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
HOMES = re.findall(r"^\| ([^|]+) \| ([^|]*`[^|]*) \|$", PAGE[PAGE.index("| idea | home |") :], re.MULTILINE)
TYPES = re.findall(r"^class (\w+).*:\s*(?:#.*)?\n((?:    .*\n)+)", PAGE, re.MULTILINE)


@cache
def defined(path: Path) -> frozenset[str]:
    """Functions and classes of a module."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef))


def said(home: str) -> tuple[list[Path], list[str]]:
    """Files and names that a cell of the list tells."""
    parts = re.findall(r"`([^`]+)`", home)
    files = [SOURCE / part if part.startswith("rhoset_check") else SOURCE / "rhoset" / part for part in parts]
    return [file for file in files if file.suffix == ".py"], [part for part in parts if part.isidentifier()]


def test_the_list_of_homes_is_read():
    assert len(HOMES) > 25


@pytest.mark.parametrize(("idea", "home"), HOMES)
def test_a_home_is_where_the_list_says_and_nowhere_else(idea: str, home: str):
    files, names = said(home)
    assert files, idea
    assert all(file.is_file() for file in files), idea
    for name in names:
        package = SOURCE / files[0].relative_to(SOURCE).parts[0]
        there = {path for path in package.rglob("*.py") if name in defined(path)}
        assert there, f"{name} is nowhere"
        assert there <= set(files), f"{name} is defined in {there}"


@pytest.mark.parametrize(("name", "body"), TYPES)
def test_types_have_the_fields_that_the_page_says(name: str, body: str):
    room = re.findall(r"^# (rhoset[\w.]*)$", PAGE[: PAGE.index(f"class {name}")], re.MULTILINE)[-1]
    (path,) = (path for path in (SOURCE / room.replace(".", "/")).rglob("*.py") if name in defined(path))
    kind = getattr(importlib.import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts)), name)
    known = {field.name for field in dataclasses.fields(kind)}
    written = re.findall(r"(?:^    |; )(\w+):", re.sub(r"#.*", "", body), re.MULTILINE)
    assert written or "(" in PAGE[PAGE.index(f"class {name}") :].splitlines()[0]
    missing = set(written) - known
    assert not missing, f"{name} has no {missing}"
    if "\n    ...\n" not in body and not re.search(r"^    \.\.\.", body, re.MULTILINE):
        inherited = {
            field.name
            for base in kind.__mro__[1:]
            if dataclasses.is_dataclass(base)
            for field in dataclasses.fields(base)
        }
        assert known - inherited <= set(written), f"the page leaves out {known - inherited - set(written)} of {name}"


BACK = {("rhoset.networks.network", "rhoset.frameworks"), ("rhoset.groups.names", "rhoset.groups.accept")}
"""Imports against the flow, inside functions: methods of `Network`, and `group` of what is no name."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the library by its name."""
    files = sorted(path for package in SOURCE.iterdir() for path in package.rglob("*.py"))
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def needed(name: str, back: set[tuple[str, str]]) -> set[str]:
    """Modules that a module imports, in functions too, but not for its types alone."""
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {part if (part := f"{node.module}.{a.name}") in modules() else node.module for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    against = tuple(there for here, there in back if here == name)
    return {one for one in found & modules().keys() - {name, "rhoset"} if not (against and one.startswith(against))}


def in_circles(back: set[tuple[str, str]]) -> set[str]:
    """What is left when modules that import nothing that is left are taken away, again and again."""
    left = {name: needed(name, back) for name in modules() if name != "rhoset"}
    while ready := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in ready}
    return set(left)


def test_no_modules_import_each_other_in_a_circle():
    assert in_circles(BACK) == set()


def test_a_circle_would_be_seen():
    assert {"rhoset.networks.network", "rhoset.groups.names"} <= in_circles(set())


def private_imports(path: Path) -> list[str]:
    """Private names that a file takes from another module."""
    return [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]


def test_nobody_takes_another_s_private_names():
    found = {str(path.relative_to(SOURCE)): private_imports(path) for path in sorted(SOURCE.rglob("*.py"))}
    assert {name: names for name, names in found.items() if names} == {}


def test_a_private_import_would_be_seen(tmp_path: Path):
    path = tmp_path / "reaching.py"
    path.write_text("from rhoset.groups.names import _near, group\nfrom rhoset import __version__\n")
    assert private_imports(path) == ["rhoset.groups.names._near"]
