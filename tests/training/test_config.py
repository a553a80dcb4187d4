"""Settings: refused where they are wrong, unchanged by a trip through TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomli_w
import torch

from rhoset.errors import RhosetError
from rhoset.training import PRESETS, GroupNetwork, TrainConfig, preset
from rhoset.training.batches import Batches, log_spaced, training_pairs
from rhoset.training.optimizers import learning_rate, make_optimizer


@pytest.mark.parametrize("name", PRESETS)
def test_toml_round_trip(name: str) -> None:
    config = preset(name)
    assert config.preset == name
    assert TrainConfig.from_dict(tomllib.loads(tomli_w.dumps(config.to_dict()))) == config


def test_a_curriculum_round_trips_and_its_absence_is_not_written() -> None:
    config = TrainConfig(batch=60, sampled_outputs=12, curriculum=((6, 10), (24, 20)))
    assert config.to_dict()["curriculum"] == [[6, 10], [24, 20]]
    assert TrainConfig.from_dict(tomllib.loads(tomli_w.dumps(config.to_dict()))) == config
    assert "curriculum" not in TrainConfig().to_dict()


def test_presets_say_where_they_differ() -> None:
    assert set(PRESETS) == {
        "wu2024", "wu2024-replacement", "wu2024-all-pairs",
        "chughtai2023", "stander2024", "morwani2023", "gromov2023", "nanda2023",
    }  # fmt: skip
    assert all(p.differences and "arXiv" in p.paper for p in PRESETS.values())
    assert "analogue" in PRESETS["nanda2023"].differences


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"architecture": "transformer"}, "architecture is 'transformer'.*one of factored"),
        ({"activation": "tanh"}, "activation is 'tanh'"),
        ({"width": 0}, "width is 0.*≥ 1"),
        ({"width": 12.5}, "width is 12.5"),
        ({"width": True}, "width is True"),
        ({"train_fraction": 0}, r"train_fraction is 0.0.*\(0, 1\]"),
        ({"train_fraction": float("nan")}, "train_fraction is nan"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"learning_rate": float("inf")}, "learning_rate is inf"),
        ({"betas": [0.9]}, "betas"),
        ({"betas": 0.9}, "betas"),
        ({"hidden_bias": 1}, "hidden_bias is 1"),
        ({"split_seed": -1}, "split_seed is -1"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0"),
        ({"cubic_decay": 0.1}, "unless architecture is 'folded'"),
        ({"curriculum": [[6, 10]]}, "curriculum is .*empty unless replacement or sampled_outputs is given"),
        ({"coset_outputs": [[6, 10]], "replacement": True}, "coset_outputs is .*empty unless sampled_outputs is given"),
        ({"curriculum": [6, 10]}, r"curriculum is \[6, 10\]; it must be a list of stages"),
        ({"curriculum": [[6, 10], [6, 20]]}, "both growing"),
        ({"curriculum": [[6, 10], [24, 10]]}, "both growing"),
        ({"curriculum": [[6, True]]}, "whole numbers"),
        ({"lr": 0.1}, "'lr' is no training setting; settings are"),
        ({"steps": 9}, "'steps' is no training setting, 'max_steps' and 'min_steps' are; settings are"),
        ({"max_step": 9}, "'max_step' is no training setting, 'max_steps' is; settings are"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, object], named: str) -> None:
    with pytest.raises(RhosetError, match=named):
        TrainConfig().replace(**changes)


def test_unknown_preset() -> None:
    with pytest.raises(RhosetError, match="'wu' is not known; known are wu2024"):
        preset("wu")


def test_the_split_is_the_configurations_or_the_networks_own() -> None:
    shared = TrainConfig(train_fraction=0.4)
    own = shared.replace(split_seed=None)
    a, b = training_pairs(10, shared, 1), training_pairs(10, shared, 2)
    c, d = training_pairs(10, own, 1), training_pairs(10, own, 2)
    assert a is not None
    assert b is not None
    assert c is not None
    assert d is not None
    assert len(a) == len(c) == 40
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(c, d)
    assert training_pairs(10, TrainConfig(), 0) is None


def test_an_epoch_sees_every_pair_once() -> None:
    batches = Batches(np.arange(100), TrainConfig(batch=25), seed=3)
    first = np.concatenate([batches.at(step) for step in range(1, 5)])
    np.testing.assert_array_equal(np.sort(first), np.arange(100))
    second = np.concatenate([batches.at(step) for step in range(5, 9)])
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(Batches(np.arange(100), TrainConfig(batch=25), seed=3).at(7), second[50:75])


def test_pairs_drawn_with_replacement() -> None:
    """As many as there are, 1 − 1/e of them distinct; each step draws its own, whatever came before."""
    pairs = 3 * np.arange(2000)
    batches = Batches(pairs, TrainConfig(replacement=True), seed=3)
    drawn = [batches.at(step) for step in range(1, 41)]
    assert {len(d) for d in drawn} == {2000}
    assert set(np.concatenate(drawn).tolist()) == set(pairs.tolist())
    distinct = np.array([len(np.unique(d)) for d in drawn]) / 2000
    assert distinct.mean() == pytest.approx(1 - 1 / np.e, abs=0.01)
    np.testing.assert_array_equal(Batches(pairs, TrainConfig(replacement=True), seed=3).at(7), drawn[6])
    assert len(Batches(pairs, TrainConfig(replacement=True, batch=30), seed=3).at(1)) == 30
    assert TrainConfig(replacement=True).draws
    assert TrainConfig(batch=2).draws
    assert not TrainConfig().draws
    with pytest.raises(RhosetError, match="convergence_tolerance"):
        TrainConfig(replacement=True, convergence_tolerance=1e-7)


def test_a_batch_larger_than_the_training_set_is_refused() -> None:
    with pytest.raises(RhosetError, match="batch is 101, but there are only 100"):
        Batches(np.arange(100), TrainConfig(batch=101), seed=0)


def test_log_spaced_checkpoints() -> None:
    assert sorted(log_spaced(5, 10_000)) == [1, 10, 100, 1000, 10_000]
    assert log_spaced(0, 100) == frozenset()


def test_schedules() -> None:
    config = TrainConfig(learning_rate=1.0, schedule="cosine", max_steps=100, warmup_steps=10)
    rates = [learning_rate(config, step) for step in range(1, 101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(rates[9])
    assert rates[-1] < 0.001
    assert learning_rate(TrainConfig(learning_rate=0.5), 7) == 0.5


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_weight_decay_is_where_the_name_says(optimizer: str) -> None:
    """With no gradient, Adam's L2 moves a weight by the learning rate, AdamW by a share of the
    weight."""
    config = TrainConfig(optimizer=optimizer, learning_rate=0.01, weight_decay=0.1)
    weight = torch.nn.Parameter(torch.tensor([4.0]))
    weight.grad = torch.zeros(1)
    make_optimizer(config, [("weight", weight)]).step()
    moved = 4.0 - float(weight.detach())
    assert moved == pytest.approx({"adam": 0.01, "adamw": 0.01 * 0.1 * 4}[optimizer], rel=1e-4)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_biases_are_spared_where_the_setting_says(optimizer: str) -> None:
    """With no gradient, whatever moves is moved by the decay."""
    config = TrainConfig(optimizer=optimizer, weight_decay=0.1, hidden_bias=True, width=8, embed_dim=4)
    for spared in (True, False):
        network = GroupNetwork(6, config, seed=1)
        before = {name: p.detach().clone() for name, p in network.named_parameters()}
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        make_optimizer(config.replace(bias_decay=not spared), network.named_parameters()).step()
        moved = {name: not torch.equal(p.detach(), before[name]) for name, p in network.named_parameters()}
        assert {name for name, m in moved.items() if not m} == ({"hidden_bias", "unembed_bias"} if spared else set())


def test_the_published_recipe() -> None:
    """Wu et al. 2024 as their code and the re-implementation of others have it: 5,760 of 14,400 pairs, one split."""
    config = preset("wu2024")
    assert len(training_pairs(120, config, 0)) == 5760  # type: ignore[arg-type]
    np.testing.assert_array_equal(training_pairs(120, config, 0), training_pairs(120, config, 1))
    network = GroupNetwork(120, config, 0)
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
    assert shapes == {
        "embed_left": (120, 256), "embed_right": (120, 256), "hidden_left": (256, 128), "hidden_right": (256, 128),
        "unembed": (128, 120), "unembed_bias": (120,),
    }  # fmt: skip
    for name, bound in (("hidden_left", (2 * 256) ** -0.5), ("unembed", 128**-0.5), ("unembed_bias", 128**-0.5)):
        assert 0.95 * bound < float(network.get_parameter(name).abs().max().detach()) <= bound
    optimizer = make_optimizer(config, network.named_parameters())
    decays = [(len(group["params"]), group["weight_decay"]) for group in optimizer.param_groups]
    assert decays == [(5, 2e-4), (1, 0.0)]


def test_concatenated_is_factored_with_the_fan_in_of_both() -> None:
    wide = GroupNetwork(6, TrainConfig(width=8, embed_dim=16), seed=5)
    both = GroupNetwork(6, TrainConfig(width=8, embed_dim=16, architecture="concatenated"), seed=5)
    torch.testing.assert_close(wide.get_parameter("embed_left"), both.get_parameter("embed_left"))
    torch.testing.assert_close(wide.get_parameter("hidden_left") / np.sqrt(2), both.get_parameter("hidden_left"))


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "examples" / "s7").glob("*.toml")), ids=lambda p: p.stem
)
def test_the_example_s_settings_are_settings(path: Path) -> None:
    settings = tomllib.loads(path.read_text())
    assert TrainConfig.from_dict(settings).to_dict().items() >= settings.items()
