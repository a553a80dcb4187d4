"""Symmetric groups: partitions, Young's orthogonal form, and how to find S_k inside a table.

Source: Young's orthogonal (seminormal, normalised) form as in James and Kerber, The
Representation Theory of the Symmetric Group, §3.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np

from rhoset.groups.representation import FloatArray, Irrep, extend, make_irrep
from rhoset.groups.table import Group

Partition = tuple[int, ...]
MAX_DEGREE = 7
"""S_7 is the largest symmetric group whose table fits."""


def partitions(k: int, largest: int | None = None) -> list[Partition]:
    """Partitions of k, largest first in lexicographic order.

    Examples
    --------
    >>> partitions(3)
    [(3,), (2, 1), (1, 1, 1)]
    """
    if k == 0:
        return [()]
    top = min(k, k if largest is None else largest)
    return [(p, *rest) for p in range(top, 0, -1) for rest in partitions(k - p, p)]


def partition_name(shape: Partition) -> str:
    """``(4, 1)`` as ``"[4,1]"``."""
    return "[" + ",".join(map(str, shape)) + "]"


def standard_tableaux(shape: Partition) -> list[tuple[int, ...]]:
    """Standard tableaux as the row of each number 1 … k in turn."""
    if not shape:
        return [()]
    out = []
    for i, row in enumerate(shape):
        if i + 1 == len(shape) or shape[i + 1] < row:
            smaller = (*shape[:i], row - 1, *shape[i + 1 :])
            while smaller and smaller[-1] == 0:
                smaller = smaller[:-1]
            out += [(*t, i) for t in standard_tableaux(smaller)]
    return sorted(out)


def adjacent_transposition(shape: Partition, i: int) -> FloatArray:
    """(d, d) matrix of (i+1, i+2), 0 ≤ i < k − 1, in Young's orthogonal form."""
    tableaux = standard_tableaux(shape)
    place = {t: a for a, t in enumerate(tableaux)}
    out = np.zeros((len(tableaux), len(tableaux)))
    for a, t in enumerate(tableaux):
        content = [t[:b].count(t[b]) - t[b] for b in (i, i + 1)]
        distance = content[1] - content[0]
        out[a, a] = 1 / distance
        swapped = (*t[:i], t[i + 1], t[i], *t[i + 2 :])
        if abs(distance) > 1:
            out[place[swapped], a] = np.sqrt(1 - 1 / distance**2)
    return out


def young_irrep(group: Group, coxeter: Sequence[int], shape: Partition) -> Irrep:
    """The irrep [shape] where ``coxeter`` are the elements (1 2), (2 3), … of the group.

    Cost: n d³.
    """
    gens = [adjacent_transposition(shape, i) for i in range(len(coxeter))]
    return make_irrep(group, partition_name(shape), "real", extend(group, coxeter, gens))


def degree_of(group: Group) -> int | None:
    """k with n = k! and 3 ≤ k ≤ MAX_DEGREE, otherwise None."""
    return next((k for k in range(3, MAX_DEGREE + 1) if factorial(k) == group.order), None)


def coxeter_generators(group: Group) -> tuple[int, ...] | None:
    """Elements that satisfy the relations of (1 2), (2 3), … and generate, or None.

    They exist exactly when the group is a symmetric group of degree 3 to 7. With natural
    permutations on k points they are (1 2), (2 3), … themselves; otherwise the first found. For
    S6 from a bare table the choice between the two classes that the outer automorphism exchanges
    is by class order.
    """
    k = degree_of(group)
    if k is None:
        return None
    if group.permutations is not None and group.permutations.shape[1] == k:
        return _natural(group, k)
    classes = group.classes
    wanted = k * (k - 1) // 2
    orders = group.element_orders[classes.representatives]
    for c in np.flatnonzero((classes.sizes == wanted) & (orders == 2)):
        members = np.flatnonzero(classes.labels == c)
        found = _chain(group, members, k)
        if found is not None:
            return found
    return None


def _natural(group: Group, k: int) -> tuple[int, ...]:
    assert group.permutations is not None
    out = []
    for i in range(k - 1):
        wanted = np.arange(k)
        wanted[[i, i + 1]] = i + 1, i
        out.append(int(np.flatnonzero((group.permutations == wanted).all(axis=1))[0]))
    return tuple(out)


def _chain(group: Group, members: np.ndarray, k: int) -> tuple[int, ...] | None:
    """Greedy chain s_1, s_2, …: order 3 with the last, 2 with those before."""
    from rhoset.groups.subgroups import generated_subgroup

    product_order = group.element_orders[group.table[np.ix_(members, members)]]
    chain = [0]
    while len(chain) < k - 1:
        fits = product_order[chain[-1]] == 3
        for earlier in chain[:-1]:
            fits &= product_order[earlier] == 2
        candidates = np.flatnonzero(fits)
        if not len(candidates):
            return None
        chain.append(int(candidates[0]))
    found = tuple(int(members[i]) for i in chain)
    if generated_subgroup(group, found).order < group.order:
        return None
    return found
