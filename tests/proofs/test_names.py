"""Theorems have the same numbers and names in the checker's THEOREMS.md, in the proofs, and on the page about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROOFS = ROOT / "proofs"
NAMED = re.compile(r"\b(Theorem|Lemma) (\d+)(?: \(([^)]+)\))?")
CHECKED = {("Theorem", str(n)) for n in (1, 3, 4, 8, 9, 10)} | {("Lemma", str(n)) for n in (1, 2, 3, 4, 5, 8, 11, 12)}
"""What the proofs hold of THEOREMS.md."""


def statements() -> dict[tuple[str, str], str]:
    """Kind and number of each statement of THEOREMS.md, with its name ("" where it has none)."""
    text = (ROOT / "src" / "rhoset_check" / "THEOREMS.md").read_text()
    found = re.findall(r"\*\*(Theorem|Lemma) (\d+)(?: \(([^)]+)\))?[.:]?\*\*", text)
    return {(kind, number): name for kind, number, name in found}


def mentions(path: Path) -> set[tuple[str, str, str]]:
    return {(kind, number, name) for kind, number, name in NAMED.findall(path.read_text())}


def differing(found: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Mentions that THEOREMS.md does not have so."""
    known = statements()
    return {m for m in found if m[:2] not in known or (m[2] and not same(m[2], known[m[:2]]))}


def same(said: str, name: str) -> bool:
    """What is said after a number is the name, or begins with it ("exact, for factors")."""
    return said.partition(",")[0].strip() == name


def test_the_list_is_read():
    assert statements()["Theorem", "1"] == "exact"
    assert len(statements()) > 12
    assert differing({("Theorem", "1", "pairs")})
    assert differing({("Lemma", "99", "")})


@pytest.mark.parametrize("path", [*sorted(PROOFS.glob("*.v")), ROOT / "docs" / "proofs.md"], ids=lambda path: path.name)
def test_numbers_and_names_are_the_checkers(path: Path):
    assert not differing(mentions(path))


def test_the_proofs_hold_what_is_said():
    held = {m[:2] for path in PROOFS.glob("*.v") for m in mentions(path)}
    assert held == CHECKED
    page = {m[:2] for m in mentions(ROOT / "docs" / "proofs.md")}
    assert page >= CHECKED


def test_every_main_theorem_is_printed():
    """Each theorem of Theorems.v is among those whose assumptions the build prints."""
    names = re.findall(r"^Theorem (\w+)", (PROOFS / "Theorems.v").read_text(), flags=re.M)
    printed = (PROOFS / "Assumptions.v").read_text()
    missing = [name for name in names if f"Print Assumptions {name}." not in printed]
    assert not missing
