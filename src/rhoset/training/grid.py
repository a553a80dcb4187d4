"""Grids of settings in a TOML file, as sweeps and studies write them: every combination of the values in [grid]."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from rhoset.errors import RhosetError
from rhoset.groups import Group, group
from rhoset.reading import read_text

MOST_COMBINATIONS = 100_000
"""Of one grid: each is a folder."""


@dataclass(frozen=True)
class GridFile:
    """How a kind of file, a sweep or a study, is read, and the slug of what is wrong in one."""

    kind: str
    slug: str

    def bad(self, what: str) -> NoReturn:
        """Raise the error."""
        raise RhosetError(what, slug=self.slug)

    def read(self, path: str | Path) -> str:
        """The text of a file."""
        return read_text(path, f"a {self.kind} in TOML", self.slug)

    def parsed(self, text: str) -> dict[str, Any]:
        """What the text says."""
        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.bad(f"not a readable TOML file ({error})")

    def known(self, of: Any, keys: Sequence[str], where: str) -> None:
        """Refuse what is no table, or has other keys."""
        if not isinstance(of, dict):
            self.bad(f"{where} stands {of!r}; it must be a table")
        for key in of:
            if key not in keys:
                self.bad(f"{key!r} is not known {where}; known are {', '.join(keys)}")

    def whole(self, of: Mapping[str, Any], key: str, default: int, least: int, within: str = "") -> int:
        """A whole number from `least` on; `within` names the table."""
        value = of.get(key, default)
        if type(value) is not int or value < least:
            self.bad(f"{within}{key} is {value!r}; it must be a whole number ≥ {least}")
        return value

    def combinations(self, grid: Any, fixed: Any) -> Iterator[tuple[dict[str, Any], Group]]:
        """Every combination of the grid's values with its group, the last key fastest; groups are built before the
        first. `fixed` are the [settings] that are the same everywhere."""
        if not isinstance(grid, dict) or not isinstance(fixed, dict):
            self.bad("[grid] and [settings] must be tables")
        if "group" not in grid:
            self.bad(f"a {self.kind} needs [grid] with at least group = [names]")
        for key, values in grid.items():
            if not isinstance(values, list) or not values:
                self.bad(f"grid.{key} is {values!r}; it must be a list with at least one value")
            if key in fixed:
                self.bad(f"{key} is both in [settings] and in [grid]; leave it in one of them")
            if len({_hashable(value) for value in values}) < len(values):
                self.bad(f"grid.{key} has a value twice, so that two of its combinations are the same; leave one out")
        count = math.prod(map(len, grid.values()))
        if count > MOST_COMBINATIONS:
            self.bad(f"[grid] has {count} combinations; a {self.kind} has at most {MOST_COMBINATIONS}: divide it")
        groups = {str(name): group(str(name)) for name in grid["group"]}
        for combination in itertools.product(*grid.values()):
            named = dict(zip(grid, combination, strict=True))
            yield named, groups[str(named["group"])]


def _hashable(value: Any) -> Any:
    """Equal for equal values of a TOML file."""
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    return tuple(sorted((k, _hashable(v)) for k, v in value.items())) if isinstance(value, dict) else value


def plain(name: str, letters: str = "-_.(),") -> str:
    """The name with a line in place of what no file name should hold."""
    return "".join(c if c.isalnum() or c in letters else "_" for c in name)
