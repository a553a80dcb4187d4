"""The natural action of a group that comes as a bare table: the points that S5 permutes, and names by them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.explaining.large import LARGE_ORDER
from rhoset.groups import Group, isomorphism
from rhoset.groups import group as by_name
from rhoset.groups.permutations import cycles


def with_names(group: Group) -> Group:
    """The group with a natural action and with its elements' names as cycles, where it has such an action.

    In this order: its own; the elements' names, where they are one-line forms; that of the group of its name, carried
    over by an isomorphism (one of |Aut|: up to order `LARGE_ORDER` only, unless the tables are equal).

    Cost: n²; an isomorphism's search where it is needed.
    """
    if group.permutations is not None:
        return group
    one_line = _one_line(group.element_names)
    if one_line is not None:
        inverse = np.argsort(one_line, axis=1).astype(np.int32)
        for action in (one_line, inverse):  # products from right to left, or from left to right
            if _acts(group, action):
                return replace(group, permutations=action, element_names=tuple(map(cycles, one_line)))
    try:
        known = by_name(group.name)
        if np.array_equal(known.table, group.table):
            return known
        if known.permutations is None or group.order > LARGE_ORDER:
            return group
        same = isomorphism(group, known)
    except RhosetError:
        return group
    if same is None:
        return group
    named = tuple(known.element_name(int(g)) for g in same)
    return replace(group, permutations=known.permutations[same], element_names=named)


def _one_line(names: tuple[str, ...]) -> NDArray[np.int32] | None:
    """(n, k) the elements as permutations of 0 … k−1, where their names are one-line forms from 0 or from 1."""
    rows = [[int(number) for number in re.findall(r"\d+", name)] for name in names]
    if not rows or not rows[0] or len({len(row) for row in rows}) != 1:
        return None
    found = np.array(rows)
    found -= found.min()
    if not (np.sort(found, axis=1) == np.arange(found.shape[1])).all() or len(np.unique(found, axis=0)) < len(found):
        return None
    return found.astype(np.int32)


def _acts(group: Group, action: NDArray[np.int32]) -> bool:
    """Is (gx)·b = g·(x·b) for generators g, all x and b?"""
    return all(np.array_equal(action[group.table[g]], action[g][action]) for g in group.generators)
