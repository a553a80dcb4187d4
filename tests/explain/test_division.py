"""How irreps divide the outputs: against brute force, and on networks whose division is known by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from explain.planting import explained, planted
from support.public import public_file

from rhoset.cli import main
from rhoset.errors import RhosetError
from rhoset.explaining import division, explain
from rhoset.networks import Network, evaluate, read_network, write_network


@pytest.fixture(scope="module")
def noisy() -> Network:
    made = planted("S4", "[3,1]", "sign", noise=0.1).network
    left, right, unembed, bias = (part.astype(np.float64) for part in (made.left, made.right, made.unembed, made.bias))
    return Network(left, right, unembed, bias, made.table)


def test_margins_are_those_of_the_logits(noisy: Network) -> None:
    """Every pair and output by itself, with no index trick."""
    found = division(explained("S4", noisy))
    n, table = noisy.order, noisy.table
    joint = np.full(n, np.inf)
    for x in range(n):
        for y in range(n):
            logits = np.maximum(noisy.left[x] + noisy.right[y], 0) @ noisy.unembed + noisy.bias
            for w in range(n):
                joint[w] = min(joint[w], logits[table[x, y]] - logits[table[table[x, w], y]])
    np.testing.assert_allclose(found.joint, joint, atol=1e-9)
    others = np.delete(joint, found.identity)
    assert found.summary()["joint"] == pytest.approx(others.min())
    assert found.summary()["joint"] == pytest.approx(evaluate(noisy).margin, abs=1e-5)


def test_a_bound_of_parts_lies_between(noisy: Network) -> None:
    said = division(explained("S4", noisy)).summary()
    assert said["coarse"] <= said["apart"] <= said["joint"] <= said["mean"]
    assert said["errors"] >= said["error"] > 0


def test_pairs_that_are_settled_are_those_with_positive_sums(noisy: Network) -> None:
    """By hand for the parts of a small network: each part's least over the outputs, then their sum."""
    explanation = explained("S4", noisy)
    found, energy = division(explanation), explanation.energy
    table, count = noisy.table, 0
    groups = [energy.live & (energy.dominant == k) for k in np.unique(energy.dominant[energy.live])]
    groups.append(~energy.live)
    for x in range(noisy.order):
        for y in range(noisy.order):
            total = 0.0
            for chosen in groups:
                logits = np.maximum(noisy.left[x] + noisy.right[y], 0)[chosen] @ noisy.unembed[chosen]
                logits = logits + (0 if chosen is not groups[-1] else noisy.bias)
                total += min(logits[table[x, y]] - f for z, f in enumerate(logits) if z != table[x, y])
            count += total > 0
    assert found.settled["by_part"] == pytest.approx(count / noisy.order**2)
    assert found.settled["by_part"] <= found.settled["by_class"] <= evaluate(noisy).accuracy


def test_sign_divides_even_from_odd() -> None:
    explanation = explained("S5", planted("S5", "[4,1]", "sign").network)
    found = division(explanation)
    assert set(found.parts[:2]) == {"[4,1]", "[1,1,1,1,1]"}
    assert found.summary()["errors"] == pytest.approx(0, abs=1e-4)
    (sign,) = (irrep for irrep in explanation.irreps if irrep.label == "[1,1,1,1,1]")
    of_sign, of_points = found.parts.index("[1,1,1,1,1]"), found.parts.index("[4,1]")
    for row in found.classes:
        odd = sign.character[row.representative] < 0
        assert (row.mean[of_sign] > 1e-4) == odd
        assert row.mean[of_points] > 0
        assert 0 < row.total_least <= row.total_mean
        assert odd or row.needs == ("[4,1]",)
    assert sum(row.size for row in found.classes) == 119


def test_sums_over_parts_are_the_whole(noisy: Network) -> None:
    found = division(explained("S4", noisy))
    n, table = noisy.order, noisy.table
    logits = np.maximum(noisy.left[:, None] + noisy.right, 0) @ noisy.unembed + noisy.bias
    x, y = np.mgrid[:n, :n]
    right = logits[x, y, table]
    for w in range(n):
        margins = right - logits[x, y, table[table[:, w]][:, np.arange(n)]]
        assert found.mean[:, w].sum() == pytest.approx(float(margins.mean()), abs=1e-9)


def test_too_large_a_network_is_refused() -> None:
    found = explained("S4", planted("S4", "[3,1]").network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rhoset.explaining.dividing.DIVISION_OPERATIONS", 1e3)
        with pytest.raises(RhosetError, match="n³") as refused:
            division(found)
    assert refused.value.slug == "division-too-large"


def test_the_command_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.safetensors"
    write_network(path, planted("S4", "[3,1]", "sign").network)
    assert main(["explain", str(path), "--division", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["networks"][0]["division"]
    assert set(found["parts"][:2]) == {"[3,1]", "[1,1,1,1]"}
    assert len(found["classes"]) == 4
    assert found["apart"] == pytest.approx(found["joint"], rel=1e-4)
    assert main(["explain", str(path), "--division"]) == 0
    assert "with the worst of each part" in capsys.readouterr().out


def test_errors_of_circles_add_up_to_more_than_the_margin_only_apart() -> None:
    """The public network is right everywhere; the worst of each frequency added up exceeds its margin."""
    said = division(explain(read_network(public_file("C113_seed1.safetensors")))).summary()
    assert said["joint"] == pytest.approx(5.611, abs=2e-3)
    assert said["mean"] > 14
    assert said["apart"] < -10
