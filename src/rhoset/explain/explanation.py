"""What travels out of this room: circuits and the explanation of one network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.explain.spectrum import NeuronEnergy
from rhoset.groups import Irrep, RhoSet
from rhoset.networks import Network
from rhoset.summaries import Shown


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only C-contiguous copy."""
    copy = np.array(array, order="C")
    copy.setflags(write=False)
    return copy


@dataclass(frozen=True, eq=False, repr=False)
class Circuit(Shown):
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
        (p, q): υ(b, c), with υ(gb, gc) = υ(b, c) and mean 0: the one function of the orbit of
        (b, c) that fits what all the neurons write. A multiple of ⟨b, c⟩ where G has two orbits on
        B × C (as for the 5 and the 6 points of S5); near to it, with parts in other irreps, where
        it has more.
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


@dataclass(frozen=True, eq=False, repr=False)
class Quadrature(Shown):
    """Neurons of rank one in an irrep, with vectors anywhere on the sphere:

        l(x) = bᵀρ(x)a,   r(y) = a'ᵀρ(y)c,   u(z) = κ bᵀρ(z)c.

    Together they sum an integral over b and c that would be bi-equivariant, as a ρ-set circuit sums
    it over two orbits. In cyclic and dihedral groups every neuron is of this form, with b and c on
    a circle (docs/explain.md, "Quadrature over a circle").

    Attributes
    ----------
    irrep
        Its name.
    neurons
        (k,) indices.
    left, right
        (k, d) unit vectors b and c. For complex and quaternionic irreps b is the same for all
        neurons where it can be: only c̄b and āb have a meaning.
    read_left, read_right
        (k, d) the vectors a and a'; trained networks have a = a' to a tenth of a percent.
    weight
        (k,) κ > 0.
    defect
        How far the sum is from the integral: root mean square over the pairs of
        ‖Q(x, y) − mean Q‖ over ‖mean Q‖, Q = ρ(x)ᵀM(x, y)ρ(y)ᵀ.
    """

    irrep: str
    neurons: NDArray[np.int32]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    read_left: NDArray[np.float64]
    read_right: NDArray[np.float64]
    weight: NDArray[np.float64]
    defect: float


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Shown):
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
    quadratures
        The neurons of rank one that lie on no common ρ-sets, one entry an irrep.
    ideal
        The idealised network: every neuron of a circuit or quadrature in its exact form, all
        others 0.
    share
        (m,) share of each neuron's energy that the ideal network holds.
    explained
        The same over all neurons, weighted by their balanced energy.
    left_over
        (k,) live neurons that neither circuits nor quadratures hold.
    thresholds
        The named thresholds that this explanation was made with.
    """

    network: Network
    irreps: tuple[Irrep, ...]
    energy: NeuronEnergy
    circuits: tuple[Circuit, ...]
    quadratures: tuple[Quadrature, ...]
    ideal: Network
    share: NDArray[np.float64]
    explained: float
    left_over: NDArray[np.int32]
    thresholds: dict[str, float] = field(default_factory=dict)
