"""Rule `paper`: an ideal network of full circuits, and how far the network is from it (PAPER.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rhoset_check.files import Tensors
from rhoset_check.group import Group, permutation_action
from rhoset_check.near import LOST, UNIT, Array, Ints, Near, gamma, require, up
from rhoset_check.network import Model
from rhoset_check_baselines.judging import MOST_ENTRIES, Head, read_head

MOST_PATTERNS, MOST_BLOCKS = 64, 64
"""Patterns of slots, and blocks."""


@dataclass(frozen=True)
class Circuit:
    """A block of the certificate with its actions proved and its coupling found invariant.

    Attributes
    ----------
    left, right
        (n, p), (n, q) how the group moves the points of B and C.
    coupling
        (p, q) υ, exactly invariant.
    alpha, gamma
        (p,), (q,) readings at the points.
    slots
        (p, q) the weight that every slot is to have.
    neurons, rows, columns
        (k,) which neuron is in which slot.
    scale, weights
        (k,) l̂ = scale·α, r̂ = scale·γ, û = weight·υ; Σ scale·weight over a slot is `slots` there.
    """

    left: Ints
    right: Ints
    coupling: Array
    alpha: Array
    gamma: Array
    slots: Array
    neurons: Ints
    rows: Ints
    columns: Ints
    scale: Array
    weights: Array


@dataclass(frozen=True)
class PaperCertificate:
    """Everything that the certificate says, decoded."""

    head: Head
    factor: float
    blocks: tuple[dict[str, Array | Ints], ...]

    @property
    def bias(self) -> int:
        """The block that the ideal bias belongs to; their number where it is constant."""
        return int(self.head.plan["bias"])

    def rule(self, model: Model) -> PaperRule:
        """The rule for one network."""
        return PaperRule(self, model)


def read_paper(path: Path, n: int, m: int) -> PaperCertificate:
    """Decode a certificate for n elements and m neurons; shapes and sizes before any tensor is loaded."""
    file = Tensors(path, "certificate")
    head = read_head(file, "paper", {"blocks": (int,), "bias": (int,)}, n)
    count, r = head.plan["blocks"], len(head.generators)
    require(
        count <= MOST_BLOCKS and head.plan["bias"] <= count, f"plan: at most {MOST_BLOCKS} blocks, bias one of them"
    )
    sizes = [(file.length(f"block{j}.left", 1), file.length(f"block{j}.right", 1)) for j in range(count)]
    entries = sum(n * (p + q + p * q) for p, q in sizes) + n * sum(
        file.length(f"block{j}.rows", 0) for j in range(count)
    )
    require(all(p and q for p, q in sizes) and entries <= MOST_ENTRIES, "a block is missing, or blocks are too large")
    blocks = []
    for j, (p, q) in enumerate(sizes):
        name, k = f"block{j}.", file.length(f"block{j}.neurons", 0)
        floats = {"coupling": (p, q), "alpha": (p,), "gamma": (q,), "slots": (p, q), "scale": (k,), "weights": (k,)}
        indices = {"left": (p, r, p), "right": (q, r, q), "neurons": (m, k), "rows": (p, k), "columns": (q, k)}
        block: dict[str, Array | Ints] = {key: file.floats(name + key, *shape) for key, shape in floats.items()}
        block |= {key: file.indices(name + key, *shape) for key, shape in indices.items()}
        require((block["scale"] > 0).all(), f"{name}scale must be positive")
        blocks.append(block)
    factor = float(file.floats("bias.factor", 1)[0])
    return PaperCertificate(head, factor, tuple(blocks))


class PaperRule:
    """The ideal network and the best wrong logit of every pattern, once."""

    def __init__(self, certificate: PaperCertificate, model: Model) -> None:
        require(model.activation in ("relu", "abs"), "rule paper is for relu and abs")
        group, n, m = model.group, model.order, model.width - 1
        self.model = model
        circuits = [_prove(group, block, f"block{j}") for j, block in enumerate(certificate.blocks)]
        used = np.concatenate([c.neurons for c in circuits]) if circuits else np.zeros(0, np.intp)
        require(len(np.unique(used)) == len(used), "a neuron has two entries")
        left, right = np.zeros((n, m)), np.zeros((n, m))
        stored = model.unembed
        ideal = stored[:-1].copy()
        for c in circuits:
            left[:, c.neurons] = c.scale * c.alpha[c.left[group.inverse][:, c.rows]]
            right[:, c.neurons] = c.scale * c.gamma[c.right[:, c.columns]]
            ideal[c.neurons] = c.weights[:, None] * c.coupling[c.rows[:, None], c.right[:, c.columns].T]
        self.left, self.right = _product(left), _product(right)
        slack = np.where(np.isin(np.arange(m), used), 1.0, 0.0)[:, None] * (
            UNIT["float64"] * np.abs(ideal) + LOST["float64"]
        )
        self.longest = float(up(np.sqrt(up(np.square(stored[:-1]).sum(axis=0)).max())))
        self.apart = float(up(np.sqrt(up(np.square(up(np.abs(stored[:-1] - ideal) + 2 * slack)).sum(axis=0)).max())))
        self._worst(circuits, certificate, stored[-1])

    def _worst(self, circuits: list[Circuit], certificate: PaperCertificate, bias: Array) -> None:
        """D of every pattern with Ω, the bias's distance and all rounding on top."""
        group, n = self.model.group, self.model.order
        sign = circuits[certificate.bias] if certificate.bias < len(circuits) else None
        factor = certificate.factor if sign else 0.0
        carried = factor * sign.coupling[0, sign.right[:, 0]] if sign else np.zeros(n)
        difference = bias - carried
        middle = float((difference.max() + difference.min()) / 2)
        codes: list[list[Array]] = [[c.slots[c.left].reshape(n, -1) for c in circuits]]
        codes += [[c.slots[:, c.right[group.inverse]].transpose(1, 0, 2).reshape(n, -1) for c in circuits]]
        if sign:
            codes[0].append(sign.left[group.inverse][:, :1].astype(np.float64))
            codes[1].append(sign.right[:, :1].astype(np.float64))
        (self.by_x, first_x), (self.by_y, first_y) = (_patterns(code, n) for code in codes)
        require(len(first_x) * len(first_y) <= MOST_PATTERNS, f"more than {MOST_PATTERNS} patterns of slots")
        outputs, wrong_ones = np.arange(n), np.arange(n) != group.identity
        self.best, off = np.empty((len(first_x), len(first_y))), 0.0
        self.margin = -np.inf
        entries = sum(c.slots.size for c in circuits)
        self.operations = 5 * n * n * (self.model.width - 1) + n * entries * self.best.size
        size = float(up(np.abs(bias).max() + 4 * np.abs(factor) * (np.abs(sign.coupling).max() if sign else 0.0)))
        heights = [np.maximum(t, 0) if self.model.activation == "relu" else np.abs(t) for t in map(_reading, circuits)]
        for i, x in enumerate(first_x):
            for k, y in enumerate(first_y):
                total = np.full(n, middle)
                if sign:
                    total += (
                        factor * sign.coupling[sign.left[group.inverse[x], 0], sign.right[outputs, sign.right[y, 0]]]
                    )
                for c, height in zip(circuits, heights, strict=True):
                    state = c.slots[c.left[x]][:, c.right[group.inverse[y]]] * height
                    total += np.einsum("bc,bwc->w", state, c.coupling[:, c.right[outputs]])
                self.best[i, k] = total[wrong_ones].max()
                self.margin = max(self.margin, float(total[group.identity] - self.best[i, k]))
        for c, height in zip(circuits, heights, strict=True):
            sums, sizes = np.zeros(c.slots.shape), np.zeros(c.slots.shape)
            np.add.at(sums, (c.rows, c.columns), c.weights * c.scale)
            np.add.at(sizes, (c.rows, c.columns), np.abs(c.weights * c.scale))
            most, area = float(np.abs(c.coupling).max()), float(up((np.abs(height) + _rounding(c)).sum()))
            wrong = np.abs(sums - c.slots) + gamma(len(c.rows) + 4, "float64") * up(sizes)
            off += float(up(up(wrong).max() * area * most))
            size += float(up(np.abs(c.slots).max() * area * most)) * 4
        steps = 16 + 4 * entries
        apart = float(up(np.abs(difference - middle).max()))
        self.over = float(up(off + apart + gamma(steps, "float64") * (size + apart + np.abs(middle))))

    def bounds(self, x: Ints, y: Ints) -> tuple[Array, Array]:
        """(pairs,): lower bounds of the least margin, and what the network's distance from the ideal one takes off."""
        hidden = self.model.hidden(x, y, "float64")
        unembed = Near.exact(np.ascontiguousarray(self.model.unembed.T))
        own = hidden.dot(unembed.rows(self.model.products(x, y))).lower[:, 0]
        held = (self.left.rows(x) + self.right.rows(y)).activate(self.model.activation)
        rest = (hidden.columns(slice(0, -1)) - held).length()
        cost = up(self.longest * rest + self.apart * held.length()) + self.over
        best = self.best[self.by_x[x], self.by_y[y]]
        found = own - best - cost
        return found - up(gamma(4, "float64") * (np.abs(own) + np.abs(best) + cost)), cost


def _prove(group: Group, block: dict[str, Array | Ints], name: str) -> Circuit:
    left = permutation_action(group, np.asarray(block["left"], dtype=np.intp), f"{name}.left")
    right = permutation_action(group, np.asarray(block["right"], dtype=np.intp), f"{name}.right")
    coupling = block["coupling"]
    for g in group.generators:
        moved = coupling[left[g]][:, right[g]]
        require(np.array_equal(moved, coupling), f"{name}.coupling is not invariant under the group")
    return Circuit(**{**block, "left": left, "right": right})  # type: ignore[arg-type]


def _product(value: Array) -> Near:
    """Products of two floats each, as the real numbers that they round."""
    size = np.abs(value).max(axis=0, initial=0.0)
    return Near(value, up(2 * UNIT["float64"] * size + LOST["float64"]), up(size * (1 + 2 * UNIT["float64"])))


def _reading(c: Circuit) -> Array:
    found: Array = c.alpha[:, None] + c.gamma[None, :]
    return found


def _rounding(c: Circuit) -> Array:
    found: Array = 2 * UNIT["float64"] * np.abs(_reading(c)) + LOST["float64"]
    return found


def _patterns(codes: list[Array], n: int) -> tuple[Ints, Ints]:
    """(n,) label of every element's pattern, and the first element of each."""
    code = np.concatenate([np.zeros((n, 1)), *codes], axis=1)
    _, first, label = np.unique(code, axis=0, return_index=True, return_inverse=True)
    return label.reshape(-1), first
