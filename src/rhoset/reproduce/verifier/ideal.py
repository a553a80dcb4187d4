"""Steps 4 to 7 of the published verifier: the ideal network whose slots are equally weighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Group, Irrep, orbitals
from rhoset.networks import Network
from rhoset.reproduce.verifier.clustering import Clusters, settle
from rhoset.reproduce.verifier.neurons import IrrepNeurons
from rhoset_check_baselines.paper import Circuit

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

FIXED = 1e-2
"""A group element that moves a settled centre less than this fixes it."""
LEAST_STABILISER = 5
"""A circuit whose b has fewer elements than this in its stabiliser is dropped."""
UNEVEN = (0.2, 0.8)
"""An irrep is bad when each of its circuits lacks a share of its slots between these, or was dropped."""
UNEMBED_SHARE = 0.01
"""Weight of unembed against left and right when a neuron's scale is chosen."""


@dataclass(frozen=True, eq=False)
class IdealNetwork:
    """Tables of the ideal network, in the network's own neurons.

    Parameters
    ----------
    left, right
        (n, m), zero for neurons that no circuit holds.
    unembed
        (m, n); the network's own rows for those.
    bias
        (n,): what an uneven sign circuit leaves over, taken off.
    bad
        Names of the irreps none of whose circuits is nearly full or nearly empty.
    circuits
        The circuits that the tables are made of, in the terms of the rigorous rule `paper`.
    remainder
        (position of a sign circuit, λ): bias = λ υ(0, z·0) of that circuit; None where it is 0.
    """

    left: Array
    right: Array
    unembed: Array
    bias: Array
    bad: tuple[str, ...]
    circuits: tuple[Circuit, ...] = ()
    remainder: tuple[int, float] | None = None


def idealise(network: Network, parts: Sequence[tuple[IrrepNeurons, Clusters, Clusters]]) -> IdealNetwork:
    """The ideal network of the neurons of each irrep with their clusters of b and of c."""
    left, right = np.zeros(network.left.shape), np.zeros(network.right.shape)
    unembed, bias = np.array(network.unembed, dtype=np.float64), np.zeros(network.order)
    bad, circuits, remainder = [], list[Circuit](), None
    for part, b_clusters, c_clusters in parts:
        sets = settle(part.irrep, b_clusters), settle(part.irrep, c_clusters)
        uneven = part.irrep.dim > 1
        for k, j in product(range(len(sets[0])), range(len(sets[1]))):
            inside = np.flatnonzero((b_clusters.label == k) & (c_clusters.label == j))
            rows = _coset_points(network.group, part.irrep, sets[0][k])
            columns = _coset_points(network.group, part.irrep, sets[1][j])
            if not len(inside) or (part.irrep.dim > 1 and rows.fixed < LEAST_STABILISER):
                continue
            place = rows.label[b_clusters.element[inside]], columns.label[c_clusters.element[inside]]
            if part.irrep.dim == 1:
                slots, rest = _sign_slots(part, rows, columns, inside, place)
                if rest:
                    remainder = len(circuits), rest
            else:
                filled = np.zeros((len(rows.points), len(columns.points)), dtype=bool)
                filled[place] = True
                missing = 1 - float(filled.mean())
                uneven &= UNEVEN[0] <= missing <= UNEVEN[1]
                if missing:
                    continue
                slots = np.full(filled.shape, part.weight[inside].sum() / filled.size)
            circuits.append(_circuit(network, part, (rows, columns), inside, place, slots))
        bad += [part.irrep.name] if uneven else []
    for circuit in circuits:
        inverse, i = network.group.inverse, circuit.neurons
        left[:, i] = circuit.scale * circuit.alpha[circuit.left[inverse][:, circuit.rows]]
        right[:, i] = circuit.scale * circuit.gamma[circuit.right[:, circuit.columns]]
        written = circuit.coupling[circuit.rows[:, None], circuit.right[:, circuit.columns].T]
        unembed[i] = circuit.weights[:, None] * written
    if remainder is not None:
        sign = circuits[remainder[0]]
        bias += remainder[1] * sign.coupling[0, sign.right[:, 0]]
    return IdealNetwork(left, right, unembed, bias, tuple(bad), tuple(circuits), remainder)


def best_scale(own: Sequence[Array], ideal: Sequence[Array]) -> float:
    """s > 0 that minimises |l̂/s − l|² + |r̂/s − r|² + 0.01 |s û − u|².

    Setting the derivative to zero and multiplying by s³ gives a quartic.
    """
    (l_own, r_own, u_own), (l_ideal, r_ideal, u_ideal) = (
        [np.asarray(v, dtype=np.float64) for v in t] for t in (own, ideal)
    )
    read = float(l_ideal @ l_ideal + r_ideal @ r_ideal)
    along = float(l_ideal @ l_own + r_ideal @ r_own)
    write, match = UNEMBED_SHARE * float(u_ideal @ u_ideal), UNEMBED_SHARE * float(u_ideal @ u_own)
    roots = np.roots([write, -match, 0.0, along, -read])
    positive = roots.real[(np.abs(roots.imag) < 1e-8 * np.abs(roots)) & (roots.real > 1e-8)]

    def objective(s: float) -> float:
        return read / s**2 - 2 * along / s + write * s**2 - 2 * match * s

    return float(min(positive, key=objective, default=1.0))


@dataclass(frozen=True, eq=False)
class _Points:
    """The orbit of a centre: points (p, d), the group's action (n, p), which point each element makes of the centre."""

    points: Array
    action: Ints
    label: Ints
    fixed: int


def _coset_points(group: Group, rho: Irrep, centre: Array) -> _Points:
    moved = rho.matrices @ centre
    label = np.full(len(moved), -1, dtype=np.intp)
    firsts: list[int] = []
    for g in range(len(moved)):
        if label[g] < 0:
            label[(label < 0) & (np.linalg.norm(moved - moved[g], axis=1) < FIXED)] = len(firsts)
            firsts.append(g)
    action = label[np.asarray(group.table)[:, firsts]]
    return _Points(moved[firsts], action, label, int((np.linalg.norm(moved - centre, axis=1) < FIXED).sum()))


def _sign_slots(
    part: IrrepNeurons, rows: _Points, columns: _Points, inside: Ints, place: tuple[Ints, Ints]
) -> tuple[Array, float]:
    """Slot weights with (b, c) and (−b, −c) made equal, and λ: what of σ(z) the bias has to take off."""
    side = np.sign(rows.points[:, :1] * columns.points[:, 0])  # bc = 1: slots 00 and 11; −1: 01 and 10
    sums, filled = np.zeros(side.shape), np.zeros(side.shape, dtype=bool)
    np.add.at(sums, place, part.weight[inside])
    filled[place] = True
    slots = np.zeros(side.shape)
    for sign in (1.0, -1.0):
        alike = side == sign
        slots[alike] = sums[alike].mean() if filled[alike].all() else 0.0
    means = [float(slots[side == sign].max(initial=-np.inf)) for sign in (1.0, -1.0)]
    size = float(abs(part.a[0])) * (len(rows.points) == 2)
    return slots, -(means[0] - means[1]) * size * float(side[0, 0]) if len(rows.points) == 2 else 0.0


def _circuit(
    network: Network,
    part: IrrepNeurons,
    orbits: tuple[_Points, _Points],
    inside: Ints,
    place: tuple[Ints, Ints],
    slots: Array,
) -> Circuit:
    """Weights that make every slot's sum what it should be, and the scale of each neuron."""
    rows, columns = orbits
    sums = np.zeros(slots.shape)
    np.add.at(sums, place, part.weight[inside])
    factor = np.divide(slots, sums, out=np.zeros_like(sums), where=sums != 0)[place]
    weight = part.weight[inside] * factor
    held = np.flatnonzero(weight)
    coupling = _invariant(rows.points @ columns.points.T, rows.action, columns.action)
    alpha, gamma = rows.points @ part.a, columns.points @ part.a
    neurons, inverse = part.neurons[inside[held]], network.group.inverse
    scale, weights = np.ones(len(held)), weight[held]
    for j, i in enumerate(neurons):
        b, c = int(place[0][held[j]]), int(place[1][held[j]])
        ideal = (
            alpha[rows.action[inverse, b]],
            gamma[columns.action[:, c]],
            weights[j] * coupling[b, columns.action[:, c]],
        )
        scale[j] = 1 / best_scale((network.left[:, i], network.right[:, i], network.unembed[i]), ideal)
    return Circuit(
        left=rows.action,
        right=columns.action,
        coupling=coupling,
        alpha=alpha,
        gamma=gamma,
        slots=slots,
        neurons=neurons,
        rows=place[0][held],
        columns=place[1][held],
        scale=scale,
        weights=weights / scale,
    )


def _invariant(coupling: Array, left: Ints, right: Ints) -> Array:
    """The coupling averaged over the group's orbits on pairs of points: exactly invariant."""
    label = orbitals(left, right)
    means: Array = np.bincount(label.ravel(), coupling.ravel()) / np.bincount(label.ravel())
    return means[label]
