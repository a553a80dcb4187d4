"""A curriculum without sampled outputs: the whole softmax of a subgroup, then that of the group."""

import numpy as np
import pytest
import torch

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.training.config import TrainConfig
from rhoset.training.instances import InstanceTrainer
from rhoset.training.stacks.layout import suits_stack
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
