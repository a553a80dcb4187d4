"""The file that is written, and what is refused; no Coq needed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from support.orbit_circuits import circuit, truth

import rhoset
from rhoset.cli._app import main
from rhoset.errors import RhosetError
from rhoset.formalize import formalize
from rhoset.formalize.fixed_point import Places, choose_places, count_exact, round_down
from rhoset.formalize.reading import read_explanation, read_stored
from rhoset.reproduce.baselines import certify_baseline

PROOFS = Path(__file__).parents[2] / "proofs"


def test_no_statement_is_assumed():
    sources = sorted(PROOFS.glob("*.v"))
    assert len(sources) > 10
    for source in sources:
        code = re.sub(r"\(\*.*?\*\)", "", source.read_text(), flags=re.S)
        words = r"\b(Axiom|Axioms|Parameter|Parameters|Conjecture|Admitted|admit|Unset Guard Checking)\b"
        assert not re.search(words, code), source.name


@pytest.mark.parametrize(("points", "noise"), [(3, 0.0), (3, 0.1), (3, 0.5), (3, 2.0)])
def test_exact_counts_what_rational_arithmetic_counts(tmp_path: Path, points: int, noise: float):
    for seed in range(3):
        case = circuit(tmp_path, points, noise, seed)
        stored = read_stored(case.network)
        assert count_exact(stored, choose_places(stored)) == truth(case.tensors)


def test_a_tie_is_wrong(tmp_path: Path):
    case = circuit(tmp_path, 3)
    case.tensors["unembed"][:] = 0.0
    stored = read_stored(case.save().network)
    assert count_exact(stored, choose_places(stored)) == 0 == truth(case.tensors)


@pytest.mark.parametrize("places", [Places(0, 0), Places(3, 2), Places(40, 40), Places(20, 149)])
def test_bad_places_only_lose(tmp_path: Path, places: Places):
    case = circuit(tmp_path, 3, 0.4, 1)
    assert 0 <= count_exact(read_stored(case.network), places) <= truth(case.tensors)


def test_rounding_is_downwards():
    values = np.array([0.75, -0.75, 2.0**-149, -(2.0**-149), 3.0], np.float32)
    assert round_down(values, 1).tolist() == [1, -2, 0, -1, 6]


def test_factors_count_like_their_product(tmp_path: Path):
    case = circuit(tmp_path, 3, 0.1)
    tensors, m = case.tensors, case.tensors["left"].shape[1]
    factors = {"unembed": tensors["unembed"], "cayley": tensors["table"]}
    for side in ("left", "right"):
        factors |= {f"embed_{side}": tensors[side], f"hidden_{side}": np.eye(m, dtype=np.float32)}
    save_file({k: np.ascontiguousarray(v) for k, v in factors.items()}, case.network)
    stored = read_stored(case.network)
    assert stored.factored
    assert count_exact(stored, choose_places(stored)) == truth({**tensors, "bias": np.zeros(6)})


def test_the_file_holds_the_bits(tmp_path: Path):
    case = circuit(tmp_path, 3, 0.1)
    written = formalize(case.certificate, case.network, tmp_path / "net.v", "exact")
    text = (tmp_path / "net.v").read_text()
    for name in ("left", "right", "unembed", "table"):
        rows = re.findall(rf"net_{name}_\d+ : list int := \[(.*?)\]", text)
        found = np.array([[int(v) for v in row.split("; ")] for row in rows])
        array = case.tensors[name]
        assert np.array_equal(found, array if name == "table" else array.view(np.uint32)), name
    assert f"right_pairs (exact_network weights) = {written.right}" in text
    assert text.rstrip().endswith("Print Assumptions network_right.")
    assert read_stored(case.network).digest in text


def test_less_than_all_is_stated_as_at_least(tmp_path: Path):
    case = circuit(tmp_path, 3, 0.6, 1)
    written = formalize(case.certificate, case.network, tmp_path / "net.v", "exact")
    assert 0 < written.right < 36
    assert f"{written.right} <= right_pairs (exact_network weights)." in (tmp_path / "net.v").read_text()


def test_refusals(tmp_path: Path):
    case = circuit(tmp_path, 3, 0.1)
    (tmp_path / "other").mkdir()
    other = circuit(tmp_path / "other", 3, 0.2)

    def slug() -> str:
        with pytest.raises(RhosetError) as caught:
            formalize(case.certificate, case.network, tmp_path / "net.v")
        assert not (tmp_path / "net.v").exists()
        return caught.value.slug

    with pytest.raises(RhosetError) as caught:
        formalize(other.certificate, case.network, tmp_path / "net.v")
    assert caught.value.slug == "other-network"
    baseline = certify_baseline(rhoset.load(case.network), "coset").write(tmp_path / "coset.cert")
    with pytest.raises(RhosetError, match="rule coset is a baseline's") as caught:
        formalize(baseline, case.network, tmp_path / "net.v")
    assert caught.value.slug == "baseline-rule"
    good = dict(case.tensors)
    case.tensors = {**good, "left": good["left"].astype(np.float64) + 1e-12}
    with pytest.raises(RhosetError) as caught:
        case.save()
    assert caught.value.slug == "not-binary32"
    case.tensors = {**good, "unembed": good["unembed"] * np.float32(np.nan)}
    with pytest.raises(RhosetError):
        case.save()
    case.tensors = {**good, "left": good["left"].astype(np.float64)}
    assert formalize(case.save().certificate, case.network, tmp_path / "net64.v", "exact").right > 0
    case.tensors = {**good, "unembed": 0 * good["unembed"], "bias": 0 * good["bias"]}
    case.save()
    with pytest.raises(RhosetError) as caught:
        formalize(case.certificate, case.network, tmp_path / "net.v", "exact")
    assert caught.value.slug == "nothing-proved"
    case.tensors = good
    case.explanation = {"generators": case.explanation["generators"]}
    case.save()
    for rule, missing in (("even", "no-gsets"), ("lowrank", "no-features")):
        with pytest.raises(RhosetError) as caught:
            formalize(case.certificate, case.network, tmp_path / "net.v", rule)
        assert caught.value.slug == missing
    save_file({k: np.ascontiguousarray(v) for k, v in good.items()}, case.network, {"activation": "square"})
    assert slug() == "activation"
    case.network.write_bytes(b"nothing")
    assert slug() == "not-a-network"


def test_explanations_out_of_range_are_refused(tmp_path: Path):
    case = circuit(tmp_path, 3)
    stored = read_stored(case.network)
    for name, value in [("gaps.point", 3), ("gaps.block", 2), ("generators", 6), ("gaps0.right", -1)]:
        broken = circuit(tmp_path, 3)
        broken.explanation[name] = broken.explanation[name].copy()
        broken.explanation[name].flat[0] = value
        broken.save()
        with pytest.raises(RhosetError) as caught:
            read_explanation(broken.certificate, stored)
        assert caught.value.slug == "not-a-certificate", name


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    case = circuit(tmp_path, 3)
    call = ["formalize", str(case.certificate), "--network", str(case.network), "--rule", "exact", "--out"]
    assert main([*call, str(tmp_path / "net.v")]) == 0
    assert "36 of 36" in capsys.readouterr().out
    assert main([*call, str(tmp_path / "net.v")]) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*call, str(tmp_path / "1 2.v")]) == 2
    assert "coqc needs a name" in capsys.readouterr().err
