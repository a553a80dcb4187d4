"""What the paper's reviewers asked for, measured: single neurons replaced, k² neurons or not, small ρ-sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rhoset.explaining import Explanation
from rhoset.networks import Network, activation

Row = Mapping[str, Any]


def replaced_neurons(explanation: Explanation) -> dict[str, float | int]:
    """Every neuron of a circuit beside its prediction, over all inputs.

    Returns
    -------
    dict
        ``neurons``; median and largest ``error`` = Σ(h − ĥ)² / Σ(h − mean h)² and median and least
        ``correlation`` of the activations h with the predicted ones. Cost: n²m.
    """
    network, ideal = explanation.network, explanation.ideal
    phi = activation(network.activation)
    chosen = sorted({int(i) for circuit in explanation.circuits for i in circuit.neurons})
    errors, correlations = [], []
    for i in chosen:
        actual, predicted = (
            phi(np.asarray(n.left[:, i, None], np.float64) + np.asarray(n.right[None, :, i], np.float64))
            for n in (network, ideal)
        )
        spread = float(np.square(actual - actual.mean()).sum())
        if not spread > 0 or not predicted.std() > 0:
            continue
        errors.append(float(np.square(actual - predicted).sum()) / spread)
        correlations.append(float(np.corrcoef(actual.ravel(), predicted.ravel())[0, 1]))
    if not errors:
        return {"neurons": 0}
    return {
        "neurons": len(errors),
        "error": float(np.median(errors)),
        "largest_error": max(errors),
        "correlation": float(np.median(correlations)),
        "least_correlation": min(correlations),
    }


def equivariance(network: Network) -> dict[str, float]:
    """How nearly f(gzh | gx, yh) = f(z | x, y): the share of the logits' variance that each symmetry keeps.

    Returns
    -------
    dict
        ``left`` (h = e), ``right`` (g = e), ``both``: variance of the mean over the group's action, over that of the
        logits less their mean over z. 1 is exact. Cost: n³m, and n³ numbers of 4 bytes.
    """
    n, phi = network.order, activation(network.activation)
    table = np.asarray(network.table)
    logits = np.empty((n, n, n), dtype=np.float32)
    for x in range(n):
        logits[x] = phi(network.left[x] + network.right) @ network.unembed + network.bias
    logits -= logits.mean(axis=2, keepdims=True)
    total = float(np.square(logits, dtype=np.float64).sum())
    every = np.arange(n)
    by_w = np.stack([logits[x][:, table[x]] for x in range(n)])  # (x, y, v): z = xv
    left = by_w.mean(axis=0, dtype=np.float64)
    right = np.stack([logits[:, y][:, table[every, y]] for y in range(n)]).mean(axis=0, dtype=np.float64)  # z = vy
    both = np.stack([left[y][table[every, y]] for y in range(n)]).mean(axis=0)  # z = xwy
    shares = (n * np.square(left).sum(), n * np.square(right).sum(), n * n * np.square(both).sum())
    return {name: float(share) / total for name, share in zip(("left", "right", "both"), shares, strict=True)}


def neurons_of_full_circuits(rows: Sequence[Row]) -> dict[str, int]:
    """Full circuits on k × k points by how many neurons more than k² they have."""
    found: dict[str, int] = {"k²": 0, "k² + 1 to 5": 0, "k² + 6 to 15": 0, "more": 0}
    for row in rows:
        for circuit in row["circuits"]:
            if circuit["kind"] not in ("full", "split") or circuit["left_size"] < 3:
                continue
            extra = circuit["neurons"] - circuit["left_size"] * circuit["right_size"]
            name = "k²" if extra <= 0 else "k² + 1 to 5" if extra <= 5 else "k² + 6 to 15" if extra <= 15 else "more"
            found[name] += 1
    return found


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's ρ, ties at their mean rank; nan for fewer than two values or constant ones."""
    ranks = [_ranks(np.asarray(values, dtype=np.float64)) for values in (first, second)]
    if len(first) < 2 or min(r.std() for r in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place.reshape(-1)]
