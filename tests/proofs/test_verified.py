"""The checker extracted from the proofs: never above the truth, whatever the certificate; refusals are one line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.orbit_circuits import Case, circuit, damaged, truth

from rhoset.cli._app import main
from rhoset.errors import RhosetError
from rhoset.formalize import formalize, verify
from rhoset.formalize.reading import read_stored
from rhoset.formalize.verified import VARIABLE
from rhoset_check.files import read_certificate, read_network
from rhoset_check.group import prove_group
from rhoset_check.network import build_model
from rhoset_check.settle import prepare


def test_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nothing"))
    case = circuit(tmp_path, 3)
    with pytest.raises(RhosetError) as caught:
        verify(case.certificate, case.network)
    assert caught.value.slug == "no-verified-checker"
    assert "make proofs" in str(caught.value)


@pytest.mark.parametrize("rule", ["even", "lowrank", "exact"])
@pytest.mark.parametrize("points", [3, 4])
def test_ideal_circuits(tmp_path: Path, verified: Path, rule: str, points: int):
    case = circuit(tmp_path, points, 0.001)
    n = len(case.tensors["table"])
    answer = verify(case.certificate, case.network, rule)
    assert answer == {"valid": True, "group": True, "rule": rule, "right": n * n, "inputs": n * n}


def test_even_falls_with_noise_and_the_others_do_not(tmp_path: Path, verified: Path):
    found = []
    for noise in (0.001, 0.02, 0.05, 0.1, 0.2):
        case = circuit(tmp_path, 3, noise, 2)
        true = truth(case.tensors)
        for rule in ("exact", "lowrank"):
            assert verify(case.certificate, case.network, rule)["right"] == true
        found.append(verify(case.certificate, case.network, "even")["right"])
        assert found[-1] <= true
    assert found[0] == 36 > found[-1]
    assert sorted(found, reverse=True) == found


def test_never_above_the_truth(tmp_path: Path, verified: Path):
    rng, settled = np.random.default_rng(0), 0
    for trial in range(150):
        case = circuit(tmp_path, 3, float(rng.choice([0.0, 0.01, 0.05, 0.3])), trial)
        for _ in range(rng.integers(1, 4)):
            damaged(case, rng)
        try:
            case.save()
        except RhosetError:
            continue
        for rule in ("even", "lowrank", "exact"):
            try:
                answer = verify(case.certificate, case.network, rule)
            except RhosetError:
                continue
            if answer["valid"]:
                right = truth(case.tensors)
                assert answer["right"] <= right, (trial, rule)
                settled += answer["right"]
    assert settled > 1000


def test_not_a_group(tmp_path: Path, verified: Path):
    case = circuit(tmp_path, 3)
    table = case.tensors["table"]
    table[[3, 4]] = table[[4, 3]]
    answer = verify(case.save().certificate, case.network)
    assert answer["valid"] is False
    assert "group" in answer["reason"]


def test_generators_that_do_not_generate(tmp_path: Path, verified: Path):
    case = circuit(tmp_path, 3)
    case.explanation = {"generators": case.explanation["generators"][:1]}
    assert verify(case.save().certificate, case.network)["valid"] is False


@pytest.mark.parametrize("what", ["network", "certificate"])
def test_damaged_files_end_in_one_line(tmp_path: Path, verified: Path, what: str):
    case = circuit(tmp_path, 3)
    path = getattr(case, what)
    whole, rng = path.read_bytes(), np.random.default_rng(1)
    for trial in range(60):
        data = bytearray(whole)
        if trial % 3 == 0:
            data = data[: rng.integers(len(data))]
        else:
            for _ in range(rng.integers(1, 6)):
                data[rng.integers(min(len(data), 900))] = rng.integers(256)
        path.write_bytes(bytes(data))
        done = subprocess.run(
            [str(verified), str(case.certificate), "--network", str(case.network)],
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode in (0, 1, 2), done.stderr
        if done.returncode == 2:
            assert done.stderr.startswith("rhoset-verified: ")
            assert done.stderr.count("\n") == 1


def test_numbers_of_two_bytes(tmp_path: Path, verified: Path):
    """float16 weights are float32 numbers, subnormals too."""
    case = circuit(tmp_path, 3, 0.05)
    case.tensors["bias"] = np.array([6e-8, 0, -6e-8, 3e-7, 1e-5, 1e-3])
    for name in ("left", "right", "unembed", "bias"):
        case.tensors[name] = case.tensors[name].astype(np.float16)
    case.save()
    wide = {k: v.astype(np.float64) for k, v in case.tensors.items() if k != "table"}
    assert verify(case.certificate, case.network, "exact")["right"] == truth({**wide, "table": case.tensors["table"]})
    assert read_stored(case.network).tensors["bias"][0] == np.float16(6e-8)


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_lowrank_evaluates_what_its_features_leave_open(tmp_path: Path, verified: Path, noise: float):
    """However bad features, samples and weights are: the answer is that of rule exact."""
    case = circuit(tmp_path, 3, noise, 1)
    true, rng = truth(case.tensors), np.random.default_rng(2)
    assert 0 < true <= 36
    good = dict(case.explanation)
    for size in (0.0, 1.0, 1e3):
        changed = {"lowrank.writing": size * good["lowrank.writing"], "scale": np.exp(size * rng.random(19) / 100)}
        changed |= {"lowrank.features": rng.standard_normal((6, 9))} if size == 1.0 else {}
        case.explanation = good | changed
        assert verify(case.save().certificate, case.network, "lowrank")["right"] == true


def test_formalize_takes_the_rule_that_settles_all(tmp_path: Path, verified: Path):
    clean = circuit(tmp_path, 3, 0.001)
    assert formalize(clean.certificate, clean.network, tmp_path / "a.v").rule == "even"
    noisy = circuit(tmp_path, 3, 0.3, 2)
    assert formalize(noisy.certificate, noisy.network, tmp_path / "b.v").rule == "exact"


def test_check_verified(tmp_path: Path, verified: Path, capsys: pytest.CaptureFixture[str]):
    net, cert = tmp_path / "S3.safetensors", tmp_path / "S3.exhaustive.cert"
    assert main(["construct", "S3", "--irrep", "natural", "--out", str(net), "-q"]) == 0
    assert main(["certify", str(net), "--method", "exhaustive", "-q"]) == 0
    capsys.readouterr()
    assert main(["check", str(cert), "--network", str(net), "--verified", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["certificates"][0]
    assert answer["verified"]["right"] == answer["right"] == 36


def evenly(case: Case, split: float, types: int | None, rng: np.random.Generator) -> Case:
    """The same with the tensors of rule even: a share of the neurons split, and a point by which x has a type."""
    case.explanation |= {
        "scale": np.exp(rng.standard_normal(19)),
        "gaps.centred": (rng.random(18) < split).astype(np.int64),
    } | ({} if types is None else {"gaps.types": np.array([0, types])})
    return case.save()


@pytest.mark.parametrize("types", [None, 0, 2])
@pytest.mark.parametrize("split", [0.0, 0.5, 1.0])
def test_even_is_the_theorem(tmp_path: Path, verified: Path, split: float, types: int | None):
    """What the extracted rule counts is what Theorem 10 gives by the other checker, and not above the truth."""
    rng, found = np.random.default_rng(4), set[int]()
    for noise in (0.01, 0.03, 0.06, 0.1):
        case = evenly(circuit(tmp_path, 3, noise, int(100 * noise)), split, types, rng)
        weights = read_network(case.network)
        certificate = read_certificate(case.certificate, 6, 18)
        model = build_model(weights, prove_group(weights.table, certificate.generators), "real")
        rules, (x, y) = prepare(certificate, model), np.divmod(np.arange(36), 6)
        assert rules.rule is not None
        outputs = rules.rule.bounds(x, y, rules.budget).outputs(np.arange(36))
        least = np.where(np.arange(6) == weights.table[x, y][:, None], np.inf, outputs).min(axis=1)
        right = verify(case.certificate, case.network, "even")["right"]
        assert (least > 1e-5).sum() <= right <= (least > -1e-5).sum()
        assert right <= truth(case.tensors)
        found.add(right)
    assert len(found) > 1


def test_a_type_outside_its_set_is_refused(tmp_path: Path, verified: Path):
    case = evenly(circuit(tmp_path, 3), 0.5, 0, np.random.default_rng(0))
    for wrong in ([0, 3], [1, 0], [0, 1 << 20]):
        case.explanation["gaps.types"] = np.array(wrong)
        case.save()
        with pytest.raises(RhosetError, match=r"gaps\.types"):
            verify(case.certificate, case.network, "even")


def test_the_file_of_rule_even_holds_types_and_split_neurons(tmp_path: Path, verified: Path):
    case = evenly(circuit(tmp_path, 3, 0.01), 0.5, 1, np.random.default_rng(0))
    assert formalize(case.certificate, case.network, tmp_path / "net.v", "even").right == 36
    split = "; ".join("true" if c else "false" for c in [*case.explanation["gaps.centred"], 1])
    assert f"[(0, 1)]%nat [{split}]" in (tmp_path / "net.v").read_text()
