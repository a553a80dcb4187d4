"""What the certificates of the two baselines say: the published verifier's ideal network, and cosets."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset.groups import coset_gset, left_cosets
from rhoset.networks import Network
from rhoset.networks.files import canonical
from rhoset.reproduce.verifier.alone import coset_neurons
from rhoset.reproduce.verifier.ideal import IdealNetwork
from rhoset_check.files import Weights


@dataclass(frozen=True, eq=False)
class Explained:
    """Tensors and plan of a certificate, whatever network it will be for."""

    tensors: dict[str, NDArray[Any]]
    plan: dict[str, int]


def paper_explanation(network: Network, ideal: IdealNetwork) -> Explained:
    """The ideal network of the published verifier, in the terms of rule `paper`."""
    generators = np.asarray(network.group.generators, dtype=np.int32)
    tensors: dict[str, NDArray[Any]] = {"generators": generators, "bias.factor": np.zeros(1)}
    for j, circuit in enumerate(ideal.circuits):
        for item in fields(circuit):
            value = np.asarray(getattr(circuit, item.name))
            if item.name in ("left", "right"):
                value = value[generators]
            kind = np.float64 if value.dtype.kind == "f" else np.int32
            tensors[f"block{j}.{item.name}"] = np.ascontiguousarray(value, dtype=kind)
    owner = len(ideal.circuits)
    if ideal.remainder is not None:
        owner, tensors["bias.factor"] = ideal.remainder[0], np.array([ideal.remainder[1]])
    return Explained(tensors, {"blocks": len(ideal.circuits), "bias": owner})


def coset_explanation(network: Network) -> Explained:
    """The cosets that neurons read, in the terms of rule `coset`: for each a G-set and the points b and d.

    K = gHg⁻¹ fixes the point d of the cosets of K, and H the point b = g⁻¹d. Cost: as `coset_neurons`, and n for each
    subgroup that occurs.
    """
    group = network.group
    generators = np.asarray(group.generators, dtype=np.int32)
    found, entries = coset_neurons(network, lowest=True)
    used = sorted({int(found.right[i]) for i, _ in entries})
    labels = {k: left_cosets(group, found.subgroups[k]) for k in used}
    tensors: dict[str, NDArray[Any]] = {"generators": generators}
    for j, k in enumerate(used):
        tensors[f"set{j}.left"] = coset_gset(group, found.subgroups[k]).action[generators]
    rows = []
    for i, g in entries:
        label = labels[int(found.right[i])]
        rows.append((i, used.index(int(found.right[i])), label[group.inverse[g]], label[group.identity]))
    columns = np.array(rows, dtype=np.int32).reshape(-1, 4).T
    for name, column in zip(("neurons", "sets", "left", "right"), columns, strict=True):
        tensors[name] = np.ascontiguousarray(column)
    return Explained(tensors, {"sets": len(used)})


def certificate_bytes(rule: str, explained: Explained, weights: Weights, right: int) -> bytes:
    """The file of a certificate that claims so many right pairs of a network."""
    head = {"format": "rhoset-baseline", "version": "1", "rule": rule}
    head |= {"network": weights.digest, "table": weights.table_digest}
    head |= {"plan": json.dumps(explained.plan), "claim": json.dumps({"right": right})}
    return canonical(save(explained.tensors, metadata=head))
