"""Networks: the type, files and run folders, evaluation, import and export.

Reading a network loads no importers; their names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rhoset.networks.accept import as_network as as_network
from rhoset.networks.activations import ACTIVATIONS as ACTIVATIONS
from rhoset.networks.activations import activation as activation
from rhoset.networks.atomic import write_atomic as write_atomic
from rhoset.networks.digest import network_digest as network_digest
from rhoset.networks.digest import table_digest as table_digest
from rhoset.networks.evaluation import Evaluation as Evaluation
from rhoset.networks.evaluation import evaluate as evaluate
from rhoset.networks.evaluation import hidden as hidden
from rhoset.networks.evaluation import logits as logits
from rhoset.networks.files import read_network as read_network
from rhoset.networks.files import read_parameters as read_parameters
from rhoset.networks.files import write_network as write_network
from rhoset.networks.fold import fold_factors as fold_factors
from rhoset.networks.network import Network as Network
from rhoset.networks.runs import Run as Run
from rhoset.networks.runs import certificate_path as certificate_path
from rhoset.networks.runs import certificates as certificates
from rhoset.networks.runs import create_run as create_run
from rhoset.networks.runs import open_networks as open_networks
from rhoset.networks.runs import open_run as open_run
from rhoset.networks.tables import Tables as Tables

if TYPE_CHECKING:
    from rhoset.networks.exporting import export_arrays as export_arrays
    from rhoset.networks.exporting import export_torch as export_torch
    from rhoset.networks.exporting import to_state_dict as to_state_dict
    from rhoset.networks.importing import Imported as Imported
    from rhoset.networks.importing import import_network as import_network
    from rhoset.networks.importing import import_networks as import_networks

_HOME = {
    "Imported": "importing",
    "export_arrays": "exporting",
    "export_torch": "exporting",
    "import_network": "importing",
    "import_networks": "importing",
    "to_state_dict": "exporting",
}
"""Name → the module that holds it; imported on first use."""

__all__ = [
    "ACTIVATIONS",
    "Evaluation",
    "Imported",
    "Network",
    "Run",
    "Tables",
    "activation",
    "as_network",
    "certificate_path",
    "certificates",
    "create_run",
    "evaluate",
    "export_arrays",
    "export_torch",
    "fold_factors",
    "hidden",
    "import_network",
    "import_networks",
    "logits",
    "network_digest",
    "open_networks",
    "open_run",
    "read_network",
    "read_parameters",
    "table_digest",
    "to_state_dict",
    "write_atomic",
    "write_network",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"rhoset.networks.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
