"""What the library keeps between calls, and what it records of the numbers that decided."""

from __future__ import annotations

import ast
from pathlib import Path

import rhoset as rs
from rhoset.explaining.analysis import SEARCH

SOURCE = Path(__file__).resolve().parents[2] / "src"
KEPT = {
    "rhoset/arguments.py": {"_takers"},  # what stands for a Group or a Network: filled when the rooms are imported
    "rhoset/explaining/registry.py": {"_REGISTRY"},  # explanations, the user's too
    "rhoset/groups/naming.py": {"_named"},  # families of groups, the user's too
    "rhoset/populations/studies/spec.py": {"READOUTS"},  # readouts of studies
    "rhoset/groups/cache.py": {"_shared"},  # groups of late: what is found of one is found once
    "rhoset/report/collect.py": {"_known"},  # the structure of the last group, for a worker
}
"""All that functions change outside of themselves: registries, and memories that change no result."""
CHANGING = ("append", "extend", "add", "update", "pop", "popitem", "clear", "setdefault", "discard", "insert", "remove")


def kept(path: Path) -> set[str]:
    """Containers of a module that its functions change, and names that they rebind."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    held = set()
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        held |= {target.id for target in targets if isinstance(target, ast.Name)}
    found = set()
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        own = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for node in ast.walk(function):
            changed: ast.expr | None = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
                changed = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
                changed = node.func.value
            elif isinstance(node, ast.Global):
                found |= set(node.names)
            if isinstance(changed, ast.Name) and changed.id in held - own:
                found.add(changed.id)
    return found


def test_there_is_no_global_state_but_what_is_named_here():
    found = {str(path.relative_to(SOURCE)): kept(path) for path in sorted(SOURCE.rglob("*.py"))}
    assert {name: names for name, names in found.items() if names} == KEPT


def test_state_would_be_seen(tmp_path: Path):
    path = tmp_path / "stateful.py"
    lines = ["A, B = {}, []", "C = 0", "D = {}", "E: list = []"]
    lines += ["def f():", "    global C", "    C = 1", "    D = {}", "    D['x'] = 1", "def g():", "    E.append(1)"]
    path.write_text("\n".join(lines))
    assert kept(path) == {"C", "E"}


def test_every_number_that_decides_is_recorded():
    """An explanation names every threshold of the search: a module's number in capitals, with its value."""
    explanation = rs.explain(rs.construct("S3", ["[2,1]"], seed=1).network)
    folder, count = SOURCE / "rhoset" / "explaining", 0
    for module in SEARCH:
        for node in ast.parse((folder / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.Assign) or not ast.unparse(node.targets[0]).isupper():
                continue
            value = eval(ast.unparse(node.value), {})
            if isinstance(value, int | float):
                assert explanation.thresholds[ast.unparse(node.targets[0]).lower()] == value
                count += 1
    assert count >= 20
