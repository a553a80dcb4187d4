"""Attacks on the inequality of rule points: certificates for which the bound is tight, or nearly, so that half of it is
wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .attack_parts import (
    all_left_over,
    attack,
    certificate,
    constant,
    everywhere,
    low_options,
    network,
    no_points,
    on_edge,
    small_circuit,
    some_points,
)
from .attacks_false import words
from .attacks_rounding import drowned_sums
from .certificates import at_points, seen, written
from .harness import ALL, Cert, Net, Tensors, plan_of
from .networks import random_tables
from .small_groups import SmallGroup, random_group, shuffled, small_group


def planned(n: int, rng: np.random.Generator, *more: str, **options: object) -> dict[str, object]:
    """Rule points with any options."""
    return plan_of("points", *more, **{**low_options(n, rng), **options})


def moving(rng: np.random.Generator, largest: int = 24) -> SmallGroup:
    """A group some of whose elements fix some points of a G-set and move others."""
    names = [name for name, n in {"C2xC2": 4, "S3": 6, "D4": 8, "D5": 10, "A4": 12, "S4": 24}.items() if n <= largest]
    return shuffled(small_group(str(rng.choice(names))), rng)


def all_written(tensors: Tensors, sets: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """(m + 1, Σ q²): unembed and bias are replaced by what neurons write at points, and by nothing else."""
    features = seen(sets)
    writing = np.round(rng.normal(size=(len(tensors["unembed"]) + 1, features.shape[1])) * 2**10) / 2**10
    writing[-1] *= rng.integers(0, 2)
    writing *= rng.random(writing.shape) < rng.choice([0.5, 1.0])
    tensors["unembed"], tensors["bias"] = writing[:-1] @ features.T, writing[-1] @ features.T
    return writing


@attack
def points_alone(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Activations do not depend on the inputs and all is written at points: gaps decide, some of them negative."""
    group = moving(rng) if rng.random() < 0.8 else random_group(rng, 8)
    tensors = constant(group, 2, rng)  # as many neurons as sets
    sets = [group.natural, *(some_points(group, rng) for _ in range(int(rng.integers(0, 2))))]
    writing = all_written(tensors, sets, rng)
    return network(tensors, group), certificate(group, plan_of("points", singles=0), **at_points(sets, writing, group))


@attack
def false_points(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`points_alone` with permutations that satisfy no relation of the group: w moves other points than is said."""
    group = moving(rng, 8)
    tensors, q = constant(group, 2, rng), int(rng.integers(3, 5))
    false = words(group, [rng.permutation(q) for _ in group.generators])
    sets = [false, group.natural][: int(rng.integers(1, 3))]
    kept = at_points(sets, all_written(tensors, sets, rng), group)
    return network(tensors, group), certificate(group, plan_of("points", singles=0), **kept)


@attack
def points_apart(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Activations depend on both inputs, and all is written at points of sets that are told apart by size."""
    group = random_group(rng, 6) if rng.random() < 0.5 else moving(rng, 8)
    tensors = random_tables(group.order, int(rng.integers(2, 4)), rng)
    sets = [some_points(group, rng) for _ in range(int(rng.integers(1, 3)))]
    cert = at_points(sets, all_written(tensors, sets, rng), group)
    return network(tensors, group), certificate(group, planned(group.order, rng), **cert)


def counting(group: SmallGroup, extra: int) -> tuple[Tensors, np.ndarray]:
    """f(z | x, y) is how many points z and xy take to the same place, and every bound of that is tight; (m + 1, q²)
    what neurons write at points. `extra` neurons do nothing."""
    action, q, n = group.natural, group.natural.shape[1], group.order
    c, b, p = (axis.ravel() for axis in np.meshgrid(*3 * [np.arange(q)], indexing="ij"))
    left, right = (action[group.inverse][:, b] == p) - 1.0, (action[:, c] == p) * 1.0
    writing = np.concatenate([np.eye(q * q)[c * q + b], np.zeros((extra + 1, q * q))])
    more = np.zeros((n, extra))
    tensors = {"left": np.concatenate([left, more], axis=1), "right": np.concatenate([right, more], axis=1)}
    return {**tensors, "unembed": writing[:-1] @ seen([action]).T, "bias": np.zeros(n)}, writing


@attack
def points_counted(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Margins are how many points w moves, times something; a bias is against one answer, some or none."""
    group = moving(rng, 8)
    (tensors, writing), size = counting(group, 0), 10.0 ** rng.uniform(-2, 0.5)
    tensors["unembed"] *= size
    kind = rng.random()
    if kind < 0.3:
        tensors["bias"] = rng.choice([1, 4]) * size * rng.normal(size=group.order)
    elif kind < 0.5:
        tensors["bias"][rng.integers(group.order)] = -size * rng.uniform(1, 5)
    net = network(tensors, group)
    net = on_edge(net, rng) if rng.random() < 0.3 else net
    plan = planned(group.order, rng, singles=0)
    scale = np.where(np.arange(len(writing)) < net.width, 2.0**-20, 1.0)
    return net, certificate(group, plan, **at_points([group.natural], size * writing, group), scale=scale)


@attack
def points_counted_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`points_counted` and neurons, always active or not, for one answer and against another: δ knows of them."""
    group, count = moving(rng, 8), int(rng.choice([1, 8]))
    tensors, writing = counting(group, count)
    a, b = rng.choice(group.order, 2, replace=False)
    tensors["left"][:, -count:], size = 1, rng.uniform(1, group.natural.shape[1])
    if rng.random() < 0.5:
        tensors["left"][:, -1], tensors["right"][:, -1] = rng.choice([-1, 1], (2, group.order))
    tensors["unembed"][-count:, a], tensors["unembed"][-count:, b] = size / count, -size / count
    scale = np.full(len(writing), 2.0**-20)
    scale[-1 - count : -1] = 2.0 ** rng.integers(0, 9)
    plan = planned(group.order, rng, singles=0)
    kept = at_points([group.natural], writing, group)
    return network(tensors, group), certificate(group, plan, **kept, scale=scale)


@attack
def points_common(rng: np.random.Generator) -> tuple[Net, Cert]:
    """What is written alike at all places of a point is no margin, and no gap: potentials take it up."""
    net, cert = points_apart(rng)
    sizes = [a.shape[1] for name, a in cert.tensors.items() if name.endswith(".right")]
    more = [np.repeat(rng.normal(size=(net.width + 1, q)), q, axis=1) for q in sizes]
    common = 10.0 ** rng.uniform(0, 2) * np.concatenate(more, axis=1)
    return net, cert.but(**{"points.writing": cert.tensors["points.writing"] + common})


@attack
def points_unwritten(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Nothing is written at points: δ is everything, and ‖δ_z‖‖h‖ is met with equality."""
    group, tensors, kept = all_left_over(rng)
    n, m = tensors["left"].shape
    cert = certificate(group, planned(n, rng), **no_points(group, m, rng), **kept)
    return on_edge(network(tensors, group), rng), cert


@attack
def points_additive(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Activations a(x) + b(y) that write at no point: nothing is left of h − a − b, only their logits decide."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 4))
    tensors = random_tables(n, m, rng)
    kind = str(rng.choice(["both", "left", "right"]))
    tensors["left"] *= kind != "right"
    tensors["right"] *= kind != "left"
    plan = planned(n, rng, samples=int(rng.choice([1, n])))
    net = on_edge(network(tensors, group, "linear"), rng)
    return net, certificate(group, plan, **no_points(group, m, rng))


@attack
def points_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit, and a neuron outside it that decides the answer: only δ knows of it."""
    group, circuit, tensors = small_circuit(rng, 1)
    a, b = rng.choice(group.order, 2, replace=False)
    tensors["left"][:, -1] = 1
    tensors["unembed"][-1, a], tensors["unembed"][-1, b] = 1, -1
    tensors["unembed"][-1] *= 10.0 ** rng.uniform(-1, 0.7)
    writing = written(network(tensors, group), seen([circuit.right]))
    writing *= (np.arange(len(writing)) < len(circuit.neurons))[:, None]
    kept = at_points([circuit.right], writing, group)
    return network(tensors, group), certificate(group, planned(group.order, rng), **kept)


@attack
def points_biased(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit under a bias that is larger than its margin; fitted to the points, or not at all."""
    group, circuit, tensors = small_circuit(rng, 0)
    tensors["bias"] = 10.0 ** rng.uniform(-1, 1) * rng.normal(size=group.order)
    net = network(tensors, group)
    writing = written(net, seen([circuit.right]))
    writing[-1] *= rng.integers(2)
    net = on_edge(net, rng) if rng.random() < 0.5 else net
    kept = at_points([circuit.right], writing, group)
    return net, certificate(group, planned(group.order, rng), **kept)


@attack
def points_false(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons write at points what they do not: δ takes it back."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 4))
    tensors = constant(group, m, rng) if rng.random() < 0.5 else random_tables(n, m, rng)
    sets = [some_points(group, rng)]
    writing = rng.normal(size=(m + 1, sets[0].shape[1] ** 2))
    kept = at_points(sets, writing, group)
    return on_edge(network(tensors, group), rng), certificate(group, planned(n, rng), **kept)


@attack
def points_singly(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Some outputs are above the right one and some below; all that are open are bounded singly, or evaluated."""
    net, cert = [points_apart, points_false, points_additive, points_driver][int(rng.integers(4))](rng)
    return net, cert.planned(singles=int(rng.choice([1, net.order])), exact=int(rng.choice([0, ALL])))


@attack
def points_far(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Constant activations, all written at the regular set's points, and one output far above the rest, so that most
    pairs are open and one output in each is what matters."""
    group = random_group(rng, 8)
    tensors = constant(group, 1, rng)
    tensors["unembed"][:, rng.integers(group.order)] += 5
    plan = planned(group.order, rng, singles=1)
    return network(tensors, group), certificate(group, plan, **everywhere(tensors, group))


@attack
def points_equal(rng: np.random.Generator) -> tuple[Net, Cert]:
    """All outputs are alike, or all rivals: the loss counts every one of them."""
    group = random_group(rng, 8)
    tensors = constant(group, 1, rng)
    tensors["unembed"][...] = rng.integers(0, 2) * 1e-3 * (np.arange(group.order) == rng.integers(group.order))
    kept = everywhere(tensors, group) if rng.random() < 0.5 else no_points(group, 1, rng)
    return network(tensors, group), certificate(group, planned(group.order, rng), **kept)


@attack
def points_tied(rng: np.random.Generator) -> tuple[Net, Cert]:
    """All is written, two outputs nearly alike: what rounding does to sums and gaps decides."""
    group = small_group("C2") if rng.random() < 0.5 else random_group(rng, 5)
    n, m = group.order, int(rng.integers(2, 30))
    tensors = random_tables(n, m, rng)
    one, other = rng.choice(n, 2, replace=False)
    tensors["unembed"][:, other] = tensors["unembed"][:, one] * (1 + 2.0 ** -int(rng.integers(8, 30)) * rng.normal())
    tensors["bias"][...] = 0
    if rng.random() < 0.5:
        tensors["unembed"] += 2.0 ** rng.integers(0, 12) * rng.normal(size=(m, 1))
    net = network(tensors, group)
    cert = certificate(group, planned(n, rng), **everywhere(tensors, group))
    return net, replace(cert, arithmetic="real")


@attack
def points_drowned(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`drowned` in what is summed at points in float32, and in nothing else; other pairs are evaluated."""
    net, cert = drowned_sums(rng)
    group = SmallGroup("", net.table.astype(np.intp), cert.tensors["generators"], net.table.astype(np.intp))
    plan = planned(2, rng, "exact", samples=0)
    return net, certificate(group, plan, **everywhere(net.tensors, group))
