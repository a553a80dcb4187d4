"""The public checkpoints: networks that others trained and published, and what is known of them.

They carry no licence, so they are not in this repository. The folder ``shared`` that holds
``data/public-checkpoints`` is named by the environment variable ``RHOSET_SHARED``; without it, the
folder ``shared`` beside the checkout is used. Tests that need the files skip where they are absent.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
"""Root of the checkout."""


@dataclass(frozen=True)
class PublicNetwork:
    """One published network and what the README beside it measured: ``correct`` of order² pairs,
    least margin (float64), mean cross-entropy."""

    name: str
    group: str
    order: int
    width: int
    correct: int
    margin: float
    loss: float

    @property
    def accuracy(self) -> float:
        return self.correct / self.order**2

    @property
    def path(self) -> Path:
        """The file; the running test skips where it is absent."""
        return public_file(f"{self.name}.safetensors")


PUBLIC = [
    PublicNetwork("A5_seed1", "A5", 60, 128, 3600, 5.685, 3.188e-05),
    PublicNetwork("A5_seed2", "A5", 60, 128, 3600, 9.660, 3.006e-06),
    PublicNetwork("S5_seed1", "S5", 120, 128, 14400, 5.176, 1.968e-05),
    PublicNetwork("S5_seed2", "S5", 120, 128, 14400, 11.419, 2.384e-06),
    PublicNetwork("C113_seed1", "C113", 113, 128, 12769, 5.611, 2.053e-05),
    PublicNetwork("C113_seed2", "C113", 113, 128, 12769, 8.829, 4.587e-06),
    PublicNetwork("C118_seed1", "C118", 118, 128, 13924, 9.821, 4.493e-06),
    PublicNetwork("C118_seed2", "C118", 118, 128, 13924, 9.765, 4.097e-06),
    PublicNetwork("D59_seed1", "D59", 118, 128, 13924, 7.849, 7.122e-06),
    PublicNetwork("D59_seed2", "D59", 118, 128, 13924, 9.895, 3.433e-06),
    PublicNetwork("D61_seed1", "D61", 122, 128, 14884, 5.311, 1.678e-05),
    PublicNetwork("D61_seed2", "D61", 122, 128, 14884, 5.978, 2.062e-05),
    PublicNetwork("S5_seed3", "S5", 120, 128, 14400, 8.613, 3.305e-06),
    PublicNetwork("S5_seed4", "S5", 120, 128, 14400, 12.407, 2.034e-06),
    PublicNetwork("S5_seed5", "S5", 120, 128, 14400, 10.396, 2.556e-06),
    PublicNetwork("S5_seed6", "S5", 120, 128, 14400, 9.888, 3.591e-06),
    PublicNetwork("S5_seed7", "S5", 120, 128, 14400, 10.104, 3.207e-06),
    PublicNetwork("S5_seed8", "S5", 120, 128, 14400, 8.852, 4.078e-06),
    PublicNetwork("S5_seed9", "S5", 120, 128, 14400, 11.182, 2.572e-06),
    PublicNetwork("S5_seed10", "S5", 120, 128, 14400, 3.899, 3.729e-05),
    PublicNetwork("S5_seed11", "S5", 120, 128, 14400, 11.593, 2.468e-06),
    PublicNetwork("S5_seed12", "S5", 120, 128, 14400, 11.689, 2.418e-06),
    PublicNetwork("S5_width112_seed3", "S5", 120, 112, 14400, 12.902, 2.097e-06),
    PublicNetwork("S5_width96_seed3", "S5", 120, 96, 14400, 11.074, 2.550e-06),
    PublicNetwork("S5_width48_seed1", "S5", 120, 48, 4419, -64.514, 1.017e01),
    PublicNetwork("S5_width32_seed3", "S5", 120, 32, 2420, -33.093, 5.791e00),
    PublicNetwork("S5_width32_seed9", "S5", 120, 32, 8299, -36.364, 2.379e00),
]
"""All 27, from the README's table of files."""


def public_folder() -> Path | None:
    """The folder of the public checkpoints, or None where there is none."""
    shared = os.environ.get("RHOSET_SHARED")
    root = Path(shared) if shared else REPOSITORY.parent / "shared"
    folder = root / "data" / "public-checkpoints"
    return folder if folder.is_dir() else None


def public_file(name: str) -> Path:
    """A file among the public checkpoints; the running test skips where it is absent."""
    folder = public_folder()
    if folder is None:
        pytest.skip("no public checkpoints: set RHOSET_SHARED to the folder that holds data/")
    path = folder / name
    if not path.exists():
        pytest.skip(f"the public checkpoints lack {name}")
    return path
