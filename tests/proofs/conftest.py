"""What these tests need beside the library: the extracted checker, or a skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhoset.formalize.verified import executable


@pytest.fixture
def verified() -> Path:
    """The extracted checker, or a skip."""
    program = executable()
    if program is None:
        pytest.skip("the extracted checker is not built (make proofs)")
    return program
