"""What to construct: one plan for each circuit, and the ρ-sets it stands on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups import (
    Group,
    PointSet,
    RhoSet,
    gset_from_permutations,
    irrep,
    natural_gset,
    rho_set_families,
)
from rhoset.groups.permutations import parities

NATURAL = "natural"
"""Name of the plan on the group's natural action, for groups too large for their irreps."""

SIGN = "sign"
"""Name of the plan on the parity of the group's natural permutations."""


MOST = 10_080
"""Largest count in a plan: the largest order of a group."""


@dataclass(frozen=True)
class CircuitPlan:
    """One circuit to construct.

    Attributes
    ----------
    irrep
        Name of a real irrep of the group; or ``natural``: the points of the group's natural action
        in the permutation representation less its trivial part, which is one irrep when the action
        is 2-transitive; or ``sign``: the parity of the natural permutations. The last two, and
        ``[k-1,1]`` of S_k, need no irreps and so work for groups of any order.
    size
        Points of the ρ-set; the least one when left out.
    directions
        Number of vectors a, so of neurons in each slot.
    split
        From 0 to below 1. Above 0 each neuron is divided into two, with vectors a + δ and a − δ
        and δ drawn anew for each slot; this share of the way to where the values on the points
        change their order. The circuit stays exactly bi-equivariant.
    rows, columns
        Numbers of rows and of columns of slots that are kept; all when left out. Both: a block.
    strength
        Weight beside the other circuits.
    left_set
        B, whatever `irrep` and `size` say; any `PointSet` will do: a `RhoSet`, or `PointSet.simplex` of a transitive
        G-set.
    right_set
        C; −B where left out.
    paired
        Give every neuron a twin with −a, so that the two together are |l + r|. The linear half of
        ReLU, which a full circuit cancels, is then gone slot by slot. By default only where slots
        are missing.

    Raises
    ------
    RhosetError
        A number out of its range (slug ``bad-plan``).
    """

    irrep: str
    size: int | None = None
    directions: int = 1
    split: float = 0.0
    rows: int | None = None
    columns: int | None = None
    strength: float = 1.0
    paired: bool | None = None
    left_set: PointSet | None = field(default=None, compare=False)
    right_set: PointSet | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name in ("size", "directions", "rows", "columns"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= MOST:
                raise RhosetError(f"circuit {self.irrep}: {name} is {value}, expected 1 to {MOST:,}", slug="bad-plan")
        if not 0 <= self.split < 1:
            raise RhosetError(
                f"circuit {self.irrep}: split is {self.split}, expected 0 to below 1",
                slug="bad-plan",
            )
        if not 0 < self.strength < np.inf:
            raise RhosetError(
                f"circuit {self.irrep}: strength is {self.strength}, expected a positive number",
                slug="bad-plan",
            )


@public
def parse_plan(text: str) -> CircuitPlan:
    """A plan from ``IRREP`` or ``IRREP:KEY=VALUE,…`` with the fields of `CircuitPlan`.

    Raises RhosetError (slug ``bad-plan``).

    Examples
    --------
    >>> parse_plan("[4,1]:rows=3,split=0.2").rows
    3
    """
    irrep, _, rest = text.partition(":")
    kinds: dict[str, Callable[[str], Any]] = {f.name: int for f in fields(CircuitPlan)}
    kinds |= {"split": float, "strength": float, "paired": _truth}
    for name in ("irrep", "left_set", "right_set"):
        del kinds[name]
    options: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        try:
            options[key.strip()] = kinds[key.strip()](value)
        except (KeyError, ValueError):
            raise RhosetError(
                f"circuit {text!r}: cannot read {part!r}; write IRREP:KEY=VALUE,… with keys {', '.join(kinds)}",
                slug="bad-plan",
            ) from None
    return CircuitPlan(irrep.strip(), **options)


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text.strip().lower()]


def point_set(group: Group, plan: CircuitPlan) -> PointSet:
    """The ρ-set B of a plan.

    Raises
    ------
    RhosetError
        The group has no such irrep (slug ``unknown-irrep``), the irrep no ρ-set of that size
        (``unknown-rho-set``), or the group no natural action (``no-natural-action``).

    Notes
    -----
    ``natural``, ``sign`` and ``[k-1,1]`` of S_k cost n·k; any other name needs the irreps and the
    subgroups of the group.
    """
    name = plan.irrep
    natural = re.fullmatch(r"\[(\d+),1\]", name.replace(" ", ""))
    standard = natural and group.name == f"S{int(natural[1]) + 1}" and group.permutations is not None
    found: PointSet
    if standard or name == NATURAL:
        found = PointSet.simplex(natural_gset(group))
    elif name == SIGN:
        found = _sign(group)
    else:
        found = _from_irrep(group, plan)
    if plan.size not in (None, found.size):
        if name in (NATURAL, SIGN):
            raise _no_size(group, plan, [found.size])
        found = _from_irrep(group, plan)
    return found


def _sign(group: Group) -> PointSet:
    odd = parities(natural_gset(group).action)
    if not odd.any():
        raise RhosetError(f"{group.name} has only even permutations, so no irrep {SIGN!r}", slug="unknown-irrep")
    gset = gset_from_permutations(group, np.column_stack([odd, 1 - odd]))
    return PointSet(gset, np.array([[1.0], [-1.0]]))


def _from_irrep(group: Group, plan: CircuitPlan) -> RhoSet:
    try:
        found = irrep(group, plan.irrep)
    except RhosetError as error:
        hint = f"; {NATURAL} stands for the natural action" if error.slug == "unknown-irrep" else ""
        raise RhosetError(f"{error}{hint}", slug=error.slug) from None
    families = rho_set_families(group, found)
    for family in families:
        if plan.size in (None, family.size):
            return family.rho_set()
    raise _no_size(group, plan, sorted({family.size for family in families}))


def _no_size(group: Group, plan: CircuitPlan, sizes: list[int]) -> RhosetError:
    return RhosetError(
        f"{group.name}: irrep {plan.irrep} has no ρ-set of {plan.size} points; sizes are"
        f" {', '.join(str(size) for size in sizes)}",
        slug="unknown-rho-set",
    )
