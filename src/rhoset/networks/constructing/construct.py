"""Ideal networks from ρ-sets, with their structure hidden and then known.

A ρ-set circuit (Wu et al. 2024, section 4) has for each pair (b, c) of points a neuron
l(x) = bᵀρ(x)a, r(y) = aᵀρ(y)c, u(z) = κ bᵀρ(z)c. With C = −B and ReLU its logits are largest at
the product for any a: the values of a on the points cut B in two at every height, and for each cut
S the circuit adds ⟨Σ_S b, ρ(w) Σ_S b⟩, which w = e makes largest (Cauchy-Schwarz).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups import Group, as_group
from rhoset.networks.activations import activation_name
from rhoset.networks.arrays import float_type
from rhoset.networks.circuits import Circuit
from rhoset.networks.constructing.circuits import Ground, kernel, plant, response
from rhoset.networks.constructing.plans import CircuitPlan, parse_plan, point_set
from rhoset.networks.evaluation import logits, margins_of
from rhoset.networks.network import Network
from rhoset.summaries import Shown

DEGREE = {"relu": 1, "abs": 1, "linear": 1, "square": 2}
"""Degree k where φ(st) = s^k φ(t) for s > 0; neurons of other activations are not rescaled."""

ALL_PAIRS_MAX_ORDER = 130
"""Largest group on which the margin of a network with blocks of slots is found from all pairs."""

ALL_MARGINS_MAX_OPERATIONS = 20_000_000_000
"""Multiply-adds that may be spent on the margin of a network with missing slots (a few seconds)."""

MOST_NUMBERS = 1 << 30
"""Largest table that is made, in numbers (4 GB of float32)."""

NO_MARGIN = 1e-9
"""A margin below this, relative to the logits, counts as none: the slots that are filled do not
determine the product. Such a network is scaled by its logits."""


@dataclass(frozen=True, eq=False, repr=False)
class Planted(Shown):
    """A constructed network and all that was put into it.

    Attributes
    ----------
    network
        With noise, shuffled and rescaled.
    ideal
        The same neurons in the same places without noise.
    plans
        What was asked for.
    circuits
        One for each plan, as the network holds it; the neurons that belong to none are dead.
    margin
        Least margin of the ideal network in exact arithmetic; with slots missing it may be 0 or
        less (they do not determine the product), and is None where finding it is too dear.
    noise
        Relative noise.
    seed
        Seed of everything drawn.
    """

    network: Network
    ideal: Network
    plans: tuple[CircuitPlan, ...]
    circuits: tuple[Circuit, ...]
    margin: float | None
    noise: float
    seed: int


@public
@np.errstate(over="ignore", invalid="ignore")  # what overflows is refused as not finite
def construct(
    group: Group | str,
    irreps: Sequence[str | CircuitPlan] | str | CircuitPlan = ("natural",),
    *,
    noise: float = 0.0,
    seed: int = 0,
    margin: float = 10.0,
    width: int | None = None,
    rescale: float = 4.0,
    shuffle: bool = True,
    activation: str = "relu",
    dtype: Any = np.float32,
) -> Planted:
    """An ideal network from ρ-sets, optionally noisy, in which nothing gives the structure away.

    Parameters
    ----------
    group
        The group or its name.
    irreps
        A plan for each circuit, as `CircuitPlan` or as text for `parse_plan`; one alone needs no list.
    noise
        Standard deviation of Gaussian noise on each neuron's part of each table, relative to the
        root mean square of that part.
    seed
        Of the vectors a, the noise, the order and the scales of the neurons.
    margin
        Margin of the noise-free network.
    width
        Number of neurons; those that the circuits do not need are dead (their tables are 0). As
        many as needed when left out.
    rescale
        Neuron i's left and right are multiplied by a number between 1/rescale and rescale, and its
        unembed divided by it (its square for ``square``); 1 leaves them. Without effect for
        activations that are not homogeneous.
    shuffle
        Permute the neurons.
    activation
        Of the network. The margin is positive by theory for ``relu`` and ``abs`` with C = −B, and
        checked in any case.
    dtype
        Type of the tables.

    Raises
    ------
    RhosetError
        The irreps do not tell all elements apart (slug ``construct-unfaithful``), the margin is
        not positive though no slot is missing (``construct-no-margin``), the width is too small
        (``construct-width``), or a plan is wrong.

    Notes
    -----
    Time and memory n·m, beside the group's table; irreps of the group are needed for plans other
    than ``natural`` and ``sign``. Source: Wu et al. 2024, section 4; theory of the cuts above.

    Examples
    --------
    >>> planted = construct("S4", ["natural"], seed=1)
    >>> planted.network.width, round(planted.margin, 3)
    (16, 10.0)
    """
    group = as_group(group)
    activation = activation_name(activation)
    dtype = float_type(dtype)
    if seed < 0:
        raise RhosetError(f"seed is {seed}, expected 0 or more", slug="bad-plan")
    for name, value, low in (("noise", noise, 0), ("margin", margin, 0), ("rescale", rescale, 1)):
        if not low <= value < np.inf:
            raise RhosetError(f"{name} is {value}, expected {low} or more", slug="bad-plan")
    listed = (irreps,) if isinstance(irreps, str | CircuitPlan) else irreps
    plans = [plan if isinstance(plan, CircuitPlan) else parse_plan(plan) for plan in listed]
    if not plans:
        raise RhosetError("no circuit to construct: name at least one irrep", slug="bad-plan")
    if activation not in ("relu", "abs") and any(plan.split for plan in plans):
        raise RhosetError(
            f"split slots stay bi-equivariant with relu and abs only, not with {activation}",
            slug="bad-plan",
        )
    rng = np.random.default_rng(seed)
    circuits = []
    for plan in plans:
        left_set = plan.left_set or point_set(group, plan)
        right_set = plan.right_set or left_set.negative()
        circuits.append(plant(Ground(left_set, right_set, activation), plan, rng))
    _check_faithful(group, plans, circuits)
    circuits, reached = _scaled_to_margin(group, circuits, margin)
    used = sum(len(circuit.rows) for circuit in circuits)
    width = used if width is None else width
    if width * group.order > MOST_NUMBERS:
        raise RhosetError(
            f"width {width}: tables of {group.order} × {width} numbers are more than {MOST_NUMBERS}, the most that are"
            " made; give a smaller one",
            slug="construct-width",
        )
    if width < used:
        raise RhosetError(f"the circuits need {used} neurons, {width} were given", slug="construct-width")
    place = (rng.permutation(width) if shuffle else np.arange(width)).astype(np.int32)
    degree = DEGREE.get(activation, 0)
    placed, start = [], 0
    for circuit in circuits:
        k = len(circuit.rows)
        scale = np.exp(rng.uniform(-1, 1, k) * np.log(float(rescale) if degree else 1))
        placed.append(
            replace(
                circuit,
                neurons=place[start : start + k],
                weight=circuit.weight / scale**degree,
                alpha=circuit.alpha * scale[:, None],
                gamma=circuit.gamma * scale[:, None],
            )
        )
        start += k
    metadata = {"group": group.name, "architecture": "constructed", "construct_seed": str(seed)}
    if group.convention:
        metadata["element_order"] = group.convention
    ideal = _assemble(group, placed, width, np.dtype(dtype), metadata)
    network = _with_noise(ideal, noise, rng) if noise else ideal
    return Planted(network, ideal, tuple(plans), tuple(placed), reached, noise, seed)


def _check_faithful(group: Group, plans: Sequence[CircuitPlan], circuits: Sequence[Circuit]) -> None:
    """Raise ``construct-unfaithful`` where the circuits do not tell all elements apart."""
    together = np.all([kernel(c.left_set) & kernel(c.right_set) for c in circuits], axis=0)
    if np.count_nonzero(together) > 1:
        raise RhosetError(
            f"{group.name}: the irreps {', '.join(plan.irrep for plan in plans)} do not tell all elements apart:"
            f" {np.count_nonzero(together)} elements act as the identity; add a faithful irrep",
            slug="construct-unfaithful",
        )


def _scaled_to_margin(group: Group, circuits: list[Circuit], margin: float) -> tuple[list[Circuit], float | None]:
    """The circuits with weights such that the network has that margin, and the margin it has."""
    full = all(circuit.slot_counts.all() for circuit in circuits)
    margin_of = _margin if full else _all_margins
    found = margin_of(group, circuits)
    size = max(float(np.abs(response(c)).max()) for c in circuits) or 1.0
    least = NO_MARGIN * max(size, *(float(np.abs(c.weight).max()) for c in circuits))  # what cancels leaves roundings
    if full and not (found is not None and found > least):
        raise RhosetError(
            f"{group.name}: the network would have margin {found:.3g}; with activation"
            f" {circuits[0].activation} these ρ-sets do not single out the product, try relu and C = −B",
            slug="construct-no-margin",
        )
    if found is None or found < NO_MARGIN * size:
        return [replace(c, weight=c.weight * margin / size) for c in circuits], (
            None if found is None else found * margin / size
        )
    return [replace(c, weight=c.weight * margin / found) for c in circuits], margin


def _margin(group: Group, circuits: Sequence[Circuit]) -> float:
    """Margin at the input (e, e); that of every input when the circuits are full."""
    f = np.sum([response(circuit) for circuit in circuits], axis=0)
    others = np.delete(f, group.identity)
    return float(f[group.identity] - others.max()) if len(others) else float("inf")


def _all_margins(group: Group, circuits: Sequence[Circuit]) -> float | None:
    """Least margin with slots missing: over one input of each orbit of the symmetry that is left,
    (g, e) where all columns are filled in every circuit and (e, g) where all rows are; over all
    inputs of small groups otherwise; None where that is too dear."""
    n, e = group.order, group.identity
    width = sum(len(circuit.rows) for circuit in circuits)
    every, fixed = np.arange(n), np.full(n, e)
    if all(c.slot_counts.any(axis=0).all() for c in circuits):
        x, y = every, fixed
    elif all(c.slot_counts.any(axis=1).all() for c in circuits):
        x, y = fixed, every
    elif n <= ALL_PAIRS_MAX_ORDER:
        x, y = (part.ravel() for part in np.indices((n, n)))
    else:
        return None
    if len(x) * n * width > ALL_MARGINS_MAX_OPERATIONS:
        return None
    start, placed = 0, []
    for circuit in circuits:
        placed.append(replace(circuit, neurons=np.arange(start, start + len(circuit.rows), dtype=np.int32)))
        start += len(circuit.rows)
    network = _assemble(group, placed, width, np.dtype(np.float64), {})
    return float(margins_of(logits(network, x, y), network.table[x, y]).min())


def _assemble(
    group: Group, circuits: Sequence[Circuit], width: int, dtype: np.dtype[Any], metadata: dict[str, str]
) -> Network:
    n = group.order
    left, right = np.zeros((n, width), dtype=dtype), np.zeros((n, width), dtype=dtype)
    unembed = np.zeros((width, n), dtype=dtype)
    for circuit in circuits:
        tables = circuit.tables()
        left[:, circuit.neurons], right[:, circuit.neurons] = tables.left.T, tables.right.T
        unembed[circuit.neurons] = tables.unembed
    for array in (left, right, unembed):
        array.setflags(write=False)
    bias = np.zeros(n, dtype=dtype)
    return Network(left, right, unembed, bias, group.table, circuits[0].activation, metadata=metadata)


def _with_noise(ideal: Network, noise: float, rng: np.random.Generator) -> Network:
    """Gaussian noise of that size relative to each neuron's root mean square in each table."""
    noisy: list[NDArray[Any]] = []
    for array, axis in ((ideal.left, 0), (ideal.right, 0), (ideal.unembed, 1)):
        size = np.sqrt(np.mean(np.square(array), axis=axis, keepdims=True, dtype=np.float64))
        kind = np.float32 if array.dtype.itemsize <= 4 else np.float64
        change = rng.standard_normal(array.shape, dtype=kind)
        change *= (noise * size).astype(kind)
        change += array
        out = change.astype(array.dtype, copy=False)
        out.setflags(write=False)
        noisy.append(out)
    metadata = {**ideal.metadata, "construct_noise": repr(noise)}
    return Network(noisy[0], noisy[1], noisy[2], ideal.bias, ideal.table, ideal.activation, metadata=metadata)
