"""What stands for a group where a function wants one."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rhoset.arguments import kind_of, take
from rhoset.errors import RhosetError
from rhoset.groups.names import group
from rhoset.groups.permutations import permutation_group
from rhoset.groups.table import Group
from rhoset.groups.tablefile import table_from_file

SAID = "a Group, a name such as 'S5', a table, the path of one, a permutation group of sympy, or a Network"
"""What `as_group` takes."""


def as_group(value: Any) -> Group:
    """The group that a value means.

    Parameters
    ----------
    value
        A `Group`; a name (`rhoset.groups.group`); an (n, n) table of integers as array or lists; a path of a table; a
        permutation group of sympy (anything with ``generators`` that have an ``array_form``); a network or whatever
        else has a ``group``.

    Raises
    ------
    RhosetError
        It means none (slug ``bad-argument``), or what `Group` and `group` raise.

    Examples
    --------
    >>> as_group([[0, 1], [1, 0]]).order
    2
    """
    if isinstance(value, Group):
        return value
    if isinstance(value, str):
        return group(value)
    if isinstance(value, os.PathLike):
        return table_from_file(value)
    forms: list[Any] = [getattr(g, "array_form", None) for g in getattr(value, "generators", None) or ()]
    if forms and all(isinstance(form, list) for form in forms):
        return permutation_group(forms)
    own = getattr(value, "group", None)
    if isinstance(own, Group):
        return own
    listed = isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)
    if listed and len(value):
        return Group(f"group of order {len(value)}", value)
    raise RhosetError(f"{kind_of(value)} is no group; expected {SAID}", slug="bad-argument")


take("Group", as_group, SAID)
