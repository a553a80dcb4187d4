"""The table is a group's, and the actions of a certificate are actions of that group (THEOREMS.md, §2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rhoset_check.near import Array, Ints, gamma, require, up


@dataclass(frozen=True)
class Group:
    """A proved group: ``table[x, y]`` = xy, with the words by which generators reach every element."""

    table: NDArray[np.int32] = field(repr=False)
    identity: int
    inverse: Ints = field(repr=False)
    generators: Ints
    levels: tuple[tuple[Ints, Ints, Ints], ...] = field(repr=False)
    """By length of their words: (positions of generators, parents, children), child = generator · parent."""

    @property
    def order(self) -> int:
        return len(self.table)


def prove_group(table: NDArray[np.int32], generators: Ints) -> Group:
    """Identity, right inverses, generation, and associativity by Light's test on the generators (Lemma 3)."""
    index = np.arange(len(table))
    e = int((table[:, 0] == 0).argmax())
    require((table[e] == index).all() and (table[:, e] == index).all(), "table: no two-sided identity")
    inverse = (table == e).argmax(axis=1)
    require((table[index, inverse] == e).all(), "table: an element has no right inverse")
    for g in generators:
        same = np.array_equal(table[table[:, g]], table.take(table[g], axis=1))
        require(same, f"table: not associative: (x·{g})·y ≠ x·({g}·y) for some x and y")
    return Group(table, e, inverse, generators, _words(table, e, generators))


def _words(table: NDArray[np.int32], e: int, generators: Ints) -> tuple[tuple[Ints, Ints, Ints], ...]:
    """Every element but e once, as generator · parent, the first generator that reaches it from words one shorter."""
    rows, seen, frontier, levels = table[generators].tolist(), {e}, [e], list[tuple[Ints, Ints, Ints]]()
    while len(seen) < len(table):
        reached = []
        for k, row in enumerate(rows):
            for x in frontier:
                if row[x] not in seen:
                    seen.add(row[x])
                    reached.append((k, x, row[x]))
        require(reached, f"generators: reach only {len(seen)} of {len(table)} elements")
        generator, parent, children = np.array(reached).T
        levels.append((generator, parent, children))
        frontier = children.tolist()
    return tuple(levels)


def permutation_action(group: Group, images: Ints, name: str) -> Ints:
    """(n, k): g·b for all g from the generators' permutations, checked on all products g·x (Lemma 4)."""
    points = np.arange(images.shape[1])
    require((np.sort(images, axis=1) == points).all(), f"{name}: a row is not a permutation")
    action = np.empty((group.order, len(points)), dtype=np.intp)
    action[group.identity] = points
    for by, parents, children in group.levels:
        action[children] = images[by[:, None], action[parents]]
    for k, g in enumerate(group.generators):
        holds = np.array_equal(action[group.table[g]], images[k][action])
        require(holds, f"{name}: the permutations do not satisfy the group's relations")
    return action


def matrix_action(group: Group, images: Array, name: str) -> tuple[Array, float]:
    """(n, d, d) matrices D and a bound on ‖D(gh) − D(g)D(h)‖_F over all g and h (Lemma 5)."""
    d, words = images.shape[-1], len(group.levels)
    matrices = np.empty((group.order, d, d))
    matrices[group.identity] = np.eye(d)
    for by, parents, children in group.levels:
        matrices[children] = images[by] @ matrices[parents]
    longest, image = frobenius(matrices), frobenius(images)
    gaps = (frobenius(matrices[group.table[g]] - images[k] @ matrices) for k, g in enumerate(group.generators))
    lost = 4 * gamma(d + 4, "float64") * d  # by rounding, of a product of matrices
    step = max(gaps, default=0.0) + lost * image * longest
    excess = frobenius(images.swapaxes(1, 2) @ images - np.eye(d)) + lost * (1 + image**2)
    defect = float(up(words * step * np.full(words, 1 + excess).prod() * (1 + longest)))
    require(np.isfinite(defect) and longest <= 2.0**8, f"{name}: the matrices do not represent the group")
    return matrices, defect


def frobenius(matrices: Array) -> float:
    """An upper bound of the largest Frobenius norm of some matrices."""
    return float(up(np.sqrt(np.square(matrices).sum(axis=(1, 2)).max(initial=0.0))))
