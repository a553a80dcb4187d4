"""Feature blocks: where neurons write (unembed ≈ Σ blocks), and how a block moves with its inputs.

A slot block is a pair of G-sets B, C with a matrix υ, υ(gb, gc) = υ(b, c), and features F[b, c](z) = υ(b, z·c);
a matrix block is D: G → ℝ^{d×d} with D(xwy) ≈ D(x)D(w)D(y), and features D(z). In both the logits that the block
carries at z = xwy are ⟨Q(x, y), F(w)⟩ with Q the transported sums of neurons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .group import Group, Ints, matrix_action, permutation_action
from .inputs import Certificate
from .model import Model
from .rigor import LEAST, MOST, SINGLE_MOST, Array, require, up

MAX_BLOCKS, MAX_SLOTS, MAX_TURNS, MAX_ENTRIES, MAX_POINTS = 512, 1 << 16, 4096, 1 << 27, 1 << 27
"""Limits on what a certificate can make the checker allocate: blocks, slots of a block, entries of a slot, entries of a
block times n, points of all blocks times n."""


@dataclass(frozen=True)
class Block:
    """One block; ``p·q`` features, row-major. Slot blocks have actions, matrix blocks have matrices."""

    p: int
    q: int
    neurons: Ints  # (k,)
    rounds: tuple[tuple[Ints, Ints, Array], ...]
    """Slot block: (features, neurons, weights) with every feature at most once a round."""
    coefficients: Array  # matrix block: (k, d²)
    left: Ints  # slot block: (n, p) x·b
    right: Ints  # slot block: (n, q) y⁻¹·c and, in `forward`, y·c
    forward: Ints
    coupling: Array  # (p, q)
    matrices: Array  # matrix block: (n, d, d)
    defect: float
    rotation: bool
    """Matrix block of rotations [[a, −b], [b, a]], coefficients alike: half of all its numbers repeat the others."""
    planar: bool
    """Matrix block of rotations and reflections [[a, b], [b, −a]]: ⟨Q, D⟩ = a·(Q00 ± Q11) + b·(Q10 ∓ Q01), the four
    sums once a pair."""
    entries: tuple[Ints, Ints, Ints, Array]
    """Slot block: neuron, row, column, weight of every entry as given."""
    shared: dict[bytes, Any] = field(default_factory=dict, repr=False)
    """Slot block: how the sums over columns are shared, for each set of w."""

    @property
    def slots(self) -> bool:
        return not self.matrices.size

    def written(self, model: Model) -> Array:
        """(n, m): what the block accounts for of unembed, column by neuron."""
        out = np.zeros((model.width, model.order))
        if self.slots:
            neuron, row, column, weight = self.entries
            np.add.at(out, neuron, weight[:, None] * self.coupling[row[:, None], self.forward[:, column].T])
        else:
            np.add.at(out, self.neurons, self.coefficients @ self.matrices.reshape(model.order, -1).T)
        return out.T

    def sums(self, hidden: NDArray[Any]) -> NDArray[Any]:
        """(p·q, pairs): P, the hidden vector summed into the features."""
        if not self.slots:
            return self.coefficients.T.astype(hidden.dtype, copy=False) @ hidden[self.neurons]
        out = np.zeros((self.p * self.q, hidden.shape[1]), dtype=hidden.dtype)
        for features, neurons, weights in self.rounds:
            out[features] += weights.astype(hidden.dtype)[:, None] * hidden[neurons]
        return out

    def reach(self, hidden: Array) -> Array:
        """(p·q,): bounds of |P| from bounds of the hidden activations."""
        if not self.slots:
            return np.asarray(np.abs(self.coefficients).T @ hidden[self.neurons])
        neuron, row, column, weight = self.entries
        sizes = np.abs(weight) * hidden[neuron]
        return np.bincount(row * self.q + column, sizes, self.p * self.q).astype(np.float64)

    def transport(self, sums: NDArray[Any], x: Ints, y: Ints) -> NDArray[Any]:
        """(p·q, pairs): Q[b, c] = P[x·b, y⁻¹·c], or D(x)ᵀ P D(y)ᵀ."""
        cube = sums.reshape(self.p, self.q, -1)
        if self.slots:
            pair = np.arange(len(x))
            rows, columns = self.left[x].T, self.right[y].T
            return cube[rows[:, None, :], columns[None, :, :], pair].reshape(self.p * self.q, -1)
        moves = self.matrices.astype(sums.dtype, copy=False).transpose(1, 2, 0)
        dx, dy = moves[:, :, x], moves[:, :, y]
        half = sum(dx[k, :, None, :] * cube[k, None, :, :] for k in range(self.p))
        whole = sum(half[:, k, None, :] * dy[None, :, k, :] for k in range(self.p))
        return np.asarray(whole).reshape(self.p * self.q, -1)

    def logits(self, transported: NDArray[Any], w: Ints) -> NDArray[Any]:
        """(len(w), pairs): ⟨Q, F(w)⟩ for these w."""
        if not self.slots:
            return self.matrices[w].reshape(len(w), -1).astype(transported.dtype) @ transported
        cube = transported.reshape(self.p, self.q, -1)
        coupling = self.coupling.T.astype(transported.dtype)
        root, place, _ = self._sharing(w)
        return shared_sum(root, lambda c: coupling @ cube[:, c])[place]  # column c: [c'] = Σ_b υ(b, c') Q[b, c]

    def _sharing(self, w: Ints) -> tuple[Any, Ints, int]:
        key = w.tobytes()
        if key not in self.shared:
            self.shared[key] = share(self.forward[w], 0, self.q)
        return self.shared[key]

    def logits_work(self, w: Ints) -> tuple[int, int]:
        """Multiply-adds of `logits` for a pair: once, and for these outputs."""
        if self.slots:
            return int(np.count_nonzero(self.coupling)) * self.q, self._sharing(w)[2]
        each = self.p if self.rotation else 2 if self.planar else self.p * self.p
        return (4 if self.planar and not self.rotation else 0), each * len(w)

    @property
    def transport_work(self) -> int:
        return 0 if self.slots else 8 if self.rotation else 2 * self.p**3

    @property
    def sums_work(self) -> int:
        if self.slots:
            return len(self.entries[0])
        return self.coefficients.size // (2 if self.rotation else 1)

    @property
    def chain(self) -> int:
        """Terms of the longest sum that forms a feature, or what is written of one neuron."""
        return (len(self.rounds) if self.slots else len(self.neurons)) + int(np.bincount(self.neurons).max(initial=0))

    def features(self, w: Ints) -> Array:
        """(len(w), p·q): F(w)."""
        if not self.slots:
            return self.matrices[w].reshape(len(w), -1)
        return self.coupling[:, self.forward[w]].transpose(1, 0, 2).reshape(len(w), -1)

    def centre(self, deviation: NDArray[Any]) -> NDArray[Any]:
        """Drop row and column means of slots: F(e) − F(w) sums to zero over rows and columns, since w permutes them."""
        if not self.slots:
            return deviation
        cube = deviation.reshape(self.p, self.q, -1)
        cube = cube - cube.mean(axis=0, keepdims=True)
        return (cube - cube.mean(axis=1, keepdims=True)).reshape(self.p * self.q, -1)

    @property
    def norm(self) -> float:
        """Bound on the Frobenius norm of a transporting matrix (1 for slots: transport permutes)."""
        return 1.0 if self.slots else float(up(np.sqrt(np.square(self.matrices).sum(axis=(1, 2)).max())))


def read_blocks(certificate: Certificate, model: Model) -> list[Block]:
    """The blocks of a certificate; G-sets, invariance of υ and matrices are proved on generators."""
    count = certificate.plan.get("blocks", 0)
    require(type(count) is int and 0 <= count <= MAX_BLOCKS, f"certificate: blocks must be 0…{MAX_BLOCKS}")
    weights = (model.left, model.right, model.unembed, model.bias)
    sizes = [np.abs(a[a != 0]) for a in weights]
    calm = all(s.min(initial=1) >= LEAST and s.max(initial=1) <= MOST for s in sizes)
    require(calm, "network: every rule but exact needs non-zero weights within 2^±150")
    points = 0
    for j in range(count):
        for name in ("left", "right", "matrices"):
            shape = certificate.tensors.get(f"block{j}.{name}", np.empty((0, 0))).shape
            points += int(np.prod(shape[1:])) * model.order
    require(points <= MAX_POINTS, "certificate: the blocks have too many points")
    return [_read_block(certificate, model, model.group, f"block{j}.") for j in range(count)]


def rescale(certificate: Certificate, model: Model) -> Model:
    """The same function, to rounding: neuron i's left and right times √omega_i, its unembed divided by that.

    These are the weights of the Cauchy-Schwarz inequality, by the neurons' own freedom of scale.
    """
    if "omega" not in certificate.tensors or model.activation == "square":
        return model
    omega = certificate.tensor("omega", "f", model.width)
    require((omega > 0).all(), "certificate: omega must be positive")
    scale = np.sqrt(omega)
    left, right, unembed = model.left * scale[:, None], model.right * scale[:, None], model.unembed / scale
    reach = up(model.reach * scale)
    fits = model.single_fits and max(float(reach.max()), float(np.abs(unembed).max())) <= SINGLE_MOST
    scaled = replace(model, left=left, right=right, unembed=unembed, reach=reach, scale=scale, single_fits=fits)
    return replace(scaled, source=model, magnitude=float(up(model.magnitude)))


def share(images: Ints, low: int, high: int) -> tuple[Any, Ints, int]:
    """How to add mixed[c, w·c] over columns low…high for many w: equal partial sums are formed once.

    Returns a tree (a column, or the two halves and the pairs of their rows to add), the row of the result that each w
    takes, and the number of additions.
    """
    if high - low == 1:
        return low, images[:, low], 0
    middle = (low + high) // 2
    left, left_row, left_work = share(images, low, middle)
    right, right_row, right_work = share(images, middle, high)
    width = int(right_row.max(initial=0)) + 1
    rows, place = np.unique(left_row * width + right_row, return_inverse=True)
    return (left, right, rows // width, rows % width), place.reshape(-1), left_work + right_work + len(rows)


def shared_sum(tree: Any, column: Callable[[int], NDArray[Any]]) -> NDArray[Any]:
    """The table of sums of a tree of `share`."""
    if isinstance(tree, int):
        return column(tree)
    left, right, left_rows, right_rows = tree
    return np.asarray(shared_sum(left, column)[left_rows] + shared_sum(right, column)[right_rows])


def is_rotation(matrices: Array) -> bool:
    """All of the form [[a, −b], [b, a]], exactly."""
    same = matrices.shape[-1] == 2 and np.array_equal(matrices[:, 0, 0], matrices[:, 1, 1])
    return same and np.array_equal(matrices[:, 0, 1], -matrices[:, 1, 0])


def is_planar(matrices: Array) -> bool:
    """Each of the form [[a, −b], [b, a]] or [[a, b], [b, −a]], exactly."""
    if matrices.shape[-1] != 2:
        return False
    a, b = matrices[:, 0, 0], matrices[:, 1, 0]
    turn = (matrices[:, 1, 1] == a) & (matrices[:, 0, 1] == -b)
    return bool((turn | ((matrices[:, 1, 1] == -a) & (matrices[:, 0, 1] == b))).all())


def _read_block(certificate: Certificate, model: Model, group: Group, prefix: str) -> Block:
    none = np.empty((0, 0), dtype=np.intp)
    if prefix + "matrices" in certificate.tensors:
        images = certificate.tensor(prefix + "matrices", "f", -1, -1, -1)
        matrices, defect = matrix_action(group, images, prefix + "matrices", is_planar(images))
        d = matrices.shape[1]
        neurons = certificate.indices(prefix + "neurons", model.width, -1)
        coefficients = certificate.tensor(prefix + "coefficients", "f", len(neurons), d * d)
        coefficients /= model.scale[neurons, None]
        entries = (none[0:0, 0:0].ravel(),) * 3 + (np.empty(0),)
        require(len(neurons) * group.order <= MAX_ENTRIES, f"{prefix}: too many entries")
        alike = is_rotation(matrices) and is_rotation(coefficients.reshape(-1, d, d))
        nothing = np.empty((0, 0))
        forms = alike, is_planar(matrices)
        return Block(d, d, neurons, (), coefficients, none, none, none, nothing, matrices, defect, *forms, entries)
    left = permutation_action(group, certificate.tensor(prefix + "left", "iu", -1, -1), prefix + "left")
    forward = permutation_action(group, certificate.tensor(prefix + "right", "iu", -1, -1), prefix + "right")
    p, q = left.shape[1], forward.shape[1]
    require(p * q <= MAX_SLOTS, f"{prefix}: more than {MAX_SLOTS} slots")
    coupling = certificate.tensor(prefix + "coupling", "f", p, q)
    for g in group.generators:
        moved = coupling[left[g]][:, forward[g]]
        require(np.array_equal(moved, coupling), f"{prefix}coupling: not invariant under the group")
    neurons = certificate.indices(prefix + "neurons", model.width, -1)
    k = len(neurons)
    require(k * group.order <= MAX_ENTRIES, f"{prefix}: too many entries")
    rows = certificate.indices(prefix + "rows", p, k)
    columns = certificate.indices(prefix + "columns", q, k)
    weights = certificate.tensor(prefix + "weights", "f", k) / model.scale[neurons]
    entries = (neurons, rows, columns, weights)
    back = forward[group.inverse]
    rounds = _rounds(rows * q + columns, neurons, weights)
    nothing, no_matrices = np.empty((0, 0)), np.empty((0, 0, 0))
    return Block(p, q, neurons, rounds, nothing, left, back, forward, coupling, no_matrices, 0.0, False, False, entries)


def _rounds(slots: Ints, neurons: Ints, weights: Array) -> tuple[tuple[Ints, Ints, Array], ...]:
    order = np.argsort(slots, kind="stable")
    ordered = slots[order]
    turn = np.arange(len(slots)) - np.searchsorted(ordered, ordered)
    require(turn.max(initial=0) < MAX_TURNS, f"certificate: more than {MAX_TURNS} entries in one slot")
    turns = np.split(order[np.argsort(turn, kind="stable")], np.cumsum(np.bincount(turn))[:-1]) if len(slots) else []
    return tuple((slots[entry], neurons[entry], weights[entry]) for entry in turns)
