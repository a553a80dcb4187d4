"""Running the checker on a network and a certificate that never were files, or that are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rhoset_check import Verdict, check
from rhoset_check.inputs import Certificate, Weights
from rhoset_check.verdict import judge
from safetensors.numpy import save

Tensors = dict[str, NDArray[Any]]
TABLES = ("left", "right", "unembed", "bias")
FACTORS = ("embed_left", "embed_right", "hidden_left", "hidden_right", "unembed")


@dataclass(frozen=True, eq=False)
class Net:
    """A network: four tables or five factors (and a bias), and the multiplication table."""

    tensors: Tensors
    table: NDArray[Any]
    activation: str = "relu"
    kind: str = ""

    @property
    def order(self) -> int:
        return len(self.table)

    @property
    def width(self) -> int:
        return len(self.tensors["unembed"])


@dataclass(frozen=True, eq=False)
class Cert:
    """A certificate: tensors, rules, arithmetic."""

    tensors: Tensors
    rules: list[Any]
    arithmetic: str = "real"
    blocks: Any = 0
    kind: str = ""
    claim: Any = field(default_factory=lambda: {"accuracy_bound": 0.0})

    def but(self, **tensors: Any) -> Cert:
        """The same with some tensors replaced (None: removed)."""
        merged = {k: v for k, v in {**self.tensors, **tensors}.items() if v is not None}
        return replace(self, tensors=merged)

    @property
    def plan(self) -> dict[str, Any]:
        return {"blocks": self.blocks, "rules": self.rules}


def derive(net: Net, cert: Cert) -> Verdict:
    """The verdict, without files."""
    table = np.ascontiguousarray(net.table, dtype=np.int32)
    weights = Weights(net.tensors, table, net.activation, "net", "table")
    stored = Certificate("net", "table", "memory", cert.arithmetic, cert.plan, cert.claim, cert.tensors)
    with np.errstate(all="ignore"):
        return judge(stored, weights)


def digests(net: Net) -> tuple[str, str]:
    """The two SHA-256 of FORMAT.md, from its text alone."""
    names = list(TABLES if "left" in net.tensors else FACTORS)
    if "left" not in net.tensors and "bias" in net.tensors:
        names.append("bias")
    weights = hashlib.sha256(b"rhoset-network-v1\n")
    for name in names:
        array = net.tensors[name]
        little = array.astype(array.dtype.newbyteorder("<"))
        weights.update(f"{name}\n{little.dtype.str}\n{','.join(map(str, array.shape))}\n".encode())
        weights.update(little.tobytes(order="C") + b"\n")
    weights.update(net.activation.encode())
    table = hashlib.sha256(b"rhoset-table-v1" + len(net.table).to_bytes(8, "little"))
    table.update(net.table.astype("<i4").tobytes(order="C"))
    return weights.hexdigest(), table.hexdigest()


def network_bytes(net: Net, table_name: str = "table") -> bytes:
    tensors = {name: np.asarray(array, order="C") for name, array in net.tensors.items()}
    tensors[table_name] = np.ascontiguousarray(net.table, dtype=np.int32)
    return save(tensors, metadata={"activation": net.activation})


def certificate_bytes(net: Net, cert: Cert, **metadata: str | None) -> bytes:
    """The certificate as a file's bytes; metadata fields can be replaced or (None) left out."""
    network, table = digests(net)
    fields: dict[str, str | None] = {
        "format": "rhoset-certificate", "version": "1", "network": network, "table": table, "method": "test",
        "arithmetic": cert.arithmetic, "plan": json.dumps(cert.plan), "claim": json.dumps(cert.claim), **metadata,
    }  # fmt: skip
    tensors = {name: np.asarray(array, order="C") for name, array in cert.tensors.items()}
    return save(tensors, metadata={key: value for key, value in fields.items() if value is not None})


def write_pair(folder: Path, net: Net, cert: Cert, **metadata: str | None) -> tuple[Path, Path]:
    """Both files; returns (certificate, network)."""
    certificate, network = folder / "a.cert", folder / "a.safetensors"
    network.write_bytes(network_bytes(net))
    certificate.write_bytes(certificate_bytes(net, cert, **metadata))
    return certificate, network


def check_files(folder: Path, net: Net, cert: Cert, **metadata: str | None) -> Verdict:
    return check(*write_pair(folder, net, cert, **metadata))


def rules(*names: str, **options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``rules("pairs", "exact", pairs={"work": "float32"})``."""
    return [{"rule": name, **options.get(name, {})} for name in names]
