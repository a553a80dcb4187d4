"""Attacks with objects that are not what they are called: permutations, tables, indices."""

from __future__ import annotations

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    gaps,
    network,
    no_features,
    work,
)
from .certificates import gap_tensors
from .harness import Cert, Net, plan_of
from .networks import random_tables
from .small_groups import (
    SmallGroup,
    random_group,
    shuffled,
    small_group,
)


@attack
def false_gap_action(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Rule gaps: generators by permutations that are no action; some two elements act alike, though none like e.

    f(z|x, y) counts the points c with yc = x⁻¹zc, so that every point that w moves would cost a rival one.
    """
    level = rng.random() < 0.7  # fibres of one length, as an action's are
    group = shuffled(small_group(str(rng.choice(["S3", "S3", "D4"] if level else ["C2xC2", "C2xC2", "S3"]))), rng)
    n, k = group.order, {6: 3, 8: 4, 4: 4}[group.order] if level else 4
    action, best = np.zeros((n, k), dtype=np.intp), (False, -1)
    for _ in range(30):
        images = [rng.permutation(k) for _ in group.generators]
        made = _words(group, images)
        moved = min(int((made[g] != np.arange(k)).sum()) for g in range(n) if g != group.identity)
        even = level and all((np.bincount(column, minlength=k) * k == n).all() for column in made.T)
        if (even, moved) > best:
            action, best = made, (even, moved)
    x0, c, d = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(k), np.arange(k), indexing="ij"))
    m = len(x0)
    tensors = {
        "left": (np.arange(n)[:, None] == x0) - 1.0, "right": (action[:, c] == d) * 1.0, "bias": np.zeros(n),
        "unembed": (action[group.table[group.inverse[x0]], c[:, None]] == d[:, None]) * 1.0,
    }  # fmt: skip
    return network(tensors, group), gaps(group, [action], np.zeros(m), c, work=work(rng))


def _words(group: SmallGroup, images: list[np.ndarray]) -> np.ndarray:
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
    names = [("exact",), ("lowrank",), ("gaps",)][int(rng.integers(3))]
    one = np.zeros(3, dtype=np.intp)
    more = gap_tensors([np.zeros((n, 1), dtype=np.intp)], one, one, broken) if names == ("gaps",) else {}
    more |= no_features(n, 3) if names == ("lowrank",) else {}
    return network(random_tables(n, 3, rng), broken), certificate(broken, plan_of(*names), **more)
