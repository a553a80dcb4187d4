"""ρ-sets: orbits of vectors under a real irrep, one family for each class of stabilizers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.arguments import public
from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray
from rhoset.groups.components import Component
from rhoset.groups.gsets import GSet, coset_gset
from rhoset.groups.lattice import subgroup_classes
from rhoset.groups.representation import Irrep
from rhoset.groups.subgroups import Subgroup, quotient
from rhoset.groups.table import Group
from rhoset.summaries import Shown

FloatArray = NDArray[np.float64]

FIX_TOLERANCE = 1e-6
"""A unit vector counts as fixed when ρ(g) moves no coordinate by this. Irreps err by about 1e-12; distinct points of an
orbit are farther apart than 1/n in practice."""

KERNEL_TOLERANCE = 1e-8
"""χ(g) nearer to d than this puts g in the kernel; the next value is below d − 4/n²·π²/d."""


@dataclass(frozen=True, eq=False, repr=False)
class PointSet(Shown):
    """Unit vectors that a group permutes transitively by an orthogonal map.

    Attributes
    ----------
    gset
        The action on the points.
    points
        (k, d), with inner products that the action keeps.
    """

    gset: GSet
    points: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", read_only(self.points, np.float64))

    @property
    def size(self) -> int:
        """k, the number of points."""
        return len(self.points)

    def negative(self) -> Self:
        """−B, point by point."""
        return replace(self, points=-self.points)

    def antipodes(self) -> IntArray | None:
        """(k,) index of −b for each point b, or None when −B is another orbit."""
        return self._antipodes

    @cached_property
    def _antipodes(self) -> IntArray | None:
        opposite = (self.points @ self.points.T).argmin(axis=1)
        apart = np.abs(self.points + self.points[opposite]).max()
        return read_only(opposite) if apart < FIX_TOLERANCE else None

    @classmethod
    def simplex(cls, gset: GSet) -> PointSet:
        """The points of a G-set in its permutation representation less the trivial part: k unit
        vectors of equal angles and sum 0, in ℝ^k."""
        k = gset.size
        points = np.eye(k) - 1 / k
        return PointSet(gset, points / np.sqrt(1 - 1 / k) if k > 1 else np.ones((1, 1)))


@dataclass(frozen=True, eq=False, repr=False)
class RhoSet(PointSet):
    """An orbit of unit vectors of an irrep: ``points[gset.action[g, b]]`` = ρ(g) ``points[b]``."""

    irrep: Irrep


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
            return self._standard
        weights = np.asarray(coefficients, dtype=np.float64)
        if weights.shape != (self.fixed_dim,) or not np.linalg.norm(weights) > 0:
            raise RhosetError(
                f"irrep {self.irrep.name}: coefficients have shape {weights.shape}; give"
                f" {self.fixed_dim} numbers, not all zero",
                slug="bad-coefficients",
            )
        vector = weights @ self.basis
        return orbit_of(self.irrep, self.gset, vector / np.linalg.norm(vector))

    @cached_property
    def _standard(self) -> RhoSet:
        return self.rho_set(np.cos(1.0 + np.arange(self.fixed_dim)) if self.fixed_dim > 1 else np.ones(1))


def orbit_of(irrep: Irrep, gset: GSet, vector: FloatArray) -> RhoSet:
    """The points ρ(g)·vector on a transitive G-set whose point 0 stands for ``vector``.

    Raises
    ------
    RhosetError
        ``not-fixed`` when the stabilizer of point 0 moves the vector; ``not-transitive`` when
        point 0 does not reach all points.
    """
    if len(gset.first) < gset.size:
        raise RhosetError(
            f"irrep {irrep.name}: point 0 reaches {len(gset.first)} of the {gset.size} points; an orbit"
            " of a vector needs a transitive G-set",
            slug="not-transitive",
        )
    moved = irrep.matrices[gset.stabilizer.elements] @ vector
    if np.abs(moved - vector).max() > FIX_TOLERANCE:
        raise RhosetError(
            f"irrep {irrep.name}: the stabilizer of order {gset.stabilizer.order} moves the"
            " vector; choose one that it fixes (fixed_space)",
            slug="not-fixed",
        )
    return RhoSet(gset, irrep.matrices[gset.first] @ vector, irrep)


def orbit(group: Group, irrep: Irrep, vector: ArrayLike) -> RhoSet:
    """The ρ-set G·v of a non-zero vector of shape (d,); point 0 is v itself, as a unit vector.

    The vector is first averaged over the elements that move it by less than `FIX_TOLERANCE`.
    Cost n·d² + n [G:H].

    Raises
    ------
    RhosetError
        ``zero-vector`` for a vector without a direction.

    Examples
    --------
    >>> from rhoset.groups import group, irrep
    >>> s4 = group("S4")
    >>> orbit(s4, irrep(s4, "[3,1]"), [1.0, 2.0, 3.0]).size
    24
    """
    v = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(v))
    if not length > 0 or not np.isfinite(length):
        raise RhosetError(
            f"the orbit of a vector of length {length} under {irrep.name}: give a non-zero vector",
            slug="zero-vector",
        )
    h = pointwise_stabilizer(group, irrep, v[None] / length)
    v = irrep.matrices[h.elements].mean(axis=0) @ v
    return orbit_of(irrep, coset_gset(group, h), v / np.linalg.norm(v))


def fixed_space(irrep: Irrep, h: Subgroup) -> FloatArray:
    """(f, d) orthonormal basis of the vectors that H fixes, first nonzero entries positive."""
    projector = irrep.matrices[h.elements].mean(axis=0)
    vectors = np.linalg.eigh((projector + projector.T) / 2)[1]
    basis = vectors.T[::-1][: fixed_dim(irrep, h)].copy()
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


@public
def rho_set_families(
    group: Group, irrep: Irrep | str, subgroups: Iterable[Subgroup] | None = None, most: int | None = None
) -> tuple[RhoSetFamily, ...]:
    """Every family of ρ-sets: classes of subgroups that are stabilizers, smallest orbit first.

    A subgroup H is listed when it is the whole stabilizer of the space it fixes, so generic
    vectors of the family have exactly [G:H] images, and each orbit type appears once.

    Parameters
    ----------
    subgroups
        One subgroup of each class, when they are at hand; those of G / ker ρ are searched when left
        out.
    most
        Largest number of points wanted; all when left out.

    Raises
    ------
    RhosetError
        ``too-many-subgroups`` when the subgroup search of G / ker ρ exceeds its limit;
        ``unknown-irrep`` for a name or an irrep that the group has not.
    """
    irrep = _of(group, irrep)
    out = []
    for h in _over_kernel(group, irrep) if subgroups is None else subgroups:
        if (most is not None and h.index > most) or not fixed_dim(irrep, h):
            continue
        family = rho_set_family(group, irrep, h)
        if family.stabilizer.order == h.order:
            out.append(family)
    return tuple(sorted(out, key=lambda family: (family.size, family.fixed_dim)))


def _over_kernel(group: Group, irrep: Irrep) -> Iterable[Subgroup]:
    """One subgroup of each class of those that hold the irrep's kernel."""
    kernel = Subgroup(group, read_only(np.flatnonzero(irrep.character > irrep.dim - KERNEL_TOLERANCE)))
    if kernel.order == 1:
        return subgroup_classes(group)
    small, labels = quotient(group, kernel)
    return (Subgroup(group, read_only(np.flatnonzero(h.mask[labels]))) for h in subgroup_classes(small))


def fixed_dim(irrep: Irrep | Component, h: Subgroup) -> int:
    """Dimension of the space of vectors that H fixes, from the character."""
    return round(float(irrep.character[h.elements].mean()))


@public
def minimal_rho_set(group: Group, irrep: Irrep | str) -> RhoSet:
    """A ρ-set of least size."""
    return rho_set_families(group, irrep)[0].rho_set()


def _of(group: Group, irrep: Irrep | str) -> Irrep:
    from rhoset.groups.real_irreps import irrep as by_name

    if isinstance(irrep, str):
        return by_name(group, irrep)
    if len(irrep.matrices) != group.order:
        raise RhosetError(
            f"the irrep {irrep.name} is one of a group of order {len(irrep.matrices)}; {group.name} has {group.order}",
            slug="irreps-of-another-group",
        )
    return irrep


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
