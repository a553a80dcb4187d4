"""Small groups and settings that train in under a second."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

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


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Ends a test that waits for other processes: TimeoutError where it stands after so many seconds."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def ends_within(request: pytest.FixtureRequest) -> Iterator[None]:
    """The limit of a test marked ``@pytest.mark.parametrize("ends_within", [SECONDS], indirect=True)``."""
    with within(request.param):
        yield
