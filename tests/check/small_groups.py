"""Small groups as tables, their actions and real representations: raw material of the soundness campaign."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class SmallGroup:
    """``table[x, y]`` = xy, some generators, and the permutations that the elements were made from."""

    name: str
    table: Ints
    generators: Ints
    natural: Ints
    """(n, k): a faithful action."""

    @property
    def order(self) -> int:
        return len(self.table)

    @property
    def identity(self) -> int:
        return int(np.flatnonzero((self.table == np.arange(self.order)).all(axis=1))[0])

    @property
    def inverse(self) -> Ints:
        return np.asarray((self.table == self.identity).argmax(axis=1))


def _cycles(degree: int, *cycles: tuple[int, ...]) -> tuple[int, ...]:
    out = list(range(degree))
    for cycle in cycles:
        for a, b in zip(cycle, cycle[1:] + cycle[:1]):
            out[a] = b
    return tuple(out)


def _cyclic(n: int) -> list[tuple[int, ...]]:
    return [_cycles(n, tuple(range(n)))]


def _dihedral(k: int) -> list[tuple[int, ...]]:
    return [_cycles(k, tuple(range(k))), tuple((-i) % k for i in range(k))]


_GENERATORS: dict[str, list[tuple[int, ...]]] = {
    **{f"C{n}": _cyclic(n) for n in (2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 16)},
    "C2xC2": [_cycles(4, (0, 1)), _cycles(4, (2, 3))],
    "C2xC2xC2": [_cycles(6, (0, 1)), _cycles(6, (2, 3)), _cycles(6, (4, 5))],
    "C3xC3": [_cycles(6, (0, 1, 2)), _cycles(6, (3, 4, 5))],
    "S3": [_cycles(3, (0, 1, 2)), _cycles(3, (0, 1))],
    "D4": _dihedral(4),
    "D5": _dihedral(5),
    "D6": _dihedral(6),
    "D9": _dihedral(9),
    "Q8": [_cycles(8, (0, 1, 2, 3), (4, 5, 6, 7)), _cycles(8, (0, 4, 2, 6), (1, 7, 3, 5))],
    "A4": [_cycles(4, (0, 1, 2)), _cycles(4, (0, 1), (2, 3))],
    "C3xS3": [_cycles(6, (0, 1, 2)), _cycles(6, (3, 4, 5)), _cycles(6, (3, 4))],
    "F20": [_cycles(5, (0, 1, 2, 3, 4)), _cycles(5, (1, 2, 4, 3))],
    "F21": [_cycles(7, (0, 1, 2, 3, 4, 5, 6)), _cycles(7, (1, 2, 4), (3, 6, 5))],
    "S4": [_cycles(4, (0, 1, 2, 3)), _cycles(4, (0, 1))],
}
ORDERS = {
    "C2xC2": 4, "C2xC2xC2": 8, "C3xC3": 9, "S3": 6, "D4": 8, "D5": 10, "D6": 12, "D9": 18, "Q8": 8, "A4": 12,
    "C3xS3": 18, "F20": 20, "F21": 21, "S4": 24, **{f"C{n}": n for n in (2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 16)},
}  # fmt: skip
NAMES = tuple(_GENERATORS)


@cache
def small_group(name: str) -> SmallGroup:
    """A group of order 2 … 24 from permutations; elements in the order in which words reach them."""
    return closure(name, _GENERATORS[name])


def closure(name: str, start: list[tuple[int, ...]]) -> SmallGroup:
    """The group that permutations generate."""
    elements = [tuple(range(len(start[0])))]
    place = {elements[0]: 0}
    for element in elements:
        for g in start:
            product = tuple(g[i] for i in element)
            if product not in place:
                place[product] = len(elements)
                elements.append(product)
    table = np.array([[place[tuple(a[i] for i in b)] for b in elements] for a in elements])
    return SmallGroup(name, table, np.array([place[g] for g in start]), np.array(elements))


def shuffled(group: SmallGroup, rng: np.random.Generator) -> SmallGroup:
    """The same group, its elements renamed: the identity may be anywhere."""
    old = rng.permutation(group.order)
    new = np.argsort(old)
    return SmallGroup(group.name, new[group.table[np.ix_(old, old)]], new[group.generators], group.natural[old])


def random_group(rng: np.random.Generator, largest: int = 24) -> SmallGroup:
    """A random group; small ones more often."""
    names = [name for name in NAMES if ORDERS[name] <= largest]
    weights = np.array([1 / ORDERS[name] for name in names])
    group = small_group(str(rng.choice(names, p=weights / weights.sum())))
    return shuffled(group, rng) if rng.random() < 0.5 else group


def is_group(table: NDArray[np.integer]) -> bool:
    """By definition, all n³ products."""
    n = len(table)
    if table.shape != (n, n) or n == 0 or table.min() < 0 or table.max() >= n:
        return False
    left = np.array([table[table[x]] for x in range(n)])  # [x, a, y] = (xa)y
    right = np.array([table[x][table] for x in range(n)])  # [x, a, y] = x(ay)
    identities = [e for e in range(n) if (table[e] == np.arange(n)).all() and (table[:, e] == np.arange(n)).all()]
    return bool((left == right).all()) and len(identities) == 1 and bool((table == identities[0]).any(axis=1).all())


def coset_action(group: SmallGroup, by: Ints) -> Ints:
    """(n, k): the action on left cosets of the subgroup that `by` generates."""
    members = {group.identity}
    frontier = [group.identity]
    while frontier:
        frontier = [int(group.table[h, g]) for h in frontier for g in by if int(group.table[h, g]) not in members]
        members.update(frontier)
    subgroup = np.array(sorted(members))
    cosets = np.sort(group.table[:, subgroup], axis=1)
    _, label = np.unique(cosets, axis=0, return_inverse=True)
    label = label.reshape(-1)
    first = np.array([np.flatnonzero(label == k)[0] for k in range(label.max() + 1)])
    return label[group.table[:, first]]


def random_action(group: SmallGroup, rng: np.random.Generator, largest: int = 8) -> Ints:
    """An action on at most `largest` points (or on one): cosets, unions of orbits, copies, fixed points."""
    choices = [coset_action(group, rng.choice(group.order, size=int(rng.integers(0, 3)))) for _ in range(3)]
    choices += [group.natural, np.zeros((group.order, 1), dtype=np.intp)]
    fitting = [a for a in choices if a.shape[1] <= largest]
    action = fitting[int(rng.integers(len(fitting)))] if rng.random() < 0.4 else max(fitting, key=lambda a: a.shape[1])
    while rng.random() < 0.15:
        other = fitting[int(rng.integers(len(fitting)))]
        if action.shape[1] + other.shape[1] > largest:
            break
        action = np.concatenate([action, other + action.shape[1]], axis=1)
    return np.asarray(action, dtype=np.intp)


def pair_orbits(group: SmallGroup, left: Ints, right: Ints) -> Ints:
    """(p, q): number of the orbit of each pair of points under the diagonal action."""
    p, q = left.shape[1], right.shape[1]
    label = np.arange(p * q).reshape(p, q)
    for _ in range(p * q):
        smaller = label
        for g in range(group.order):
            smaller = np.minimum(smaller, label[left[g]][:, right[g]])
        if (smaller == label).all():
            break
        label = smaller
    return np.unique(label, return_inverse=True)[1].reshape(p, q)


def random_matrices(group: SmallGroup, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, d, d): a real representation: permutation matrices, their part of sum zero, conjugated or not."""
    action = random_action(group, rng, 5)
    k = action.shape[1]
    matrices = np.zeros((group.order, k, k))
    for g in range(group.order):
        matrices[g, action[g], np.arange(k)] = 1
    if k > 1 and rng.random() < 0.7:
        basis = np.linalg.qr(np.concatenate([np.ones((k, 1)), rng.normal(size=(k, k - 1))], axis=1))[0][:, 1:]
        matrices = basis.T @ matrices @ basis
    if rng.random() < 0.2:
        change = rng.normal(size=matrices.shape[1:]) + 2 * np.eye(matrices.shape[1])
        matrices = change @ matrices @ np.linalg.inv(change)
    return matrices
