"""The factors of a network that is stored unfolded, and the four tables that they make.

Only folded networks are analysed. Products are taken in float64 and stay float64, so that the tables differ from the
exact products by less than the float32 weights' own last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.arrays import checked_weights
from rhoset.networks.digest import FACTOR_TENSORS


class Factors(Mapping[str, NDArray[Any]]):
    """Checked, read-only tensors by name: ``embed_left`` and ``embed_right`` (n, E), ``hidden_left`` and
    ``hidden_right`` (E, m), ``unembed`` (m, n), perhaps ``bias`` (n,). An empty one stands for a network that has none.

    Parameters
    ----------
    tensors
        The tensors by name, or none at all.
    order
        n.

    Raises
    ------
    RhosetError
        Tensors missing or unknown (slug ``network-tensors``), shapes that do not fit (``network-shape``),
        ``network-dtype``, ``network-not-finite``.
    """

    def __init__(self, tensors: Mapping[str, Any], order: int) -> None:
        self._tensors: Mapping[str, NDArray[Any]] = MappingProxyType(_checked(tensors, order) if tensors else {})

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __repr__(self) -> str:
        return f"Factors({', '.join(f'{name} {array.shape}' for name, array in self.items())})"

    @cached_property
    def tables(self) -> Mapping[str, NDArray[Any]]:
        """``left``, ``right``, ``unembed`` and ``bias`` in float64. Cost 2n·m·E multiply-adds, once."""
        wide = {name: array.astype(np.float64) for name, array in self.items()}
        with np.errstate(over="ignore", invalid="ignore"):
            left, right = (wide[f"embed_{side}"] @ wide[f"hidden_{side}"] for side in ("left", "right"))
        bias = wide.get("bias", np.zeros(left.shape[0]))
        made = {"left": left, "right": right, "unembed": wide["unembed"], "bias": bias}
        return MappingProxyType({name: checked_weights(name, array, array.shape) for name, array in made.items()})


def _checked(tensors: Mapping[str, Any], n: int) -> dict[str, NDArray[Any]]:
    missing = [name for name in FACTOR_TENSORS if name not in tensors]
    unknown = [name for name in tensors if name not in (*FACTOR_TENSORS, "bias")]
    if missing or unknown:
        what = f"missing factors {', '.join(missing)}" if missing else f"unknown factors {', '.join(map(str, unknown))}"
        raise RhosetError(f"{what}: factors are {', '.join(FACTOR_TENSORS)} and perhaps bias", slug="network-tensors")
    unembed, embed = np.asarray(tensors["unembed"]), np.asarray(tensors["embed_left"])
    m = unembed.shape[0] if unembed.ndim == 2 else -1
    width = embed.shape[1] if embed.ndim == 2 else -1
    shapes: dict[str, tuple[int, ...]] = {}
    for side in ("left", "right"):
        shapes |= {f"embed_{side}": (n, width), f"hidden_{side}": (width, m)}
    shapes |= {"unembed": (m, n), "bias": (n,)}
    return {name: checked_weights(name, tensors[name], shape) for name, shape in shapes.items() if name in tensors}
