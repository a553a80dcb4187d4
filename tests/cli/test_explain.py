"""`rhoset explain`: the JSON that scripts read, the text, and bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rhoset.groups import cache as groups_cache
from rhoset.networks import Network, write_network
from rhoset.networks.constructing import construct


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    write_network(folder / "clean.safetensors", construct("S5", ["[4,1]", "sign"], seed=1, width=32).network)
    partial = construct("S5", ["[4,1]:rows=4", "[2,2,1]"], seed=2, noise=0.05).network
    write_network(folder / "partial.safetensors", partial)
    write_network(folder / "cyclic.safetensors", construct("C7", ["2a"], seed=3).network)
    return folder


def test_json_has_the_keys_of_the_contract(rhoset, files: Path):
    ran = rhoset("explain", files / "clean.safetensors", "--json")
    assert ran.code == 0
    (network,) = ran.json["networks"]
    assert {"network", "irreps", "circuits", "explained", "ideal_accuracy", "ideal_loss"} <= set(network)
    assert {(i["name"], i["neurons"]) for i in network["irreps"]} == {("[4,1]", 25), ("[1,1,1,1,1]", 4)}
    assert sum(i["energy"] for i in network["irreps"]) == pytest.approx(1)
    for circuit in network["circuits"]:
        assert {"irrep", "left_size", "right_size", "neurons", "kind"} <= set(circuit)
    assert [(c["left_size"], c["right_size"], c["kind"]) for c in network["circuits"]] == [
        (5, 5, "full"),
        (2, 2, "full"),
    ]
    assert network["explained"] == pytest.approx(1)
    assert network["ideal_accuracy"] == 1
    assert network["diagnosis"]["symmetry"] == [120, 120]


def test_a_folder_with_two_groups(rhoset, files: Path):
    ran = rhoset("explain", files, "--json", "-q")
    kinds = {Path(n["network"]).stem: sorted(c["kind"] for c in n["circuits"]) for n in ran.json["networks"]}
    assert kinds == {"clean": ["full", "full"], "cyclic": ["full"], "partial": ["full", "rows"]}


def test_text_says_why(rhoset, files: Path):
    ran = rhoset("explain", files / "partial.safetensors", "--compare", "--faithful", "--neurons")
    assert ran.code == 0
    assert "4 of 5 rows" in ran.out
    assert "symmetry Γ of order 24 × 120" in ran.out
    for name in ("irreps", "cosets", "circuits"):
        assert name in ran.out
    assert "[4,1] 5×5 rows" in ran.out


def test_options_add_their_keys(rhoset, files: Path):
    (network,) = rhoset("explain", files / "clean.safetensors", "--compare", "--faithful", "--neurons", "--json").json[
        "networks"
    ]
    assert [e["name"] for e in network["explanations"]] == ["irreps", "cosets", "circuits", "writing law"]
    rows = {(r["what"], r["mode"]): r["accuracy"] for r in network["faithfulness"]}
    assert rows["network", "ideal"] == 1
    assert rows["network", "zero"] == 0
    assert len(network["neurons"]) == 32
    assert sum(not n["live"] for n in network["neurons"]) == 3
    assert all(n["explained"] > 0.999 for n in network["neurons"] if n["live"])


def test_bad_input(rhoset, files: Path, tmp_path: Path):
    ran = rhoset("explain", tmp_path / "nothing.safetensors")
    assert ran.code == 2
    assert "no such file or folder" in ran.err
    assert ran.out == ""
    (tmp_path / "broken.safetensors").write_bytes(b"\x00" * 40)
    ran = rhoset("explain", tmp_path / "broken.safetensors")
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1


def test_many_irreps_fit_a_screen(rhoset, tmp_path: Path):
    """A cyclic group has a frequency for every second element: the tables are cut, the JSON is not."""
    rng = np.random.default_rng(0)
    x, f = np.arange(61)[:, None], np.repeat(np.arange(1, 31), 6)
    phi, psi = rng.uniform(0, 2 * np.pi, (2, len(f)))
    waves = (np.cos(2 * np.pi * f * x / 61 + phase) for phase in (phi, psi, phi + psi))
    left, right, unembed = waves
    network = Network(left, right, unembed.T, np.zeros(61), (x + x.T) % 61)
    path = write_network(tmp_path / "c61.safetensors", network)
    ran = rhoset("explain", path)
    assert len(ran.out.splitlines()) <= 40
    assert "frequency 7" in ran.out
    assert "… 10 more" in ran.out
    said = rhoset("explain", path, "--json").json["networks"][0]
    assert len(said["irreps"]) == 30
    assert {i["label"] for i in said["irreps"]} == {f"frequency {k}" for k in range(1, 31)}


def test_processes_change_nothing(rhoset, files: Path, tmp_path: Path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x00" * 40)
    names = [files / "clean.safetensors", broken, files / "cyclic.safetensors"]
    one, two = (rhoset("explain", *names, "--workers", count) for count in ("1", "2"))
    assert one.code == two.code == 2
    assert "broken" in two.err
    assert one.out == two.out
    assert two.out.index("clean") < two.out.index("cyclic")
    both = [rhoset("explain", *names, "--json", "--workers", count).json for count in ("1", "2")]
    assert both[0] == both[1]


def test_what_is_kept_of_a_group_changes_no_explanation(rhoset, files: Path):
    paths = sorted(files.glob("*.safetensors"))
    together = rhoset("explain", *paths, "--json").json["networks"]
    groups_cache._shared.clear()
    for path, said in zip(paths, together, strict=True):
        groups_cache._shared.clear()
        assert rhoset("explain", path, "--json").json["networks"] == [said]
