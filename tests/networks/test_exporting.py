"""Exports: the published code's own forward pass gives the network's logits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.networks import cyclic_table, random_factors, random_network
from support.public import public_file

from rhoset.errors import RhosetError
from rhoset.networks import (
    Network,
    export_torch,
    fold_factors,
    import_network,
    logits,
    read_network,
    to_state_dict,
)

torch = pytest.importorskip("torch")


def _networks() -> list[Network]:
    factors = {**random_factors(), "bias": np.linspace(0, 1, 5, dtype=np.float32)}
    return [random_network(), fold_factors(factors, cyclic_table(5))]


@pytest.mark.parametrize("network", _networks(), ids=["folded", "factored"])
@pytest.mark.parametrize("layout", ["chughtai", "stander", "wu"])
def test_the_forward_pass_of_the_published_code(network: Network, layout: str) -> None:
    if layout == "chughtai":
        network = (
            fold_factors({k: v for k, v in network.factors.items() if k != "bias"}, network.table)
            if network.factors
            else replace(network, bias=np.zeros(5, dtype=np.float32))
        )
    s = {name: tensor.double() for name, tensor in to_state_dict(network, layout).items()}
    x, y = (torch.tensor(part.ravel()) for part in np.indices((5, 5)))
    relu = torch.relu
    if layout == "chughtai":
        both = torch.cat([s["W_x"][x], s["W_y"][y]], dim=-1)
        f = relu(both @ s["W"]) @ s["W_U"]
    elif layout == "stander":
        both = torch.cat([s["lembed.weight"][x], s["rembed.weight"][y]], dim=-1)
        hidden = relu(torch.nn.functional.linear(both, s["linear.weight"]))
        f = torch.nn.functional.linear(hidden, s["unembed.weight"], s["unembed.bias"])
    else:
        hidden = relu(
            s["embedding_left"][0][x] @ s["linear_left"][0] + s["embedding_right"][0][y] @ s["linear_right"][0]
        )
        f = hidden @ s["unembedding"][0] + s["unembed_bias"][0]
    expected = logits(network, x.numpy(), y.numpy(), np.float64)
    assert np.allclose(f.numpy(), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("network", _networks(), ids=["folded", "factored"])
def test_plain_state_dict_has_the_networks_own_names(network: Network, tmp_path: Path) -> None:
    path = export_torch(network, tmp_path / "net.pt")
    state = torch.load(path, weights_only=True)
    own = network.factors or {k: getattr(network, k) for k in ("left", "right", "unembed", "bias")}
    assert set(state) == {*own, "table"}
    for name, array in own.items():
        assert np.array_equal(state[name].numpy(), array)
    state["table"][0, 0] = 3  # a copy: the network stays as it was
    assert network.table[0, 0] == 0


def test_a_public_network_survives_the_round_trip(tmp_path: Path) -> None:
    network = read_network(public_file("S5_seed1.safetensors"))
    path = export_torch(network, tmp_path / "model.pt", "chughtai")
    assert import_network("chughtai", path, "S5").digest == network.digest


def test_refusals() -> None:
    network = random_network()
    with pytest.raises(RhosetError, match="has no bias"):
        to_state_dict(network, "chughtai")
    with pytest.raises(RhosetError, match="the network has gelu"):
        to_state_dict(replace(network, activation="gelu"), "stander")
    with pytest.raises(RhosetError, match="known are plain, chughtai, stander, wu"):
        to_state_dict(network, "nanda")
    with pytest.raises(RhosetError, match="cannot write"):
        export_torch(network, "/nowhere/net.pt")
