"""Step 8 of the published verifier, and the best over one to three ρ-sets an irrep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Irrep
from rhoset.networks import Network, hidden
from rhoset.networks.activations import activation
from rhoset.reproduce.verifier.clustering import Clusters, cluster_from, cluster_modulo
from rhoset.reproduce.verifier.ideal import IdealNetwork, idealise
from rhoset.reproduce.verifier.neurons import LEFT_NORM, MANY_NEURONS, IrrepNeurons, irrep_neurons

Array = NDArray[np.float64]

MOST_SETS = 3
"""ρ-sets an irrep, at most."""
TRIES = 5
"""Clusterings tried for each number of ρ-sets: the best ones that differ (the original: five random ones)."""
ENOUGH = 0.95
"""No further number of ρ-sets is tried above this bound."""
NOT_CONSTANT = 1e-5
"""a counts as not constant above this spread."""


@dataclass(frozen=True)
class PublishedBound:
    """What the published verifier says of a network, in floating point.

    Parameters
    ----------
    accuracy, loss
        Bounds; the loss in nats, from the attempt with the best accuracy.
    sets
        ρ-sets an irrep in that attempt.
    irrep_bad, a_not_constant
        Its two flags.
    margin
        The ideal network's at (e, e).
    error
        Median over the inputs of the bound on its distance from the network.
    ideal
        The ideal network of that attempt.
    """

    accuracy: float
    loss: float
    sets: int
    irrep_bad: bool
    a_not_constant: bool
    margin: float
    error: float
    ideal: IdealNetwork = field(repr=False)


def published_bound(network: Network, irreps: Sequence[Irrep], least_norm: float = LEFT_NORM) -> PublishedBound:
    """The best of the published verifier's attempts.

    Raises nothing on networks without structure: their bound is 0.

    Notes
    -----
    Clusterings that differ are tried in place of random repetitions, and as there the attempts end
    with the first bound above 0.95, or at once where a is not constant. Cost: some seconds for S5 of width 128.
    """
    parts = irrep_neurons(network, irreps, least_norm)
    wandering = max((p.spread for p in parts if len(p.neurons) > MANY_NEURONS), default=0.0) > NOT_CONSTANT
    best: PublishedBound | None = None
    for sets in range(1, MOST_SETS + 1):
        for attempt in _attempts(parts, sets):
            found = _bound(network, idealise(network, attempt), sets, wandering)
            best = found if best is None or found.accuracy > best.accuracy else best
            if best.accuracy > ENOUGH or wandering:
                return best
    assert best is not None
    return best


def _attempts(parts: Sequence[IrrepNeurons], sets: int) -> list[list[tuple[IrrepNeurons, Clusters, Clusters]]]:
    options = [cluster_modulo(p.irrep, p.b, sets if p.irrep.dim > 1 else 1, TRIES) for p in parts]
    attempts = []
    for k in range(max(map(len, options), default=1)):
        chosen = [option[min(k, len(option) - 1)] for option in options]
        attempts.append([(p, b, cluster_from(p.irrep, p.c, -b.centres)) for p, b in zip(parts, chosen, strict=True)])
    return attempts


def _bound(network: Network, ideal: IdealNetwork, sets: int, wandering: bool) -> PublishedBound:
    n, phi, e = network.order, activation(network.activation), network.group.identity
    at_identity = phi(ideal.left[e] + ideal.right[e]) @ ideal.unembed + ideal.bias
    wrong = float(np.delete(at_identity, e).max(initial=-np.inf))
    slack = np.empty((n, n))
    for x in range(n):
        slack[x] = own_logits(network, x) - wrong - distances(network, ideal, x)
    gain = np.exp(np.clip(slack, -700, 700))
    return PublishedBound(
        accuracy=float((slack > 0).mean()),
        loss=float(np.log1p((n - 1) / gain).mean()),
        sets=sets,
        irrep_bad=bool(ideal.bad),
        a_not_constant=wandering,
        margin=float(at_identity[e]) - wrong,
        error=float(np.median([distances(network, ideal, x) for x in range(n)])),
        ideal=ideal,
    )


def own_logits(network: Network, x: int) -> Array:
    """(n,) the network's logit of the right answer for x and every y."""
    own = np.asarray(network.table)[x]
    unembed, bias = (np.asarray(t, dtype=np.float64)[..., own] for t in (network.unembed, network.bias))
    found: Array = np.einsum("ym,my->y", hidden(network, x, np.arange(network.order), np.float64), unembed) + bias
    return found


def distances(network: Network, ideal: IdealNetwork, x: int) -> Array:
    """(n,) bounds of |f − f̂| over all outputs, for x and every y."""
    phi = activation(network.activation)
    unembed = np.asarray(network.unembed, dtype=np.float64)
    actual, held = hidden(network, x, np.arange(network.order), np.float64), phi(ideal.left[x] + ideal.right)
    longest, apart = (np.sqrt(np.square(u).sum(axis=0).max()) for u in (unembed, unembed - ideal.unembed))
    found: Array = longest * np.linalg.norm(actual - held, axis=1) + apart * np.linalg.norm(held, axis=1)
    found += float(np.abs(np.asarray(network.bias, dtype=np.float64) - ideal.bias).max())
    return found
