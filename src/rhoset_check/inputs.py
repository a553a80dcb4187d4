"""Reading the two files: nothing is allocated before its size is known, nothing in them is executed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from .rigor import CERTIFICATE_MOST, Rejected, require

FORMAT, VERSION = "rhoset-certificate", "1"
MAX_BYTES = 8 << 30
TABLES = ("left", "right", "unembed", "bias")
FACTORS = ("embed_left", "embed_right", "hidden_left", "hidden_right", "unembed")
ACTIVATIONS = ("relu", "abs", "square", "linear")


@dataclass(frozen=True)
class Weights:
    """What a network file holds: the stored tensors, the table, the activation, and the two hashes."""

    tensors: dict[str, NDArray[Any]]
    table: NDArray[np.int32]
    activation: str
    digest: str
    table_digest: str

    @property
    def factored(self) -> bool:
        return "left" not in self.tensors


@dataclass(frozen=True)
class Certificate:
    """What a certificate file holds; `plan` and `claim` are decoded JSON, not yet believed."""

    network: str
    table: str
    method: str
    arithmetic: str
    plan: dict[str, Any]
    claim: dict[str, Any]
    tensors: dict[str, NDArray[Any]]

    def tensor(self, name: str, kinds: str, *shape: int) -> NDArray[Any]:
        """The tensor ``name`` with dtype kind in ``kinds`` and that shape (−1: any length), or a rejection."""
        require(name in self.tensors, f"certificate: tensor {name!r} is missing")
        array = self.tensors[name]
        wanted = array.ndim == len(shape) and all(w in (-1, s) for w, s in zip(shape, array.shape))
        require(wanted, f"certificate: {name} has shape {array.shape}, expected {shape}")
        require(array.dtype.kind in kinds, f"certificate: {name} has dtype {array.dtype}")
        if array.dtype.kind == "f":
            wide = np.abs(array.astype(np.float64))
            inside = (wide == 0) | ((wide >= 1 / CERTIFICATE_MOST) & (wide <= CERTIFICATE_MOST))
            require(inside.all(), f"certificate: {name} is not finite, or leaves 2^±100")
            return array.astype(np.float64)
        return array.astype(np.int64)

    def indices(self, name: str, limit: int, *shape: int) -> NDArray[np.intp]:
        """An integer tensor with entries in 0…limit−1."""
        array = self.tensor(name, "iu", *shape)
        inside = array.size == 0 or (array.min() >= 0 and array.max() < limit)
        require(inside, f"certificate: {name} leaves 0…{limit - 1}")
        return array.astype(np.intp)


def _open(path: Path, what: str) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    try:
        require(path.is_file(), f"{what}: no such file: {path}")
        require(path.stat().st_size <= MAX_BYTES, f"{what}: larger than {MAX_BYTES} bytes")
        with safe_open(str(path), framework="numpy") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, TypeError, ValueError, KeyError, AttributeError, MemoryError, OSError) as error:
        raise Rejected(f"{what}: not a readable safetensors file ({str(error)[:120]})") from None


def _sha256(start: bytes, tensors: dict[str, NDArray[Any]], names: list[str], end: bytes) -> str:
    digest = hashlib.sha256(start)
    for name in names:
        array = np.ascontiguousarray(tensors[name])
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        shape = ",".join(map(str, array.shape))
        digest.update(f"{name}\n{array.dtype.str}\n{shape}\n".encode())
        digest.update(array.data if array.size else b"")
        digest.update(b"\n")
    digest.update(end)
    return digest.hexdigest()


def read_network(path: Path) -> Weights:
    """Tables ``left right unembed bias table``, or factors and ``cayley``; shapes, dtypes and finiteness checked."""
    metadata, tensors = _open(path, "network")
    names = list(TABLES if "left" in tensors else FACTORS)
    if "left" not in tensors and "bias" in tensors:
        names.append("bias")
    table_name = "table" if "table" in tensors else "cayley"
    for name in [*names, table_name]:
        require(name in tensors, f"network: tensor {name!r} is missing")
    table = tensors[table_name]
    n = len(table) if table.ndim == 2 else 0
    require(table.shape == (n, n) and 1 <= n < 2**20, f"network: {table_name} has shape {table.shape}, expected square")
    require(table.dtype.kind in "iu", f"network: {table_name} has dtype {table.dtype}, expected integers")
    require(table.min() >= 0 and table.max() < n, f"network: {table_name} has entries outside 0…{n - 1}")
    kept = {name: tensors[name] for name in names}
    m = kept["unembed"].shape[0] if kept["unembed"].ndim == 2 else 0
    require(m > 0, "network: unembed must be (m, n) with m > 0 neurons")
    width = kept["embed_left"].shape[-1] if "embed_left" in kept and kept["embed_left"].ndim == 2 else 0
    shapes = {"left": (n, m), "right": (n, m), "unembed": (m, n), "bias": (n,), "embed_left": (n, width)}
    shapes |= {"embed_right": (n, width), "hidden_left": (width, m), "hidden_right": (width, m)}
    for name, array in kept.items():
        require(array.shape == shapes[name], f"network: {name} has shape {array.shape}, expected {shapes[name]}")
        require(array.dtype in (np.float16, np.float32, np.float64), f"network: {name} has dtype {array.dtype}")
        require(np.isfinite(array).all(), f"network: {name} holds a NaN or an infinity")
    activation = metadata.get("activation", "relu").lower()
    require(activation in ACTIVATIONS, f"network: activation {activation!r} is not one of {', '.join(ACTIVATIONS)}")
    table = np.ascontiguousarray(table, dtype="<i4")
    table_digest = hashlib.sha256(b"rhoset-table-v1" + n.to_bytes(8, "little"))
    table_digest.update(table.data)
    digest = _sha256(b"rhoset-network-v1\n", kept, names, activation.encode())
    return Weights(kept, table, activation, digest, table_digest.hexdigest())


def read_certificate(path: Path) -> Certificate:
    """Decode a certificate; every field is checked for its type, none for its truth."""
    metadata, tensors = _open(path, "certificate")
    require(metadata.get("format") == FORMAT, "certificate: not a rhoset certificate")
    version = metadata.get("version")
    require(version == VERSION, f"certificate: version {version!r}, this checker reads {VERSION}")
    try:
        plan, claim = json.loads(metadata.get("plan", "null")), json.loads(metadata.get("claim", "null"))
    except (ValueError, RecursionError):
        raise Rejected("certificate: plan or claim is not JSON") from None
    require(isinstance(plan, dict) and isinstance(claim, dict), "certificate: plan and claim must be JSON objects")
    arithmetic = metadata.get("arithmetic", "")
    require(arithmetic in ("real", "float32"), f"certificate: arithmetic {arithmetic!r} is neither real nor float32")
    fields = [metadata.get(key, "") for key in ("network", "table", "method")]
    require(re.fullmatch(r"[a-z0-9-]{1,40}", fields[2]), "certificate: method must be 1 to 40 of a-z, 0-9 and -")
    return Certificate(fields[0], fields[1], fields[2], arithmetic, plan, claim, tensors)
