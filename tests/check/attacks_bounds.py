"""Attacks on inequalities: certificates for which a bound is tight, so that half of it is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    constant,
    mean_transported,
    network,
    regular_block,
    small_circuit,
)
from .certificates import Slots, coset_block, draw_certificate, planted_block
from .harness import Cert, Net, rules
from .networks import Planted, draw_circuit, plant, random_tables
from .small_groups import (
    coset_action,
    pair_orbits,
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
    plan = rules("pairs", pairs={"in_span": False, "residual": "plain"})
    return network(tensors, group), certificate(group, [block], plan, references=kept)


@attack
def hidden_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit, and neurons outside it that decide the answer: only the residual knows of them."""
    group, circuit, tensors = small_circuit(rng, 1)
    a, b = rng.choice(group.order, 2, replace=False)
    tensors["left"][:, -1] = 1
    tensors["unembed"][-1, a], tensors["unembed"][-1, b] = 1, -1
    tensors["unembed"][-1] *= 10.0 ** rng.uniform(-1, 0.7)
    names = [("pairs",), ("uniform",), ("uniform", "pairs"), ("paper",)][int(rng.integers(4))]
    mode = {"in_span": bool(rng.integers(2)), "residual": str(rng.choice(["plain", "norm", "centred"]))}
    mode["exact_correct"] = bool(rng.integers(2))
    cert = draw_certificate(network(tensors, group), group, [circuit], rng, ("pairs",))
    block = planted_block(replace(circuit), rng)
    plan = rules(
        *names, pairs=mode, uniform={"linear": bool(rng.integers(2)), "count": str(rng.choice(["dense", "sorted"]))}
    )
    kept = {"references": mean_transported(tensors, group, block)} if "pairs" in names else {}
    return network(tensors, group), replace(certificate(group, [block], plan, **kept), arithmetic=cert.arithmetic)


@attack
def uneven_slots(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit whose slots differ so much that it is wrong, taken to be alike."""
    group, circuit, _ = small_circuit(rng, 0)
    k = len(circuit.neurons)
    circuit = replace(circuit, weights=np.exp(rng.normal(size=k) * 2) * np.where(rng.random(k) < 0.2, -1, 1))
    tensors = plant(group, [circuit], k)
    block = replace(planted_block(circuit, rng), more={})
    options = {"linear": bool(rng.integers(2)), "count": str(rng.choice(["dense", "sorted"]))}
    if options["count"] == "sorted":
        options["linear"] = False
    return network(tensors, group), certificate(group, [block], rules("uniform", uniform=options))


@attack
def linear_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """relu(t) − relu(−t) = t: neurons in one slot whose halves |t| cancel and whose linear halves decide."""
    group, circuit, tensors = small_circuit(rng, 2)
    k = len(circuit.neurons)
    slot = int(rng.integers(k))
    row, column = circuit.rows[slot], circuit.columns[slot]
    size = 10.0 ** rng.uniform(0, 1.5)
    tensors["left"][:, k], tensors["left"][:, k + 1] = 1, -1
    written = circuit.coupling[row, circuit.right[:, column]]
    tensors["unembed"][k], tensors["unembed"][k + 1] = -size * written, size * written
    neurons = np.append(circuit.neurons, [k, k + 1])
    weights = np.append(circuit.weights, [-size, size])
    rows, columns = np.append(circuit.rows, [row, row]), np.append(circuit.columns, [column, column])
    block = Slots(circuit.left, circuit.right, circuit.coupling, neurons, rows, columns, weights, {})
    return network(tensors, group), certificate(group, [block], rules("uniform", uniform={"linear": True}))


@attack
def off_orbit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons that are not constant on cosets: their deviation from α(x⁻¹b), γ(yc) decides."""
    group, circuit, tensors = small_circuit(rng, 0)
    size = 10.0 ** rng.uniform(-0.5, 1)
    side = "left" if rng.random() < 0.5 else "right"
    tensors[side] = tensors[side] + size * rng.normal(size=tensors[side].shape)
    activation = str(rng.choice(["relu", "abs"]))
    names = [("uniform",), ("coset",), ("paper",)][int(rng.integers(3))]
    block = replace(planted_block(circuit, rng))
    if names == ("coset",):
        block = coset_block(network(tensors, group), group, rng)
    options = {"linear": activation == "relu" and bool(rng.integers(2))}
    return network(tensors, group, activation), certificate(group, [block], rules(*names, uniform=options))


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
    block = Slots(action, action, coupling, np.arange(m), rows, columns, weights, {})
    blocks = [block]
    if true is not None and len(true.neurons) <= 16:
        sign = -1.0 if rng.random() < 0.7 else 1.0
        other = plant(group, [replace(true, neurons=m + np.arange(len(true.neurons)))], m + len(true.neurons))
        full = {k: np.concatenate([tensors[k], other[k][:, m:]], axis=1) for k in ("left", "right")}
        full["unembed"] = np.concatenate([tensors["unembed"], sign * other["unembed"][m:]])
        full["bias"], tensors = tensors["bias"], tensors
        tensors = full
        moved = replace(true, neurons=m + np.arange(len(true.neurons)), weights=sign * true.weights)
        blocks.append(replace(planted_block(moved, rng), more={}))
    options = {"count": str(rng.choice(["dense", "sorted"]))}
    return network(tensors, group, activation), certificate(group, blocks, rules("uniform", uniform=options))


@attack
def tight_uniform(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Deviations from coset means that are exactly along ΔF, of one size in every slot that ΔF reaches.

    Beside each neuron of the circuit stands one that is always active, so that relu is linear there; the sign σ(x)
    of the deviation sums to zero on every coset of a stabilizer.
    """
    group = shuffled(small_group(str(rng.choice(["S3", "S4", "S3"]))), rng)
    action = group.natural
    p, n = action.shape[1], group.order
    sign = np.array([np.linalg.det(np.eye(p)[g]) for g in action])
    rows, columns = (a.ravel() for a in np.meshgrid(np.arange(p), np.arange(p), indexing="ij"))
    coupling = np.where(np.eye(p) == 1, -1.0, 1 / (p - 1))
    alpha = rng.normal(size=p)
    k = p * p
    circuit = Planted(
        action, action, coupling, np.arange(k), rows, columns, np.ones(k), alpha, -alpha, np.ones(k)
    )  # fmt: skip
    tensors = plant(group, [circuit], 2 * k)
    others = [w for w in range(n) if w != group.identity]
    w0, y0 = int(rng.choice(others)), int(rng.integers(n))
    moved = coupling - coupling[:, action[w0]]
    x = np.arange(n)
    points = action[group.inverse][:, rows], action[y0, columns]
    size = 10.0 ** rng.uniform(-1.5, 1)
    tensors["left"][:, k:] = 20 * (1 + size) - size * sign[x][:, None] * np.sign(moved[points[0], points[1]])
    tensors["unembed"][k:] = tensors["unembed"][:k]
    neurons, twice = np.arange(2 * k), (np.tile(rows, 2), np.tile(columns, 2))
    if rng.random() < 0.5:  # the same on the other side: x and y exchanged by inversion
        back = group.inverse
        tensors["left"], tensors["right"] = tensors["right"][back], tensors["left"][back]
        tensors["unembed"] = tensors["unembed"][:, back]
        twice = twice[1], twice[0]
    block = Slots(action, action, coupling.copy(), neurons, *twice, np.ones(2 * k), {})
    options = {"linear": bool(rng.integers(2)), "count": str(rng.choice(["dense", "sorted"]))}
    if options["count"] == "sorted":
        options["linear"] = False
    groups = {"groups": np.arange(n)} if rng.random() < 0.7 else {}
    return network(tensors, group), certificate(group, [block], rules("uniform", uniform=options), **groups)


@attack
def narrow_support(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Deviations on exactly the slots where ΔF is not zero: a norm over fewer slots is wrong."""
    group, circuit, tensors = small_circuit(rng, 0)
    k = len(circuit.neurons)
    hit = rng.permutation(k)[: int(rng.integers(1, 5))]
    size = 10.0 ** rng.uniform(-1, 1)
    tensors["left"][:, hit] += size * rng.normal(size=(group.order, len(hit)))
    block = replace(planted_block(circuit, rng), more={})
    options = {"linear": bool(rng.integers(2)), "count": str(rng.choice(["dense", "sorted"]))}
    groups = np.arange(group.order)
    return network(tensors, group), certificate(group, [block], rules("uniform", uniform=options), groups=groups)


@attack
def loose_activity(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons of the circuit that also write elsewhere: the residual times the activity of the whole circuit."""
    group, circuit, tensors = small_circuit(rng, 0)
    size = 10.0 ** rng.uniform(-1, 0.5)
    tensors["unembed"] = tensors["unembed"] + size * rng.normal(size=(len(circuit.neurons), 1)) * rng.normal(
        size=group.order
    )
    block = replace(planted_block(circuit, rng), more={})
    names = [("uniform",), ("paper",), ("pairs",)][int(rng.integers(3))]
    if names == ("paper",):
        block = planted_block(circuit, rng)
    kept = {"references": mean_transported(tensors, group, block)} if names == ("pairs",) else {}
    plan = rules(
        *names, uniform={"count": str(rng.choice(["dense", "sorted"]))}, pairs={"in_span": bool(rng.integers(2))}
    )
    return network(tensors, group), certificate(group, [block], plan, **kept)


@attack
def biased_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit under a bias that is larger than its margin."""
    group, circuit, tensors = small_circuit(rng, 0)
    tensors["bias"] = 10.0 ** rng.uniform(-1, 1) * rng.normal(size=group.order)
    names = [("paper",), ("uniform",), ("pairs",)][int(rng.integers(3))]
    block = replace(planted_block(circuit, rng))
    kept = {"references": mean_transported(tensors, group, block)} if names == ("pairs",) else {}
    options = {"in_span": bool(rng.integers(2)), "residual": str(rng.choice(["plain", "norm", "centred"]))}
    return network(tensors, group), certificate(group, [block], rules(*names, pairs=options), **kept)
