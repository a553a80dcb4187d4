"""Subgroups, cosets and double cosets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray, mask_of
from rhoset.groups.table import Group
from rhoset.groups.words import close
from rhoset.summaries import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Subgroup(Shown):
    """A subgroup: the sorted indices of its elements.

    Use :func:`subgroup` or :func:`generated_subgroup` to make one; both check what they are given.
    """

    group: Group = field(repr=False)
    elements: IntArray

    @property
    def order(self) -> int:
        """Number of elements."""
        return len(self.elements)

    @property
    def index(self) -> int:
        """Number of cosets."""
        return self.group.order // len(self.elements)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """(n,) True at the elements."""
        return read_only(mask_of(self.group.order, self.elements), np.bool_)

    @cached_property
    def generators(self) -> tuple[int, ...]:
        """A small generating set (greedy)."""
        table = self.group.table
        inside = mask_of(self.group.order, self.group.identity)
        chosen: list[int] = []
        while inside.sum() < self.order:
            rest = self.elements[~inside[self.elements]]
            orders = self.group.element_orders[rest]
            chosen.append(int(rest[np.argmax(orders)]))
            inside = close(table, chosen, inside)
        return tuple(chosen)

    def conjugate(self, g: int) -> Subgroup:
        """The subgroup gHg⁻¹."""
        t = self.group.table
        return Subgroup(self.group, read_only(np.sort(t[t[g, self.elements], self.group.inverse[g]])))

    def conjugates(self) -> tuple[Subgroup, ...]:
        """Every conjugate gHg⁻¹, each once; cost n |H|."""
        t, inverse = self.group.table, self.group.inverse
        images = np.sort(t[t[:, self.elements], inverse[:, None]], axis=1)
        return tuple(Subgroup(self.group, read_only(row)) for row in np.unique(images, axis=0))

    def is_normal(self) -> bool:
        """True when gHg⁻¹ = H for every g."""
        return len(self.normalizer().elements) == self.group.order

    def normalizer(self) -> Subgroup:
        """Largest subgroup in which H is normal; cost n times the number of generators of H."""
        t, inverse = self.group.table, self.group.inverse
        keep = np.ones(self.group.order, dtype=bool)
        for h in self.generators:
            keep &= self.mask[t[t[:, h], inverse]]
        return Subgroup(self.group, read_only(np.flatnonzero(keep)))

    def core(self) -> Subgroup:
        """Largest normal subgroup of G inside H: the intersection of all conjugates."""
        t, inverse = self.group.table, self.group.inverse
        keep = self.mask.copy()
        for h in np.flatnonzero(keep):
            keep[h] = self.mask[t[t[:, h], inverse]].all()
        return Subgroup(self.group, read_only(np.flatnonzero(keep)))


def subgroup(group: Group, elements: Iterable[int]) -> Subgroup:
    """The subgroup with these elements.

    Raises
    ------
    RhosetError
        ``not-a-subgroup`` when the elements are out of range or not closed under the product.
    """
    array = np.unique(np.fromiter((int(x) for x in elements), dtype=np.int64))
    if len(array) == 0 or array[0] < 0 or array[-1] >= group.order:
        raise RhosetError(
            f"{group.name}: a subgroup needs elements between 0 and {group.order - 1}, got {array.tolist()[:10]}",
            slug="not-a-subgroup",
        )
    mask = mask_of(group.order, array)
    products = group.table[np.ix_(array, array)]
    if not mask[products].all():
        i, j = np.argwhere(~mask[products])[0]
        raise RhosetError(
            f"{group.name}: not a subgroup: {array[i]}·{array[j]} = {products[i, j]} is not among the elements",
            slug="not-a-subgroup",
        )
    return Subgroup(group, read_only(array))


def generated_subgroup(group: Group, gens: Iterable[int]) -> Subgroup:
    """The subgroup that ``gens`` generate; the trivial one for none.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> generated_subgroup(group("C6"), [2]).elements.tolist()
    [0, 2, 4]
    """
    chosen = [int(x) for x in gens]
    if any(not 0 <= x < group.order for x in chosen):
        raise RhosetError(
            f"{group.name}: generators {chosen} are not all between 0 and {group.order - 1}",
            slug="not-a-subgroup",
        )
    start = mask_of(group.order, group.identity)
    inside = close(group.table, chosen, start) if chosen else start
    return Subgroup(group, read_only(np.flatnonzero(inside)))


def left_cosets(group: Group, h: Subgroup) -> IntArray:
    """(n,) label of the left coset xH of each x, numbered by smallest element, H itself 0."""
    return _coset_labels(h, group.table[:, h.elements].min(axis=1))


def right_cosets(group: Group, h: Subgroup) -> IntArray:
    """(n,) label of the right coset Hx of each x, numbered by smallest element, H itself 0."""
    return _coset_labels(h, group.table[h.elements].min(axis=0))


def _coset_labels(h: Subgroup, smallest: IntArray) -> IntArray:
    labels = np.unique(smallest, return_inverse=True)[1]
    own = labels[h.elements[0]]
    labels = np.where(labels == own, 0, np.where(labels < own, labels + 1, labels))
    return read_only(labels)


def representatives(labels: IntArray) -> NDArray[np.intp]:
    """(k,) the smallest element of each coset, by label."""
    return np.unique(labels, return_index=True)[1]


def coset_means(tables: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """(k, c) mean of each of k functions (k, n) over the elements with each label.

    `labels` is (n,), or (k, n) with its own labels for each function, all of them 0 … c−1.
    """
    values = np.asarray(tables, dtype=np.float64)
    count = int(labels.max()) + 1
    flat = np.broadcast_to(labels, values.shape) + count * np.arange(len(values), dtype=np.int64)[:, None]
    sums = np.bincount(flat.ravel(), values.ravel(), count * len(values))
    sizes = np.bincount(flat.ravel(), minlength=count * len(values))
    return (sums / np.maximum(sizes, 1)).reshape(len(values), count)


def double_cosets(group: Group, h: Subgroup, k: Subgroup) -> IntArray:
    """(n,) label of the double coset HxK of each x, numbered by smallest element."""
    right = group.table[:, k.elements].min(axis=1)
    return read_only(np.unique(right[group.table[h.elements]].min(axis=0), return_inverse=True)[1])


def center(group: Group) -> Subgroup:
    """Elements that commute with all."""
    t = group.table
    keep = np.ones(group.order, dtype=bool)
    for s in group.generators:
        keep &= t[:, s] == t[s]
    return Subgroup(group, read_only(np.flatnonzero(keep)))


def derived_subgroup(group: Group) -> Subgroup:
    """The commutator subgroup: normal closure of the generators' commutators."""
    inverse, gens = group.inverse, group.generators
    found = {group.product([x, y, inverse[x], inverse[y]]) for x in gens for y in gens}
    mask = np.isin(group.classes.labels, group.classes.labels[sorted(found)])
    return generated_subgroup(group, np.flatnonzero(mask))


def quotient(group: Group, normal: Subgroup) -> tuple[Group, IntArray]:
    """The quotient group G/N and the (n,) label of each element's coset.

    Raises
    ------
    RhosetError
        ``not-normal`` when N is not normal.
    """
    if not normal.is_normal():
        raise RhosetError(
            f"{group.name}: the subgroup of order {normal.order} is not normal;"
            " only normal subgroups have quotient groups",
            slug="not-normal",
        )
    labels = left_cosets(group, normal)
    chosen = representatives(labels)
    table = labels[group.table[np.ix_(chosen, chosen)]]
    name = f"{group.name}/{normal.order}"
    return Group(name, table, convention="cosets by smallest element, the subgroup first"), labels
