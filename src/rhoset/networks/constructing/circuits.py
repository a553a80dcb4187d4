"""The neurons of one circuit: slots, vectors a, and what they do at the input (e, e)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups import PointSet
from rhoset.networks.activations import activation as _activation
from rhoset.networks.circuits import Circuit
from rhoset.networks.constructing.plans import CircuitPlan

Floats = NDArray[np.float64]

TRIES = 48
"""Vectors a that are drawn for each direction; the one of largest margin is taken. More tries raise
the margin a little and cost n·k each."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What the neurons of a circuit stand on: the points B and C, and φ."""

    left_set: PointSet
    right_set: PointSet
    activation: str

    @property
    def coupling(self) -> Floats:
        """(p, q): ⟨b, c⟩."""
        return np.asarray(self.left_set.points @ self.right_set.points.T)

    @property
    def span(self) -> Floats:
        """(d, d): multiplying with it keeps a vector in the span of B."""
        return np.asarray(self.left_set.points.T @ self.left_set.points)

    def sums(self, a: Floats) -> Floats:
        """(p, q): ⟨a, b + c⟩."""
        return np.asarray((self.left_set.points @ a)[:, None] + (self.right_set.points @ a)[None, :])

    def moving(self) -> NDArray[np.bool_]:
        """(n,) True for the elements that move a point."""
        return ~(kernel(self.left_set) & kernel(self.right_set))


def plant(ground: Ground, plan: CircuitPlan, rng: np.random.Generator) -> Circuit:
    """The neurons of a plan, of weight 1 and in slot order.

    Raises RhosetError (slug ``bad-plan``) for more rows or columns than there are points.
    """
    coupling = ground.coupling
    p, q = coupling.shape
    kept = []
    for what, wanted, size in (("rows", plan.rows, p), ("columns", plan.columns, q)):
        if wanted is not None and wanted > size:
            raise RhosetError(
                f"circuit {plan.irrep}: {wanted} {what} of slots wanted, there are {size}",
                slug="bad-plan",
            )
        kept.append(np.sort(rng.choice(size, wanted or size, replace=False)))
    rows, columns = (part.ravel() for part in np.meshgrid(*kept, indexing="ij"))
    vectors = [_vector(ground, rng) for _ in range(plan.directions)]
    paired = len(rows) < p * q if plan.paired is None else plan.paired
    if paired:
        vectors += [-a for a in vectors]
    per_slot: list[Floats] = []
    for a in vectors:
        if plan.split == 0:
            per_slot.append(np.broadcast_to(a, (len(rows), len(a))))
            continue
        delta = np.array([_deviation(ground, a, rng) for _ in rows]) * plan.split
        per_slot += [a + delta, a - delta]
    copies = len(per_slot)
    a_of_neuron = np.stack(per_slot, axis=1).reshape(len(rows) * copies, -1)
    size = len(a_of_neuron)
    return Circuit(
        left_set=ground.left_set,
        right_set=ground.right_set,
        coupling=coupling,
        neurons=np.arange(size, dtype=np.int32),
        rows=np.repeat(rows, copies),
        columns=np.repeat(columns, copies),
        weight=np.full(size, plan.strength / copies),
        alpha=a_of_neuron @ ground.left_set.points.T,
        gamma=a_of_neuron @ ground.right_set.points.T,
        activation=ground.activation,
    )


def response(circuit: Circuit) -> Floats:
    """(n,) what the circuit adds to the logits f(w | e, e)."""
    neuron = np.arange(len(circuit.rows))
    at_e = circuit.alpha[neuron, circuit.rows] + circuit.gamma[neuron, circuit.columns]
    h = circuit.weight * _activation(circuit.activation)(at_e)
    # transfer[c', c] = Σ over neurons of column c of h υ(b, c')
    transfer = np.zeros((circuit.right_set.size,) * 2)
    np.add.at(transfer.T, circuit.columns, h[:, None] * circuit.coupling[circuit.rows])
    return _sum_over_columns(transfer, circuit.right_set)


def kernel(points: PointSet) -> NDArray[np.bool_]:
    """(n,) True for the elements that move no point."""
    return np.asarray(np.all(points.gset.action == np.arange(points.size), axis=1))


def _sum_over_columns(transfer: Floats, points: PointSet) -> Floats:
    action = points.gset.action
    total = np.zeros(len(action))
    for c in range(points.size):
        total += transfer[action[:, c], c]
    return total


def _vector(ground: Ground, rng: np.random.Generator) -> Floats:
    """A unit vector a of large margin over the elements that move a point."""
    phi, moving, span, coupling = _activation(ground.activation), ground.moving(), ground.span, ground.coupling
    best, best_margin = np.zeros(len(span)), -np.inf
    for _ in range(TRIES):
        a = span @ rng.standard_normal(len(span))
        a /= np.linalg.norm(a)
        f = _sum_over_columns(coupling.T @ phi(ground.sums(a)), ground.right_set)
        margin = float(f[~moving].min() - f[moving].max()) if moving.any() else 0.0
        if margin > best_margin:
            best, best_margin = a, margin
    return best


def _deviation(ground: Ground, a: Floats, rng: np.random.Generator) -> Floats:
    """A random δ such that ⟨a ± tδ, b + c⟩ keeps its sign for every slot and 0 ≤ t < 1."""
    delta = ground.span @ rng.standard_normal(len(a))
    sums, moves = np.abs(ground.sums(a)), np.abs(ground.sums(delta))
    moving = moves > 1e-12 * moves.max()
    return np.asarray(delta * np.min(sums[moving] / moves[moving]))
