"""One obligation of the checker, taken out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Weakness:
    """Text of one file of the checker, what replaces it, the attacks that must then find a bound above the truth."""

    file: str
    line: str
    instead: str
    attacks: tuple[str, ...]
    kinds: tuple[str, ...] = ("accuracy", "no group")
    """What is wrong then: accuracy, margin, loss, no group."""
