"""What attacks are made of, and their register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .certificates import Slots, hidden
from .harness import Cert, Net, Tensors
from .networks import Planted, draw_circuit, plant, random_tables
from .small_groups import (
    ORDERS,
    SmallGroup,
    shuffled,
    small_group,
)

Attack = Callable[[np.random.Generator], tuple[Net, Cert]]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    ATTACKS[function.__name__] = function
    return function


def network(tensors: Tensors, group: SmallGroup, activation: str = "relu", dtype: type = np.float64) -> Net:
    return Net({k: v.astype(dtype) for k, v in tensors.items()}, group.table.astype(np.int32), activation, "attack")


def certificate(group: SmallGroup, blocks: list[Slots], plan: list[dict[str, object]], **tensors: np.ndarray) -> Cert:
    out: Tensors = {"generators": group.generators}
    for j, block in enumerate(blocks):
        out |= block.emit(f"block{j}.", group)
    return Cert({**out, **tensors}, plan, "real", len(blocks), "attack")


def constant(group: SmallGroup, m: int, rng: np.random.Generator) -> Tensors:
    """Hidden activations that do not depend on the inputs: right for one output in n."""
    tensors = random_tables(group.order, m, rng)
    tensors["left"], tensors["right"] = (
        np.tile(np.abs(rng.normal(size=m)), (group.order, 1)),
        np.zeros((group.order, m)),
    )
    tensors["bias"] = np.zeros(group.order)
    return tensors


def regular(group: SmallGroup) -> np.ndarray:
    return group.table  # action[g, b] = g·b


def regular_block(group: SmallGroup, unembed: np.ndarray) -> Slots:
    """unembed exactly, as entries on column e of the regular block υ(b, c) = [b = c]."""
    m, n = unembed.shape
    neurons, rows = (a.ravel() for a in np.meshgrid(np.arange(m), np.arange(n), indexing="ij"))
    columns = np.full(m * n, group.identity)
    return Slots(regular(group), regular(group), np.eye(n), neurons, rows, columns, unembed.ravel(), {})


def small_circuit(rng: np.random.Generator, extra: int) -> tuple[SmallGroup, Planted, Tensors]:
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


def mean_transported(tensors: Tensors, group: SmallGroup, block: Slots) -> np.ndarray:
    return block.transported(group, hidden(network(tensors, group))).mean(axis=0, keepdims=True)
