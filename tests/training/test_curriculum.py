"""A curriculum without sampled outputs: the whole softmax of a subgroup, then that of the group."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.networks import read_network
from rhoset.training import train_population
from rhoset.training.config import TrainConfig
from rhoset.training.instances import InstanceTrainer
from rhoset.training.stacks.layout import suits_stack
from rhoset.training.stacks.trainer import StackTrainer
from rhoset.training.trainer import Trainer

CONFIG = TrainConfig(
    width=24, embed_dim=16, replacement=True, batch=200, curriculum=((6, 3),), max_steps=6, precision="float64"
)
S4 = group("S4")


def test_a_stage_is_the_subgroup_s_task() -> None:
    """The first loss is that of the subgroup's pairs and outputs, computed apart; rows that no step saw only decay."""
    trainer = Trainer(S4.table, CONFIG.replace(weight_decay=0.0), 5)
    assert trainer.batches is not None
    x, y = np.divmod(trainer.batches.at(1), 24)
    assert max(x.max(), y.max()) < 6
    left, right, unembed, bias = (t.detach() for t in trainer.module.fold())
    logits = (torch.relu(left[x] + right[y]) @ unembed + bias)[:, :6]
    wanted = torch.nn.functional.cross_entropy(logits, torch.from_numpy(S4.table[x, y].astype(np.int64)))
    before = {name: value.clone() for name, value in trainer.values().items()}
    assert trainer.advance()[0] == pytest.approx(float(wanted), rel=1e-12)
    after = trainer.values()
    assert torch.equal(after["embed_left"][6:], before["embed_left"][6:])
    assert torch.equal(after["unembed"][:, 6:], before["unembed"][:, 6:])
    assert not torch.equal(after["unembed"][:, :6], before["unembed"][:, :6])


def test_steps_after_the_last_stage_see_all_pairs() -> None:
    trainer = Trainer(S4.table, CONFIG, 5)
    assert trainer.batches is not None
    assert {int(p) for step in range(4, 40) for p in trainer.batches.at(step)} == set(range(24 * 24))


def test_decay_in_a_stage_is_in_proportion() -> None:
    trainer = Trainer(S4.table, CONFIG, 5)
    found = []
    for _ in range(6):
        trainer.advance()
        found.append(trainer.optimizer.param_groups[0]["weight_decay"])
    assert found == pytest.approx([8e-4] * 3 + [2e-4] * 3)


def test_one_by_one_and_together_on_a_device_agree() -> None:
    alone = Trainer(S4.table, CONFIG, 7)
    together = InstanceTrainer(S4.table, CONFIG, [3, 7], torch.device("cpu"))
    for _ in range(6):
        assert float(together.advance()[1]) == pytest.approx(alone.advance()[0], rel=1e-12)
    for name, value in together.values(1).items():
        torch.testing.assert_close(value, alone.values()[name], rtol=1e-9, atol=1e-12)


def test_no_stack_takes_one_and_only_subgroups_are_stages() -> None:
    assert not suits_stack(24, CONFIG)
    assert suits_stack(24, CONFIG.replace(curriculum=[]))
    config = CONFIG.replace(curriculum=[[5, 3]])
    with pytest.raises(RhosetError, match="the first 5 elements are none"):
        Trainer(S4.table, config, 0)
    with pytest.raises(RhosetError, match="the first 5 elements are none"):
        InstanceTrainer(S4.table, config, [0], torch.device("cpu"))


def test_training_starts_from_a_network_of_a_subgroup(tmp_path: Path) -> None:
    """Its parameters are the first elements' ones, the others are zero, and the optimiser is fresh."""
    config = TrainConfig(width=12, embed_dim=5, max_steps=20, min_steps=0)
    train_population(group("S3"), config, 1, tmp_path / "s3")
    path = str(tmp_path / "s3" / "networks" / "0000.safetensors")
    small, start = read_network(path), config.replace(start_from=path)
    for trainer in (
        Trainer(S4.table, start, 3),
        InstanceTrainer(S4.table, start, [3], torch.device("cpu")),
        StackTrainer(S4.table, [start], [3]),
    ):
        left, right, unembed, _ = (t.detach().numpy() for t in trainer.network(0).fold())
        np.testing.assert_allclose(left[:6], small.left, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(right[:6], small.right, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(unembed[:, :6], small.unembed)
        assert not left[6:].any()
        assert not unembed[:, 6:].any()
        assert trainer.steps[0] == 0


@pytest.mark.parametrize(
    ("symbol", "changes", "said"),
    [
        ("C7", {}, "a network of this group, or of a subgroup that is its first elements"),
        (
            "S4",
            {"width": 11},
            "hidden_left of shape \\(5, 11\\); that file's has shape \\(5, 12\\)",
        ),
        ("S4", {"width": 13}, r"hidden_left of shape \(5, 13\); that file's has shape \(5, 12\)"),
        ("S4", {"unembed_bias": False}, "a network without parameter unembed_bias, as these settings have none"),
        ("S4", {"activation": "abs"}, "a network of activation abs; that file's is relu"),
        ("S4", {"hidden_bias": True}, "hidden_bias of shape .*; that file has none"),
    ],
)
def test_what_cannot_be_started_from_is_refused(
    symbol: str, changes: dict[str, object], said: str, tmp_path: Path
) -> None:
    config = TrainConfig(width=12, embed_dim=5, max_steps=20, min_steps=0)
    train_population(group("S3"), config, 1, tmp_path / "s3")
    start = config.replace(start_from=str(tmp_path / "s3" / "networks" / "0000.safetensors"), **changes)
    with pytest.raises(RhosetError, match=said) as caught:
        Trainer(group(symbol).table, start, 0)
    assert caught.value.slug == "bad-setting"


@pytest.mark.parametrize(
    "changes",
    [
        {"start_from": "nowhere.safetensors"},
        {"curriculum": ((5, 10),), "replacement": True},
        {"sampled_outputs": 25, "batch": 50},
    ],
)
def test_what_is_refused_leaves_no_run(changes: dict[str, object], tmp_path: Path) -> None:
    """Else the folder would refuse the settings that are right."""
    config = TrainConfig(width=12, embed_dim=5, max_steps=3, min_steps=0)
    with pytest.raises(RhosetError):
        train_population(group("S4"), config.replace(**changes), 1, tmp_path / "run")
    assert train_population(group("S4"), config, 1, tmp_path / "run").rows[0]["steps"] == 3


def test_a_start_that_was_changed_meanwhile_is_another_setting(tmp_path: Path) -> None:
    config = TrainConfig(width=12, embed_dim=5, max_steps=5, min_steps=0)
    train_population(group("S3"), config, 2, tmp_path / "s3")
    first, second = (tmp_path / "s3" / "networks" / f"000{k}.safetensors" for k in (0, 1))
    start = config.replace(start_from=str(first))
    train_population(group("S4"), start, 1, tmp_path / "run")
    train_population(group("S4"), start, 2, tmp_path / "run")
    first.write_bytes(second.read_bytes())
    with pytest.raises(RhosetError, match="now of other weights") as caught:
        train_population(group("S4"), start, 3, tmp_path / "run")
    assert caught.value.slug == "run-settings-differ"
