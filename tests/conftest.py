"""Shared by all tests: one BLAS thread a process, since tests run side by side."""

from __future__ import annotations

import os

import pytest
from support.public import PUBLIC, PublicNetwork

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")


@pytest.fixture(params=PUBLIC, ids=lambda network: network.name)
def public(request: pytest.FixtureRequest) -> PublicNetwork:
    """Each of the 27 public networks; skips where the files are absent."""
    network: PublicNetwork = request.param
    _ = network.path
    return network
