"""A proof before it is a file: blocks, references and the plan; and the file it becomes (FORMAT.md of the checker)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset_check.inputs import FORMAT, VERSION, Certificate

from ..networks import Network, write_atomic

Array = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class SlotBlock:
    """Neurons on the slots of B × C: u_i(z) ≈ weights_i · coupling[rows_i, z·columns_i]."""

    left: Ints
    """(generators, p): the permutations by which the generators act on B."""
    right: Ints
    """(generators, q): the same for C."""
    coupling: Array
    """(p, q), invariant under the group, exactly."""
    neurons: Ints
    rows: Ints
    columns: Ints
    weights: Array
    row_type: Ints | None = None
    """(p,): slots in rows of one type are taken to be equal; all of one type if absent."""
    column_type: Ints | None = None
    scale: Array | None = None
    """(k,) > 0, rule `paper`: the ideal neuron reads scale·alpha(x⁻¹·row) and scale·gamma(y·column)."""
    alpha: Array | None = None
    """(p,)"""
    gamma: Array | None = None
    """(q,)"""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The tensors of FORMAT.md, without the block's prefix."""
        out: dict[str, NDArray[Any]] = {
            "left": self.left.astype(np.int16),
            "right": self.right.astype(np.int16),
            "coupling": self.coupling.astype(np.float64),
            "neurons": self.neurons.astype(np.int32),
            "rows": self.rows.astype(np.int16),
            "columns": self.columns.astype(np.int16),
            "weights": self.weights.astype(np.float64),
        }
        for name, types in (("row_type", self.row_type), ("column_type", self.column_type)):
            if types is not None:
                out[name] = types.astype(np.int16)
        for name, reading in (("scale", self.scale), ("alpha", self.alpha), ("gamma", self.gamma)):
            if reading is not None:
                out[name] = reading.astype(np.float64)
        return out


@dataclass(frozen=True, eq=False)
class MatrixBlock:
    """Neurons in the span of a representation's entries: u_i(z) ≈ ⟨coefficients_i, D(z)⟩."""

    matrices: Array
    """(generators, d, d): images of the generators."""
    neurons: Ints
    coefficients: Array
    """(neurons, d²)."""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The tensors of FORMAT.md, without the block's prefix."""
        return {
            "matrices": self.matrices.astype(np.float64),
            "neurons": self.neurons.astype(np.int32),
            "coefficients": self.coefficients.astype(np.float64),
        }


@dataclass(frozen=True, eq=False)
class Proof:
    """What a certificate carries; `rules` is the plan (FORMAT.md)."""

    method: str
    arithmetic: str
    generators: Ints
    rules: Sequence[Mapping[str, Any]]
    blocks: Sequence[SlotBlock | MatrixBlock] = ()
    tensors: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """references, labels, groups, omega."""

    def with_rules(self, *rules: Mapping[str, Any]) -> Proof:
        """The same explanation under another plan."""
        return replace(self, rules=rules)


def as_certificate(proof: Proof, network: Network, accuracy_bound: float = 0.0) -> Certificate:
    """The certificate in memory, as the checker reads it; `accuracy_bound` becomes its claim."""
    tensors: dict[str, NDArray[Any]] = {"generators": np.asarray(proof.generators, dtype=np.int32)}
    for j, block in enumerate(proof.blocks):
        tensors |= {f"block{j}.{name}": array for name, array in block.tensors().items()}
    tensors |= {name: np.asarray(array) for name, array in proof.tensors.items()}
    plan = {"blocks": len(proof.blocks), "rules": [dict(rule) for rule in proof.rules]}
    claim = {"accuracy_bound": float(accuracy_bound)}
    return Certificate(network.digest, network.group.digest, proof.method, proof.arithmetic, plan, claim, tensors)


def write_certificate(path: Path, certificate: Certificate, extra: Mapping[str, Any] | None = None) -> Path:
    """Write a certificate, atomically. `extra` joins the claim (it is for readers; the checker ignores it)."""
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "network": certificate.network,
        "table": certificate.table,
        "method": certificate.method,
        "arithmetic": certificate.arithmetic,
        "plan": json.dumps(certificate.plan, sort_keys=True),
        "claim": json.dumps({**(extra or {}), **certificate.claim}, sort_keys=True),
    }
    data = save({k: np.ascontiguousarray(v) for k, v in certificate.tensors.items()}, metadata)
    return write_atomic(path, data)
