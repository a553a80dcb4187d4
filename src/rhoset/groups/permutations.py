"""Permutation groups: from generators to elements, names and the table.

The product xy acts as x after y, (xy)(b) = x(y(b)): ``permutations`` is a left action.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray
from rhoset.groups.laws import MAX_ORDER, require_order
from rhoset.groups.table import Group

CONVENTION = (
    "permutations in lexicographic order of their one-line form; xy is x after y (the right operand acts first)"
)


def permutation_group(
    generators: Sequence[Sequence[int] | NDArray[np.integer]], name: str = "", convention: str = CONVENTION
) -> Group:
    """The group that permutations generate, elements in lexicographic order.

    Parameters
    ----------
    generators
        One-line forms, 0-based, all of the same length k ≥ 1.

    Raises
    ------
    RhosetError
        ``not-a-permutation``; ``table-too-large`` when the order exceeds MAX_ORDER.

    Notes
    -----
    Cost: about n² integer moves for the table and n·k per generator for the elements.

    Examples
    --------
    >>> permutation_group([[1, 2, 0], [1, 0, 2]]).order
    6
    """
    gens = _checked(generators)
    name = name or "perm:" + ";".join(cycles(g) for g in gens)
    elements = generate(gens, name)
    base = _base(elements)
    keys = _keys(elements, base)
    order = np.argsort(keys)

    def left(g: IntArray) -> IntArray:
        found = np.searchsorted(keys, _keys(g[elements], base), sorter=order)
        return order[found].astype(np.int32)

    table = table_from_left([left(g) for g in gens], len(elements))
    return Group(name, table, tuple(cycles(p) for p in elements), convention, elements)


def generate(gens: IntArray, name: str) -> IntArray:
    """(n, k) all products of the generators (m, k), in lexicographic order."""
    identity = np.arange(gens.shape[1], dtype=np.int32)[None]
    known, layer = identity, identity
    while len(layer):
        images = np.unique(gens[:, layer].reshape(-1, gens.shape[1]), axis=0)
        grown, first = np.unique(np.vstack([known, images]), axis=0, return_index=True)
        layer = grown[first >= len(known)]
        known = grown
        if len(known) > MAX_ORDER:
            raise RhosetError(
                f"{name}: the permutations generate more than {MAX_ORDER} elements, the largest order handled",
                slug="table-too-large",
            )
    return known


def table_from_left(left: Sequence[IntArray], n: int, identity: int | None = None) -> IntArray:
    """Table of the group whose generators act on the left of the n elements as ``left``.

    The row of sx is the row of x moved by the left multiplication with s, so the whole table
    takes n² moves, one row at a time along a spanning tree.
    """
    require_order("the group", n)
    table = np.empty((n, n), dtype=np.int32)
    start = 0 if identity is None else identity
    table[start] = np.arange(n)
    seen = np.zeros(n, dtype=bool)
    seen[start] = True
    queue = [start]
    for x in queue:
        for move in left:
            y = int(move[x])
            if not seen[y]:
                seen[y] = True
                np.take(move, table[x], out=table[y])
                queue.append(y)
    table.setflags(write=False)
    return table


def cycles(permutation: Sequence[int] | NDArray[np.integer]) -> str:
    """Disjoint cycles, 1-based: ``cycles([1, 0, 2])`` is ``"(1 2)"``; the identity is ``"()"``."""
    images = [int(b) for b in permutation]
    seen: set[int] = set()
    parts = []
    for start in range(len(images)):
        cycle = []
        b = start
        while b not in seen:
            seen.add(b)
            cycle.append(str(b + 1))
            b = images[b]
        if len(cycle) > 1:
            parts.append("(" + " ".join(cycle) + ")")
    return "".join(parts) or "()"


def parities(permutations: IntArray) -> IntArray:
    """(n,) 0 for the even ones of n permutations (n, k), 1 for the odd ones."""
    odd = np.zeros(len(permutations), dtype=np.int32)
    for i in range(permutations.shape[1]):
        odd ^= (permutations[:, i, None] > permutations[:, i + 1 :]).sum(axis=1).astype(np.int32) & 1
    return odd


def parse_cycles(text: str) -> list[list[int]]:
    """Generators in 1-based disjoint cycles, separated by ``;``, as 0-based one-line forms.

    Examples
    --------
    >>> parse_cycles("(1 2 3);(1 2)")
    [[1, 2, 0], [1, 0, 2]]
    """
    generators = []
    for part in text.split(";"):
        if not re.fullmatch(r"\s*(\(\s*\)|(\(\s*\d{1,9}([\s,]+\d{1,9})*\s*\)\s*)+)\s*", part):
            raise RhosetError(
                f"perm: cannot read {part.strip()!r}; write 1-based disjoint cycles such as 'perm:(1 2 3)(4 5);(1 2)'",
                slug="bad-cycles",
            )
        inner = re.findall(r"\(([^)]*)\)", part)
        found = [[int(b) for b in re.findall(r"\d+", cycle)] for cycle in inner]
        generators.append([cycle for cycle in found if cycle])
    flat = [b for cycle_list in generators for cycle in cycle_list for b in cycle]
    if flat and (min(flat) < 1 or max(flat) > MAX_ORDER):
        raise RhosetError(
            f"perm: point {min(flat) if min(flat) < 1 else max(flat)} is out of range;"
            f" points are numbered 1 to at most {MAX_ORDER}",
            slug="bad-cycles",
        )
    degree = max(flat, default=1)
    out = []
    for cycle_list in generators:
        points = [b for cycle in cycle_list for b in cycle]
        if len(set(points)) < len(points):
            repeated = next(b for b in points if points.count(b) > 1)
            raise RhosetError(
                f"perm: point {repeated} occurs twice in one generator; cycles must be disjoint",
                slug="bad-cycles",
            )
        images = list(range(degree))
        for cycle in cycle_list:
            for b, c in zip(cycle, cycle[1:] + cycle[:1]):
                images[b - 1] = c - 1
        out.append(images)
    return out


def _checked(generators: Sequence[Sequence[int] | NDArray[np.integer]]) -> IntArray:
    try:
        gens = np.array([list(g) for g in generators])
    except ValueError:
        gens = np.empty(0)
    if gens.ndim != 2 or gens.shape[1] == 0 or not np.issubdtype(gens.dtype, np.integer):
        raise RhosetError(
            "a permutation group needs at least one generator, all of them one-line forms of the same length",
            slug="not-a-permutation",
        )
    every = np.arange(gens.shape[1])
    for i, g in enumerate(gens):
        if not np.array_equal(np.sort(g), every):
            raise RhosetError(
                f"generator {i} is {g.tolist()}; a permutation holds each of 0 to {len(every) - 1} once",
                slug="not-a-permutation",
            )
    return gens.astype(np.int32)


def _base(elements: IntArray) -> list[int]:
    """Points whose images determine an element; greedy, few."""
    base: list[int] = []
    labels = np.zeros(len(elements), dtype=np.int64)
    count = 1
    while count < len(elements):
        best = (0, -1)
        for b in range(elements.shape[1]):
            if b not in base:
                kinds = len(np.unique(labels * elements.shape[1] + elements[:, b]))
                best = max(best, (kinds, -b))
        base.append(-best[1])
        merged = labels * elements.shape[1] + elements[:, base[-1]]
        labels = np.unique(merged, return_inverse=True)[1]
        count = best[0]
    return base


def _keys(elements: IntArray, base: list[int]) -> NDArray[Any]:
    """A key for each element that is determined by, and determines, its images of the base."""
    width = elements.shape[1]
    if len(base) * np.log2(max(width, 2)) < 62:
        keys = np.zeros(len(elements), dtype=np.int64)
        for b in base:
            keys = keys * width + elements[:, b]
        return keys
    rows = np.ascontiguousarray(elements[:, base].astype(">i4"))
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0]
