"""The JSON object that `rhoset explain` prints for one network."""

from __future__ import annotations

from typing import Any

from rhoset.explaining.diagnosis import Diagnosis
from rhoset.explaining.explanation import Explanation
from rhoset.explaining.faithfulness import evaluate_ideal
from rhoset.explaining.registry import Account
from rhoset.explaining.slots import filled_slots, slot_weights
from rhoset.networks import Evaluation
from rhoset.networks.circuits import Circuit


def to_json(
    explanation: Explanation,
    name: str = "",
    *,
    result: Evaluation | None = None,
    diagnosis: Diagnosis | None = None,
    accounts: tuple[Account, ...] = (),
) -> dict[str, Any]:
    """What `rhoset explain --json` says of one network.

    Parameters
    ----------
    explanation
        Of `rhoset.explaining.explain`.
    name
        What the network is called.
    result
        Evaluation of the ideal network, when it is at hand (`faithfulness.evaluate_ideal` otherwise).
    diagnosis, accounts
        Added under "diagnosis" and "explanations" when given.

    Returns
    -------
    ``{"network", "irreps": [{"name", "label", "neurons", "energy"}], "circuits": [{"name", "irrep", "label",
    "left_size", "right_size", "neurons", "kind", "slots", "filled"}], "quadratures", "left_over", "explained",
    "ideal_accuracy", "ideal_loss", "ideal_pairs", "thresholds"}``.
    """
    energy = explanation.energy
    result = evaluate_ideal(explanation) if result is None else result
    said: dict[str, Any] = {
        "network": name,
        "irreps": [
            {"name": use.irrep.name, "label": use.irrep.label, "neurons": use.neurons, "energy": use.share}
            for use in explanation.uses
        ],
        "circuits": [
            {"name": name, **_circuit(c)}
            for name, c in zip(explanation.neuron_groups()[0], explanation.circuits, strict=False)
        ],
        "quadratures": [
            {"irrep": q.irrep.name, "label": q.irrep.label, "neurons": len(q.neurons), "defect": q.defect}
            for q in explanation.quadratures
        ],
        "live": int(energy.live.sum()),
        "left_over": [int(i) for i in explanation.left_over],
        "explained": explanation.explained,
        "ideal_accuracy": result.accuracy,
        "ideal_loss": result.loss,
        "ideal_margin": result.margin,
        "ideal_pairs": result.pairs,
        "thresholds": dict(explanation.thresholds),
    }
    if diagnosis is not None:
        said["diagnosis"] = {
            "margin": diagnosis.margin,
            "terms": [vars(term) for term in diagnosis.terms],
            "findings": [vars(finding) for finding in diagnosis.findings],
            "symmetry": list(diagnosis.symmetry),
        }
    if accounts:
        said["explanations"] = [
            {
                "name": a.name,
                "explained": a.explained,
                "ideal_accuracy": a.result.accuracy,
                "ideal_loss": a.result.loss,
                **a.numbers,
            }
            for a in accounts
        ]
    return said


def _circuit(circuit: Circuit) -> dict[str, Any]:
    filled = filled_slots(slot_weights(circuit))
    return {
        **circuit.summary(),
        "label": circuit.irrep.label,
        "slots": filled.size,
        "filled": int(filled.sum()),
    }
