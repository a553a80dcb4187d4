"""The house: data flows one way, the checker stands alone, modules stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
ROOMS = [
    "groups",
    "networks",
    "training",
    "explaining",
    "prove",
    "formalize",
    "populations",
    "report",
    "reproduce",
    "cli",
]
"""From left to right; a room imports only from rooms to its left (docs/architecture.md)."""
BESIDE = {
    "frameworks": {"groups", "networks", "explaining"},
    "formalize": {"groups", "networks"},
}
"""Rooms beside the flow → what they may import. `cli` alone imports them, and `Network` for two of its methods."""
METHODS = "rhoset/networks/network.py"
"""Imports `frameworks` when `without` or `activations` is called."""
NOT_OF = {"explaining": {"training"}, "prove": {"training"}, "report": {"training"}}
"""Rooms that work without PyTorch do not import training, though it stands to their left."""
TORCHLESS = {"rhoset.training.config", "rhoset.training.batches"}
"""What they may import of it all the same: what a file says of its training, read without PyTorch."""
CEILING = 400
"""Most lines of a module."""


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, those inside functions too."""
    package = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    if path.name == "__init__.py":
        package += "."
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.replace(".__init__", "").rstrip(".").split(".")
                above = above[: len(above) - node.level + (path.name == "__init__.py")]
                base = ".".join([*above, *([base] if base else [])])
            found.add(base)
    return found


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "rhoset" and len(parts) > 1 and parts[1] in {*ROOMS, *BESIDE} else None


def breaches(path: Path) -> list[str]:
    """Imports of a file from rooms that it must not know."""
    here = room(".".join(path.relative_to(SOURCE).with_suffix("").parts))
    if here is None:
        return []
    found = []
    for module in sorted(imports(path)):
        there = room(module)
        if there is None or there == here:
            continue
        if here in BESIDE:
            wrong = there not in BESIDE[here]
        elif there in BESIDE:
            wrong = here != "cli" and path != SOURCE / METHODS
        else:
            wrong = ROOMS.index(there) > ROOMS.index(here) or (
                there in NOT_OF.get(here, ()) and module not in TORCHLESS
            )
        if wrong:
            found.append(f"{here} imports {module}")
    return found


@pytest.mark.parametrize("name", [*ROOMS, *BESIDE])
def test_data_flows_one_way(name: str):
    for path in sorted((SOURCE / "rhoset" / name).rglob("*.py")):
        assert breaches(path) == [], path.name


def test_a_breach_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    bad = tmp_path / "rhoset" / "groups" / "bad.py"
    bad.parent.mkdir(parents=True)
    bad.write_text("def f():\n    from ..explaining import explain\n    import rhoset.cli\n")
    assert breaches(bad) == ["groups imports rhoset.cli", "groups imports rhoset.explaining"]
    bad.write_text("from rhoset.frameworks import to_torch\n")
    assert breaches(bad) == ["groups imports rhoset.frameworks"]
    beside = tmp_path / "rhoset" / "frameworks" / "bad.py"
    beside.parent.mkdir()
    beside.write_text("from rhoset.prove import certify\n")
    assert breaches(beside) == ["frameworks imports rhoset.prove"]


def test_what_needs_no_torch_loads_none():
    code = f"import sys, {', '.join(sorted(TORCHLESS))}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_room_has_its_place():
    rooms = {path.parent.name for path in (SOURCE / "rhoset").glob("*/__init__.py")}
    assert rooms == {*ROOMS, *BESIDE}


@pytest.mark.parametrize("package", ["rhoset_check", "rhoset_check_baselines"])
def test_the_checkers_import_nothing_of_rhoset(package: str):
    for path in sorted((SOURCE / package).glob("*.py")):
        for module in imports(path):
            assert module.partition(".")[0] != "rhoset", f"{path.name} imports {module}"


@pytest.mark.parametrize("package", ["rhoset", "rhoset_check"])
def test_modules_stay_small(package: str):
    for path in sorted((SOURCE / package).rglob("*.py")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= CEILING, f"{path.relative_to(SOURCE)} has {lines} lines"


@pytest.mark.parametrize("folder", ["tests", "scripts", "benchmarks", "examples"])
def test_files_beside_the_library_stay_small(folder: str):
    for path in sorted((SOURCE.parent / folder).rglob("*.py")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= CEILING, f"{path.relative_to(SOURCE.parent)} has {lines} lines"


MOST_PARAMETERS = 6
"""Of a function, beside ``self``: more than that nobody keeps in mind."""
MANY_OPTIONS = {
    "networks": {"construct", "import_networks"},
    "training": {"train_population", "forward"},
}
"""Functions with more: options by keyword of what users call, and what PyTorch calls. Commands have one a flag."""


def crowded(path: Path) -> set[str]:
    """Functions of a file with too many parameters."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            names = [a.arg for a in node.args.posonlyargs + node.args.args + node.args.kwonlyargs]
            if len(names) - (names[:1] == ["self"]) > MOST_PARAMETERS:
                found.add(node.name)
    return found


@pytest.mark.parametrize("name", [n for n in [*ROOMS, *BESIDE] if n != "cli"])
def test_functions_are_deep(name: str):
    """In explaining, prove and the checker none at all has more."""
    found = set().union(*(crowded(path) for path in sorted((SOURCE / "rhoset" / name).rglob("*.py"))))
    assert found == MANY_OPTIONS.get(name, set())


@pytest.mark.parametrize("package", ["rhoset_check", "rhoset_check_baselines"])
def test_functions_of_the_checkers_are_deep(package: str):
    for path in sorted((SOURCE / package).glob("*.py")):
        assert crowded(path) == set(), path.name


def test_a_crowded_function_would_be_seen(tmp_path: Path):
    path = tmp_path / "crowded.py"
    path.write_text("def f(a, b, c, d, *, e, f, g): ...\nclass C:\n    def g(self, a, b, c, d, e, f): ...\n")
    assert crowded(path) == {"f"}


def test_nothing_is_imported_by_a_star():
    for path in [*sorted(SOURCE.rglob("*.py")), *sorted((SOURCE.parent / "tests").rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            star = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
            assert not star, f"{path.name} imports *"
            relative = isinstance(node, ast.ImportFrom) and node.level > 0 and path.is_relative_to(SOURCE)
            assert not relative, f"{path.name} imports relatively"


def test_every_room_is_strictly_typed():
    """One setting for all rooms, and no room let off."""
    settings = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["strict"] is True
    assert settings["files"] == ["src"]
    assert "overrides" not in settings


def test_every_module_says_what_it_is():
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not text.strip() or ast.get_docstring(ast.parse(text)), path.relative_to(SOURCE)


def test_nothing_prints_in_the_library():
    allowed = {"_output.py", "_app.py", "__main__.py"}
    for path in sorted(SOURCE.rglob("*.py")):
        if path.name in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            printing = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
            assert not printing, f"{path.relative_to(SOURCE)} line {node.lineno} prints"


def test_no_machine_paths_or_secrets_in_the_repository():
    root = SOURCE.parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    needle = "/" + "work/"
    for name in filter(None, listed.stdout.split("\0")):
        path = root / name
        if not path.is_file() or path.suffix in (".png", ".npz", ".safetensors", ".npy"):
            continue
        assert path.stat().st_size < 1_000_000, f"{name} is larger than 1 MB"
        assert needle not in path.read_text(encoding="utf-8", errors="replace"), name
