"""Small networks that are exact orbit circuits, their certificates, and what is right by rational arithmetic."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from rhoset.formalize.reading import read_stored
from rhoset_check.files import FORMAT, VERSION

NUMBERS = ("right", "singles", "exact", "samples")


@dataclass
class Case:
    """A network file, a certificate file, and the tensors of both."""

    network: Path
    certificate: Path
    tensors: dict[str, NDArray[Any]]
    explanation: dict[str, NDArray[Any]]
    rule: str = "gaps"
    """What the certificate asks for, if its tensors are there."""

    def save(self) -> Case:
        """Write both files; the certificate names the network and its table."""
        save_file({k: np.ascontiguousarray(v) for k, v in self.tensors.items()}, self.network)
        stored = read_stored(self.network)
        metadata = {"format": FORMAT, "version": VERSION, "network": stored.digest, "table": stored.table_digest}
        rule = self.rule if any(name.startswith(self.rule) for name in self.explanation) else "exact"
        metadata |= {"method": "circuit", "arithmetic": "real", "rule": rule, **dict.fromkeys(NUMBERS, "0")}
        save_file({k: np.ascontiguousarray(v) for k, v in self.explanation.items()}, self.certificate, metadata)
        return self


def symmetric(points: int) -> tuple[NDArray[Any], list[tuple[int, ...]]]:
    """Table of the permutations of so many points, (gh)(i) = g(h(i)), and the permutations."""
    elements = list(itertools.permutations(range(points)))
    index = {g: i for i, g in enumerate(elements)}
    table = [[index[tuple(g[i] for i in h)] for h in elements] for g in elements]
    return np.array(table, np.int32), elements


def circuit(folder: Path, points: int, noise: float = 0.0, seed: int = 0, rule: str = "gaps") -> Case:
    """Neurons (b, c, ±) read ±x⁻¹b and ∓yc and write −1 where b = zc.

    The margin against w is Σ_b |b − wb|, positive for every w but the identity: without noise all pairs are right,
    whatever the checker says.
    """
    table, elements = symmetric(points)
    n, rng = len(table), np.random.default_rng(seed)
    moves = np.array(elements)
    inverse = np.argsort(moves, axis=1)
    slots = list(itertools.product(range(points), range(points), (1, -1)))
    left = np.array([[s * inverse[x][b] for b, _, s in slots] for x in range(n)], np.float32)
    right = np.array([[-s * moves[y][c] for _, c, s in slots] for y in range(n)], np.float32)
    unembed = np.array([[-float(b == moves[z][c]) for z in range(n)] for b, c, _ in slots], np.float32)
    tensors = {"left": left, "right": right, "unembed": unembed, "bias": np.zeros(n, np.float32)}
    for name, array in tensors.items():
        tensors[name] = (array + noise * rng.standard_normal(array.shape)).astype(np.float32)
    tensors["table"] = table
    generators = [elements.index((1, 0, *range(2, points))), elements.index((*range(1, points), 0))]
    rows, columns, _ = np.array(slots).T
    features = (np.arange(points)[:, None] == moves[:, None]).reshape(n, -1)  # b = zc
    writing = -(np.arange(points**2) == (points * rows + columns)[:, None]).astype(float)
    explanation = {
        "generators": np.array(generators), "gaps0.right": moves[generators],
        "gaps.block": np.zeros(len(slots), np.int64), "gaps.point": columns, "gaps.left": rows,
        "lowrank.features": features.astype(float), "lowrank.writing": np.pad(writing, ((0, 1), (0, 0))),
    }  # fmt: skip
    return Case(folder / "net.safetensors", folder / "net.cert", tensors, explanation, rule).save()


def truth(tensors: dict[str, NDArray[Any]]) -> int:
    """Pairs whose right output is strictly above every other, in rational arithmetic."""
    t = {k: [[Fraction(float(v)) for v in row] for row in np.atleast_2d(a)] for k, a in tensors.items() if k != "table"}
    table, count = tensors["table"], 0
    n, m = len(table), len(t["unembed"])
    for x, y in itertools.product(range(n), repeat=2):
        h = [max(a + b, Fraction(0)) for a, b in zip(t["left"][x], t["right"][y], strict=True)]
        live = [i for i in range(m) if h[i]]
        logits = [sum((t["unembed"][i][z] * h[i] for i in live), t["bias"][0][z]) for z in range(n)]
        best = logits[table[x, y]]
        count += all(v < best for z, v in enumerate(logits) if z != table[x, y])
    return count


def damaged(case: Case, rng: np.random.Generator) -> None:
    """One change to the network or to the explanation, often a large one."""
    part = case.tensors if rng.random() < 0.4 else case.explanation
    name = sorted(part)[rng.integers(len(part))]
    array = part[name] = part[name].copy()
    if not array.size:
        return
    at = rng.integers(array.size)
    if array.dtype.kind == "f":
        array.flat[at] = rng.choice([0.0, -1.0, 1e4, -1e4, 1e-30, -array.flat[at], 3 * array.flat[at]])
    elif name == "table" or rng.random() < 0.5:
        other = rng.integers(array.size)
        array.flat[at], array.flat[other] = array.flat[other], array.flat[at]
    else:
        array.flat[at] = rng.integers(0, max(2, int(array.max()) + 1))
