"""Does the campaign have teeth? With one obligation of the checker removed, its attacks find a bound above the truth.

Every case loads a copy of the checker in which one line is changed (weaknesses.py), and names the attacks that must
then get through; the same attacks find nothing against the checker as it is.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from check.attacks import ATTACKS
from check.harness import derive
from check.weaknesses import WEAKNESSES, Weakness

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from soundness_campaign import Judge

TRIES = 400
"""Attacks of a kind that are tried before the weakened checker counts as unbroken."""


def weaken(weakness: Weakness, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Put a checker with this line changed in the place of the true one."""
    true = Path(importlib.import_module("rhoset_check").__file__ or "").parent
    copy = folder / "rhoset_check"
    shutil.copytree(true, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / weakness.file).read_text(encoding="utf-8")
    assert text.count(weakness.line) == 1, f"{weakness.file} has {text.count(weakness.line)} times: {weakness.line}"
    (copy / weakness.file).write_text(text.replace(weakness.line, weakness.instead), encoding="utf-8")
    patch.syspath_prepend(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "rhoset_check"]:
        patch.delitem(sys.modules, name)
    loaded = importlib.import_module("rhoset_check.verdict")
    assert Path(loaded.__file__ or "").parent == copy


def first_fault(attacks: tuple[str, ...], tries: int, kinds: tuple[str, ...] = ("",), seed: int = 0) -> str | None:
    """The first fault of these kinds (accuracy, margin, loss, no group) that the attacks find."""
    for number in range(tries):
        for name in attacks:
            rng = np.random.default_rng([seed, number])
            with np.errstate(all="ignore"):
                net, cert = ATTACKS[name](rng)
            faults = Judge(net, number).faults(cert, derive(net, cert))
            faults = [fault for fault in faults if any(kind in fault for kind in kinds)]
            if faults:
                return f"{name} {number}: {faults[0]}"
    return None


@pytest.mark.parametrize("name", WEAKNESSES)
def test_a_weakened_checker_is_caught(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weakness = WEAKNESSES[name]
    weaken(weakness, tmp_path, monkeypatch)
    fault = first_fault(weakness.attacks, TRIES, weakness.kinds)
    assert fault is not None, f"{TRIES} attacks of {weakness.attacks} did not notice"


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_checker_withstands_every_attack(attack: str) -> None:
    assert first_fault((attack,), 40) is None
