"""Which pairs training saw: from metadata, from the public checkpoints' seeds, from the caller."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.networks import cyclic_table, random_network
from support.public import public_file

from rhoset.explaining import recipe
from rhoset.explaining.trained import CHUGHTAI, torch_permutation
from rhoset.networks import Network, evaluate, logits, read_network


def with_metadata(**metadata: str) -> Network:
    net = random_network(7, 5)
    return Network(net.left, net.right, net.unembed, net.bias, net.table, metadata=metadata)


@pytest.mark.parametrize(("count", "seed"), [(1, 1), (2, 3), (25, 0), (3600, 1), (14400, 4_000_000_000)])
def test_the_permutation_is_pytorchs(count: int, seed: int) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    assert torch_permutation(count, seed).tolist() == torch.randperm(count).tolist()


def test_settings_and_seed_say_the_pairs() -> None:
    from rhoset.training import TrainConfig
    from rhoset.training.batches import training_pairs

    config = TrainConfig(train_fraction=0.4, split_seed=None, optimizer="adamw", weight_decay=0.5, unembed_bias=False)
    found = recipe(with_metadata(config=json.dumps(config.to_dict()), seed="3"))
    assert found is not None
    seen = training_pairs(7, config, 3)
    assert seen is not None
    assert np.flatnonzero(found.pairs).tolist() == seen.tolist()
    assert (found.optimizer, found.decay, found.architecture, found.bias) == ("adamw", 0.5, "factored", "")
    assert found.fraction == pytest.approx(20 / 49)


def test_all_pairs_without_a_split() -> None:
    from rhoset.training import TrainConfig

    found = recipe(with_metadata(config=json.dumps(TrainConfig(bias_decay=False).to_dict()), seed="0"))
    assert found is not None
    assert found.pairs.all()
    assert found.bias == "free"


@pytest.mark.parametrize(
    "metadata", [{}, {"config": "{", "seed": "0"}, {"config": "{}", "seed": "x"}, {"config": "[]"}]
)
def test_networks_that_do_not_say(metadata: dict[str, str]) -> None:
    assert recipe(with_metadata(**metadata)) is None


@pytest.mark.parametrize("wrong", [{"seed": "-1"}, {"seed": "1", "train_fraction": "2"}, {"seed": "one"}])
def test_odd_metadata_of_public_files_say_nothing(wrong: dict[str, str]) -> None:
    assert recipe(with_metadata(**{"source_repository": CHUGHTAI, "train_fraction": "0.4", **wrong})) is None


def test_the_caller_says_the_pairs() -> None:
    net = random_network(4, 5)
    mask = np.zeros((4, 4), dtype=bool)
    mask[1, 2] = mask[3, 0] = True
    for split in (mask, [6, 12], np.array([12, 6])):
        found = recipe(net, split)
        assert found is not None
        assert (found.pairs == mask).all()
        assert found.optimizer == ""
    every = recipe(net, "all")
    assert every is not None
    assert every.pairs.all()


@pytest.mark.parametrize("name", ["S5_seed1", "A5_seed1", "C113_seed1", "D59_seed1"])
def test_public_networks_know_their_training_pairs(name: str) -> None:
    """Loss is smaller on the pairs that they saw: an oracle that knows nothing of permutations."""
    network = read_network(public_file(f"{name}.safetensors"))
    found = recipe(network)
    assert found is not None
    x, y = np.mgrid[: network.order, : network.order].reshape(2, -1)
    f = logits(network, x, y).astype(np.float64)
    right = f[np.arange(len(x)), network.table[x, y]]
    loss = np.log(np.exp(f - right[:, None]).sum(axis=1))
    seen, unseen = np.sort(loss[found.pairs.ravel()]), loss[~found.pairs.ravel()]
    above = np.searchsorted(seen, unseen).mean() / len(seen)
    assert above > 0.75  # chance: 0.5 ± 0.01; measured 0.79 to 0.95
    assert evaluate(network).accuracy == 1


def test_cyclic_table_is_used() -> None:
    assert (random_network(4, 5).table == cyclic_table(4)).all()
