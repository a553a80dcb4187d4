"""Real irreducible representations of any finite group, from its table.

Method. The class sums span the centre of the group algebra; a random real class function that
is even (c(g) = c(g⁻¹)) acts on it by a symmetric k × k matrix whose eigenspaces belong to the
real irreps. The unit element projected onto an eigenspace is the central idempotent e_ρ, which
gives character, type and dimension (Serre, Linear Representations of Finite Groups, §6.5,
§13.2). Inside the part of a coset module that e_ρ cuts out, a random even function acts from the
right by a symmetric matrix that commutes with left multiplication; each of its eigenspaces is one
copy of ρ, whatever its type, because the commutant is a matrix algebra over ℝ, ℂ or ℍ.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any

import numpy as np

from rhoset.errors import RhosetError
from rhoset.groups.copies import one_copy
from rhoset.groups.representation import (
    DIVISION_DIMENSION,
    FloatArray,
    Irrep,
    IrrepType,
    defect,
    is_trivial,
    make_irrep,
)
from rhoset.groups.table import Group

GAP_THRESHOLD = 1e-7
"""Eigenvalues (spectrum scaled to [−1, 1]) nearer than this are one; a wrong merge or split shows
as a dimension that is not a whole number, and then another random function is tried."""

HOMOMORPHISM_TOLERANCE = 1e-12
"""Largest entry of ρ(x)ρ(s) − ρ(xs) and of ρρᵀ − 1 that is accepted."""

CLASS_LIMIT = 2_600
"""Most conjugacy classes for which the class algebra is diagonalised; time grows as k³."""

ATTEMPTS = 20
"""Random functions tried before giving up."""


@dataclass(frozen=True, eq=False)
class Component:
    """One isotypic component of ℝ[G]: the data of an irrep that need no matrices.

    ``idempotent`` (n,) is the central idempotent e, a function on G with e∗e = e. ``name`` and
    ``label`` are the irrep's, once :func:`rhoset.groups.irrep_data` has given them.
    """

    dim: int
    type: IrrepType
    rank: int
    character: FloatArray
    idempotent: FloatArray
    name: str = ""
    label: str = ""

    @property
    def is_trivial(self) -> bool:
        """True for the trivial irrep."""
        return is_trivial(self.character)


def components(group: Group) -> tuple[Component, ...]:
    """The isotypic components of the real group algebra, in canonical order.

    Cost: kn + k³ for k conjugacy classes. Order: dimension, trivial first, type, then character
    values on the classes, so that it does not depend on the order of the elements except
    between irreps that an automorphism may exchange.

    Raises
    ------
    RhosetError
        ``group-too-large`` beyond CLASS_LIMIT classes; ``irreps-failed`` when no random function
        separates the components (never observed).
    """
    k = len(group.classes)
    if k > CLASS_LIMIT:
        raise RhosetError(
            f"{group.name} has {k} conjugacy classes: its characters would take about"
            f" {(k / 1000) ** 3:.2g} seconds and {8e-9 * 6 * k * group.order:.2g} GB; the limit is"
            f" {CLASS_LIMIT} classes",
            slug="group-too-large",
        )
    for seed in range(ATTEMPTS):
        found = _components(group, np.random.default_rng(seed))
        if found is not None:
            return tuple(sorted(found, key=lambda c: _sort_key(group, c)))
    raise RhosetError(
        f"{group.name}: the classes could not be separated numerically in {ATTEMPTS} attempts",
        slug="irreps-failed",
    )


def eigenspaces(symmetric: FloatArray, gap: float) -> list[FloatArray]:
    """Orthonormal bases (k, d) of the eigenspaces of a (k, k) matrix; eigenvalues nearer than `gap` times the largest
    are one."""
    eigenvalues, vectors = np.linalg.eigh(symmetric)
    scale = max(float(np.abs(eigenvalues).max()), 1e-300)
    cuts = np.flatnonzero(np.diff(eigenvalues / scale) > gap) + 1
    return [vectors[:, space] for space in np.split(np.arange(len(eigenvalues)), cuts)]


def _components(group: Group, rng: np.random.Generator) -> list[Component] | None:
    classes, n = group.classes, group.order
    k = len(classes)
    labels = classes.labels
    values = rng.standard_normal(k)
    inverse_class = labels[group.inverse[classes.representatives]]
    values = values + values[inverse_class]
    positions = labels[group.table[group.inverse[:, None], classes.representatives[None]]]
    flat = positions.astype(np.int64) * k + np.arange(k)
    weights = np.broadcast_to(values[labels][:, None], flat.shape)
    matrix = np.bincount(flat.ravel(), weights.ravel(), k * k).reshape(k, k)
    root = np.sqrt(classes.sizes.astype(float))
    # On normalised class sums 1_K / √|K| the action is symmetric.
    symmetric = matrix / root[:, None] * root[None, :]
    symmetric = (symmetric + symmetric.T) / 2
    found = []
    for v in eigenspaces(symmetric, GAP_THRESHOLD):
        component = _component(group, v @ v[0] / root)
        if component is None or v.shape[1] != (2 if component.type == "complex" else 1):
            return None
        found.append(component)
    return found if sum(c.rank for c in found) == n else None


def _component(group: Group, e: FloatArray) -> Component | None:
    """Dimension and type from the class values of a central idempotent; None when inconsistent."""
    labels, n = group.classes.labels, group.order
    rank = n * e[0]
    if abs(rank - round(rank)) > 1e-3 or rank < 0.5:
        return None
    on_group = e[labels]
    square = np.diagonal(group.table)
    indicator = on_group[square].sum() / on_group[group.identity] / n
    r = round(rank)
    kind: IrrepType
    if abs(indicator) < 0.5 / np.sqrt(r):
        kind, dim = "complex", np.sqrt(2 * r)
    elif indicator > 0:
        kind, dim = "real", np.sqrt(r)
    else:
        kind, dim = "quaternionic", 2 * np.sqrt(r)
    if abs(dim - round(dim)) > 1e-6:
        return None
    d = round(dim)
    character = on_group * (d / on_group[group.identity])
    return Component(d, kind, r, character, on_group)


def _sort_key(group: Group, c: Component) -> tuple[Any, ...]:
    on_classes = np.round(c.character[group.classes.representatives], 6) + 0.0
    kind = ("real", "complex", "quaternionic").index(c.type)
    classes = group.classes
    orders = group.element_orders[classes.representatives]
    fingerprint = sorted(zip(orders.tolist(), classes.sizes.tolist(), (-on_classes).tolist()))
    return (c.dim, not c.is_trivial, kind, fingerprint, tuple(-on_classes))


def component_names(parts: tuple[Component, ...]) -> tuple[str, ...]:
    """Dimension and a letter, in order: "1a", "1b", "2a", …; after z comes aa."""
    counts: dict[int, int] = {}
    names = []
    for part in parts:
        i = counts.get(part.dim, 0)
        counts[part.dim] = i + 1
        names.append(f"{part.dim}{_letters(i)}")
    return tuple(names)


def _letters(i: int) -> str:
    out = ""
    i += 1
    while i:
        i, rest = divmod(i - 1, 26)
        out = string.ascii_lowercase[rest] + out
    return out


def irrep_of_component(group: Group, part: Component, name: str) -> Irrep:
    """Matrices of one irrep: exact for linear characters, otherwise :func:`one_copy`.

    Raises ``irreps-failed`` when the matrices are not a
    homomorphism to HOMOMORPHISM_TOLERANCE after ATTEMPTS random functions.
    """
    if part.rank == 1:
        return make_irrep(group, name, part.type, np.sign(part.character)[:, None, None])
    if part.rank == 2:
        return make_irrep(group, name, part.type, _rotations(group, part))
    for seed in range(ATTEMPTS):
        division = DIVISION_DIMENSION[part.type]
        rng = np.random.default_rng(seed)
        matrices = one_copy(group, part.idempotent, part.character, part.dim, division, rng)
        if matrices is not None and defect(group, matrices) <= HOMOMORPHISM_TOLERANCE:
            return make_irrep(group, name, part.type, matrices)
    raise RhosetError(
        f"{group.name}: irrep {name} could not be found to {HOMOMORPHISM_TOLERANCE:g}",
        slug="irreps-failed",
    )


def _rotations(group: Group, part: Component) -> FloatArray:
    """(n, 2, 2) rotations of a pair of conjugate linear characters.

    The image is cyclic of some order m, so every angle is snapped to a multiple of 2π/m. The sine
    follows from the cosines of x and of xg for one g that moves: no choice but the sign at g.
    """
    cosine = part.character / 2
    m = group.order // int(np.sum(cosine > 1 - 1e-8))
    turns = np.rint(np.arccos(np.clip(cosine, -1, 1)) * m / (2 * np.pi))
    cosine = np.cos(2 * np.pi * turns / m)
    g = int(np.argmin(np.abs(cosine)))
    sine = (cosine * cosine[g] - cosine[group.table[:, g]]) / np.sqrt(1 - cosine[g] ** 2)
    angle = 2 * np.pi * turns / m * np.where(sine < 0, -1, 1)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([c, -s], axis=1), np.stack([s, c], axis=1)], axis=1)
