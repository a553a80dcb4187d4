"""What stands for a network where a function wants one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from rhoset.arguments import kind_of, take
from rhoset.errors import RhosetError
from rhoset.networks.arrays import as_array
from rhoset.networks.files import layout, network_of, read_network
from rhoset.networks.network import Network
from rhoset.networks.runs import one_network

SAID = "a Network, the path of one such as 'net.safetensors' or 'runs/s5#3', or a module or dict with its tensors"
"""What `as_network` takes."""

PLACES_SAID = "a path, a list or Series of paths, or a data frame with a column 'network' such as rs.table makes"
"""What `places_of` takes."""


def as_network(value: Any) -> Network:
    """The network that a value means.

    Parameters
    ----------
    value
        A `Network`; a path, or ``RUN#3``; whatever has a ``network`` (an explanation, a planted network); a PyTorch
        module, its state dict or a mapping of arrays with the tensors of a network file: ``left``, ``right``,
        ``unembed``, ``bias`` or ``embed_left``, ``embed_right``, ``hidden_left``, ``hidden_right``, ``unembed``, with
        ``table`` or ``cayley``; they are read with ReLU.

    Raises
    ------
    RhosetError
        It means none (slug ``bad-argument``), several (``several-networks``), or tensors are missing
        (``network-tensors``).
    """
    if isinstance(value, Network):
        return value
    if isinstance(value, str | os.PathLike):
        return the_network(value)
    own = getattr(value, "network", None)
    if isinstance(own, Network):
        return own
    if callable(getattr(value, "state_dict", None)):
        value = value.state_dict()
    if isinstance(value, Mapping):
        return _from_tensors(value)
    raise RhosetError(f"{kind_of(value)} is no network; expected {SAID}", slug="bad-argument")


def places_of(value: Any) -> list[str | os.PathLike[str]]:
    """The NET arguments that a value means.

    Parameters
    ----------
    value
        One path; a list, array or Series (pandas, polars) of paths; a data frame with a column ``network``, such as
        `rhoset.populations.table` makes.

    Raises RhosetError (slug ``bad-argument``) for anything else.
    """
    if isinstance(value, str | os.PathLike):
        return [value]
    listed = value
    if hasattr(value, "columns") and "network" in list(value.columns):
        listed = value["network"]
    for name in ("to_list", "tolist"):  # a Series of pandas or polars, an array
        if callable(getattr(listed, name, None)):
            listed = getattr(listed, name)()
            break
    if isinstance(listed, list | tuple) and all(isinstance(one, str | os.PathLike) for one in listed):
        return list(listed)
    raise RhosetError(f"{kind_of(value)} names no networks; expected {PLACES_SAID}", slug="bad-argument")


def the_network(spec: str | os.PathLike[str]) -> Network:
    """The one network that a path means; raises RhosetError as `one_network` and `read_network`."""
    return read_network(one_network(spec)[1])


def _from_tensors(tensors: Mapping[Any, Any]) -> Network:
    arrays = {str(name): as_array(tensor) for name, tensor in tensors.items()}
    return network_of({name: arrays[name] for name in layout(set(arrays))[0]}, {})


take("Network", as_network, SAID)
