"""The softmax over sampled outputs: the loss as written down, what it estimates, and training without all pairs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from rhoset.cli._app import app
from rhoset.cli.train import long_steps
from rhoset.errors import RhosetError
from rhoset.groups import Group, group
from rhoset.training import TrainConfig, train_population
from rhoset.training.config import ONE_HOT
from rhoset.training.kernel import PairLoss
from rhoset.training.model import GroupNetwork
from rhoset.training.outcome import Evaluated, TrainingState
from rhoset.training.sampled import OutputSamples, evaluation_pairs, losses_on, sampled_loss
from rhoset.training.together import Hooks, Training
from rhoset.training.trainer import Trainer

SAMPLED = TrainConfig(width=12, embed_dim=8, batch=60, sampled_outputs=12, evaluate_every=50, max_steps=100)


@pytest.mark.parametrize("architecture", ONE_HOT)
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


def heard(trainer: Trainer, state: TrainingState | None = None) -> list[Evaluated]:
    """The evaluations that training tells."""
    news: list[Evaluated] = []
    list(Training(trainer, [state]).run(Hooks(lambda several: news.extend(now for _, now in several))))
    return news


def test_the_first_news_comes_before_the_first_step() -> None:
    assert [e.step for e in heard(Trainer(group("S4").table, SAMPLED.replace(max_steps=50), 0))] == [0, 50]


def test_a_command_without_a_terminal_speaks_before_the_first_step(tmp_path: Path) -> None:
    call = ["train", "S4", "--steps", "3", "--width", "8", "--batch", "24", "--set", "sampled_outputs=12"]
    result = CliRunner().invoke(app, [*call, "--out", str(tmp_path / "run")], catch_exceptions=False)
    assert result.stderr.startswith("seed 0  step 0  loss ")


def test_steps_of_minutes_are_announced() -> None:
    """S7 with all pairs: 6 · 5040³ · 128 operations; by samples nothing is said."""
    said = long_steps(5040, TrainConfig(width=128))
    assert said is not None
    assert said.startswith("a step takes 25,401,600 pairs through 5,040 outputs, about 32:46 on one core")
    assert long_steps(5040, TrainConfig(width=256, batch=8192, sampled_outputs=256)) is None
    assert long_steps(120, TrainConfig()) is None


CURRICULUM = SAMPLED.replace(curriculum=[[2, 3], [6, 10]], weight_decay=0, max_steps=20, evaluation_pairs=20)
"""Up to step 10 S3 in S4: the first six permutations in lexicographic order fix the first point."""


def test_stages_draw_from_subgroups() -> None:
    s4 = group("S4")
    samples = OutputSamples(s4.table, CURRICULUM, seed=1)
    assert s4.permutations is not None
    assert (s4.permutations[:6, 0] == 0).all()
    for step, among in ((1, 2), (3, 2), (4, 6), (10, 6), (11, 24)):
        sample = samples.at(step)
        assert samples.curriculum.among(step) == among
        assert len(sample.left) == min(60 // len(sample.outputs), among)
        assert len(sample.outputs) == min(12, among)
        assert max(int(part.max()) for part in (sample.left, sample.right, sample.outputs)) < among
        product = s4.table[sample.left[:, None], sample.right[sample.place]]
        assert (product == sample.outputs.numpy()).all()
    later = [samples.at(step) for step in range(11, 40)]
    assert {int(x) for sample in later for x in sample.left} == set(range(24))


def test_a_stage_s_loss_is_the_subgroup_s() -> None:
    """Wrong answers stand for the subgroup's: log 5/5 where all six outputs are drawn."""
    table = group("S4").table
    network = GroupNetwork(24, CURRICULUM, 1, torch.float64)
    sample = OutputSamples(table, CURRICULUM, seed=1).at(7)
    loss = sampled_loss(dict(network.named_parameters()), sample, CURRICULUM)
    left, right, unembed, bias = (t.detach() for t in network.fold())
    total = 0.0
    for x in sample.left.tolist():
        for y in range(6):
            logits = (torch.relu(left[x] + right[y]) @ unembed + bias)[:6]
            total += float(torch.logsumexp(logits, 0) - logits[int(table[x, y])])
    assert loss.item() == pytest.approx(total / 36, rel=1e-12)


def test_a_stage_trains_the_subgroup_and_leaves_the_rest() -> None:
    """Without decay, rows of elements that no stage has seen stay as they were drawn, bit for bit."""
    config = CURRICULUM.replace(curriculum=[[6, 300]], max_steps=400, width=24, init_scale=0.3)
    trainer = Trainer(group("S4").table, config, 0)
    before = {name: p.detach().clone() for name, p in trainer.module.named_parameters()}
    for _ in range(300):
        trainer.advance()
    after = dict(trainer.module.named_parameters())
    for name in ("embed_left", "embed_right"):
        assert torch.equal(after[name][6:], before[name][6:])
        assert not torch.equal(after[name][:6], before[name][:6])
    assert torch.equal(after["unembed"][:, 6:], before["unembed"][:, 6:])
    left, right, unembed, bias = trainer.module.fold()
    logits = (torch.relu(left[:6, None] + right[None, :6]) @ unembed + bias)[:, :, :6]
    assert (logits.argmax(2).numpy() == group("S3").table).all()
    assert trainer.advance() > 0
    assert not torch.equal(after["unembed"][:, 6:], before["unembed"][:, 6:])


def test_a_curriculum_goes_on_from_a_state_as_if_never_stopped() -> None:
    table = group("S4").table
    whole, first = Trainer(table, CURRICULUM, 3), Trainer(table, CURRICULUM, 3)
    for _ in range(20):
        whole.advance()
    for _ in range(8):
        first.advance()
    again = Trainer(table, CURRICULUM, 3, first.state(0))
    heard(again)
    for one, other in zip(whole.module.parameters(), again.module.parameters(), strict=True):
        assert torch.equal(one, other)


def test_denormal_numbers_are_zero_in_sampled_steps_and_nowhere_else() -> None:
    """What decays without ever being drawn would otherwise end there, and every operation on it is slow."""
    tiny = torch.tensor([1e-40])
    trainer = Trainer(group("S4").table, CURRICULUM, 0)
    with torch.no_grad():
        trainer.module.get_parameter("embed_left")[23] = 1e-40
    trainer.advance()
    assert trainer.module.get_parameter("embed_left")[23].abs().max() == 0
    assert float(tiny * 0.5) > 0


def test_a_run_that_goes_on_speaks_at_once() -> None:
    table = group("S4").table
    first = Trainer(table, CURRICULUM, 3)
    began = first.evaluate()
    first.advance()
    state = first.state(0)
    state.history.append(began)
    assert [e.step for e in heard(Trainer(table, CURRICULUM, 3, state), state)] == [0, 20]


def test_it_learns_and_ends_on_all_pairs() -> None:
    """A4 by samples of half of its outputs; the last evaluation sees all 144 pairs."""
    config = TrainConfig(
        width=32, embed_dim=16, batch=36, sampled_outputs=6, max_steps=500, evaluate_every=100, evaluation_pairs=40
    )
    ((_, _, outcome, _),) = Training(Trainer(group("A4").table, config, 0)).run(Hooks())
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
        ({"curriculum": [[12, 5]]}, r"curriculum is \[\[12, 5\]\].*the first 12 elements are none .*are: 2, 6\)"),
        ({"curriculum": [[24, 5]]}, "the first 24 elements are none"),
        ({"train_fraction": 0.5}, "train_fraction is 0.5; it must be 1 with sampled_outputs"),
    ],
)
def test_what_does_not_fit_is_said(changes: dict[str, object], said: str) -> None:
    with pytest.raises(RhosetError, match=said) as caught:
        Trainer(group("S4").table, SAMPLED.replace(**changes), 0)
    assert caught.value.slug == "bad-setting"


def test_decay_in_a_stage_is_that_of_the_subgroup() -> None:
    config = CURRICULUM.replace(weight_decay=1e-4)
    trainer, decays = Trainer(group("S4").table, config, 0), []
    for _ in range(11):
        trainer.advance()
        decays.append(trainer.optimizer.param_groups[0]["weight_decay"])
    assert decays == pytest.approx([12e-4] * 3 + [4e-4] * 7 + [1e-4])


COSETS = SAMPLED.replace(batch=48, sampled_outputs=12, coset_outputs=[[6, 2]])


def test_right_answers_of_a_step_are_a_coset() -> None:
    table = group("S4").table
    samples = OutputSamples(table, COSETS, seed=3)
    assert samples.at(2).place.shape == (4, 12), "uniform at first"
    sample = samples.at(3)
    outputs = sample.outputs.numpy()
    assert sample.place.shape == (8, 6)
    assert len(set(outputs.tolist())) == 12
    assert (table[sample.left[:, None], sample.right[sample.place]] == outputs[:6]).all()
    inverse = (table == 0).argmax(axis=1)
    between = {int(d) for d in table[np.ix_(inverse[outputs[:6]], outputs[:6])].ravel()}
    assert len(between) == 6, "z⁻¹w of a coset's elements make a subgroup"


def test_an_output_stands_for_one_over_its_chance() -> None:
    """Over many steps the weights of what is drawn add up to 1 for every output, and so the sum over a sample
    estimates that over all."""
    table = group("S4").table
    samples = OutputSamples(table, COSETS, seed=0)
    total, steps = np.zeros(24), 4000
    for step in range(3, steps + 3):
        sample = samples.at(step)
        change = table[(table[sample.outputs[0]] == 0).argmax(), sample.outputs.numpy()]
        np.add.at(total, change, np.exp(sample.stands_for[0].numpy()) / steps)
    assert total[0] == pytest.approx(1)
    assert np.abs(total[1:] - 1).max() < 0.1


@pytest.mark.parametrize(
    ("value", "said"), [([[5, 1]], "the first 5 elements are none"), ([[24, 9]], "are none"), ([[6, 1]], None)]
)
def test_a_coset_of_what_is_no_subgroup_is_refused(value: list[list[int]], said: str | None) -> None:
    config = SAMPLED.replace(sampled_outputs=6)
    with pytest.raises(RhosetError, match=said or "fewer than sampled_outputs, 6"):
        OutputSamples(group("S4").table, config.replace(coset_outputs=value), 0)
