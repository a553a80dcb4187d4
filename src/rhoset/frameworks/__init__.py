"""Networks to and from other frameworks: torch modules, ONNX, VNN-LIB, hub snapshots, folders of training snapshots."""

from rhoset.arguments import page as _page
from rhoset.frameworks.hub import hub_networks as hub_networks
from rhoset.frameworks.onnx_models import from_onnx as from_onnx
from rhoset.frameworks.onnx_models import to_onnx as to_onnx
from rhoset.frameworks.patching import activations as activations
from rhoset.frameworks.patching import logits_of as logits_of
from rhoset.frameworks.patching import without as without
from rhoset.frameworks.saved_steps import snapshots as snapshots
from rhoset.frameworks.torch_modules import from_torch as from_torch
from rhoset.frameworks.torch_modules import to_torch as to_torch
from rhoset.frameworks.vnnlib import query as query
from rhoset.frameworks.vnnlib import write_query as write_query

_page(globals())
