"""Replace or ablate parts of a network and see what it still does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.explaining.explanation import Explanation, Quadrature
from rhoset.explaining.pairs import activations, activations_of
from rhoset.explaining.slot_tables import slot_sums
from rhoset.networks import Evaluation, Network, evaluate
from rhoset.networks.circuits import Circuit
from rhoset.networks.evaluation import affordable_pairs, blocks_of, evaluation_of, sampled_pairs, tables_of
from rhoset.summaries import Shown

EVALUATION_OPERATIONS = 2e11
"""Multiply-adds that the evaluation of one ideal network may take, about 10 s; where all pairs need
more (order above 700 or so), accuracy and loss are those of a fixed random sample of pairs."""


DEAR = 1e9
"""Multiply-adds from which on the idealised network is evaluated by slots: several times what S5 takes."""


def affordable(network: Network) -> Evaluation:
    """Accuracy, loss and margin on all pairs, or on as many as `EVALUATION_OPERATIONS` allow."""
    return evaluate(network, operations=EVALUATION_OPERATIONS)


def evaluate_ideal(explanation: Explanation, operations: float = EVALUATION_OPERATIONS) -> Evaluation:
    """`evaluate` of the idealised network, on the same pairs.

    Where that takes more than `DEAR`, it is done in the type of the network's own tables, and parts with more neurons
    than slots p q, or entries d² of the irrep, act through their sums for these: p q n multiply-adds a pair in place of
    k n. Figures then differ by rounding.
    """
    ideal, n = explanation.ideal, explanation.ideal.order
    pairs = affordable_pairs(ideal, operations)
    if pairs * n * ideal.width < DEAR or not explanation.parts:
        return evaluate(ideal, operations=operations)
    dtype = tables_of(explanation.network)[0].dtype
    reads, writes = zip(*(_read_and_written(ideal, part, dtype) for part in explanation.parts), strict=True)
    features = np.ascontiguousarray(np.concatenate(writes).T, dtype=dtype)

    def blocks() -> Iterator[tuple[NDArray[Any], NDArray[np.integer]]]:
        for x, y in blocks_of(*sampled_pairs(n, pairs), n):
            yield (features @ np.concatenate([read(x, y) for read in reads], axis=1).T).T, ideal.table[x, y]

    return evaluation_of(blocks())


def _read_and_written(
    ideal: Network, part: Circuit | Quadrature, dtype: Any
) -> tuple[Callable[[Any, Any], Any], NDArray[np.float64]]:
    """The function from (N,) x and (N,) y to (N, r) sums, and (r, n) what each of them adds to the logits, constants
    aside: of slots, of entries of the irrep, or of single neurons, whatever is fewest."""
    neurons, hidden = len(part.neurons), activations_of(ideal, part.neurons, dtype)
    if isinstance(part, Circuit) and part.coupling.size < neurons:
        return slot_sums(part, dtype), part.slot_features()
    if isinstance(part, Quadrature) and part.irrep.dim**2 < neurons:
        mixed = (part.written * part.weight[:, None, None]).reshape(neurons, -1).astype(dtype)
        return lambda x, y: hidden(x, y) @ mixed, part.irrep.matrices.reshape(ideal.order, -1).T
    return hidden, ideal.unembed[part.neurons]


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
