"""One network's section: explain it, evaluate it, check its certificates again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining import (
    Circuit,
    Explanation,
    Quadrature,
    diagnose,
    explain,
    slot_weights,
)
from rhoset.explaining.analysis import structure as explained_with
from rhoset.explaining.faithfulness import evaluate_ideal
from rhoset.explaining.large import LARGE_ORDER
from rhoset.groups import Group, Irrep, Subgroup, minimal_rho_set_sizes
from rhoset.networks import Network, evaluate
from rhoset.networks.runs import certificates
from rhoset.populations.accounts import accounts
from rhoset.report.account import account
from rhoset.report.frontier import frontier_view
from rhoset.report.history import history_view
from rhoset.report.margins import margin_view
from rhoset.report.natural import with_names
from rhoset.report.solids import solid
from rhoset.report.views import (
    CertificateView,
    CircuitView,
    Matrix,
    NetworkView,
    QuadratureView,
)
from rhoset.verdicts import check_summary, outdated

SAME_DIRECTION = 1e-6
"""Unit vectors that differ by less than this count as one."""
EVALUATION_OPERATIONS = 5e10
"""Multiply-adds that measuring one network may take, a few seconds: all pairs of S6 at width 128. Where they need more,
accuracy and loss are those of a fixed random sample, and the report says so."""
LARGEST_MATRIX = 64
"""Slot matrices with more rows or columns than this are left out of the report."""


@dataclass(frozen=True, eq=False)
class Structure:
    """What all networks of one group share, computed once."""

    group: Group
    irreps: tuple[Irrep, ...]
    subgroups: tuple[Subgroup, ...]
    sizes: Mapping[str, int]
    digest: str
    """Of the network that it was found with, the only one that it serves above order `LARGE_ORDER`."""

    def explained(self, network: Network) -> float:
        """Share of a network's weights that circuits explain."""
        found = explain(network, real_irreps=self.irreps, subgroups=self.subgroups)
        return found.explained


def structure(network: Network) -> Structure:
    """Irreps, subgroups and minimal ρ-set sizes of a network's group.

    Above order `LARGE_ORDER` the irreps and subgroups are those that the network's weights show, and no sizes.
    """
    group = with_names(network.group)
    found, subgroups = explained_with(network)
    sizes = minimal_rho_set_sizes(group, found) if group.order <= LARGE_ORDER else {}
    return Structure(group, found, subgroups, sizes, network.digest)


@dataclass(frozen=True)
class Named:
    """A network's name and place in a report; its file, beside which certificates and the record lie, and its row of
    results; whether every snapshot of its training is explained."""

    name: str
    index: int = 0
    path: Path | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    circuit_history: bool = True
    accounts: bool = False


def network_view(network: Network, shared: Structure, of: Named) -> NetworkView:
    """One network's section."""
    path, row = of.path, of.row
    if network.order > LARGE_ORDER and network.digest != shared.digest:
        shared = structure(network)
    explanation = explain(network, real_irreps=shared.irreps, subgroups=shared.subgroups)
    measured = evaluate(network, operations=EVALUATION_OPERATIONS)
    ideal = evaluate_ideal(explanation, EVALUATION_OPERATIONS)
    diagnosis = diagnose(explanation)
    unread: list[tuple[str, str]] = []
    energy = explanation.energy.share
    uses = {use.irrep.label: use.share for use in explanation.uses}
    return NetworkView(
        name=of.name,
        index=of.index,
        width=network.width,
        accuracy=measured.accuracy,
        loss=measured.loss,
        sampled=measured.pairs if measured.pairs < network.order**2 else None,
        key=used_irreps(explanation),
        energy=tuple(
            tuple(round(float(v), 2) for v in (neuron if live else 0 * neuron))
            for neuron, live in zip(energy, explanation.energy.live, strict=True)
        ),
        circuits=tuple(circuit_view(circuit, shared.group) for circuit in explanation.circuits),
        explained=explanation.explained,
        ideal_accuracy=ideal.accuracy,
        ideal_loss=ideal.loss,
        certificates=()
        if path is None
        else tuple(certificate_view(p, path, unread) for p in certificates(path).values()),
        seed=row.get("seed"),
        steps=row.get("steps"),
        seconds=row.get("seconds"),
        quadratures=tuple(
            quadrature_view(q) for q in sorted(explanation.quadratures, key=lambda q: -uses.get(q.irrep.label, 0.0))
        ),
        account=account(explanation),
        left_over=len(explanation.left_over),
        findings=diagnosis.said,
        accounts=accounts(network, path) if of.accounts else {},
        margins=margin_view(network, shared.group, shared.irreps),
        frontier=None if path is None else frontier_view(path, unread),
        history=None
        if path is None
        else history_view(path, shared.irreps, shared.explained if of.circuit_history else None, unread),
        unread=tuple(unread),
    )


def used_irreps(explanation: Explanation) -> tuple[tuple[str, int, float], ...]:
    """(name, neurons, share of energy) of each irrep in use, the strongest first."""
    ranked = sorted((use for use in explanation.uses if use.in_use), key=lambda use: -use.share)
    return tuple((use.irrep.label, use.neurons, use.share) for use in ranked)


def circuit_view(circuit: Circuit, group: Group) -> CircuitView:
    """A circuit's figure and its slot weights, as multiples of the mean size of the filled slots."""
    weights = slot_weights(circuit)
    p, q = weights.shape
    filled = np.abs(weights) > 0
    mean = float(np.abs(weights[filled]).mean()) if filled.any() else 1.0
    rows = np.abs(weights).sum(axis=1)
    left, right = circuit.rho_sets
    uneven = rows.min() < 0.85 * rows.max() if rows.max() > 0 else False
    return CircuitView(
        irrep=circuit.irrep.label,
        kind=circuit.kind,
        neurons=len(circuit.neurons),
        left_size=p,
        right_size=q,
        left=solid(left, rows if uneven else None, group),
        right=None if _alike(circuit) else solid(right, None, group),
        slots=_rounded(weights / mean) if max(p, q) <= LARGEST_MATRIX else (),
    )


def _alike(circuit: Circuit) -> bool:
    """Are the points of C those of B or their negatives, in the same order?"""
    b, c = circuit.left_set.points, circuit.right_set.points
    return b.shape == c.shape and bool(min(np.abs(b - c).max(), np.abs(b + c).max()) < SAME_DIRECTION)


def quadrature_view(quadrature: Quadrature) -> QuadratureView:
    """The nodes of a quadrature, of unit length; their directions where the irrep has dimension 2."""
    k, dim = quadrature.left.shape
    flat = dim == 2
    left, reads = quadrature.left, "b"
    if np.ptp(left, axis=0).max(initial=0) < SAME_DIRECTION:
        left, reads = quadrature.read_left, "a"  # complex type: b is the same for all, and a tells them apart
    return QuadratureView(
        irrep=quadrature.irrep.label,
        dim=dim,
        neurons=k,
        defect=quadrature.defect,
        left=_rounded(_unit(left)) if flat else (),
        right=_rounded(_unit(quadrature.right)) if flat else (),
        weights=tuple(round(float(w), 3) for w in quadrature.weight / max(quadrature.weight.max(), 1e-300))
        if flat
        else (),
        reads=reads,
        neurons_named=tuple(int(i) for i in quadrature.neurons),
    )


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row at length 1; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _rounded(rows: NDArray[np.float64]) -> Matrix:
    return tuple(tuple(round(float(v), 3) for v in row) for row in rows)


def certificate_view(path: Path, network: Path, unread: list[tuple[str, str]]) -> CertificateView:
    """A certificate as the independent checker sees it now; its own claims are not shown.

    One that could not be read is added to `unread`, but not one of another version: it is no damaged file.
    """
    verdict, said = check_summary(path.name, path, network)
    if verdict.status == "unreadable" and not outdated(path):
        unread.append((str(path), verdict.reason))
    return CertificateView(
        method=said["method"] or path.name.split(".")[-2],
        accuracy_bound=said["accuracy_bound"],
        loss_bound=said["loss_bound"] if said["valid"] else None,
        operations=said["operations"],
        exhaustive_operations=max(said["exhaustive_operations"], 1),
        seconds=said["seconds"],
        arithmetic=said["arithmetic"] or "–",
        path=path.name,
        valid=said["valid"],
        reason=said.get("reason", ""),
    )
