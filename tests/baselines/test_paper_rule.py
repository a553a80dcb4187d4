"""The published verifier made rigorous: never above the truth, whatever the certificate says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import rhoset as rs
from rhoset.groups import irreps
from rhoset.networks import Network, write_network
from rhoset.reproduce import certify_baseline
from rhoset.reproduce.verifier import published_bound
from rhoset_check_baselines import check


def margins(network: Network) -> np.ndarray:
    """(n, n) least margin of every pair, evaluated."""
    left, right, unembed, bias = (
        np.asarray(t, dtype=np.float64) for t in (network.left, network.right, network.unembed, network.bias)
    )
    logits = np.maximum(left[:, None] + right[None], 0) @ unembed + bias
    table = np.asarray(network.table)[..., None]
    own = np.take_along_axis(logits, table, 2)[..., 0]
    np.put_along_axis(logits, table.astype(int), -np.inf, 2)
    return own - logits.max(axis=2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path, Path]:
    """A full circuit on S4 with the sign, noise, some neurons nobody explains, and an uneven sign with its bias."""
    network = rs.construct("S4", ["[3,1]", "[1,1,1,1]"], noise=0.01, seed=2).network
    extra = 0.02 * np.random.default_rng(0).standard_normal((3, 24)).astype(np.float32)
    network = replace(
        network,
        left=np.hstack([network.left, extra.T]),
        right=np.hstack([network.right, extra.T[::-1]]),
        unembed=np.vstack([network.unembed, extra]),
    )
    folder = tmp_path_factory.mktemp("paper")
    path, cert = write_network(folder / "net.safetensors", network), folder / "net.cert"
    return network, path, certify_baseline(network, "paper", path=path).write(cert)


def test_rigour_costs_nothing_here(made: tuple[Network, Path, Path]) -> None:
    network, path, cert = made
    said = published_bound(network, irreps(network.group))
    verdict = check(cert, path)
    assert verdict.accuracy_bound == pytest.approx(said.accuracy, abs=1e-12)
    assert verdict.loss_bound == pytest.approx(said.loss, rel=1e-3)
    assert said.accuracy > 0.9
    assert verdict.right == 576 * said.accuracy
    assert verdict.margin_bound <= margins(network).min()


def changed(cert: Path, out: Path, metadata: dict[str, str] | None = None, **tensors: np.ndarray) -> Path:
    from safetensors import safe_open

    with safe_open(cert, framework="np") as file:
        said = dict(file.metadata())
    save_file({**load_file(cert), **tensors}, out, metadata={**said, **(metadata or {})})
    return out


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_numbers_say(made: tuple[Network, Path, Path], tmp_path: Path, seed: int) -> None:
    """Readings, weights, slots, scales and the bias may be anything: the bound stays below every true margin."""
    network, path, cert = made
    draw, stored = np.random.default_rng(seed), load_file(cert)
    size = 10.0 ** -draw.integers(0, 4)
    tensors = {}
    for name, value in stored.items():
        last = name.split(".")[-1]
        if last in ("alpha", "gamma", "weights", "slots", "factor") and draw.random() < 0.6:
            tensors[name] = value * (1 + size * draw.standard_normal(value.shape))
        if last == "scale" and draw.random() < 0.6:
            tensors[name] = value * np.exp(size * draw.standard_normal(value.shape))
        if last in ("rows", "columns") and draw.random() < 0.3:
            tensors[name] = np.roll(value, 1)
    plan = {"claim": json.dumps({"right": 0})}
    verdict = check(changed(cert, tmp_path / "c.cert", plan, **tensors), path)
    true = margins(network)
    assert verdict.right <= int((true > 0).sum())
    if verdict.valid:
        assert verdict.margin_bound <= true.min()
    else:
        assert "patterns" in verdict.reason


def test_every_margin_is_bounded_pair_by_pair(made: tuple[Network, Path, Path]) -> None:
    from rhoset_check.files import read_network
    from rhoset_check.group import prove_group
    from rhoset_check.network import build_model
    from rhoset_check_baselines.paper import PaperRule, read_paper

    network, path, cert = made
    weights = read_network(path)
    certificate = read_paper(cert, 24, network.width)
    rule = PaperRule(certificate, build_model(weights, prove_group(weights.table, certificate.head.generators), "real"))
    x, y = np.repeat(np.arange(24), 24), np.tile(np.arange(24), 24)
    assert (rule.bounds(x, y)[0] <= margins(network).ravel()).all()


def test_what_must_be_refused(made: tuple[Network, Path, Path], tmp_path: Path) -> None:
    _, path, cert = made
    stored = load_file(cert)
    plan = json.dumps({"blocks": 99, "bias": 0})
    coupling = stored["block0.coupling"].copy()
    coupling[0, 0] += 1e-9
    swapped = stored["block0.left"].copy()
    swapped[0] = np.roll(swapped[0], 1)
    neurons = stored["block0.neurons"].copy()
    neurons[1] = neurons[0]
    bad = {
        "not invariant": ({}, {"block0.coupling": coupling}),
        "relations": ({}, {"block0.left": swapped}),
        "two entries": ({}, {"block0.neurons": neurons}),
        "scale must be positive": ({}, {"block0.scale": -stored["block0.scale"]}),
        "another network": ({"network": "0" * 64}, {}),
        "another table": ({"table": "0" * 64}, {}),
        "claims 577": ({"claim": json.dumps({"right": 577})}, {}),
        "at most 64 blocks": ({"plan": plan}, {}),
        "patterns": ({}, {f"block{0}.slots": np.arange(stored["block0.slots"].size).reshape(4, 4) * 1.0}),
        "expected": ({}, {"block0.alpha": stored["block0.alpha"][:-1]}),
        "leaves 0": ({}, {"block0.alpha": stored["block0.alpha"] * np.nan}),
    }
    for reason, (metadata, tensors) in bad.items():
        verdict = check(changed(cert, tmp_path / "c.cert", metadata, **tensors), path)
        assert verdict.status == "rejected", reason
        assert reason in verdict.reason
        assert verdict.right == 0
    assert check(path, path).status == "unreadable"
    assert check(tmp_path / "none.cert", path).status == "unreadable"


def test_the_sign_circuit_may_be_even_in_pairs_only() -> None:
    """Slots 00, 11 and 01, 10 of different weight: the rest is a multiple of the sign that the bias takes off."""
    network = rs.construct("S4", ["[3,1]", "[1,1,1,1]"], seed=2).network
    sign = next(rho for rho in irreps(network.group) if rho.name == "[1,1,1,1]").matrices[:, 0, 0]
    reads_sign = np.abs(network.left.T @ sign) > 0.9 * np.linalg.norm(network.left, axis=0) * np.sqrt(24)
    alike = np.sign(network.left[0]) == np.sign(network.right[0])
    unembed = network.unembed.copy()
    unembed[reads_sign & alike] *= 1.5
    heights = np.maximum(network.left[:, None] + network.right[None], 0)
    uneven = replace(network, unembed=unembed)
    moved = (heights @ uneven.unembed) - (heights @ network.unembed)
    bias = -(moved.reshape(-1, 24) @ sign).mean() / 24 * sign
    uneven = replace(uneven, bias=(network.bias + bias).astype(np.float32))
    with_rest, without = (
        published_bound(n, irreps(network.group)) for n in (uneven, replace(uneven, bias=network.bias))
    )
    assert with_rest.accuracy == 1
    assert with_rest.ideal.remainder is not None
    assert with_rest.error < without.error
