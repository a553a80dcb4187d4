"""One type for every finite group: a checked integer multiplication table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError

IntArray = NDArray[np.int32]

MAX_ORDER = 10_080
"""Largest order for which a table is formed (4n² bytes: 406 MB); raising it costs memory only."""

BLOCK_ENTRIES = 1 << 22
"""Table entries handled at a time; bounds transient memory to a few times 4 · 2²² bytes."""


def read_only(array: NDArray, dtype: type = np.int32) -> NDArray:
    """Read-only C-contiguous array of ``dtype``; a copy unless the input already is all that."""
    array = np.asarray(array)
    out = np.ascontiguousarray(array, dtype=dtype)
    if out is array and not array.flags.writeable:
        return array
    if np.shares_memory(out, array):
        out = out.copy()
    out.setflags(write=False)
    return out


@dataclass(frozen=True, eq=False)
class ConjugacyClasses:
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


@dataclass(frozen=True, eq=False)
class Group:
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
        table = _checked_shape(self.name, self.table)
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
        chosen: list[int] = []
        inside = np.zeros(self.order, dtype=bool)
        inside[self.identity] = True
        while not inside.all():
            s, inside = best_extension(self.table, chosen, inside)
            chosen.append(s)
        return tuple(chosen)

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
        power = elements.copy()
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
        """SHA-256 of the table: b"rhoset-table-v1", n (8 bytes little-endian), int32 entries."""
        sha = hashlib.sha256(b"rhoset-table-v1" + self.order.to_bytes(8, "little"))
        for rows in row_blocks(self.order):
            sha.update(self.table[rows].astype("<i4").tobytes())
        return sha.hexdigest()

    def element_name(self, x: int) -> str:
        """Name of element ``x``; its index when the group has no names."""
        return self.element_names[x] if self.element_names else str(x)

    def product(self, elements: Sequence[int]) -> int:
        """Product of the elements from left to right; the identity for an empty sequence."""
        out = self.identity
        for x in elements:
            out = int(self.table[out, x])
        return out


def row_blocks(n: int, width: int | None = None) -> list[slice]:
    """Slices over n rows such that a block of ``width`` (default n) columns stays small."""
    step = max(1, BLOCK_ENTRIES // max(1, width or n))
    return [slice(i, min(n, i + step)) for i in range(0, n, step)]


def _checked_shape(name: str, raw: object) -> IntArray:
    """The table as a read-only square int32 array, or an error that says what is wrong."""
    try:
        array = np.asarray(raw)
    except ValueError:
        raise RhosetError(
            f"{name}: the rows of the table differ in length; give n rows of n integers",
            slug="table-not-square",
        ) from None
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise RhosetError(
            f"{name}: the table has shape {array.shape}; give n rows of n integers",
            slug="table-not-square",
        )
    n = len(array)
    if n == 0:
        raise RhosetError(
            f"{name}: the table is empty; a group has at least one element", slug="table-empty"
        )
    if not np.issubdtype(array.dtype, np.integer):
        raise RhosetError(
            f"{name}: the table holds {array.dtype} values; give integers 0 to {n - 1}",
            slug="table-not-integer",
        )
    require_order(name, n)
    for rows in row_blocks(n):
        bad = (array[rows] < 0) | (array[rows] >= n)
        if bad.any():
            x, y = np.argwhere(bad)[0] + (rows.start, 0)
            raise RhosetError(
                f"{name}: the table is not closed: row {x}, column {y} holds {array[x, y]};"
                f" every entry must be one of 0 to {n - 1}",
                slug="table-not-closed",
            )
    return read_only(array)


def require_order(name: str, n: int) -> None:
    """Refuse an order whose table would not fit, with an estimate of the memory."""
    if n > MAX_ORDER:
        raise RhosetError(
            f"{name} has order {n}: its table would take {4 * n * n / 1e9:.3g} GB;"
            f" the largest order handled is {MAX_ORDER}",
            slug="table-too-large",
        )


def check_laws(name: str, table: IntArray) -> None:
    """Raise unless the closed square table is a group's: identity, Latin square, associativity."""
    n = len(table)
    every = np.arange(n, dtype=np.int32)
    left = np.flatnonzero((table[:, 0] == 0) & (table[:, n - 1] == n - 1))
    left = [e for e in left if np.array_equal(table[e], every)]
    if not left:
        raise RhosetError(
            f"{name}: no identity: no row of the table reads 0, 1, …, {n - 1}",
            slug="table-no-identity",
        )
    e = int(left[0])
    wrong = np.flatnonzero(table[:, e] != every)
    if len(wrong):
        x = int(wrong[0])
        raise RhosetError(
            f"{name}: no identity: row {e} reads 0, 1, …, {n - 1}, but row {x}, column {e}"
            f" holds {table[x, e]} instead of {x}",
            slug="table-no-identity",
        )
    _check_latin(name, table)
    chosen: list[int] = []
    inside = np.zeros(n, dtype=bool)
    inside[e] = True
    while not inside.all():
        s, inside = best_extension(table, chosen, inside)
        _check_light(name, table, s)
        chosen.append(s)


def _check_latin(name: str, table: IntArray) -> None:
    """Every row and every column holds each element once."""
    n = len(table)
    seen = np.zeros((n, n), dtype=bool)
    every = np.arange(n)
    for rows in row_blocks(n):
        seen[table[rows], every] = True
    if not seen.all():
        y = int(np.flatnonzero(~seen.all(axis=0))[0])
        x = _second_of_a_repeat(table[:, y])
        raise RhosetError(
            f"{name}: row {x}, column {y} repeats {table[x, y]} within column {y};"
            " every column must hold each element once",
            slug="table-not-latin",
        )
    seen[:] = False
    for rows in row_blocks(n):
        seen[every[rows, None], table[rows]] = True
    if not seen.all():
        x = int(np.flatnonzero(~seen.all(axis=1))[0])
        y = _second_of_a_repeat(table[x])
        raise RhosetError(
            f"{name}: row {x}, column {y} repeats {table[x, y]} within row {x};"
            " every row must hold each element once",
            slug="table-not-latin",
        )


def _second_of_a_repeat(values: IntArray) -> int:
    """First position whose value occurred before."""
    first = np.unique(values, return_index=True)[1]
    return int(np.setdiff1d(np.arange(len(values)), first)[0])


def _check_light(name: str, table: IntArray, a: int) -> None:
    """Light's test: (xa)y = x(ay) for all x, y."""
    n = len(table)
    for rows in row_blocks(n):
        bad = table[table[rows, a]] != table[rows][:, table[a]]
        if bad.any():
            x, y = np.argwhere(bad)[0] + (rows.start, 0)
            raise RhosetError(
                f"{name}: not associative: ({x}·{a})·{y} = {table[table[x, a], y]} but"
                f" {x}·({a}·{y}) = {table[x, table[a, y]]} (row {x}, column {y}, through {a})",
                slug="table-not-associative",
            )


CANDIDATES = 8
"""Elements tried at each step of the greedy search for generators; more gives fewer generators."""


def best_extension(
    table: IntArray, chosen: list[int], inside: NDArray[np.bool_]
) -> tuple[int, NDArray[np.bool_]]:
    """The candidate outside ``inside`` that generates most with ``chosen``, and what they give."""
    outside = np.flatnonzero(~inside)
    positions = np.linspace(0, len(outside) - 1, min(CANDIDATES, len(outside)))
    best: tuple[int, NDArray[np.bool_]] | None = None
    for s in outside[positions.astype(int)]:
        closed = close(table, [*chosen, int(s)], inside)
        if best is None or closed.sum() > best[1].sum():
            best = (int(s), closed)
        if closed.all():
            break
    assert best is not None
    return best


def close(table: IntArray, gens: list[int], start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask of everything reached from ``start`` by right multiplication with ``gens``."""
    inside = start.copy()
    layer = np.flatnonzero(inside)
    columns = table[:, gens]
    while len(layer):
        fresh = np.zeros_like(inside)
        fresh[columns[layer].ravel()] = True
        fresh &= ~inside
        inside |= fresh
        layer = np.flatnonzero(fresh)
    return inside


def _conjugacy_classes(group: Group) -> ConjugacyClasses:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n, table, inverse = group.order, group.table, group.inverse
    every = np.arange(n)
    images = [table[table[s], inverse[s]] for s in group.generators] or [every]
    graph = coo_matrix(
        (np.ones(n * len(images), dtype=bool), (np.tile(every, len(images)), np.hstack(images))),
        shape=(n, n),
    )
    _, raw = connected_components(graph, directed=False)
    _, first, raw = np.unique(raw, return_index=True, return_inverse=True)
    sizes = np.bincount(raw)
    order = np.lexsort((first, sizes, group.element_orders[first]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return ConjugacyClasses(
        read_only(rank[raw]), read_only(first[order]), read_only(sizes[order])
    )
