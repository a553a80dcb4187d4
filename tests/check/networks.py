"""Random networks for the campaign: planted circuits, near-ties, ties, zeros, scales, shifts, factors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .harness import Net, Tensors
from .small_groups import Ints, SmallGroup, coset_action, pair_orbits

ACTIVATIONS = ("relu", "abs", "square", "linear")
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Planted:
    """A circuit as it was planted: neuron i sits in slot (rows_i, columns_i) of B × C."""

    left: Ints  # (n, p)
    right: Ints  # (n, q)
    coupling: Array  # (p, q)
    neurons: Ints
    rows: Ints
    columns: Ints
    weights: Array
    alpha: Array  # (p,) shared; neuron i reads scale_i·alpha
    gamma: Array
    scale: Array  # (k,)


def draw_circuit(group: SmallGroup, rng: np.random.Generator, first: int, most: int = 36) -> Planted | None:
    """A full circuit that multiplies, if some small action allows it: inactive where the answer is right."""
    actions = [coset_action(group, rng.choice(group.order, size=int(rng.integers(0, 3)))) for _ in range(6)]
    fitting = [a for a in (*actions, group.natural) if a.shape[1] > 1 and a.shape[1] ** 2 <= most]
    if not fitting:
        return None
    action = max(fitting, key=lambda a: a.shape[1]) if rng.random() < 0.8 else fitting[0]
    p = action.shape[1]
    alpha = np.round(rng.normal(size=p) * 2**10) / 2**10
    rows, columns = (a.ravel() for a in np.meshgrid(np.arange(p), np.arange(p), indexing="ij"))
    orbit = pair_orbits(group, action, action)
    coupling = np.where(orbit == orbit[0, 0], -1.0, 1.0 / max(p - 1, 1))
    if rng.random() < 0.2:
        coupling = rng.normal(size=orbit.max() + 1)[orbit]
    k = p * p
    return Planted(
        action, action, coupling, first + np.arange(k), rows, columns, np.full(k, 2.0 ** rng.integers(-1, 3)),
        alpha, -alpha, np.ones(k),
    )  # fmt: skip


def plant(group: SmallGroup, circuits: list[Planted], width: int) -> Tensors:
    """The four float64 tables of circuits and silent neurons."""
    n, inverse = group.order, group.inverse
    left, right, unembed = np.zeros((n, width)), np.zeros((n, width)), np.zeros((width, n))
    for c in circuits:
        left[:, c.neurons] = c.scale * c.alpha[c.left[inverse][:, c.rows]]
        right[:, c.neurons] = c.scale * c.gamma[c.right[:, c.columns]]
        unembed[c.neurons] = (c.weights * c.coupling[c.rows, c.right[:, c.columns]]).T
    return {"left": left, "right": right, "unembed": unembed, "bias": np.zeros(n)}


def planted_network(group: SmallGroup, rng: np.random.Generator) -> tuple[Tensors, list[Planted], str]:
    """Full, partial, split, noisy, misassigned, uneven, with a driver that works against it, or flipped."""
    circuit = draw_circuit(group, rng, 0)
    if circuit is None:
        return random_tables(group.order, int(rng.integers(1, 17)), rng), [], "random"
    k = len(circuit.neurons)
    kind = str(
        rng.choice(["full", "partial", "split", "noisy", "misassigned", "uneven", "driven", "flipped", "rescaled"])
    )
    extra = int(rng.integers(0, 3))
    if kind == "rescaled":
        scale = 2.0 ** rng.integers(-3, 4, size=k)
        circuit = replace(circuit, scale=scale, weights=circuit.weights / scale)
    if kind == "uneven":
        circuit = replace(circuit, weights=circuit.weights * np.exp(rng.normal(size=k) * rng.choice([0.01, 0.3, 1.5])))
    tensors = plant(group, [circuit], k + extra)
    if kind == "partial":
        tensors["unembed"][rng.permutation(k)[: int(rng.integers(1, k))]] = 0
    elif kind == "split":
        shift = rng.normal(size=(k, len(circuit.alpha))) * rng.choice([0.01, 0.3, 1])
        place = circuit.left[group.inverse][:, circuit.rows]
        tensors["left"][:, :k] += shift[np.arange(k), place]
    elif kind == "noisy":
        level = 10.0 ** rng.uniform(-6, 0)
        for table in ("left", "right", "unembed"):
            tensors[table] += level * rng.normal(size=tensors[table].shape)
    elif kind == "misassigned":
        order = np.arange(k)
        swap = rng.permutation(k)[: int(rng.integers(2, k + 1))]
        order[swap] = np.roll(order[swap], 1)
        tensors["unembed"][:k] = tensors["unembed"][:k][order]
    elif kind == "flipped":
        tensors["unembed"] *= -1
    if extra and rng.random() < 0.7:
        size = 10.0 ** rng.uniform(-3, 1)
        tensors["unembed"][k:] = size * rng.normal(size=(extra, group.order))
        tensors["left"][:, k:] = np.abs(rng.normal()) if rng.random() < 0.5 else rng.normal(size=(group.order, extra))
    return tensors, [circuit], kind


def random_tables(n: int, m: int, rng: np.random.Generator) -> Tensors:
    return {
        "left": rng.normal(size=(n, m)), "right": rng.normal(size=(n, m)), "unembed": rng.normal(size=(m, n)),
        "bias": rng.normal(size=n) * rng.integers(0, 2),
    }  # fmt: skip


def tied_tables(group: SmallGroup, rng: np.random.Generator) -> Tensors:
    """Neurons in equal pairs and outputs that permute their weights: ties in exact arithmetic, not in floats."""
    n, half = group.order, int(rng.integers(2, 9))
    tensors = random_tables(n, 2 * half, rng)
    for name in ("left", "right"):
        tensors[name][:, half:] = tensors[name][:, :half]
    for _ in range(int(rng.integers(1, n))):
        a, b = rng.choice(n, 2, replace=n < 2)
        swap = np.concatenate([np.arange(half, 2 * half), np.arange(half)])
        mixed = np.where(np.tile(rng.random(half) < 0.5, 2), swap, np.arange(2 * half))
        tensors["unembed"][:, b] = tensors["unembed"][mixed, a]
        tensors["bias"][b] = tensors["bias"][a]
    return tensors


def draw_network(group: SmallGroup, rng: np.random.Generator) -> tuple[Net, list[Planted]]:
    """Any of the kinds, then scaled, shifted, tied, cast or factored."""
    n = group.order
    draw = rng.random()
    circuits: list[Planted] = []
    if draw < 0.5:
        tensors, circuits, kind = planted_network(group, rng)
    elif draw < 0.65:
        tensors, kind = random_tables(n, int(rng.integers(1, 17)), rng), "random"
    elif draw < 0.8:
        tensors, kind = tied_tables(group, rng), "tied"
    elif draw < 0.85:
        tensors, kind = random_tables(n, int(rng.integers(1, 5)), rng), "zero"
        for name in rng.permutation(["left", "right", "unembed", "bias"])[: int(rng.integers(1, 5))]:
            tensors[str(name)][...] = 0
    elif draw < 0.92:
        m = int(rng.integers(1, 5))
        tensors, kind = random_tables(n, m, rng), "constant"
        tensors["left"][...], tensors["right"][...] = np.abs(rng.normal(size=m)), 0
    else:
        m = int(rng.integers(1, 9))
        tensors, kind = random_tables(n, m, rng), "integers"
        tensors = {name: np.round(2 * array) for name, array in tensors.items()}
    activation = str(rng.choice(ACTIVATIONS, p=[0.6, 0.15, 0.15, 0.1]))
    tensors = _disturb(tensors, activation, rng)
    dtype = rng.choice([np.float16, np.float32, np.float64], p=[0.1, 0.5, 0.4])
    if rng.random() < 0.12:
        tensors, kind = factor(tensors, rng), kind + " factored"
    with np.errstate(over="ignore"):
        cast = {name: array.astype(dtype) for name, array in tensors.items()}
    if not all(np.isfinite(array).all() for array in cast.values()):
        cast = {name: array.astype(np.float64) for name, array in tensors.items()}
    return Net(cast, group.table.astype(np.int32), activation, kind), circuits


def _disturb(tensors: Tensors, activation: str, rng: np.random.Generator) -> Tensors:
    n = len(tensors["bias"])
    if rng.random() < 0.15 and len(tensors["unembed"]):  # nearly equal outputs
        a, b = rng.choice(n, 2)
        tensors["unembed"][:, a], tensors["bias"][a] = tensors["unembed"][:, b], tensors["bias"][b]
        if rng.random() < 0.8:
            tensors["unembed"][0, a] *= 1 + 2.0 ** -int(rng.integers(8, 53))
    if rng.random() < 0.1:
        tensors["bias"] = tensors["bias"] + 2.0 ** rng.integers(-10, 60)
    if rng.random() < 0.1 and len(tensors["unembed"]):
        tensors["unembed"] = tensors["unembed"] + (2.0 ** rng.integers(-5, 30, size=len(tensors["unembed"])))[:, None]
    if rng.random() < 0.2:
        a, b = rng.choice([-500, -120, -60, -20, 0, 20, 60, 120, 300], 2)
        both = int(b) + (2 if activation == "square" else 1) * int(a)
        with np.errstate(all="ignore"):
            scaled = {
                "left": np.ldexp(tensors["left"], a), "right": np.ldexp(tensors["right"], a),
                "unembed": np.ldexp(tensors["unembed"], b), "bias": np.ldexp(tensors["bias"], both),
            }  # fmt: skip
        if all(np.isfinite(array).all() for array in scaled.values()):
            tensors = scaled
    return tensors


def factor(tensors: Tensors, rng: np.random.Generator) -> Tensors:
    """Factors whose product is the tables, to rounding; or with equal embeddings, so that products tie exactly."""
    n, m = tensors["left"].shape
    out: dict[str, Any] = {"unembed": tensors["unembed"]}
    if rng.random() < 0.7:
        out["bias"] = tensors["bias"]
    width = max(1, m)
    mix = rng.normal(size=(width, m)) + 2 * np.eye(width, m)
    for side in ("left", "right"):
        if rng.random() < 0.4:
            out[f"embed_{side}"] = np.repeat(tensors[side][:, :1] if m else np.ones((n, 1)), width, axis=1)
            out[f"hidden_{side}"] = rng.permuted(np.repeat(rng.normal(size=(width, 1)), m, axis=1), axis=0)
        else:
            out[f"embed_{side}"] = tensors[side] @ np.linalg.pinv(mix) if m else np.ones((n, 1))
            out[f"hidden_{side}"] = mix
    return out
