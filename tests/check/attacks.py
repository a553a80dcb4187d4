"""Targeted attacks: pairs of a network and a certificate that a checker with one proof obligation missing accepts.

Each takes a random generator, so that the campaign tries many of each; tests weaken the checker and look for the
attack that gets through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .certificates import Slots, coset_block, draw_certificate, fitted_block, planted_block
from .harness import Cert, Net, Tensors, rules
from .mutations import rebalance, repeat
from .networks import Planted, draw_circuit, factor, plant, random_tables, tied_tables
from .small_groups import (
    ORDERS,
    SmallGroup,
    coset_action,
    pair_orbits,
    random_group,
    random_matrices,
    shuffled,
    small_group,
)  # fmt: skip

Attack = Callable[[np.random.Generator], tuple[Net, Cert]]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    ATTACKS[function.__name__] = function
    return function


def _net(tensors: Tensors, group: SmallGroup, activation: str = "relu", dtype: type = np.float64) -> Net:
    return Net({k: v.astype(dtype) for k, v in tensors.items()}, group.table.astype(np.int32), activation, "attack")


def _cert(group: SmallGroup, blocks: list[Slots], plan: list[dict[str, object]], **tensors: np.ndarray) -> Cert:
    out: Tensors = {"generators": group.generators}
    for j, block in enumerate(blocks):
        out |= block.emit(f"block{j}.", group)
    return Cert({**out, **tensors}, plan, "real", len(blocks), "attack")


def _constant(group: SmallGroup, m: int, rng: np.random.Generator) -> Tensors:
    """Hidden activations that do not depend on the inputs: right for one output in n."""
    tensors = random_tables(group.order, m, rng)
    tensors["left"], tensors["right"] = (
        np.tile(np.abs(rng.normal(size=m)), (group.order, 1)),
        np.zeros((group.order, m)),
    )
    tensors["bias"] = np.zeros(group.order)
    return tensors


def _regular(group: SmallGroup) -> np.ndarray:
    return group.table  # action[g, b] = g·b


def _regular_block(group: SmallGroup, unembed: np.ndarray) -> Slots:
    """unembed exactly, as entries on column e of the regular block υ(b, c) = [b = c]."""
    m, n = unembed.shape
    neurons, rows = (a.ravel() for a in np.meshgrid(np.arange(m), np.arange(n), indexing="ij"))
    columns = np.full(m * n, group.identity)
    return Slots(_regular(group), _regular(group), np.eye(n), neurons, rows, columns, unembed.ravel(), {})


def _circuit(rng: np.random.Generator, extra: int) -> tuple[SmallGroup, Planted, Tensors]:
    """A full circuit that multiplies, with silent neurons."""
    names = [n for n in ("C2", "C3", "C4", "C2xC2", "S3", "A4", "S4", "D4", "C5") if ORDERS[n] <= 24]
    for _ in range(100):
        group = shuffled(small_group(str(rng.choice(names))), rng)
        circuit = draw_circuit(group, rng, 0)
        if circuit is not None and (circuit.coupling < 0).any() and len(set(circuit.alpha)) == len(circuit.alpha):
            coupling = np.where(circuit.coupling < 0, -1.0, 1 / (len(circuit.alpha) - 1))
            circuit = replace(circuit, coupling=coupling, weights=np.ones(len(circuit.neurons)))
            return group, circuit, plant(group, [circuit], len(circuit.neurons) + extra)
    raise AssertionError("no circuit in a hundred draws")


@attack
def aligned(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Q differs from K exactly along ΔF: the Cauchy-Schwarz bound is tight, half of it is wrong."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "C4"]))), rng)
    tensors = _constant(group, int(rng.integers(1, 4)), rng)
    block = _regular_block(group, tensors["unembed"])
    kept = 10.0 ** rng.uniform(-1, 1) * np.eye(group.order).reshape(1, -1)
    plan = rules("pairs", pairs={"in_span": False, "residual": "plain"})
    return _net(tensors, group), _cert(group, [block], plan, references=kept)


@attack
def hidden_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit, and neurons outside it that decide the answer: only the residual knows of them."""
    group, circuit, tensors = _circuit(rng, 1)
    a, b = rng.choice(group.order, 2, replace=False)
    tensors["left"][:, -1] = 1
    tensors["unembed"][-1, a], tensors["unembed"][-1, b] = 1, -1
    tensors["unembed"][-1] *= 10.0 ** rng.uniform(-1, 0.7)
    names = [("pairs",), ("uniform",), ("uniform", "pairs"), ("paper",)][int(rng.integers(4))]
    mode = {"in_span": bool(rng.integers(2)), "residual": str(rng.choice(["plain", "norm", "centred"]))}
    mode["exact_correct"] = bool(rng.integers(2))
    cert = draw_certificate(_net(tensors, group), group, [circuit], rng, ("pairs",))
    block = planted_block(replace(circuit), rng)
    plan = rules(
        *names, pairs=mode, uniform={"linear": bool(rng.integers(2)), "count": str(rng.choice(["dense", "sorted"]))}
    )
    kept = {"references": _mean(tensors, group, block)} if "pairs" in names else {}
    return _net(tensors, group), replace(_cert(group, [block], plan, **kept), arithmetic=cert.arithmetic)


def _mean(tensors: Tensors, group: SmallGroup, block: Slots) -> np.ndarray:
    from .certificates import hidden

    return block.transported(group, hidden(_net(tensors, group))).mean(axis=0, keepdims=True)


@attack
def exact_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Ties in exact arithmetic that rounding breaks: every rule that ends in float64 evaluation meets them."""
    group = random_group(rng, 8)
    tensors = tied_tables(group, rng)
    dtype = np.float32 if rng.random() < 0.5 else np.float64
    net = _net(tensors, group, "relu", dtype)
    names = [("exact",), ("pairs", "exact"), ("coset",), ("pairs",)][int(rng.integers(4))]
    cert = draw_certificate(net, group, [], rng, names)
    if cert.blocks == 0 and names[0] != "exact":
        block = _regular_block(group, net.tensors["unembed"].astype(np.float64))
        cert = _cert(group, [block], cert.rules)
    return net, replace(cert, arithmetic="real")


@attack
def single_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A real margin of a rounding error: right as a real function, wrong in float32 in some order of summation."""
    group = random_group(rng, 6)
    tensors = tied_tables(group, rng)
    net = _net(tensors, group, "relu", np.float32)
    shift = net.tensors["bias"].astype(np.float64) + 2.0 ** -int(rng.integers(10, 26)) * rng.normal(size=group.order)
    net = replace(net, tensors={**net.tensors, "bias": shift.astype(np.float32)})
    work = {"work": str(rng.choice(["float32", "float64"]))}
    return net, Cert({"generators": group.generators}, rules("exact", exact=work), "float32", 0, "attack")


@attack
def folded_ties(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Factors whose exact products are equal and whose computed products are not."""
    group, width = random_group(rng, 5), int(rng.integers(3, 9))
    n = group.order
    mixed = rng.permuted(np.repeat(rng.normal(size=(width, 1)), n, axis=1), axis=0)
    tensors = {
        "embed_left": np.repeat(np.abs(rng.normal(size=(n, 1))), width, axis=1), "hidden_left": mixed,
        "embed_right": np.zeros((n, width)), "hidden_right": np.zeros((width, n)), "unembed": np.eye(n),
    }  # fmt: skip
    dtype = np.float32 if rng.random() < 0.3 else np.float64
    return _net(tensors, group, "linear", dtype), Cert(
        {"generators": group.generators}, rules("exact"), "real", 0, "attack"
    )


@attack
def false_coupling(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A network of zeros, written with a coupling that the group does not leave invariant."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "C4", "S3"]))), rng)
    n = group.order
    tensors = _constant(group, 1, rng)
    row = int(rng.integers(n))
    coupling = np.zeros((n, n))
    coupling[:, rng.integers(n)] = 1
    coupling[row] = 0
    tensors["unembed"][...] = 0
    one = np.zeros(1, dtype=np.intp)
    block = Slots(
        _regular(group), _regular(group), coupling, one, one + row, one + int(rng.integers(n)), np.ones(1), {}
    )
    kept = block.transported(group, np.abs(tensors["left"][0, 0]) * np.ones((n * n, 1)))
    options = {"in_span": bool(rng.integers(2)), "residual": "plain"}
    cert = _cert(group, [block], rules("pairs", pairs=options), references=kept, labels=np.arange(n * n).reshape(n, n))
    return _net(tensors, group), cert


@attack
def false_permutations(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Generators act by permutations that do not satisfy the group's relations."""
    group = small_group(str(rng.choice(["C2", "C3"])))
    n, k = group.order, int(rng.choice([3, 4, 5]))
    sigma = rng.permutation(k)
    powers = [np.arange(k)]
    for _ in range(n - 1):
        powers.append(sigma[powers[-1]])
    action = np.array(powers)  # element j of C_n is the generator's j-th power
    values = rng.normal(size=k)
    orbit = pair_orbits(SmallGroup("", np.zeros((1, 1), dtype=np.intp), np.array([0]), action), *_powers(sigma))
    coupling = np.append(values, rng.normal(size=k * k))[orbit]
    column, row = np.array([int(rng.integers(k))]), np.array([int(rng.integers(k))])
    tensors = _constant(group, 1, rng)
    tensors["unembed"] = coupling[row, action[:, column[0]]][None, :]
    block = Slots(action, action, coupling, np.zeros(1, dtype=np.intp), row, column, np.ones(1), {})
    kept = block.transported(group, np.abs(tensors["left"][0, 0]) * np.ones((n * n, 1)))
    plan = rules("pairs", pairs={"in_span": bool(rng.integers(2)), "residual": "plain"})
    return _net(tensors, group), _cert(group, [block], plan, references=kept, labels=np.arange(n * n).reshape(n, n))


def _powers(sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sigma[None], sigma[None]


@attack
def false_matrices(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Matrices that are no representation, or only nearly one."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "S3"]))), rng)
    d, r = int(rng.integers(1, 3)), len(group.generators)
    images = rng.normal(size=(r, d, d)) * 0.4
    if rng.random() < 0.5:
        true = random_matrices(group, rng)
        d = true.shape[1]
        images = true[group.generators] + 10.0 ** rng.uniform(-12, 0) * rng.normal(size=(r, d, d))
    reached, frontier = {group.identity: np.eye(d)}, [group.identity]
    while frontier:
        fresh = []
        for k, g in enumerate(group.generators):
            for x in frontier:
                child = int(group.table[g, x])
                if child not in reached:
                    reached[child] = images[k] @ reached[x]
                    fresh.append(child)
        frontier = fresh
    matrices = np.array([reached[z] for z in range(group.order)])
    tensors = _constant(group, 1, rng)
    coefficients = np.eye(d).reshape(1, -1) * np.abs(rng.normal())
    tensors["unembed"] = coefficients @ matrices.reshape(group.order, -1).T
    with_references = {}
    n = group.order
    h = tensors["left"][0, 0]
    cube = np.einsum("xka,kl,ybl->xyab", matrices, h * coefficients.reshape(d, d), matrices)
    with_references = {"references": cube.reshape(n * n, -1), "labels": np.arange(n * n).reshape(n, n)}
    cert = _cert(group, [], rules("pairs", pairs={"in_span": bool(rng.integers(2)), "residual": "plain"}))
    block = {
        "block0.matrices": images,
        "block0.neurons": np.zeros(1, dtype=np.intp),
        "block0.coefficients": coefficients,
    }
    return _net(tensors, group), replace(cert.but(**block, **with_references), blocks=1)


@attack
def false_table(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Tables that break one law: a loop, an entry, a row, a magma with identity and inverses."""
    group = random_group(rng, 8)
    n, table = group.order, group.table.copy()
    kind = str(rng.choice(["entry", "rows", "random", "intercalate"]))
    e = group.identity
    others = [x for x in range(n) if x != e]
    if kind == "entry" or n < 4:
        table[rng.choice(others), rng.choice(others)] = rng.integers(n)
    elif kind == "rows":
        a, b = rng.choice(others, 2, replace=False)
        inner = np.array(others)
        table[np.ix_([a, b], inner)] = table[np.ix_([b, a], inner)]
    elif kind == "random":
        table[np.ix_(others, others)] = rng.integers(0, n, (n - 1, n - 1))
        for x in others:
            table[x, rng.choice(others)] = e
    else:  # swap a 2×2 Latin subsquare: still a Latin square with identity, no longer a group
        for _ in range(200):
            a, b, c, d = *rng.choice(others, 2, replace=False), *rng.choice(others, 2, replace=False)
            if table[a, c] == table[b, d] and table[a, d] == table[b, c]:
                table[np.ix_([a, b], [c, d])] = table[np.ix_([b, a], [c, d])]
                break
    broken = SmallGroup("broken", table, np.arange(n), group.natural)
    tensors = random_tables(n, 3, rng)
    names = [("exact",), ("pairs",)][int(rng.integers(2))]
    return _net(tensors, broken), Cert({"generators": np.arange(n)}, rules(*names), "real", 0, "attack")


@attack
def uneven_slots(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit whose slots differ so much that it is wrong, taken to be alike."""
    group, circuit, _ = _circuit(rng, 0)
    k = len(circuit.neurons)
    circuit = replace(circuit, weights=np.exp(rng.normal(size=k) * 2) * np.where(rng.random(k) < 0.2, -1, 1))
    tensors = plant(group, [circuit], k)
    block = replace(planted_block(circuit, rng), more={})
    options = {"linear": bool(rng.integers(2)), "count": str(rng.choice(["dense", "sorted"]))}
    if options["count"] == "sorted":
        options["linear"] = False
    return _net(tensors, group), _cert(group, [block], rules("uniform", uniform=options))


@attack
def linear_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """relu(t) − relu(−t) = t: neurons in one slot whose halves |t| cancel and whose linear halves decide."""
    group, circuit, tensors = _circuit(rng, 2)
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
    return _net(tensors, group), _cert(group, [block], rules("uniform", uniform={"linear": True}))


@attack
def off_orbit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons that are not constant on cosets: their deviation from α(x⁻¹b), γ(yc) decides."""
    group, circuit, tensors = _circuit(rng, 0)
    size = 10.0 ** rng.uniform(-0.5, 1)
    side = "left" if rng.random() < 0.5 else "right"
    tensors[side] = tensors[side] + size * rng.normal(size=tensors[side].shape)
    activation = str(rng.choice(["relu", "abs"]))
    names = [("uniform",), ("coset",), ("paper",)][int(rng.integers(3))]
    block = replace(planted_block(circuit, rng))
    if names == ("coset",):
        block = coset_block(_net(tensors, group), group, rng)
    options = {"linear": activation == "relu" and bool(rng.integers(2))}
    return _net(tensors, group, activation), _cert(group, [block], rules(*names, uniform=options))


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
        tensors = _constant(group, m, rng)
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
    return _net(tensors, group, activation), _cert(group, blocks, rules("uniform", uniform=options))


@attack
def vanishing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Certificates and networks so scaled that squares underflow: norms of zero for what is not zero."""
    group = random_group(rng, 6)
    n = group.order
    tensors = _constant(group, int(rng.integers(1, 4)), rng) if rng.random() < 0.5 else random_tables(n, 3, rng)
    tensors["bias"][...] = 0
    block = _regular_block(group, tensors["unembed"])
    kept = 10.0 ** rng.uniform(-1, 2) * np.eye(n).reshape(1, -1)
    options = {
        "in_span": bool(rng.integers(2)), "residual": str(rng.choice(["plain", "norm", "centred"])),
        "work": str(rng.choice(["float32", "float64"])), "exact_correct": bool(rng.integers(2)),
    }  # fmt: skip
    names = [("pairs",), ("uniform",), ("coset",), ("paper",)][int(rng.choice(4, p=[0.6, 0.15, 0.1, 0.15]))]
    cert = rebalance(
        _cert(group, [block], rules(*names, pairs=options), references=kept), 2.0 ** int(rng.integers(-101, 102))
    )
    if rng.random() < 0.3:
        bare = {"references": np.zeros((1, 0))} if rng.random() < 0.7 else {}
        cert = replace(_cert(group, [], rules(*names, pairs=options), **bare))
    power = int(rng.choice([0, 0, -70, -149, -145, -300, -540]))
    tensors |= {k: np.ldexp(tensors[k], power) for k in ("left", "right")}
    tensors["unembed"] = np.ldexp(tensors["unembed"], min(-power, 506) if rng.random() < 0.8 else power)
    return _net(tensors, group), cert


@attack
def ghost_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Rule `paper` (and others) with a perfect circuit that the network does not have, at any scale."""
    group, circuit, tensors = _circuit(rng, 0)
    factor_ = 2.0 ** int(rng.choice([-560, -99, -60, -20, 0]))
    net = {k: np.zeros_like(v) for k, v in tensors.items()}
    if rng.random() < 0.5:
        net["unembed"] = factor_ * rng.normal(size=net["unembed"].shape)
        net["left"] = factor_ * rng.normal(size=net["left"].shape)
    circuit = replace(circuit, alpha=circuit.alpha * factor_, gamma=circuit.gamma * factor_)
    names = [("paper",), ("uniform",), ("pairs",)][int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
    block = planted_block(circuit, rng)
    return _net(net, group), _cert(group, [block], rules(*names))


@attack
def overflowing(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Weights beyond float32, evaluated with float32 work; certificates beyond it too."""
    group = random_group(rng, 5)
    n, m = group.order, 3
    tensors = random_tables(n, m, rng)
    big = 2.0 ** int(rng.choice([10, 14, 60, 125, 128, 130, 200]))
    i = int(rng.integers(m))
    tensors["unembed"][i, rng.integers(n)] *= big
    tensors["left"][:, i] /= big
    tensors["right"][:, i] /= big
    net = _net(tensors, group)
    names = [("exact",), ("pairs",), ("pairs", "exact")][int(rng.integers(3))]
    options = {
        "work": "float32",
        "exact_correct": bool(rng.integers(2)),
        "residual": str(rng.choice(["norm", "plain"])),
    }
    block = _regular_block(group, tensors["unembed"]) if rng.random() < 0.5 else fitted_block(net, group, rng)
    cert = _cert(group, [block], rules(*names, pairs=options, exact={"work": "float32"}))  # type: ignore[list-item]
    return net, rebalance(cert, 2.0 ** int(rng.choice([0, 60, 99, -99])))


@attack
def swallowed(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Thousands of entries in a slot: all lost when the weights are added, all rounded up when times h = 1.9.

    The network is an exact tie; what is written adds up to 1 in each of two slots, what is read to more than h.
    """
    group = small_group("C2")
    count, e = int(rng.integers(2000, 4090)), group.identity
    h = float(rng.uniform(1.85, 1.95))
    small = float(rng.uniform(0.56, 0.62)) * 2.0**-53
    tensors = {
        "left": np.full((2, 1), h), "right": np.zeros((2, 1)), "unembed": np.zeros((1, 2)), "bias": np.zeros(2),
    }  # fmt: skip
    tensors["unembed"][0, e], tensors["bias"][1 - e] = 2, 2 * h
    weights = np.append(1.0, np.full(count, small))
    points = np.repeat([0, 1], count + 1)
    block = Slots(
        _regular(group), _regular(group), np.eye(2), np.zeros(2 * count + 2, dtype=np.intp), points,
        points if e == 0 else 1 - points, np.tile(weights, 2), {},
    )  # fmt: skip
    plan = rules("pairs", pairs={"residual": str(rng.choice(["norm", "plain"]))})
    return _net(tensors, group), _cert(group, [block], plan)


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
    return _net(tensors, group), _cert(group, [block], rules("uniform", uniform=options), **groups)


@attack
def repeated(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Exact ties, explained by many cancelling entries."""
    net, _ = exact_ties(rng)
    group = SmallGroup("", net.table.astype(np.intp), np.arange(len(net.table))[:60], net.table.astype(np.intp))
    block = _regular_block(group, net.tensors["unembed"].astype(np.float64))
    cert = _cert(group, [block], rules("pairs", pairs={"residual": str(rng.choice(["norm", "plain", "centred"]))}))
    return net, repeat(cert, int(rng.integers(2, 30)), rng)


@attack
def narrow_support(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Deviations on exactly the slots where ΔF is not zero: a norm over fewer slots is wrong."""
    group, circuit, tensors = _circuit(rng, 0)
    k = len(circuit.neurons)
    hit = rng.permutation(k)[: int(rng.integers(1, 5))]
    size = 10.0 ** rng.uniform(-1, 1)
    tensors["left"][:, hit] += size * rng.normal(size=(group.order, len(hit)))
    block = replace(planted_block(circuit, rng), more={})
    options = {"linear": bool(rng.integers(2)), "count": str(rng.choice(["dense", "sorted"]))}
    groups = np.arange(group.order)
    return _net(tensors, group), _cert(group, [block], rules("uniform", uniform=options), groups=groups)


@attack
def loose_activity(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons of the circuit that also write elsewhere: the residual times the activity of the whole circuit."""
    group, circuit, tensors = _circuit(rng, 0)
    size = 10.0 ** rng.uniform(-1, 0.5)
    tensors["unembed"] = tensors["unembed"] + size * rng.normal(size=(len(circuit.neurons), 1)) * rng.normal(
        size=group.order
    )
    block = replace(planted_block(circuit, rng), more={})
    names = [("uniform",), ("paper",), ("pairs",)][int(rng.integers(3))]
    if names == ("paper",):
        block = planted_block(circuit, rng)
    kept = {"references": _mean(tensors, group, block)} if names == ("pairs",) else {}
    plan = rules(
        *names, uniform={"count": str(rng.choice(["dense", "sorted"]))}, pairs={"in_span": bool(rng.integers(2))}
    )
    return _net(tensors, group), _cert(group, [block], plan, **kept)


@attack
def factored_drivers(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Factored networks with any certificate."""
    group = random_group(rng, 6)
    tensors = factor(tied_tables(group, rng), rng)
    dtype = np.float32 if rng.random() < 0.5 else np.float64
    net = _net(tensors, group, "relu", dtype)
    names = [("exact",), ("pairs",), ("pairs", "exact")][int(rng.integers(3))]
    return net, draw_certificate(net, group, [], rng, names)


@attack
def biased_circuit(rng: np.random.Generator) -> tuple[Net, Cert]:
    """An honest circuit under a bias that is larger than its margin."""
    group, circuit, tensors = _circuit(rng, 0)
    tensors["bias"] = 10.0 ** rng.uniform(-1, 1) * rng.normal(size=group.order)
    names = [("paper",), ("uniform",), ("pairs",)][int(rng.integers(3))]
    block = replace(planted_block(circuit, rng))
    kept = {"references": _mean(tensors, group, block)} if names == ("pairs",) else {}
    options = {"in_span": bool(rng.integers(2)), "residual": str(rng.choice(["plain", "norm", "centred"]))}
    return _net(tensors, group), _cert(group, [block], rules(*names, pairs=options), **kept)
