"""What names a network and a table: SHA-256 of their numbers.

The trusted checker recomputes both digests by itself; a certificate binds to them. The network's
digest covers the tensors that decide its outputs, in their stored precision, and nothing else, so
metadata and parameters that ride along do not change it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.arrays import table_sha
from rhoset.errors import RhosetError
from rhoset.networks.arrays import checked_table

TABLE_TENSORS = ("left", "right", "unembed", "bias")
"""The tensors of a network that is stored folded, in the order of the digest."""

FACTOR_TENSORS = ("embed_left", "embed_right", "hidden_left", "hidden_right", "unembed")
"""The tensors of a network that is stored in factors, in the order of the digest; a ``bias`` may
follow."""


def network_tensors(names: Iterable[str]) -> tuple[str, ...]:
    """Which tensors are a network's where there are these: the tables, or the factors where there are no tables."""
    given = set(names)
    if "left" in given or "embed_left" not in given:
        return TABLE_TENSORS
    return (*FACTOR_TENSORS, "bias") if "bias" in given else FACTOR_TENSORS


@public
def network_digest(tensors: Mapping[str, NDArray[Any]], activation: str) -> str:
    """SHA-256, as hex, of the tensors that define a network.

    The bytes are ``b"rhoset-network-v1\\n"``; then for each tensor its name, ``numpy.dtype.str`` of
    its little-endian type, its shape as decimals joined by commas, and its raw little-endian bytes
    in C order, each followed by a newline; then the activation's name.

    Parameters
    ----------
    tensors
        Those of `network_tensors` count, in their order; other keys are ignored.
    activation
        Name of the activation.
    """
    names = network_tensors(tensors)
    missing = [name for name in names if name not in tensors]
    if missing:
        raise RhosetError(
            f"missing tensors {', '.join(missing)}: a digest covers all of a network's", slug="network-tensors"
        )
    sha = hashlib.sha256(b"rhoset-network-v1\n")
    for name in names:
        array = np.asarray(tensors[name])
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        shape = ",".join(str(size) for size in array.shape)
        sha.update(name.encode() + b"\n")
        sha.update(little.dtype.str.encode() + b"\n")
        sha.update(shape.encode() + b"\n")
        sha.update(little.tobytes() if little.size == 0 else memoryview(little).cast("B"))
        sha.update(b"\n")
    sha.update(activation.encode())
    return sha.hexdigest()


@public
def table_digest(table: NDArray[Any]) -> str:
    """SHA-256, as hex, of a multiplication table that is checked first: `rhoset.arrays.table_sha`."""
    return table_sha(checked_table(table))
