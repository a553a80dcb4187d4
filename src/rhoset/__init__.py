"""rhoset: networks that learn a finite group's operation: train, explain, prove, check.

Importing the package loads nothing heavy: every name below is imported on first use.

>>> import rhoset as rs
>>> rs.group("S4").order
24
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rhoset.groups import group as group

_HOME: dict[str, tuple[str, str]] = {
    "group": ("rhoset.groups", "group"),
}
"""Public name → the module that holds it and its name there; imported on first use."""

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rhoset' has no attribute {name!r}")
    module, attribute = _HOME[name]
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
