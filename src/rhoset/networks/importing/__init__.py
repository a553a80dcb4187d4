"""Foreign checkpoints: the layouts of published code, and how elements are ordered in them."""

from __future__ import annotations

from rhoset.arguments import page as _page
from rhoset.networks.importing.convert import FORMAT_NAMES as FORMAT_NAMES
from rhoset.networks.importing.convert import Imported as Imported
from rhoset.networks.importing.convert import import_network as import_network
from rhoset.networks.importing.convert import import_networks as import_networks
from rhoset.networks.importing.orders import Order as Order
from rhoset.networks.importing.orders import known_orders as known_orders
from rhoset.networks.importing.schreier import sympy_order as sympy_order
from rhoset.networks.importing.tensors import load_tensors as load_tensors

_page(globals())
