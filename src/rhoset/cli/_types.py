"""Types of options: every range is checked where the option is read, with one line that says it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rhoset.reading import no_file

MOST_SEED = 2**63 - 1
"""Largest seed, that of PyTorch."""

MOST_WORKERS = 1024
"""Most processes or threads that may be asked for."""

if TYPE_CHECKING:
    _Type = click.ParamType[Any]
else:
    _Type = click.ParamType

SEED = click.IntRange(0, MOST_SEED)
WORKERS = click.IntRange(1, MOST_WORKERS)


class Number(_Type):
    """A finite number in a range; NaN and infinities, which click lets through, are refused.

    Parameters
    ----------
    low, high
        The range.
    open_low
        `low` itself is outside.
    """

    name = "number"

    def __init__(self, low: float = -math.inf, high: float = math.inf, *, open_low: bool = False) -> None:
        self.low, self.high, self.open_low = low, high, open_low

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        inside = self.low < number if self.open_low else self.low <= number
        if not (inside and number <= self.high and math.isfinite(number)):
            self.fail(f"{value!r} is not {self.said()}.", param, ctx)
        return number

    def said(self) -> str:
        """The range in words."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            first = f"above {self.low:g}, up to" if self.open_low else f"from {self.low:g} to"
            return f"a number {first} {self.high:g}"
        if math.isfinite(self.low):
            return (
                f"a finite number above {self.low:g}" if self.open_low else f"a finite number of at least {self.low:g}"
            )
        return "a finite number"


class Target(Number):
    """``exact``, or an accuracy from 0 to 1."""

    name = "target"

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == "exact" else super().convert(value, param, ctx)

    def said(self) -> str:
        return "'exact' or an accuracy from 0 to 1"


class Writable(_Type):
    """A place to write to: no ``-``, which commands do not write to, and no folder where a file is meant.

    A folder may be new, with those above it; a file goes into a folder that is there.

    Parameters
    ----------
    folder
        The place is a folder that may exist; otherwise it is a file.
    either
        The place may be either.
    """

    name = "path"

    def __init__(self, *, folder: bool = False, either: bool = False) -> None:
        self.folder, self.either = folder, either

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        text = str(value)
        if text == "-":
            self.fail(
                "'-', the standard output, is not written to: it is for what the command says. Give a file, or ./- for"
                " one of that name.",
                param,
                ctx,
            )
        if not text or "\0" in text:
            self.fail(f"{text!r} is no path.", param, ctx)
        path = Path(text)
        try:
            is_folder, is_there = path.is_dir(), path.exists()
        except OSError as error:
            self.fail(f"{text!r}: {error.strerror or error}.", param, ctx)
        if not self.either and not self.folder and is_folder:
            self.fail(f"{text!r} is a folder; give a file.", param, ctx)
        if other := no_file(path):
            self.fail(f"{text!r} {other}; give the name of a {'folder' if self.folder else 'file'}.", param, ctx)
        if self.folder and is_there and not is_folder:
            self.fail(f"{text!r} is a file; give a folder.", param, ctx)
        if self.folder or is_folder:
            return path
        from rhoset.networks.atomic import require_writable

        return require_writable(path)


FILE, FOLDER, EITHER = Writable(), Writable(folder=True), Writable(either=True)
