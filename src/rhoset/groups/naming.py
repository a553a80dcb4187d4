"""Families of groups that a name means: each is one function of numbers, under the pattern of its names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from rhoset.errors import RhosetError
from rhoset.groups.table import Group

Maker = TypeVar("Maker", bound=Callable[..., Group])


@dataclass(frozen=True)
class Family:
    """Groups called alike.

    Attributes
    ----------
    pattern
        Of their names: ``C<p>^<k>`` has two numbers.
    meaning
        What they are, for a list.
    example
        A name.
    """

    pattern: str
    meaning: str
    example: str


@dataclass(frozen=True)
class _Named:
    family: Family
    form: re.Pattern[str]
    make: Callable[..., Group]


_named: list[_Named] = []


def family(pattern: str, meaning: str, example: str, *also: str) -> Callable[[Maker], Maker]:
    """Decorator that makes a function of whole numbers the family of the groups called after the pattern.

    Parameters
    ----------
    pattern
        Letters with a number in each ``<…>``, such as ``Dic<n>``: the function's arguments in turn.
    meaning, example
        For `rhoset groups list` and for the answer to names that nobody understands.
    also
        Other patterns that mean the same.

    Raises
    ------
    RhosetError
        The example is a name of another family, or none of the pattern (slug ``bad-family``).

    Notes
    -----
    From then on every argument that takes a group's name takes these, products of them too; the same pattern again
    replaces the function. Nothing is built here.
    """

    def add(make: Maker) -> Maker:
        forms = [re.compile(re.sub(r"<\w+>", r"(\\d{1,9})", re.escape(one))) for one in (pattern, *also)]
        others = [known for known in _named if known.family.pattern != pattern]
        if not forms[0].fullmatch(example) or any(known.form.fullmatch(example) for known in others):
            raise RhosetError(
                f"family {pattern!r}: the example {example!r} must be a name of the pattern that no other family has",
                slug="bad-family",
            )
        _named[:] = [*others, *(_Named(Family(pattern, meaning, example), form, make) for form in forms)]
        return make

    return add


def families() -> tuple[Family, ...]:
    """The families there are, in the order in which they were added."""
    return tuple(dict.fromkeys(known.family for known in _named))


def is_of_a_family(name: str) -> bool:
    """Has a family groups of such a name? Nothing is built."""
    return any(known.form.fullmatch(name) for known in _named)


def of_a_family(name: str) -> Group | None:
    """The group of that name where a family has it."""
    for known in _named:
        if match := known.form.fullmatch(name):
            return known.make(*map(int, match.groups()))
    return None
