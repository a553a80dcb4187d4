"""Shared by all tests: one BLAS thread a process, since tests run side by side; and limits of time."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings
from support.public import PUBLIC, PublicNetwork

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

settings.register_profile("rhoset", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rhoset")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is marked slow says how long it may take."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("ends_within"):
            raise pytest.UsageError(
                f"{item.nodeid} is marked slow: say its limit with @pytest.mark.ends_within(SECONDS)"
            )


@pytest.fixture(autouse=True)
def _limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ends a test marked ``ends_within(SECONDS)`` where it stands after so many seconds of the clock: TimeoutError.

    The limits are many times what a free machine needs. They are there so that a test that waits for another process
    ends, not to measure.
    """
    marker = request.node.get_closest_marker("ends_within")
    if marker is None or not hasattr(signal, "SIGALRM"):
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {marker.args[0]} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(marker.args[0])
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=PUBLIC, ids=lambda network: network.name)
def public(request: pytest.FixtureRequest) -> PublicNetwork:
    """Each of the 27 public networks; skips where the files are absent."""
    network: PublicNetwork = request.param
    _ = network.path
    return network
