"""ρ-sets: orbits of vectors under a real irrep, one family for each class of stabilizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.errors import RhosetError
from rhoset.groups.arrays import read_only
from rhoset.groups.components import Component
from rhoset.groups.gsets import GSet, coset_gset
from rhoset.groups.lattice import subgroup_classes
from rhoset.groups.representation import Irrep
from rhoset.groups.subgroups import Subgroup, quotient
from rhoset.groups.table import Group
from rhoset.summaries import Shown

FloatArray = NDArray[np.float64]

FIX_TOLERANCE = 1e-6
"""A vector counts as fixed when ρ(g) moves it by less than this (unit vectors)."""

KERNEL_TOLERANCE = 1e-8
"""χ(g) nearer to d than this puts g in the kernel; the next value is below d − 4/n²·π²/d."""


@dataclass(frozen=True, eq=False, repr=False)
class RhoSet(Shown):
    """An orbit of unit vectors: ``points[gset.action[g, b]]`` = ρ(g) ``points[b]``.

    ``points`` is (k, d).
    """

    irrep: Irrep
    gset: GSet
    points: FloatArray

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.points)


@dataclass(frozen=True, eq=False, repr=False)
class RhoSetFamily(Shown):
    """All ρ-sets whose point 0 has one given stabilizer H: unit vectors of the space H fixes.

    Attributes
    ----------
    irrep, stabilizer
        The representation, and H, the stabilizer of point 0.
    basis
        (f, d) orthonormal basis of the vectors fixed by H. With f = 1 there is one ρ-set up to
        sign.
    """

    irrep: Irrep
    stabilizer: Subgroup
    basis: FloatArray

    @cached_property
    def gset(self) -> GSet:
        """G acting on the cosets of H; (n, [G:H]) integers, formed when first asked for."""
        return coset_gset(self.stabilizer.group, self.stabilizer)

    @property
    def size(self) -> int:
        """Number of points of each ρ-set: the index of H."""
        return self.stabilizer.index

    @property
    def fixed_dim(self) -> int:
        """Dimension f of the space that H fixes."""
        return len(self.basis)

    def rho_set(self, coefficients: ArrayLike | None = None) -> RhoSet:
        """The ρ-set of the vector ``coefficients @ basis``, normalised.

        Without coefficients: the first basis vector for f = 1; for f > 1 a fixed generic one,
        so that the points are distinct.

        Raises
        ------
        RhosetError
            ``bad-coefficients`` for a wrong shape or a zero vector.
        """
        if coefficients is None:
            weights = np.cos(1.0 + np.arange(self.fixed_dim)) if self.fixed_dim > 1 else np.ones(1)
        else:
            weights = np.asarray(coefficients, dtype=np.float64)
        if weights.shape != (self.fixed_dim,) or not np.linalg.norm(weights) > 0:
            raise RhosetError(
                f"irrep {self.irrep.name}: coefficients have shape {weights.shape}; give"
                f" {self.fixed_dim} numbers, not all zero",
                slug="bad-coefficients",
            )
        vector = weights @ self.basis
        return orbit_of(self.irrep, self.gset, vector / np.linalg.norm(vector))


def orbit_of(irrep: Irrep, gset: GSet, vector: FloatArray) -> RhoSet:
    """The points ρ(g)·vector on a transitive G-set whose point 0 stands for ``vector``.

    Raises
    ------
    RhosetError
        ``not-fixed`` when the stabilizer of point 0 moves the vector; ``not-transitive`` when
        point 0 does not reach all points.
    """
    reached, first = np.unique(gset.action[:, 0], return_index=True)
    if len(reached) < gset.size:
        raise RhosetError(
            f"irrep {irrep.name}: point 0 reaches {len(reached)} of the {gset.size} points; an orbit"
            " of a vector needs a transitive G-set",
            slug="not-transitive",
        )
    points = irrep.matrices[first] @ vector
    moved = irrep.matrices[gset.stabilizer.elements] @ vector
    if np.abs(moved - vector).max() > FIX_TOLERANCE:
        raise RhosetError(
            f"irrep {irrep.name}: the stabilizer of order {gset.stabilizer.order} moves the"
            " vector; choose one that it fixes (fixed_space)",
            slug="not-fixed",
        )
    points.setflags(write=False)
    return RhoSet(irrep, gset, points)


def fixed_space(irrep: Irrep, h: Subgroup) -> FloatArray:
    """(f, d) orthonormal basis of the vectors that H fixes, first nonzero entries positive."""
    projector = irrep.matrices[h.elements].mean(axis=0)
    f = round(float(np.trace(projector)))
    vectors = np.linalg.eigh((projector + projector.T) / 2)[1]
    basis = vectors.T[::-1][:f].copy()
    for row in basis:
        if row[np.argmax(np.abs(row) > 1e-6)] < 0:
            row *= -1
    basis.setflags(write=False)
    return basis


def pointwise_stabilizer(group: Group, irrep: Irrep, vectors: FloatArray) -> Subgroup:
    """The elements that fix every row of ``vectors`` (f, d) to FIX_TOLERANCE."""
    moved = irrep.matrices @ vectors.T - vectors.T
    keep = np.abs(moved).max(axis=(1, 2)) < FIX_TOLERANCE
    return Subgroup(group, read_only(np.flatnonzero(keep)))


def rho_set_family(group: Group, irrep: Irrep, h: Subgroup) -> RhoSetFamily:
    """The ρ-sets of vectors fixed by H; H is replaced by the full stabilizer of that space.

    Raises
    ------
    RhosetError
        ``no-fixed-vector`` when H fixes only zero.
    """
    basis = fixed_space(irrep, h)
    if not len(basis):
        raise RhosetError(
            f"{group.name}: the subgroup of order {h.order} fixes no vector of irrep {irrep.name}",
            slug="no-fixed-vector",
        )
    return RhoSetFamily(irrep, pointwise_stabilizer(group, irrep, basis), basis)


def rho_sets(group: Group, irrep: Irrep) -> tuple[RhoSetFamily, ...]:
    """Every family of ρ-sets: classes of subgroups that are stabilizers, smallest orbit first.

    A subgroup H is listed when it is the whole stabilizer of the space it fixes, so generic
    vectors of the family have exactly [G:H] images. Subgroups are those of G / ker ρ.

    Raises
    ------
    RhosetError
        ``too-many-subgroups`` when the subgroup search of G / ker ρ exceeds its limit.
    """
    d = irrep.dim
    kernel = Subgroup(group, read_only(np.flatnonzero(irrep.character > d - KERNEL_TOLERANCE)))
    small, labels = quotient(group, kernel) if kernel.order > 1 else (group, None)
    if labels is None:
        character = irrep.character
    else:
        character = irrep.character[np.unique(labels, return_index=True)[1]]
    out = []
    for h in subgroup_classes(small):
        if round(float(character[h.elements].mean())) == 0:
            continue
        if labels is None:
            lifted = h
        else:
            lifted = Subgroup(group, read_only(np.flatnonzero(h.mask[labels])))
        family = rho_set_family(group, irrep, lifted)
        if family.stabilizer.order == lifted.order:
            out.append(family)
    return tuple(sorted(out, key=lambda family: (family.size, family.fixed_dim)))


def minimal_rho_set(group: Group, irrep: Irrep) -> RhoSet:
    """A ρ-set of least size."""
    return rho_sets(group, irrep)[0].rho_set()


def minimal_rho_set_sizes(group: Group, irreps: Sequence[Irrep] | Sequence[Component]) -> dict[str, int]:
    """Least ρ-set size of each irrep, by name; from characters alone.

    Takes irreps, or for groups too large for all matrices the components of ``irrep_data``.
    """
    masks = np.array([h.mask for h in subgroup_classes(group)], dtype=np.float64)
    orders = masks.sum(axis=1)
    out = {}
    for rho in irreps:
        fixed = np.rint(masks @ rho.character / orders)
        out[rho.name] = int(group.order // orders[fixed > 0].max())
    return out
