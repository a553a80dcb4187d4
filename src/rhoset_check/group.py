"""The table is a group's, and the actions of the certificate are its actions: integers only, about n² work."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .rigor import Array, gamma, require

ROWS = 256
"""Rows of the table that are compared at a time (memory, not meaning)."""
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Group:
    """A proved group: ``table[x, y]`` = xy, with the words by which generators reach every element."""

    table: NDArray[np.int32]
    identity: int
    inverse: Ints
    generators: Ints
    levels: tuple[tuple[int, Ints, Ints], ...] = field(repr=False)
    """(generator's position, parents, children), children = generator · parents, in an order that reaches all."""
    depth: int
    work: int
    """Table entries that were compared."""

    @property
    def order(self) -> int:
        return len(self.table)


def prove_group(table: NDArray[np.int32], generators: NDArray[np.integer]) -> Group:
    """Check identity, inverses, generation, and associativity by Light's test on the generators.

    The elements a with (xa)y = x(ay) for all x, y are closed under products, so it is enough to test generators.
    An associative table with an identity and a right inverse for every element is a group's.
    """
    n = len(table)
    require(table.min() >= 0 and table.max() < n, f"table: entries must lie in 0…{n - 1}")
    index = np.arange(n)
    left_identities = np.flatnonzero(table[:, 0] == 0)
    candidates = [int(e) for e in left_identities if (table[e] == index).all()]
    require(len(candidates) == 1 and (table[:, candidates[0]] == index).all(), "table: no two-sided identity")
    e = candidates[0]
    inverse = np.empty(n, dtype=np.intp)
    for start in range(0, n, ROWS):
        is_identity = table[start : start + ROWS] == e
        require(is_identity.any(axis=1).all(), f"table: an element from row {start} on has no right inverse")
        inverse[start : start + ROWS] = is_identity.argmax(axis=1)
    require(
        generators.ndim == 1 and len(generators) <= 64 and (n == 1 or len(generators) >= 1),
        "generators: need a vector of at most 64 elements",
    )
    gens = generators.astype(np.intp)
    require(((gens >= 0) & (gens < n)).all(), f"generators: must lie in 0…{n - 1}")
    for g in gens:
        times_g, g_times = table[:, g], table[g].astype(np.intp)
        for start in range(0, n, ROWS):
            rows = table[start : start + ROWS]
            same = np.array_equal(table[times_g[start : start + ROWS]], rows.take(g_times, axis=1))
            require(same, f"table: not associative: (x·{g})·y ≠ x·({g}·y) for an x from {start} on")
    levels, depth = _words(table, e, gens)
    return Group(table, e, inverse, gens, levels, depth, (len(gens) + 1) * n * n)


def _words(table: NDArray[np.int32], e: int, gens: Ints) -> tuple[tuple[tuple[int, Ints, Ints], ...], int]:
    seen = np.zeros(len(table), dtype=bool)
    seen[e] = True
    frontier, levels, depth = np.array([e], dtype=np.intp), [], 0
    while len(frontier):
        reached = []
        for k, g in enumerate(gens):
            children, first = np.unique(table[g, frontier].astype(np.intp), return_index=True)
            fresh = ~seen[children]
            if fresh.any():
                seen[children[fresh]] = True
                levels.append((k, frontier[first[fresh]], children[fresh]))
                reached.append(children[fresh])
        frontier = np.concatenate(reached) if reached else np.empty(0, dtype=np.intp)
        depth += 1
    require(seen.all(), f"generators: reach only {int(seen.sum())} of {len(table)} elements")
    return tuple(levels), depth


def permutation_action(group: Group, images: NDArray[np.integer], name: str) -> Ints:
    """(n, k): g·b for all g, from the permutations of the generators; a homomorphism, checked on all products g·x."""
    require(
        images.ndim == 2 and len(images) == len(group.generators) and 1 <= images.shape[1] <= 4096,
        f"{name}: need one permutation of at most 4096 points for each of {len(group.generators)} generators",
    )
    images = images.astype(np.intp)
    points = np.arange(images.shape[1])
    require((np.sort(images, axis=1) == points).all(), f"{name}: a row is not a permutation")
    action = np.empty((len(group.table), len(points)), dtype=np.intp)
    action[group.identity] = points
    for k, parents, children in group.levels:
        action[children] = images[k][action[parents]]
    for k, g in enumerate(group.generators):
        require(
            np.array_equal(action[group.table[g]], images[k][action]),
            f"{name}: the permutations do not satisfy the group's relations",
        )
    return action


def matrix_action(group: Group, images: Array, name: str, planar: bool) -> tuple[Array, float]:
    """(n, d, d) matrices D and a bound on ‖D(xwy) − D(x)D(w)D(y)‖_F over all x, w, y.

    D is whatever the words give in floating point (made rotations and reflections exactly if the images are); the
    bound is measured on generators and carried along words.
    """
    d = images.shape[-1] if images.ndim == 3 else 0
    require(
        images.ndim == 3 and images.shape == (len(group.generators), d, d) and 1 <= d <= 256,
        f"{name}: need one square matrix for each of {len(group.generators)} generators",
    )
    require(np.isfinite(images).all(), f"{name}: not finite")
    matrices = np.empty((len(group.table), d, d))
    matrices[group.identity] = np.eye(d)
    for k, parents, children in group.levels:
        matrices[children] = images[k] @ matrices[parents]
    if planar:
        a, b = matrices[:, 0, 0].copy(), matrices[:, 1, 0].copy()
        turn = np.where(a * matrices[:, 1, 1] - matrices[:, 0, 1] * b < 0, -1.0, 1.0)
        matrices[:, 1, 1], matrices[:, 0, 1] = turn * a, -turn * b
    longest = float(np.sqrt(np.square(matrices).sum(axis=(1, 2)).max())) * (1 + 1e-9)
    step = 0.0
    for k, g in enumerate(group.generators):
        gap = matrices[group.table[g]] - images[k] @ matrices
        step = max(step, float(np.sqrt(np.square(gap).sum(axis=(1, 2)).max())))
    image_norm = float(np.sqrt(np.square(images).sum(axis=(1, 2)).max())) if len(images) else 1.0
    step = step * (1 + 1e-9) + 4 * gamma(d + 4, "float64") * d * image_norm * longest
    # ρ(g) has spectral norm ≤ 1 + excess; the defect of D(x)D(y) grows by one step on each side with every letter.
    gram = images.swapaxes(1, 2) @ images - np.eye(d)
    excess = float(np.sqrt(np.square(gram).sum(axis=(1, 2)).max(initial=0.0)))
    excess = excess * (1 + 1e-9) + 4 * gamma(d + 4, "float64") * d * (1 + image_norm**2)
    growth = (1 + excess) ** (group.depth + 1)
    product = 2 * step * growth * (group.depth + 1) * max(1.0, longest)
    defect = product * (1 + longest) * (1 + 1e-6)
    require(np.isfinite(defect) and longest <= 2.0**8, f"{name}: the matrices do not represent the group")
    return matrices, defect
