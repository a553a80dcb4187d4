"""Certificates for the campaign: explanations fitted to a network or planted in it, with references and options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .harness import Cert, Net, Tensors, rules
from .networks import Planted
from .small_groups import Ints, SmallGroup, pair_orbits, random_action, random_matrices

Array = NDArray[np.float64]
PLANS = (
    ("exact",), ("uniform",), ("uniform", "exact"), ("pairs",), ("pairs", "exact"), ("uniform", "pairs"),
    ("uniform", "pairs", "exact"), ("paper",), ("coset",), ("coset", "exact"),
)  # fmt: skip


def folded(net: Net) -> tuple[Array, Array, Array, Array]:
    """left, right (n, m), unembed (m, n), bias (n,) in float64."""
    t = {name: array.astype(np.float64) for name, array in net.tensors.items()}
    bias = t.get("bias", np.zeros(net.order))
    with np.errstate(all="ignore"):
        if "left" in t:
            return t["left"], t["right"], t["unembed"], bias
        return t["embed_left"] @ t["hidden_left"], t["embed_right"] @ t["hidden_right"], t["unembed"], bias


def hidden(net: Net) -> Array:
    """(n·n, m) in float64."""
    left, right, *_ = folded(net)
    with np.errstate(all="ignore"):
        t = (left[:, None, :] + right[None, :, :]).reshape(net.order**2, -1)
        return {"relu": np.maximum(t, 0), "abs": np.abs(t), "square": t * t, "linear": t}[net.activation]


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
    more: Tensors

    def emit(self, prefix: str, group: SmallGroup) -> Tensors:
        g = group.generators
        out = {"left": self.left[g], "right": self.right[g], "coupling": self.coupling, "neurons": self.neurons}
        out |= {"rows": self.rows, "columns": self.columns, "weights": self.weights, **self.more}
        return {prefix + name: array for name, array in out.items()}

    def transported(self, group: SmallGroup, h: Array) -> Array:
        """(n·n, p·q): Q of every pair."""
        n, p, q = group.order, self.left.shape[1], self.right.shape[1]
        sums = np.zeros((n * n, p, q))
        np.add.at(sums, (slice(None), self.rows, self.columns), self.weights * h[:, self.neurons])
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


def planted_block(c: Planted, rng: np.random.Generator) -> Slots:
    """The circuit as planted; sometimes with types, and what rule `paper` needs."""
    p, q = c.coupling.shape
    more: Tensors = {"scale": c.scale, "alpha": c.alpha, "gamma": c.gamma}
    if rng.random() < 0.3:
        more |= {"row_type": rng.integers(0, p, p), "column_type": rng.integers(0, q, q)}
    return Slots(c.left, c.right, c.coupling, c.neurons, c.rows, c.columns, c.weights, more)


def fitted_block(net: Net, group: SmallGroup, rng: np.random.Generator) -> Block:
    """A random block, its coefficients fitted to unembed by least squares."""
    unembed = np.clip(folded(net)[2], -1e100, 1e100)
    m = net.width
    chosen = np.sort(rng.permutation(m)[: int(rng.integers(0, m + 1))]) if rng.random() < 0.4 else np.arange(m)
    if rng.random() < 0.4:
        matrices = random_matrices(group, rng)
        features = matrices.reshape(group.order, -1)
        coefficients = (np.linalg.pinv(features) @ unembed[chosen].T).T
        return Matrices(matrices, chosen, coefficients)
    left, right = random_action(group, rng), random_action(group, rng)
    orbit = pair_orbits(group, left, right)
    values = (
        rng.normal(size=orbit.max() + 1) if rng.random() < 0.6 else rng.integers(-2, 3, orbit.max() + 1).astype(float)
    )
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
    more: Tensors = {}
    if rng.random() < 0.3:
        more = {"row_type": rng.integers(0, p, p), "column_type": rng.integers(0, q, q)}
    return Slots(left, right, coupling, chosen[entry], slot // q, slot % q, weights[entry, slot], more)


def coset_block(net: Net, group: SmallGroup, rng: np.random.Generator) -> Slots:
    """A slot for every neuron of a random choice, for rule `coset` (and a poor explanation for the others)."""
    left, right = random_action(group, rng), random_action(group, rng)
    neurons = np.flatnonzero(rng.random(net.width) < rng.choice([0.3, 1.0]))
    p, q = left.shape[1], right.shape[1]
    orbit = pair_orbits(group, left, right)
    coupling = rng.normal(size=orbit.max() + 1)[orbit]
    k = len(neurons)
    more: Tensors = {"scale": np.exp(rng.normal(size=k)), "alpha": rng.normal(size=p), "gamma": rng.normal(size=q)}
    return Slots(left, right, coupling, neurons, rng.integers(0, p, k), rng.integers(0, q, k), rng.normal(size=k), more)


def draw_blocks(net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator) -> list[Block]:
    blocks: list[Block] = []
    if circuits and rng.random() < 0.75:
        blocks = [planted_block(c, rng) for c in circuits]
        if rng.random() < 0.3:
            blocks.append(fitted_block(net, group, rng))
        return blocks
    for _ in range(int(rng.integers(0, 3))):
        draw = rng.random()
        blocks.append(fitted_block(net, group, rng) if draw < 0.7 else coset_block(net, group, rng))
    return blocks


def references(net: Net, group: SmallGroup, blocks: list[Block], rng: np.random.Generator) -> Tensors:
    """Means of Q over parts of the pairs, or something bolder than the truth."""
    n = group.order
    with np.errstate(all="ignore"):
        h = hidden(net)
        q = (
            np.concatenate([block.transported(group, h) for block in blocks], axis=1)
            if blocks
            else np.zeros((n * n, 0))
        )
    q = np.nan_to_num(q, nan=0.0, posinf=1e30, neginf=-1e30)
    count = int(rng.choice([1, 1, 2, n, n * n if n < 8 else n]))
    label = rng.integers(0, count, n * n) if rng.random() < 0.5 else np.arange(n * n) % count
    means = np.stack([q[label == k].mean(axis=0) if (label == k).any() else q.mean(axis=0) for k in range(count)])
    bold = rng.random()
    if bold < 0.15:
        means = means * rng.choice([0.5, 1.5, 2, 10])
    elif bold < 0.25:
        means = means + rng.normal(size=means.shape) * np.abs(means).max(initial=1)
    out: Tensors = {"references": means}
    if count > 1:
        out["labels"] = label.reshape(n, n)
    return out


def draw_certificate(
    net: Net, group: SmallGroup, circuits: list[Planted], rng: np.random.Generator, plan: tuple[str, ...] | None = None
) -> Cert:
    """An honest attempt at an explanation, any rule, any options."""
    n, m = net.order, net.width
    names = PLANS[int(rng.choice(len(PLANS)))] if plan is None else plan
    blocks = [] if names == ("exact",) else draw_blocks(net, group, circuits, rng)
    if names[0] == "paper" and circuits and rng.random() < 0.8:
        blocks = [planted_block(c, rng) for c in circuits]
    if names[0] == "coset" and rng.random() < 0.5:
        blocks = [coset_block(net, group, rng)]
    tensors: Tensors = {"generators": group.generators}
    for j, block in enumerate(blocks):
        tensors |= block.emit(f"block{j}.", group)
    if "pairs" in names and rng.random() < 0.7:
        tensors |= references(net, group, blocks, rng)
    if rng.random() < 0.4:
        tensors["groups"] = rng.integers(0, n, n) if rng.random() < 0.5 else np.arange(n)
    if rng.random() < 0.3:
        tensors["omega"] = np.exp(rng.normal(size=m))
    work = lambda: str(rng.choice(["float32", "float64"]))  # noqa: E731
    limit = None if rng.random() < 0.7 else int(rng.integers(0, 2 * n**3 * (m + 1)))
    options: dict[str, Any] = {
        "exact": {"max_operations": limit, "work": work()},
        "pairs": {
            "residual": str(rng.choice(["plain", "norm", "centred"])), "samples": int(rng.integers(1, n + 1)),
            "exact_correct": bool(rng.random() < 0.5), "in_span": bool(rng.random() < 0.6), "work": work(),
        },
        "uniform": {"linear": bool(rng.random() < 0.4), "count": str(rng.choice(["dense", "dense", "sorted"]))},
    }  # fmt: skip
    if net.activation != "relu" and rng.random() < 0.9:
        options["uniform"]["linear"] = False
    single = all(array.dtype != np.float64 for array in net.tensors.values())
    arithmetic = "float32" if rng.random() < (0.45 if single else 0.03) else "real"
    return Cert(tensors, rules(*names, **options), arithmetic, len(blocks), "valid " + "+".join(names))
