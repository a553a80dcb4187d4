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
from rhoset.groups import Group, Subgroup
from rhoset.networks import Network

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

    subgroups: tuple[NDArray[np.int32], ...]
    classes: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    left_mean: NDArray[np.float64]
    right_mean: NDArray[np.float64]
    left_largest: NDArray[np.float64]
    right_largest: NDArray[np.float64]
    conjugate: NDArray[np.bool_]


def all_conjugates(
    group: Group, classes: Sequence[Subgroup]
) -> tuple[tuple[NDArray[np.int32], ...], NDArray[np.int32]]:
    """Every conjugate of each non-trivial proper subgroup given, larger first, with its class."""
    found: list[tuple[NDArray[np.int32], int]] = []
    for k, subgroup in enumerate(classes):
        elements = np.asarray(subgroup.elements)
        if len(elements) in (1, group.order):
            continue
        table = group.table[:, elements]  # g h
        conjugates = np.sort(group.table[table, group.inverse[:, None]], axis=1)
        found += [(row.astype(np.int32), k) for row in np.unique(conjugates, axis=0)]
    found.sort(key=lambda item: -len(item[0]))
    return tuple(row for row, _ in found), np.array([k for _, k in found], dtype=np.int32)


def coset_labels(group: Group, elements: NDArray[np.int32], side: str) -> NDArray[np.int32]:
    """(n,) number of the right coset Hx (side "left": the subgroup acts on the left) or of the left
    coset xH (side "right") of each x."""
    products = group.table[elements].min(axis=0) if side == "left" else None
    smallest = products if products is not None else group.table[:, elements].min(axis=1)
    return np.unique(smallest, return_inverse=True)[1].astype(np.int32)


def within_cosets(
    tables: NDArray[np.float64], labels: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of (k, n) tables: (k, n) coset means, (k,) mean and (k,) largest variance within a coset."""
    order = np.argsort(labels, kind="stable")
    cosets = int(labels.max()) + 1
    grouped = tables[:, order].reshape(len(tables), cosets, -1)
    means = grouped.mean(axis=2)
    variance = grouped.var(axis=2)
    return means[:, labels], variance.mean(axis=1), variance.max(axis=1)


def coset_concentration(
    network: Network,
    spectrum: Spectrum,
    classes: Sequence[Subgroup],
    tolerance: float = NEARLY_CONSTANT,
) -> CosetConcentration:
    """The largest subgroups of every neuron; among equals the one with the least variance within.

    Cost n m for each subgroup (156 for S5, 1455 for S6).
    """
    group = network.group
    subgroups, of_class = all_conjugates(group, classes)
    live = spectrum.energy.live
    m = network.width
    chosen = np.full((2, m), -1, dtype=np.int32)
    mean_at, largest_at = np.zeros((2, m)), np.zeros((2, m))
    for side, (name, tables) in enumerate((("left", spectrum.left), ("right", spectrum.right))):
        centred = tables - tables.mean(axis=1, keepdims=True)
        total = (centred**2).mean(axis=1)
        usable = live & (total > 0)
        for s, elements in enumerate(subgroups):
            size_of_best = np.array([len(subgroups[i]) if i >= 0 else 0 for i in chosen[side]])
            open_ = np.flatnonzero(usable & (size_of_best <= len(elements)))
            if open_.size == 0:
                break
            labels = coset_labels(group, elements, name)
            _, mean, largest = within_cosets(centred[open_], labels)
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


def coset_tables(
    network: Network, found: CosetConcentration
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(m, n) tables of the ideal network: left averaged over right cosets Hx, right over left
    cosets yK, unembed over double cosets HzK. Neurons with a trivial H or K are 0."""
    group, n, m = network.group, network.order, network.width
    out = (np.zeros((m, n)), np.zeros((m, n)), np.zeros((m, n)))
    held = np.flatnonzero((found.left >= 0) & (found.right >= 0))
    labels: dict[tuple[int, str], NDArray[np.int32]] = {}
    for i in held:
        h, k = int(found.left[i]), int(found.right[i])
        for key in ((h, "left"), (k, "right")):
            if key not in labels:
                labels[key] = coset_labels(group, found.subgroups[key[0]], key[1])
        at_h, at_k = labels[h, "left"], labels[k, "right"]
        left = network.left[:, i].astype(np.float64)[None]
        right = network.right[:, i].astype(np.float64)[None]
        unembed = network.unembed[i].astype(np.float64)
        out[0][i] = within_cosets(left, at_h)[0]
        out[1][i] = within_cosets(right, at_k)[0]
        out[2][i] = _double_coset_mean(unembed, at_h, at_k)
    return out


def _double_coset_mean(
    values: NDArray[np.float64], at_h: NDArray[np.int32], at_k: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Mean over the double coset HzK of each z: average over Hz, then over K of the result."""
    first = np.bincount(at_h, weights=values) / np.bincount(at_h)
    second = first[at_h]
    return (np.bincount(at_k, weights=second) / np.bincount(at_k))[at_k]
