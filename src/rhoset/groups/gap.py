"""Groups of GAP's small-groups library, with the optional extra ``rhoset[gap]``."""

from __future__ import annotations

from typing import Any

import numpy as np

from rhoset.errors import RhosetError, needing
from rhoset.groups.laws import require_order
from rhoset.groups.permutations import table_from_left
from rhoset.groups.table import Group


def small_group(order: int, number: int) -> Group:
    """SmallGroup(order, number), elements in the order of GAP's ``AsSSortedList``.

    Raises
    ------
    MissingExtra
        Without passagemath-gap.
    RhosetError
        ``unknown-group`` when the library has no such group; ``table-too-large``.

    Notes
    -----
    GAP gives the right multiplication by generators; the table is built here from them. Starting
    GAP takes some seconds, once a process.
    """
    name = f"SmallGroup({order},{number})"
    require_order(name, order)
    libgap = _libgap(name)
    try:
        known = bool(libgap.eval(f"SmallGroupsAvailable({order})"))
        count = int(libgap.eval(f"NumberSmallGroups({order})")) if known else 0
    except Exception as problem:
        raise RhosetError(
            f"{name}: GAP could not answer ({problem}); is its library of small groups installed?",
            slug="gap-failed",
        ) from None
    if not 1 <= number <= count:
        raise RhosetError(
            f"{name}: GAP's library has {count} groups of order {order};"
            + (f" choose a number from 1 to {count}" if count else " choose another order"),
            slug="unknown-group",
        )
    moves, names, identity = _left_moves(libgap, order, number)
    return Group(
        name,
        table_from_left(moves, order, identity),
        names,
        "GAP's AsSSortedList order; the table's row is the left factor of GAP's product",
    )


def _left_moves(libgap: Any, order: int, number: int) -> tuple[list[Any], tuple[str, ...], int]:
    """Left multiplication by each generator as index lists, element names, identity."""
    code = (
        "function(n, k) local g, e, gens; g := SmallGroup(n, k); e := AsSSortedList(g);"
        " gens := GeneratorsOfGroup(g);"
        " return [List(gens, s -> List(e, x -> PositionSorted(e, s*x))), List(e, String),"
        " PositionSorted(e, One(g))]; end"
    )
    function = libgap.eval(code)
    moves, names, identity = function(order, number)
    return (
        [np.array([int(i) - 1 for i in move], dtype=np.int32) for move in moves],
        tuple(str(name).strip('"').replace("<identity> of ...", "1") for name in names),
        int(identity) - 1,
    )


def _libgap(what: str) -> Any:
    with needing(what, "gap"):
        import passagemath_gap  # noqa: F401
        from sage.libs.gap.libgap import libgap
    return libgap
