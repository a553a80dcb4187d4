"""The Python checker and the one extracted from the proofs, on the same hostile files (scripts/compare_checkers.py)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import compare_checkers as both
from compared_cases import RULES


def test_never_above_the_truth_and_every_difference_has_a_cause(tmp_path: Path, verified: Path):
    report = both.run(150, 5, tmp_path)
    assert not report.faults, "\n".join(report.faults)
    equal = {rule: report.outcomes[rule, "equal"] for rule in RULES}
    assert min(equal.values()) > 3, equal


@pytest.mark.parametrize("added", [1, -1])
def test_a_wrong_bound_is_seen(tmp_path: Path, verified: Path, monkeypatch: pytest.MonkeyPatch, added: int):
    """One pair too many is above the truth; one too few has no cause."""

    def wrong(*arguments: Any) -> dict[str, Any]:
        answer = honest(*arguments)
        return answer | {"right": answer["right"] + added} if answer["valid"] else answer

    honest = both.verify
    monkeypatch.setattr(both, "verify", wrong)
    report = both.run(40, 5, tmp_path)
    assert any(("are" if added > 0 else "unexplained") in fault for fault in report.faults)
