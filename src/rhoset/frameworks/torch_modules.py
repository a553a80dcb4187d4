"""Torch modules and state dicts to networks and back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tomli_w
from numpy.typing import NDArray
from safetensors.numpy import save_file

from rhoset.arguments import public
from rhoset.errors import RhosetError, needing
from rhoset.networks import Network, import_network
from rhoset.networks.arrays import as_array
from rhoset.networks.digest import FACTOR_TENSORS
from rhoset.networks.importing.tensors import without_wrappers

if TYPE_CHECKING:
    import torch

    from rhoset.groups import Group

LAYOUTS: dict[str, frozenset[str]] = {
    "factored": frozenset(FACTOR_TENSORS),
    "chughtai": frozenset({"W_x", "W_y", "W", "W_U"}),
    "stander": frozenset({"lembed.weight", "rembed.weight", "linear.weight", "unembed.weight"}),
    "wu": frozenset({"embedding_left", "embedding_right", "linear_left", "linear_right", "unembedding"}),
}
"""Published layouts, told by the names of their tensors."""

PLAIN = frozenset({"left", "right", "unembed"})
"""The network's own names, as `to_torch` writes them."""

NAME = "torch module"
"""What stands in messages and metadata in place of a file's name."""


def from_torch(
    module: torch.nn.Module | Mapping[str, Any],
    group: Group | str | None = None,
    mapping: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    activation: str | None = None,
    order: str | None = None,
) -> Network:
    """The network that a torch module or its state dict computes.

    Parameters
    ----------
    module
        A module, or a dictionary of tensors or arrays. Prefixes of compiled, parallel and Lightning modules are taken
        off.
    group
        The group or its name; not needed where the module holds its own table.
    mapping
        Which tensor is what: a dictionary from the roles of `rhoset.networks.importing.mapping` (``left``, ``right``,
        or ``embed_left``, ``embed_right``, ``hidden_left``, ``hidden_right``; ``unembed``, ``bias``, ``hidden_bias``,
        ``table``) to names or to ``{"name": …, "transpose": True, "rows": [0, 64]}``; or a mapping file. Without one
        the names say it: those of `to_torch` or of a published layout. Tensors that no role takes are left alone.
    activation
        Its name; ``relu`` when neither this nor the mapping says.
    order
        Name of the order of the group's elements, see `rhoset.networks.import_networks`.

    Raises
    ------
    RhosetError
        The names are of no known layout and there is no mapping (slug ``torch-names``), or what
        `rhoset.networks.import_network` raises.

    Notes
    -----
    The weights keep their types; nothing of the module's code is run, so a forward pass that does anything else than
    the formula of `Network` is not noticed here. `rhoset.networks.evaluate` of the result should give the accuracy
    that the module has. Cost: one copy of the weights.

    Examples
    --------
    >>> import rhoset as rs
    >>> net = rs.construct("S3", ["[2,1]"]).network
    >>> arrays = {"l": net.left, "r": net.right, "head": net.unembed.T}
    >>> roles = {"left": "l", "right": "r", "unembed": {"name": "head", "transpose": True}}
    >>> rs.evaluate(rs.from_torch(arrays, "S3", roles)).accuracy
    1.0
    """
    arrays = without_wrappers(_arrays(module))
    names = frozenset(arrays)
    if mapping is None and names >= PLAIN:
        mapping = {role: role for role in ("left", "right", "unembed", "bias", "hidden_bias", "table") if role in names}
        activation = activation or getattr(module, "activation_name", None)
    if isinstance(mapping, str | os.PathLike):
        return _imported("mapping", arrays, group, Path(mapping), activation, order)
    if mapping is not None:
        roles = mapping.get("tensors", mapping)
        named = {entry if isinstance(entry, str) else entry.get("name") for entry in roles.values()}
        plan = {"tensors": dict(roles), "ignore": [name for name in arrays if name not in named]}
        plan |= {key: mapping[key] for key in ("activation", "group") if "tensors" in mapping and key in mapping}
        return _imported("mapping", arrays, group, plan, activation, order)
    if layout := layout_of(names):
        return _imported(layout, arrays, group, None, activation, order)
    raise RhosetError(
        f"the {NAME} has tensors {', '.join(sorted(names)[:12])}: of no known layout; say which is what, as in"
        " mapping={'left': 'fc.weight', …}",
        slug="torch-names",
    )


def layout_of(names: frozenset[str]) -> str | None:
    """The published layout that has tensors of these names."""
    return next((layout for layout, needed in LAYOUTS.items() if names >= needed), None)


@public
def to_torch(network: Network) -> torch.nn.Module:
    """A torch module whose ``forward(x, y)`` gives the logits for two integer tensors of elements.

    Its parameters are ``left``, ``right``, ``unembed`` and ``bias`` (factors are folded), its buffer ``table`` is the
    multiplication table; `from_torch` reads it back.

    Raises MissingExtra where PyTorch is not installed.
    """
    torch = _torch()
    phi = {
        "relu": torch.relu,
        "gelu": torch.nn.functional.gelu,
        "silu": torch.nn.functional.silu,
        "abs": torch.abs,
        "square": torch.square,
        "linear": lambda t: t,
    }[network.activation]

    class GroupNetwork(torch.nn.Module):  # type: ignore[name-defined, misc]
        """f(z | x, y) = Σ_i unembed[i, z] φ(left[x, i] + right[y, i]) + bias[z]."""

        def __init__(self) -> None:
            super().__init__()
            self.activation_name = network.activation
            for name in ("left", "right", "unembed", "bias"):
                self.register_parameter(name, torch.nn.Parameter(torch.from_numpy(np.array(getattr(network, name)))))
            self.register_buffer("table", torch.from_numpy(np.array(network.table)))

        def forward(self, x: Any, y: Any) -> Any:
            return phi(self.left[x] + self.right[y]) @ self.unembed + self.bias

    return GroupNetwork()


def _torch() -> Any:
    with needing("a torch module", "train"):
        import torch
    return torch


def _arrays(module: Any) -> dict[str, NDArray[Any]]:
    """The tensors of a module or state dict as NumPy arrays; bfloat16 becomes float32."""
    tensors = module.state_dict() if hasattr(module, "state_dict") else module
    if not isinstance(tensors, Mapping):
        raise RhosetError(
            f"a {type(module).__name__} is no torch module and no dictionary of tensors", slug="torch-names"
        )
    if isinstance(tensors.get("state_dict"), Mapping):  # a Lightning checkpoint
        tensors = tensors["state_dict"]
    held = {str(name): t for name, t in tensors.items() if hasattr(t, "detach") or isinstance(t, np.ndarray)}
    return {name: np.ascontiguousarray(as_array(tensor)) for name, tensor in held.items()}


def _imported(
    layout: str,
    arrays: dict[str, NDArray[Any]],
    group: Group | str | None,
    plan: Path | dict[str, Any] | None,
    *options: str | None,
) -> Network:
    """Through the importers, which check shapes and the order of elements."""
    activation, order = options
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{NAME}.safetensors"
        save_file(arrays, file)
        mapping = None if plan is None else Path(folder) / "mapping.toml"
        if isinstance(plan, Path):
            mapping = plan
        elif mapping is not None and plan is not None:
            mapping.write_text(tomli_w.dumps(plan), encoding="utf-8")
        try:
            return import_network(layout, file, group, mapping, activation=activation, order=order)
        except RhosetError as error:
            said = str(error).replace(str(file), f"the {NAME}").replace(str(Path(folder) / "mapping.toml"), "given")
            raise RhosetError(said, slug=error.slug) from None
