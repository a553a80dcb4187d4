"""The neurons of one circuit: slots, vectors a, and what they do at the input (e, e)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.activations import activation as _activation
from rhoset.networks.constructing.plans import CircuitPlan, PointSet

if TYPE_CHECKING:
    from rhoset.groups import Group

Floats = NDArray[np.float64]

TRIES = 48
"""Vectors a that are drawn for each direction; the one of largest margin is taken. More tries raise
the margin a little and cost n·k each."""


@dataclass(frozen=True, eq=False)
class PlantedCircuit:
    """A circuit that was put into a network, neuron by neuron, as the network holds it:

        l_i(x) = alpha_i(x⁻¹·b_i),  r_i(y) = gamma_i(y·c_i),  u_i(z) = weight_i υ(b_i, z·c_i).

    Attributes
    ----------
    plan
        What was asked for.
    left_set, right_set
        B (p points) and C (q points).
    coupling
        (p, q): υ(b, c) = ⟨b, c⟩.
    rows, columns, weight
        (k,) for each neuron.
    alpha, gamma
        (k, p) and (k, q).
    neurons
        (k,) where the neurons are in the network.
    """

    plan: CircuitPlan
    left_set: PointSet
    right_set: PointSet
    coupling: Floats
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    weight: Floats
    alpha: Floats
    gamma: Floats
    neurons: NDArray[np.int64]

    @property
    def is_full(self) -> bool:
        """True when every slot is filled."""
        return len(set(zip(self.rows.tolist(), self.columns.tolist()))) == self.coupling.size

    @property
    def slot_weights(self) -> Floats:
        """(p, q) number of neurons in each slot."""
        counts = np.zeros(self.coupling.shape)
        np.add.at(counts, (self.rows, self.columns), 1)
        return counts


def plant(
    group: Group,
    plan: CircuitPlan,
    left_set: PointSet,
    right_set: PointSet,
    activation: str,
    rng: np.random.Generator,
) -> PlantedCircuit:
    """The neurons of a plan, of weight 1 and in slot order.

    Raises RhosetError (slug ``bad-plan``) for more rows or columns than there are points.
    """
    coupling = left_set.points @ right_set.points.T
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
    vectors = [_vector(left_set, right_set, coupling, activation, rng) for _ in range(plan.directions)]
    paired = len(rows) < p * q if plan.paired is None else plan.paired
    if paired:
        vectors += [-a for a in vectors]
    per_slot: list[Floats] = []
    for a in vectors:
        if plan.split == 0:
            per_slot.append(np.broadcast_to(a, (len(rows), len(a))))
            continue
        delta = np.array([_deviation(left_set, right_set, a, rng) for _ in rows]) * plan.split
        per_slot += [a + delta, a - delta]
    copies = len(per_slot)
    a_of_neuron = np.stack(per_slot, axis=1).reshape(len(rows) * copies, -1)
    size = len(a_of_neuron)
    return PlantedCircuit(
        plan=plan,
        left_set=left_set,
        right_set=right_set,
        coupling=coupling,
        rows=np.repeat(rows, copies),
        columns=np.repeat(columns, copies),
        weight=np.full(size, plan.strength / copies),
        alpha=a_of_neuron @ left_set.points.T,
        gamma=a_of_neuron @ right_set.points.T,
        neurons=np.arange(size),
    )


def response(circuit: PlantedCircuit, activation: str) -> Floats:
    """(n,) what the circuit adds to the logits f(w | e, e)."""
    neuron = np.arange(len(circuit.rows))
    at_e = circuit.alpha[neuron, circuit.rows] + circuit.gamma[neuron, circuit.columns]
    h = circuit.weight * _activation(activation)(at_e)
    # transfer[c', c] = Σ over neurons of column c of h υ(b, c')
    transfer = np.zeros((circuit.coupling.shape[1],) * 2)
    np.add.at(transfer.T, circuit.columns, h[:, None] * circuit.coupling[circuit.rows])
    return _sum_over_columns(transfer, circuit.right_set)


def tables(
    circuit: PlantedCircuit, inverse: NDArray[Any], dtype: Any
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """left (n, k), right (n, k), unembed (k, n) of the circuit's neurons."""
    action, right_action = circuit.left_set.action, circuit.right_set.action
    n, k = action.shape[0], len(circuit.rows)
    left, right = np.empty((n, k), dtype=dtype), np.empty((n, k), dtype=dtype)
    unembed = np.empty((k, n), dtype=dtype)
    back = action[inverse]
    for i in range(k):
        b, c = circuit.rows[i], circuit.columns[i]
        left[:, i] = circuit.alpha[i, back[:, b]]
        right[:, i] = circuit.gamma[i, right_action[:, c]]
        unembed[i] = circuit.weight[i] * circuit.coupling[b, right_action[:, c]]
    return left, right, unembed


def kernel(points: PointSet) -> NDArray[np.bool_]:
    """(n,) True for the elements that move no point."""
    still: NDArray[np.bool_] = np.all(points.action == np.arange(points.size), axis=1)
    return still


def _sum_over_columns(transfer: Floats, points: PointSet) -> Floats:
    total = np.zeros(points.action.shape[0])
    for c in range(points.size):
        total += transfer[points.action[:, c], c]
    return total


def _vector(
    left_set: PointSet,
    right_set: PointSet,
    coupling: Floats,
    activation: str,
    rng: np.random.Generator,
) -> Floats:
    """A unit vector a of large margin over the elements that move a point."""
    phi = _activation(activation)
    moving = ~(kernel(left_set) & kernel(right_set))
    span = left_set.points.T @ left_set.points
    best, best_margin = np.zeros(left_set.points.shape[1]), -np.inf
    for _ in range(TRIES):
        # Multiplying with the points keeps a in their span.
        a = span @ rng.standard_normal(len(span))
        a /= np.linalg.norm(a)
        h = phi((left_set.points @ a)[:, None] + (right_set.points @ a)[None, :])
        f = _sum_over_columns(coupling.T @ h, right_set)
        still = f[~moving]
        margin = float(still.min() - f[moving].max()) if moving.any() else 0.0
        if margin > best_margin:
            best, best_margin = a, margin
    return best


def _deviation(left_set: PointSet, right_set: PointSet, a: Floats, rng: np.random.Generator) -> Floats:
    """A random δ such that ⟨a ± tδ, b + c⟩ keeps its sign for every slot and 0 ≤ t < 1."""
    span = left_set.points.T @ left_set.points
    delta = span @ rng.standard_normal(len(a))
    sums = ((left_set.points @ a)[:, None] + (right_set.points @ a)[None, :]).ravel()
    moves = ((left_set.points @ delta)[:, None] + (right_set.points @ delta)[None, :]).ravel()
    moving = np.abs(moves) > 1e-12 * np.abs(moves).max()
    reach = float(np.min(np.abs(sums[moving]) / np.abs(moves[moving])))
    within: Floats = delta * reach
    return within
