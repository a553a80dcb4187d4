"""Everything that is measured on one network, as a row of plain values."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rhoset.explaining import Explanation, explain
from rhoset.networks import Network, evaluate, read_network
from rhoset.networks.activations import activation
from rhoset.prove import certify
from rhoset.prove.files import certificate_file
from rhoset.reproduce.baselines import BASELINES, certify_baseline
from rhoset.reproduce.questions import equivariance, replaced_neurons
from rhoset.reproduce.verifier import PublishedBound, paper_explanation, published_bound
from rhoset.reproduce.verifier.alone import cosets_alone, irreps_alone
from rhoset.reproduce.verifier.bound import loop_of_inputs

METHODS = ("exhaustive", "gaps", "irrep", "equivariant", "orbit", "mixture", "auto")
"""Every network is certified by each of these, with the fewest operations; the baselines have rows of their own."""
KEPT = ("auto", "gaps")
"""Certificates of these methods are written beside the network, and those of the baselines."""
BRUTE_FORCE_SAMPLE = 1_000
"""Inputs evaluated one at a time to measure brute force as a plain loop; the time is scaled up."""
REPEATS = 3
"""Times are the least of this many."""


def measure(path: Path, methods: Sequence[str] = METHODS, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One network: what it learned, and for each method bound, operations and seconds.

    `methods` are those that certify it, beside the baselines. `known` is a row that was measured before: of it only
    methods that are missing are measured. Certificates of the methods in `KEPT` and of the baselines are written.
    Cost: about 15 s for S5 of width 128.
    """
    network = read_network(path)
    explanation = explain(network)
    row = dict(known) if known else _row(network, explanation, path)
    done = dict(row["methods"])
    for method in (*BASELINES, *methods):
        if method in done:
            continue
        if method in BASELINES:
            done[method] = _baseline(network, method, path)
            continue
        result = certify(network, method=method, objective="operations", explanation=explanation, path=path)
        done[method] = _method(result.summary())
        if method in KEPT:
            result.write(certificate_file(path, method))
    return {**row, "methods": done}


def wanting(row: Mapping[str, Any] | None, methods: Sequence[str]) -> bool:
    """Whether something is to be measured of a network with this row."""
    return row is None or not {*methods, *BASELINES} <= set(row.get("methods", ()))


def _row(network: Network, explanation: Explanation, path: Path) -> dict[str, Any]:
    """Everything but the methods of `certify`; rule `paper` comes from the floating-point verifier's ideal network."""
    evaluated, ideal = evaluate(network), evaluate(explanation.ideal)
    said = published_bound(network, explanation.irreps)
    brute = brute_force_seconds(network)
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
        "irreps": {use.irrep.name: round(use.share, 6) for use in explanation.uses if use.in_use},
        "circuits": _circuits(explanation),
        "replaced": replaced_neurons(explanation),
        "equivariance": equivariance(network),
        "brute_force_seconds": brute,
        "vectorised_seconds": vectorised_seconds(network),
        "methods": {"paper": _baseline(network, "paper", path, said)},
        "published": _published(network, said, brute),
        "alone": {
            "cosets": dataclasses.asdict(cosets_alone(network)),
            "cosets, mended": dataclasses.asdict(cosets_alone(network, mended=True)),
            "irreps": dataclasses.asdict(irreps_alone(network)),
        },
    }


def _circuits(explanation: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "irrep": c.irrep.name,
            "left_size": c.shape[0],
            "right_size": c.shape[1],
            "neurons": len(c.neurons),
            "kind": c.kind,
        }
        for c in explanation.circuits
    ]


def _method(said: dict[str, Any]) -> dict[str, Any]:
    keys = ("operations", "exhaustive_operations", "seconds", "search_seconds")
    loss = said["loss_bound"]
    return {
        "used": said["method"],
        "bound": said["accuracy_bound"],
        "loss_bound": loss if math.isfinite(loss) else None,
        **{key: said[key] for key in keys},
    }


def _baseline(network: Network, method: str, path: Path, said: PublishedBound | None = None) -> dict[str, Any]:
    """A baseline's certificate, written beside the network: the baseline checker's verdict on it."""
    explained = None if said is None else paper_explanation(network, said.ideal)
    result = certify_baseline(network, method, path=path, explained=explained)
    result.write(certificate_file(path, method))
    return {**_method(result.summary()), "margin": result.verdict.margin, "distance": result.verdict.distance}


def _published(network: Network, said: PublishedBound, brute: float) -> dict[str, Any]:
    """The published verifier in floating point, and its time one input at a time over brute force's."""
    row = {f.name: getattr(said, f.name) for f in dataclasses.fields(said) if f.name != "ideal"}
    pairs = sampled_pairs(network)
    loop = loop_of_inputs(network, said.ideal)
    seconds = min(_timed(lambda: loop(pairs)) for _ in range(REPEATS)) * network.order**2 / len(pairs)
    return {**row, "seconds": seconds, "over_brute_force": seconds / brute}


def vectorised_seconds(network: Network) -> float:
    """Seconds to evaluate all inputs in blocks, in the network's own precision (not rigorous)."""
    return min(_timed(lambda: evaluate(network)) for _ in range(REPEATS))


def brute_force_seconds(network: Network) -> float:
    """Seconds to evaluate all inputs one at a time, as the published brute force does."""
    phi = activation(network.activation)
    left, right, unembed, bias = network.left, network.right, network.unembed, network.bias
    pairs = sampled_pairs(network)

    def loop() -> None:
        right_answers = 0
        for x, y in pairs:
            answer = int((phi(left[x] + right[y]) @ unembed + bias).argmax())
            right_answers += answer == network.table[x, y]

    return min(_timed(loop) for _ in range(REPEATS)) * network.order**2 / len(pairs)


def sampled_pairs(network: Network) -> list[list[int]]:
    """Some inputs, the same ones each time."""
    n = network.order
    pairs: list[list[int]] = np.random.default_rng(0).integers(0, n, (min(BRUTE_FORCE_SAMPLE, n * n), 2)).tolist()
    return pairs


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
