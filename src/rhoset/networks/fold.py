"""Folding: embedding times linear map is one table.

Only folded networks are analysed. Products are taken in float64 and stay float64, so that the
tables differ from the exact products by less than the float32 weights' own last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.digest import FACTOR_TENSORS
from rhoset.networks.network import Network, checked_table, checked_weights


def fold_factors(
    factors: Mapping[str, NDArray[Any]],
    table: NDArray[Any],
    *,
    activation: str = "relu",
    metadata: Mapping[str, str] | None = None,
) -> Network:
    """The network of a factored parametrisation, which it keeps as ``factors``.

    Parameters
    ----------
    factors
        ``embed_left`` and ``embed_right`` (n, E), ``hidden_left`` and ``hidden_right`` (E, m),
        ``unembed`` (m, n) and perhaps ``bias`` (n,).
    table
        (n, n) multiplication table.

    Raises
    ------
    RhosetError
        Shapes that do not fit (slug ``network-shape``) and what `Network` refuses.

    Notes
    -----
    Cost 2n·m·E multiply-adds.
    """
    table = checked_table(table)
    n = table.shape[0]
    missing = [name for name in FACTOR_TENSORS if name not in factors]
    if missing:
        raise RhosetError(f"missing factors {', '.join(missing)}", slug="network-tensors")
    unembed = np.asarray(factors["unembed"])
    m = unembed.shape[0] if unembed.ndim == 2 else -1
    kept: dict[str, NDArray[Any]] = {}
    sides = []
    embed_left = np.asarray(factors["embed_left"])
    width = embed_left.shape[1] if embed_left.ndim == 2 else -1
    for side in ("left", "right"):
        kept[f"embed_{side}"] = checked_weights(f"embed_{side}", factors[f"embed_{side}"], (n, width))
        kept[f"hidden_{side}"] = checked_weights(f"hidden_{side}", factors[f"hidden_{side}"], (width, m))
        with np.errstate(over="ignore", invalid="ignore"):
            sides.append(kept[f"embed_{side}"].astype(np.float64) @ kept[f"hidden_{side}"].astype(np.float64))
    kept["unembed"] = checked_weights("unembed", unembed, (m, n))
    bias = np.zeros(n)
    if "bias" in factors:
        kept["bias"] = checked_weights("bias", factors["bias"], (n,))
        bias = kept["bias"].astype(np.float64)
    return Network(
        left=sides[0],
        right=sides[1],
        unembed=kept["unembed"].astype(np.float64),
        bias=bias,
        table=table,
        activation=activation,
        factors=kept,
        metadata=metadata or {},
    )
