"""Running the checker on a network and a certificate: always as bytes of files, by the checker's own reader."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rhoset_check import Verdict
from safetensors.numpy import save

Tensors = dict[str, NDArray[Any]]
TABLES = ("left", "right", "unembed", "bias")
FACTORS = ("embed_left", "embed_right", "hidden_left", "hidden_right", "unembed")
PLAN: dict[str, Any] = {"rule": "exact", "singles": 1, "exact": 0, "samples": 0}
ALL = 10**9
"""As many pairs as there are."""


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
    """A certificate: tensors, plan, arithmetic, claim. A corrupted one may hold anything whose text a file can."""

    tensors: Tensors
    plan: dict[str, Any]
    arithmetic: str = "real"
    kind: str = ""
    claim: Any = 0

    def but(self, **tensors: Any) -> Cert:
        """The same with some tensors replaced (None: removed)."""
        merged = {k: v for k, v in {**self.tensors, **tensors}.items() if v is not None}
        return replace(self, tensors=merged)

    def planned(self, **options: Any) -> Cert:
        """The same with some keys of the plan replaced."""
        return replace(self, plan={**self.plan, **options})


def plan_of(*rules: str, **options: Any) -> dict[str, Any]:
    """``plan_of("lowrank", "exact", samples=1)``: that rule, then exact, everything else as in PLAN."""
    rule = next((rule for rule in rules if rule != "exact"), "exact")
    return {**PLAN, "rule": rule, "exact": ALL if "exact" in rules else 0, **options}


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
        "format": "rhoset-certificate", "version": "5", "network": network, "table": table, "method": "test",
        "arithmetic": cert.arithmetic, "right": str(cert.claim),
        **{key: str(value) for key, value in cert.plan.items()}, **metadata,
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
    # looked up at each call: tests weaken the module
    from rhoset_check import verdict

    with np.errstate(all="ignore"):
        return verdict.check(*write_pair(folder, net, cert, **metadata))


def derive(net: Net, cert: Cert, **metadata: str | None) -> Verdict:
    """The verdict of the checker on the two files, in memory where the system has a file system there."""
    return check_files(_folder(os.getpid()), net, cert, **metadata)


@cache
def _folder(_process: int) -> Path:
    memory = Path("/dev/shm")
    name = tempfile.mkdtemp(dir=memory if memory.is_dir() and os.access(memory, os.W_OK) else None)
    atexit.register(shutil.rmtree, name, ignore_errors=True)
    return Path(name)
