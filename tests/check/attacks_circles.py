"""Attacks on rule circles: waves and what is no wave, ties of readings, orders and representations that do not fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .attack_parts import attack, certificate, network, on_edge
from .certificates import hidden
from .harness import Cert, Net, Tensors, plan_of
from .networks import random_tables
from .small_groups import SmallGroup, closure, shuffled, small_group

NAMES = ("C2", "C3", "C4", "C5", "C6", "C7", "C8", "C2xC2", "S3", "D4", "D5", "D6")


def planes(group: SmallGroup, rng: np.random.Generator) -> np.ndarray:
    """(n, d, d) an orthogonal representation of 1 or 2 rows, found in the regular one."""
    n, table = group.order, group.table
    average = rng.normal(size=n)
    kernel = average[table[group.inverse[:, None], np.arange(n)]]
    values, vectors = np.linalg.eigh(kernel + kernel.T)  # commutes with left multiplication
    close = np.abs(values[:, None] - values) < 1e-9 * np.abs(values).max()
    sizes = close.sum(axis=1)
    chosen = int(rng.choice(np.flatnonzero(sizes <= 2)))
    basis = vectors[:, close[chosen]]
    moved = basis[table[group.inverse]]  # (g, point, dimension): basis at g⁻¹·point
    return np.einsum("pi,gpj->gij", basis, moved)


def wave(matrices: np.ndarray, m: int, rng: np.random.Generator) -> np.ndarray:
    """(n, m) entries of the representation, at random."""
    return matrices.reshape(len(matrices), -1) @ rng.normal(size=(matrices[0].size, m))


@dataclass(frozen=True)
class Drawn:
    """A group, representations (n, d, d), what neurons write in each (m + 1, d²), a network, activations are relu's."""

    group: SmallGroup
    matrices: list[np.ndarray]
    writing: list[np.ndarray]
    tensors: Tensors

    def reference(self) -> np.ndarray:
        """(features,): the mean over all pairs of D(x)ᵀ P D(y)ᵀ."""
        h, n = hidden(network(self.tensors, self.group)), self.group.order
        kept = []
        for one, writes in zip(self.matrices, self.writing, strict=True):
            sums = (h @ writes).reshape(n, n, *one.shape[1:])
            kept.append(np.einsum("xka,xykl,ybl->ab", one, sums, one, optimize=True).ravel() / n**2)
        return np.concatenate(kept)


def drawn(rng: np.random.Generator, readings: str, most: int = 6) -> Drawn:
    """A network that reads as said and writes in representations and elsewhere."""
    group = shuffled(small_group(str(rng.choice(NAMES))), rng)
    n, m = group.order, int(rng.integers(1, most + 1))
    found = [planes(group, rng) for _ in range(int(rng.integers(1, 3)))]
    tensors = random_tables(n, m, rng)
    for side in ("left", "right"):
        if readings == "waves":
            tensors[side] = sum(wave(one, m, rng) for one in found) / len(found)
        elif readings == "noisy":
            tensors[side] = wave(found[0], m, rng) + 10.0 ** rng.uniform(-2, 0) * rng.normal(size=(n, m))
        elif readings == "ties":
            tensors[side] = rng.integers(-2, 3, (n, m)).astype(np.float64)
        elif readings == "constant":
            tensors[side] = np.tile(rng.normal(size=m), (n, 1))
    written = [wave(one, m, rng).T * 10.0 ** rng.uniform(-1, 1) for one in found]
    tensors["unembed"] = sum(written) + 10.0 ** rng.uniform(-3, 1) * rng.normal(size=(m, n)) * rng.integers(0, 2)
    tensors["bias"] = rng.normal(size=n) * rng.integers(0, 2)
    writing = []
    for one in found:
        every = np.concatenate([tensors["unembed"], tensors["bias"][None]])
        fitted = (np.linalg.pinv(one.reshape(n, -1)) @ every.T).T
        fitted *= 1.0 if rng.random() < 0.7 else rng.normal(size=fitted.shape)
        writing.append(fitted * (rng.random((m + 1, 1)) < rng.choice([0.5, 1.0])))
    return Drawn(group, found, writing, tensors)


def circles(case: Drawn, rng: np.random.Generator, edge: float = 0.7) -> tuple[Net, Cert]:
    """The certificate: any orders, representations that are read, references and groups."""
    group, n, m = case.group, case.group.order, len(case.tensors["unembed"])
    walks = int(rng.integers(1, 3))
    kept = case.reference()
    given: Tensors = {f"circles{j}.matrices": one[group.generators] for j, one in enumerate(case.matrices)}
    given |= {
        "circles.writing": np.concatenate(case.writing, axis=1),
        "circles.reference": kept if rng.random() < 0.8 else kept * rng.normal(size=kept.shape),
        "circles.groups": rng.integers(0, n, n) * rng.integers(0, 2),
        "circles.orders": np.stack([rng.permutation(n) for _ in range(walks)]),
        "circles.walk": rng.integers(0, walks, m + 1),
        "circles.reads": rng.integers(0, len(case.matrices), walks),
    }
    if rng.random() < 0.5:
        given["scale"] = 2.0 ** rng.integers(-3, 4, m + 1)
    net = network(case.tensors, group)
    net = on_edge(net, rng) if rng.random() < edge else net
    plan = plan_of("circles", singles=int(rng.choice([0, 1, 1])))
    return net, certificate(group, plan, **given)


@attack
def waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons read waves of the representations."""
    return circles(drawn(rng, "waves"), rng)


@attack
def noisy_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons read waves and something else."""
    return circles(drawn(rng, "noisy"), rng)


@attack
def no_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons read anything."""
    return circles(drawn(rng, "random"), rng)


@attack
def half_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A neuron that reads a wave on one side and anything on the other, and writes in no representation."""
    case = drawn(rng, "random", most=1)
    case.tensors[str(rng.choice(["left", "right"]))] = wave(case.matrices[0], 1, rng)
    return circles(replace(case, writing=[0 * one for one in case.writing]), rng, 1.0)


@attack
def tied_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """l = −r exactly, for many pairs: a neuron is neither active nor not."""
    return circles(drawn(rng, "ties"), rng)


@attack
def constant_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons that are always active, or never, or always the same."""
    return circles(drawn(rng, "constant"), rng)


@attack
def false_orders(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Orders that leave elements out and name others twice."""
    net, cert = circles(drawn(rng, "waves"), rng)
    orders = rng.integers(0, net.order, cert.tensors["circles.orders"].shape)
    return net, cert.but(**{"circles.orders": orders})


@attack
def unwalked(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons that walk in an order that is not there, so that no sum has them."""
    net, cert = circles(drawn(rng, str(rng.choice(["waves", "constant"]))), rng)
    walk = cert.tensors["circles.walk"] + 2 * (rng.random(net.width + 1) < 0.5)
    return net, cert.but(**{"circles.walk": walk})


@attack
def one_bend(rng: np.random.Generator) -> tuple[Net, Cert]:
    """One neuron that writes nothing in any block, and parabolas that it meets at their worst."""
    group = closure("C2", [(1, 0)])
    size = 10.0 ** rng.uniform(-1, 1)
    left = np.array([[0.0], [rng.choice([0.25, 0.5, 2 / 3, 1.0])]]) * size * rng.choice([-1, 1])
    right = np.array([[0.0], [rng.choice([0.0, 0.25, 1 / 3, -1.0])]]) * size
    if rng.random() < 0.6:  # no product is left, and nothing is off the waves
        left, right = np.zeros((2, 1)), size * rng.permutation([[-1.0], [rng.choice([0.1, 0.25, 0.5, 1.0, 4.0])]])
    tensors = {"left": left, "right": right, "unembed": rng.normal(size=(1, 2)), "bias": np.zeros(2)}
    sign = np.array([[[1.0]], [[-1.0]]])
    return circles(Drawn(group, [sign], [np.zeros((2, 1))], tensors), rng, 1.0)


@attack
def skewed_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Representations that are not orthogonal, where ⟨D(x)KD(y), D(xwy)⟩ is not ⟨K, D(w)⟩, and K of the one pair whose
    neurons fire: its right answer is next to its best rival, and below it."""
    group = shuffled(small_group(str(rng.choice(["C3", "C4", "C5", "C7", "S3", "D4", "D5"]))), rng)
    turns = next(one for one in (planes(group, rng) for _ in range(100)) if one.shape[1] == 2)
    skew = np.eye(2) + rng.choice([0.02, 0.05, 0.1]) * rng.normal(size=(2, 2))
    turns = np.linalg.inv(skew) @ turns @ skew
    return transported(group, turns, rng)


@attack
def false_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """`skewed_waves` with turns by any angle, whose products are those of no group."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "C4", "C5", "C7"]))), rng)
    n, g = group.order, int(group.generators[0])
    angle, power, turns = rng.uniform(0, 2 * np.pi), group.identity, np.zeros((group.order, 2, 2))
    for k in range(n):
        cos, sin = np.cos(k * angle), np.sin(k * angle)
        turns[power], power = [[cos, -sin], [sin, cos]], int(group.table[g, power])
    return transported(SmallGroup("", group.table, np.array([g]), group.natural), turns, rng)


def transported(group: SmallGroup, turns: np.ndarray, rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons that fire for one pair and write in `turns`, and a reference that is theirs."""
    n, (x, y) = group.order, rng.integers(0, group.order, 2)
    z, logits = group.table[x, y], turns.reshape(n, 4)

    def behind(sums: np.ndarray) -> float:
        found = logits @ sums
        return float(np.delete(found, z).max() - found[z])

    right, wrong = logits[z].copy(), rng.normal(size=4)
    for _ in range(40):  # the last sums on the way whose right answer is not the largest
        middle = (right + wrong) / 2
        right, wrong = (right, middle) if behind(middle) > 0 else (middle, wrong)
    left, after = np.zeros((n, 8)), np.full((n, 8), -8.0)
    left[x], after[y] = np.maximum(np.concatenate([wrong, -wrong]), 0), 0.0
    writes = np.concatenate([np.eye(4), -np.eye(4)])
    tensors = {"left": left, "right": after, "unembed": writes @ logits.T, "bias": np.zeros(n)}
    net, cert = circles(Drawn(group, [turns], [np.append(writes, np.zeros((1, 4)), axis=0)], tensors), rng, 0.0)
    kept = np.linalg.inv(turns[x]) @ wrong.reshape(2, 2) @ np.linalg.inv(turns[y])
    return net, cert.but(**{"circles.reference": kept.ravel()})
