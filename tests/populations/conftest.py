"""Small populations on disk: constructed networks, one recipe with noise, one of another irrep."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.studies import drawn

from rhoset.networks import write_network
from rhoset.networks.constructing import construct
from rhoset.populations.studies import running, work


def planted(folder: Path, irreps: list[str], seeds: range, noise: float = 0.01, group: str = "S4") -> Path:
    folder.mkdir(parents=True)
    for seed in seeds:
        write_network(folder / f"{seed:04d}.safetensors", construct(group, irreps, noise=noise, seed=seed).network)
    return folder


@pytest.fixture(scope="session")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six networks on S4 that use [3,1]."""
    return planted(tmp_path_factory.mktemp("a") / "standard", ["[3,1]"], range(6))


@pytest.fixture(scope="session")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six others by the same recipe."""
    return planted(tmp_path_factory.mktemp("b") / "again", ["[3,1]"], range(10, 16))


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six networks on S4 that use [2,1,1]."""
    return planted(tmp_path_factory.mktemp("c") / "other", ["[2,1,1]"], range(6))


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies draw their networks and train none; two networks are a job."""
    monkeypatch.setattr(work, "trained", drawn)
    monkeypatch.setattr(running, "job_size", lambda group, config: 2)
