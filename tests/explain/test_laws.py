"""What stationary points must obey: shown on networks that are stationary by construction, and on trained ones."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from explain.planting import analysis_of, planted, structure
from support.public import public_file

from rhoset.explaining import account, analyse, compare, decided, reading_law, writing_law
from rhoset.explaining.gradients import ascent, cross_entropy, rest
from rhoset.explaining.trained import Recipe, recipe
from rhoset.groups import group
from rhoset.networks import Network, logits, read_network


def pairs_of(n: int, share: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, n)) < share


def settled(trained: Recipe, width: int = 12, name: str = "S3", seed: int = 0) -> Network:
    """Random readings, and the unembed that plain descent from 0 finds for them: nothing of the library's solver."""
    table = group(name).table
    n = len(table)
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(2, n, width))
    x, y = np.nonzero(trained.pairs)
    hidden = np.maximum(left[x] + right[y], 0)
    target = np.eye(n)[table[x, y]]
    unembed = np.zeros((width, n))
    rate = 1 / (trained.decay + np.linalg.norm(hidden, 2) ** 2 / len(x))
    for _ in range(6000):
        f = hidden @ unembed
        p = np.exp(f - f.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        unembed -= rate * (hidden.T @ (p - target) / len(x) + trained.decay * unembed)
    return Network(left, right, unembed, np.zeros(n), table)


def test_the_law_holds_at_rest_over_the_training_pairs_only() -> None:
    trained = Recipe(pairs_of(6, 0.6), "adam", 0.05)
    network = settled(trained)
    made = ascent(network, trained.pairs)
    np.testing.assert_allclose(rest(made, trained), network.unembed, atol=1e-6)
    every = Recipe(np.ones((6, 6), dtype=bool), "adam", 0.05)
    assert np.abs(rest(ascent(network, every.pairs), every) - network.unembed).max() > 0.1


def test_the_minimum_is_found_from_anywhere() -> None:
    trained = Recipe(pairs_of(6, 0.6), "adam", 0.05)
    network = settled(trained)
    start = replace(network, unembed=np.random.default_rng(5).normal(size=network.unembed.shape))
    found = decided(start, trained)
    assert found is not None
    gap = np.linalg.norm(found.unembed - network.unembed) / np.linalg.norm(found.unembed)
    assert gap <= 1.01 * found.distance + 1e-6  # the bound is one
    assert found.distance <= 1e-3


def test_the_minimum_with_a_bias() -> None:
    trained = Recipe(pairs_of(6, 0.6), "adam", 0.05, bias="decays")
    found = decided(settled(trained), trained)
    assert found is not None
    network = settled(trained)
    moved = replace(network, unembed=found.unembed, bias=found.bias)
    x, y = np.nonzero(trained.pairs)
    error = cross_entropy(logits(moved, x, y).astype(float), network.table[x, y])[1]
    np.testing.assert_allclose(error.mean(axis=0) / 0.05, found.bias, atol=1e-2)


def test_adamw_rests_inside_its_barrier() -> None:
    trained = Recipe(pairs_of(6, 0.6), "adamw", 2.0, 0.01)
    network = settled(Recipe(trained.pairs, "adam", 0.05))
    found = decided(network, trained)
    assert found is not None
    assert np.abs(found.unembed).max() < 0.5
    moved = replace(network, unembed=found.unembed)
    np.testing.assert_allclose(rest(ascent(moved, trained.pairs), trained), found.unembed, atol=2e-3)


@pytest.mark.parametrize(
    "trained",
    [
        Recipe(np.ones((6, 6), dtype=bool)),
        Recipe(np.ones((6, 6), dtype=bool), "adam", 0.0),
        Recipe(np.ones((6, 6), dtype=bool), "adamw", 1.0, 0.0),
        Recipe(np.ones((6, 6), dtype=bool), "adam", 0.1, cubic=0.1),
    ],
)
def test_nothing_is_decided_where_decay_is_not_known(trained: Recipe) -> None:
    assert decided(settled(Recipe(pairs_of(6, 0.5), "adam", 0.1)), trained) is None


def test_the_cubic_penalty_weighs_whole_neurons() -> None:
    slope, sizes = np.ones((2, 3)), np.array([[1.0], [2.0]])
    trained = Recipe(np.ones((3, 3), dtype=bool), "adam", 0.0, cubic=0.5)
    np.testing.assert_allclose(rest(slope, trained, sizes), [[2 / 3] * 3, [1 / 3] * 3])


def test_small_losses_keep_their_digits() -> None:
    losses, error = cross_entropy(np.array([[40.0, 0.0, 0.0], [0.0, 800.0, 0.0]]), np.array([0, 0]))
    assert losses[0] == pytest.approx(2 * np.exp(-40), rel=1e-12)
    assert losses[1] == pytest.approx(800)
    np.testing.assert_allclose(error, [[2 * np.exp(-40), -np.exp(-40), -np.exp(-40)], [1, -1, 0]], atol=1e-15)


def balanced(network: Network) -> Network:
    """The same function with readings of one size: the law speaks of the scale that training chooses."""
    size = network.left.std(axis=0)
    return replace(
        network, left=network.left / size, right=network.right / size, unembed=network.unembed * size[:, None]
    )


@pytest.mark.parametrize(("name", "plan"), [("S5", "[4,1]"), ("A5", "4a"), ("S4", "[3,1]")])
def test_one_scalar_an_irrep_writes_a_full_circuit(name: str, plan: str) -> None:
    """In a full circuit every neuron writes where it reads, with one weight for all."""
    shares = writing_law(balanced(planted(name, plan).network)).shares()
    assert shares["group"] == pytest.approx(1, abs=1e-9)
    assert np.isnan(shares["law"])


def test_a_partial_circuit_breaks_the_groups_law_when_weights_differ() -> None:
    network = balanced(planted("S5", "[4,1]").network)
    scale = np.where(np.arange(network.width) % 2 == 0, 1.0, 3.0)
    uneven = replace(network, unembed=network.unembed * scale[:, None])
    assert writing_law(uneven).shares()["group"] < 0.9


def test_harmonics_are_the_groups() -> None:
    """A network of cosines that writes s_i filtered by (1, ½) on f and 2f: the law finds both scalars."""
    n, k = 31, 40
    x = 2 * np.pi * 3 * np.arange(n)[:, None] / n
    phi, psi = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(2, k))
    left, right = np.cos(x + phi), np.cos(x + psi)
    table = group(f"C{n}").table
    sums = np.zeros((n, k))
    for a in range(n):
        np.add.at(sums, table[a], np.maximum(left[a] + right, 0))
    found, _ = structure(f"C{n}")
    spectrum = np.fft.rfft(sums, axis=0)
    keep = np.zeros(len(spectrum))
    keep[3], keep[6] = 1.0, 0.5
    unembed = np.fft.irfft(spectrum * keep[:, None], n, axis=0).T
    law = writing_law(Network(left, right, unembed, np.zeros(n), table))
    shares = law.shares()
    assert shares["group"] == pytest.approx(1, abs=1e-9)
    assert shares["own"] < 0.995
    assert shares["off_group"] == pytest.approx(1, abs=1e-9)
    used = {irrep.label: q / n for irrep, q, size, _ in law.by_irrep() if size > 1e-9}
    assert used == {"frequency 3": pytest.approx(1), "frequency 6": pytest.approx(0.5)}
    assert len(found) == 16


PUBLIC = ["S5_seed2", "A5_seed1", "C113_seed1", "D59_seed1"]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_networks_are_at_rest(name: str) -> None:
    """Others' networks, AdamW, 250,000 steps: every entry of unembed follows, nothing fitted."""
    network = read_network(public_file(f"{name}.safetensors"))
    shares = writing_law(network).shares()
    assert shares["law"] > 0.9999
    assert shares["off_law"] > 0.9998
    every = writing_law(network, "all").shares()
    assert every["law"] < 0.5  # the pairs that they did not see are not in it


@pytest.mark.parametrize("name", PUBLIC)
def test_public_networks_read_what_they_must(name: str) -> None:
    law = reading_law(read_network(public_file(f"{name}.safetensors")))
    assert law is not None
    shares = law.shares()
    assert min(shares["left"], shares["right"]) > 0.9
    if name[0] == "S":  # a fifth of the pairs at the kink, and the law fails if it is not taken as one
        assert 0.15 < shares["kink"] < 0.25
        assert shares["sharp_left"] < 0


def test_the_law_of_what_still_moves() -> None:
    """Left, right and unembed themselves by plain AdamW steps in float64: before rest, rule 2 holds less u̇ / ηλ."""
    pairs, table = pairs_of(6, 0.7), group("S3").table
    rate, decay, epsilon, betas = 1e-3, 1.0, 1e-8, (0.9, 0.98)
    x, y = np.nonzero(pairs)
    target = np.eye(6)[table[x, y]]
    values = [np.random.default_rng(0).normal(size=shape) for shape in ((6, 16), (6, 16), (16, 6))]
    first, second = ([np.zeros_like(v) for v in values] for _ in range(2))
    config = {"optimizer": "adamw", "weight_decay": decay, "epsilon": epsilon, "learning_rate": rate}
    config |= {"architecture": "folded", "unembed_bias": False}
    kept = {}
    for step in range(1, 5501):
        left, right, unembed = values
        before = left[x] + right[y]
        hidden = before**2
        f = hidden @ unembed
        p = np.exp(f - f.max(axis=1, keepdims=True))
        error = (p / p.sum(axis=1, keepdims=True) - target) / len(x)
        back = 2 * before * (error @ unembed.T)
        slopes = [np.zeros((6, 16)), np.zeros((6, 16)), hidden.T @ error]
        np.add.at(slopes[0], x, back)
        np.add.at(slopes[1], y, back)
        for k, slope in enumerate(slopes):
            first[k] = betas[0] * first[k] + (1 - betas[0]) * slope
            second[k] = betas[1] * second[k] + (1 - betas[1]) * slope**2
            mean, size = first[k] / (1 - betas[0] ** step), np.sqrt(second[k] / (1 - betas[1] ** step))
            values[k] = values[k] - rate * (mean / (size + epsilon) + decay * values[k])
        if step in (5450, 5500):
            said = {"config": json.dumps(config), "seed": "0", "steps": str(step)}
            kept[step] = Network(*values, np.zeros(6), table, activation="square", metadata=said)
    network, earlier = kept[5500], kept[5450]
    shares = writing_law(network, pairs, before=earlier).shares()
    assert shares["moving"] > 0.999
    assert shares["law"] < shares["moving"]
    assert np.isnan(writing_law(network, pairs, before=network).shares()["moving"])  # no steps between
    still, moving = reading_law(network, pairs), reading_law(network, pairs, before=earlier)
    assert still is not None
    assert moving is not None
    assert min(moving.shares()["left"], moving.shares()["right"]) > 0.999
    assert still.shares()["left"] < moving.shares()["left"]


def test_readings_are_not_said_where_too_little_is_known() -> None:
    network = settled(Recipe(pairs_of(6, 0.5), "adam", 0.1))
    assert reading_law(network) is None
    assert reading_law(network, "all") is None


def test_a_trained_network_obeys_both_laws(tmp_path) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("torch")
    import rhoset

    config = {"width": 24, "architecture": "folded", "unembed_bias": False, "train_fraction": 0.7, "split_seed": 3}
    config |= {"weight_decay": 3e-3, "learning_rate": 0.01, "max_steps": 3000, "schedule": "cosine"}
    config |= {"activation": "square", "init_scale": 3.0}
    rhoset.train("S3", 1, out=tmp_path / "run", **config)
    (network,) = rhoset.load_all(tmp_path / "run")
    found = recipe(network)
    assert found is not None
    assert json.loads(network.metadata["config"])["train_fraction"] == 0.7
    law = writing_law(network, decide=True).shares()
    assert law["law"] > 0.99
    assert law["decided"] > 0.99
    assert law["decided_by_all"] < law["decided"]
    reading = reading_law(network)
    assert reading is not None
    assert min(reading.shares()["left"], reading.shares()["right"]) > 0.99


def test_the_accounts() -> None:
    network = read_network(public_file("A5_seed2.safetensors"))

    of = analyse(network)
    law, pairs = account(of, "writing law"), account(of, "training pairs")
    assert law.result.accuracy == pairs.result.accuracy == 1
    assert pairs.explained > max(0.97, law.explained)
    assert pairs.numbers["fraction"] == pytest.approx(0.5)
    assert "training pairs" not in [a.name for a in compare(of)]


def test_the_account_of_a_planted_network() -> None:
    made = account(analysis_of("S5", balanced(planted("S5", "[4,1]").network)), "writing law")
    assert made.explained == pytest.approx(1, abs=1e-9)
    assert made.numbers["scalars"] == 6
