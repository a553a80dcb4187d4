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

import sys

from rhoset.pages import on_first_use as _on_first_use

__version__ = "0.1.0"

_HOME = _on_first_use(globals(), __file__ + "i")
"""Public name → the module that holds it; imported on first use."""

__all__ = ["__version__", *_HOME]

if "IPython" in sys.modules:
    _shell = sys.modules["IPython"].get_ipython()
    if _shell is not None:
        from rhoset.display import register as _register

        _register(_shell)
