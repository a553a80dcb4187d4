"""The networks of `planted`, one at a time."""

from __future__ import annotations

import pytest
from prove.planted import NETWORKS, network

from rhoset.networks import Network


@pytest.fixture(params=NETWORKS)
def net(request: pytest.FixtureRequest) -> Network:
    return network(request.param)
