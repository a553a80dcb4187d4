"""Arguments of public functions: checked by their annotations, and taken as a user would pass them.

A function under `public` gets what its annotations say, or raises one line that says what was given and what would be
right. Where it wants a `Network` or a `Group`, whatever means one will do: the rooms register what that is. `page` does
it to all functions that a room exports, so that inside the room they call each other unchecked.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any, TypeVar, cast

from rhoset.errors import RhosetError

Function = TypeVar("Function", bound=Callable[..., Any])

_takers: dict[str, tuple[Callable[[Any], Any], str]] = {}


def take(name: str, taker: Callable[[Any], Any], said: str) -> None:
    """Register what turns other values into a type of that name.

    Parameters
    ----------
    name
        Of the type, as annotations write it.
    taker
        Returns the value, or raises RhosetError.
    said
        What it takes, for errors.
    """
    _takers[name] = taker, said


def public(function: Function) -> Function:
    """Check the arguments of a function by its annotations.

    Checked are numbers, texts, truth values, paths, sequences, mappings, and types by their names; annotations of other
    kinds are left to the function. Raises RhosetError (slug ``bad-argument``).
    """
    signature = inspect.signature(function)
    wanted = {
        name: _parts(parameter.annotation)
        for name, parameter in signature.parameters.items()
        if isinstance(parameter.annotation, str)
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    wanted = {
        name: parts
        for name, parts in wanted.items()
        if all(_known(part) and not _is_alias(part, function) for part in parts)
    }

    by_place = [p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]

    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        given = dict(zip(by_place, arguments, strict=False)) | options
        if all(any(_fits(value, part) for part in wanted[name]) for name, value in given.items() if name in wanted):
            return function(*arguments, **options)
        try:
            bound = signature.bind(*arguments, **options)
        except TypeError:
            return function(*arguments, **options)  # says it with the function's name
        for name in bound.arguments.keys() & wanted.keys():
            bound.arguments[name] = _taken(function.__name__, name, bound.arguments[name], wanted[name])
        return function(*bound.args, **bound.kwargs)

    setattr(called, _CHECKED, True)
    return cast(Function, called)


_CHECKED = "_arguments_are_checked"
"""Mark of functions under `public`."""


def page(names: dict[str, Any]) -> None:
    """Check the arguments of all functions that a room's page exports, types first and then whether they fit together.

    Parameters
    ----------
    names
        ``globals()`` of the page, once everything is imported; the functions in it are replaced.

    An exported function then raises RhosetError (slug ``bad-argument``) for a value of a wrong type, and for arguments
    that it fails on: shapes that differ, elements that are not there. The error from inside is its ``__cause__``.
    """
    home = names["__name__"]
    for name, value in list(names.items()):
        if inspect.isfunction(value) and not name.startswith("_") and not hasattr(value, _CHECKED):
            names[name] = _fitting(public(value), home)


def _fitting(function: Function, home: str) -> Function:
    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except UNFIT as error:
            if isinstance(error, TypeError) and not _binds(function, arguments, options):
                raise  # Python says it with the function's name
            given = ", ".join(map(kind_of, (*arguments, *options.values())))
            said = f"{type(error).__name__}: {error}" if isinstance(error, LookupError) else str(error)
            raise RhosetError(
                f"{function.__name__}: what was given does not fit together ({said}); it was {given}",
                slug="bad-argument",
            ) from error

    called.__module__ = home  # where it is found by name, for other processes
    return cast(Function, called)


UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a function raises from inside for arguments that do not fit together."""


def _binds(function: Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(function).bind(*arguments, **options)
    except TypeError:
        return False
    return True


def _taken(function: str, name: str, value: Any, parts: tuple[str, ...]) -> Any:
    if any(_fits(value, part) for part in parts):
        return value
    taking = [part for part in parts if part in _takers]
    if taking:
        try:
            return _takers[taking[0]][0](value)
        except RhosetError as error:
            if error.slug != "bad-argument":
                raise
    expected = " or ".join(dict.fromkeys(_takers[part][1] if part in _takers else _said(part) for part in parts))
    raise RhosetError(f"{function}: {name} is {kind_of(value)}; expected {expected}", slug="bad-argument")


def kind_of(value: Any) -> str:
    """What a value is, for an error: its type, and the value itself where that is short."""
    name = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, str | int | float | bool):
        text = repr(value)
        return f"the {name} {text if len(text) <= 60 else text[:60] + '…'}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


_ARRAYS = ("ArrayLike", "NDArray", "Array", "FloatArray", "Floats", "IntArray")
_PATHS = ("Path", "Place", "os.PathLike[str]")
_SAID = {
    "bytes": "bytes", "Callable": "a function", "Collection": "a list",
    "int": "a whole number", "float": "a number", "str": "a text", "bool": "True or False", "None": "None",
    "Sequence": "a list", "Mapping": "a mapping", "Iterable": "a list",
} | dict.fromkeys(_PATHS, "a path that is not empty") | dict.fromkeys(_ARRAYS, "an array of numbers")  # fmt: skip


def _parts(annotation: str) -> tuple[str, ...]:
    """The alternatives of an annotation, split at the outer bars."""
    parts, depth = [""], 0
    for letter in annotation:
        depth += (letter in "[(") - (letter in "])")
        if letter == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    found = tuple(part.strip() for part in parts)
    paths = any(part in _PATHS for part in found)  # a text is a path then, and no path is empty
    return tuple(part for part in found if part != "str") if paths else found


def _known(part: str) -> bool:
    head = part.partition("[")[0]
    return (
        part in _SAID
        or head in _SAID
        or (head.isidentifier() and head[0].isupper() and part == head and head not in _OPEN)
    )


def _is_alias(part: str, function: Callable[..., Any]) -> bool:
    """Whether the name stands for no class where the function is written, but for another annotation."""
    meant = getattr(function, "__globals__", {}).get(part)
    return part not in _SAID and meant is not None and not isinstance(meant, type)


_OPEN = ("Any", "Target", "Self", "Tensors", "Progress", "Attempt", "Told", "Row")
"""Names in annotations that stand for no class, so that nothing is checked by them."""


def _said(part: str) -> str:
    head = part.partition("[")[0]
    if part in _SAID or head in _SAID:
        return _SAID.get(part) or _SAID[head]
    return f"{'an' if head[0] in 'AEIOU' else 'a'} {head}"


def _fits(value: Any, part: str) -> bool:
    return _test(part)(value)


@functools.cache
def _test(part: str) -> Callable[[Any], bool]:
    """Whether a value is what one alternative of an annotation says."""
    head = part.partition("[")[0]
    if part == "None":
        return lambda value: value is None
    if part in _PATHS:
        return _is_path
    if head in _ARRAYS:
        return _is_numeric
    if part == "bool":
        return _is_truth
    if part in ("str", "bytes"):
        return lambda value: isinstance(value, str if part == "str" else bytes)
    if part in ("int", "float"):
        return lambda value: _is_number(value, whole=part == "int")
    if head == "Callable":
        return callable
    if head in ("Sequence", "Iterable", "Collection"):
        inner = _parts(part.partition("[")[2].removesuffix("]"))
        unordered = (Mapping, Set) if head == "Sequence" else ()
        return lambda value: not isinstance(value, unordered) and _is_listed(value, inner)
    if head == "Mapping":
        return lambda value: isinstance(value, Mapping)
    return lambda value: type(value).__name__ == head or any(base.__name__ == head for base in type(value).__mro__)


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and os.fspath(value) != "" and "\0" not in str(os.fspath(value))


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")


def _is_number(value: Any, *, whole: bool) -> bool:
    if _is_truth(value):
        return False
    if hasattr(value, "__index__") and not hasattr(value, "__len__"):
        return True
    return (not whole and isinstance(value, float)) or (not whole and hasattr(value, "dtype") and _is_floating(value))


def _is_listed(value: Any, inner: tuple[str, ...]) -> bool:
    """A list, and where it can be gone through again its elements are what they should be."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes) or getattr(value, "ndim", 1) == 0:
        return False
    kind = getattr(getattr(value, "dtype", None), "kind", "O")
    if kind != "O" and inner in (("int",), ("float",)):  # an array of numbers
        return kind in ("iu" if inner == ("int",) else "iuf")
    checked = all(map(_known, inner)) and not isinstance(value, Iterator)
    return not checked or all(any(_fits(item, part) for part in inner) for item in value)


def _is_numeric(value: Any) -> bool:
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return getattr(value.dtype, "kind", "f") in "biufc"
    import numpy as np

    try:
        return np.asarray(value).dtype.kind in "biufc"
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return False


def _is_floating(value: Any) -> bool:
    return getattr(value, "shape", None) == () and getattr(value.dtype, "kind", "") == "f"
