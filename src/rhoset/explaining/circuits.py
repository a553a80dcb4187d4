"""Finding the circuits of a network: neurons grouped by irrep and by the ρ-sets they write to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.placement import SAME, Placement, first_of_largest, left_directions, place, right_directions
from rhoset.explaining.slots import centred_readings, filled_slots, kind_of, slot_weights
from rhoset.explaining.spectrum import Spectrum, balanced_shares
from rhoset.groups import Group, Irrep, RhoSet, RhoSetFamily, Subgroup, coset_means, orbitals, rho_set_families
from rhoset.groups.cache import remembered
from rhoset.networks import Tables
from rhoset.networks.circuits import Circuit, slot_symmetries

NEURON_SHARE = 0.5
"""A neuron stays in a circuit when its exact form holds at least this share of its energy."""

MIN_NEURONS = 2
"""Fewer neurons than this are no circuit."""

KEPT_ORDER = 256
"""Groups of larger order have too many and too large ρ-sets to be kept."""

MIN_FILLED = 0.03
"""At least this share of the slots must be filled; otherwise the neurons are nodes of a quadrature
of the integral over the sphere rather than a sum over the orbit."""


def find_circuits(spectrum: Spectrum, subgroups: Sequence[Subgroup]) -> tuple[Circuit, ...]:
    """All circuits of a network, the one with most energy first.

    Parameters
    ----------
    spectrum
        `rhoset.explaining.spectrum` of it.
    subgroups
        One subgroup of each conjugacy class.

    Notes
    -----
    Deterministic, and unchanged but for labels by permuting neurons, by (s, 1/s) and by relabelling
    the group. Cost m Σp d over the ρ-sets tried, and m n for the coset means.
    """
    group, energy = spectrum.network.group, spectrum.energy
    circuits: list[Circuit] = []
    for k, irrep in enumerate(spectrum.irreps):
        neurons = energy.neurons_of(k).astype(np.int32)
        if len(neurons) >= MIN_NEURONS:
            most = max(2, min(group.order, len(neurons) * max(1, irrep.dim)))
            options = _families(irrep, group, subgroups, most)
            circuits += _circuits_of_irrep(spectrum, k, neurons, options)
    order = sorted(range(len(circuits)), key=lambda i: -float(energy.importance[circuits[i].neurons].sum()))
    return tuple(circuits[i] for i in order)


def _families(irrep: Irrep, group: Group, subgroups: Sequence[Subgroup], most: int) -> Sequence[RhoSetFamily]:
    """`rho_set_families`; in groups of order up to `KEPT_ORDER` kept for the next network."""
    if group.order > KEPT_ORDER:
        return rho_set_families(group, irrep, subgroups, most)
    given = irrep, subgroups
    kept = remembered(f"families {irrep.name}", group, lambda: (given, rho_set_families(group, irrep, subgroups)))
    same = kept[0][0] is irrep and kept[0][1] is subgroups
    families = kept[1] if same else rho_set_families(group, irrep, subgroups)
    return [family for family in families if family.size <= most]


def _circuits_of_irrep(
    spectrum: Spectrum, k: int, neurons: NDArray[np.int32], options: Sequence[RhoSetFamily]
) -> list[Circuit]:
    irrep, matrices = spectrum.irreps[k], spectrum.coefficients[k][neurons]
    importance, e = spectrum.energy.importance[neurons], spectrum.irreps[k].endomorphism_dim
    rows = place(irrep, options, left_directions(matrices, importance, e))
    placed = np.flatnonzero(rows.chosen >= 0)
    if placed.size < MIN_NEURONS:
        return []
    neurons, rows = neurons[placed], rows[placed]
    vectors = np.stack([rows.sets[s].points[p] for s, p in zip(rows.chosen, rows.point)])
    found = right_directions(matrices[placed], vectors, importance[placed], e)
    lines = {option.size for option in options if option.fixed_dim == 1}
    first = [rows.sets[s] for s in np.unique(rows.chosen) if rows.sets[s].size not in lines]
    columns = place(irrep, options, found, first)
    circuits = []
    for s, t in sorted({(int(s), int(t)) for s, t in zip(rows.chosen, columns.chosen) if t >= 0}):
        inside = np.flatnonzero((rows.chosen == s) & (columns.chosen == t))
        circuit = _build(spectrum, neurons[inside], rows[inside], columns[inside])
        if circuit is not None:
            circuits.append(circuit)
    return circuits


def _build(spectrum: Spectrum, neurons: NDArray[np.int32], at_rows: Placement, at_columns: Placement) -> Circuit | None:
    """The circuit of these neurons, all placed on one pair of ρ-sets: signs settled, misfits removed;
    None when too few are left."""
    sets = at_rows.sets[at_rows.chosen[0]], at_columns.sets[at_columns.chosen[0]]
    rows, columns = at_rows.point, at_columns.point
    circuit = _read_and_write(spectrum, sets, neurons, rows, columns)
    keep = balanced_shares(spectrum, neurons, circuit.tables()) >= NEURON_SHARE
    if int(keep.sum()) < MIN_NEURONS:
        return None
    neurons, rows, columns = neurons[keep], rows[keep].copy(), columns[keep].copy()
    importance = spectrum.energy.importance[neurons]
    # κ > 0: by −c where −C = C, by −b where −B = B, else for most by the sign of C
    flip = circuit.weight[keep] < 0
    left_opposite, right_opposite = (points.antipodes() for points in sets)
    if right_opposite is not None:
        columns[flip] = right_opposite[columns[flip]]
    elif left_opposite is not None:
        rows[flip] = left_opposite[rows[flip]]
    elif importance[flip].sum() > importance.sum() / 2:
        sets = sets[0], sets[1].negative()
    circuit = _read_and_write(spectrum, sets, neurons, rows, columns)
    pairs = slot_symmetries(*sets)
    if len(pairs) > 1:
        circuit = _read_and_write(spectrum, sets, neurons, *_alike_readings(circuit, pairs))
    circuit = _with_fitted_coupling(spectrum, circuit)
    if float(filled_slots(slot_weights(circuit)).mean()) < MIN_FILLED:
        return None
    return replace(circuit, kind=kind_of(circuit))


def _alike_readings(
    circuit: Circuit, pairs: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows and columns, among slots that write the same, where the neurons' readings agree best.

    The strongest neuron stays where it is; all are compared with it, then with the mean reading.
    """
    turned = (
        replace(circuit, alpha=circuit.alpha[:, np.argsort(b)], gamma=circuit.gamma[:, np.argsort(c)]) for b, c in pairs
    )
    # (pairs, k, p + q) times weights, whatever the scale (s, 1/s) of each neuron
    readings = np.stack([centred_readings(each) * np.abs(circuit.weight[:, None]) for each in turned])
    reference = readings[0, int(np.linalg.norm(readings[0], axis=1).argmax())]
    best = np.zeros(len(circuit.neurons), dtype=np.intp)
    for _ in range(3):
        agreement = (readings @ reference).T
        best = first_of_largest(agreement, SAME * float(np.abs(agreement).max()))
        reference = readings[best, np.arange(len(best))].sum(axis=0)
    left = np.stack([b for b, _ in pairs])[best, circuit.rows]
    right = np.stack([c for _, c in pairs])[best, circuit.columns]
    return left, right


def _read_and_write(
    spectrum: Spectrum,
    sets: tuple[RhoSet, RhoSet],
    neurons: NDArray[np.int32],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
) -> Circuit:
    """Neurons at given slots, with υ = ⟨b, c⟩: their coset means α, γ and weights κ; cost k n."""
    left_set, right_set = sets
    k = len(neurons)
    circuit = Circuit(
        left_set=left_set,
        right_set=right_set,
        coupling=left_set.points @ right_set.points.T,
        neurons=neurons,
        rows=rows,
        columns=columns,
        weight=np.zeros(k),
        alpha=np.zeros((k, left_set.size)),
        gamma=np.zeros((k, right_set.size)),
        activation=spectrum.network.activation,
    )
    own = Tables.of(spectrum.network, neurons)
    alpha, gamma = coset_means(own.left, circuit.seen_rows()), coset_means(own.right, circuit.seen_columns())
    return replace(circuit, alpha=alpha, gamma=gamma).fitted(spectrum.tables.unembed[neurons])


def _with_fitted_coupling(spectrum: Spectrum, circuit: Circuit) -> Circuit:
    """With the invariant υ that fits what the circuit's neurons write, u_i(z) ≈ κ_i υ(b_i, z·c_i).

    Each neuron's row is averaged over the z with (b_i, z·c_i) in one orbit of G on B × C; υ is the
    leading singular vector of these averages, neurons weighted by their balanced energy, with the
    mean square and the sign of ⟨b, c⟩. Cost k n.
    """
    group, neurons, inner = circuit.group, circuit.neurons, circuit.coupling
    generators = list(group.generators)
    label = orbitals(circuit.left_set.gset.action[generators], circuit.right_set.gset.action[generators])
    count = int(label.max()) + 1
    if count <= 2:
        return circuit
    size = np.bincount(label.ravel(), minlength=count) * (group.order / label.size)
    unembed = spectrum.tables.unembed[neurons]
    means = coset_means(unembed, label[circuit.rows[:, None], circuit.seen_columns()])
    scale = np.sqrt(spectrum.energy.importance[neurons]) / np.linalg.norm(unembed, axis=1)
    _, _, axes = np.linalg.svd(means * np.sqrt(size) * scale[:, None], full_matrices=False)
    fitted = (axes[0] / np.sqrt(size))[label]
    fitted -= fitted.mean()
    fitted *= np.sign((fitted * inner).sum()) or 1.0
    fitted *= np.sqrt((inner**2).mean() / (fitted**2).mean())
    return replace(circuit, coupling=fitted).fitted(unembed)
