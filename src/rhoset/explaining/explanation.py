"""What travels out of this room: quadratures and the explanation of one network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhoset.arrays import read_only
from rhoset.explaining.spectrum import NeuronEnergy
from rhoset.groups import Irrep, synthesis
from rhoset.networks import Network, Tables
from rhoset.networks.circuits import Circuit
from rhoset.summaries import Shown, counted, percentage

IN_USE = 0.01
"""Least share of the live neurons' energy that an irrep in use holds. A larger value drops weak irreps such as sign."""


def in_use(neurons: int, share: float) -> bool:
    """Whether a network uses an irrep that dominates so many live neurons and holds that share of their energy: it
    dominates one, and holds `IN_USE`. The trivial irrep dominates none."""
    return neurons > 0 and share >= IN_USE


MOST_NAMED = 2
"""Most circuits that the one line of an explanation names; more are counted."""


class IrrepUse(NamedTuple):
    """An irrep, the number of live neurons it dominates, and its share of their energy."""

    irrep: Irrep
    neurons: int
    share: float

    @property
    def in_use(self) -> bool:
        """Whether the network uses it, see `in_use`."""
        return in_use(self.neurons, self.share)


@dataclass(frozen=True, eq=False, repr=False)
class Quadrature(Shown):
    """Neurons of rank one in an irrep, with vectors anywhere on the sphere:

        l(x) = bᵀρ(x)a + λ,   r(y) = a'ᵀρ(y)c + μ,   u(z) = κ bᵀρ(z)c.

    Together they sum an integral over b and c that would be bi-equivariant, as a ρ-set circuit sums
    it over two orbits. In cyclic and dihedral groups every neuron is of this form, with b and c on
    a circle (docs/explain.md, "Quadrature over a circle").

    Attributes
    ----------
    irrep
        ρ.
    neurons
        (k,) indices.
    left, right
        (k, d) unit vectors b and c. For complex and quaternionic irreps b is the same for all
        neurons where it can be: only c̄b and āb have a meaning.
    read_left, read_right
        (k, d) the vectors a and a'; trained networks have a = a' to a tenth of a percent.
    weight
        (k,) κ > 0.
    means
        (k, 2) λ and μ, the means of the neurons' left and right.
    defect
        How far the sum is from the integral: root mean square over the pairs of
        ‖Q(x, y) − mean Q‖ over ‖mean Q‖, Q = ρ(x)ᵀM(x, y)ρ(y)ᵀ.
    """

    irrep: Irrep
    neurons: NDArray[np.int32]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    read_left: NDArray[np.float64]
    read_right: NDArray[np.float64]
    weight: NDArray[np.float64]
    means: NDArray[np.float64]
    defect: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "neurons", read_only(self.neurons))
        for name in ("left", "right", "read_left", "read_right", "weight", "means"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))

    def __repr__(self) -> str:
        return f"Quadrature({self.label}, {counted(len(self.neurons), 'neuron')}, defect {self.defect:.2g})"

    @property
    def label(self) -> str:
        """Such as "frequency 3 quadrature"."""
        return f"{self.irrep.label} quadrature"

    @property
    def written(self) -> NDArray[np.float64]:
        """(k, d, d) b cᵀ of each neuron."""
        return self.left[:, :, None] * self.right[:, None, :]

    def tables(self) -> Tables:
        """(k, n) left, right and unembed of the neurons by the formulas above."""
        return Tables(
            synthesis(self.irrep, self.left[:, :, None] * self.read_left[:, None, :]) + self.means[:, :1],
            synthesis(self.irrep, self.read_right[:, :, None] * self.right[:, None, :]) + self.means[:, 1:],
            synthesis(self.irrep, self.written * self.weight[:, None, None]),
        )


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

    def __repr__(self) -> str:
        many, waves = len(self.circuits), len(self.quadratures)
        parts = [repr(circuit) for circuit in self.circuits] if many <= MOST_NAMED else [f"{many} circuits"]
        parts += [counted(waves, "quadrature")] if waves else []
        return (
            f"Explanation({self.network!r}: {', '.join(parts) or 'no circuit'}, {percentage(self.explained)} explained)"
        )

    @property
    def uses(self) -> tuple[IrrepUse, ...]:
        """The irreps that dominate a live neuron or hold a share of `IN_USE`, in the order of `irreps`."""
        counts = np.bincount(self.energy.dominant[self.energy.live], minlength=len(self.irreps))
        every = map(IrrepUse, self.irreps, counts.tolist(), self.energy.by_irrep().tolist())
        return tuple(use for use in every if use.neurons or use.share >= IN_USE)

    @property
    def parts(self) -> tuple[Circuit | Quadrature, ...]:
        """Circuits and quadratures: what the ideal network consists of."""
        return (*self.circuits, *self.quadratures)

    def neuron_groups(self) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        """Names of the parts, with a number behind those that several have, and (m,) the part of each neuron; the last
        one is what is left over (dead neurons too)."""
        names = [part.label for part in self.parts]
        member = np.full(self.network.width, len(names), dtype=np.int32)
        for k, part in enumerate(self.parts):
            member[part.neurons] = k
        numbered = [f"{name} ({names[: k + 1].count(name)})" for k, name in enumerate(names)]
        distinct = (one if names.count(name) == 1 else other for name, one, other in zip(names, names, numbered))
        return (*distinct, "left over"), member
