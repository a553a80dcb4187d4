"""A network whose activation the checker has no rule for is refused by name, before any search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.networks import random_network

from rhoset import explaining
from rhoset.cli import main
from rhoset.errors import RhosetError
from rhoset.networks import ACTIVATIONS, evaluate, write_network
from rhoset.prove import certify, certify_frontier
from rhoset_check.near import ACTIVATIONS as WITH_RULE

WITHOUT = sorted(set(ACTIVATIONS) - set(WITH_RULE))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("method", ["auto", "exhaustive", "orbit"])
def test_a_bound_or_a_refusal(activation: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = replace(random_network(3, 9), activation=activation)
    if activation in WITH_RULE:
        assert certify(network, method=method).verdict.right <= evaluate(network).correct
        return

    def explained(network: object) -> None:
        raise AssertionError("searched")

    monkeypatch.setattr(explaining, "explain", explained)
    for call in (lambda: certify(network, method=method), lambda: certify_frontier(network)):
        with pytest.raises(RhosetError) as caught:
            call()
        assert caught.value.slug == "activation-without-rule"
        assert activation in str(caught.value)
        assert ", ".join(WITH_RULE) in str(caught.value)


@pytest.mark.parametrize("activation", WITHOUT)
def test_the_command_writes_nothing(activation: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_network(tmp_path / "net.safetensors", replace(random_network(3, 9), activation=activation))
    assert main(["certify", str(path), "-q"]) == 2
    assert f"'{activation}'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]
