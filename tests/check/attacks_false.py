"""Attacks with objects that are not what they are called: couplings, permutations, matrices, tables."""

from __future__ import annotations

import numpy as np

from .attack_parts import (
    attack,
    certificate,
    constant,
    gaps,
    network,
    regular,
    regular_block,
    work,
)
from .certificates import Matrices, Slots, gap_tensors
from .harness import Cert, Net, plan_of
from .networks import random_tables
from .small_groups import (
    SmallGroup,
    pair_orbits,
    random_group,
    random_matrices,
    shuffled,
    small_group,
)


@attack
def false_coupling(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Exactly what the block writes, with a coupling that the group does not leave invariant."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "C4", "S3"]))), rng)
    n = group.order
    tensors = constant(group, 1, rng)
    coupling = rng.normal(size=(n, n)) if rng.random() < 0.5 else rng.integers(-1, 2, (n, n)).astype(float)
    row, column = (np.array([int(rng.integers(n))]) for _ in range(2))
    written = np.zeros((n, n))
    written[row, column] = 1
    written = written - written.mean(axis=0)
    written = written - written.mean(axis=1, keepdims=True)
    tensors["unembed"] = np.einsum("bc,bzc->z", written, coupling[:, regular(group)])[None]
    block = Slots(regular(group), regular(group), coupling, np.zeros(1, dtype=np.intp), row, column, np.ones(1))
    return network(tensors, group), certificate(group, [block], plan_of("pairs", own=bool(rng.integers(2))))


@attack
def false_permutations(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Generators act by permutations that do not satisfy the group's relations."""
    group = small_group(str(rng.choice(["C2", "C3"])))
    n, k = group.order, int(rng.choice([3, 4, 5]))
    sigma = rng.permutation(k)
    powers = [np.arange(k)]
    for _ in range(n - 1):
        powers.append(sigma[powers[-1]])
    action = np.array(powers)  # element j of C_n is the generator's j-th power
    values = rng.normal(size=k)
    orbit = pair_orbits(SmallGroup("", np.zeros((1, 1), dtype=np.intp), np.array([0]), action), *_powers(sigma))
    coupling = np.append(values, rng.normal(size=k * k))[orbit]
    column, row = np.array([int(rng.integers(k))]), np.array([int(rng.integers(k))])
    tensors = constant(group, 1, rng)
    tensors["unembed"] = coupling[row, action[:, column[0]]][None, :]
    block = Slots(action, action, coupling, np.zeros(1, dtype=np.intp), row, column, np.ones(1))
    kept = block.transported(group, np.abs(tensors["left"][0, 0]) * np.ones((n * n, 1)))
    plan = plan_of("pairs", span_pairs=[0, None][int(rng.integers(2))])
    return network(tensors, group), certificate(
        group, [block], plan, references=kept, labels=np.arange(n * n).reshape(n, n)
    )


def _powers(sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sigma[None], sigma[None]


@attack
def false_matrices(rng: np.random.Generator) -> tuple[Net, Cert]:
    """Matrices that are no representation, or only nearly one."""
    group = shuffled(small_group(str(rng.choice(["C2", "C3", "S3"]))), rng)
    d, r = int(rng.integers(1, 3)), len(group.generators)
    images = rng.normal(size=(r, d, d)) * 0.4
    if rng.random() < 0.5:
        true = random_matrices(group, rng)
        d = true.shape[1]
        images = true[group.generators] + 10.0 ** rng.uniform(-12, 0) * rng.normal(size=(r, d, d))
    reached, frontier = {group.identity: np.eye(d)}, [group.identity]
    while frontier:
        fresh = []
        for k, g in enumerate(group.generators):
            for x in frontier:
                child = int(group.table[g, x])
                if child not in reached:
                    reached[child] = images[k] @ reached[x]
                    fresh.append(child)
        frontier = fresh
    matrices = np.array([reached[z] for z in range(group.order)])
    tensors = constant(group, 1, rng)
    coefficients = np.eye(d).reshape(1, -1) * np.abs(rng.normal())
    tensors["unembed"] = coefficients @ matrices.reshape(group.order, -1).T
    with_references = {}
    n = group.order
    h = tensors["left"][0, 0]
    cube = np.einsum("xka,kl,ybl->xyab", matrices, h * coefficients.reshape(d, d), matrices)
    with_references = {"references": cube.reshape(n * n, -1), "labels": np.arange(n * n).reshape(n, n)}
    cert = certificate(group, [], plan_of("pairs", span_pairs=[0, None][int(rng.integers(2))]))
    block = {
        "block0.matrices": images,
        "block0.neurons": np.zeros(1, dtype=np.intp),
        "block0.coefficients": coefficients,
    }
    return network(tensors, group), cert.but(**block, **with_references).planned(blocks=1)


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
def forgetful_matrices(rng: np.random.Generator) -> tuple[Net, Cert]:
    """D(s) = 0 or nearly: what is carried from x is lost, and with it the size of what the defect multiplies.

    Rule gaps settles the row of the identity, so that pairs meets only rows whose matrices forget.
    """
    group = shuffled(small_group("C2"), rng)
    e, s, d = group.identity, 1 - group.identity, int(rng.integers(1, 3))
    image = np.eye(d)[None] * float(rng.choice([0.0, 2.0**-40, -(2.0**-20)]))
    matrices = np.zeros((2, d, d))
    matrices[e], matrices[s] = np.eye(d), image[0]
    good, bad = 10.0 ** rng.uniform(-1, 1, 2)
    tensors = {"left": np.zeros((2, 5)), "right": np.zeros((2, 5)), "bias": np.zeros(2)}
    sign = np.where(np.arange(2) == e, 1.0, -1.0)
    for j, (a, b) in enumerate([(1, 1), (-1, -1), (1, -1), (-1, 1)]):  # relu(±x ± y − 1): one neuron for each pair
        tensors["left"][:, j], tensors["right"][:, j] = a * sign - 0.5, b * sign - 0.5
    tensors["left"][:, 4] = np.where(np.arange(2) == e, 0.0, bad)
    tensors["unembed"] = np.zeros((5, 2))
    tensors["unembed"][:2, e] = tensors["unembed"][2:4, s] = good
    tensors["unembed"][4] = matrices.reshape(2, -1)[:, 0]
    block = regular_block(group, tensors["unembed"])
    keep = block.neurons < 4
    block = Slots(
        block.left,
        block.right,
        block.coupling,
        *(a[keep] for a in (block.neurons, block.rows, block.columns, block.weights)),
    )
    false = Matrices(matrices, np.array([4]), np.eye(d).reshape(1, -1) * (np.arange(d * d) == 0))
    zero = np.zeros(5, dtype=np.intp)
    plan = plan_of("gaps", "pairs", span_pairs=None, work=work(rng))
    more = gap_tensors([group.table], zero, zero, 1, group)
    return network(tensors, group), certificate(group, [block, false], plan, **more)


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
    names = [("exact",), ("pairs",), ("gaps",)][int(rng.integers(3))]
    one = np.zeros(3, dtype=np.intp)
    point = gap_tensors([np.zeros((n, 1), dtype=np.intp)], one, one, 1, broken) if names == ("gaps",) else {}
    return network(random_tables(n, 3, rng), broken), certificate(broken, [], plan_of(*names), **point)
