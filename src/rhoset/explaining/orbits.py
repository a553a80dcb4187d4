"""Candidate ρ-sets: the orbits of vectors that a subgroup fixes, smallest first.

A neuron's vector is never clustered: it is compared with every point of every candidate orbit, so
the result depends on the network alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups import Group, GSet, Irrep, RhoSet, Subgroup

FIXED = 1e-6
"""A group element fixes a unit vector when it moves it by less than this. Floating-point irreps err
by about 1e-12; distinct points of an orbit are farther apart than 1/n in practice."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A stabilizer and the vectors it fixes.

    Attributes
    ----------
    subgroup
        (h,) elements of H, the largest subgroup of its class with this fixed space.
    basis
        (d, f) orthonormal basis of the vectors that H fixes; f = 1 determines the orbit up to sign.
    index
        [G : H], the number of points of the orbit.
    """

    subgroup: NDArray[np.int32]
    basis: NDArray[np.float64]
    index: int


def orbit(group: Group, irrep: Irrep, vector: NDArray[np.float64]) -> RhoSet:
    """The ρ-set G·v of a non-zero vector of shape (d,); point 0 is v itself, as a unit vector.

    The vector is first averaged over the elements that move it by less than `FIXED`.
    Cost n·d² + n².

    Raises RhosetError (slug ``zero-vector``) for a vector without a direction.
    """
    vector = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    if not length > 0 or not np.isfinite(length):
        raise RhosetError(
            f"the orbit of a vector of length {length} under {irrep.name}: give a non-zero vector",
            slug="zero-vector",
        )
    vector = vector / length
    moved = np.linalg.norm(irrep.matrices @ vector - vector, axis=1)
    stabilizer = np.flatnonzero(moved < FIXED)
    vector = irrep.matrices[stabilizer].mean(axis=0) @ vector
    return _from_stabilizer(group, irrep, stabilizer, vector / np.linalg.norm(vector))


def _from_stabilizer(group: Group, irrep: Irrep, stabilizer: NDArray[np.intp], vector: NDArray[np.float64]) -> RhoSet:
    smallest = group.table[:, stabilizer].min(axis=1)  # names the coset gH
    representatives = np.unique(smallest)
    home = smallest[group.identity]
    representatives = np.concatenate([[home], representatives[representatives != home]])
    label = np.zeros(group.order, dtype=np.int32)
    label[representatives] = np.arange(len(representatives), dtype=np.int32)
    label = label[smallest]
    action = np.ascontiguousarray(label[group.table[:, representatives]], dtype=np.int32)
    points = np.ascontiguousarray(irrep.matrices[representatives] @ vector)
    for array in (action, points):
        array.setflags(write=False)
    elements = np.asarray(stabilizer, dtype=np.int32)
    return RhoSet(irrep=irrep, gset=GSet(action, Subgroup(group, elements)), points=points)


def negative(rho_set: RhoSet) -> RhoSet:
    """The ρ-set −B, point by point."""
    points = -rho_set.points
    points.setflags(write=False)
    return RhoSet(irrep=rho_set.irrep, gset=rho_set.gset, points=points)


def antipodes(rho_set: RhoSet) -> NDArray[np.int32] | None:
    """(k,) index of −b for each point b, or None when −B is another orbit."""
    inner = rho_set.points @ rho_set.points.T
    opposite = inner.argmin(axis=1)
    if np.all(inner[np.arange(len(inner)), opposite] < FIXED - 1):
        return opposite.astype(np.int32)
    return None


def automorphisms(gset: GSet) -> NDArray[np.int32]:
    """(a, k) permutations of the points that commute with the action, the identity first.

    They are x·0 ↦ x·k for the points k that the stabilizer of 0 fixes. Cost a n.
    """
    fixed = np.flatnonzero(np.all(gset.action[gset.stabilizer.elements] == np.arange(gset.action.shape[1]), axis=0))
    out = np.empty((len(fixed), gset.action.shape[1]), dtype=np.int32)
    for row, k in zip(out, fixed):
        row[gset.action[:, 0]] = gset.action[:, k]
    return out


def orbitals(group: Group, left_set: RhoSet, right_set: RhoSet) -> NDArray[np.intp]:
    """(p, q) number of the orbit of G on B × C in which each pair lies.

    They are the orbits of the stabilizer of point 0 of B on C, moved by G. Cost (h + p) q.
    """
    inner = right_set.gset.action[left_set.gset.stabilizer.elements].min(axis=0)
    label = np.unique(inner, return_inverse=True)[1]
    to_point = np.empty(len(left_set.points), dtype=np.intp)
    to_point[left_set.gset.action[:, 0]] = np.arange(group.order)
    return label[right_set.gset.action[group.inverse[to_point]]]


def slot_symmetries(
    left_set: RhoSet, right_set: RhoSet, coupling: NDArray[np.float64] | None = None
) -> tuple[tuple[NDArray[np.int32], NDArray[np.int32]], ...]:
    """Pairs (π, σ) of automorphisms of B and C with υ(π(b), σ(c)) = υ(b, c), the identity first.

    The slots (b, c) and (π(b), σ(c)) then write the same. `coupling` is υ, (p, q), ⟨b, c⟩ when left
    out: then for a real irrep the pairs are ±1 (both or none), for complex and quaternionic irreps
    unit scalars. Cost a p q.
    """
    if coupling is None:
        coupling = left_set.points @ right_set.points.T
    tolerance = FIXED * float(np.abs(coupling).max())
    rights = automorphisms(right_set.gset)
    found = []
    for left in automorphisms(left_set.gset):
        moved = coupling[left]  # (p, q): ⟨π(b), c⟩
        near = np.abs(moved[:, rights[:, 0]] - coupling[:, :1]).max(axis=0) < tolerance
        for right in rights[near]:
            if np.abs(moved[:, right] - coupling).max() < tolerance:
                found.append((left, right))
                break
    return tuple(found)


def candidates(
    group: Group, irrep: Irrep, subgroups: Sequence[Subgroup], most: int | None = None
) -> tuple[Candidate, ...]:
    """Stabilizers of vectors up to conjugacy, by index and then by dimension of the fixed space.

    Parameters
    ----------
    group, irrep
        The group and one of its real irreps.
    subgroups
        One subgroup of each conjugacy class.
    most
        Largest number of points wanted; all when left out.

    Subgroups that are not the full stabilizer of their fixed space are dropped (their fixed vectors
    are those of a larger subgroup), so each orbit type appears once.
    """
    found = []
    for subgroup in subgroups:
        elements = np.asarray(subgroup.elements)
        index = group.order // len(elements)
        if most is not None and index > most:
            continue
        basis = _fixed_space(irrep, elements)
        if basis.shape[1] == 0:
            continue
        moved = np.linalg.norm(irrep.matrices @ basis - basis, axis=(1, 2))
        if int((moved < FIXED).sum()) == len(elements):
            found.append(Candidate(elements.astype(np.int32), basis, index))
    found.sort(key=lambda c: (c.index, c.basis.shape[1]))
    return tuple(found)


def _fixed_space(irrep: Irrep, elements: NDArray[np.int32]) -> NDArray[np.float64]:
    """(d, f) orthonormal basis of the vectors that the elements fix, signs settled."""
    projector = irrep.matrices[elements].mean(axis=0)
    values, vectors = np.linalg.eigh((projector + projector.T) / 2)
    basis = vectors[:, values > 0.5]
    for column in basis.T:
        if column[np.abs(column).argmax()] < 0:
            column *= -1
    return basis
