"""Attacks on rule gaps, made from its theorem: networks for which one term of the bound is met with equality.

The bias puts one pair on the edge (`on_edge`), so that a bound which is a little too good counts a pair too many.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    constant,
    gaps,
    network,
    no_features,
    on_edge,
    regular,
    small_circuit,
)
from .certificates import folded, gap_tensors, hidden
from .harness import Cert, Net, Tensors, plan_of
from .networks import Planted, factor, random_tables
from .small_groups import Ints, SmallGroup, random_action, random_group


def least_margin(net: Net) -> float:
    """The least margin of a network that is right everywhere."""
    n, table = net.order, net.table
    f = (hidden(net) @ np.concatenate([folded(net)[2], folded(net)[3][None]])).reshape(n, n, n)
    own = np.take_along_axis(f, table[:, :, None], 2)
    return float(np.where(np.arange(n) == table[:, :, None], np.inf, own - f).min())


def right_circuit(rng: np.random.Generator, extra: int, kind: str) -> tuple[SmallGroup, Planted, Tensors, float]:
    """A circuit that rule gaps proves, with silent neurons, and its least margin; `kind` is an activation."""
    for _ in range(1000):
        group, circuit, tensors = small_circuit(rng, extra)
        if kind != "square" or circuit.right.shape[1] == 2:
            margin = least_margin(network(tensors, group, kind))
            if margin > 1e-3:
                return group, circuit, tensors, margin
    raise AssertionError("no circuit in a thousand draws")


def one_sign(action: Ints, point: int, rng: np.random.Generator) -> np.ndarray:
    """±1 for each y, both in every fibre of y·point that has two elements."""
    sign = np.zeros(len(action))
    for d in np.unique(action[:, point]):
        fibre = np.flatnonzero(action[:, point] == d)
        sign[rng.permutation(fibre)] = np.where(np.arange(len(fibre)) % 2, 1, -1)
    return sign


def deviating(rng: np.random.Generator, inside: bool, activation: str) -> tuple[Net, Cert]:
    """A circuit, and neurons u·φ(L + r), −u·φ(L − r) with r = ±R in every fibre, so that γ = 0: only E_w(y) knows of r.

    They take a little more than the circuit's margin, or less. `inside`: u differs between outputs of one fibre
    (term D); else it is a function of zc (term V).
    """
    for _ in range(100):
        group, circuit, tensors, margin = right_circuit(rng, 2, activation)
        if inside or circuit.right.shape[1] < group.order:
            break
    n, k, size = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1)
    sets = [circuit.right, np.zeros((n, 1), dtype=np.intp)]
    block, point = (int(rng.integers(2)), 0) if inside else (0, int(rng.integers(circuit.right.shape[1])))
    action = sets[block]
    written = rng.choice([-1.0, 1.0], n) if inside else rng.choice([-1.0, 1.0], n)[action[:, point]]
    length = size * (20 if activation == "square" else 1.5)
    sign = size * one_sign(action, point, rng)
    tensors["left"][:, k:] = length
    tensors["right"][:, k], tensors["right"][:, k + 1] = sign, -sign
    slope = 2 * length if activation == "square" else 1.0
    written *= margin * rng.uniform(0.8, 1.9) / (4 * size * slope)
    tensors["unembed"][k], tensors["unembed"][k + 1] = written, -written
    where = np.append(np.zeros(k), [block] * 2), np.append(circuit.columns, [point] * 2)
    return network(tensors, group, activation), gaps(group, sets, *where)


@attack
def within_fibres(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Term D of E_w(y), met with equality."""
    return deviating(rng, True, "relu")


@attack
def two_orbits(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`within_fibres` on a set of two points that nothing moves: no half of G is the fibre of one."""
    for _ in range(100):
        net, cert = deviating(rng, True, "relu")
        alone = [name for name, images in cert.tensors.items() if name.endswith(".right") and images.shape[1] == 1]
        if alone and net.order % 2 == 0:
            break
    unembed, half = np.abs(net.tensors["unembed"][-2:]), np.where(np.arange(net.order) < net.order // 2, 1.0, -1.0)
    written = np.concatenate([net.tensors["unembed"][:-2], unembed * half * [[1], [-1]]])
    two = np.tile(np.arange(2), (len(cert.tensors["generators"]), 1))
    return replace(net, tensors={**net.tensors, "unembed": written}), cert.but(**{alone[0]: two})


@attack
def between_fibres(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Term V of E_w(y), met with equality."""
    return deviating(rng, False, "relu")


@attack
def between_places(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Term V of E_w(y) where neurons write to one place each: two places together meet it with equality.

    Of each fibre of such a place one element, or all but one, is left out: its lowest number, or its highest, is 0.
    """
    for _ in range(100):
        group, circuit, tensors, margin = right_circuit(rng, 4, "relu")
        if 3 <= circuit.right.shape[1] < group.order:
            break
    k, size = len(circuit.neurons), 10.0 ** rng.uniform(-1, 1)
    action, point = circuit.right, int(rng.integers(circuit.right.shape[1]))
    sign = size * one_sign(action, point, rng)
    one, other = (action[:, point] == d for d in rng.permutation(np.unique(action[:, point]))[:2])
    if rng.random() < 0.5:
        for place in (one, other):
            place[np.flatnonzero(place)[: int(rng.choice([1, place.sum() - 1]))]] = False
    pair = rng.choice([-1.0, 1.0]) * margin * rng.uniform(0.8, 1.9) / (4 * size)
    for j, written in ((k, one * pair), (k + 2, other * -pair)):
        tensors["left"][:, j : j + 2] = 1.5 * size
        tensors["right"][:, j], tensors["right"][:, j + 1] = sign, -sign
        tensors["unembed"][j], tensors["unembed"][j + 1] = written, -written
    where = np.zeros(k + 4), np.append(circuit.columns, [point] * 4)
    return network(tensors, group), gaps(group, [action], *where)


@attack
def steep(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Squares far from zero, where the slope is 2(L + R)."""
    return deviating(rng, True, "square")


@attack
def uneven_columns(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Exact coset readings with columns of very different weights and signs: the k smallest gaps, negative ones too."""
    group, circuit, tensors = small_circuit(rng, 0)
    q = circuit.coupling.shape[1]
    weight = np.exp(rng.normal(size=q) * rng.choice([0.5, 1.5])) * np.where(rng.random(q) < 0.3, -1, 1)
    tensors["unembed"] = tensors["unembed"] * weight[circuit.columns][:, None]
    if rng.random() < 0.3:
        tensors["unembed"] *= rng.random(len(circuit.neurons))[:, None] < 0.5
    net = on_edge(network(tensors, group), rng)
    block = np.zeros(len(circuit.neurons))
    return net, gaps(group, [circuit.right], block, circuit.columns)


@attack
def silent_columns(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Only some points of the G-set carry neurons: outputs that move the others are not held off by any gap."""
    group, circuit, tensors = small_circuit(rng, 0)
    q = circuit.coupling.shape[1]
    kept = np.isin(circuit.columns, rng.permutation(q)[: int(rng.integers(1, q))] if q > 1 else [0])
    tensors = {
        k: v[:, kept] if k in ("left", "right") else v[kept] if k == "unembed" else v for k, v in tensors.items()
    }
    net = on_edge(network(tensors, group), rng)
    return net, gaps(group, [circuit.right], np.zeros(kept.sum()), circuit.columns[kept])


@attack
def rest_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit, and one neuron whose unembed is replaced by its mid-range: R(x), met with equality."""
    group, circuit, tensors, margin = right_circuit(rng, 1, "relu")
    n, k, h = group.order, len(circuit.neurons), 10.0 ** rng.uniform(-1, 1)
    tensors["left"][:, k] = h
    tensors["unembed"][k] = rng.choice([-1.0, 1.0], n) * margin * rng.uniform(0.8, 1.9) / (2 * h)
    sets = [circuit.right, np.zeros((n, 1), dtype=np.intp)]
    scale = {"scale": 2.0 ** rng.integers(-9, 10, k + 2) * 2.0 ** rng.integers(-30, 30)} if rng.random() < 0.5 else {}
    where = np.append(np.zeros(k), 1), np.append(circuit.columns, 0)
    return network(tensors, group), gaps(group, sets, *where, **scale)


@attack
def drowned_readings(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit and neurons that read big ± r − big: the product that is computed has lost r, which decides."""
    group, circuit, tensors, margin = right_circuit(rng, 2, "relu")
    n, k, unit = group.order, len(circuit.neurons), 2.0 ** int(rng.integers(-6, 3))
    sign = 0.49 * unit * one_sign(np.zeros((n, 1), dtype=np.intp), 0, rng)[:, None]
    big, silent = np.full((n, 1), 2.0**52 * unit), np.zeros((n, 2 * k))
    tensors["left"][:, k:] = 2 * unit
    written = rng.choice([-1.0, 1.0], n) * margin * rng.uniform(0.8, 1.9) / (4 * 0.49 * unit)
    tensors["unembed"][k:] = written, -written
    drivers = np.zeros((3, k + 2))
    drivers[:, k:] = [[1, 1], [1, -1], [-1, -1]]
    net = {
        "embed_left": np.concatenate([tensors["left"], np.zeros((n, k + 1))], axis=1), "unembed": tensors["unembed"],
        "hidden_left": np.eye(2 * k + 3, k + 2),
        "embed_right": np.concatenate([tensors["right"][:, :k], silent[:, :k], big, sign, big], axis=1),
        "hidden_right": np.concatenate([np.eye(k, k + 2), np.zeros((k, k + 2)), drivers]),
    }  # fmt: skip
    sets, where = [circuit.right, np.zeros((n, 1), dtype=np.intp)], np.append(np.zeros(k), [1, 1])
    return network(net, group), gaps(group, sets, where, np.append(circuit.columns, [0, 0]))


@attack
def far_outputs(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Any readings on the regular action, where they are exact: the greatest rival over all outputs, one column."""
    group = random_group(rng, 8)
    n, m = group.order, int(rng.integers(1, 4))
    tensors = random_tables(n, m, rng)
    tensors["left"] *= rng.choice([0, 0.3, 1])
    tensors["bias"] *= rng.choice([0, 1, 3])
    column = rng.integers(0, n, 1).repeat(m) if rng.random() < 0.7 else rng.integers(0, n, m)
    activation = str(rng.choice(["relu", "abs", "square", "linear"]))
    net = on_edge(network(tensors, group, activation), rng)
    return net, gaps(group, [regular(group)], np.zeros(m), column)


@attack
def equal_rivals(rng: np.random.Generator) -> tuple[Net, Cert]:
    """All wrong outputs at one margin: the loss counts every one of them."""
    group = random_group(rng, 8)
    n = group.order
    tensors = constant(group, 1, rng)
    tensors["unembed"][...] = 0
    kind = rng.random()
    if kind < 0.4:
        tensors["bias"][int(rng.integers(n))] = rng.choice([-1, 1]) * 10.0 ** rng.uniform(-2, 1)
    elif kind < 0.6:
        tensors["bias"] = rng.normal(size=n)
    sets = [np.zeros((n, 1), dtype=np.intp)] if rng.random() < 0.5 else [random_action(group, rng)]
    names = [("gaps",), ("lowrank",), ("exact",)][int(rng.choice(3, p=[0.55, 0.25, 0.2]))]
    one = np.zeros(1, dtype=np.intp)
    more = gap_tensors(sets, one, one, group) if "gaps" in names else {}
    more |= no_features(n, 1) if "lowrank" in names else {}
    return network(tensors, group), certificate(group, plan_of(*names), **more)


@attack
def perfect_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit that multiplies, alone: every term of E and R is zero, margin and loss nearly the bound's own."""
    group, circuit, tensors = small_circuit(rng, 0)
    tensors["unembed"] = tensors["unembed"] * 10.0 ** rng.uniform(-2, 0.7)
    net = network(tensors, group, "relu", np.float32 if rng.random() < 0.5 else np.float64)
    net = on_edge(net, rng) if rng.random() < 0.3 else net
    block = np.zeros(len(circuit.neurons))
    return net, gaps(group, [circuit.right], block, circuit.columns)


@attack
def split_sets(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Several G-sets, one of them false for its neurons; points of one circuit spread over sets that look alike."""
    group, circuit, tensors = small_circuit(rng, 2)
    k = len(circuit.neurons)
    tensors["left"][:, k:] = np.abs(rng.normal(size=(group.order, 2)))
    tensors["right"][:, k:] = rng.normal(size=(group.order, 2)) * rng.choice([0.1, 1])
    tensors["unembed"][k:] = rng.normal(size=(2, group.order)) * rng.choice([0.1, 1, 5])
    sets = [circuit.right, circuit.right, random_action(group, rng), np.zeros((group.order, 1), dtype=np.intp)]
    block = np.append(rng.integers(0, 2, k), rng.integers(2, 4, 2))
    point = np.append(circuit.columns, [0, 0])
    if rng.random() < 0.4:
        hit = rng.permutation(k)[:2]
        point[hit] = point[hit[::-1]]
    net = on_edge(network(tensors, group), rng)
    return net, gaps(group, sets, block, point)


@attack
def folded_gaps(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A factored circuit on the edge."""
    group, circuit, tensors = small_circuit(rng, 0)
    net = on_edge(network(tensors, group), rng)
    parts = factor({k: v.astype(np.float64) for k, v in net.tensors.items()}, rng)
    net = network({"bias": net.tensors["bias"], **parts}, group)
    return net, gaps(group, [circuit.right], np.zeros(len(circuit.neurons)), circuit.columns)
