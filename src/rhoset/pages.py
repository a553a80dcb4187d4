"""The names that a package shows: each written once, as the import that type checkers read, imported on first use."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

SHOWN = re.compile(r"^ *from (\S+) import (\w+) as \2$", re.MULTILINE)
"""The line that shows a name."""


def on_first_use(
    names: dict[str, Any], source: str, load: Callable[[str], ModuleType] = import_module
) -> dict[str, str]:
    """Give a package ``__getattr__``, ``__dir__`` and ``__all__``; returns the modules of the names that it lacks.

    Parameters
    ----------
    names
        ``globals()`` of the package.
    source
        The file whose lines show its names: the package's own, where they stand under ``TYPE_CHECKING``, or its stub.
    load
        Imports a module.
    """
    shown = {name: module for module, name in SHOWN.findall(Path(source).read_text(encoding="utf-8"))}
    later = {name: module for name, module in shown.items() if name not in names}

    def find(name: str) -> Any:
        if name not in later:
            raise AttributeError(f"module {names['__name__']!r} has no attribute {name!r}")
        names[name] = getattr(load(later[name]), name)
        return names[name]

    names.update(__getattr__=find, __dir__=lambda: sorted({*names, *later}), __all__=[*shown])
    return later
