"""Folding: embedding times linear map is one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.networks.arrays import checked_table
from rhoset.networks.factors import Factors
from rhoset.networks.network import Network


@public
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
        What `rhoset.networks.factors.Factors` and `Network` refuse.

    Notes
    -----
    Cost 2n·m·E multiply-adds.
    """
    table = checked_table(table)
    checked = Factors(factors, table.shape[0])
    if not checked:
        checked = Factors({"": None}, table.shape[0])  # says which factors are missing
    return Network(**checked.tables, table=table, activation=activation, factors=checked, metadata=metadata or {})
