"""Attacks on rule even (Theorem 10): a term of its bound is met with equality, or something is read wrongly."""

from __future__ import annotations

import numpy as np

from .attack_parts import attack, constant, gaps, network, on_edge, regular, small_circuit
from .attacks_gaps import deviating, drowned_readings, one_sign, right_circuit
from .harness import Cert, Net
from .small_groups import random_action, random_group


@attack
def uneven_rows(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`: a circuit, and a neuron that speaks for one x alone: the tables of all x are not alike (Theorem 10)."""
    group, circuit, tensors, margin = right_circuit(rng, 1, "relu")
    n, k, loud = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1)
    point, action = int(rng.integers(circuit.right.shape[1])), circuit.right
    tensors["left"][:, k] = np.where(np.arange(n) == rng.integers(n), loud, -loud)
    tensors["unembed"][k] = rng.choice([-1.0, 1.0], n)[action[:, point]] * margin * rng.uniform(0.8, 4) / (2 * loud)
    where = np.zeros(k + 1), np.append(circuit.columns, point)
    return network(tensors, group), gaps(group, [action], *where)


@attack
def biased_even(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`: a circuit alone, under a bias that takes all of its margin, or nearly."""
    group, circuit, tensors, margin = right_circuit(rng, 0, "relu")
    tensors["bias"][int(rng.integers(group.order))] = rng.choice([-1, 1]) * margin * rng.uniform(0.8, 1.9)
    where = np.zeros(len(circuit.neurons)), circuit.columns
    return network(tensors, group), gaps(group, [circuit.right], *where)


@attack
def typed_rows(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`, x told apart by x·c: a circuit, and a neuron that speaks for the x of one type alone."""
    group, circuit, tensors, margin = right_circuit(rng, 1, "relu")
    n, k, loud, action = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1), circuit.right
    point, c = rng.integers(0, action.shape[1], 2)
    tensors["left"][:, k] = np.where(action[:, c] == action[rng.integers(n), c], loud, -loud)
    tensors["unembed"][k] = rng.choice([-1.0, 1.0], n)[action[:, point]] * margin * rng.uniform(0.8, 4) / (2 * loud)
    where = np.zeros(k + 1), np.append(circuit.columns, point)
    return network(tensors, group), gaps(group, [action], *where, types=[0, c])


@attack
def typed_bias(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`, the bias a neuron at a point c: a circuit alone, under a bias that is a function of zc."""
    group, circuit, tensors, margin = right_circuit(rng, 0, "relu")
    action, c = circuit.right, int(rng.integers(circuit.right.shape[1]))
    tensors["bias"] = rng.choice([-1.0, 1.0], group.order)[action[:, c]] * margin * rng.uniform(0.4, 1)
    where = np.zeros(len(circuit.neurons)), circuit.columns
    return network(tensors, group), gaps(group, [action], *where, types=[0, c])


@attack
def even_readings(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`: `within_fibres` and `between_fibres`, with activations whose means say all."""
    inside = bool(rng.integers(2))
    for _ in range(20):  # within fibres: of a point that some w fix
        net, cert = deviating(rng, inside, "relu")
        if not inside or cert.tensors["gaps0.right"].shape[1] < net.order or rng.random() < 0.1:
            break
    return net, cert.but(**{"gaps.centred": np.ones(net.width, dtype=np.int64)})


@attack
def even_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`: a circuit, and a neuron whose unembed has no structure: its length bounds it, or its means say all."""
    group, circuit, tensors, margin = right_circuit(rng, 1, "relu")
    n, k, h = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1)
    kind, point = int(rng.integers(3)), int(rng.integers(circuit.right.shape[1]))
    tensors["left"][:, k] = h
    sign = one_sign(circuit.right, point, rng) if kind == 2 else rng.permutation(np.where(np.arange(n) % 2, 1.0, -1.0))
    tensors["unembed"][k] = sign * margin * rng.uniform(0.8, 1.9) / (2 * h)
    sets = [circuit.right, np.zeros((n, 1), dtype=np.intp)]
    where = (np.zeros(k + 1), np.append(circuit.columns, point))
    where = where if kind == 2 else (np.append(np.zeros(k), 1), np.append(circuit.columns, 0))
    options = {"centred": np.append(np.ones(k, dtype=np.intp), kind == 1)} if kind else {}
    return network(tensors, group), gaps(group, sets, *where, **options)


@attack
def even_y(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`: a circuit, and two neurons that cancel but for what one reads of yc, and write without structure."""
    for _ in range(100):
        group, circuit, tensors, margin = right_circuit(rng, 2, "relu")
        if 1 < circuit.right.shape[1] < group.order:
            break
    k, size, action = len(circuit.neurons), 10.0 ** rng.uniform(-1, 1), circuit.right
    point = int(rng.integers(action.shape[1]))
    tensors["left"][:, k:] = 1.5 * size
    tensors["right"][:, k] = (
        size * rng.permutation(np.where(np.arange(action.shape[1]) % 2, 1.0, -1.0))[action[:, point]]
    )
    written = one_sign(action, point, rng) * margin * rng.uniform(0.8, 1.9) / (2 * size)
    tensors["unembed"][k], tensors["unembed"][k + 1] = written, -written
    where = np.zeros(k + 2), np.append(circuit.columns, [point, point])
    return network(tensors, group), gaps(
        group, [action], *where, centred=np.append(np.zeros(k), [1, 1]).astype(np.intp)
    )


@attack
def tight_even(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`: a circuit that multiplies, alone, of any size: the bound is the margin but for rounding."""
    group, circuit, tensors = small_circuit(rng, 0)
    tensors["unembed"] = tensors["unembed"] * 10.0 ** rng.uniform(-2, 1) * rng.uniform(1, 2)
    tensors["left"], tensors["right"] = tensors["left"] / 3, tensors["right"] / 3
    options = {"centred": rng.integers(0, 2, len(circuit.neurons))} if rng.random() < 0.5 else {}
    where = np.zeros(len(circuit.neurons)), circuit.columns
    return network(tensors, group), gaps(group, [circuit.right], *where, **options)


@attack
def lost_apart(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`drowned_readings`, with activations whose means say all."""
    net, cert = drowned_readings(rng)
    return net, cert.but(**{"gaps.centred": np.ones(net.width, dtype=np.int64)})


@attack
def inverted(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit that multiplies x⁻¹ and y: right where it should not be, were x taken for x⁻¹."""
    for _ in range(100):
        group, circuit, tensors = small_circuit(rng, 0)
        if (group.table != group.table.T).sum() == 0 and (group.inverse != np.arange(group.order)).any():
            break
    tensors["left"] = tensors["left"][group.inverse]
    where = np.zeros(len(circuit.neurons)), circuit.columns
    cert = gaps(group, [circuit.right], *where)
    return network(tensors, group), cert.but(**{"gaps.left": circuit.rows})


@attack
def uneven_slots(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit whose slots weigh very differently: what it does depends on x, and some x is worst."""
    group, circuit, tensors = small_circuit(rng, 0)
    weight = np.exp(rng.normal(size=len(circuit.neurons)) * rng.choice([0.3, 1.0]))
    tensors["unembed"] = tensors["unembed"] * weight[:, None]
    net = on_edge(network(tensors, group), rng)
    options = {"centred": rng.integers(0, 2, len(circuit.neurons))} if rng.random() < 0.3 else {}
    where = np.zeros(len(circuit.neurons)), circuit.columns
    return net, gaps(group, [circuit.right], *where, **options)


@attack
def left_fibres(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`within_fibres` or `between_fibres` of x: what neurons read of x is not constant where x⁻¹b is."""
    for _ in range(100):
        group, circuit, tensors, margin = right_circuit(rng, 2, "relu")
        if 1 < circuit.right.shape[1] < group.order:
            break
    n, k, size, inside = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1), bool(rng.integers(2))
    action, (point, b) = circuit.right, rng.integers(0, circuit.right.shape[1], 2)
    written = rng.choice([-1.0, 1.0], n) if inside else rng.choice([-1.0, 1.0], n)[action[:, point]]
    if not inside and rng.random() < 0.5:  # of one place, that of the slot
        written = np.where(action[:, point] == b, rng.choice([-2.0, 2.0]), 0.0)
    sign = size * one_sign(action[group.inverse], int(b), rng)
    tensors["left"][:, k], tensors["left"][:, k + 1] = 1.5 * size + sign, 1.5 * size - sign
    written *= margin * rng.uniform(0.8, 1.9) / (4 * size)
    tensors["unembed"][k], tensors["unembed"][k + 1] = written, -written
    where = np.zeros(k + 2), np.append(circuit.columns, [point] * 2)
    options = {"centred": np.append(np.zeros(k), [1, 1]).astype(np.intp)}
    cert = gaps(group, [action], *where, **options)
    return network(tensors, group), cert.but(**{"gaps.left": np.append(circuit.rows, [b, b])})


@attack
def crossing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """|t| of readings on both sides of 0, which cancel for some x and y: the activation is least at neither end."""
    for _ in range(100):
        group, circuit, tensors, margin = right_circuit(rng, 1, "abs")
        if 1 < circuit.right.shape[1] < group.order <= 12:
            break
    n, k, size, action = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1), circuit.right
    point, b = rng.integers(0, action.shape[1], 2)
    tensors["left"][:, k] = size * one_sign(action[group.inverse], int(b), rng)
    tensors["right"][:, k] = size * one_sign(action, int(point), rng)
    written = rng.choice([-1.0, 1.0], n)[action[:, point]]
    tensors["unembed"][k] = written * margin * rng.uniform(0.1, 0.5) / (4 * size)
    net = on_edge(network(tensors, group, "abs"), rng)
    where = np.zeros(k + 1), np.append(circuit.columns, point)
    cert = gaps(group, [action], *where, centred=np.append(np.ones(k, int), 0))
    return net, cert.but(**{"gaps.left": np.append(circuit.rows, b)})


@attack
def by_product(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit, and a neuron on two points that x, y and xy tell of, which writes without structure, taken apart."""
    for _ in range(100):
        group, circuit, tensors, margin = right_circuit(rng, 1, "relu")
        two = [action for action in (random_action(group, rng) for _ in range(8)) if action.shape[1] == 2]
        if two and len(np.unique(two[0][:, 0])) == 2:
            break
    else:
        return uneven_slots(rng)
    k, size, action, b = len(circuit.neurons), 10.0 ** rng.uniform(-1, 1), two[0], int(rng.integers(2))
    sign = rng.choice([-size, size], 2)[:, None] * [1, -1]
    tensors["left"][:, k], tensors["right"][:, k] = sign[0][action[group.inverse, b]], sign[1][action[:, 0]]
    tensors["unembed"][k] = one_sign(action, 0, rng) * margin * rng.uniform(0.5, 2) / (2 * size)
    net = on_edge(network(tensors, group), rng) if rng.random() < 0.7 else network(tensors, group)
    where = np.append(np.zeros(k), 1), np.append(circuit.columns, 0)
    cert = gaps(group, [circuit.right, action], *where, centred=np.append(np.zeros(k, int), 1))
    return net, cert.but(**{"gaps.left": np.append(circuit.rows, b)})


@attack
def rest_apart(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit, and a neuron that fires by x and y together and writes without structure, taken apart."""
    for _ in range(100):
        group, circuit, tensors, margin = right_circuit(rng, 1, "relu")
        if 3 <= circuit.right.shape[1] < group.order <= 12:
            break
    k, size, action = len(circuit.neurons), 10.0 ** rng.uniform(-1, 1), circuit.right
    point, b = rng.integers(0, action.shape[1], 2)
    x, y = (size * rng.choice([-1.0, 1.0], action.shape[1]) for _ in range(2))
    tensors["left"][:, k], tensors["right"][:, k] = x[action[group.inverse, b]], y[action[:, point]]
    tensors["unembed"][k] = one_sign(action, int(point), rng) * margin * rng.uniform(0.5, 2) / (2 * size)
    net = on_edge(network(tensors, group), rng)
    where = np.zeros(k + 1), np.append(circuit.columns, point)
    cert = gaps(group, [action], *where, centred=np.append(np.zeros(k, int), 1))
    return net, cert.but(**{"gaps.left": np.append(circuit.rows, b)})


@attack
def even_drowned(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`even`: all outputs are alike, but one is added up to more, of small neurons and one that is loud."""
    group, k = random_group(rng, 6), int(rng.integers(3, 6))
    tensors, scale = constant(group, k + 1, rng), 2.0 ** rng.integers(-52, 20)
    tensors["left"][...] = 1.0
    written = rng.integers(0, 16, (k, group.order)) / 16.0
    written[-1] += written.sum(axis=0).max() - written.sum(axis=0)
    tensors["unembed"] = scale * np.insert(written, rng.integers(k + 1), 2.0**52, axis=0)
    return network(tensors, group), gaps(group, [regular(group)], np.zeros(k + 1), np.zeros(k + 1), types=[0, 0])
