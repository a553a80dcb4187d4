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
        A `Group`; a name (`rhoset.groups.group`); an (n, n) table of integers as array, lists or data frame, whose
        columns may name the elements; a path of a table; a
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
    if hasattr(value, "columns") and callable(getattr(value, "to_numpy", None)):
        return _from_frame(value)
    own = getattr(value, "group", None)
    if isinstance(own, Group):
        return own
    if isinstance(value, np.ndarray | list | tuple) and len(value):
        return Group(f"group of order {len(value)}", value)  # type: ignore[arg-type]
    raise RhosetError(f"{kind_of(value)} is no group; expected {SAID}", slug="bad-argument")


def _from_frame(frame: Any) -> Group:
    """The group of a data frame (pandas, polars): indices, or names that are also those of the columns, in order."""
    entries, names = np.asarray(frame.to_numpy()), [str(name) for name in frame.columns]
    if entries.dtype.kind in "iu":
        return Group(f"group of order {len(entries)}", entries)
    place = {name: k for k, name in enumerate(names)}
    unknown = sorted({str(entry) for entry in entries.flat} - set(place))
    if unknown or len(place) != len(entries):
        raise RhosetError(
            f"the table names {unknown[0] if unknown else 'elements'!r}, which is no column's name; give indices from"
            " 0, or element names in the columns' order",
            slug="table-not-closed",
        )
    table = np.array([[place[str(entry)] for entry in row] for row in entries], dtype=np.int32)
    return Group(f"group of order {len(table)}", table, tuple(names))


take("Group", as_group, SAID)
