"""Cosets alone and irreps alone, as published: no output is evaluated, and no bound is above 0.

Each explanation offers an ideal network with a known margin, and a distance within which the network stays of it.
The two numbers side by side say why neither proves anything.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining import CosetConcentration, coset_concentration, spectrum
from rhoset.groups import Group, Subgroup, coset_means, irreps, left_cosets, right_cosets, subgroup_classes
from rhoset.groups.transform import at_translates
from rhoset.networks import Network
from rhoset.networks.activations import activation
from rhoset.networks.evaluation import tables_of
from rhoset.reproduce.verifier.bound import distances, own_logits
from rhoset.reproduce.verifier.ideal import IdealNetwork

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

WITHIN = 0.01
"""A table is constant on cosets when at most this share of its variance is within them."""


@dataclass(frozen=True)
class AloneBound:
    """An explanation's bound and the two numbers behind it.

    Parameters
    ----------
    accuracy
        Share of inputs whose margin exceeds the distance.
    margin
        Largest margin of the ideal network over the right answers.
    distance
        Least distance over the inputs.
    neurons
        Neurons that the explanation holds.
    """

    accuracy: float
    margin: float
    distance: float
    neurons: int


def cosets_alone(network: Network, mended: bool = False) -> AloneBound:
    """V_coset of the paper: left constant on Hx, right on yK, K = gHg⁻¹, unembed lower on Hg⁻¹ than elsewhere.

    The published verifier stops with 0 where the two subgroups of a neuron are not conjugate; such neurons are
    left out of the ideal network here. It takes the first g, which for a normal H need not be the one whose coset
    is written low, and its distance lacks a factor of 2, since both logits of a margin move. `mended`: the lowest
    coset, and the factor. Cost: n m for every subgroup, n² for every pair (H, g).
    """
    group, n = network.group, network.order
    found, entries = coset_neurons(network, mended)
    left, right = np.zeros((n, network.width)), np.zeros((n, network.width))
    unembed = np.array(network.unembed, dtype=np.float64)
    circuits: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for i, g in entries:
        h, k = found.subgroups[found.left[i]], found.subgroups[found.right[i]]
        inside = _cancelling(group, h, g)
        labels = right_cosets(group, h), left_cosets(group, k)
        left[:, i], right[:, i] = (
            coset_means(np.asarray(t[:, i], dtype=np.float64)[None], at)[0][at]
            for t, at in zip((network.left, network.right), labels, strict=True)
        )
        outside = unembed[i, ~inside].mean() if not inside.all() else 0.0
        unembed[i] = np.where(inside, np.minimum(unembed[i], outside), outside)
        circuits[int(found.left[i]), g].append(i)
    margins = _coset_margins(network, found.subgroups, circuits, (left, right, unembed))
    ideal = IdealNetwork(left, right, unembed, np.zeros(n), ())
    away = np.stack([distances(network, ideal, x) for x in range(n)])
    worst = np.zeros(n)
    np.maximum.at(worst, np.asarray(network.table), away * (2 if mended else 1))
    held = sum(map(len, circuits.values()))
    return AloneBound(float((worst < margins).mean()), float(margins.max()), float(worst.min()), held)


def coset_neurons(network: Network, lowest: bool) -> tuple[CosetConcentration, list[tuple[int, int]]]:
    """The cosets that neurons read, and (neuron, g) for those whose two subgroups are conjugate, K = gHg⁻¹.

    `lowest`: of all such g the one whose coset Hg⁻¹ the neuron writes lowest; else the first, as published.
    """
    group, unembed = network.group, np.asarray(network.unembed, dtype=np.float64)
    found = coset_concentration(spectrum(network, irreps(group)), subgroup_classes(group), WITHIN)
    entries = []
    for i in np.flatnonzero(found.conjugate):
        h, k = found.subgroups[found.left[i]], found.subgroups[found.right[i]]
        entries.append((int(i), _conjugator(group, h, k, unembed[i], lowest)))
    return found, entries


def _conjugator(group: Group, h: Subgroup, k: Subgroup, writes: Array, lowest: bool) -> int:
    """The first g with gHg⁻¹ = K, or the one whose coset Hg⁻¹ is written lowest."""
    moved = group.table[group.table[:, h.elements], group.inverse[:, None]]  # (g, h): g h g⁻¹
    found = np.flatnonzero(k.mask[moved].all(axis=1))
    if not lowest:
        return int(found[0])
    height = writes[group.table[h.elements[None, :], group.inverse[found][:, None]]].mean(axis=1)
    return int(found[np.round(height, 9).argmin()])


def _cancelling(group: Group, h: Subgroup, g: int) -> NDArray[np.bool_]:
    """(n,) Hg⁻¹, where left and right cancel."""
    return np.isin(np.arange(group.order), group.table[h.elements, group.inverse[g]])


def _coset_margins(
    network: Network,
    subgroups: tuple[Subgroup, ...],
    circuits: dict[tuple[int, int], list[int]],
    ideal: tuple[Array, Array, Array],
) -> Array:
    """(n,) guaranteed margin of the ideal network where the right answer is z."""
    group, n, phi = network.group, network.order, activation(network.activation)
    left, right, unembed = ideal
    writes, counts = np.zeros((len(circuits), n)), np.zeros((len(circuits), n), dtype=bool)
    for row, ((h, g), neurons) in enumerate(circuits.items()):
        inside = _cancelling(group, subgroups[h], g)
        total = np.zeros((n, n))
        for i in neurons:
            total += phi(left[:, i, None] + right[None, :, i])
        elsewhere = ~inside[np.asarray(network.table)]
        writes[row] = float(total[elsewhere].min(initial=np.inf)) * unembed[neurons].sum(axis=0)
        counts[row] = ~inside
    if not circuits:
        return np.zeros(n)
    own = (counts * writes).sum(axis=0)
    margins = own[:, None] - counts.T.astype(np.float64) @ writes
    np.fill_diagonal(margins, np.inf)
    least: Array = margins.min(axis=1)
    return least


def irreps_alone(network: Network) -> AloneBound:
    """What irreps alone give with nothing evaluated: the network's mean over the group's action against norms.

    The ideal network is f averaged over (x, y) at fixed w = x⁻¹zy⁻¹, all that irreps without ρ-sets determine. How
    far f is from it is then known only through ‖U_z‖‖h(x, y)‖ plus the ideal's own logit. Cost: n³m (the mean).
    """
    group, n, phi = network.group, network.order, activation(network.activation)
    left, right, unembed, bias = tables_of(network, np.float64)
    mean, longest = np.zeros(n), np.sqrt(np.square(unembed).sum(axis=0).max())
    sizes, own = np.empty((n, n)), np.empty((n, n))
    for x in range(n):
        hidden = phi(left[x] + right)
        logits = hidden @ unembed + bias
        mean += at_translates(logits, network.table, x, np.arange(n)).sum(axis=0)
        sizes[x] = longest * np.linalg.norm(hidden, axis=1)
        own[x] = own_logits(network, x)
    mean /= n * n
    e = group.identity
    margin = float(mean[e] - np.delete(mean, e).max(initial=-np.inf))
    distance = sizes + float(np.abs(mean).max())
    right_ones = own - float(np.delete(mean, e).max(initial=-np.inf)) > distance
    return AloneBound(float(right_ones.mean()), margin, float(distance.min()), network.width)
