"""What the paper's reviewers asked for, measured: single neurons replaced, k² neurons or not, small ρ-sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rhoset.explaining import Explanation, activation_correlation
from rhoset.explaining.pairs import activations

Row = Mapping[str, Any]


def replaced_neurons(explanation: Explanation) -> dict[str, float | int]:
    """Every neuron of a circuit beside its prediction, over all inputs, or 2^14 evenly spaced ones of larger groups.

    Returns
    -------
    dict
        ``neurons``; median and largest ``error`` = Σ(h − ĥ)² / Σ(h − mean h)² and median and least
        ``correlation`` of the activations h with the predicted ones. Cost: m for each pair that is looked at.
    """
    chosen = np.unique(np.concatenate([np.zeros(0, np.int32), *(c.neurons for c in explanation.circuits)]))
    actual, predicted = activations(explanation.network, chosen), activations(explanation.ideal, chosen)
    spread = np.square(actual - actual.mean(axis=0)).sum(axis=0)
    varied = (spread > 0) & (predicted.std(axis=0) > 0)
    errors = (np.square(actual - predicted).sum(axis=0)[varied] / spread[varied]).tolist()
    correlations = activation_correlation(explanation)[chosen[varied]].tolist()
    if not errors:
        return {"neurons": 0}
    return {
        "neurons": len(errors),
        "error": float(np.median(errors)),
        "largest_error": max(errors),
        "correlation": float(np.median(correlations)),
        "least_correlation": min(correlations),
    }


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
