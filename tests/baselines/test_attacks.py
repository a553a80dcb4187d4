"""No bound of a baseline is above the truth, whatever the certificate says; and each obligation, removed, is caught."""

from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from baselines.attacks import ATTACKS
from baselines.small import margins, write_case

import rhoset_check_baselines

TRIES = 30
"""Cases of an attack."""
SLACK = 1e-9
"""A margin that is truly 0 may come out of the plain evaluation so far off."""


def fault(checker: ModuleType, attack: str, number: int, folder: Path) -> str | None:
    """What is false in the checker's verdict on one case, or None."""
    case = ATTACKS[attack](np.random.default_rng([number, len(attack)]))
    verdict = checker.check(*write_case(folder, case))
    assert verdict.status in ("accepted", "rejected")
    true = margins(case.network)
    if verdict.right > int((true > -SLACK).sum()):
        return f"{attack} {number}: {verdict.right} right, truly {(true > 0).sum()}"
    if verdict.valid and verdict.margin_bound > true.min() + SLACK:
        return f"{attack} {number}: least margin {verdict.margin_bound}, truly {true.min()}"
    return None


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_bound_above_the_truth(attack: str, tmp_path: Path) -> None:
    for number in range(TRIES):
        assert fault(rhoset_check_baselines, attack, number, tmp_path) is None


@dataclass(frozen=True)
class Weakness:
    """A line of a rule, what stands there without its obligation, and an attack that must then get through."""

    file: str
    line: str
    instead: str
    attack: str


WEAKNESSES = {
    "coset: one logit of two": Weakness(
        "coset.py", "up(2 * up(self.longest", "up(1 * up(self.longest", "coset: tilted"
    ),
    "coset: readings believed": Weakness(
        "coset.py", "self.longest * rest", "0 * rest", "coset: moved"
    ),
    "coset: left-over neurons forgotten": Weakness(
        "coset.py", "self.longest * rest", "0 * rest", "coset: left over"
    ),
    "coset: what is written believed": Weakness(
        "coset.py", "self.apart * held.length()", "0", "coset: tilted"
    ),
    "coset: never silent": Weakness(
        "coset.py", " - (own * off) @ (1 - inside)", "", "coset: speaking"
    ),
    "coset: the loudest": Weakness(
        "coset.py", ".min(initial=np.inf)) if q > 1", ".max()) if q > 1", "coset: uneven"
    ),
    "coset: no bias": Weakness(
        "coset.py", "bias[rows, None] - bias + ", "", "coset: biased"
    ),
    "coset: writing up": Weakness(
        "coset.py", "within = np.minimum(within, beyond)", "", "coset: flipped"
    ),
    "coset: named twice": Weakness(
        "coset.py", "require(len(np.unique(neurons)) == k", "require(True", "coset: doubled"
    ),
    "paper: readings believed": Weakness(
        "paper.py", "self.longest * rest", "0 * rest", "paper: readers"
    ),
    "paper: what is written believed": Weakness(
        "paper.py", "self.apart * held.length()", "0", "paper: louder"
    ),
    "paper: slots believed": Weakness(
        "paper.py", "off += float(up(up(wrong)", "off += 0 * float(up(up(wrong)", "paper: slots"
    ),
    "paper: bias believed": Weakness(
        "paper.py", "up(off + apart + gamma", "up(off + gamma", "paper: biased"
    ),
    "paper: one pattern": Weakness(
        "paper.py", "self.best[self.by_x[x], self.by_y[y]]", "self.best[0, 0] + 0 * x", "paper: uneven"
    ),
    "paper: coupling believed": Weakness(
        "paper.py", "require(np.array_equal(moved, coupling)", "require(True", "paper: twisted"
    ),
    "paper: named twice": Weakness(
        "paper.py", "require(len(np.unique(used)) == len(used)", "require(True", "paper: doubled"
    ),
    "paper: scale below 0": Weakness(
        "paper.py", 'require((block["scale"] > 0).all()', "require(True", "paper: negative"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAKNESSES)
def test_a_weakened_rule_is_caught(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weakness = WEAKNESSES[name]
    copy = tmp_path / "rhoset_check_baselines"
    shutil.copytree(Path(rhoset_check_baselines.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / weakness.file).read_text(encoding="utf-8")
    assert text.count(weakness.line) == 1, weakness.line
    (copy / weakness.file).write_text(text.replace(weakness.line, weakness.instead), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in [m for m in sys.modules if m.partition(".")[0] == "rhoset_check_baselines"]:
        monkeypatch.delitem(sys.modules, module)
    weak = importlib.import_module("rhoset_check_baselines")
    assert weak.__file__ is not None
    assert Path(weak.__file__).parent == copy
    found = (fault(weak, weakness.attack, number, tmp_path) for number in range(4 * TRIES))
    assert next((f for f in found if f), None), f"{weakness.attack} does not notice"
