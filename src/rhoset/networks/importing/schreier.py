"""The order in which sympy lists the elements of a permutation group, without sympy.

``sympy.combinatorics.PermutationGroup.generate`` walks the cosets of a stabilizer chain that the
incremental Schreier-Sims algorithm finds (Holt, Eick, O'Brien, Handbook of Computational Group
Theory, section 4.4). Chughtai et al. (2023) index S_n and A_n in this order, so their checkpoints
cannot be read without it. Every choice the order depends on is made here as sympy makes it:
generators in the order given, transversals grown breadth first and walked by point, residues
appended at the level where they stop. Permutations are tuples of images; ``(p q)(b) = p(q(b))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Permutation = tuple[int, ...]


def sympy_order(generators: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """All elements of the group that the generators generate, in sympy's order: (n, k).

    Parameters
    ----------
    generators
        One-line forms, 0-based, of the same length k, none of them the identity.

    Notes
    -----
    Meant for small degrees; S7 takes about 20 ms.

    Examples
    --------
    >>> sympy_order([[1, 2, 0], [1, 0, 2]]).tolist()[:3]
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    gens = [tuple(int(b) for b in g) for g in generators]
    base, strong = _schreier_sims(gens)
    identity = tuple(range(len(gens[0])))
    levels = []
    for level, point in zip(_distribute(base, strong), base):
        transversal = _transversal(level, point)
        levels.append([transversal[image] for image in sorted(transversal)])
    elements = []
    # The deepest stabilizer is the outermost loop, and each level multiplies from the left.
    for chosen in product(*reversed(levels)):
        element = identity
        for factor in chosen:
            element = _times(factor, element)
        elements.append(element)
    return np.array(elements, dtype=np.int32)


def _schreier_sims(gens: list[Permutation]) -> tuple[list[int], list[Permutation]]:
    """A base and a strong generating set."""
    base: list[int] = []
    for gen in gens:
        if all(gen[b] == b for b in base):
            base.append(_first_moved(gen))
    strong = list(gens)
    levels = _distribute(base, gens)
    transversals = [_transversal(level, b) for level, b in zip(levels, base)]
    i = len(base) - 1
    while i >= 0:
        found = _new_strong_generator(base, levels, transversals, i)
        if found is None:
            i -= 1
            continue
        residue, j = found
        if j == len(base):
            base.append(_first_moved(residue))
            levels.append([])
            transversals.append({})
        strong.append(residue)
        for level in range(i + 1, j + 1):
            levels[level].append(residue)
            transversals[level] = _transversal(levels[level], base[level])
        i = j
    return base, strong


def _new_strong_generator(
    base: list[int],
    levels: list[list[Permutation]],
    transversals: list[dict[int, Permutation]],
    i: int,
) -> tuple[Permutation, int] | None:
    """The residue of the first Schreier generator of level i that the deeper levels do not hold,
    with the level where sifting stopped; None when they hold all."""
    for point, u in transversals[i].items():
        for gen in levels[i]:
            product_ = _times(gen, u)
            target = transversals[i][gen[point]]
            if product_ == target:
                continue
            residue, j = _times(_inverse(target), product_), i + 1
            while j < len(base):
                image = residue[base[j]]
                if image not in transversals[j]:
                    break
                residue = _times(_inverse(transversals[j][image]), residue)
                j += 1
            if j < len(base) or residue != tuple(range(len(residue))):
                return residue, j
    return None


def _distribute(base: list[int], gens: list[Permutation]) -> list[list[Permutation]]:
    """For each level the generators that fix the base points before it."""
    return [[g for g in gens if all(g[b] == b for b in base[:level])] for level in range(len(base))]


def _transversal(gens: list[Permutation], start: int) -> dict[int, Permutation]:
    """Point of the orbit → an element that takes ``start`` there, breadth first."""
    found = {start: tuple(range(len(gens[0])))}
    queue = [start]
    for point in queue:
        for gen in gens:
            image = gen[point]
            if image not in found:
                found[image] = _times(gen, found[point])
                queue.append(image)
    return found


def _times(p: Permutation, q: Permutation) -> Permutation:
    return tuple([p[b] for b in q])


def _inverse(p: Permutation) -> Permutation:
    inverse = [0] * len(p)
    for b, image in enumerate(p):
        inverse[image] = b
    return tuple(inverse)


def _first_moved(p: Permutation) -> int:
    return next(b for b, image in enumerate(p) if image != b)
