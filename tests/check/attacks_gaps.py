"""Attacks on rule gaps, made from its theorem: networks for which one term of the bound is met with equality.

The bias puts one pair on the edge (`on_edge`), so that a bound which is a little too good counts a pair too many.
"""

from __future__ import annotations

import numpy as np

from .attack_parts import attack, certificate, constant, gaps, network, on_edge, regular, small_circuit, work
from .certificates import gap_tensors
from .harness import Cert, Net, plan_of
from .networks import factor, random_tables
from .small_groups import Ints, SmallGroup, coset_action, random_action, random_group, shuffled, small_group


def stabilised(group: SmallGroup, rng: np.random.Generator) -> Ints:
    """An action whose points have stabilizers, so that readings can differ within a fibre."""
    draw = rng.random()
    if draw < 0.3:
        return np.zeros((group.order, 1), dtype=np.intp)
    if draw < 0.6 and group.natural.shape[1] < group.order:
        return group.natural
    return coset_action(group, rng.choice(group.order, size=1))


def one_sign(action: Ints, point: int, rng: np.random.Generator) -> np.ndarray:
    """±1 for each y, both in every fibre of y·point that has two elements."""
    sign = np.zeros(len(action))
    for d in np.unique(action[:, point]):
        fibre = np.flatnonzero(action[:, point] == d)
        sign[rng.permutation(fibre)] = np.where(np.arange(len(fibre)) % 2, 1, -1)
    return sign


def _deviating(rng: np.random.Generator, inside: bool, activation: str) -> tuple[Net, Cert]:
    """Neurons u·(L + r) and −u·(L − r) with r = ±R in every fibre, so that γ = 0: only E_w(y) knows of r.

    `inside`: u differs between outputs of one fibre (term D); else it is a function of zc (term V).
    """
    names = ["S3", "S3", "D4", "A4", "C4", "C2xC2", "C6", "D5"] if not inside else ["C2", "C3", "S3", "C2xC2"]
    group = shuffled(small_group(str(rng.choice(names))), rng)
    action, n = stabilised(group, rng), group.order
    many = int(rng.choice([1, 1, 2, action.shape[1]]))
    points = rng.permutation(action.shape[1])[:many]
    m = 2 * len(points)
    point, size = np.repeat(points, 2), 10.0 ** rng.uniform(-1, 1)
    tensors = {"left": np.full((n, m), size * 1.5), "right": np.zeros((n, m)), "bias": np.zeros(n)}
    tensors["unembed"] = np.zeros((m, n))
    for j, c in enumerate(points):
        written = rng.choice([-1.0, 1.0], n) if rng.random() < 0.6 else rng.normal(size=n)
        written = written if inside else written[action[:, c] % n]
        sign = size * one_sign(action, int(c), rng)
        tensors["right"][:, 2 * j], tensors["right"][:, 2 * j + 1] = sign, -sign
        tensors["unembed"][2 * j], tensors["unembed"][2 * j + 1] = written, -written
    net = on_edge(network(tensors, group, activation), rng)
    return net, gaps(group, [action], np.zeros(m), point, 1, work=work(rng))


@attack
def within_fibres(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Term D of E_w(y), met with equality."""
    return _deviating(rng, True, str(rng.choice(["relu", "linear", "abs"])))


@attack
def between_fibres(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Term V of E_w(y), met with equality."""
    return _deviating(rng, False, str(rng.choice(["relu", "linear", "abs"])))


@attack
def steep(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Squares far from zero, where the slope is 2(L + R)."""
    return _deviating(rng, bool(rng.integers(2)), "square")


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
    return net, gaps(group, [circuit.right], block, circuit.columns, int(rng.integers(2)), work=work(rng))


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
    return net, gaps(group, [circuit.right], np.zeros(kept.sum()), circuit.columns[kept], 1, work=work(rng))


@attack
def rest_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """One neuron whose unembed differs within fibres and is replaced by its mid-range: R(x), met with equality."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.choice([1, 1, 2]))
    tensors = constant(group, m, rng)
    tensors["unembed"] = rng.choice([-1.0, 1.0], (m, n)) if rng.random() < 0.7 else rng.normal(size=(m, n))
    set_ = np.zeros((n, 1), dtype=np.intp) if rng.random() < 0.6 else random_action(group, rng)
    scale = {"scale": 2.0 ** rng.integers(-9, 10, m + 1)} if rng.random() < 0.5 else {}
    point = rng.integers(0, set_.shape[1], m)
    return on_edge(network(tensors, group), rng), gaps(group, [set_], np.zeros(m), point, 0, work=work(rng), **scale)


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
    return net, gaps(group, [regular(group)], np.zeros(m), column, 1, work=work(rng))


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
    names = [("gaps",), ("pairs",), ("exact",), ("gaps", "pairs")][int(rng.choice(4, p=[0.5, 0.2, 0.15, 0.15]))]
    one = np.zeros(1, dtype=np.intp)
    more = gap_tensors(sets, one, one, int(rng.integers(2)), group) if "gaps" in names else {}
    if "pairs" in names and rng.random() < 0.7:
        more |= {"references": np.zeros((1, 0))}
    return network(tensors, group), certificate(group, [], plan_of(*names, work=work(rng)), **more)


@attack
def perfect_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit that multiplies, alone: every term of E and R is zero, margin and loss nearly the bound's own."""
    group, circuit, tensors = small_circuit(rng, 0)
    tensors["unembed"] = tensors["unembed"] * 10.0 ** rng.uniform(-2, 0.7)
    net = network(tensors, group, "relu", np.float32 if rng.random() < 0.5 else np.float64)
    net = on_edge(net, rng) if rng.random() < 0.3 else net
    block = np.zeros(len(circuit.neurons))
    return net, gaps(group, [circuit.right], block, circuit.columns, int(rng.integers(2)), work=work(rng))


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
    return net, gaps(group, sets, block, point, rng.integers(0, 2, 4), work=work(rng))


@attack
def folded_gaps(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A factored circuit on the edge."""
    group, circuit, tensors = small_circuit(rng, 0)
    net = on_edge(network(tensors, group), rng)
    parts = factor({k: v.astype(np.float64) for k, v in net.tensors.items()}, rng)
    net = network({"bias": net.tensors["bias"], **parts}, group)
    return net, gaps(group, [circuit.right], np.zeros(len(circuit.neurons)), circuit.columns, 1, work=work(rng))
