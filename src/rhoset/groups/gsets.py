"""G-sets: left actions of a group on finitely many points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray, orbit_labels
from rhoset.groups.subgroups import Subgroup, left_cosets, representatives
from rhoset.groups.table import Group
from rhoset.summaries import Shown

if TYPE_CHECKING:
    from rhoset.groups.components import Component
    from rhoset.groups.representation import Irrep


@dataclass(frozen=True, eq=False, repr=False)
class GSet(Shown):
    """A left action on k points: ``action[g, b]`` = g·b and (gh)·b = g·(h·b).

    Attributes
    ----------
    action
        (n, k) images.
    stabilizer
        The elements that fix point 0.
    """

    action: IntArray
    stabilizer: Subgroup

    @property
    def size(self) -> int:
        """Number of points."""
        return int(self.action.shape[1])

    @cached_property
    def orbits(self) -> IntArray:
        """(k,) label of each point's orbit, numbered by smallest point."""
        return read_only(np.unique(self.action.min(axis=0), return_inverse=True)[1])

    @property
    def group(self) -> Group:
        """The group that acts."""
        return self.stabilizer.group

    @cached_property
    def first(self) -> IntArray:
        """(k,) for each point b the smallest g with g·0 = b; the action must be transitive."""
        return read_only(representatives(self.action[:, 0]))

    @cached_property
    def _automorphisms(self) -> IntArray:
        return read_only(self.action[:, fixed_points(self, self.stabilizer)][self.first].T)

    @property
    def is_transitive(self) -> bool:
        """True when there is one orbit."""
        return bool(np.all(self.orbits == 0))


def coset_gset(group: Group, h: Subgroup) -> GSet:
    """G acting on the left cosets of H by g·(xH) = gxH; point 0 is H itself.

    Examples
    --------
    >>> from rhoset.groups import generated_subgroup, group
    >>> s3 = group("S3")
    >>> coset_gset(s3, generated_subgroup(s3, [1])).size
    3
    """
    labels = left_cosets(group, h)
    return GSet(read_only(labels[group.table[:, representatives(labels)]]), h)


def regular_gset(group: Group) -> GSet:
    """G acting on itself from the left: ``action`` is the table (point 0 is element 0)."""
    trivial = Subgroup(group, read_only(np.array([group.identity])))
    return GSet(group.table, trivial)


def natural_gset(group: Group) -> GSet:
    """The action that the family comes with (points of a permutation group, vectors, a line).

    Raises
    ------
    RhosetError
        ``no-natural-action`` when the group was given by a bare table.
    """
    if group.permutations is None:
        raise RhosetError(
            f"{group.name} comes with no natural action; use coset_gset with a subgroup",
            slug="no-natural-action",
        )
    return gset_from_permutations(group, group.permutations)


def gset_from_permutations(group: Group, action: ArrayLike) -> GSet:
    """A checked G-set from the (n, k) images ``action[g, b]`` = g·b.

    Raises
    ------
    RhosetError
        ``not-an-action`` when the shape is wrong, the identity moves a point, or
        (gs)·b ≠ g·(s·b) for a generator s.
    """
    array = np.asarray(action)
    n = group.order
    if array.ndim != 2 or len(array) != n or array.shape[1] == 0:
        raise RhosetError(
            f"{group.name}: the action has shape {array.shape}; give ({n}, k) images g·b",
            slug="not-an-action",
        )
    k = array.shape[1]
    if not np.issubdtype(array.dtype, np.integer) or array.min() < 0 or array.max() >= k:
        raise RhosetError(f"{group.name}: the images must be integers 0 to {k - 1}", slug="not-an-action")
    array = read_only(array)
    if not np.array_equal(array[group.identity], np.arange(k)):
        raise RhosetError(
            f"{group.name}: the identity {group.identity} moves a point: its row is"
            f" {array[group.identity].tolist()[:10]}",
            slug="not-an-action",
        )
    for s in group.generators:
        bad = array[group.table[:, s]] != array[:, array[s]]
        if bad.any():
            g, b = np.argwhere(bad)[0]
            raise RhosetError(
                f"{group.name}: not a left action: ({g}·{s})·{b} = {array[group.table[g, s], b]}"
                f" but {g}·({s}·{b}) = {array[g, array[s, b]]}",
                slug="not-an-action",
            )
    return GSet(array, point_stabilizer(group, array, 0))


def point_stabilizer(group: Group, action: IntArray, point: int) -> Subgroup:
    """The elements that fix ``point`` in an (n, k) action."""
    return Subgroup(group, read_only(np.flatnonzero(action[:, point] == point)))


def fixed_points(gset: GSet, h: Subgroup) -> NDArray[np.intp]:
    """The points that every element of H fixes."""
    return np.flatnonzero(np.all(gset.action[list(h.generators)] == np.arange(gset.size), axis=0))


def automorphisms(gset: GSet) -> IntArray:
    """(a, k) permutations of the points that commute with a transitive action, the identity first.

    They are x·0 ↦ x·k for the points k that the stabilizer of 0 fixes. Cost a n.
    """
    return gset._automorphisms


def orbitals(left: NDArray[np.integer], right: NDArray[np.integer]) -> IntArray:
    """(p, q) label of the orbit of each pair of points under a group that acts on both.

    `left` (s, p) and `right` (s, q) are the images under the same s elements that generate the
    group: ``orbitals(b.action[gens], c.action[gens])``. Cost s p q.
    """
    p, q = left.shape[1], right.shape[1]
    moved = left.astype(np.intp)[:, :, None] * q + right[:, None, :]
    return read_only(orbit_labels(moved.reshape(len(left), p * q)).astype(np.int32).reshape(p, q))


def isotypic_projector(gset: GSet, irrep: Irrep | Component) -> NDArray[np.float64]:
    """(k, k) projector of the functions on the points on an irrep's isotypic part; cost n k."""
    k = gset.size
    scaled = irrep.character * (irrep.rank / irrep.dim)  # (d / dim End) χ
    flat = gset.action.astype(np.int64) * k + np.arange(k)
    return np.bincount(flat.ravel(), np.repeat(scaled, k), k * k).reshape(k, k) / len(gset.action)
