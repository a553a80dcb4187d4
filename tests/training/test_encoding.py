"""Operands and answers as permutation matrices (architecture `encoded`)."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.networks import read_network, read_parameters
from rhoset.training import TrainConfig, retrain, train_network, train_population
from rhoset.training.encoding import permutation_matrices
from rhoset.training.instances import InstanceTrainer
from rhoset.training.model import first_network
from rhoset.training.stacks.layout import suits_stack
from rhoset.training.trainer import Trainer

S4 = group("S4")
CONFIG = TrainConfig(
    architecture="encoded", encoding_subgroup=6, width=48, unembed_bias=False, max_steps=300, weight_decay=1e-3
)


@pytest.mark.parametrize(
    ("name", "elements", "points"), [("S4", 6, 4), ("A5", 12, 5), ("PSL(2,7)", 21, 8), ("F21", 3, 7)]
)
def test_matrices_are_a_faithful_representation(name: str, elements: int, points: int) -> None:
    table = group(name).table
    matrices = permutation_matrices(table, elements).reshape(len(table), points, points)
    assert (matrices.sum(1) == 1).all()
    assert (matrices.sum(2) == 1).all()
    assert len(np.unique(matrices, axis=0)) == len(table)
    x, y = np.random.default_rng(0).integers(0, len(table), (2, 50))
    np.testing.assert_array_equal(matrices[x] @ matrices[y], matrices[table[x, y]])


def test_matrices_of_a_symmetric_group_move_its_points() -> None:
    """On the cosets of the stabiliser of the first point, coset b holds what takes it to one point p(b)."""
    matrices = permutation_matrices(S4.table, 6).reshape(24, 4, 4)
    assert S4.permutations is not None
    point = [int(S4.permutations[matrices[:, b, 0].argmax(), 0]) for b in range(4)]
    for x in range(24):
        for b in range(4):
            assert point[matrices[x, :, b].argmax()] == S4.permutations[x, point[b]]


def test_tables_are_functions_of_points() -> None:
    """Left, right and unembed lie in the span of the matrices' entries, at the beginning and after training."""
    network, outcome = train_network(S4.table, CONFIG, seed=0)
    assert outcome.final.accuracy == 1
    matrices = permutation_matrices(S4.table, 6)
    left, right, unembed, bias = (t.detach().numpy() for t in network.fold())
    for part in (left, right, unembed.T):
        assert np.abs(part - matrices @ np.linalg.lstsq(matrices, part, rcond=None)[0]).max() < 1e-5
    assert not bias.any()


def test_gradients_are_those_of_the_loss_written_out() -> None:
    config = CONFIG.replace(width=5, precision="float64", weight_decay=0.0)
    trainer = Trainer(S4.table, config, 3)
    values = {name: value.clone().requires_grad_(True) for name, value in trainer.values().items()}
    matrices = torch.from_numpy(permutation_matrices(S4.table, 6)).double()
    x, y = (torch.from_numpy(i) for i in np.divmod(np.arange(24 * 24), 24))
    hidden = torch.relu(matrices[x] @ values["hidden_left"] + matrices[y] @ values["hidden_right"])
    logits = hidden @ values["unembed_points"].T @ matrices.T
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(S4.table[x, y].astype(np.int64)))
    loss.backward()
    assert trainer.advance()[0] == pytest.approx(float(loss.detach()), rel=1e-12)
    for name, parameter in trainer.module.named_parameters():
        torch.testing.assert_close(parameter.grad, values[name].grad, rtol=1e-9, atol=1e-12)


def test_one_by_one_and_together_on_a_device_agree() -> None:
    """The first by products with the matrices, the second by folded tables."""
    config = CONFIG.replace(precision="float64", batch=64, replacement=True, hidden_bias=True, activation="gelu")
    alone = Trainer(S4.table, config, 7)
    together = InstanceTrainer(S4.table, config, [3, 7], torch.device("cpu"))
    for _ in range(6):
        assert float(together.advance()[1]) == pytest.approx(alone.advance()[0], rel=1e-12)
    for name, value in together.values(1).items():
        torch.testing.assert_close(value, alone.values()[name], rtol=1e-9, atol=1e-12)
    assert not suits_stack(24, config)


def test_a_one_hot_network_goes_on_from_an_encoded_one(tmp_path: Path) -> None:
    train_population(S4, CONFIG, 1, tmp_path / "encoded")
    path = tmp_path / "encoded" / "networks" / "0000.safetensors"
    np.testing.assert_array_equal(retrain(tmp_path / "encoded", 0).left, read_network(path).left)
    assert sorted(read_parameters(path)) == ["embed_left", "embed_right", "hidden_left", "hidden_right"]
    free = TrainConfig(width=48, embed_dim=16, unembed_bias=False, start_from=str(path), max_steps=5)
    begun, given = first_network(S4.table, free, seed=1), read_network(path)
    for part, name in zip(begun.fold(), ("left", "right", "unembed"), strict=False):
        np.testing.assert_allclose(part.detach().numpy(), getattr(given, name), rtol=1e-5, atol=1e-6)
    after, outcome = train_network(S4.table, free, seed=1)
    assert outcome.final.accuracy == 1
    for (name, old), (_, new) in zip(begun.named_parameters(), after.named_parameters(), strict=True):
        assert (old != new).any(), name


def test_a_run_goes_on_where_it_was_stopped() -> None:
    config = CONFIG.replace(max_steps=20)
    whole, part = Trainer(S4.table, config, 0), Trainer(S4.table, config, 0)
    for _ in range(10):
        whole.advance()
        part.advance()
    again = Trainer(S4.table, config, 0, part.state(0))
    for _ in range(5):
        assert again.advance()[0] == whole.advance()[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoding_subgroup": 0}, "encoding_subgroup is 0; it must be the order of a subgroup"),
        ({"architecture": "factored"}, "0 unless architecture is 'encoded'"),
        ({"unembed_bias": True}, "unembed_bias is True; it must be False with architecture 'encoded'"),
        ({"sampled_outputs": 8, "batch": 64}, "sampled_outputs is 8; it must be 0 with"),
        ({"curriculum": [[6, 10]], "replacement": True}, "it must be .. with architecture 'encoded'"),
        ({"start_from": "a.safetensors"}, "it must be '' with architecture 'encoded'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(RhosetError, match=said) as caught:
        CONFIG.replace(**changes)
    assert caught.value.slug == "bad-setting"


@pytest.mark.parametrize(
    ("name", "elements", "said"),
    [
        ("S4", 5, r"the first elements \(first elements that are a subgroup: 2, 6\)"),
        ("C7", 3, "first elements that are a subgroup: none"),
        ("D5", 5, "a subgroup that holds no normal one"),
        ("S3", 6, "a proper subgroup"),
    ],
)
def test_a_group_without_such_points_is_refused(name: str, elements: int, said: str, tmp_path: Path) -> None:
    config = CONFIG.replace(encoding_subgroup=elements)
    with pytest.raises(RhosetError, match=said) as caught:
        train_population(group(name), config, 1, tmp_path / "run")
    assert caught.value.slug == "bad-setting"
    assert not list((tmp_path / "run").glob("*.toml"))
