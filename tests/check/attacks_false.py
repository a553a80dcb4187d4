"""Attacks with objects that are not what they are called: permutations, tables, indices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    gaps,
    network,
    no_features,
)
from .certificates import at_points, gap_tensors
from .harness import Cert, Net, Tensors, plan_of
from .networks import random_tables
from .small_groups import (
    SmallGroup,
    random_group,
    shuffled,
    small_group,
)


@attack
def false_gap_action(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Rule even: two involutions of S3 as a swap of two points and as nothing, no action, though x⁻¹ undoes x.

    f(z|x, y) counts the points c with zc = x(yc) on three points, where that is xyc, and a hundred times on those two.
    """
    group = shuffled(small_group("S3"), rng)
    n = group.order
    swaps = [g for g in range(n) if g != group.identity and group.table[g, g] == group.identity]
    three = np.array([[swaps.index(group.table[group.table[g, s], group.inverse[g]]) for s in swaps] for g in range(n)])
    for _ in range(20):
        pair = rng.permutation(swaps)[:2]
        group = replace(group, generators=pair)
        two = words(group, [np.array([1, 0]), np.arange(2)])
        if (two[:, 0] == 0).sum() * 2 == n:
            break
    parts, where = list[Tensors](), list[np.ndarray]()
    for j, (action, height) in enumerate(((three, 1.0), (two, 100.0))):
        q = action.shape[1]
        c, b, p = (axis.ravel() for axis in np.meshgrid(*3 * [np.arange(q)], indexing="ij"))
        left, right = action[group.inverse][:, b] == p, action[:, c] == p
        parts.append({"left": left - 1.0, "right": right * 1.0, "unembed": height * (action[:, c] == b).T})
        where.append(np.stack([np.full(len(c), j), c, b]))
    tensors = {key: np.concatenate([part[key] for part in parts], axis=int(key != "unembed")) for key in parts[0]}
    block, point, points = np.concatenate(where, axis=1)
    cert = gaps(group, [three, two], block, point)
    return network({**tensors, "bias": np.zeros(n)}, group), cert.but(**{"gaps.left": points})


def words(group: SmallGroup, images: list[np.ndarray]) -> np.ndarray:
    """(n, k): what words in the generators do, the first that reaches each element."""
    found, frontier = {group.identity: np.arange(len(images[0]))}, [group.identity]
    while frontier:
        fresh = []
        for g, image in zip(group.generators, images, strict=True):
            for x in sorted(frontier):
                child = int(group.table[g, x])
                if child not in found:
                    found[child] = image[found[x]]
                    fresh.append(child)
        frontier = fresh
    return np.array([found[g] for g in range(group.order)])


@attack
def false_table(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Tables that break one law: a loop, an entry, a row, a magma with identity and inverses."""
    group = random_group(rng, 8)
    n, table = group.order, group.table.copy()
    kind = str(rng.choice(["entry", "rows", "random", "intercalate", "monoid"]))
    e = group.identity
    others = [x for x in range(n) if x != e]
    if kind == "entry" or n < 4:
        table[rng.choice(others), rng.choice(others)] = rng.integers(n)
    elif kind == "monoid":  # associative with an identity, without inverses
        place = np.argsort([e, *others])
        order = np.array([e, *others])
        table = order[np.maximum.outer(place, place)]
    elif kind == "rows":
        a, b = rng.choice(others, 2, replace=False)
        inner = np.array(others)
        table[np.ix_([a, b], inner)] = table[np.ix_([b, a], inner)]
    elif kind == "random":
        table[np.ix_(others, others)] = rng.integers(0, n, (n - 1, n - 1))
        for x in others:
            table[x, rng.choice(others)] = e
    else:  # swap a 2×2 Latin subsquare: still a Latin square with identity, no longer a group
        for _ in range(200):
            a, b, c, d = *rng.choice(others, 2, replace=False), *rng.choice(others, 2, replace=False)
            if table[a, c] == table[b, d] and table[a, d] == table[b, c]:
                table[np.ix_([a, b], [c, d])] = table[np.ix_([b, a], [c, d])]
                break
    some = rng.permutation(n)[: int(rng.integers(1, n + 1))]
    generators = np.arange(n) if rng.random() < 0.6 else some
    broken = SmallGroup("broken", table, generators, group.natural)
    names = [("exact",), ("lowrank",), ("gaps",), ("points",)][int(rng.integers(4))]
    one = np.zeros(3, dtype=np.intp)
    more = gap_tensors([np.zeros((n, 1), dtype=np.intp)], one, one, broken) if names == ("gaps",) else {}
    more |= no_features(n, 3) if names == ("lowrank",) else {}
    more |= at_points([np.tile(np.arange(2), (n, 1))], np.zeros((4, 4)), broken) if "points" in names else {}
    return network(random_tables(n, 3, rng), broken), certificate(broken, plan_of(*names), **more)
