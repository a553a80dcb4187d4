"""`rhoset certify` and `rhoset check`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rhoset.networks import Network, read_network, write_network
from rhoset.networks.constructing import construct

KEYS = {
    "network",
    "method",
    "accuracy_bound",
    "loss_bound",
    "seconds",
    "operations",
    "exhaustive_operations",
    "arithmetic",
    "path",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two networks on S4: a good one, and one whose weights are zero."""
    good = construct("S4", ["natural"], noise=0.02, seed=1).network
    write_network(tmp_path / "good.safetensors", good)
    tables = [np.zeros(t.shape, np.float32) for t in (good.left, good.right, good.unembed)]
    bad = Network(*tables, np.zeros(24, np.float32), good.table)
    write_network(tmp_path / "zero.safetensors", bad)
    return tmp_path


def test_certify_writes_beside_the_network(rhoset, folder: Path):
    ran = rhoset("certify", folder, "--json")
    assert ran.code == 0
    good, zero = ran.json["certificates"]
    assert set(good) >= {*KEYS, "search_seconds", "statement"}
    assert good["accuracy_bound"] == 1
    assert zero["accuracy_bound"] == 0
    assert good["path"] == str(folder / "good.auto.cert")
    assert sorted(p.name for p in folder.iterdir()) == [
        "good.auto.cert",
        "good.safetensors",
        "zero.auto.cert",
        "zero.safetensors",
    ]


def test_check(rhoset, folder: Path):
    made = rhoset("certify", folder / "good.safetensors", "--method", "orbit", "--json").json
    entry = made["certificates"][0]
    ran = rhoset("check", entry["path"], "--network", folder / "good.safetensors", "--json")
    assert ran.code == 0
    checked = ran.json["certificates"][0]
    assert checked["valid"] is True
    assert "reason" not in checked
    assert set(checked) >= KEYS
    for key in ("accuracy_bound", "operations", "exhaustive_operations", "method", "arithmetic"):
        assert checked[key] == entry[key]


@pytest.mark.parametrize("method", ["coset", "paper"])
def test_baselines(rhoset, folder: Path, method: str):
    made = rhoset("certify", folder, "--method", method, "--json")
    assert made.code == 0
    for entry in made.json["certificates"]:
        assert set(entry) >= {*KEYS, "search_seconds", "statement", "right", "inputs", "ideal_margin", "ideal_distance"}
        assert entry["method"] == method
        assert entry["operations"] > 0
        net = entry["network"]
        assert Path(entry["path"]).name == f"{Path(net).stem}.{method}.cert"
        ran = rhoset("check", entry["path"], "--network", net, "--json")
        assert ran.code == 0
        checked = ran.json["certificates"][0]
        assert checked["valid"] is True
        for key in (
            "accuracy_bound",
            "loss_bound",
            "right",
            "operations",
            "exhaustive_operations",
            "method",
            "statement",
        ):
            assert checked[key] == entry[key]
        assert "checked by rhoset_check_baselines" in checked["statement"]
    good = folder / f"good.{method}.cert"
    spoken = rhoset("check", good, "--network", folder / "good.safetensors")
    assert "rhoset_check_baselines" in spoken.out
    other = rhoset("check", good, "--network", folder / "zero.safetensors")
    assert other.code == 1
    assert other.out.startswith("REJECTED")
    assert rhoset("certify", folder / "good.safetensors", "--method", method, "--require", "1").code == 1


@pytest.mark.parametrize("options", [["--target", "0.9"], ["--budget", "0.3"], ["--arithmetic", "float32"]])
def test_what_baselines_do_not_take(rhoset, folder: Path, options: list[str]):
    ran = rhoset("certify", folder, "--method", "paper", *options)
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert options[0] in ran.err
    assert not list(folder.glob("*.cert"))


def test_the_extracted_checker_has_no_baselines(rhoset, folder: Path):
    rhoset("certify", folder / "good.safetensors", "--method", "coset")
    ran = rhoset("check", folder / "good.coset.cert", "--network", folder / "good.safetensors", "--verified")
    assert ran.code == 2
    assert "baseline" in ran.err


def test_check_against_another_network(rhoset, folder: Path):
    rhoset("certify", folder / "good.safetensors")
    cert = folder / "good.auto.cert"
    ran = rhoset("check", cert, "--network", folder / "zero.safetensors", "--json")
    assert ran.code == 1
    entry = ran.json["certificates"][0]
    assert entry["valid"] is False
    assert "another network" in entry["reason"]
    assert entry["accuracy_bound"] == 0
    spoken = rhoset("check", cert, "--network", folder / "zero.safetensors")
    assert spoken.code == 1
    assert spoken.out.startswith("REJECTED")


def test_check_of_a_run(rhoset, folder: Path):
    certified = rhoset("certify", folder, "--json").json["certificates"]
    paths = [entry["path"] for entry in certified]
    ran = rhoset("check", *paths, "--network", folder, "--json")
    assert ran.code == 0
    for entry, checked in zip(certified, ran.json["certificates"], strict=True):
        assert checked["valid"]
        for key in ("network", "path", "right", "inputs", "operations"):
            assert checked[key] == entry[key]
    crossed = rhoset("check", *paths, "--network", folder / "zero.safetensors", "--json")
    assert crossed.code == 1
    assert [e["valid"] for e in crossed.json["certificates"]] == ["zero" in Path(path).name for path in paths]
    spoken = rhoset("check", *paths, "--network", folder / "zero.safetensors")
    assert spoken.code == 1
    assert "good.auto.cert: REJECTED" in spoken.out


def test_one_bad_certificate_costs_itself_only(rhoset, folder: Path):
    (good,) = (entry["path"] for entry in rhoset("certify", folder / "good.safetensors", "--json").json["certificates"])
    (folder / "zero.auto.cert").write_bytes(b"\x00" * 40)
    stranger = folder / "stranger.cert"
    stranger.write_bytes(Path(good).read_bytes())
    ran = rhoset("check", folder / "zero.auto.cert", good, stranger, "--network", folder, "--json")
    assert ran.code == 2
    assert [e["path"] for e in ran.json["certificates"]] == [good]
    assert ran.err.count("zero.auto.cert") == 1
    assert "stranger.cert: no network of these has its name" in ran.err


def test_check_of_a_broken_certificate(rhoset, folder: Path):
    cert = folder / "good.auto.cert"
    cert.write_bytes(b"\x00" * 40)
    assert rhoset("check", cert, "--network", folder / "good.safetensors").code == 2  # it cannot be read


def test_quiet_leaves_what_scripts_need(rhoset, folder: Path, tmp_path: Path):
    """The row and the file's name; the statement only for a reader."""
    spoken = [rhoset("certify", folder / "good.safetensors", "--out", tmp_path, *more) for more in ((), ("-q",))]
    assert ["gives the right product" in said.out for said in spoken] == [True, False]
    assert all(said.out.rstrip().endswith("good.auto.cert") for said in spoken)
    assert spoken[1].err == ""


@pytest.mark.parametrize(("bound", "code"), [("0.9", 1), ("0", 0)])
def test_require(rhoset, folder: Path, bound: str, code: int):
    assert rhoset("certify", folder, "--require", bound, "-q").code == code


def test_a_table_of_no_group(rhoset, folder: Path):
    net = read_network(folder / "good.safetensors")
    table = net.table.copy()
    table[3, 5] = table[3, 6]
    bad = Network(net.left, net.right, net.unembed, net.bias, table)
    ran = rhoset("certify", write_network(folder / "loop.safetensors", bad))
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert len(ran.err.strip().splitlines()) <= 2


def test_out_and_text(rhoset, folder: Path):
    place = folder / "proofs"
    ran = rhoset("certify", folder / "good.safetensors", "--out", place, "--arithmetic", "float32")
    assert ran.code == 0
    assert (place / "good.auto.cert").is_file()
    assert "float32" in ran.out
    assert (place / "good.auto.cert").name in ran.out


def test_budget_target_frontier(rhoset, folder: Path):
    net = folder / "good.safetensors"
    part = rhoset("certify", net, "--method", "exhaustive", "--budget", "0.5", "--json").json
    entry = part["certificates"][0]
    assert entry["operations"] <= 0.5 * entry["exhaustive_operations"]
    assert 0.4 < entry["accuracy_bound"] <= 0.5
    ran = rhoset("certify", net, "--target", "0.95", "--objective", "operations", "--frontier", "--json")
    assert ran.json["certificates"][0]["accuracy_bound"] >= 0.95
    curve = ran.json["frontier"][0]
    assert {"method", "plan", "cost", "accuracy_bound", "best"} <= set(curve["points"][0])
    written = json.loads((folder / "good.frontier.json").read_text(encoding="utf-8"))
    assert curve["path"] == str(folder / "good.frontier.json")
    assert written["points"] == curve["points"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["certify", "nowhere.safetensors"],
        ["certify", "NET", "--target", "most"],
        ["certify", "NET", "--budget", "-1"],
        ["certify", "NET", "--require", "nan"],
        ["certify", "NET", "--out", "/dev/null/folder"],
        ["certify", "NET", "--method", "magic"],
        ["certify"],
        ["check", "nowhere.cert", "--network", "NET"],
    ],
)
def test_wrong_calls(rhoset, folder: Path, arguments: list[str]):
    net = str(folder / "good.safetensors")
    ran = rhoset(*[net if a == "NET" else a for a in arguments])
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_processes_change_nothing(rhoset, folder: Path):
    (folder / "broken.safetensors").write_bytes(b"\x00" * 40)
    one, two = (rhoset("certify", folder, "--json", "--workers", count) for count in ("1", "2"))
    assert one.code == two.code == 2
    assert "broken" in two.err

    def lasting(ran) -> list[dict]:
        return [{k: v for k, v in e.items() if not k.endswith("seconds")} for e in ran.json["certificates"]]

    assert lasting(one) == lasting(two)
    assert len(lasting(two)) == 2


def test_a_network_that_the_checker_refuses_is_named(rhoset, folder: Path):
    good, none = read_network(folder / "good.safetensors"), np.zeros((24, 0), np.float32)
    path = folder / "bare.safetensors"
    write_network(path, Network(none, none, none.T, np.zeros(24, np.float32), good.table))
    ran = rhoset("certify", path)
    assert ran.code == 2
    assert f"the checker refuses {path}" in ran.err
    assert not list(folder.glob("*.cert"))


def test_where_nothing_is_lost_no_term_costs_most(rhoset, folder: Path):
    write_network(folder / "ideal.safetensors", construct("S4", ["natural"]).network)
    for name, told in (("zero", False), ("ideal", False), ("good", True)):
        ran = rhoset("explain", folder / f"{name}.safetensors")
        assert ran.code == 0
        assert ("costs most" in ran.out) == told


def test_certificates_never_replace_one_another(rhoset, folder: Path, tmp_path: Path):
    """Two runs have networks of one name; with --out their certificates would have one too."""
    other = tmp_path / "other"
    other.mkdir()
    write_network(other / "good.safetensors", construct("S3", ["natural"], seed=1).network)
    ran = rhoset("certify", folder / "good.safetensors", other / "good.safetensors", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "would both have" in ran.err
    assert not (tmp_path / "out").exists()
    assert rhoset("certify", folder, folder / "good.safetensors", "--out", tmp_path / "out").code == 0


def test_an_empty_certificate_is_remarked_on(rhoset, folder: Path):
    ran = rhoset("certify", folder / "good.safetensors", "--method", "circles")
    assert ran.code == 0
    assert "method circles finds nothing to go by here; its certificate is empty" in ran.err
