"""Stacks: the networks of one process, each the same bits as alone, and the right ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from rhoset.errors import RhosetError
from rhoset.groups import Group, group
from rhoset.networks import read_network
from rhoset.networks.runs import read_record
from rhoset.training import TrainConfig, Trained, train_network, train_population, train_stack
from rhoset.training.activations import activation
from rhoset.training.config import ACTIVATION_NAMES, ONE_HOT
from rhoset.training.manifest import open_training_run
from rhoset.training.members import jobs_of
from rhoset.training.model import FoldedTables, GroupNetwork
from rhoset.training.stacks.layout import stack_size, suits_stack
from rhoset.training.stacks.loss import StackLoss
from rhoset.training.stacks.trainer import StackTrainer
from rhoset.training.statefile import read_state, write_state
from rhoset.training.together import Hooks, Training
from rhoset.training.trainer import Trainer

SMALL = ("C5", "S3", "D5", "Q8", "A4")
O61 = TrainConfig(
    architecture="folded", width=8, unembed_bias=False, init="gaussian", init_scale=0.4, learning_rate=1e-3,
    betas=(0.9, 0.999), weight_decay=2e-2, max_steps=60, evaluate_every=20, precision="float64",
)  # fmt: skip


def bits(found: Trained) -> tuple[bytes, ...]:
    network = found.network
    return tuple(table.tobytes() for table in (network.left, network.right, network.unembed, network.bias))


def bits_alone(table: np.ndarray, config: TrainConfig, seed: int) -> tuple[bytes, ...]:
    network = train_network(table, config, seed)[0].to_network(table, {})
    return tuple(t.tobytes() for t in (network.left, network.right, network.unembed, network.bias))


def plain_loss(network: GroupNetwork, table: np.ndarray, pairs: np.ndarray) -> torch.Tensor:
    """Cross-entropy over flat pairs by autograd, as one would write it down."""
    n = len(table)
    left, right, unembed, bias = FoldedTables(*network.fold())
    x, y = torch.from_numpy(pairs // n), torch.from_numpy(pairs % n)
    hidden = activation(network.config.activation).function(left[x] + right[y])
    labels = torch.from_numpy(table.reshape(-1)[pairs].astype(np.int64))
    return torch.nn.functional.cross_entropy(hidden @ unembed + bias, labels)


@pytest.mark.parametrize("architecture", ONE_HOT)
@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "gelu", "hidden_bias": True},
        {"train_fraction": 0.4, "split_seed": None, "activation": "silu"},
        {"batch": 30, "activation": "abs", "unembed_bias": False},
        {"replacement": True, "train_fraction": 0.4},
        {"activation": "square", "init_scale": 60.0},
    ],
)
@pytest.mark.parametrize("name", ["D5", "S4"])
def test_gradients_are_those_of_autograd(architecture: str, changes: dict[str, object], name: str) -> None:
    table = group(name).table
    config = TrainConfig(architecture=architecture, width=6, embed_dim=4, precision="float64").replace(**changes)
    stack = StackTrainer(table, [config] * 2, [3, 8])
    networks = [stack.network(place) for place in range(2)]
    losses = stack.advance()
    n = len(table)
    for place, network in enumerate(networks):
        times = np.ones(n * n, int) if stack._mask is None else stack._mask[place, :, 0].astype(int)
        pairs = np.repeat(np.arange(n * n), times)
        assert len(pairs) == (config.batch or round(config.train_fraction * n * n))
        loss = plain_loss(network, table, pairs)
        loss.backward()
        assert losses[place] == pytest.approx(float(loss.detach()), rel=1e-9)
        first = dict(zip((name for name, _ in stack.layout.shapes), _first_moments(stack, place), strict=True))
        for name_, parameter in network.named_parameters():
            assert parameter.grad is not None
            wanted = parameter.grad + config.weight_decay * parameter.detach()
            scale = max(1.0, float(wanted.abs().max()))
            torch.testing.assert_close(first[name_] / (1 - config.betas[0]), wanted, rtol=1e-7, atol=1e-9 * scale)


def _first_moments(stack: StackTrainer, place: int) -> list[torch.Tensor]:
    state = stack.state(place)
    return [state.tensors[f"optimizer.{name}.exp_avg"] for name, _ in stack.layout.shapes]


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_steps_are_those_of_torch(optimizer: str, s3: Group) -> None:
    """A few hundred steps of the published optimisers on plain autograd end at the same weights."""
    config = O61.replace(optimizer=optimizer, max_steps=200, schedule="cosine", warmup_steps=5, learning_rate=1e-2)
    network = GroupNetwork(6, config, 4, torch.float64)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if optimizer == "sgd":
        steps = torch.optim.SGD(network.parameters(), lr=1.0, momentum=0.9, weight_decay=2e-2)
    else:
        steps = kind[optimizer](network.parameters(), lr=1.0, betas=(0.9, 0.999), weight_decay=2e-2)
    for step in range(1, 201):
        rate = 1e-2 * min(1.0, step / 5) * 0.5 * (1 + math.cos(math.pi * (step - 1) / 200))
        steps.param_groups[0]["lr"] = rate
        steps.zero_grad()
        plain_loss(network, s3.table, np.arange(36)).backward()
        steps.step()
    (found,) = train_stack(s3.table, config, [4])
    np.testing.assert_allclose(found.network.unembed, network.get_parameter("unembed").detach().numpy(), rtol=1e-8)
    np.testing.assert_allclose(found.network.left, network.get_parameter("left").detach().numpy(), rtol=1e-8)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_network_has_the_same_bits_in_every_company(name: str, precision: str) -> None:
    table = group(name).table
    seeds = [11, 5, 0, 7, 2, 3, 1, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]
    for activation_name in ("relu", "square"):
        config = O61.replace(precision=precision, activation=activation_name)
        together = {t.seed: bits(t) for t in train_stack(table, config, seeds)}
        pair = {t.seed: bits(t) for t in train_stack(table, config, [29, 5])}
        three = {t.seed: bits(t) for t in train_stack(table, config, [1, 2, 5])}
        assert pair[5] == three[5] == together[5] == bits_alone(table, config, 5)
        assert pair[29] == together[29]
        assert len(set(together.values())) == len(seeds)


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": name, "architecture": architecture, "hidden_bias": True, "unembed_bias": True, "embed_dim": 9}
        for name, architecture in zip(ACTIVATION_NAMES, [*ONE_HOT, *ONE_HOT], strict=False)
    ]
    + [
        {"optimizer": "adamw", "train_fraction": 0.5, "split_seed": None},
        {"optimizer": "sgd", "batch": 7, "schedule": "cosine"},
        {"replacement": True},
        {"width": 1},
        {"width": 2, "unembed_bias": True, "precision": "float32"},
        {"init_scale": 300.0, "precision": "float32"},
    ],
)
def test_the_same_bits_whatever_the_settings(changes: dict[str, object], s3: Group) -> None:
    config = O61.replace(**changes)
    together = {t.seed: bits(t) for t in train_stack(s3.table, config, range(9))}
    assert together[4] == bits_alone(s3.table, config, 4)
    assert together[8] == bits_alone(s3.table, config, 8)


def test_settings_may_differ_in_a_stack(s3: Group) -> None:
    configs = [O61, O61.replace(weight_decay=0.0, learning_rate=3e-3), O61.replace(init_scale=1.0, max_steps=31)]
    found = {t.place: t for t in train_stack(s3.table, configs, [6, 6, 6])}
    assert [found[i].outcome.steps for i in range(3)] == [60, 60, 31]
    for place, config in enumerate(configs):
        assert bits(found[place]) == bits_alone(s3.table, config, 6)
    with pytest.raises(RhosetError, match="width is 8 and 9 in one stack"):
        list(train_stack(s3.table, [O61, O61.replace(width=9)], [0, 1]))
    with pytest.raises(RhosetError, match="1 configurations for 2 seeds"):
        list(train_stack(s3.table, [O61], [0, 1]))


def test_each_ends_by_its_own_rule(s3: Group) -> None:
    config = O61.replace(
        activation="square", stop_loss=0.6, evaluate_every=1, max_steps=4000, learning_rate=0.01, weight_decay=0.0
    )
    found = list(train_stack(s3.table, config, range(6)))
    steps = [t.outcome.steps for t in found]
    assert len(set(steps)) > 1
    assert steps == sorted(steps)
    assert all(t.outcome.reason == "loss" and t.outcome.final.loss <= 0.6 for t in found)
    one = found[0]
    assert bits(one) == bits_alone(s3.table, config, one.seed)


@pytest.mark.parametrize(("name", "tolerance"), [("relu", 3e-3), ("square", 1e-4)])
def test_convergence_is_what_its_definition_says(name: str, tolerance: float, s3: Group) -> None:
    """The rule, from the tables after every update and a loss written down anew."""
    config = O61.replace(
        activation=name, weight_decay=2e-2, learning_rate=1e-2, max_steps=3000, evaluate_every=500,
        convergence_tolerance=tolerance, convergence_updates=20,
    )  # fmt: skip
    (found,) = train_stack(s3.table, config, [1], snapshots=range(1, 3001))
    assert found.converged
    steps = found.outcome.steps
    assert 20 < steps < 3000
    rows = [t for _, t in sorted(found.snapshots.items())]
    thetas = [np.concatenate([w.left.ravel(), w.right.ravel(), w.unembed.ravel()]) for w in rows]
    objectives = []
    for network, theta in zip(rows, thetas, strict=True):
        hidden = network.left[:, None] + network.right[None]
        hidden = np.maximum(hidden, 0) if name == "relu" else hidden**2
        logits = hidden @ network.unembed
        answers = np.take_along_axis(logits, s3.table[:, :, None].astype(int), 2)[:, :, 0]
        objectives.append((np.log(np.exp(logits).sum(2)) - answers).mean() + 0.01 * (theta**2).sum())
    quiet = [
        abs(objectives[i] - objectives[i - 1]) < tolerance * objectives[i - 1]
        and np.linalg.norm(thetas[i] - thetas[i - 1]) < tolerance * np.linalg.norm(thetas[i])
        for i in range(1, len(rows))
    ]
    ends = [i + 2 for i in range(len(quiet)) if i >= 19 and all(quiet[i - 19 : i + 1])]
    assert ends[0] == steps
    assert found.objective == pytest.approx(objectives[-1], rel=1e-12)
    never = list(train_stack(s3.table, config.replace(convergence_tolerance=0.0, max_steps=steps), [1]))
    assert never[0].outcome.reason == "max_steps"
    assert bits(never[0]) == bits(found)


def test_the_kernel_of_large_shapes_has_the_same_rule(s3: Group) -> None:
    config = O61.replace(
        activation="square", learning_rate=1e-2, max_steps=2000, convergence_tolerance=1e-4, convergence_updates=20
    )
    (found,) = train_stack(s3.table, config, [1])
    trainer = Trainer(s3.table, config, 1)
    ((_, _, outcome, objective),) = Training(trainer).run(Hooks())
    assert found.outcome.reason == outcome.reason == "converged"
    assert outcome.steps == outcome.final.step == trainer.step
    assert abs(found.outcome.steps - outcome.steps) <= 2
    assert objective == pytest.approx(found.objective, rel=1e-5)
    table = group("D16").table
    large = O61.replace(width=400, max_steps=3)
    assert not suits_stack(32, large)
    (found,) = train_stack(table, large, [0], snapshots=[2])
    assert set(found.snapshots) == {2}
    assert found.network.left.dtype == np.float64


def test_a_network_that_diverges_ends_alone(s3: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = StackTrainer.advance

    def poisoned(self: StackTrainer) -> np.ndarray:
        if 1 in self.seeds and self.taken[0] == 30:
            self.weights[self.seeds.index(1)] = np.nan
        return advance(self)

    whole = {t.seed: bits(t) for t in train_stack(s3.table, O61, [0, 1, 2])}
    monkeypatch.setattr(StackTrainer, "advance", poisoned)
    found = {t.seed: t for t in train_stack(s3.table, O61, [0, 1, 2])}
    assert (found[1].outcome.label, found[1].outcome.steps, found[1].outcome.final.step) == ("diverged", 31, 20)
    assert {bits(found[s]) == whole[s] for s in (0, 2)} == {True}


@pytest.mark.parametrize("changes", [{}, {"batch": 7}, {"optimizer": "sgd"}, {"convergence_tolerance": 1e-3}])
def test_networks_go_on_from_different_steps_in_another_stack(
    changes: dict[str, object], s3: Group, tmp_path: Path
) -> None:
    config = O61.replace(convergence_updates=30, max_steps=150).replace(**changes)
    whole = {t.seed: t for t in train_stack(s3.table, config, range(4))}

    class Stop(Exception):
        pass

    for at, seeds in ((20, [0, 1]), (44, [2])):

        def stop(run: Training, at: int = at) -> None:
            if run.trainer.steps[0] == at:
                for place, state in run.states():
                    seed = run.trainer.seeds[place]
                    write_state(tmp_path / str(seed), state, f"network {seed}")
                raise Stop

        stack = StackTrainer(s3.table, [config] * len(seeds), seeds)
        with pytest.raises(Stop):
            list(Training(stack).run(Hooks(every_step=stop)))
    states = [read_state(tmp_path / str(seed), f"network {seed}") for seed in range(4)]
    assert [s.step if s else 0 for s in states] == [20, 20, 44, 0]
    again = StackTrainer(s3.table, [config] * 4, range(4), states)
    for place, network, outcome, _ in Training(again, states).run(Hooks()):
        assert outcome.history == whole[place].outcome.history
        assert outcome.reason == whole[place].outcome.reason
        assert network.to_network(s3.table, {}).left.tobytes() == bits(whole[place])[0]


def test_a_population_of_stacks_is_the_population_of_single_networks(s3: Group, tmp_path: Path) -> None:
    config = O61.replace(checkpoints=4)
    train_population(s3, config, 7, tmp_path / "one", workers=1, state_every=0)
    train_population(s3, config, 7, tmp_path / "two", workers=2)
    for index in range(7):
        train_population(s3, config, index + 1, tmp_path / "each", workers=1)
    for folder in ("two", "each"):
        for path in sorted((tmp_path / "one" / "networks").rglob("*.safetensors")):
            assert path.read_bytes() == (tmp_path / folder / path.relative_to(tmp_path / "one")).read_bytes()
        assert len(list((tmp_path / folder / "networks").rglob("*.safetensors"))) == 7 * 5
    network = read_network(tmp_path / "one" / "networks" / "0006.safetensors")
    assert network.left.dtype == np.float64
    run = open_training_run(tmp_path / "one")
    record = read_record(run.run.network_path(3))
    assert record is not None
    assert [step for step, *_ in record["history"]] == [0, 20, 40, 60]
    assert list((tmp_path / "one" / "state").iterdir()) == []
    assert [len(indices) for _, indices in jobs_of(run, range(7), 2)] == [4, 3]
    assert [len(indices) for _, indices in jobs_of(run, range(7), 1, 5)] == [5, 2]


def test_which_shapes_are_stacked() -> None:
    """By the shape alone: small pairs tables; not S5, whose kernel works block by block."""
    assert all(suits_stack(group(name).order, TrainConfig()) for name in (*SMALL, "S4"))
    assert not suits_stack(120, TrainConfig())
    assert not suits_stack(6, TrainConfig(architecture="folded", cubic_decay=1e-3))
    assert stack_size(6, O61) > stack_size(24, O61) >= 1


def test_a_softmax_that_overflows_is_shifted_for_that_network_alone(s3: Group) -> None:
    generator = np.random.default_rng(0)
    tables = generator.standard_normal((3, 12, 4)).astype(np.float32)
    unembed = generator.standard_normal((3, 4, 6)).astype(np.float32)
    unembed[1] *= 200
    loss = StackLoss(s3.table, 3, 4, "relu", np.float32)
    out = {"tables": np.empty_like(tables), "unembed": np.empty_like(unembed)}
    with np.errstate(all="ignore"):
        found = loss.gradients(tables, unembed, None, out, None)
    exact = []
    for left_right, weights in zip(tables.astype(np.float64), unembed.astype(np.float64), strict=True):
        logits = np.maximum(left_right[:6, None] + left_right[None, 6:], 0) @ weights
        top = logits.max(2, keepdims=True)
        answers = np.take_along_axis(logits - top, s3.table[:, :, None].astype(int), 2)[:, :, 0]
        exact.append((np.log(np.exp(logits - top).sum(2)) - answers).sum())
    np.testing.assert_allclose(found, exact, rtol=1e-5)
    assert all(np.isfinite(value).all() for value in out.values())


@pytest.mark.parametrize("device", ["cpu:0"])
def test_on_a_device_they_are_those_of_the_processor_up_to_rounding(device: str, s3: Group) -> None:
    """`cpu:0` goes the way of a GPU; the convergence rule, snapshots and different settings too."""
    rule = {"convergence_tolerance": 1e-4, "convergence_updates": 20, "activation": "square", "learning_rate": 1e-2}
    one = O61.replace(max_steps=1200, evaluate_every=100, **rule)
    configs = [one, one, one.replace(weight_decay=1e-2)]
    here = {t.place: t for t in train_stack(s3.table, configs, [0, 3, 3], snapshots=[5])}
    there = {t.place: t for t in train_stack(s3.table, configs, [0, 3, 3], snapshots=[5], device=device)}
    assert set(there) == {0, 1, 2}
    for place, wanted in here.items():
        found = there[place]
        assert (found.seed, found.outcome.reason) == (wanted.seed, wanted.outcome.reason)
        assert abs(found.outcome.steps - wanted.outcome.steps) <= 2
        assert found.outcome.final.step == found.outcome.steps
        assert found.objective == pytest.approx(wanted.objective, rel=1e-6)
        np.testing.assert_allclose(found.snapshots[5].left, wanted.snapshots[5].left, rtol=1e-9)
    assert {t.outcome.reason for t in here.values()} >= {"converged"}
    twice = list(train_stack(s3.table, one.replace(max_steps=3), [4, 4], device=device))
    assert [t.place for t in twice] == [0, 1]
    np.testing.assert_allclose(twice[0].network.left, twice[1].network.left, rtol=1e-12)
