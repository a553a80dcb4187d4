"""Everything that is measured on one network, as a row of plain values."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from rhoset.explaining import diagnose, explain
from rhoset.networks import Network, evaluate, read_network
from rhoset.networks.activations import activation
from rhoset.prove import certify
from rhoset.prove.files import certificate_file, verdict_summary

METHODS = ("exhaustive", "paper", "coset", "irrep", "equivariant", "orbit", "auto")
"""Every network is certified by each of these."""
KEPT = ("auto", "orbit", "paper")
"""Certificates of these methods are written beside the network."""
IN_USE = 0.01
"""An irrep counts as learned when it holds at least this share of the live neurons' energy."""
BRUTE_FORCE_SAMPLE = 2_000
"""Inputs evaluated one at a time to measure brute force as a plain loop; the time is scaled up."""
REPEATS = 3
"""Times are the least of this many."""


def measure(path: Path) -> dict[str, Any]:
    """One network: what it learned, and for each method bound, operations and seconds.

    Certificates of the methods in `KEPT` are written. Cost: about 6 s for S5 of width 128.
    """
    network = read_network(path)
    explanation = explain(network)
    evaluated = evaluate(network)
    ideal = evaluate(explanation.ideal)
    shares = explanation.energy.by_irrep()
    budget = diagnose(explanation)
    row: dict[str, Any] = {
        "file": path.name,
        "digest": network.digest,
        "order": network.order,
        "width": network.width,
        "accuracy": evaluated.accuracy,
        "loss": evaluated.loss,
        "explained": explanation.explained,
        "ideal_accuracy": ideal.accuracy,
        "ideal_loss": ideal.loss,
        "irreps": {
            rho.name: round(float(share), 6)
            for rho, share in zip(explanation.irreps, shares, strict=True)
            if share >= IN_USE
        },
        "circuits": [
            {
                "irrep": c.irrep.name,
                "left_size": c.shape[0],
                "right_size": c.shape[1],
                "neurons": len(c.neurons),
                "kind": c.kind,
            }
            for c in explanation.circuits
        ],
        "quadratures": [
            {"irrep": q.irrep.name, "neurons": len(q.neurons), "defect": round(q.defect, 4)}
            for q in explanation.quadratures
        ],
        "dearest_term": budget.terms[0].name if budget.terms else None,
        "brute_force_seconds": brute_force_seconds(network),
        "vectorised_seconds": vectorised_seconds(network),
        "methods": {},
    }
    for method in METHODS:
        result = certify(network, method=method, explanation=explanation)
        said = verdict_summary(result.verdict)
        row["methods"][method] = {
            "used": said["method"],
            "bound": said["accuracy_bound"],
            "loss_bound": said["loss_bound"] if np.isfinite(said["loss_bound"]) else None,
            "operations": said["operations"],
            "exhaustive_operations": said["exhaustive_operations"],
            "seconds": said["seconds"],
            "search_seconds": result.search_seconds,
        }
        if method in KEPT:
            result.write(certificate_file(path, method))
    return row


def vectorised_seconds(network: Network) -> float:
    """Seconds to evaluate all inputs in blocks, in the network's own precision (not rigorous)."""
    return min(_timed(lambda: evaluate(network)) for _ in range(REPEATS))


def brute_force_seconds(network: Network) -> float:
    """Seconds to evaluate all inputs one at a time, as the published brute force does."""
    n, phi = network.order, activation(network.activation)
    left, right, unembed, bias = network.left, network.right, network.unembed, network.bias
    pairs = np.random.default_rng(0).integers(0, n, (min(BRUTE_FORCE_SAMPLE, n * n), 2)).tolist()

    def loop() -> None:
        right_answers = 0
        for x, y in pairs:
            answer = int((phi(left[x] + right[y]) @ unembed + bias).argmax())
            right_answers += answer == network.table[x, y]

    return min(_timed(loop) for _ in range(REPEATS)) * n * n / len(pairs)


def _timed(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
