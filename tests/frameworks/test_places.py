"""Snapshots as steps, and the layout of a hub, from folders made here and from the published files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from support.public import public_file

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.explaining import explain_steps
from rhoset.networks import export_arrays, write_network


@pytest.fixture(scope="module")
def networks():
    return [rs.construct("S3", ["[2,1]"], noise=noise, seed=2).network for noise in (0.3, 0.1, 0.0)]


def test_snapshots_come_in_order(networks, tmp_path: Path):
    for step, network in zip((1000, 200, 50), reversed(networks), strict=True):
        write_network(tmp_path / f"step-{step}.safetensors", network)
    found = rs.snapshots(tmp_path)
    assert [step for step, _ in found] == [50, 200, 1000]
    assert [n.digest for _, n in found] == [n.digest for n in networks]
    steps = explain_steps(found)
    picture = rs.plot(steps)
    assert picture.save(tmp_path / "formation.svg").read_bytes().startswith(b"<svg")
    assert [row["share"] for row in picture.figure.rows if row["what"] == "accuracy"] == [
        s.result.accuracy for s in steps
    ]


def test_no_history_is_refused(networks, tmp_path: Path):
    write_network(tmp_path / "step-1.safetensors", networks[0])
    with pytest.raises(RhosetError) as caught:
        rs.snapshots(tmp_path)
    assert caught.value.slug == "no-snapshots"
    write_network(tmp_path / "last.safetensors", networks[0])
    with pytest.raises(RhosetError) as caught:
        rs.snapshots(tmp_path)
    assert caught.value.slug == "snapshot-name"


def test_a_local_snapshot_of_a_hub(networks, tmp_path: Path):
    files = tmp_path / "models--someone--groups" / "snapshots" / "abc123"
    for k, network in enumerate(networks):
        folder = files / "S3" / f"seed{k}"
        folder.mkdir(parents=True)
        arrays = {name: np.ascontiguousarray(a) for name, a in export_arrays(network, "wu").items()}
        save_file(arrays, folder / "model.safetensors")
    (files / "S3" / "config.json").write_text(json.dumps({"group": "S3"}))
    found = list(rs.hub_networks(tmp_path / "models--someone--groups"))
    assert [label for label, _ in found] == [f"S3/seed{k}/model.safetensors" for k in range(3)]
    for (_, read), network in zip(found, networks, strict=True):
        assert rs.evaluate(read).correct == rs.evaluate(network).correct
    assert [label for label, _ in rs.hub_networks(files, "S3")] == [label for label, _ in found]


def test_a_file_of_instances(networks, tmp_path: Path):
    each = [export_arrays(network, "wu") for network in networks]
    arrays = {name: np.concatenate([e[name] for e in each]) for name in each[0]}
    save_file(arrays, tmp_path / "population.safetensors")
    found = list(rs.hub_networks(tmp_path, "S3"))
    assert [label for label, _ in found] == [f"population.safetensors[{k}]" for k in range(3)]


def test_published_files(tmp_path: Path):
    file = public_file("A5_seed1.safetensors")
    (tmp_path / file.name).write_bytes(file.read_bytes())
    [(label, network)] = rs.hub_networks(tmp_path)
    assert label == file.name
    assert rs.evaluate(network).accuracy > 0.99


def test_nothing_there(tmp_path: Path):
    with pytest.raises(RhosetError) as caught:
        list(rs.hub_networks(tmp_path))
    assert caught.value.slug == "no-such-network"
    with pytest.raises(RhosetError) as caught:
        list(rs.hub_networks("./not/there"))
    assert caught.value.slug == "no-such-network"


def test_a_repository_needs_the_client(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(RhosetError) as caught:
        list(rs.hub_networks("someone/groups"))
    assert caught.value.slug == "missing-extra"


def test_the_client_is_asked_for_the_repository(networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_network(tmp_path / "net.safetensors", networks[2])
    asked = []

    class Client:
        @staticmethod
        def snapshot_download(name: str, revision: str | None = None) -> str:
            asked.append((name, revision))
            return str(tmp_path)

    monkeypatch.setitem(sys.modules, "huggingface_hub", Client)
    [(label, network)] = rs.hub_networks("someone/groups", revision="v1")
    assert asked == [("someone/groups", "v1")]
    assert label == "net.safetensors"
    assert network.digest == networks[2].digest
