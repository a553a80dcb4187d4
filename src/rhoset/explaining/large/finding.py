"""Which irreps and which stabilizers a network uses, from its weights and the table alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.large.stabilizers import (
    CONCENTRATED,
    Side,
    stabilizers,
    translates,
    translation_gaps,
)
from rhoset.groups import (
    Group,
    GSet,
    Irrep,
    Subgroup,
    coset_gset,
    coset_means,
    fixed_dim,
    fixed_points,
    gset_irreps,
    irrep_data,
    isotypic_projector,
    rho_set_family,
)
from rhoset.groups.components import Component
from rhoset.networks import Network

LARGE_ORDER = 1000
"""Above this order `explain` finds irreps and subgroups from the weights; below it forms all of
them (a minute at order 2,000, and n² doubles)."""

SIDES: tuple[Side, Side] = ("left", "right")

MAX_POINTS = 400
"""Largest G-set that is looked at: a full circuit on it would need 160,000 neurons."""

MAX_LOOKS = 48
"""Neurons whose stabilizers are computed, at most; each costs about n · 1,500 operations."""

EXTRA_LOOKS = 8
"""Neurons that are looked at beside those that no known subgroup explains: a subgroup explains the
neurons of every larger one too."""

CHECKS = 48
"""Elements at which a neuron is compared with its translate by a known stabilizer's generator."""

IRREP_SHARE = 0.02
"""An irrep counts when it holds at least this share of what a G-set's points hold of some table
that was looked at."""


@dataclass(frozen=True, eq=False)
class Found:
    """Irreps (the trivial one first) and one stabilizer of each class that the weights show."""

    irreps: tuple[Irrep, ...]
    subgroups: tuple[Subgroup, ...]
    looks: int


def find_irreps(network: Network) -> Found:
    """Irreps and stabilizers that the network's neurons use.

    The strongest neuron that no known subgroup explains is looked at until none is left or
    `MAX_LOOKS` were; then `EXTRA_LOOKS` more, spread over the rest. Permuting or rescaling neurons
    changes nothing but which neurons are looked at.

    Cost n · 1,500 for each neuron looked at, n m for the norms, and p · m · 100 for each G-set
    with p points; no n² memory. 1 s for M11 with 1,000 neurons.
    """
    group = network.group
    strength = _strength(network)
    ranked = np.argsort(-strength, kind="stable")
    ranked = ranked[strength[ranked] > 1e-6 * strength.max(initial=0.0)]
    explained = np.zeros((2, network.width), dtype=bool)
    known: list[GSet] = []
    seen: dict[int, list[NDArray[np.float64]]] = {}
    looked: set[int] = set()
    sampled = {side: translates(group, side) for side in SIDES}
    least = -(-group.order // MAX_POINTS)

    def look(i: int) -> None:
        looked.add(i)
        unembed = network.unembed[i]
        for which, side in enumerate(SIDES):
            table = (network.left, network.right)[which][:, i]
            explained[which, i] = True
            gaps = translation_gaps(sampled[side], (table, unembed))
            for subgroup in stabilizers(group, gaps, least):
                at = _index(known, subgroup)
                if at < 0:
                    at = len(known)
                    known.append(coset_gset(group, subgroup))
                    for w, s in enumerate(SIDES):
                        explained[w] |= _explains(network, known[at], s)
                points = known[at]
                for values in (table, unembed):
                    mean = _point_means(points, subgroup, values, side)
                    seen.setdefault(at, []).append(mean)

    for i in ranked:
        if len(looked) >= MAX_LOOKS:
            break
        if not explained[:, i].all():
            look(int(i))
    rest = ranked[~np.isin(ranked, list(looked))]
    if rest.size:
        spread = np.unique(np.linspace(0, rest.size - 1, EXTRA_LOOKS).astype(int))
        for i in rest[spread]:
            look(int(i))
    return _collect(group, known, seen, len(looked))


def _strength(network: Network) -> NDArray[np.float64]:
    """(m,) ‖u‖·‖(l, r)‖ of the centred tables."""
    norms = [
        np.var(table, axis=axis, dtype=np.float64)
        for table, axis in ((network.left, 0), (network.right, 0), (network.unembed, 1))
    ]
    return np.asarray(np.sqrt((norms[0] + norms[1]) * norms[2]))


def _index(known: list[GSet], subgroup: Subgroup) -> int:
    """Which known subgroup is conjugate to this one; −1 for none."""
    for at, other in enumerate(known):
        if other.stabilizer.order == subgroup.order and fixed_points(other, subgroup).size:
            return at
    return -1


def _explains(network: Network, known: GSet, side: Side) -> NDArray[np.bool_]:
    """(m,) neurons whose table is nearly constant on the cosets of some conjugate, from `CHECKS`
    elements and the generators of each conjugate."""
    group = network.group
    table, inverse = group.table, group.inverse
    values = network.left if side == "left" else network.right
    chosen = np.random.default_rng(group.order).choice(group.order, CHECKS)
    here = values[chosen].astype(np.float64)
    variance = values.var(axis=0, dtype=np.float64)
    best = np.full(network.width, np.inf)
    for g in known.first:
        change = np.zeros(network.width)
        for h in known.stabilizer.generators:
            moved = table[table[g, h], inverse[g]]
            at = table[moved, chosen] if side == "left" else table[chosen, moved]
            change = np.maximum(change, np.square(values[at] - here).mean(axis=0))
        best = np.minimum(best, change)
    return np.asarray(best <= 2 * CONCENTRATED * variance)


def _point_means(known: GSet, subgroup: Subgroup, values: NDArray[Any], side: Side) -> NDArray[np.float64]:
    """(p,) means of a table over the cosets of a conjugate of the known subgroup, point by point:
    for "left" over the x with x⁻¹·b = b', for "right" over the y with y·b = b'."""
    labels = known.action[:, fixed_points(known, subgroup)[0]]
    if side == "left":
        labels = labels[known.group.inverse]
    return np.asarray(coset_means(values[None], labels)[0])


def _collect(group: Group, known: list[GSet], seen: dict[int, list[NDArray[np.float64]]], looks: int) -> Found:
    """Irreps that hold a good part of what was seen, and the stabilizers of their fixed vectors."""
    data = irrep_data(group)
    trivial = next(name for name, part in data if part.is_trivial)
    found: dict[str, Irrep] = {}
    subgroups: list[GSet] = []
    for at, points in enumerate(known):
        means = np.array(seen.get(at, []))
        shares = {
            name: _isotypic_share(points, part, means)
            for name, part in data
            if name != trivial and fixed_dim(part, points.stabilizer)
        }
        names = {name for name, share in shares.items() if share >= IRREP_SHARE}
        for irrep in gset_irreps(group, points, names=names | {trivial}):
            found.setdefault(irrep.name, irrep)
            if irrep.name == trivial:
                continue
            stabilizer = rho_set_family(group, irrep, points.stabilizer).stabilizer
            if _index(subgroups, stabilizer) < 0:
                subgroups.append(coset_gset(group, stabilizer))
    if not found:
        point = coset_gset(group, Subgroup(group, np.arange(group.order, dtype=np.int32)))
        found = {irrep.name: irrep for irrep in gset_irreps(group, point)}
    order = {name: i for i, (name, _) in enumerate(data)}
    irreps = tuple(sorted(found.values(), key=lambda irrep: order[irrep.name]))
    return Found(irreps, tuple(item.stabilizer for item in subgroups), looks)


def _isotypic_share(gset: GSet, part: Component, means: NDArray[np.float64]) -> float:
    """Largest share of the centred (k, p) functions on the points in an irrep's isotypic part."""
    means = means - means.mean(axis=1, keepdims=True)
    total = np.square(means).sum(axis=1)
    held = np.square(means @ isotypic_projector(gset, part).T).sum(axis=1)
    return float((held / np.where(total > 0, total, 1.0)).max(initial=0.0))
