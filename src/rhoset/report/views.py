"""What the report shows, as plain values: one view a section, with no mathematics left to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

WANTED = 0.95
"""The bound that counts as proved in the field's tables (Wu et al. 2024)."""
CHEAP = 0.3
"""The share of brute force below which a proof counts as cheap: about what the published verifier
needs (Wu et al. 2024)."""
SMALL = 0.01
"""Terms that take or add less than this share of the explanation's margin are joined."""

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class IrrepView:
    """One irrep of the group, under its name or, for cyclic and dihedral groups, as "frequency k"."""

    name: str
    dim: int
    type: str
    minimal_rho_set: int | None = None


@dataclass(frozen=True)
class MoveView:
    """A group element as a rigid motion of a figure: turns in planes, and mirrors."""

    name: str
    points: tuple[int, ...]
    """(k,): where each point goes."""
    turns: tuple[tuple[float, tuple[float, ...], tuple[float, ...]], ...]
    """(angle, u, v): a turn by the angle from u towards v, two orthonormal vectors in ℝ^d."""
    mirrors: Matrix = ()
    """Unit vectors that are reversed."""


@dataclass(frozen=True)
class SolidView:
    """A ρ-set as a figure: points in ℝ^d, edges between nearest points, faces when d = 3."""

    irrep: str
    dim: int
    points: Matrix
    edges: tuple[tuple[int, int], ...]
    faces: tuple[tuple[int, ...], ...] = ()
    weights: tuple[float, ...] = ()
    """Share of the circuit's slot weight on each point; equal when empty."""
    labels: tuple[str, ...] = ()
    """The name of each point: the coset that it stands for."""
    moves: tuple[MoveView, ...] = ()
    """Group elements that the viewer can apply."""
    said: str = ""
    """What the points are, in words."""


@dataclass(frozen=True)
class CircuitView:
    """One circuit: its two ρ-sets and the weight that its neurons put on each pair (b, c)."""

    irrep: str
    kind: str
    neurons: int
    left_size: int
    right_size: int
    left: SolidView
    slots: Matrix
    """(p, q): total weight of the neurons in each slot, as a multiple of the mean of full slots."""
    right: SolidView | None = None
    """The right ρ-set, when it is not the left one or its negative."""


@dataclass(frozen=True)
class CertificateView:
    """A certificate and what its check gave."""

    method: str
    accuracy_bound: float
    loss_bound: float | None
    operations: int
    exhaustive_operations: int
    seconds: float | None
    arithmetic: str
    path: str
    valid: bool | None = None
    reason: str = ""
    """Why it does not check."""

    @property
    def cost(self) -> float:
        """Multiply-adds of the check over those of the exhaustive evaluation."""
        return self.operations / self.exhaustive_operations


@dataclass(frozen=True)
class QuadratureView:
    """Neurons of one irrep that lie on no common ρ-sets: nodes of a sum over a circle or sphere."""

    irrep: str
    dim: int
    neurons: int
    defect: float
    left: Matrix = ()
    """(neurons, 2) unit vectors, for irreps of dimension 2: b, or a where b is the same for all."""
    right: Matrix = ()
    """(neurons, 2) unit vectors c."""
    weights: tuple[float, ...] = ()
    """Relative to the largest."""
    reads: str = "b"
    """What `left` holds: "b" or "a"."""
    neurons_named: tuple[int, ...] = ()
    """Their indices in the network."""


@dataclass(frozen=True)
class AccountView:
    """The explanation's margin, what takes from it, and what is left: at the worst input and on average, in nats.

    ideal − Σ terms = margin, and the same for the means, up to rounding.
    """

    ideal: float
    margin: float
    terms: tuple[tuple[str, float, float], ...]
    """(name, taken at the worst input, taken on average), the dearest first; negative where a term adds to it."""
    mean_ideal: float
    mean_margin: float
    input: tuple[int, int]
    """x and y of the input with the least margin."""
    answers: tuple[int, int]
    """The right answer there and the wrong one that the network puts first."""
    pairs: int
    """Inputs looked at."""

    @property
    def joined(self) -> tuple[tuple[str, float, float], ...]:
        """`terms`, but those that take or add less than `SMALL` of the margin are one, ``others``, after the rest."""
        least = SMALL * abs(self.ideal)
        small = [term for term in self.terms if abs(term[1]) < least]
        if len(small) < 2:
            return self.terms
        kept = tuple(term for term in self.terms if abs(term[1]) >= least)
        return (*kept, ("others", sum(worst for _, worst, _ in small), sum(mean for _, _, mean in small)))

    @property
    def dearest(self) -> str:
        """The name of the term that takes most at the worst input."""
        return self.terms[0][0]


@dataclass(frozen=True)
class MarginView:
    """Mean margin of the right answer over the wrong answers xwy, by class of w and by irrep."""

    classes: tuple[str, ...]
    sizes: tuple[int, ...]
    parts: Matrix
    """(classes, irreps named in `irreps`): what each irrep adds to the margin, in nats."""
    irreps: tuple[str, ...]


@dataclass(frozen=True)
class HistoryView:
    """Training seen through its snapshots."""

    steps: tuple[int, ...]
    loss: tuple[float, ...]
    accuracy: tuple[float, ...] = ()
    energy_steps: tuple[int, ...] = ()
    energy: Matrix = ()
    """(snapshots, irreps): share of the weights' energy in each irrep."""
    explained: tuple[float, ...] = ()
    """(snapshots,): share of the weights that circuits explain."""


@dataclass(frozen=True)
class FrontierView:
    """What can be proved for how much work: the plans that the search measured."""

    points: tuple[tuple[str, float, float], ...]
    """(method, cost as a share of brute force, accuracy bound), the cheapest first."""


@dataclass(frozen=True)
class NetworkView:
    """One network's section."""

    name: str
    index: int
    width: int
    accuracy: float
    loss: float
    key: tuple[tuple[str, int, float], ...]
    """Irreps in use: (name, neurons, share of energy), strongest first."""
    energy: Matrix
    """(m, irreps): share of each neuron's energy in each irrep."""
    circuits: tuple[CircuitView, ...]
    explained: float
    ideal_accuracy: float | None
    ideal_loss: float | None
    certificates: tuple[CertificateView, ...]
    quadratures: tuple[QuadratureView, ...] = ()
    """Those of the irreps with most energy first."""
    account: AccountView | None = None
    findings: tuple[str, ...] = ()
    """What keeps the explanation from saying more, one sentence each."""
    sampled: int | None = None
    """Inputs on which accuracy and loss were measured, where it was not all of them."""
    left_over: int = 0
    """Live neurons that neither circuits nor quadratures hold."""
    seed: int | None = None
    steps: int | None = None
    seconds: float | None = None
    margins: MarginView | None = None
    accounts: Mapping[str, float | None] = field(default_factory=dict)
    """Every account of the weights, equivariance, parts: `rhoset.populations.accounts.COLUMNS`; where asked for."""
    history: HistoryView | None = None
    frontier: FrontierView | None = None
    unread: tuple[tuple[str, str], ...] = ()
    """(file, why) of certificates, snapshots and records beside the network that could not be read."""

    @property
    def in_use(self) -> frozenset[str]:
        """The names of the irreps in use."""
        return frozenset(name for name, _, _ in self.key)

    @property
    def best(self) -> CertificateView | None:
        """The certificate with the best bound, the cheapest of those."""
        usable = [c for c in self.certificates if c.valid is not False]
        return min(usable, key=lambda c: (-c.accuracy_bound, c.operations), default=None)

    @property
    def cheap(self) -> bool:
        """Is there a certificate that proves `WANTED` for at most `CHEAP` of brute force?"""
        return any(c.valid is not False and c.accuracy_bound >= WANTED and c.cost <= CHEAP for c in self.certificates)


@dataclass(frozen=True)
class RunView:
    """The whole report."""

    title: str
    group: str
    order: int
    irreps: tuple[IrrepView, ...]
    networks: tuple[NetworkView, ...]
    facts: dict[str, str] = field(default_factory=dict)
    """Name → value: versions, machine, date, configuration."""
