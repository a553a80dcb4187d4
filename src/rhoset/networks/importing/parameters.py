"""What every architecture of the literature comes down to, before it is folded.

hidden(x, y) = φ(embed_left[x] @ hidden_left + embed_right[y] @ hidden_right + hidden_bias)
logits(x, y) = hidden(x, y) @ unembed + bias
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.arrays import checked_weights
from rhoset.networks.network import Network, fold_factors

SPARE = ", or --drop-outputs (drop_outputs=True) where the first rows are its elements and the others are left out"


@dataclass(frozen=True, eq=False)
class Parameters:
    """The parameters of one foreign network.

    Attributes
    ----------
    embed_left, embed_right
        (v, E), (v, E'): v ≥ n rows, one for each element, further ones are unused vocabulary.
    hidden_left, hidden_right
        (E, m), (E', m); both None where the embeddings are the folded tables already.
    unembed
        (m, v).
    bias
        (v,) or None.
    hidden_bias
        (m,) or None.
    activation
        Name of the activation, None where nothing says it.
    table
        The (n, n) table that the file itself holds, or None.
    spare_vocabulary
        True where v may exceed n: the layout is known to keep other tokens beside the elements.
    """

    embed_left: NDArray[Any]
    embed_right: NDArray[Any]
    hidden_left: NDArray[Any] | None
    hidden_right: NDArray[Any] | None
    unembed: NDArray[Any]
    bias: NDArray[Any] | None = None
    hidden_bias: NDArray[Any] | None = None
    activation: str | None = None
    table: NDArray[Any] | None = None
    spare_vocabulary: bool = False

    @property
    def outputs(self) -> int:
        """v, the number of outputs."""
        return int(self.unembed.shape[-1]) if self.unembed.ndim == 2 else 0

    @property
    def vocabulary(self) -> int:
        """v, the number of rows of the embeddings."""
        return int(self.embed_left.shape[0]) if self.embed_left.ndim == 2 else 0


def to_network(parameters: Parameters, table: NDArray[Any], metadata: Mapping[str, str]) -> Network:
    """The network of the first n elements of the vocabulary, judged by the table.

    It keeps its factors where it has them and no hidden bias; a hidden bias is folded into
    ``left``. Products are taken in float64.

    Raises
    ------
    RhosetError
        Shapes that do not fit (slugs ``network-shape``, ``checkpoint-order``).
    """
    n = int(table.shape[0])
    p = parameters
    for name, rows in (
        ("left embedding", p.embed_left.shape[:1]),
        ("right embedding", p.embed_right.shape[:1]),
        ("unembedding", p.unembed.shape[-1:]),
    ):
        if rows and (rows[0] < n or (rows[0] > n and not p.spare_vocabulary)):
            raise RhosetError(
                f"the {name} has {rows[0]} rows, the group has order {n}: give the group that the network was trained"
                f" on{SPARE if rows[0] > n else ''}",
                slug="checkpoint-order",
            )
    hidden = p.embed_left if p.hidden_left is None else p.hidden_left
    if p.unembed.ndim != 2 or p.unembed.shape[0] != hidden.shape[-1]:
        raise RhosetError(
            f"the unembedding, (m, n) here, has shape {p.unembed.shape}, but the hidden layer has"
            f" {hidden.shape[-1]} neurons",
            slug="network-shape",
        )
    unembed, bias = p.unembed[..., :n], None if p.bias is None else p.bias[:n]
    embed_left, embed_right = p.embed_left[:n], p.embed_right[:n]
    if p.hidden_left is None or p.hidden_right is None:
        left, right = embed_left, embed_right
    elif p.hidden_bias is None and embed_left.shape == embed_right.shape:
        factors = {
            "embed_left": embed_left,
            "embed_right": embed_right,
            "hidden_left": p.hidden_left,
            "hidden_right": p.hidden_right,
            "unembed": unembed,
        }
        if bias is not None:
            factors["bias"] = bias
        return fold_factors(factors, table, activation=p.activation or "relu", metadata=metadata)
    else:
        left, right = _product(embed_left, p.hidden_left), _product(embed_right, p.hidden_right)
        unembed = unembed.astype(np.float64)
    if p.hidden_bias is not None:
        width = left.shape[-1]
        left = left.astype(np.float64) + checked_weights("hidden bias", p.hidden_bias, (width,))
        right, unembed = right.astype(np.float64), unembed.astype(np.float64)
    if bias is None:
        bias = np.zeros(n, dtype=unembed.dtype)
    return Network(left, right, unembed, bias, table, p.activation or "relu", metadata=metadata)


def _product(embed: NDArray[Any], hidden: NDArray[Any]) -> NDArray[np.float64]:
    if embed.ndim != 2 or hidden.ndim != 2 or embed.shape[1] != hidden.shape[0]:
        raise RhosetError(
            f"an embedding of shape {embed.shape} does not fit a linear map of shape"
            f" {hidden.shape}: expected (n, E) and (E, m)",
            slug="network-shape",
        )
    return checked_weights("embedding", embed, embed.shape).astype(np.float64) @ checked_weights(
        "linear map", hidden, hidden.shape
    ).astype(np.float64)
