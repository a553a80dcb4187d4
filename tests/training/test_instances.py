"""The instance axis (the code of a GPU, here on the processor) against one network at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch

from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.networks import read_network
from rhoset.networks.runs import open_run
from rhoset.training import GroupNetwork, TrainConfig, train_network, train_population
from rhoset.training.config import ONE_HOT
from rhoset.training.instances import InstanceTrainer, device_named
from rhoset.training.kernel import PairCrossEntropy, PairLoss
from rhoset.training.outcome import Outcome
from rhoset.training.pairs import some_pairs
from rhoset.training.together import Hooks, Training

CPU = torch.device("cpu")


def trained(group: Group, config: TrainConfig, seeds: Iterable[int]) -> list[tuple[GroupNetwork, Outcome]]:
    """Networks trained together, in the order in which they end."""
    training = Training(InstanceTrainer(group.table, config, list(seeds), CPU))
    return [(network, outcome) for _, network, outcome, _ in training.run(Hooks())]


@pytest.mark.parametrize("architecture", ONE_HOT)
@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "gelu", "hidden_bias": True},
        {"train_fraction": 0.4, "split_seed": None},
        {"batch": 30, "activation": "abs"},
        {"replacement": True, "train_fraction": 0.4},
    ],
)
def test_gradients_are_those_of_each_alone(
    architecture: str, changes: dict[str, object], d5: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InstanceTrainer, "_block", lambda self: 17)
    config = TrainConfig(architecture=architecture, width=6, embed_dim=4).replace(**changes)
    together = InstanceTrainer(d5.table, config, [3, 8], CPU, torch.float64)
    pairs = [b.at(1) if b is not None else p for b, p in zip(together.batches, together.pairs)]
    losses = together.advance()
    for place, chosen in enumerate(pairs):
        alone = InstanceTrainer(d5.table, config, [together.seeds[place]], CPU, torch.float64)
        network = alone.network(0)
        work = PairLoss(d5.table, 6, config.activation, torch.float64)
        loss = PairCrossEntropy.apply(*network.fold(), work, some_pairs(d5.table, chosen, 6))
        loss.backward()
        torch.testing.assert_close(losses[place], loss.detach())
        for name, parameter in network.named_parameters():
            found = together.parameters[name].grad
            assert found is not None
            torch.testing.assert_close(found[place], parameter.grad)


def test_training_together_is_training_alone_up_to_rounding(s3: Group, quick: TrainConfig) -> None:
    config = quick.replace(max_steps=40)
    found = {o.seed: (n, o) for n, o in trained(s3, config, [4, 9])}
    for seed, (network, outcome) in found.items():
        alone, wanted = train_network(s3.table, config, seed)
        assert (outcome.steps, outcome.label) == (wanted.steps, wanted.label)
        assert outcome.final.loss == pytest.approx(wanted.final.loss, rel=1e-3)
        for a, b in zip(network.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=2e-3, rtol=2e-2)


def test_each_stops_by_its_own_rule(s3: Group, quick: TrainConfig) -> None:
    config = quick.replace(stop_loss=0.2, evaluate_every=1, max_steps=400)
    found = [o for _, o in trained(s3, config, range(4))]
    steps = {o.seed: o.steps for o in found}
    assert len(set(steps.values())) > 1
    assert list(steps.values()) == sorted(steps.values())
    assert all(o.reason == "loss" and o.final.loss <= 0.2 for o in found)


def test_one_that_diverges_ends_alone(s3: Group, quick: TrainConfig) -> None:
    advance = InstanceTrainer.advance

    def poisoned(self: InstanceTrainer) -> torch.Tensor:
        if self.step == 30 and 1 in self.seeds:
            with torch.no_grad():
                self.parameters["unembed"][self.seeds.index(1)] = torch.nan
        return advance(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InstanceTrainer, "advance", poisoned)
        found = {o.seed: o for _, o in trained(s3, quick, range(3))}
    assert {s: o.label for s, o in found.items()} == {
        0: "generalised",
        1: "diverged",
        2: "generalised",
    }
    assert found[1].final.step == 20


def test_a_population_on_a_device(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    """`cpu:0` goes the way of a GPU."""
    config = quick.replace(checkpoints=2)
    found = train_population(s3, config, 3, tmp_path / "run", device="cpu:0")
    assert [r["label"] for r in found.rows] == ["generalised"] * 3
    assert open_run(tmp_path / "run").indices == (0, 1, 2)
    assert open_run(tmp_path / "run").manifest["environment"]["device"] == "cpu:0"
    assert len(list((tmp_path / "run" / "networks" / "0002.steps").iterdir())) == 2
    again = train_population(s3, config, 4, tmp_path / "run")
    assert again.notes == ("device was cpu:0, is cpu now",)
    assert np.isfinite(again.rows[3]["loss"])


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(RhosetError, match="device 'cuda:99' cannot be used") as caught:
        device_named("cuda:99")
    assert caught.value.slug == "bad-device"
    with pytest.raises(RhosetError, match="device 'gpu' cannot be used"):
        device_named("gpu")


@pytest.mark.parametrize(
    "changes", [{}, {"optimizer": "sgd", "learning_rate": 0.1}, {"replacement": True}, {"bias_decay": False}]
)
def test_a_stack_on_a_device_goes_on_from_its_states(changes: dict[str, object], s3: Group) -> None:
    config = TrainConfig(width=6, embed_dim=4, max_steps=40).replace(**changes)
    whole = InstanceTrainer(s3.table, config, [4, 9], CPU)
    first = InstanceTrainer(s3.table, config, [4, 9], CPU)
    for _ in range(12):
        whole.advance()
        first.advance()
    again = InstanceTrainer(s3.table, config, [4, 9], CPU, states=[first.state(0), first.state(1)])
    assert again.step == 12
    for _ in range(12):
        whole.advance()
        again.advance()
    for name, value in whole.parameters.items():
        torch.testing.assert_close(again.parameters[name], value, rtol=0, atol=0)


def test_a_device_s_run_that_was_stopped_goes_on(s3: Group, quick: TrainConfig, tmp_path: Path) -> None:
    """States are saved on the way; networks saved at different steps go on in companies of their own."""
    config = quick.replace(stop_loss=0.0, max_steps=60, evaluate_every=20)
    train_population(s3, config, 3, tmp_path / "whole", device="cpu:0")
    advance, steps = InstanceTrainer.advance, []

    def stopped(self: InstanceTrainer) -> torch.Tensor:
        steps.append(self.step)
        if len(steps) == 35:
            raise KeyboardInterrupt
        return advance(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InstanceTrainer, "advance", stopped)
        with pytest.raises(KeyboardInterrupt):
            train_population(s3, config, 3, tmp_path / "run", device="cpu:0", state_every=0)
    paths = [open_run(tmp_path / "run").state_path(index) for index in range(3)]
    assert all(path.exists() for path in paths)
    paths[1].unlink()
    steps.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InstanceTrainer, "advance", lambda self: (steps.append(self.step), advance(self))[1])
        found = train_population(s3, config, 3, tmp_path / "run", device="cpu:0")
    assert steps == [*range(34, 60), *range(60)]
    assert [row["steps"] for row in found.rows] == [60] * 3
    for index in range(3):
        one, other = (read_network(open_run(tmp_path / run).network_path(index)) for run in ("whole", "run"))
        np.testing.assert_allclose(one.unembed, other.unembed, rtol=1e-4, atol=1e-6)
