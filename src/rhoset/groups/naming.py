"""Families of groups that a name means: each is one function of numbers, under the pattern of its names."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups.laws import require_order
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
    order: Callable[..., int] | None


_named: list[_Named] = []


def family(
    pattern: str, meaning: str, example: str, *also: str, order: Callable[..., int] | None = None
) -> Callable[[Maker], Maker]:
    """Decorator that makes a function of whole numbers the family of the groups called after the pattern.

    Parameters
    ----------
    pattern
        Letters with a number in each ``<…>``, such as ``Dic<n>``: the function's arguments in turn.
    meaning, example
        For `rhoset groups list` and for the answer to names that nobody understands.
    also
        Other patterns that mean the same.
    order
        The group's order, from the numbers alone; below 1 where there is no such group. With it a group that is too
        large is refused before anything is made of it.

    Raises
    ------
    RhosetError
        The example is a name of another family, or none of the pattern (slug ``bad-family``).

    Notes
    -----
    From then on every argument that takes a group's name takes these, products of them too; the same pattern again
    replaces the function. Nothing is built here. The function that is decorated checks the order too.
    """

    def add(function: Maker) -> Maker:
        make = function if order is None else _checked(function, pattern, order)
        forms = [re.compile(re.sub(r"<\w+>", r"(\\d{1,9})", re.escape(one))) for one in (pattern, *also)]
        others = [known for known in _named if known.family.pattern != pattern]
        if not forms[0].fullmatch(example) or any(known.form.fullmatch(example) for known in others):
            raise RhosetError(
                f"family {pattern!r}: the example {example!r} must be a name of the pattern that no other family has",
                slug="bad-family",
            )
        _named[:] = [*others, *(_Named(Family(pattern, meaning, example), form, make, order) for form in forms)]
        return make

    return add


def _checked(make: Maker, pattern: str, order: Callable[..., int]) -> Maker:
    """The function, which refuses numbers that no group has, and those whose table would be too large; called with as
    many numbers as the pattern has."""
    signature = inspect.signature(make)

    @functools.wraps(make)
    def checked(*arguments: object, **options: object) -> Group:
        given = signature.bind(*arguments, **options).arguments.values()
        numbers = [value for value in given if hasattr(value, "__index__")]
        if len(numbers) != pattern.count("<"):  # of another pattern of the same function
            return make(*arguments, **options)
        each = iter(numbers)
        name = re.sub(r"<\w+>", lambda _: str(next(each)), pattern)
        size = order(*numbers)
        if size < 1:
            raise RhosetError(f"{name}: the parameter must be at least 1", slug="unknown-group")
        require_order(name, size)
        return make(*arguments, **options)

    return cast(Maker, public(checked))


def families() -> tuple[Family, ...]:
    """The families there are, in the order in which they were added."""
    return tuple(dict.fromkeys(known.family for known in _named))


def is_of_a_family(name: str) -> bool:
    """Has a family groups of such a name? Nothing is built."""
    return any(known.form.fullmatch(name) for known in _named)


def order_by_name(name: str) -> int | None:
    """The order of the group that a family has under a name, where the family states it; nothing is built."""
    for known in _named:
        if known.order is not None and (match := known.form.fullmatch(name)):
            return known.order(*map(int, match.groups()))
    return None


def of_a_family(name: str) -> Group | None:
    """The group of that name where a family has it."""
    for known in _named:
        if match := known.form.fullmatch(name):
            return known.make(*map(int, match.groups()))
    return None
