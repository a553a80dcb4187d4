"""Networks: the type, files and run folders, evaluation, import and export.

Reading a network loads no importers; their names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from rhoset.networks.network import Network as Network
from rhoset.networks.network import fold_factors as fold_factors
from rhoset.networks.runs import Run as Run
from rhoset.networks.runs import certificate_path as certificate_path
from rhoset.networks.runs import certificates as certificates
from rhoset.networks.runs import create_run as create_run
from rhoset.networks.runs import open_networks as open_networks
from rhoset.networks.runs import open_run as open_run
from rhoset.networks.tables import Tables as Tables
from rhoset.pages import on_first_use as _on_first_use

if TYPE_CHECKING:
    from rhoset.networks.exporting import export_arrays as export_arrays
    from rhoset.networks.exporting import export_torch as export_torch
    from rhoset.networks.exporting import to_state_dict as to_state_dict
    from rhoset.networks.importing import Imported as Imported
    from rhoset.networks.importing import import_network as import_network
    from rhoset.networks.importing import import_networks as import_networks

_on_first_use(globals(), __file__)
