"""Attacks on rule circles: waves and what is no wave, ties of readings, circles and representations that do not fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .attack_parts import attack, certificate, network, on_edge
from .harness import Cert, Net, Tensors, plan_of
from .networks import random_tables
from .small_groups import SmallGroup, closure, shuffled, small_group

NAMES = ("C2", "C3", "C4", "C5", "C6", "C7", "C8", "C2xC2", "S3", "D4", "D5", "D6")


def planes(group: SmallGroup, rng: np.random.Generator) -> np.ndarray:
    """(n, 2, 2) an orthogonal representation of 2 rows, or of 1 twice, found in the regular one."""
    n, table = group.order, group.table
    average = rng.normal(size=n)
    kernel = average[table[group.inverse[:, None], np.arange(n)]]
    values, vectors = np.linalg.eigh(kernel + kernel.T)  # commutes with left multiplication
    close = np.abs(values[:, None] - values) < 1e-9 * np.abs(values).max()
    sizes = close.sum(axis=1)
    chosen = int(rng.choice(np.flatnonzero(sizes <= 2)))
    basis = vectors[:, close[chosen]]
    moved = basis[table[group.inverse]]  # (g, point, dimension): basis at g⁻¹·point
    found = np.einsum("pi,gpj->gij", basis, moved)
    return found * np.eye(2) if found.shape[1] == 1 else found


def wave(matrices: np.ndarray, m: int, rng: np.random.Generator) -> np.ndarray:
    """(n, m) places on the circle, looked at from random sides; a few entries of the representation beside."""
    beside = rng.normal(size=(2, m)) * (rng.random(m) < 0.2)
    return matrices[:, :, 0] @ rng.normal(size=(2, m)) + matrices[:, :, 1] @ beside


@dataclass(frozen=True)
class Drawn:
    """A group, representations (n, 2, 2), what neurons write in the circle of each (m + 1, 2), a network."""

    group: SmallGroup
    matrices: list[np.ndarray]
    writing: list[np.ndarray]
    tensors: Tensors


def drawn(rng: np.random.Generator, readings: str, most: int = 6) -> Drawn:
    """A network that reads as said and writes in circles and elsewhere."""
    group = shuffled(small_group(str(rng.choice(NAMES))), rng)
    n, m = group.order, int(rng.integers(1, most + 1))
    found = [planes(group, rng) for _ in range(int(rng.integers(1, 3)))]
    tensors = random_tables(n, m, rng)
    for side in ("left", "right"):
        seen = [one if side == "left" else one[group.inverse] for one in found]
        if readings == "waves":
            tensors[side] = sum(wave(one, m, rng) for one in seen) / len(seen)
        elif readings == "noisy":
            tensors[side] = wave(seen[0], m, rng) + 10.0 ** rng.uniform(-2, 0) * rng.normal(size=(n, m))
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
        fitted = (np.linalg.pinv(one[:, :, 0]) @ every.T).T
        fitted *= 1.0 if rng.random() < 0.7 else rng.normal(size=fitted.shape)
        writing.append(fitted * (rng.random((m + 1, 1)) < rng.choice([0.5, 1.0])))
    return Drawn(group, found, writing, tensors)


def circles(case: Drawn, rng: np.random.Generator, edge: float = 0.7) -> tuple[Net, Cert]:
    """The certificate: neurons that are said to read any circle."""
    group, m = case.group, len(case.tensors["unembed"])
    given: Tensors = {f"circles{j}.matrices": one[group.generators] for j, one in enumerate(case.matrices)}
    reads = rng.integers(0, len(case.matrices), m + 1) * rng.integers(0, 2)
    given |= {"circles.writing": np.concatenate(case.writing, axis=1), "circles.reads": reads}
    net = network(case.tensors, group)
    net = on_edge(net, rng) if rng.random() < edge else net
    return net, certificate(group, plan_of("circles", singles=int(rng.choice([0, 1, 1]))), **given)


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
    """A neuron that reads a wave on one side and anything on the other, and writes in no circle."""
    case = drawn(rng, "random", most=1)
    one = case.matrices[0]
    side, seen = ("left", one) if rng.random() < 0.5 else ("right", one[case.group.inverse])
    case.tensors[side] = wave(seen, 1, rng)
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
def unwalked(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Neurons that read a circle that is not there, so that no sum has them."""
    net, cert = circles(drawn(rng, str(rng.choice(["waves", "constant"]))), rng)
    reads = cert.tensors["circles.reads"] + 2 * (rng.random(net.width + 1) < 0.5)
    return net, cert.but(**{"circles.reads": reads})


@attack
def high_output(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A circuit of waves, and an output of so large a bias that it is the best rival, wherever on the circle it is."""
    group = shuffled(small_group(str(rng.choice(["C11", "C12", "C16"]))), rng)
    turns = next(one for one in (planes(group, rng) for _ in range(100)) if one[:, 0, 1].any())
    circle, m = turns[:, :, 0], int(rng.integers(12, 25))
    one, other = 2 * np.pi * (np.arange(m) + rng.random()) / m, 2 * np.pi * rng.random(m)
    sides = [np.stack([np.cos(angle), np.sin(angle)]) for angle in (one, other, one - other)]
    tensors = {"left": circle @ sides[0], "right": circle[group.inverse] @ sides[1], "unembed": (circle @ sides[2]).T}
    tensors["bias"] = rng.uniform(0, m) * (np.arange(group.order) == rng.integers(group.order))
    writing = np.append(sides[2].T, np.zeros((1, 2)), axis=0)
    return circles(Drawn(group, [turns], [writing], tensors), rng, 1.0)


@attack
def one_bend(rng: np.random.Generator) -> tuple[Net, Cert]:
    """One neuron that writes in no circle, and parabolas that it meets at their worst."""
    group = closure("C2", [(1, 0)])
    size = 10.0 ** rng.uniform(-1, 1)
    left = np.array([[0.0], [rng.choice([0.25, 0.5, 2 / 3, 1.0])]]) * size * rng.choice([-1, 1])
    right = np.array([[0.0], [rng.choice([0.0, 0.25, 1 / 3, -1.0])]]) * size
    if rng.random() < 0.6:  # no product is left, and nothing is off the waves
        left, right = np.zeros((2, 1)), size * rng.permutation([[-1.0], [rng.choice([0.1, 0.25, 0.5, 1.0, 4.0])]])
    tensors = {"left": left, "right": right, "unembed": rng.normal(size=(1, 2)), "bias": np.zeros(2)}
    sign = np.array([[[1.0]], [[-1.0]]]) * np.eye(2)
    return circles(Drawn(group, [sign], [np.zeros((2, 1))], tensors), rng, 1.0)


@attack
def skewed_waves(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Representations that are not orthogonal, whose points go around an ellipse."""
    group = shuffled(small_group(str(rng.choice(["C3", "C4", "C5", "C7", "S3", "D4", "D5"]))), rng)
    turns = next(one for one in (planes(group, rng) for _ in range(100)) if one[:, 0, 1].any())
    skew = np.eye(2) + rng.choice([0.02, 0.05, 0.1]) * rng.normal(size=(2, 2))
    turns = np.linalg.inv(skew) @ turns @ skew
    return transported(group, turns, rng)


@attack
def far_points(rng: np.random.Generator) -> tuple[Net, Cert]:
    """A neuron that reads a wave around an ellipse on both sides, and writes in no circle: its products are large at
    the points that are far from the middle."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "C4", "C5", "S3", "D4"]))), rng)
    skew = np.eye(2) + 2 * rng.normal(size=(2, 2))
    turns = np.linalg.inv(skew) @ planes(group, rng) @ skew
    fit, sign, points = rng.normal(size=2), rng.choice([-1.0, 1.0], 2), turns[:, :, 0]
    tensors = {
        "left": sign[0] * points @ fit[:, None], "right": sign[1] * points[group.inverse] @ fit[:, None],
        "unembed": rng.choice([-1.0, 1.0], (1, group.order)), "bias": np.zeros(group.order),
    }  # fmt: skip
    return circles(Drawn(group, [turns], [np.zeros((2, 2))], tensors), rng, 1.0)


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
    """Neurons that fire for one pair and write in the circle of `turns`; its right answer is next to its best rival,
    and below it."""
    n, (x, y) = group.order, rng.integers(0, group.order, 2)
    z, points = group.table[x, y], turns[:, :, 0]

    def behind(sums: np.ndarray) -> float:
        found = points @ sums
        return float(np.delete(found, z).max() - found[z])

    right, wrong = points[z].copy(), rng.normal(size=2)
    for _ in range(40):  # the last sums on the way whose right answer is not the largest
        middle = (right + wrong) / 2
        right, wrong = (right, middle) if behind(middle) > 0 else (middle, wrong)
    left, after = np.zeros((n, 4)), np.full((n, 4), -8.0)
    left[x], after[y] = np.maximum(np.concatenate([wrong, -wrong]), 0), 0.0
    writes = np.concatenate([np.eye(2), -np.eye(2)])
    tensors = {"left": left, "right": after, "unembed": writes @ points.T, "bias": np.zeros(n)}
    return circles(Drawn(group, [turns], [np.append(writes, np.zeros((1, 2)), axis=0)], tensors), rng, 0.0)
