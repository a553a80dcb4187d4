"""Finding the circuits of a network: neurons grouped by irrep and by the ρ-sets they write to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.explanation import Circuit, frozen
from rhoset.explaining.orbits import antipodes, candidates, negative, orbitals, slot_symmetries
from rhoset.explaining.placement import SAME, Directions, directions, first_of_largest, place
from rhoset.explaining.slots import centred_readings, filled_slots, kind_of, slot_weights
from rhoset.explaining.spectrum import Spectrum
from rhoset.groups import Group, Irrep, RhoSet, Subgroup
from rhoset.networks import Network

NEURON_SHARE = 0.5
"""A neuron stays in a circuit when its exact form holds at least this share of its energy."""

MIN_NEURONS = 2
"""Fewer neurons than this are no circuit."""

MIN_FILLED = 0.03
"""At least this share of the slots must be filled; otherwise the neurons are nodes of a quadrature
of the integral over the sphere rather than a sum over the orbit."""


def find_circuits(
    network: Network,
    spectrum: Spectrum,
    irreps: Sequence[Irrep],
    subgroups: Sequence[Subgroup],
) -> tuple[Circuit, ...]:
    """All circuits of the network, the one with most energy first.

    Parameters
    ----------
    network
        Any network.
    spectrum
        `rhoset.explaining.spectrum` of it.
    irreps
        The real irreps of its group.
    subgroups
        One subgroup of each conjugacy class.

    Notes
    -----
    Deterministic, and unchanged but for labels by permuting neurons, by (s, 1/s) and by relabelling
    the group. Cost m Σp d over the ρ-sets tried, and m n for the coset means.
    """
    group = network.group
    energy = spectrum.energy
    circuits: list[Circuit] = []
    for k, irrep in enumerate(irreps):
        neurons = np.flatnonzero(energy.live & (energy.dominant == k)).astype(np.int32)
        if len(neurons) >= MIN_NEURONS:
            circuits += _circuits_of_irrep(network, spectrum, group, irrep, k, neurons, subgroups)
    order = sorted(range(len(circuits)), key=lambda i: -float(energy.importance[circuits[i].neurons].sum()))
    return tuple(circuits[i] for i in order)


def _circuits_of_irrep(
    network: Network,
    spectrum: Spectrum,
    group: Group,
    irrep: Irrep,
    k: int,
    neurons: NDArray[np.int32],
    subgroups: Sequence[Subgroup],
) -> list[Circuit]:
    most = max(2, min(group.order, len(neurons) * max(1, irrep.dim)))
    options = candidates(group, irrep, subgroups, most)
    left, right, unembed = (table[neurons] for table in spectrum.coefficients[k])
    importance = spectrum.energy.importance[neurons]
    e = irrep.endomorphism_dim
    forms = left @ left.transpose(0, 2, 1) + unembed @ unembed.transpose(0, 2, 1)
    rows = place(group, irrep, options, directions(forms, importance, e))
    placed = np.flatnonzero(rows.chosen >= 0)
    if placed.size < MIN_NEURONS:
        return []
    vectors = np.stack([rows.sets[s].points[p] for s, p in zip(rows.chosen[placed], rows.point[placed])])
    found = _right_directions(right[placed], unembed[placed], vectors, importance[placed], e)
    lines = {option.index for option in options if option.basis.shape[1] == 1}
    used = [rows.sets[s] for s in np.unique(rows.chosen[placed])]
    first = [rho_set for rho_set in used if len(rho_set.points) not in lines]
    columns = place(group, irrep, options, found, first)
    circuits = []
    pairs = {(int(s), int(t)) for s, t in zip(rows.chosen[placed], columns.chosen) if t >= 0}
    for s, t in sorted(pairs):
        inside = np.flatnonzero((rows.chosen[placed] == s) & (columns.chosen == t))
        circuit = _build(
            network,
            spectrum,
            irrep,
            neurons[placed[inside]],
            (rows.sets[s], columns.sets[t]),
            (rows.point[placed[inside]], columns.point[inside]),
        )
        if circuit is not None:
            circuits.append(circuit)
    return circuits


def _right_directions(
    right: NDArray[np.float64],
    unembed: NDArray[np.float64],
    vectors: NDArray[np.float64],
    importance: NDArray[np.float64],
    e: int,
) -> Directions:
    """Directions of c once b is known: from M_RᵀM_R and M_Uᵀb.

    Over ℂ or ℍ, right alone knows c up to a unit scalar; b and unembed fix the scalar.
    """
    pulled = np.einsum("iab,ia->ib", unembed, vectors)
    forms = right.transpose(0, 2, 1) @ right
    if e == 1:
        return directions(forms + pulled[:, :, None] * pulled[:, None, :], importance, 1)
    length = np.linalg.norm(pulled, axis=1)
    frame = pulled / np.where(length > 0, length, 1.0)[:, None]
    held = np.einsum("ia,iab,ib->i", frame, forms, frame) + length**2
    total = np.einsum("iaa->i", forms) + (unembed**2).sum(axis=(1, 2))
    share = np.minimum(e * held / np.where(total > 0, total, 1.0), 1.0)
    return Directions(frame[:, :, None], share, importance)


def _build(
    network: Network,
    spectrum: Spectrum,
    irrep: Irrep,
    neurons: NDArray[np.int32],
    sets: tuple[RhoSet, RhoSet],
    points: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> Circuit | None:
    """The circuit of these neurons, signs settled, misfits removed; None when too few are left."""
    left_set, right_set = sets
    rows, columns = points
    circuit = _read_and_write(network, spectrum, irrep, neurons, left_set, right_set, rows, columns)
    keep = neuron_shares(network, spectrum, circuit) >= NEURON_SHARE
    if int(keep.sum()) < MIN_NEURONS:
        return None
    neurons, rows, columns = neurons[keep], rows[keep].copy(), columns[keep].copy()
    importance = spectrum.energy.importance[neurons]
    weight = circuit.weight[keep] / np.maximum(np.abs(circuit.weight[keep]), 1e-300)
    left_opposite, right_opposite = antipodes(left_set), antipodes(right_set)
    # κ > 0: by −c where −C = C, by −b where −B = B, else for most by the sign of C
    flip = weight < 0
    if right_opposite is not None:
        columns[flip] = right_opposite[columns[flip]]
    elif left_opposite is not None:
        rows[flip] = left_opposite[rows[flip]]
    elif float(importance @ weight) < 0:
        right_set = negative(right_set)
    given = (network, spectrum, irrep, neurons, left_set, right_set)
    circuit = _read_and_write(*given, rows, columns, before=circuit)
    pairs = slot_symmetries(left_set, right_set)
    if len(pairs) > 1:
        rows, columns = _alike_readings(circuit, pairs)
        circuit = _read_and_write(*given, rows, columns, before=circuit)
    coupling = fitted_coupling(network, spectrum, circuit)
    if not np.array_equal(coupling, circuit.coupling):
        circuit = _read_and_write(*given, rows, columns, coupling, before=circuit)
    if float(filled_slots(slot_weights(circuit)).mean()) < MIN_FILLED:
        return None
    return replace(circuit, kind=kind_of(circuit))


def _alike_readings(
    circuit: Circuit, pairs: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows and columns, among slots that write the same, where the neurons' readings agree best.

    The strongest neuron stays where it is; all are compared with it, then with the mean reading.
    """
    readings = np.stack(
        [_centred(circuit, circuit.alpha[:, np.argsort(b)], circuit.gamma[:, np.argsort(c)]) for b, c in pairs]
    )  # (pairs, k, p + q)
    reference = readings[0, int(np.linalg.norm(readings[0], axis=1).argmax())]
    best = np.zeros(len(circuit.neurons), dtype=np.intp)
    for _ in range(3):
        agreement = (readings @ reference).T
        best = first_of_largest(agreement, SAME * float(np.abs(agreement).max()))
        reference = readings[best, np.arange(len(best))].sum(axis=0)
    left = np.stack([b for b, _ in pairs])[best, circuit.rows]
    right = np.stack([c for _, c in pairs])[best, circuit.columns]
    return left, right


def _centred(circuit: Circuit, alpha: NDArray[np.float64], gamma: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, p + q) readings times weights, whatever the scale (s, 1/s) of each neuron."""
    return centred_readings(replace(circuit, alpha=alpha, gamma=gamma)) * np.abs(circuit.weight[:, None])


def _read_and_write(
    network: Network,
    spectrum: Spectrum,
    irrep: Irrep,
    neurons: NDArray[np.int32],
    left_set: RhoSet,
    right_set: RhoSet,
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    coupling: NDArray[np.float64] | None = None,
    before: Circuit | None = None,
) -> Circuit:
    """Coset means α, γ and weights κ of neurons at given slots; υ is ⟨b, c⟩ when left out. What
    `before`, a circuit on these sets up to sign, has for the same slots is not computed again."""
    group = network.group
    same = before is not None and np.array_equal(before.neurons, neurons)
    if before is not None and same and np.array_equal(before.rows, rows):
        alpha = before.alpha
    else:
        at_rows = left_set.gset.action[group.inverse][:, rows].T
        alpha = coset_means(network.left[:, neurons].T, at_rows, left_set)
    if before is not None and same and np.array_equal(before.columns, columns):
        gamma = before.gamma
    else:
        at_columns = right_set.gset.action[:, columns].T
        gamma = coset_means(network.right[:, neurons].T, at_columns, right_set)
    if coupling is None:
        coupling = left_set.points @ right_set.points.T
    written = coupling[rows[:, None], right_set.gset.action[:, columns].T]
    unembed = spectrum.unembed[neurons]
    centred = written - written.mean(axis=1, keepdims=True)
    weight = (unembed * centred).sum(axis=1) / (centred**2).sum(axis=1)
    return Circuit(
        irrep=irrep.name,
        left_set=left_set,
        right_set=right_set,
        coupling=frozen(coupling),
        neurons=frozen(neurons),
        rows=frozen(rows),
        columns=frozen(columns),
        weight=frozen(weight),
        alpha=frozen(alpha),
        gamma=frozen(gamma),
        kind="",
    )


def fitted_coupling(network: Network, spectrum: Spectrum, circuit: Circuit) -> NDArray[np.float64]:
    """(p, q) the invariant υ that fits what the circuit's neurons write, u_i(z) ≈ κ_i υ(b_i, z·c_i).

    Each neuron's row is averaged over the z with (b_i, z·c_i) in one orbit of G on B × C; υ is the
    leading singular vector of these averages, neurons weighted by their balanced energy, with the
    mean square and the sign of ⟨b, c⟩. Cost k n.
    """
    group, neurons = network.group, circuit.neurons
    label = orbitals(group, circuit.left_set, circuit.right_set)
    count = int(label.max()) + 1
    inner = circuit.left_set.points @ circuit.right_set.points.T
    if count <= 2:
        return inner
    at = label[circuit.rows[:, None], circuit.right_set.gset.action[:, circuit.columns].T]
    flat = (at + count * np.arange(len(neurons))[:, None]).ravel()
    size = np.bincount(label.ravel(), minlength=count) * (group.order / label.size)
    unembed = spectrum.unembed[neurons]
    sums = np.bincount(flat, weights=unembed.ravel(), minlength=count * len(neurons))
    length = np.linalg.norm(unembed, axis=1)
    scale = np.sqrt(spectrum.energy.importance[neurons]) / length
    means = sums.reshape(-1, count) / np.sqrt(size) * scale[:, None]
    _, _, axes = np.linalg.svd(means, full_matrices=False)
    fitted = (axes[0] / np.sqrt(size))[label]
    fitted -= fitted.mean()
    fitted *= np.sign((fitted * inner).sum()) or 1.0
    return fitted * np.sqrt((inner**2).mean() / (fitted**2).mean())


def coset_means(tables: NDArray[np.floating], labels: NDArray[np.int32], rho_set: RhoSet) -> NDArray[np.float64]:
    """(k, p) mean of each row of the (k, n) tables over the elements with each label."""
    count, n = tables.shape
    p = len(rho_set.points)
    flat = (labels.astype(np.int64) + p * np.arange(count)[:, None]).ravel()
    sums = np.bincount(flat, weights=tables.astype(np.float64).ravel(), minlength=count * p)
    return sums.reshape(count, p) * (p / n)


def exact_tables(
    network: Network, circuit: Circuit
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(k, n) left, right and unembed of the circuit's neurons in their exact form."""
    group = network.group
    at_rows = circuit.left_set.gset.action[group.inverse][:, circuit.rows].T
    at_columns = circuit.right_set.gset.action[:, circuit.columns].T
    left = np.take_along_axis(circuit.alpha, at_rows.astype(np.intp), axis=1)
    right = np.take_along_axis(circuit.gamma, at_columns.astype(np.intp), axis=1)
    unembed = circuit.weight[:, None] * circuit.coupling[circuit.rows[:, None], at_columns]
    return left, right, unembed


def neuron_shares(network: Network, spectrum: Spectrum, circuit: Circuit) -> NDArray[np.float64]:
    """(k,) share of each neuron's balanced energy that its exact form holds.

    As `balanced_shares` of `exact_tables`, which are projections: α and γ coset means, κ fitted. So
    Pythagoras gives what is left from norms alone; cost k (n + p + q).
    """
    neurons, n = circuit.neurons, network.order
    shift = (circuit.alpha.mean(axis=1) - circuit.gamma.mean(axis=1)) / 2
    held = np.zeros(len(neurons))
    reads = np.zeros(len(neurons))
    for tables, values in (
        (spectrum.left, circuit.alpha - shift[:, None]),
        (spectrum.right, circuit.gamma + shift[:, None]),
    ):
        held += np.square(values).sum(axis=1) * (n / values.shape[1])
        reads += np.einsum("ij,ij->i", tables[neurons], tables[neurons])
    unembed = spectrum.unembed[neurons]
    writes = np.einsum("ij,ij->i", unembed, unembed)
    centred = circuit.coupling - circuit.coupling.mean(axis=1, keepdims=True)
    written = np.square(circuit.weight) * np.square(centred).sum(axis=1)[circuit.rows]
    written *= n / circuit.coupling.shape[1]
    tiny = np.finfo(float).tiny
    share = held / np.maximum(2 * reads, tiny) + written / np.maximum(2 * writes, tiny)
    return np.clip(share, 0.0, 1.0)
