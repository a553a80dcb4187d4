"""The laws of a group, checked on a table; each has its own message and slug."""

from __future__ import annotations

import math

import numpy as np

from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray, row_blocks
from rhoset.groups.words import greedy_generators

MAX_ORDER = 10_080
"""Largest order for which a table is formed (4n² bytes: 406 MB); raising it costs memory only."""


def checked_shape(name: str, raw: object) -> IntArray:
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
        raise RhosetError(f"{name}: the table is empty; a group has at least one element", slug="table-empty")
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


LARGE = 10**15
"""Orders beyond this are not computed exactly."""


def capped_power(base: int, exponent: int) -> int:
    """base^exponent, or LARGE when that is smaller; never forms a huge integer."""
    return LARGE if exponent * math.log2(max(base, 1)) > math.log2(LARGE) else base**exponent


def require_order(name: str, n: int) -> None:
    """Refuse an order whose table would not fit, with an estimate of the memory."""
    if n > MAX_ORDER:
        size = f"order {n}" if n < LARGE else f"an order beyond {LARGE:.0e}"
        raise RhosetError(
            f"{name} has {size}: its table would take {4e-9 * min(n, LARGE) ** 2:.3g} GB;"
            f" the largest order handled is {MAX_ORDER}",
            slug="table-too-large",
        )


def check_laws(name: str, table: IntArray) -> None:
    """Raise unless the closed square table is a group's: identity, Latin square, associativity."""
    n = len(table)
    every = np.arange(n, dtype=np.int32)
    hopeful = np.flatnonzero((table[:, 0] == 0) & (table[:, n - 1] == n - 1))
    left = [e for e in hopeful if np.array_equal(table[e], every)]
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
    invertible = all((table[rows] == e).any(axis=1).all() for rows in row_blocks(n))
    if invertible and _associative(name, table, e, generators=int(np.log2(n))):
        return
    _check_latin(name, table)
    _associative(name, table, e, generators=n, refuse=True)


def _associative(name: str, table: IntArray, e: int, generators: int, refuse: bool = False) -> bool:
    """Light's test for as many generators as given; False, or an error, when it fails.

    The elements that pass are closed under the product, so testing generators is enough. In a
    group each generator of the greedy choice at least doubles what is generated, so log₂ n are
    enough; a monoid whose elements have right inverses is a group.
    """
    for count, s in enumerate(greedy_generators(table, e), 1):
        violation = _light_violation(table, s)
        if violation is not None and refuse:
            x, y = violation
            raise RhosetError(
                f"{name}: not associative: ({x}·{s})·{y} = {table[table[x, s], y]} but"
                f" {x}·({s}·{y}) = {table[x, table[s, y]]} (row {x}, column {y}, through {s})",
                slug="table-not-associative",
            )
        if violation is not None or count > generators:
            return False
    return True


def _check_latin(name: str, table: IntArray) -> None:
    """Every row and every column holds each element once."""
    for what, lines in (("column", table.T), ("row", table)):
        line = _first_row_with_repeat(lines)
        if line is not None:
            place = _second_of_a_repeat(lines[line])
            x, y = (line, place) if what == "row" else (place, line)
            raise RhosetError(
                f"{name}: row {x}, column {y} repeats {table[x, y]} within {what} {line};"
                f" every {what} must hold each element once",
                slug="table-not-latin",
            )


def _first_row_with_repeat(table: IntArray) -> int | None:
    """The first row that does not hold each of 0 … n−1 once."""
    n = len(table)
    for rows in row_blocks(n):
        part = table[rows]
        seen = np.zeros(part.shape, dtype=bool)
        np.put_along_axis(seen, part, True, axis=1)
        complete = seen.all(axis=1)
        if not complete.all():
            return int(rows.start + np.argmin(complete))
    return None


def _second_of_a_repeat(values: IntArray) -> int:
    """First position whose value occurred before."""
    first = np.unique(values, return_index=True)[1]
    return int(np.setdiff1d(np.arange(len(values)), first)[0])


def _light_violation(table: IntArray, a: int) -> tuple[int, int] | None:
    """The first x, y with (xa)y ≠ x(ay), if any (Light's test)."""
    for rows in row_blocks(len(table)):
        bad = table[table[rows, a]] != table[rows][:, table[a]]
        if bad.any():
            x, y = np.argwhere(bad)[0] + (rows.start, 0)
            return int(x), int(y)
    return None
