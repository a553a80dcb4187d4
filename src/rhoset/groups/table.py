"""One type for every finite group: a checked integer multiplication table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arrays import read_only, table_sha
from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray, orbit_labels, row_blocks
from rhoset.groups.laws import check_laws, checked_shape
from rhoset.groups.words import greedy_generators
from rhoset.summaries import Shown


@dataclass(frozen=True, eq=False, repr=False)
class ConjugacyClasses(Shown):
    """Conjugacy classes, ordered by element order, then size, then smallest element.

    Attributes
    ----------
    labels
        (n,) class of each element; class 0 is the identity's.
    representatives
        (k,) the smallest element of each class.
    sizes
        (k,) number of elements of each class.
    """

    labels: IntArray
    representatives: IntArray
    sizes: IntArray

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True, eq=False, repr=False)
class Group(Shown):
    """A finite group given by its multiplication table.

    Parameters
    ----------
    name
        What the group is called in messages and files.
    table
        (n, n) integers, ``table[x, y]`` = xy, elements 0 … n−1. Copied unless already read-only
        int32 in C order.
    element_names
        n names, or empty: the index is the name.
    convention
        One sentence: order of the elements and which operand acts first.
    permutations
        (n, k) natural action where the family has one: ``permutations[g, b]`` = g·b, a left
        action; otherwise None.

    Raises
    ------
    RhosetError
        With one slug per broken law, and the row and column that break it:
        ``table-not-square``, ``table-not-integer``, ``table-empty``, ``table-too-large``,
        ``table-not-closed``, ``table-no-identity``, ``table-not-latin``,
        ``table-not-associative``.

    Notes
    -----
    Associativity is decided by Light's test on generators: n² operations for each of at most
    log₂ n generators.

    Examples
    --------
    >>> Group("C2", [[0, 1], [1, 0]]).order
    2
    """

    name: str
    table: IntArray
    element_names: tuple[str, ...] = ()
    convention: str = ""
    permutations: IntArray | None = None

    def __post_init__(self) -> None:
        table = checked_shape(self.name, self.table)
        check_laws(self.name, table)
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "element_names", tuple(self.element_names))
        if self.element_names and len(self.element_names) != len(table):
            raise RhosetError(
                f"{self.name}: {len(self.element_names)} element names for {len(table)} elements;"
                " give one name for each element, or none",
                slug="element-names-length",
            )
        if self.permutations is not None:
            permutations = read_only(self.permutations)
            if permutations.ndim != 2 or len(permutations) != len(table):
                raise RhosetError(
                    f"{self.name}: permutations have shape {permutations.shape}; give one row"
                    f" for each of the {len(table)} elements",
                    slug="permutations-shape",
                )
            object.__setattr__(self, "permutations", permutations)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the fields only, not what was computed from them; the laws are checked on loading."""
        fields = (self.name, self.table, self.element_names, self.convention, self.permutations)
        return Group, fields

    def __repr__(self) -> str:
        return f"Group({self.name!r}, order {self.order})"

    @property
    def order(self) -> int:
        """Number of elements."""
        return len(self.table)

    @cached_property
    def identity(self) -> int:
        """Index of the identity."""
        return int(np.flatnonzero(self.table[:, 0] == 0)[0])

    @cached_property
    def inverse(self) -> IntArray:
        """(n,) inverse of each element."""
        out = np.empty(self.order, dtype=np.int32)
        for rows in row_blocks(self.order):
            out[rows] = np.argmax(self.table[rows] == self.identity, axis=1)
        return read_only(out)

    @cached_property
    def generators(self) -> tuple[int, ...]:
        """A small generating set (greedy, deterministic; at most log₂ n elements)."""
        return tuple(greedy_generators(self.table, self.identity))

    @cached_property
    def is_abelian(self) -> bool:
        """True when all generators commute with each other."""
        s = np.array(self.generators, dtype=np.int64)
        block = self.table[np.ix_(s, s)]
        return bool(np.array_equal(block, block.T))

    @cached_property
    def element_orders(self) -> IntArray:
        """(n,) order of each element."""
        elements = np.arange(self.order)
        orders = np.zeros(self.order, dtype=np.int32)
        power: NDArray[Any] = elements
        step = 1
        while True:
            orders[(power == self.identity) & (orders == 0)] = step
            pending = orders == 0
            if not pending.any():
                return read_only(orders)
            power = self.table[power, elements]
            step += 1

    @cached_property
    def classes(self) -> ConjugacyClasses:
        """Conjugacy classes; orbits of the generators by conjugation, about n operations each."""
        return _conjugacy_classes(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the table: `rhoset.arrays.table_sha`."""
        return table_sha(self.table)

    def element_name(self, x: int) -> str:
        """Name of element ``x``; its index when the group has no names."""
        return self.element_names[x] if self.element_names else str(x)

    def product(self, elements: Sequence[int]) -> int:
        """Product of the elements from left to right; the identity for an empty sequence."""
        out = self.identity
        for x in elements:
            out = int(self.table[out, x])
        return out


def _conjugacy_classes(group: Group) -> ConjugacyClasses:
    table, inverse = group.table, group.inverse
    images = [table[table[s], inverse[s]] for s in group.generators] or [np.arange(group.order)]
    _, first, labels = np.unique(orbit_labels(np.stack(images)), return_index=True, return_inverse=True)
    sizes = np.bincount(labels)
    order = np.lexsort((first, sizes, group.element_orders[first]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return ConjugacyClasses(read_only(rank[labels]), read_only(first[order]), read_only(sizes[order]))
