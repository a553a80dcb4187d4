"""Certificates as users have them: of another version, in a folder, one among several networks, swapped."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from rhoset.networks import write_network
from rhoset.networks.constructing import construct


@pytest.fixture
def folder(rhoset, tmp_path: Path) -> Path:
    """Two networks of S3, with a certificate each."""
    for seed, name in enumerate(("a", "b")):
        write_network(tmp_path / f"{name}.safetensors", construct("S3", ["[2,1]"], seed=seed).network)
    assert rhoset("certify", tmp_path).code == 0
    return tmp_path


def another_version(certificate: Path, version: str) -> None:
    with safe_open(certificate, "numpy") as file:
        said, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, certificate, said | {"version": version})


@pytest.mark.parametrize("version", ["4", "99"])
@pytest.mark.parametrize("command", ["report", "plot", "table"])
def test_another_version_is_a_remark(rhoset, folder: Path, command: str, version: str):
    """What was asked for is there and whole: the certificate says of itself that it is no damaged file."""
    another_version(folder / "a.auto.cert", version)
    more = ["--out", folder / "x.svg"] if command == "plot" else []
    ran = rhoset(command, folder, *more)
    assert ran.code == 0
    assert f"version '{version}'" in ran.err


def test_another_version_does_not_check(rhoset, folder: Path):
    another_version(folder / "a.auto.cert", "4")
    assert rhoset("check", folder / "a.auto.cert", "--network", folder / "a.safetensors").code == 2


def test_a_report_makes_certificates_of_another_version_anew(rhoset, folder: Path):
    another_version(folder / "a.auto.cert", "4")
    kept = (folder / "b.auto.cert").stat().st_mtime_ns
    assert rhoset("report", folder, "--certify", "--json").json["certified"] == 2
    assert rhoset("check", folder / "a.auto.cert", "--network", folder).code == 0
    assert (folder / "b.auto.cert").stat().st_mtime_ns == kept


def test_a_folder_is_not_named_like_a_certificate(rhoset, folder: Path):
    ran = rhoset("certify", folder, "--out", folder / "mine.cert")
    assert ran.code == 2
    assert "give a folder" in ran.err
    assert not (folder / "mine.cert").exists()


def test_one_certificate_finds_its_network_among_several(rhoset, folder: Path):
    ran = rhoset("check", folder / "b.auto.cert", "--network", folder, "--json")
    assert ran.code == 0
    assert ran.json["certificates"][0]["network"].endswith("b.safetensors")
    (folder / "c.auto.cert").write_bytes((folder / "b.auto.cert").read_bytes())
    assert "no network of these has its name" in rhoset("check", folder / "c.auto.cert", "--network", folder).err


def test_swapped_arguments_are_said(rhoset, folder: Path):
    ran = rhoset("check", folder / "a.safetensors", "--network", folder / "a.auto.cert")
    assert ran.code == 2
    assert f"{folder / 'a.auto.cert'}: network:" in ran.err
    assert "the certificate comes first" in ran.err
