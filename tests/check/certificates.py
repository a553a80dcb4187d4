"""Certificates for the campaign: explanations fitted to a network or planted in it, with references and options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .harness import Cert, Net, Tensors, plan_of
from .networks import Planted
from .small_groups import Ints, SmallGroup, coset_action, pair_orbits, random_action, random_matrices

Array = NDArray[np.float64]
PLANS = (
    ("exact",), ("gaps",), ("gaps", "exact"), ("pairs",), ("pairs", "exact"), ("gaps", "pairs"),
    ("gaps", "pairs", "exact"),
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


@dataclass(frozen=True, eq=False)
class Slots:
    """A slot block as the generator of certificates sees it."""

    left: Ints
    right: Ints
    coupling: Array
    neurons: Ints
    rows: Ints
    columns: Ints
    weights: Array

    def emit(self, prefix: str, group: SmallGroup) -> Tensors:
        g = group.generators
        out = {"left": self.left[g], "right": self.right[g], "coupling": self.coupling, "neurons": self.neurons}
        out |= {"rows": self.rows, "columns": self.columns, "weights": self.weights}
        return {prefix + name: array for name, array in out.items()}

    def transported(self, group: SmallGroup, h: Array) -> Array:
        """(n·n, p·q): Q of every pair, before centring (THEOREMS.md, Lemma 7)."""
        n, p, q = group.order, self.left.shape[1], self.right.shape[1]
        sums = np.zeros((n * n, p, q))
        np.add.at(sums, (slice(None), self.rows, self.columns), self.weights * h[:, self.neurons])
        sums = sums - sums.mean(axis=1, keepdims=True)
        sums = sums - sums.mean(axis=2, keepdims=True)
        x, y = np.divmod(np.arange(n * n), n)
        rows, columns = self.left[x], self.right[group.inverse[y]]
        return sums[np.arange(n * n)[:, None, None], rows[:, :, None], columns[:, None, :]].reshape(n * n, -1)


@dataclass(frozen=True, eq=False)
class Matrices:
    """A matrix block."""

    matrices: Array  # (n, d, d)
    neurons: Ints
    coefficients: Array

    def emit(self, prefix: str, group: SmallGroup) -> Tensors:
        out = {"matrices": self.matrices[group.generators], "neurons": self.neurons, "coefficients": self.coefficients}
        return {prefix + name: array for name, array in out.items()}

    def transported(self, group: SmallGroup, h: Array) -> Array:
        n, d = group.order, self.matrices.shape[1]
        sums = (h[:, self.neurons] @ self.coefficients).reshape(n, n, d, d)
        return np.einsum("xka,xykl,ybl->xyab", self.matrices, sums, self.matrices, optimize=True).reshape(n * n, -1)


Block = Slots | Matrices


def planted_block(c: Planted) -> Slots:
    """The circuit as planted."""
    return Slots(c.left, c.right, c.coupling, c.neurons, c.rows, c.columns, c.weights)


def fitted_block(net: Net, group: SmallGroup, rng: np.random.Generator) -> Block:
    """A random block, its coefficients fitted to unembed by least squares; with or without the bias neuron."""
    *_, unembed, bias = folded(net)
    unembed = np.clip(np.concatenate([unembed, bias[None]]), -1e100, 1e100)
    m = net.width + int(rng.random() < 0.4)
    chosen = np.sort(rng.permutation(m)[: int(rng.integers(0, m + 1))]) if rng.random() < 0.4 else np.arange(m)
    if rng.random() < 0.4:
        matrices = random_matrices(group, rng)
        features = matrices.reshape(group.order, -1)
        coefficients = (np.linalg.pinv(features) @ unembed[chosen].T).T
        return Matrices(matrices, chosen, coefficients)
    left, right = random_action(group, rng), random_action(group, rng)
    orbit = pair_orbits(group, left, right)
    count = orbit.max() + 1
    values = rng.normal(size=count) if rng.random() < 0.6 else rng.integers(-2, 3, count).astype(float)
    coupling = values[orbit]
    p, q = coupling.shape
    if rng.random() < 0.3:
        coupling = (values - coupling.sum() / (p * q))[orbit]
    features = coupling[:, right].transpose(1, 0, 2).reshape(group.order, p * q)  # [z, (b, c)] = υ(b, z·c)
    weights = (np.linalg.pinv(features) @ unembed[chosen].T).T  # (k, p·q)
    keep = np.abs(weights) > (1e-9 if rng.random() < 0.8 else np.median(np.abs(weights)) if weights.size else 0)
    entry, slot = np.nonzero(keep)
    order = rng.permutation(len(entry))
    entry, slot = entry[order], slot[order]
    return Slots(left, right, coupling, chosen[entry], slot // q, slot % q, weights[entry, slot])


def false_block(net: Net, group: SmallGroup, rng: np.random.Generator) -> Slots:
    """A slot for every neuron of a random choice: a poor explanation."""
    left, right = random_action(group, rng), random_action(group, rng)
    neurons = np.flatnonzero(rng.random(net.width + 1) < rng.choice([0.3, 1.0]))
    orbit = pair_orbits(group, left, right)
    coupling = rng.normal(size=orbit.max() + 1)[orbit]
    k, (p, q) = len(neurons), coupling.shape
    return Slots(left, right, coupling, neurons, rng.integers(0, p, k), rng.integers(0, q, k), rng.normal(size=k))


def draw_blocks(net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator) -> list[Block]:
    blocks: list[Block] = []
    if circuits and rng.random() < 0.75:
        blocks = [planted_block(c) for c in circuits]
        if rng.random() < 0.3:
            blocks.append(fitted_block(net, group, rng))
        return blocks
    for _ in range(int(rng.integers(0, 3))):
        blocks.append(fitted_block(net, group, rng) if rng.random() < 0.7 else false_block(net, group, rng))
    return blocks


def references(
    net: Net, group: SmallGroup, blocks: list[Block], rng: np.random.Generator, count: int | None = None
) -> Tensors:
    """Means of Q over parts of the pairs, or something bolder than the truth; plain means where count is given."""
    n = group.order
    with np.errstate(all="ignore"):
        h = hidden(net)
        found = [block.transported(group, h) for block in blocks]
    q = np.nan_to_num(np.concatenate([np.zeros((n * n, 0)), *found], axis=1), nan=0.0, posinf=1e30, neginf=-1e30)
    bold = rng.random() if count is None else 1.0
    count = int(rng.choice([1, 1, 2, n, n * n if n < 8 else n])) if count is None else count
    label = rng.integers(0, count, n * n) if rng.random() < 0.5 else np.arange(n * n) % count
    means = np.stack([q[label == k].mean(axis=0) if (label == k).any() else q.mean(axis=0) for k in range(count)])
    if bold < 0.15:
        means = means * rng.choice([0.5, 1.5, 2, 10])
    elif bold < 0.25:
        means = means + rng.normal(size=means.shape) * np.abs(means).max(initial=1)
    return {"references": means, "labels": label.reshape(n, n)} if count > 1 else {"references": means}


def shared(tensors: Tensors, n: int, rng: np.random.Generator) -> Tensors:
    """Tensors of rule each for those of rule gaps: parts added in any order, or not at all; x in any classes."""
    several = [j for j in range(len(tensors["gaps.exact"])) if tensors[f"gaps{j}.right"].shape[1] > 1]
    block, point = tensors["gaps.block"], tensors["gaps.point"]
    left = list(range(sum(len(np.unique(point[block == j])) for j in several) + 1))
    joins, wanted = list[tuple[int, int]](), int(rng.integers(len(left))) if rng.random() < 0.3 else len(left) - 1
    made = len(left)
    while len(joins) < wanted:
        one, other = (left.pop(int(rng.integers(len(left)))) for _ in range(2))
        joins.append((one, other))
        left.append(made)
        made += 1
    out: Tensors = {"gaps.joins": np.array(joins, dtype=np.int64).reshape(-1, 2)}
    if rng.random() < 0.6:
        rows = int(rng.integers(1, min(3, len(block)) + 1))
        out["gaps.row"] = rng.integers(0, rows, len(block))
        out["gaps.classes"] = rng.integers(0, int(rng.choice([1, 2, n])), (rows, n))
    return out


def gap_tensors(
    sets: list[Ints], block: Ints, point: Ints, exact: Any, group: SmallGroup, types: tuple[int, int] | None = None
) -> Tensors:
    """Tensors of rule gaps: G-sets as actions (n, q), set and point of each neuron, whether unembed is kept; neurons
    with a set number beyond the last are idle.

    A set is stored as those of its orbits that have neurons; `types`, a set and a point, are its own orbit's then.
    """
    images, kept, home = list[Ints](), list[int](), dict[tuple[int, int], tuple[int, int]]()
    whole = np.broadcast_to(np.asarray(exact, dtype=np.int64), len(sets))
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
            kept.append(whole[j])
    at = (home.get((j, p), (len(images), 0)) for j, p in zip(block.tolist(), point.tolist(), strict=True))
    places = np.array(list(at), np.intp).reshape(-1, 2)
    out: Tensors = {f"gaps{j}.right": found for j, found in enumerate(images)}
    out |= {} if types is None else {"gaps.types": np.array(home.get(types, (0, 0)))}
    return {**out, "gaps.block": places[:, 0], "gaps.point": places[:, 1], "gaps.exact": np.array(kept)}


def with_gaps(cert: Cert, tensors: Tensors) -> Cert:
    """The certificate with these tensors of rule gaps in place of its own."""
    kept = {name: array for name, array in cert.tensors.items() if not name.startswith("gaps")}
    return replace(cert, tensors={**kept, **tensors})


def fitted_point(right: Array, action: Ints) -> tuple[int, float]:
    """The point c such that right is most nearly a function of y·c, and how far it is from one."""
    spreads = []
    for c in range(action.shape[1]):
        fibres = [right[action[:, c] == d] for d in np.unique(action[:, c])]
        spreads.append(max(float(np.ptp(fibre)) for fibre in fibres))
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
    found = gap_tensors(sets, block, point, rng.integers(0, 2, len(sets)), group)
    if rng.random() < 0.3:
        sizes = [found[f"gaps{j}.right"].shape[1] for j in range(len(found["gaps.exact"]))]
        found |= {
            f"gaps{j}.potential": rng.normal(size=(q, q)) * 10.0 ** rng.uniform(-2, 2) for j, q in enumerate(sizes)
        }
    return found


def within(tensors: Tensors) -> Tensors:
    """Floats clipped into what a certificate may hold."""

    def clip(array: NDArray[Any]) -> NDArray[Any]:
        size = np.abs(np.nan_to_num(array))
        return np.where(size < LEAST, 0.0, np.sign(array) * np.minimum(size, MOST))

    return {name: clip(array) if array.dtype.kind == "f" else array for name, array in tensors.items()}


def draw_certificate(
    net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator, plan: tuple[str, ...] | None = None
) -> Cert:
    """An honest attempt at an explanation, any rules, any options."""
    n, m = net.order, net.width
    names = PLANS[int(rng.choice(len(PLANS)))] if plan is None else plan
    blocks = draw_blocks(net, group, circuits, rng) if "pairs" in names else []
    tensors: Tensors = {"generators": group.generators}
    for j, block in enumerate(blocks):
        tensors |= block.emit(f"block{j}.", group)
    if "gaps" in names:
        tensors |= draw_gaps(net, group, circuits, rng)
    if "pairs" in names and rng.random() < 0.7:
        tensors |= references(net, group, blocks, rng)
    if rng.random() < 0.4:
        tensors["groups"] = rng.integers(0, n, n) if rng.random() < 0.5 else np.arange(n)
    if rng.random() < 0.3:
        tensors["scale"] = np.exp(rng.normal(size=m + 1) * rng.choice([0.5, 3]))
    some = lambda most: None if rng.random() < 0.6 else int(rng.integers(0, most + 1))  # noqa: E731
    options: dict[str, Any] = {
        "work": str(rng.choice(["float32", "float64"])), "own": bool(rng.integers(2)),
        "samples": int(rng.integers(0, n + 1)) if rng.random() < 0.6 else 0, "span_pairs": some(n * n),
        "singles": int(rng.integers(0, n + 1)) if rng.random() < 0.5 else 0,
    }  # fmt: skip
    if "gaps" in names and rng.random() < 0.4:
        options["even"], tensors["gaps.exact"] = True, np.zeros_like(tensors["gaps.exact"])
        tensors = {name: array for name, array in tensors.items() if not name.endswith(".potential")}
        if rng.random() < 0.5:
            tensors["gaps.centred"] = rng.integers(0, 2, m)
        if rng.random() < 0.5:
            tensors |= shared(tensors, n, rng)
        elif rng.random() < 0.5:
            j = int(rng.integers(len(tensors["gaps.exact"])))
            tensors["gaps.types"] = np.array([j, rng.integers(tensors[f"gaps{j}.right"].shape[1])])
    if "exact" in names or rng.random() < 0.1:
        options["exact_pairs"] = some(n * n)
    single = all(array.dtype != np.float64 for array in net.tensors.values())
    arithmetic = "float32" if single and rng.random() < 0.45 else "real"
    options["blocks"] = len(blocks)
    return Cert(within(tensors), plan_of(*names, **options), arithmetic, "valid " + "+".join(names))
