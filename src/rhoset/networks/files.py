"""Network files: safetensors with the four tables, or with the factors that make them.

A file that holds ``left`` is judged by its tables ``left``, ``right``, ``unembed`` and ``bias``;
other tensors in it are parameters that ride along. Otherwise it must hold the factors
``embed_left``, ``embed_right``, ``hidden_left``, ``hidden_right``, ``unembed``, perhaps ``bias``.
The multiplication table is ``table``, or ``cayley`` where there is no ``table``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset.arguments import public
from rhoset.errors import RhosetError, naming
from rhoset.networks.activations import ACTIVATIONS
from rhoset.networks.arrays import own
from rhoset.networks.atomic import write_atomic
from rhoset.networks.digest import TABLE_TENSORS, network_tensors
from rhoset.networks.network import Network, fold_factors
from rhoset.networks.tensorfile import TensorFile, open_tensors

FORMAT_VERSION = "1"
"""Version of the network file; written as metadata ``format``."""

FORMAT = f"rhoset-network/{FORMAT_VERSION}"
"""The metadata entry ``format`` of every file written here."""

_FAMILY = FORMAT.partition("/")[0] + "/"

_DTYPES = {"F16", "F32", "F64"}
_TABLE_DTYPES = {"I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"}


@public
def read_network(path: str | os.PathLike[str]) -> Network:
    """Read a network file.

    Sizes are checked before anything is allocated: a safetensors header whose offsets do not cover
    the file exactly is refused, and shapes are compared with the table's before tensors are read.

    Raises
    ------
    RhosetError
        The file is missing or not safetensors (slug ``not-a-network``), of another version
        (``network-format``), tensors are missing (``network-tensors``), or `Network` refuses them.
    """
    tensors, metadata = _read(Path(path), parameters=False)
    with naming(path):
        return network_of(tensors, metadata)


def read_labelled(label: str, path: Path) -> Network:
    """`read_network` with the group found: errors about either name the file, or the network by its label."""
    network = read_network(path)
    with naming(label):
        _ = network.group
    return network


@public
def read_parameters(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """The tensors of a network file that ride along: all but the ones `read_network` reads."""
    tensors, _ = _read(Path(path), parameters=True)
    return tensors


@public
def write_network(
    path: str | os.PathLike[str],
    network: Network,
    parameters: Mapping[str, NDArray[Any]] | None = None,
) -> Path:
    """Write a network file atomically; returns its path.

    A network with factors is written as its factors and ``cayley``, any other as its four tables
    and ``table``. ``parameters`` ride along under their own names.

    Raises
    ------
    RhosetError
        A parameter has the name of a tensor of the network (slug ``network-tensors``), or the file
        cannot be written (``cannot-write``).
    """
    tensors = {**network.stored, "cayley" if network.factors else "table": network.table}
    taken = {*tensors, "left", "table", "bias"}
    for name, value in (parameters or {}).items():
        if name in taken:
            raise RhosetError(
                f"a parameter cannot be called {name!r}: the network itself has that tensor",
                slug="network-tensors",
            )
        tensors[name] = np.ascontiguousarray(value)
    metadata = {**network.metadata, "format": FORMAT, "activation": network.activation}
    return write_atomic(path, canonical(save(tensors, metadata=metadata)))


def canonical(data: bytes) -> bytes:
    """The same file with its metadata in alphabetical order: safetensors writes them in an order
    that changes from process to process, and equal networks should be equal files."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def layout(names: set[str]) -> tuple[tuple[str, ...], str]:
    """The tensors of a network among these, and the name of the multiplication table.

    Raises RhosetError (slug ``network-tensors``) where some are missing.
    """
    needed = network_tensors(names)
    table = "cayley" if "table" not in names and (needed != TABLE_TENSORS or "cayley" in names) else "table"
    missing = [name for name in (*needed, table) if name not in names]
    if missing:
        have = ", ".join(sorted(names)[:12]) or "none"
        raise RhosetError(
            f"missing tensors {', '.join(missing)} (it has {have}): a network is left, right, unembed, bias and table,"
            " or embed_left, embed_right, hidden_left, hidden_right, unembed and cayley; for other layouts use"
            " `rhoset import` (rhoset.networks.import_network)",
            slug="network-tensors",
        )
    return (*needed, table), table


def _read(path: Path, *, parameters: bool) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    file = open_tensors(path)
    with naming(path):
        names = set(file.entries)
        wanted, table = layout(names)
        if parameters:
            wanted = tuple(sorted(names - set(wanted)))
        else:
            _check_header(file, wanted, table)
    return {name: own(array) for name, array in file.read(wanted).items()}, file.metadata


def _check_header(file: TensorFile, wanted: tuple[str, ...], table: str) -> None:
    """Types, ranks and agreement of sizes with the table, from the header alone."""
    size = file.entries[table].shape
    if len(size) != 2 or size[0] != size[1] or size[0] == 0:
        raise RhosetError(f"tensor {table!r} has shape {size}, expected (n, n) with n ≥ 1", slug="network-table")
    for name in wanted:
        shape, dtype = file.entries[name].shape, file.entries[name].dtype
        allowed = _TABLE_DTYPES if name == table else _DTYPES
        if dtype not in allowed:
            form = "mapping" if "left" in wanted else "factored"
            hint = f"; `rhoset import {form}` widens it to F32" if dtype == "BF16" else ""
            raise RhosetError(
                f"tensor {name!r} is of type {dtype}, expected "
                + ("I32" if name == table else "F32, F64 or F16")
                + hint,
                slug="network-dtype",
            )
        axis = -1 if name in ("unembed", "bias") else 0
        ranks = 1 if name == "bias" else 2
        indexed = name not in ("hidden_left", "hidden_right")
        if len(shape) != ranks or (indexed and shape[axis] != size[0]):
            raise RhosetError(
                f"tensor {name!r} has shape {shape}, which does not fit the table of {size[0]} elements",
                slug="network-shape",
            )


def network_of(tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> Network:
    """The network of the tensors of a `layout`, whose metadata may say format and activation."""
    written = metadata.get("format", FORMAT)
    if written.startswith(_FAMILY) and written != FORMAT:  # other programs write other words there
        raise RhosetError(
            f"its format is {written[:80]!r}; this version of rhoset reads {FORMAT!r}: install a newer one",
            slug="network-format",
        )
    activation = metadata.get("activation", "relu").lower()
    if activation not in ACTIVATIONS:
        raise RhosetError(
            f"unknown activation {activation[:80]!r} in its metadata: known are {', '.join(ACTIVATIONS)}",
            slug="unknown-activation",
        )
    table = tensors.pop("table") if "table" in tensors else tensors.pop("cayley")
    if "left" in tensors:
        left, right, unembed, bias = (tensors[name] for name in TABLE_TENSORS)
        return Network(left, right, unembed, bias, table, activation, metadata=metadata)
    return fold_factors(tensors, table, activation=activation, metadata=metadata)
