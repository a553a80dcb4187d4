"""Attacks on the inequalities of rule pairs: certificates for which a bound is tight, so that half of it is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    constant,
    mean_transported,
    network,
    on_edge,
    pair_options,
    regular_block,
    small_circuit,
)
from .certificates import Slots, planted_block
from .harness import Cert, Net, plan_of
from .networks import draw_circuit, plant, random_tables
from .small_groups import (
    coset_action,
    pair_orbits,
    random_group,
    shuffled,
    small_group,
)


@attack
def aligned(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Q differs from K exactly along ΔF: the Cauchy-Schwarz bound is tight, half of it is wrong."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "C4"]))), rng)
    tensors = constant(group, int(rng.integers(1, 4)), rng)
    block = regular_block(group, tensors["unembed"])
    kept = 10.0 ** rng.uniform(-1, 1) * np.eye(group.order).reshape(1, -1)
    plan = plan_of("pairs", span_pairs=0)
    return network(tensors, group), certificate(group, [block], plan, references=kept)


@attack
def hidden_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit, and a neuron outside it that decides the answer: only δ knows of it."""
    group, circuit, tensors = small_circuit(rng, 1)
    a, b = rng.choice(group.order, 2, replace=False)
    tensors["left"][:, -1] = 1
    tensors["unembed"][-1, a], tensors["unembed"][-1, b] = 1, -1
    tensors["unembed"][-1] *= 10.0 ** rng.uniform(-1, 0.7)
    block = planted_block(circuit)
    plan = plan_of("pairs", **pair_options(group.order, rng))
    kept = {"references": mean_transported(tensors, group, block)} if rng.random() < 0.8 else {}
    return network(tensors, group), certificate(group, [block], plan, **kept)


@attack
def unwritten(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Nothing is written in any block: δ is everything, and ‖δ_xy‖‖h‖ or δ_xyᵀh is met with equality."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 3))
    tensors = constant(group, m, rng)
    if rng.random() < 0.5:
        tensors["unembed"] = np.sign(rng.normal(size=(m, n)))
    plan = plan_of("pairs", **pair_options(n, rng))
    kept = {"references": np.zeros((1, 0))} if rng.random() < 0.5 else {}
    kept |= {"scale": 2.0 ** rng.integers(-3, 4, m + 1)} if rng.random() < 0.5 else {}
    return on_edge(network(tensors, group), rng), certificate(group, [], plan, **kept)


@attack
def additive_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Activations a(x) + b(y) outside every block: nothing is left of h − a − b, and only the tables of a, b decide."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 4))
    tensors = random_tables(n, m, rng)
    kind = str(rng.choice(["both", "left", "right"]))
    tensors["left"] *= kind != "right"
    tensors["right"] *= kind != "left"
    if rng.random() < 0.5:
        tensors["left"] += 10
    options = pair_options(n, rng) | {"samples": int(rng.choice([1, n]))}
    kept = {"references": np.zeros((1, 0))} if rng.random() < 0.5 else {}
    net = on_edge(network(tensors, group, "linear" if tensors["left"].min(initial=0) < 5 else "relu"), rng)
    return net, certificate(group, [], plan_of("pairs", **options), **kept)


@attack
def loose_writing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons of the circuit that also write elsewhere."""
    group, circuit, tensors = small_circuit(rng, 0)
    size, k = 10.0 ** rng.uniform(-1, 0.5), len(circuit.neurons)
    tensors["unembed"] = tensors["unembed"] + size * rng.normal(size=(k, 1)) * rng.normal(size=group.order)
    block = planted_block(circuit)
    kept = {"references": mean_transported(tensors, group, block)} if rng.random() < 0.7 else {}
    net = network(tensors, group)
    plan = plan_of("pairs", **pair_options(group.order, rng))
    return on_edge(net, rng) if rng.random() < 0.5 else net, certificate(group, [block], plan, **kept)


@attack
def biased_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit under a bias that is larger than its margin; the bias neuron written in the block or not."""
    group, circuit, tensors = small_circuit(rng, 0)
    tensors["bias"] = 10.0 ** rng.uniform(-1, 1) * rng.normal(size=group.order)
    block = planted_block(circuit)
    blocks = [block]
    if rng.random() < 0.5:
        k = len(circuit.neurons)
        written = regular_block(group, tensors["bias"][None])
        blocks.append(replace(written, neurons=written.neurons + k, weights=written.weights * rng.choice([1, 1, 0.5])))
    kept = {"references": mean_transported(tensors, group, *blocks)} if rng.random() < 0.7 else {}
    net = network(tensors, group)
    plan = plan_of("pairs", **pair_options(group.order, rng))
    return on_edge(net, rng) if rng.random() < 0.5 else net, certificate(group, blocks, plan, **kept)


@attack
def copied_points(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Actions on many copies of an orbit: means over points are not means over elements."""
    group = shuffled(small_group(str(rng.choice(["C4", "C8", "C16", "Q8", "D6", "C2xC2xC2"]))), rng)
    small = (
        coset_action(group, group.generators[:1]) if rng.random() < 0.5 else np.zeros((group.order, 1), dtype=np.intp)
    )
    copies = max(1, int(rng.integers(1, 1 + group.order // small.shape[1])))
    action = np.concatenate([small + j * small.shape[1] for j in range(copies)], axis=1)
    true = draw_circuit(group, rng, 0)
    activation = str(rng.choice(["square", "square", "relu", "abs"]))
    m = int(rng.integers(1, 5))
    tensors = random_tables(group.order, m, rng)
    if rng.random() < 0.5:
        tensors = constant(group, m, rng)
    orbit = pair_orbits(group, action, action)
    coupling = rng.normal(size=orbit.max() + 1)[orbit]
    rows, columns = rng.integers(0, action.shape[1], (2, m))
    weights = rng.normal(size=m)
    tensors["unembed"] = (weights * coupling[rows, action[:, columns]]).T.copy()
    tensors["bias"][...] = 0
    block = Slots(action, action, coupling, np.arange(m), rows, columns, weights)
    blocks = [block]
    if true is not None and len(true.neurons) <= 16:
        sign = -1.0 if rng.random() < 0.7 else 1.0
        other = plant(group, [replace(true, neurons=m + np.arange(len(true.neurons)))], m + len(true.neurons))
        full = {k: np.concatenate([tensors[k], other[k][:, m:]], axis=1) for k in ("left", "right")}
        full["unembed"] = np.concatenate([tensors["unembed"], sign * other["unembed"][m:]])
        full["bias"], tensors = tensors["bias"], tensors
        tensors = full
        moved = replace(true, neurons=m + np.arange(len(true.neurons)), weights=sign * true.weights)
        blocks.append(planted_block(moved))
    net = network(tensors, group, activation)
    net = on_edge(net, rng) if rng.random() < 0.6 else net
    return net, certificate(group, blocks, plan_of("pairs", **pair_options(group.order, rng)))


@attack
def one_by_one(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Some outputs are above the right one and some below, and all that are open are evaluated singly."""
    group = random_group(rng, 8)
    tensors = random_tables(group.order, int(rng.integers(1, 5)), rng)
    options = pair_options(group.order, rng) | {"span_pairs": None, "singles": group.order}
    return network(tensors, group), certificate(group, [], plan_of("pairs", "exact", **options))
