"""Certificates for the campaign: explanations fitted to a network or planted in it, with any options."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .harness import ALL, Cert, Net, Tensors, plan_of
from .networks import Planted
from .small_groups import Ints, SmallGroup, coset_action, random_action, random_matrices

Array = NDArray[np.float64]
PLANS = (
    ("exact",), ("gaps",), ("gaps", "exact"), ("lowrank",), ("lowrank", "exact"), ("points",), ("points", "exact"),
)  # fmt: skip
LEAST, MOST = 2.0**-59, 2.0**59
"""Floats of an honest certificate, as the format limits them."""


def folded(net: Net) -> tuple[Array, Array, Array, Array]:
    """left, right (n, m), unembed (m, n), bias (n,) in float64."""
    t = {name: array.astype(np.float64) for name, array in net.tensors.items()}
    bias = t.get("bias", np.zeros(net.order))
    with np.errstate(all="ignore"):
        if "left" in t:
            return t["left"], t["right"], t["unembed"], bias
        return t["embed_left"] @ t["hidden_left"], t["embed_right"] @ t["hidden_right"], t["unembed"], bias


def hidden(net: Net) -> Array:
    """(n·n, m + 1) in float64; the last is the bias neuron."""
    left, right, *_ = folded(net)
    with np.errstate(all="ignore"):
        t = (left[:, None, :] + right[None, :, :]).reshape(net.order**2, -1)
        h = {"relu": np.maximum(t, 0), "abs": np.abs(t), "square": t * t, "linear": t}[net.activation]
    return np.concatenate([h, np.ones((len(h), 1))], axis=1)


def written(net: Net, features: Array) -> Array:
    """(m + 1, k): what every neuron, bias included, writes in features (n, k), by least squares."""
    *_, unembed, bias = folded(net)
    every = np.clip(np.concatenate([unembed, bias[None]]), -1e100, 1e100)
    centred = features - features.mean(axis=0)
    return np.asarray((every - every.mean(axis=1, keepdims=True)) @ np.linalg.pinv(centred).T)


def low_rank(features: Array, writing: Array) -> Tensors:
    """Tensors of rule lowrank."""
    return {"lowrank.features": features, "lowrank.writing": writing}


def at_points(sets: list[Ints], writing: Array, group: SmallGroup) -> Tensors:
    """Tensors of rule points: G-sets as actions (n, q), and what neurons write at their points."""
    return {f"points{j}.right": a[group.generators] for j, a in enumerate(sets)} | {"points.writing": writing}


def seen(sets: list[Ints]) -> Array:
    """(n, Σ q²): 1 where z takes a point to a point."""
    return np.concatenate([(a[:, :, None] == np.arange(a.shape[1])).reshape(len(a), -1) for a in sets], axis=1) * 1.0


def draw_points(net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator) -> Tensors:
    """G-sets of a circuit or any others, regular ones too; what neurons write at their points, fitted or bold."""
    n, sets = group.order, [c.right for c in circuits if rng.random() < 0.8]
    if rng.random() < 0.2 and n <= 8:
        sets.append(group.table)
    while not sets or rng.random() < 0.3:
        action = random_action(group, rng, 6)
        sets.append(action if action.shape[1] > 1 else group.natural)
    return at_points(sets, bold(written(net, seen(sets)), rng), group)


def bold(fitted: Array, rng: np.random.Generator) -> Array:
    """What neurons write, changed anyhow, taken from some of them, or as it is."""
    draw = rng.random()
    if draw < 0.15:
        return fitted * rng.normal(size=fitted.shape)
    return fitted * (rng.random((len(fitted), 1)) < 0.7) if draw < 0.3 else fitted


def draw_features(net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator) -> Tensors:
    """Features that unembed is made of, most of them or none: of the network, of a circuit, of a representation."""
    n, kind = group.order, rng.random()
    *_, unembed, bias = folded(net)
    every = np.clip(np.concatenate([unembed, bias[None]]), -1e100, 1e100)
    if circuits and kind < 0.4:  # what is seen in each slot of a circuit
        features = np.concatenate([c.coupling[:, c.right].transpose(1, 0, 2).reshape(n, -1) for c in circuits], axis=1)
    elif kind < 0.6:
        features = random_matrices(group, rng).reshape(n, -1)
    elif kind < 0.8:
        values = np.linalg.svd(every - every.mean(axis=1, keepdims=True), full_matrices=False)[2]
        features = values[: int(rng.integers(0, len(values) + 1))].T
    else:
        features = rng.normal(size=(n, int(rng.integers(0, n + 1))))
    return low_rank(features, bold(written(net, features), rng))


def gap_tensors(
    sets: list[Ints], block: Ints, point: Ints, group: SmallGroup, types: tuple[int, int] | None = None
) -> Tensors:
    """Tensors of rule gaps: G-sets as actions (n, q), set and point of each neuron; neurons with a set number beyond
    the last are idle.

    A set is stored as those of its orbits that have neurons; `types`, a set and a point, are its own orbit's then.
    """
    images, home = list[Ints](), dict[tuple[int, int], tuple[int, int]]()
    for j, action in enumerate(sets):
        moves = action[group.generators]
        for least in sorted(set(point[block == j].tolist())):
            if (j, least) in home:
                continue
            orbit, grown = {least}, set[int]()
            while grown != orbit:
                grown, orbit = orbit, orbit | set(moves[:, list(orbit)].ravel().tolist())
            number = {p: k for k, p in enumerate(sorted(orbit))}
            home |= {(j, p): (len(images), k) for p, k in number.items()}
            images.append(np.array([[number[p] for p in row[list(number)].tolist()] for row in moves]))
    at = (home.get((j, p), (len(images), 0)) for j, p in zip(block.tolist(), point.tolist(), strict=True))
    places = np.array(list(at), np.intp).reshape(-1, 2)
    out: Tensors = {f"gaps{j}.right": found for j, found in enumerate(images)}
    out |= {} if types is None else {"gaps.types": np.array(home.get(types, (0, 0)))}
    return {**out, "gaps.block": places[:, 0], "gaps.point": places[:, 1]}


def set_numbers(tensors: Tensors) -> list[int]:
    """Of the G-sets that rule gaps is given."""
    return [j for j in range(len(tensors)) if f"gaps{j}.right" in tensors]


def seated(net: Net, cert: Cert) -> Cert:
    """With the points by which neurons read x, those that fit best, where rules even and each are to have them and
    have none; rule each where `gaps.each` stands there."""
    given, n, name = cert.tensors, net.order, "gaps.each" if "gaps.each" in cert.tensors else "gaps.left"
    if "gaps0.right" not in given or len(given.get(name, ())):
        return cert
    every, left = np.arange(n), np.zeros(net.width, np.intp)
    identity = next((int(e) for e in every if (net.table[e] == every).all()), 0)
    inverse = (net.table == identity).argmax(axis=1)
    with np.errstate(all="ignore"):
        reads = folded(net)[0][inverse]
    for j in set_numbers(given):
        images = given[f"gaps{j}.right"]
        action, reached = np.tile(np.arange(images.shape[1]), (n, 1)), [identity]
        for g in reached:
            for s, sigma in zip(given["generators"].tolist(), images, strict=True):
                if (new := int(net.table[s, g])) not in reached:
                    action[new] = sigma[action[g]]
                    reached.append(new)
        for i in np.flatnonzero(given["gaps.block"] == j):
            left[i] = fitted_point(reads[:, i], action)[0]
    return replace(cert, tensors={**given, name: left})


def with_gaps(cert: Cert, tensors: Tensors) -> Cert:
    """The certificate with these tensors of rule gaps in place of its own."""
    kept = {name: array for name, array in cert.tensors.items() if not name.startswith("gaps")}
    return replace(cert, tensors={**kept, **tensors})


def fitted_point(right: Array, action: Ints) -> tuple[int, float]:
    """The point c such that right is most nearly a function of y·c, and how far it is from one."""
    order = np.argsort(action, axis=0, kind="stable").T
    starts = np.flatnonzero(np.diff(np.take_along_axis(action.T, order, axis=1), axis=1, prepend=-1))
    reads, firsts = right[order].ravel(), np.flatnonzero(starts % len(action) == 0)
    fibres = np.maximum.reduceat(reads, starts) - np.minimum.reduceat(reads, starts)
    spreads = np.where(np.isnan(fibres[firsts]), np.nan, np.fmax.reduceat(fibres, firsts)).tolist()
    return int(np.argmin(spreads)), min(spreads)


def draw_gaps(net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator) -> Tensors:
    """G-sets with true, fitted or false points: several sets, empty columns, intransitive ones, left-over neurons."""
    m = net.width
    sets = [random_action(group, rng) for _ in range(int(rng.integers(1, 4)))]
    if rng.random() < 0.3:
        sets.append(coset_action(group, np.array([group.identity])))  # regular: any reading fits
    block, point = np.zeros(m, dtype=np.intp), np.zeros(m, dtype=np.intp)
    right = folded(net)[1]
    with np.errstate(all="ignore"):
        for i in range(m):
            found = [fitted_point(right[:, i], action) for action in sets]
            block[i] = int(np.argmin([spread for _, spread in found]))
            point[i] = found[block[i]][0]
    for c in circuits if rng.random() < 0.8 else []:
        block[c.neurons], point[c.neurons] = len(sets), c.columns
        sets.append(c.right)
    if rng.random() < 0.3:  # some neurons left over, on a single point
        over = rng.random(m) < rng.choice([0.1, 0.5])
        block[over], point[over] = len(sets), 0
        sets.append(np.zeros((group.order, 1), dtype=np.intp))
    if rng.random() < 0.2:  # some points that are not theirs
        false = rng.random(m) < 0.3
        point[false] = rng.integers(0, 2**31, m)[false] % np.array([s.shape[1] for s in sets])[block[false]]
    if m > 1 and rng.random() < 0.3:  # some at no point
        block[1:][rng.random(m - 1) < 0.3] = len(sets)
    return gap_tensors(sets, block, point, group)


def within(tensors: Tensors) -> Tensors:
    """Floats clipped into what a certificate may hold."""

    def clip(array: NDArray[Any]) -> NDArray[Any]:
        size = np.abs(np.nan_to_num(array))
        return np.where(size < LEAST, 0.0, np.sign(array) * np.minimum(size, MOST))

    return {name: clip(array) if array.dtype.kind == "f" else array for name, array in tensors.items()}


def draw_certificate(
    net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator, plan: tuple[str, ...] | None = None
) -> Cert:
    """An honest attempt at an explanation, any rule, any options."""
    n, m = net.order, net.width
    names = PLANS[int(rng.choice(len(PLANS)))] if plan is None else plan
    tensors: Tensors = {"generators": group.generators}
    if "lowrank" in names:
        tensors |= draw_features(net, group, circuits, rng)
    if "points" in names:
        tensors |= draw_points(net, group, circuits, rng)
    if "gaps" in names:
        tensors |= draw_gaps(net, group, circuits, rng)
    if rng.random() < 0.3:
        tensors["scale"] = np.exp(rng.normal(size=m + 1) * rng.choice([0.5, 3]))
    options: dict[str, Any] = {
        "samples": int(rng.integers(0, n + 1)) if rng.random() < 0.6 else 0,
        "singles": int(rng.integers(0, n + 1)) if rng.random() < 0.5 else int(rng.integers(2)),
    }  # fmt: skip
    if "gaps" in names:
        if rng.random() < 0.5:
            tensors["gaps.centred"] = rng.integers(0, 2, m)
        if rng.random() < 0.4:
            tensors["gaps.each"] = np.zeros(0, np.intp)
        elif rng.random() < 0.5:
            j = int(rng.choice(set_numbers(tensors)))
            tensors["gaps.types"] = np.array([j, rng.integers(tensors[f"gaps{j}.right"].shape[1])])
    if "exact" in names or rng.random() < 0.1:
        options["exact"] = ALL if rng.random() < 0.6 else int(rng.integers(0, n * n + 1))
    single = all(array.dtype != np.float64 for array in net.tensors.values())
    arithmetic = "float32" if single and rng.random() < 0.45 else "real"
    cert = seated(net, Cert(within(tensors), plan_of(*names, **options), arithmetic, "valid " + "+".join(names)))
    name = "gaps.each" if "gaps.each" in cert.tensors else "gaps.left"
    if name in cert.tensors and rng.random() < 0.15:  # some that are not theirs
        sizes = np.array([cert.tensors[f"gaps{j}.right"].shape[1] for j in set_numbers(cert.tensors)] + [1])
        return cert.but(**{name: rng.integers(0, 2**31, m) % sizes[cert.tensors["gaps.block"]]})
    return cert
