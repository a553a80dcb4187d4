"""The explanation by cosets alone: left is nearly constant on right cosets Hx, right on left cosets
yK, H and K conjugate.

Stander, Yu, Fan, Biderman, "Grokking group multiplication with cosets" (2024). Two
statistics tell how nearly a table f is constant on the cosets of H: the *mean* variance within a
coset over the variance of f, and the *largest* one over the variance of f. Both are 0 when f is
constant on cosets; the mean is at most 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.spectrum import Spectrum
from rhoset.groups import Subgroup, coset_means, double_cosets, left_cosets, right_cosets
from rhoset.networks import Network, Tables

NEARLY_CONSTANT = 0.05
"""A table is concentrated on the cosets of a subgroup when the mean variance within cosets is at
most this share of its variance. Larger values admit larger subgroups."""


@dataclass(frozen=True, eq=False)
class CosetConcentration:
    """Per neuron the largest subgroups on whose cosets it is nearly constant.

    Attributes
    ----------
    subgroups
        All subgroups tried (every conjugate), and `classes` the index of the class of each.
    left, right
        (m,) index into `subgroups` of H for left and K for right; −1 where only the trivial
        subgroup passes, or the neuron is dead.
    left_mean, right_mean
        (m,) mean variance within the cosets over the variance.
    left_largest, right_largest
        (m,) largest variance within a coset over the variance.
    conjugate
        (m,) bool: H and K are conjugate (both non-trivial).
    """

    subgroups: tuple[Subgroup, ...]
    classes: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    left_mean: NDArray[np.float64]
    right_mean: NDArray[np.float64]
    left_largest: NDArray[np.float64]
    right_largest: NDArray[np.float64]
    conjugate: NDArray[np.bool_]


def all_conjugates(classes: Sequence[Subgroup]) -> tuple[tuple[Subgroup, ...], NDArray[np.int32]]:
    """Every conjugate of each non-trivial proper subgroup given, larger first, with its class."""
    found = [
        (conjugate, k)
        for k, subgroup in enumerate(classes)
        if subgroup.order > 1 and subgroup.index > 1
        for conjugate in subgroup.conjugates()
    ]
    found.sort(key=lambda item: -item[0].order)
    return tuple(subgroup for subgroup, _ in found), np.array([k for _, k in found], dtype=np.int32)


def within_cosets(
    tables: NDArray[np.float64], labels: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of (k, n) tables: (k,) mean and (k,) largest variance within a coset."""
    order = np.argsort(labels, kind="stable")
    variance = tables[:, order].reshape(len(tables), int(labels.max()) + 1, -1).var(axis=2)
    return variance.mean(axis=1), variance.max(axis=1)


def coset_concentration(
    spectrum: Spectrum, classes: Sequence[Subgroup], tolerance: float = NEARLY_CONSTANT
) -> CosetConcentration:
    """The largest subgroups of every neuron; among equals the one with the least variance within.

    Cost n m for each subgroup (156 for S5, 1455 for S6).
    """
    group, m = spectrum.network.group, spectrum.network.width
    subgroups, of_class = all_conjugates(classes)
    orders = np.array([0, *(h.order for h in subgroups)])
    live = spectrum.energy.live
    chosen = np.full((2, m), -1, dtype=np.int32)
    mean_at, largest_at = np.zeros((2, m)), np.zeros((2, m))
    sides = ((right_cosets, spectrum.tables.left), (left_cosets, spectrum.tables.right))
    for side, (cosets, tables) in enumerate(sides):
        centred = tables - tables.mean(axis=1, keepdims=True)
        total = (centred**2).mean(axis=1)
        usable = live & (total > 0)
        for s, h in enumerate(subgroups):
            open_ = np.flatnonzero(usable & (orders[chosen[side] + 1] <= h.order))
            if open_.size == 0:
                break
            mean, largest = within_cosets(centred[open_], cosets(group, h))
            mean, largest = mean / total[open_], largest / total[open_]
            better = (mean <= tolerance) & ((chosen[side, open_] < 0) | (mean < mean_at[side, open_] - 1e-12))
            at = open_[better]
            chosen[side, at] = s
            mean_at[side, at], largest_at[side, at] = mean[better], largest[better]
    both = (chosen >= 0).all(axis=0)
    conjugate = np.zeros(m, dtype=bool)
    conjugate[both] = of_class[chosen[0, both]] == of_class[chosen[1, both]]
    return CosetConcentration(
        subgroups=subgroups,
        classes=of_class,
        left=chosen[0],
        right=chosen[1],
        left_mean=mean_at[0],
        right_mean=mean_at[1],
        left_largest=largest_at[0],
        right_largest=largest_at[1],
        conjugate=conjugate,
    )


def coset_tables(network: Network, found: CosetConcentration) -> Tables:
    """(m, n) tables of the ideal network: left averaged over right cosets Hx, right over left
    cosets yK, unembed over double cosets HzK. Neurons with a trivial H or K are 0."""
    group = network.group
    out = Tables.zeros(network.width, network.order)
    both = (found.left >= 0) & (found.right >= 0)
    for h, k in sorted(set(zip(found.left[both].tolist(), found.right[both].tolist()))):
        chosen = np.flatnonzero((found.left == h) & (found.right == k))
        subgroups = found.subgroups[h], found.subgroups[k]
        labels = (
            right_cosets(group, subgroups[0]),
            left_cosets(group, subgroups[1]),
            double_cosets(group, *subgroups),
        )
        own = Tables.of(network, chosen)
        means = (coset_means(table, label)[:, label] for table, label in zip(own, labels, strict=True))
        out.put(chosen, Tables(*means))
    return out
