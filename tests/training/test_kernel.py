"""The kernel against plain autograd in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.training import GroupNetwork, PairCrossEntropy, PairLoss, TrainConfig
from rhoset.training.activations import ACTIVATIONS, activation
from rhoset.training.config import ONE_HOT
from rhoset.training.pairs import all_pairs, some_pairs

N, M = 10, 7


def plain_loss(
    tables: tuple[Tensor, Tensor, Tensor, Tensor], table: np.ndarray, name: str, pairs: np.ndarray
) -> Tensor:
    left, right, unembed, bias = tables
    x, y = np.divmod(pairs, len(table))
    hidden = ACTIVATIONS[name].function(left[x] + right[y])
    labels = torch.from_numpy(table[x, y].astype(np.int64))
    return torch.nn.functional.cross_entropy(hidden @ unembed + bias, labels)


def random_tables(generator: np.random.Generator, scale: float = 1.0) -> tuple[Tensor, ...]:
    shapes = ((N, M), (N, M), (M, N), (N,))
    return tuple(torch.tensor(generator.normal(size=s) * scale, requires_grad=True) for s in shapes)


def compare(tables: tuple[Tensor, ...], d5: Group, name: str, chosen: np.ndarray | None, rtol: float = 1e-10) -> None:
    work = PairLoss(d5.table, M, name, dtype=torch.float64)
    every = np.arange(N * N)
    pairs = work.every_pair if chosen is None else some_pairs(d5.table, chosen, M)
    ours = PairCrossEntropy.apply(*tables, work, pairs)
    mine = torch.autograd.grad(ours, tables)
    theirs = plain_loss(tables, d5.table, name, every if chosen is None else chosen)
    wanted = torch.autograd.grad(theirs, tables)
    torch.testing.assert_close(ours, theirs, rtol=rtol, atol=1e-12)
    for a, b in zip(mine, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("share", [None, 0.4, 0.03])
def test_gradient_is_autograds(name: str, share: float | None, d5: Group, generator: np.random.Generator) -> None:
    chosen = None
    if share is not None:
        chosen = generator.permutation(N * N)[: int(share * N * N)]
    compare(random_tables(generator), d5, name, chosen)


@pytest.mark.parametrize("scale", [1.0, 400.0])
def test_a_pair_counts_as_often_as_it_is_there(scale: float, d5: Group, generator: np.random.Generator) -> None:
    tables = random_tables(generator)
    with torch.no_grad():
        tables[2].mul_(scale)
    chosen = generator.integers(0, N * N, 3 * N * N)
    compare(tables, d5, "relu", chosen)
    compare(tables, d5, "gelu", np.array([5, 5, 5, 7]))


@pytest.mark.parametrize("share", [None, 0.4])
def test_many_small_blocks_give_the_same(
    share: float | None, d5: Group, generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rhoset.training.pairs.block_pairs", lambda n, m: 3 * n)
    assert len(all_pairs(d5.table, M).blocks) == 5
    chosen = None if share is None else generator.permutation(N * N)[:40]
    compare(random_tables(generator), d5, "gelu", chosen)


def test_huge_logits_take_the_shifted_softmax(d5: Group, generator: np.random.Generator) -> None:
    tables = random_tables(generator)
    with torch.no_grad():
        tables[2].mul_(400)
    compare(tables, d5, "relu", None)


def test_tiny_probability_of_the_answer_is_no_infinite_loss(d5: Group) -> None:
    work = PairLoss(d5.table, 1)
    bias = torch.zeros(N)
    bias[3] = 80.0  # exp(80) is finite in float32, exp(-80) is a subnormal-free 1e-35 share
    zeros = torch.zeros(N, 1)
    loss = work.gradients(zeros, zeros, torch.zeros(1, N), bias, work.every_pair).loss
    assert float(loss) == pytest.approx(80 * 0.9, rel=1e-6)
    bias[3] = 200.0
    loss = work.gradients(zeros, zeros, torch.zeros(1, N), bias, work.every_pair).loss
    assert float(loss) == pytest.approx(200 * 0.9, rel=1e-6)


@pytest.mark.parametrize("architecture", ONE_HOT)
@pytest.mark.parametrize("biases", [False, True])
def test_gradient_flows_to_every_parameter(
    architecture: str, biases: bool, d5: Group, generator: np.random.Generator
) -> None:
    config = TrainConfig(architecture=architecture, width=M, embed_dim=4, hidden_bias=biases, unembed_bias=biases)
    network = GroupNetwork(N, config, seed=1, dtype=torch.float64)
    parameters = list(network.parameters())
    work = PairLoss(d5.table, M, dtype=torch.float64)
    mine = torch.autograd.grad(PairCrossEntropy.apply(*network.fold(), work, work.every_pair), parameters)
    theirs = torch.autograd.grad(plain_loss(network.fold(), d5.table, "relu", np.arange(N * N)), parameters)
    assert len(parameters) == {"folded": 3, "shared_embedding": 4}.get(architecture, 5) + 2 * biases
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-13)


def test_any_torch_optimiser_trains_the_module(d5: Group) -> None:
    network = GroupNetwork(N, TrainConfig(width=32, embed_dim=16), seed=0)
    work = PairLoss(d5.table, 32)
    optimiser = torch.optim.RMSprop(network.parameters(), lr=0.01)
    for _ in range(60):
        optimiser.zero_grad()
        loss = PairCrossEntropy.apply(*network(), work, work.every_pair)
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.1


def test_losses_and_strictness(d5: Group, generator: np.random.Generator) -> None:
    tables = random_tables(generator)
    work = PairLoss(d5.table, M, dtype=torch.float64)
    losses, correct = work.losses(*(t.detach() for t in tables))
    every = np.arange(N * N)
    torch.testing.assert_close(losses.mean(), plain_loss(tables, d5.table, "relu", every).detach())
    x, y = np.divmod(every, N)
    logits = (torch.relu(tables[0][x] + tables[1][y]) @ tables[2] + tables[3]).detach().numpy()
    right = logits.argmax(1) == d5.table.reshape(-1)
    np.testing.assert_array_equal(correct.numpy().reshape(-1), right)
    zeros = [torch.zeros_like(t) for t in tables]
    assert not work.losses(*zeros)[1].any()  # ties are wrong


def test_no_array_over_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """S6's buffers: the largest block times the widest layer, far from n²·n."""
    n, m = 720, 512
    table = ((np.arange(n)[:, None] + np.arange(n)) % n).astype(np.int32)
    work = PairLoss(table, m)
    assert work._size * (n + 2 * m) * 4 < 8_000_000


def test_unknown_activation_is_named() -> None:
    with pytest.raises(RhosetError, match="unknown activation 'tanh': known are relu"):
        activation("tanh")
