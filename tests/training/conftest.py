"""Small groups and settings that train in under a second."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from rhoset.groups import Group, group
from rhoset.training import TrainConfig


@pytest.fixture(scope="session")
def s3() -> Group:
    return group("S3")


@pytest.fixture(scope="session")
def d5() -> Group:
    return group("D5")


@pytest.fixture
def quick() -> TrainConfig:
    """Generalises on S3 and D5 in well under a second."""
    return TrainConfig(width=24, embed_dim=16, max_steps=120, evaluate_every=20)


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)
