"""The published verifier's ideal network as a certificate, and what the baseline checker says of it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rhoset.networks import Network, write_atomic
from rhoset.reproduce.verifier.ideal import IdealNetwork
from rhoset_check.files import read_network as read_weights
from rhoset_check.verdict import Verdict
from rhoset_check_baselines import check_paper


def certify_paper(network: Network, ideal: IdealNetwork, network_path: Path, path: Path) -> Verdict:
    """Write a certificate of rule `paper` for a network file and return the checker's verdict on the file.

    Raises
    ------
    RhosetError
        ``cannot-write``.
    """
    weights = read_weights(network_path)
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
    head = {"format": "rhoset-baseline", "version": "1", "rule": "paper"}
    head |= {"network": weights.digest, "table": weights.table_digest}
    head["plan"] = json.dumps({"blocks": len(ideal.circuits), "bias": owner})
    verdict, claim = None, 0
    for _ in range(2):  # the first check says what may be claimed
        write_atomic(path, save(tensors, metadata={**head, "claim": json.dumps({"right": claim})}))
        verdict = check_paper(path, network_path)
        claim = verdict.right
    assert verdict is not None
    return verdict
