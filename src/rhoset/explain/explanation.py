"""What travels out of this room: circuits and the explanation of one network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rhoset.explain.spectrum import NeuronEnergy
from rhoset.groups import Irrep, RhoSet
from rhoset.networks import Network


@dataclass(frozen=True, eq=False)
class Circuit:
    """Neurons whose output sits on the slots of B × C, two ρ-sets of one irrep.

    A slot (b, c) is where a neuron *writes*: u_i(z) ≈ κ_i υ(b_i, z·c_i). α and γ are what it
    *reads*: l_i(x) ≈ α_i(x⁻¹·b_i), r_i(y) ≈ γ_i(y·c_i). Every neuron has its own α and γ, so
    several neurons with different vectors a in one slot are no special case.

    Attributes
    ----------
    irrep
        Its name.
    left_set, right_set
        B with p points and C with q points, unit vectors in ℝ^d.
    coupling
        (p, q): υ(b, c) = ⟨b, c⟩; υ(gb, gc) = υ(b, c).
    neurons
        (k,) indices into the network's hidden layer.
    rows, columns
        (k,) the points b_i, c_i of each neuron.
    weight
        (k,) κ_i.
    alpha, gamma
        (k, p) and (k, q).
    kind
        One of `rhoset.explain.KINDS`.
    """

    irrep: str
    left_set: RhoSet
    right_set: RhoSet
    coupling: NDArray[np.float64]
    neurons: NDArray[np.int32]
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    weight: NDArray[np.float64]
    alpha: NDArray[np.float64]
    gamma: NDArray[np.float64]
    kind: str

    @property
    def shape(self) -> tuple[int, int]:
        """(p, q), the numbers of points of B and C."""
        return len(self.left_set.points), len(self.right_set.points)


@dataclass(frozen=True, eq=False)
class Explanation:
    """What `explain` knows of one network.

    Attributes
    ----------
    network
        What was explained.
    irreps
        All real irreps of the group.
    energy
        Each neuron's share of energy by irrep.
    circuits
        The circuits, the one with most energy first.
    ideal
        The idealised network: every neuron of a circuit in its exact form, all others 0.
    share
        (m,) share of each neuron's energy that the ideal network holds.
    explained
        The same over all neurons, weighted by their balanced energy.
    left_over
        (k,) live neurons that no circuit holds.
    thresholds
        The named thresholds that this explanation was made with.
    """

    network: Network
    irreps: tuple[Irrep, ...]
    energy: NeuronEnergy
    circuits: tuple[Circuit, ...]
    ideal: Network
    share: NDArray[np.float64]
    explained: float
    left_over: NDArray[np.int32]
    thresholds: dict[str, float] = field(default_factory=dict)
