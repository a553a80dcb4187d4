"""Networks back to plain torch state dicts, in the layouts that published code loads."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError, needing
from rhoset.networks.atomic import write_atomic
from rhoset.networks.digest import FACTOR_TENSORS
from rhoset.networks.network import Network

Tensors = dict[str, NDArray[Any]]


@public
def export_arrays(network: Network, layout: str = "plain") -> Tensors:
    """The network's parameters as NumPy arrays under the names of a layout.

    Parameters
    ----------
    layout
        ``plain`` (the network's own names, with ``table``), ``chughtai``, ``stander`` or ``wu``
        (one instance), see `rhoset.networks.importing.formats`. A network without factors gets its
        tables as embeddings and identity matrices as linear maps, so that it is the same function.

    Raises
    ------
    RhosetError
        Unknown layout (slug ``unknown-format``); a layout without bias and a network with one, or
        an activation that the layout's code has not (``export-layout``).
    """
    if layout not in LAYOUTS:
        raise RhosetError(f"unknown layout {layout!r}: known are {', '.join(LAYOUTS)}", slug="unknown-format")
    return LAYOUTS[layout](network)


@public
def to_state_dict(network: Network, layout: str = "plain") -> dict[str, Any]:
    """`export_arrays` as torch tensors; raises `MissingExtra` where PyTorch is not installed."""
    torch = _torch()
    arrays = export_arrays(network, layout)
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


@public
def export_torch(network: Network, path: str | os.PathLike[str], layout: str = "plain") -> Path:
    """Write `to_state_dict` with ``torch.save``, atomically; ``torch.load`` reads it with
    ``weights_only=True``. Returns the path."""
    buffer = io.BytesIO()
    _torch().save(to_state_dict(network, layout), buffer)
    return write_atomic(path, buffer.getvalue())


def _torch() -> Any:
    with needing("writing a PyTorch file", "train"):
        import torch
    return torch


def _plain(network: Network) -> Tensors:
    return {**network.stored, "table": network.table}


def _factors(network: Network) -> Tensors:
    """The five factors and a bias; identity matrices stand for the linear maps of a folded one."""
    if network.factors:
        factors = {name: network.factors[name] for name in FACTOR_TENSORS}
        return {**factors, "bias": network.factors.get("bias", np.zeros(network.order))}
    eye = np.eye(network.width, dtype=network.left.dtype)
    return {
        "embed_left": network.left,
        "embed_right": network.right,
        "hidden_left": eye,
        "hidden_right": eye,
        "unembed": network.unembed,
        "bias": network.bias,
    }


def _require(network: Network, layout: str, activations: tuple[str, ...], bias: bool) -> None:
    if network.activation not in activations:
        raise RhosetError(
            f"the layout {layout} is for activation {', '.join(activations)}, the network has"
            f" {network.activation}; use plain",
            slug="export-layout",
        )
    if not bias and np.any(network.bias):
        raise RhosetError(
            f"the layout {layout} has no bias and the network has one; use plain or stander",
            slug="export-layout",
        )


def _chughtai(network: Network) -> Tensors:
    _require(network, "chughtai", ("relu",), bias=False)
    f = _factors(network)
    return {
        "W_x": f["embed_left"],
        "W_y": f["embed_right"],
        "W": np.vstack([f["hidden_left"], f["hidden_right"]]),
        "W_U": f["unembed"],
    }


def _stander(network: Network) -> Tensors:
    _require(network, "stander", ("relu",), bias=True)
    f = _factors(network)
    return {
        "lembed.weight": f["embed_left"],
        "rembed.weight": f["embed_right"],
        "linear.weight": np.vstack([f["hidden_left"], f["hidden_right"]]).T,
        "unembed.weight": f["unembed"].T,
        "unembed.bias": f["bias"].astype(f["unembed"].dtype),
    }


def _wu(network: Network) -> Tensors:
    _require(network, "wu", ("relu", "gelu", "linear", "square", "abs"), bias=True)
    f = _factors(network)
    arrays = {
        "embedding_left": f["embed_left"],
        "embedding_right": f["embed_right"],
        "linear_left": f["hidden_left"],
        "linear_right": f["hidden_right"],
        "unembedding": f["unembed"],
        "unembed_bias": f["bias"].astype(f["unembed"].dtype),
    }
    return {name: array[None] for name, array in arrays.items()}


LAYOUTS: dict[str, Callable[[Network], Tensors]] = {
    "plain": _plain,
    "chughtai": _chughtai,
    "stander": _stander,
    "wu": _wu,
}
"""Name → writer."""
