"""Modules of torch to networks and back: the same function, judged by torch itself."""

from __future__ import annotations

import numpy as np
import pytest

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.networks import Network, export_arrays, logits

torch = pytest.importorskip("torch", reason="torch modules need the extra train")


@pytest.fixture(scope="module")
def network():
    return rs.construct("S4", ["[3,1]", "sign"], noise=0.02, seed=1).network


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "abs", "square", "linear"])
def test_there_and_back(activation: str):
    rng = np.random.default_rng(0)
    table = rs.group("S3").table
    shapes = ((6, 9), (6, 9), (9, 6), (6,))
    net = Network(*(rng.normal(size=s).astype(np.float32) for s in shapes), table, activation)
    module = rs.to_torch(net)
    x, y = np.divmod(np.arange(36), 6)
    with torch.no_grad():
        said = module(torch.from_numpy(x), torch.from_numpy(y)).numpy()
    assert np.allclose(said, logits(net, x, y), atol=1e-5)
    back = rs.from_torch(module)
    assert back.activation == activation
    for name in ("left", "right", "unembed", "bias", "table"):
        assert np.array_equal(getattr(back, name), getattr(net, name)), name


class Mlp(torch.nn.Module):
    """A network as others write it: embeddings, one linear layer over the two, a head."""

    def __init__(self, n: int, width: int) -> None:
        super().__init__()
        self.left = torch.nn.Embedding(n, 8)
        self.right = torch.nn.Embedding(n, 8)
        self.fc = torch.nn.Linear(16, width)
        self.out = torch.nn.Linear(width, n)

    def forward(self, x, y):
        return self.out(torch.relu(self.fc(torch.cat([self.left(x), self.right(y)], dim=-1))))


ROLES = {
    "embed_left": "left.weight",
    "embed_right": "right.weight",
    "hidden_left": {"name": "fc.weight", "transpose": True, "rows": [0, 8]},
    "hidden_right": {"name": "fc.weight", "transpose": True, "rows": [8, 16]},
    "hidden_bias": "fc.bias",
    "unembed": {"name": "out.weight", "transpose": True},
    "bias": "out.bias",
}


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "module.", "model._orig_mod."])
@pytest.mark.parametrize("lightning", [False, True])
def test_a_module_of_ones_own(prefix: str, lightning: bool):
    torch.manual_seed(0)
    module = Mlp(6, 10)
    state = {prefix + name: tensor for name, tensor in module.state_dict().items()}
    found = rs.from_torch({"state_dict": state, "epoch": 3} if lightning else state, "S3", ROLES, order="own")
    x, y = np.divmod(np.arange(36), 6)
    with torch.no_grad():
        said = module(torch.from_numpy(x), torch.from_numpy(y)).numpy()
    assert np.allclose(logits(found, x, y), said, atol=1e-5)


def test_a_published_layout_is_told_by_its_names(network):
    arrays = {name: torch.from_numpy(np.array(a)) for name, a in export_arrays(network, "wu").items()}
    found = rs.from_torch(arrays, "S4")
    assert np.allclose(found.left, network.left, atol=1e-6)
    assert rs.evaluate(found).accuracy == rs.evaluate(network).accuracy


def test_unknown_names_are_told_with_what_would_be_right():
    with pytest.raises(RhosetError, match=r"fc\.weight.*mapping=") as caught:
        rs.from_torch(Mlp(6, 4), "S3")
    assert caught.value.slug == "torch-names"


def test_errors_name_no_temporary_file():
    with pytest.raises(RhosetError) as caught:
        rs.from_torch(Mlp(6, 4), "S3", {"left": "nothing", "right": "right.weight", "unembed": "out.weight"})
    assert "tmp" not in str(caught.value)
    assert "nothing" in str(caught.value)


def test_other_things_are_refused():
    with pytest.raises(RhosetError) as caught:
        rs.from_torch([1, 2], "S3")
    assert caught.value.slug == "torch-names"


def test_factors_are_folded() -> None:
    """A module with the tensors of a factored network file."""
    net = rs.construct("S3", ["[2,1]"], seed=2).network
    one = np.eye(net.width, dtype=net.left.dtype)
    tables = {"embed_left": net.left, "embed_right": net.right, "hidden_left": one, "hidden_right": one}
    made = rs.from_torch({**tables, "unembed": net.unembed, "bias": net.bias, "cayley": net.table})
    assert np.allclose(made.left, net.left)
    assert rs.evaluate(made).accuracy == rs.evaluate(net).accuracy == 1
