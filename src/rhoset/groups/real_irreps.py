"""Real irreps of a group: all of them, one by name, or those inside a G-set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray, row_blocks
from rhoset.groups.cache import read_entry, remembered, write_entry
from rhoset.groups.components import (
    ATTEMPTS,
    HOMOMORPHISM_TOLERANCE,
    Component,
    component_names,
    components,
    eigenspaces,
    irrep_of_component,
)
from rhoset.groups.gsets import GSet, orbitals
from rhoset.groups.representation import (
    FloatArray,
    Irrep,
    defect,
    irrep_label,
    make_irrep,
)
from rhoset.groups.table import Group
from rhoset.groups.young import (
    coxeter_generators,
    partition_name,
    partitions,
    young_irrep,
)

__all__ = ["Irrep", "gset_irreps", "irrep", "irrep_data", "irreps"]

IRREP_ORDER_LIMIT = 5_100
"""Largest order for which all irreps are formed; they take 8n² bytes or a little more."""

CACHE_FROM = 200
"""Orders below this are decomposed faster than an entry is read."""


@public
def irreps(group: Group) -> tuple[Irrep, ...]:
    """All real irreps, trivial first, then by dimension and character.

    Symmetric groups of degree 3 to 7, recognised from the table, get partition names in
    decreasing lexicographic order ("[5]", "[4,1]", …) and Young's orthogonal form; every other
    group gets a dimension and a letter.

    Raises
    ------
    RhosetError
        ``group-too-large`` beyond IRREP_ORDER_LIMIT (symmetric groups excepted), with an
        estimate of time and memory.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> [(r.name, r.dim, r.type) for r in irreps(group("C3"))]
    [('1a', 1, 'real'), ('2a', 2, 'complex')]
    """
    coxeter = coxeter_generators(group)
    if coxeter is not None:
        return tuple(young_irrep(group, coxeter, p) for p in partitions(len(coxeter) + 1))
    require_small(group)
    return remembered("irreps", group, lambda: _decompose(group))


def require_small(group: Group) -> None:
    """Raise ``group-too-large`` beyond IRREP_ORDER_LIMIT, with an estimate of memory and time."""
    n = group.order
    if n > IRREP_ORDER_LIMIT:
        raise RhosetError(
            f"{group.name} has order {n}: all its irreps would take {8e-9 * n * n:.2g} GB and about"
            f" {0.03 * (n / 1000) ** 3:.2g} seconds; the limit is order {IRREP_ORDER_LIMIT}."
            " Ask for one irrep by name (irrep) or for those in a G-set (gset_irreps)",
            slug="group-too-large",
        )


def _decompose(group: Group) -> tuple[Irrep, ...]:
    """All irreps from the components, through the cache on disk from CACHE_FROM on."""
    parts = components(group)
    names = component_names(parts)
    stored = read_entry("irreps", group) if group.order >= CACHE_FROM else None
    if stored is not None:
        found = [_stored_irrep(group, stored, name, p) for name, p in zip(names, parts)]
        complete = [rho for rho in found if rho is not None]
        if len(complete) == len(parts):
            return tuple(complete)
    fresh = tuple(irrep_of_component(group, p, name) for p, name in zip(parts, names))
    if group.order >= CACHE_FROM:
        write_entry("irreps", group, {rho.name: rho.matrices for rho in fresh})
    return fresh


def _stored_irrep(group: Group, stored: Mapping[str, NDArray[Any]], name: str, part: Component) -> Irrep | None:
    """A cached irrep that has the right shape, character and product; otherwise None."""
    matrices = stored.get(name)
    shape = (group.order, part.dim, part.dim)
    if matrices is None or matrices.shape != shape or matrices.dtype != np.float64:
        return None
    rho = make_irrep(group, name, part.type, matrices)
    if not np.abs(rho.character - part.character).max() < 1e-6:
        return None
    return rho if defect(group, matrices) <= HOMOMORPHISM_TOLERANCE else None


def irrep_data(group: Group) -> tuple[tuple[str, Component], ...]:
    """Name and :class:`Component` (dimension, type, rank, character) of each irrep, no matrices.

    The same names and order as :func:`irreps`. Cost kn + k³: for groups of any order.
    """
    parts = components(group)
    coxeter = coxeter_generators(group)
    if coxeter is None:
        return tuple(
            (name, replace(p, name=name, label=irrep_label(group, name, p.character)))
            for name, p in zip(component_names(parts), parts)
        )
    out = []
    values = np.array([p.character for p in parts])
    for shape in partitions(len(coxeter) + 1):
        rho = young_irrep(group, coxeter, shape)
        nearest = int(np.argmin(np.abs(values - rho.character).max(axis=1)))
        out.append((rho.name, replace(parts[nearest], name=rho.name, label=rho.name)))
    return tuple(out)


@public
def irrep(group: Group, name: str) -> Irrep:
    """One irrep by its name in :func:`irreps` or its label ("frequency 3"), also "trivial", and
    "sign" for S_k.

    Symmetric groups cost n d³; others kn + k³ and n d³, within any order that has a table.

    Raises
    ------
    RhosetError
        ``unknown-irrep`` with the names there are.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> irrep(group("S7"), "[6,1]").dim
    6
    """
    coxeter = coxeter_generators(group)
    if coxeter is not None:
        shapes = partitions(len(coxeter) + 1)
        known = [partition_name(p) for p in shapes]
        wanted = {"trivial": known[0], "sign": known[-1]}.get(name, name.replace(" ", ""))
        if wanted in known:
            return young_irrep(group, coxeter, shapes[known.index(wanted)])
    else:
        parts = components(group)
        names = component_names(parts)
        known = list(names)
        labels = [irrep_label(group, known[i], part.character) for i, part in enumerate(parts)]
        alias = dict(zip(labels, known, strict=True))
        wanted = {"trivial": known[0], **alias}.get(" ".join(name.split()), name)
        if wanted in known:
            return irrep_of_component(group, parts[known.index(wanted)], wanted)
        known = labels
    shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    raise RhosetError(f"{group.name} has no irrep {name!r}; it has {shown}", slug="unknown-irrep")


def gset_irreps(group: Group, gset: GSet, *, names: Collection[str] | None = None) -> tuple[Irrep, ...]:
    """The distinct irreps inside the permutation module ℝ^k of a G-set, in canonical order;
    matrices are formed for those of the given names only.

    A random symmetric matrix that is constant on the orbits of pairs commutes with the action,
    and each of its eigenspaces is irreducible. Cost: k³ + n k d + kn; no n × n array is formed,
    so groups of order many thousand with a small G-set are cheap.

    Examples
    --------
    >>> from rhoset.groups import group, natural_gset
    >>> s5 = group("S5")
    >>> [r.name for r in gset_irreps(s5, natural_gset(s5))]
    ['[5]', '[4,1]']
    """
    data = irrep_data(group)
    gens = gset.action[list(group.generators)]
    pairs = orbitals(gens, gens)
    for seed in range(ATTEMPTS):
        found = _split(group, gset, pairs, data, np.random.default_rng(seed), names)
        if found is not None:
            order = {name: i for i, (name, _) in enumerate(data)}
            return tuple(sorted(found, key=lambda rho: order[rho.name]))
    raise RhosetError(
        f"{group.name}: the permutation module of {gset.size} points could not be split to"
        f" {HOMOMORPHISM_TOLERANCE:g} in {ATTEMPTS} attempts",
        slug="irreps-failed",
    )


def _split(
    group: Group,
    gset: GSet,
    pairs: IntArray,
    data: tuple[tuple[str, Component], ...],
    rng: np.random.Generator,
    names: Collection[str] | None,
) -> list[Irrep] | None:
    values = rng.standard_normal(pairs.max() + 1)[pairs]
    found: dict[str, Irrep] = {}
    for basis in eigenspaces(values + values.T, 1e-8):
        character = _module_character(group, gset, basis)
        matches = [(m, c) for m, c in data if np.abs(c.character - character).max() < 1e-6]
        if not matches:
            return None
        name, part = matches[0]
        if name in found or (names is not None and name not in names):
            continue
        matrices = _module_matrices(gset, basis)
        if defect(group, matrices) > HOMOMORPHISM_TOLERANCE:
            return None
        found[name] = make_irrep(group, name, part.type, matrices)
    return list(found.values())


def _module_character(group: Group, gset: GSet, basis: FloatArray) -> FloatArray:
    """(n,) trace of each element on the span of orthonormal vectors (k, d)."""
    projector = basis @ basis.T
    points = np.arange(gset.size)
    on_classes = projector[gset.action[group.classes.representatives], points].sum(axis=1)
    return np.asarray(on_classes[group.classes.labels])


def _module_matrices(gset: GSet, basis: FloatArray) -> FloatArray:
    """(n, d, d) action on the span of orthonormal vectors (k, d): e_b goes to e_{g·b}."""
    n, (k, d) = len(gset.action), basis.shape
    out = np.empty((n, d, d))
    for rows in row_blocks(n, k * d):
        moved = basis[gset.action[rows]]  # (block, k, d): row b of it is basis[g·b]
        out[rows] = np.matmul(moved.transpose(0, 2, 1), basis)
    return out
