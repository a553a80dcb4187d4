"""The circuit: neurons on the slots of two sets of points, as planted, as found, and as proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups import Group, Irrep, PointSet, RhoSet, automorphisms
from rhoset.groups.arrays import IntArray
from rhoset.networks.activations import activation
from rhoset.networks.tables import Array, Tables
from rhoset.summaries import Shown, counted

SAME_COUPLING = 1e-6
"""Couplings that differ by less than this share of the largest are equal: points err by about 1e-12."""


@dataclass(frozen=True, eq=False, repr=False)
class Circuit(Shown):
    """Neurons whose output sits on the slots of B × C, two sets of points of one representation.

    A slot (b, c) is where a neuron *writes*, α and γ are what it *reads*:

        l_i(x) = α_i(x⁻¹·b_i),   r_i(y) = γ_i(y·c_i),   u_i(z) = κ_i υ(b_i, z·c_i).

    Every neuron has its own α and γ, so several neurons with different vectors a in one slot are no
    special case.

    Attributes
    ----------
    left_set, right_set
        B with p points and C with q points, unit vectors in ℝ^d. Those of a circuit that was found
        are ρ-sets; those of a planted one may be the points of a G-set without an irrep at hand.
    coupling
        (p, q): υ(b, c), with υ(gb, gc) = υ(b, c). Planted: ⟨b, c⟩. Found: of mean 0, the one
        function of the orbit of (b, c) that fits what all the neurons write; a multiple of ⟨b, c⟩
        where G has two orbits on B × C (as for the 5 and the 6 points of S5), near to it, with parts
        in other irreps, where it has more.
    neurons
        (k,) indices into the network's hidden layer.
    rows, columns
        (k,) the points b_i, c_i of each neuron.
    weight
        (k,) κ_i.
    alpha, gamma
        (k, p) and (k, q).
    activation
        φ of the network, by name.
    kind
        Of a circuit that was found: one of `rhoset.explaining.KINDS`.
    """

    left_set: PointSet
    right_set: PointSet
    coupling: Array
    neurons: IntArray
    rows: IntArray
    columns: IntArray
    weight: Array
    alpha: Array
    gamma: Array
    activation: str
    kind: str = ""

    def __post_init__(self) -> None:
        for name in ("neurons", "rows", "columns"):
            object.__setattr__(self, name, read_only(getattr(self, name)))
        for name in ("coupling", "weight", "alpha", "gamma"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))

    def __repr__(self) -> str:
        return f"Circuit({self.label}, {counted(len(self.neurons), 'neuron')})"

    @property
    def rho_sets(self) -> tuple[RhoSet, RhoSet]:
        """B and C as the ρ-sets they are.

        Raises RhosetError (slug ``no-irrep``) where it was planted on the points of a G-set.
        """
        if isinstance(self.left_set, RhoSet) and isinstance(self.right_set, RhoSet):
            return self.left_set, self.right_set
        raise RhosetError("the circuit was planted on the points of a G-set, without an irrep at hand", slug="no-irrep")

    @property
    def irrep(self) -> Irrep:
        """The irrep of B and C; raises as `rho_sets`."""
        return self.rho_sets[0].irrep

    @property
    def label(self) -> str:
        """Such as "[4,1] 5×5 full"."""
        name = self.left_set.irrep.label if isinstance(self.left_set, RhoSet) else "points"
        return " ".join(filter(None, (name, "{}×{}".format(*self.shape), self.kind)))

    def summary(self) -> dict[str, Any]:
        """What tables and JSON say of a circuit that was found."""
        left, right = self.shape
        return {
            "irrep": self.irrep.name,
            "left_size": left,
            "right_size": right,
            "kind": self.kind,
            "neurons": len(self.neurons),
        }

    @property
    def group(self) -> Group:
        """The group that acts on the points."""
        return self.left_set.gset.group

    @property
    def shape(self) -> tuple[int, int]:
        """(p, q), the numbers of points of B and C."""
        return self.left_set.size, self.right_set.size

    @property
    def slot_counts(self) -> NDArray[np.intp]:
        """(p, q) number of neurons in each slot."""
        p, q = self.shape
        return np.bincount(self.rows * q + self.columns, minlength=p * q).reshape(p, q)

    def seen_rows(self) -> NDArray[np.intp]:
        """(k, n) the point x⁻¹·b_i at which neuron i reads the left input x."""
        return self.left_set.gset.action[self.group.inverse][:, self.rows].T.astype(np.intp)

    def seen_columns(self) -> NDArray[np.intp]:
        """(k, n) the point y·c_i at which neuron i reads the right input y, or writes the output y."""
        return self.right_set.gset.action[:, self.columns].T.astype(np.intp)

    def written(self) -> Array:
        """(k, n) υ(b_i, z·c_i): what neuron i writes, but for its weight."""
        return np.asarray(self.coupling[self.rows[:, None], self.seen_columns()])

    def tables(self) -> Tables:
        """(k, n) left, right and unembed of the neurons by the formulas above."""
        return Tables(
            np.take_along_axis(self.alpha, self.seen_rows(), axis=1),
            np.take_along_axis(self.gamma, self.seen_columns(), axis=1),
            self.weight[:, None] * self.written(),
        )

    def fitted(self, unembed: NDArray[np.floating]) -> Circuit:
        """The circuit with the weights that fit these rows of unembed (k, n) best, constants aside."""
        written = self.written()
        written -= written.mean(axis=1, keepdims=True)
        size = np.maximum((written**2).sum(axis=1), np.finfo(float).tiny)
        return replace(self, weight=(unembed * written).sum(axis=1) / size)

    def slot_tables(self) -> Array:
        """(p, q, p, q): T[b, c, b', c'] = Σ κ_i φ(α_i(b') + γ_i(c')) over the neurons of slot (b, c).

        Cost and memory k p q and p² q².
        """
        p, q = self.shape
        fired = activation(self.activation)(self.alpha[:, :, None] + self.gamma[:, None, :])
        fired *= self.weight[:, None, None]
        tables = np.zeros((p, q, p, q))
        np.add.at(tables, (self.rows, self.columns), fired)
        return tables

    def slot_features(self) -> Array:
        """(p q, n) υ(b, w·c) of every slot, less its mean over w."""
        found = self.coupling[:, self.right_set.gset.action.T].reshape(self.coupling.size, -1)
        return np.asarray(found - found.mean(axis=1, keepdims=True))


def slot_symmetries(
    left_set: PointSet, right_set: PointSet, coupling: Array | None = None
) -> tuple[tuple[IntArray, IntArray], ...]:
    """Pairs (π, σ) of automorphisms of B and C with υ(π(b), σ(c)) = υ(b, c), the identity first.

    The slots (b, c) and (π(b), σ(c)) then write the same. `coupling` is υ, (p, q), ⟨b, c⟩ when left
    out: then for a real irrep the pairs are ±1 (both or none), for complex and quaternionic irreps
    unit scalars. Cost a p q for a automorphisms.
    """
    if coupling is None:
        coupling = left_set.points @ right_set.points.T
    tolerance = SAME_COUPLING * float(np.abs(coupling).max())
    rights = automorphisms(right_set.gset)
    found = []
    for left in automorphisms(left_set.gset):
        moved = coupling[left]  # (p, q): υ(π(b), c)
        near = np.abs(moved[:, rights[:, 0]] - coupling[:, :1]).max(axis=0) < tolerance
        for right in rights[near]:
            if np.abs(moved[:, right] - coupling).max() < tolerance:
                found.append((left, right))
                break
    return tuple(found)
