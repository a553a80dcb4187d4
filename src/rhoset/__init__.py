"""rhoset: networks that learn a finite group's operation: train, explain, prove, check.

Importing the package loads nothing heavy: every name below is imported on first use, and PyTorch
only when something is trained.

>>> import rhoset as rs
>>> planted = rs.construct("S4", ["[3,1]"], seed=1)
>>> explanation = rs.explain(planted.network)
>>> [(c.irrep, c.shape, c.kind) for c in explanation.circuits]
[('[3,1]', (4, 4), 'full')]
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rhoset.api import check as check
    from rhoset.api import load as load
    from rhoset.api import load_all as load_all
    from rhoset.api import train as train
    from rhoset.display import plot as plot
    from rhoset.errors import RhosetError as RhosetError
    from rhoset.explain import explain as explain
    from rhoset.frameworks import activations as activations
    from rhoset.frameworks import from_onnx as from_onnx
    from rhoset.frameworks import from_torch as from_torch
    from rhoset.frameworks import hub_networks as hub_networks
    from rhoset.frameworks import logits_of as logits_of
    from rhoset.frameworks import snapshots as snapshots
    from rhoset.frameworks import to_onnx as to_onnx
    from rhoset.frameworks import to_torch as to_torch
    from rhoset.frameworks import without as without
    from rhoset.frameworks import write_query as write_query
    from rhoset.groups import group as group
    from rhoset.groups import irreps as irreps
    from rhoset.groups import minimal_rho_set as minimal_rho_set
    from rhoset.groups import rho_sets as rho_sets
    from rhoset.networks import evaluate as evaluate
    from rhoset.networks import write_network as write_network
    from rhoset.networks.constructing import construct as construct
    from rhoset.prove import certify as certify

_HOME: dict[str, tuple[str, str]] = {
    "RhosetError": ("rhoset.errors", "RhosetError"),
    "activations": ("rhoset.frameworks", "activations"),
    "from_onnx": ("rhoset.frameworks", "from_onnx"),
    "from_torch": ("rhoset.frameworks", "from_torch"),
    "hub_networks": ("rhoset.frameworks", "hub_networks"),
    "logits_of": ("rhoset.frameworks", "logits_of"),
    "snapshots": ("rhoset.frameworks", "snapshots"),
    "to_onnx": ("rhoset.frameworks", "to_onnx"),
    "to_torch": ("rhoset.frameworks", "to_torch"),
    "without": ("rhoset.frameworks", "without"),
    "write_query": ("rhoset.frameworks", "write_query"),
    "certify": ("rhoset.prove", "certify"),
    "check": ("rhoset.api", "check"),
    "construct": ("rhoset.networks.constructing", "construct"),
    "evaluate": ("rhoset.networks", "evaluate"),
    "group": ("rhoset.groups", "group"),
    "irreps": ("rhoset.groups", "irreps"),
    "load": ("rhoset.api", "load"),
    "load_all": ("rhoset.api", "load_all"),
    "minimal_rho_set": ("rhoset.groups", "minimal_rho_set"),
    "plot": ("rhoset.display", "plot"),
    "rho_sets": ("rhoset.groups", "rho_sets"),
    "train": ("rhoset.api", "train"),
    "write_network": ("rhoset.networks", "write_network"),
}
"""Public name → the module that holds it and its name there; imported on first use."""

_CALLABLE = ("explain",)
"""Packages that can be called: ``rhoset.explain(network)``."""

__all__ = ["__version__", *_CALLABLE, *_HOME]


def __getattr__(name: str) -> Any:
    if name in _CALLABLE:
        return importlib.import_module(f"rhoset.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'rhoset' has no attribute {name!r}")
    module, attribute = _HOME[name]
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_CALLABLE})


if "IPython" in sys.modules:
    _shell = sys.modules["IPython"].get_ipython()
    if _shell is not None:
        from rhoset.display import register as _register

        _register(_shell)
