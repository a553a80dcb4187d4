"""rhoset: networks that learn a finite group's operation: train, explain, prove, check.

Importing the package loads nothing heavy: every name (`__init__.pyi` lists them) is imported on
first use, and PyTorch only when something is trained.

>>> import rhoset as rs
>>> planted = rs.construct("S4", ["[3,1]"], seed=1)
>>> explanation = rs.explain(planted.network)
>>> [(c.irrep.name, c.shape, c.kind) for c in explanation.circuits]
[('[3,1]', (4, 4), 'full')]
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_HOME: dict[str, str] = {
    name: module
    for module, name in re.findall(
        r"^from (\S+) import (\w+)", Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"), re.MULTILINE
    )
}
"""Public name → the module that holds it; imported on first use."""

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rhoset' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


if "IPython" in sys.modules:
    _shell = sys.modules["IPython"].get_ipython()
    if _shell is not None:
        from rhoset.display import register as _register

        _register(_shell)
