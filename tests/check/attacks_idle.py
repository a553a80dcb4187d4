"""Attacks on neurons at no point of rules even and each (THEOREMS.md, §3)."""

from __future__ import annotations

import numpy as np

from .attack_parts import attack, gaps, network
from .attacks_gaps import least_margin, right_circuit
from .harness import Cert, Net


@attack
def idle_driver(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit, and a neuron at no point that takes a little more than its margin where it is most active, or less.

    The rival that it serves fixes the place of the first point, which may do more than others, or moves it.
    """
    kind = str(rng.choice(["relu", "abs", "square"]))
    for _ in range(int(rng.choice([1, 10]))):
        group, circuit, tensors, _ = right_circuit(rng, 1, kind)
        if 3 <= circuit.right.shape[1] < group.order:
            break
    tensors["unembed"][:-1][circuit.columns == circuit.columns.min()] *= rng.choice([1, 4])
    margin = least_margin(network(tensors, group, kind))
    left, right = (rng.normal(size=group.order) for _ in range(2))
    tensors["left"][:, -1], tensors["right"][:, -1] = left, right
    sums = np.add.outer(left, right)
    active = {"relu": np.maximum(sums, 0), "abs": np.abs(sums), "square": sums**2}[kind]
    x, y = np.unravel_index(active.argmax(), active.shape)
    moves, place = circuit.right, circuit.right[y, circuit.columns.min()]
    others = [w for w in range(group.order) if w != group.identity]
    chosen = [w for w in others if (moves[w, place] == place) == (rng.random() < 0.7)] or others
    written = rng.uniform(-1, 0, group.order)
    written[group.table[x, y]] = -1.0
    written[group.table[group.table[x, rng.choice(chosen)], y]] = 1.0
    height = margin * rng.uniform(0.8, 1.9) / max(active.max() * np.ptp(written), 1e-3)
    tensors["unembed"][-1] = written * height
    block = np.append(np.zeros(len(circuit.neurons)), 1)
    return network(tensors, group, kind), gaps(group, [circuit.right], block, np.append(circuit.columns, 0))
