"""The slugs of the errors that a room's source makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from rhoset.errors import RhosetError

SOURCE = Path(__file__).resolve().parents[2] / "src" / "rhoset"


def slugs_of(*places: str) -> set[str]:
    """All slugs in these folders or modules of the source."""
    found: set[str] = set()
    for place in places:
        path = SOURCE / place
        for module in path.rglob("*.py") if path.is_dir() else [path]:
            found |= set(re.findall(r'slug="([a-z-]+)"', module.read_text(encoding="utf-8")))
    return found


def assert_raises(slug: str, call: Callable[[], object]) -> None:
    """The call raises the error with this slug, in one line."""
    with pytest.raises(RhosetError) as caught:
        call()
    assert caught.value.slug == slug
    assert "\n" not in str(caught.value)


def assert_all_tested(cases: Iterable[str], *places: str) -> None:
    """Each slug of the places is among the cases, and no other."""
    assert set(cases) == slugs_of(*places)
