"""What the paper's reviewers asked for, measured: single neurons replaced, k² neurons or not, small ρ-sets; and what
decides which networks the published method proves."""

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


SHARED = "several irreps"
MOST_NEURONS = {"below 30 neurons": 29, "30 to 45": 45, "46 to 59": 59, "60 and more": 10**9}
"""Name → neurons at most, of a network whose one irrep of dimension above 1 fills its circuits."""


def proved_by_neurons(rows: Sequence[Row], wanted: float) -> dict[str, list[int]]:
    """[networks that the published method proves to `wanted`, networks] by the neurons of the one irrep with 1 % of the
    energy, those of dimension 1 aside; networks with several such irreps, or none, under `SHARED`."""
    found = {name: [0, 0] for name in (*MOST_NEURONS, SHARED)}
    for row in rows:
        neurons: dict[str, int] = {}
        for circuit in row["circuits"]:
            if circuit["left_size"] > 2 and circuit["irrep"] in row["irreps"]:
                neurons[circuit["irrep"]] = neurons.get(circuit["irrep"], 0) + circuit["neurons"]
        name = SHARED
        if len(neurons) == 1:
            (count,) = neurons.values()
            name = next(name for name, most in MOST_NEURONS.items() if count <= most)
        found[name][0] += row["published"]["accuracy"] >= wanted
        found[name][1] += 1
    return found
