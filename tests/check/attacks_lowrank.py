"""Attacks on the inequality of rule lowrank: certificates for which the bound is tight, so that half of it is wrong."""

from __future__ import annotations

import numpy as np

from .attack_parts import (
    all_left_over,
    attack,
    certificate,
    constant,
    everything,
    low_options,
    network,
    no_features,
    on_edge,
    small_circuit,
)
from .certificates import low_rank, written
from .harness import Cert, Net, Tensors, plan_of
from .networks import Planted, random_tables
from .small_groups import SmallGroup, random_group


def seen(group: SmallGroup, circuit: Planted, tensors: Tensors, honest: bool = True) -> Tensors:
    """The features of a circuit, and what neurons write in them; else only what those of the circuit write."""
    features = circuit.coupling[:, circuit.right].transpose(1, 0, 2).reshape(group.order, -1)
    fitted = written(network(tensors, group), features)
    return low_rank(features, fitted if honest else fitted * (np.arange(len(fitted)) < len(circuit.neurons))[:, None])


@attack
def unwritten(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Nothing is written in any feature: δ is everything, and ‖δ_z‖‖h‖ is met with equality."""
    group, tensors, kept = all_left_over(rng)
    n, m = tensors["left"].shape
    cert = certificate(group, plan_of("lowrank", **low_options(n, rng)), **no_features(n, m), **kept)
    return on_edge(network(tensors, group), rng), cert


@attack
def hidden_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit, and a neuron outside it that decides the answer: only δ knows of it."""
    group, circuit, tensors = small_circuit(rng, 1)
    a, b = rng.choice(group.order, 2, replace=False)
    tensors["left"][:, -1] = 1
    tensors["unembed"][-1, a], tensors["unembed"][-1, b] = 1, -1
    tensors["unembed"][-1] *= 10.0 ** rng.uniform(-1, 0.7)
    kept = seen(group, circuit, tensors, honest=False)
    return network(tensors, group), certificate(group, plan_of("lowrank", **low_options(group.order, rng)), **kept)


@attack
def additive_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Activations a(x) + b(y) that write in no feature: nothing is left of h − a − b, only their logits decide."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 4))
    tensors = random_tables(n, m, rng)
    kind = str(rng.choice(["both", "left", "right"]))
    tensors["left"] *= kind != "right"
    tensors["right"] *= kind != "left"
    if rng.random() < 0.5:
        tensors["left"] += 10
    options = low_options(n, rng) | {"samples": int(rng.choice([1, n]))}
    net = on_edge(network(tensors, group, "linear" if tensors["left"].min(initial=0) < 5 else "relu"), rng)
    return net, certificate(group, plan_of("lowrank", **options), **no_features(n, m))


@attack
def loose_writing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons of a circuit that also write elsewhere."""
    group, circuit, tensors = small_circuit(rng, 0)
    size, k = 10.0 ** rng.uniform(-1, 0.5), len(circuit.neurons)
    tensors["unembed"] = tensors["unembed"] + size * rng.normal(size=(k, 1)) * rng.normal(size=group.order)
    net, kept = network(tensors, group), seen(group, circuit, tensors)
    net = on_edge(net, rng) if rng.random() < 0.5 else net
    return net, certificate(group, plan_of("lowrank", **low_options(group.order, rng)), **kept)


@attack
def biased_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit under a bias that is larger than its margin; the bias neuron writes in a feature or not."""
    group, circuit, tensors = small_circuit(rng, 0)
    tensors["bias"] = 10.0 ** rng.uniform(-1, 1) * rng.normal(size=group.order)
    kept = seen(group, circuit, tensors, honest=bool(rng.integers(2)))
    if rng.random() < 0.5:
        features, last = kept["lowrank.features"], np.zeros((len(circuit.neurons) + 1, 1))
        last[-1] = rng.choice([1, 1, 0.5])
        features = np.concatenate([features, tensors["bias"][:, None]], axis=1)
        kept = low_rank(features, np.concatenate([kept["lowrank.writing"], last], axis=1))
    net = network(tensors, group)
    net = on_edge(net, rng) if rng.random() < 0.5 else net
    return net, certificate(group, plan_of("lowrank", **low_options(group.order, rng)), **kept)


@attack
def common_writing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """What a neuron adds to all outputs alike is no margin, whoever writes it: all is written but that, or all."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 4))
    tensors = random_tables(n, m, rng)
    tensors["unembed"] += 10.0 ** rng.uniform(0, 2) * rng.normal(size=(m, 1))
    kept = everything(tensors)
    if rng.random() < 0.7:
        kept["lowrank.writing"] -= kept["lowrank.writing"].mean(axis=1, keepdims=True)
    net = on_edge(network(tensors, group), rng)
    return net, certificate(group, plan_of("lowrank", **low_options(n, rng)), **kept)


@attack
def false_writing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons write in features what they do not: δ takes it back."""
    group = random_group(rng, 6)
    n, m, k = group.order, int(rng.integers(1, 4)), int(rng.integers(1, 4))
    tensors = constant(group, m, rng) if rng.random() < 0.5 else random_tables(n, m, rng)
    kept = low_rank(rng.normal(size=(n, k)), rng.normal(size=(m + 1, k)))
    net = on_edge(network(tensors, group), rng)
    return net, certificate(group, plan_of("lowrank", **low_options(n, rng)), **kept)


@attack
def aligned_writing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """W/s has orthonormal columns, so that sums tell the length of activations, or columns of any length; features are
    fitted to them or not."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 5))
    tensors = constant(group, m, rng) if rng.random() < 0.5 else random_tables(n, m, rng)
    scale = 2.0 ** rng.integers(-3, 4, m + 1)
    writing = scale[:, None] * np.linalg.qr(rng.normal(size=(m + 1, int(rng.integers(1, m + 2)))))[0]
    features = rng.normal(size=(n, writing.shape[1])) * rng.integers(0, 2)
    if rng.random() < 0.5:
        written, writing = np.concatenate([tensors["unembed"], tensors["bias"][None]]), writing * rng.choice([1, 2, 8])
        written = (written - written.mean(axis=1, keepdims=True)) / scale[:, None]
        features = (np.linalg.pinv(writing / scale[:, None]) @ written).T
    kept = low_rank(features, writing)
    net = on_edge(network(tensors, group), rng)
    return net, certificate(group, plan_of("lowrank", **low_options(n, rng)), **kept, scale=scale)


@attack
def one_by_one(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Some outputs are above the right one and some below, and all that are open are evaluated singly."""
    group = random_group(rng, 8)
    n, m = group.order, int(rng.integers(1, 5))
    tensors = random_tables(n, m, rng)
    options = low_options(n, rng) | {"singles": n}
    return network(tensors, group), certificate(group, plan_of("lowrank", "exact", **options), **no_features(n, m))


@attack
def tied_writing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """All is written, two outputs nearly alike: what rounding does to sums and logits decides."""
    group = random_group(rng, 5)
    n, m = group.order, int(rng.integers(2, 30))
    tensors = random_tables(n, m, rng)
    one, other = rng.choice(n, 2, replace=False)
    power = int(rng.integers(8, 30))
    tensors["unembed"][:, other] = tensors["unembed"][:, one] * (1 + 2.0**-power * rng.normal())
    tensors["bias"][...] = 0
    if rng.random() < 0.5:
        tensors["unembed"] += 2.0 ** rng.integers(0, 12) * rng.normal(size=(m, 1))
    return network(tensors, group), certificate(group, plan_of("lowrank", **low_options(n, rng)), **everything(tensors))
