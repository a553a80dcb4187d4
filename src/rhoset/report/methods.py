"""Families of methods, as the report groups and draws certificates by them."""

from __future__ import annotations

from collections.abc import Sequence

METHODS = ("exhaustive", "gaps", "circles", "points", "lowrank", "irrep", "equivariant", "orbit", "coset", "paper")
"""Families of methods, in the order of the palette; others follow by name."""


def method_family(method: str) -> str:
    """The family that a mark stands for: `gaps-even` would be drawn as `gaps`; a method unknown here is its own."""
    return next((known for known in METHODS if method.startswith(known)), method)


def method_domain(families: Sequence[str]) -> tuple[str, ...]:
    """The methods that have a colour: those known here, then the others of a figure by name."""
    return (*METHODS, *sorted(set(families) - set(METHODS)))
