"""Replace or ablate parts of a network and see what it still does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.explaining.explanation import Explanation
from rhoset.explaining.pairs import activations
from rhoset.networks import Evaluation, Network, evaluate
from rhoset.summaries import Shown

EVALUATION_OPERATIONS = 2e11
"""Multiply-adds that the evaluation of one ideal network may take, about 10 s; where all pairs need
more (order above 700 or so), accuracy and loss are those of a fixed random sample of pairs."""


def affordable(network: Network) -> Evaluation:
    """Accuracy, loss and margin on all pairs, or on as many as `EVALUATION_OPERATIONS` allow."""
    return evaluate(network, operations=EVALUATION_OPERATIONS)


MODES = {
    "ideal": "replace the neurons by their exact form (0 for those that nothing explains)",
    "zero": "remove the neurons",
    "mean": "replace the neurons' activations by their means over the pairs",
}
"""What can be done to neurons."""


@dataclass(frozen=True, repr=False)
class Intervention(Shown):
    """One row of the table of faithfulness.

    Attributes
    ----------
    what
        "network", "irrep 4a", "4a 5×5 full", "neuron 17", …
    mode
        One of `MODES`.
    neurons
        How many were touched.
    result
        Accuracy, loss and least margin afterwards.
    """

    what: str
    mode: str
    neurons: int
    result: Evaluation


def intervene(explanation: Explanation, neurons: Iterable[int], mode: str) -> Network:
    """The network with these neurons changed as the mode says.

    Raises RhosetError (slugs ``unknown-mode``, ``neuron-out-of-range``).
    """
    network = explanation.network
    chosen = np.asarray(sorted({int(i) for i in neurons}), dtype=np.intp)
    if chosen.size and not 0 <= chosen[0] <= chosen[-1] < network.width:
        raise RhosetError(
            f"neurons {chosen.tolist()}: a network of width {network.width} has neurons 0 to {network.width - 1}",
            slug="neuron-out-of-range",
        )
    if mode not in MODES:
        raise RhosetError(f"mode {mode!r}: give one of {', '.join(sorted(MODES))}", slug="unknown-mode")
    left = network.left.astype(np.float64)
    right = network.right.astype(np.float64)
    unembed, bias = network.unembed.astype(np.float64), network.bias.astype(np.float64)
    if mode == "ideal":
        left[:, chosen] = explanation.ideal.left[:, chosen]
        right[:, chosen] = explanation.ideal.right[:, chosen]
        unembed[chosen] = explanation.ideal.unembed[chosen]
    elif mode == "mean":
        h = activations(network, chosen)
        bias = bias + h.mean(axis=0) @ unembed[chosen]
    if mode != "ideal":
        left[:, chosen], right[:, chosen], unembed[chosen] = 0.0, 0.0, 0.0
    return replace(network, left=left, right=right, unembed=unembed, bias=bias, factors={})


@public
def faithfulness(
    explanation: Explanation, *, modes: Iterable[str] = ("ideal", "zero"), neurons: bool = False
) -> tuple[Intervention, ...]:
    """The table: whole network, each irrep, each circuit and quadrature, what is left over, and on
    request each live neuron, for each mode. The first row is the network as it is. An irrep whose neurons
    are those of one circuit or quadrature has no row of its own.

    Cost n³m, at most `EVALUATION_OPERATIONS`, for each row; about 20 ms for S5.
    """
    network, energy = explanation.network, explanation.energy
    names, member = explanation.neuron_groups()
    parts = [(name, np.flatnonzero(member == g)) for g, name in enumerate(names)]
    irreps = [(f"irrep {irrep.label}", energy.neurons_of(k)) for k, irrep in enumerate(explanation.irreps)]
    scopes: list[tuple[str, NDArray[np.intp]]] = [("network", np.arange(network.width))]
    scopes += [(name, own) for name, own in irreps if not any(np.array_equal(own, part) for _, part in parts[:-1])]
    scopes += parts
    if neurons:
        scopes += [(f"neuron {i}", np.array([i])) for i in np.flatnonzero(energy.live)]
    rows = [Intervention("nothing", "as it is", 0, affordable(network))]
    for what, chosen in scopes:
        if chosen.size:
            rows += [
                Intervention(what, mode, len(chosen), affordable(intervene(explanation, chosen, mode)))
                for mode in modes
            ]
    return tuple(rows)


def activation_correlation(explanation: Explanation) -> NDArray[np.float64]:
    """(m,) Pearson correlation over the pairs of each neuron's activation with that of its exact
    form; 0 where either is constant. Cost `PAIRS` m."""
    true = activations(explanation.network)
    ideal = activations(explanation.ideal)
    true -= true.mean(axis=0)
    ideal -= ideal.mean(axis=0)
    size = np.sqrt((true**2).sum(axis=0) * (ideal**2).sum(axis=0))
    return np.asarray((true * ideal).sum(axis=0) / np.where(size > 0, size, np.inf))
