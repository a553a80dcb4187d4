"""Everything that is measured on one network, as a row of plain values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rhoset.explaining import Explanation, equivariance, explain
from rhoset.explaining.explanation import IN_USE
from rhoset.networks import Network, certificate_path, evaluate, read_network
from rhoset.prove import certify_subject, subject
from rhoset.reproduce.baselines import BASELINES, certify_baseline
from rhoset.reproduce.questions import replaced_neurons
from rhoset.reproduce.timing import Rivals
from rhoset.reproduce.verifier import PublishedBound, paper_explanation, published_bound
from rhoset.reproduce.verifier.alone import cosets_alone, irreps_alone
from rhoset.verdicts import VerdictSummary

METHODS = ("exhaustive", "gaps", "lowrank", "irrep", "equivariant", "orbit", "auto")
"""Every network is certified by each of these, with the fewest operations; the baselines have rows of their own."""
UNEXPLAINED = ("exhaustive", "gaps")
"""Methods that certify without an explanation."""
KEPT = ("auto", "gaps")
"""Certificates of these methods are written beside the network, and those of the baselines."""


def measure(path: Path, methods: Sequence[str] = METHODS, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One network: what it learned, and for each method bound, operations and seconds.

    `methods` are those that certify it, beside the baselines. `known` is a row that was measured before: of it only
    methods that are missing are measured. Certificates of the methods in `KEPT` and of the baselines are written.
    Cost: about 15 s for S5 of width 128.
    """
    network, explanation = read_network(path), None
    if known is None:
        explanation = explain(network)
        known = _row(network, explanation, path)
    done = dict(known["methods"])
    for method in (*BASELINES, *methods):
        if method in done:
            continue
        if method in BASELINES:
            done[method] = _baseline(network, method, path)
            continue
        if explanation is None and method not in UNEXPLAINED:
            explanation = explain(network)
        result = certify_subject(subject(network, path=path), explanation, method=method, objective="operations")
        done[method] = _method(result.summary())
        if method in KEPT:
            result.write(certificate_path(path, method))
    return {**known, "methods": done}


def wanting(row: Mapping[str, Any] | None, methods: Sequence[str]) -> bool:
    """Whether something is to be measured of a network with this row."""
    return row is None or not {*methods, *BASELINES} <= set(row.get("methods", ()))


def _row(network: Network, explanation: Explanation, path: Path) -> dict[str, Any]:
    """Everything but the methods of `certify`; rule `paper` comes from the floating-point verifier's ideal network."""
    evaluated, ideal = evaluate(network), evaluate(explanation.ideal)
    said = published_bound(network, explanation.irreps)
    shares = equivariance(network)
    return {
        "file": path.name,
        "digest": network.digest,
        "order": network.order,
        "width": network.width,
        "accuracy": evaluated.accuracy,
        "loss": evaluated.loss,
        "explained": explanation.explained,
        "ideal_accuracy": ideal.accuracy,
        "ideal_loss": ideal.loss,
        "irreps": {use.irrep.name: round(use.share, 6) for use in explanation.uses if use.share >= IN_USE},
        "circuits": [circuit.summary() for circuit in explanation.circuits],
        "replaced": replaced_neurons(explanation),
        "equivariance": {name: getattr(shares, name) for name in ("left", "right", "both")},
        "times": dataclasses.asdict(Rivals(network, said.ideal).times()),
        "methods": {"paper": _baseline(network, "paper", path, said)},
        "published": _published(said),
        "alone": {
            "cosets": dataclasses.asdict(cosets_alone(network)),
            "cosets, mended": dataclasses.asdict(cosets_alone(network, mended=True)),
            "irreps": dataclasses.asdict(irreps_alone(network)),
        },
    }


def _method(said: VerdictSummary) -> dict[str, Any]:
    loss = said["loss_bound"]
    return {
        "used": said["method"],
        "bound": said["accuracy_bound"],
        "loss_bound": loss if math.isfinite(loss) else None,
        "operations": said["operations"],
        "exhaustive_operations": said["exhaustive_operations"],
        "seconds": said["seconds"],
        "search_seconds": said["search_seconds"],
    }


def _baseline(network: Network, method: str, path: Path, said: PublishedBound | None = None) -> dict[str, Any]:
    """A baseline's certificate, written beside the network: the baseline checker's verdict on it."""
    explained = None if said is None else paper_explanation(network, said.ideal)
    result = certify_baseline(network, method, path=path, explained=explained)
    result.write(certificate_path(path, method))
    numbers = {"margin": result.verdict.margin, "distance": result.verdict.distance}
    return {**_method(result.summary()), **{k: v if math.isfinite(v) else None for k, v in numbers.items()}}


def _published(said: PublishedBound) -> dict[str, Any]:
    """The published verifier in floating point."""
    return {f.name: getattr(said, f.name) for f in dataclasses.fields(said) if f.name != "ideal"}
