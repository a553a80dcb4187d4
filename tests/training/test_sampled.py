"""The softmax over sampled outputs: the loss as written down, what it estimates, and training without all pairs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from rhoset.errors import RhosetError
from rhoset.groups import Group, group
from rhoset.training import TrainConfig, train_population
from rhoset.training.config import ARCHITECTURES
from rhoset.training.kernel import PairLoss
from rhoset.training.model import GroupNetwork
from rhoset.training.sampled import OutputSamples, evaluation_pairs, losses_on, sampled_loss
from rhoset.training.trainer import Evaluated, Trainer

SAMPLED = TrainConfig(width=12, embed_dim=8, batch=60, sampled_outputs=12, evaluate_every=50, max_steps=100)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_loss_is_the_one_written_down(architecture: str) -> None:
    """Logits of whole tables in float64, the right answer among the outputs, wrong ones raised by log 23/11."""
    table = group("S4").table
    config = SAMPLED.replace(architecture=architecture, hidden_bias=True, unembed_bias=True, activation="silu")
    network = GroupNetwork(24, config, 1, torch.float64)
    samples = OutputSamples(table, config, seed=5)
    sample = samples.at(3)
    parameters = dict(network.named_parameters())
    loss = sampled_loss(parameters, sample, config)
    left, right, unembed, bias = network.fold()
    total, pairs = torch.zeros((), dtype=torch.float64), set()
    for i, x in enumerate(sample.left.tolist()):
        for j, z in enumerate(sample.outputs.tolist()):
            y = int(sample.right[sample.place[i, j]])
            assert table[x, y] == z
            pairs.add((x, y))
            logits = torch.nn.functional.silu(left[x] + right[y]) @ unembed + bias
            others = [logits[w] + math.log(23 / 11) for w in sample.outputs.tolist() if w != z]
            total = total + torch.logsumexp(torch.stack([logits[z], *others]), 0) - logits[z]
    assert len(pairs) == 60
    assert loss.item() == pytest.approx(total.item() / 60, rel=1e-12)
    (gradient,) = torch.autograd.grad(loss, [parameters["unembed"]], retain_graph=True)
    (wanted,) = torch.autograd.grad(total / 60, [parameters["unembed"]])
    torch.testing.assert_close(gradient, wanted)
    again = OutputSamples(table, config, seed=5).at(3)
    assert torch.equal(sample.outputs, again.outputs)
    assert not torch.equal(samples.at(4).outputs, sample.outputs)
    assert not torch.equal(OutputSamples(table, config, seed=6).at(3).outputs, sample.outputs)


def test_with_every_output_and_operand_it_is_the_full_loss(s3: Group) -> None:
    config = SAMPLED.replace(batch=36, sampled_outputs=6)
    network = GroupNetwork(6, config, 0, torch.float64)
    loss = sampled_loss(dict(network.named_parameters()), OutputSamples(s3.table, config, 0).at(1), config)
    whole, _ = PairLoss(s3.table, 12, "relu", torch.float64).losses(*(t.detach() for t in network.fold()))
    assert loss.item() == pytest.approx(whole.mean().item(), rel=1e-12)


def test_an_evaluation_on_some_pairs_is_that_part_of_the_whole() -> None:
    table = group("S4").table
    network = GroupNetwork(24, SAMPLED, 0)
    tables = tuple(t.detach() for t in network.fold())
    pairs = evaluation_pairs(24, SAMPLED.replace(evaluation_pairs=100), 0)
    assert pairs is not None
    assert len(pairs) == len(set(pairs)) == 100
    losses, correct = losses_on(tables, table, pairs, "relu")
    whole, right = PairLoss(table, 12).losses(*tables)
    torch.testing.assert_close(losses, whole.view(-1)[torch.from_numpy(pairs)], rtol=1e-5, atol=1e-6)
    assert torch.equal(correct, right.view(-1)[torch.from_numpy(pairs)])
    assert evaluation_pairs(24, SAMPLED, 0) is None
    assert evaluation_pairs(720, TrainConfig(), 0) is None
    assert len(evaluation_pairs(721, TrainConfig(), 0)) == 16_384


def test_evaluation_pairs_are_uniform() -> None:
    """Over many seeds, every row of the table is drawn equally often."""
    config = SAMPLED.replace(evaluation_pairs=50)
    rows = np.concatenate([evaluation_pairs(10, config, seed) // 10 for seed in range(400)])
    counts = np.bincount(rows, minlength=10)
    assert counts.sum() == 20_000
    assert np.abs(counts - 2000).max() < 5 * math.sqrt(2000)


def test_a_large_group_trains_without_all_pairs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Order 1,000: neither loss nor evaluation may walk the million pairs; the result is a sample with an interval."""

    def refuse(*_: object) -> None:
        raise AssertionError("all pairs were made")

    monkeypatch.setattr("rhoset.training.kernel.all_pairs", refuse)
    config = SAMPLED.replace(batch=200, sampled_outputs=10, max_steps=4, evaluate_every=2, evaluation_pairs=500)
    found = train_population(group("C1000"), config, 1, tmp_path / "run", workers=1)
    row = found.rows[0]
    assert row["sample"] == 500
    assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]
    again = train_population(group("C1000"), config, 1, tmp_path / "run", workers=1)
    assert again.rows[0] == row


def test_the_first_news_comes_before_the_first_step() -> None:
    news: list[Evaluated] = []
    trainer = Trainer(group("S4").table, SAMPLED.replace(max_steps=50), 0)
    trainer.run(news.append)
    assert [e.step for e in news] == [0, 50]


def test_it_learns_and_ends_on_all_pairs() -> None:
    """A4 by samples of half of its outputs; the last evaluation sees all 144 pairs."""
    config = TrainConfig(
        width=32, embed_dim=16, batch=36, sampled_outputs=6, max_steps=500, evaluate_every=100, evaluation_pairs=40
    )
    outcome = Trainer(group("A4").table, config, 0).run()
    assert outcome.sample is None
    assert outcome.final.accuracy == 1
    assert [e.step for e in outcome.history] == [0, 100, 200, 300, 400, 500]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch": 0}, "sampled_outputs is 12; it must be 0 unless batch is given"),
        ({"sampled_outputs": 1}, "sampled_outputs is 1; it must be from 2 to the order, 24"),
        ({"sampled_outputs": 25, "batch": 50}, "sampled_outputs is 25"),
        ({"batch": 61}, "batch is 61; it must be a multiple of sampled_outputs, 12"),
        ({"batch": 12 * 25}, "batch is 300; it must be .* at most 288"),
        ({"train_fraction": 0.5}, "train_fraction is 0.5; it must be 1 with sampled_outputs"),
    ],
)
def test_what_does_not_fit_is_said(changes: dict[str, object], said: str) -> None:
    with pytest.raises(RhosetError, match=said) as caught:
        Trainer(group("S4").table, SAMPLED.replace(**changes), 0)
    assert caught.value.slug == "bad-setting"
