"""Gradients of the cross-entropy over the training pairs, and where decay balances them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.trained import Recipe
from rhoset.networks import Network, activation
from rhoset.networks.evaluation import tables_of

Array = NDArray[np.float64]


def ascent(network: Network, pairs: NDArray[np.bool_]) -> Array:
    """(m, n) A_i(z), minus the gradient of the mean cross-entropy over the pairs; cost 2n³m."""
    phi = activation(network.activation)
    left, right, unembed, bias = tables_of(network, np.float64)
    total = np.zeros(unembed.shape)
    for x in np.flatnonzero(pairs.any(axis=1)):
        y = np.flatnonzero(pairs[x])
        hidden = phi(left[x] + right[y])
        total += hidden.T @ errors(hidden @ unembed + bias, network.table[x, y])
    return total / int(pairs.sum())


def errors(logits: Array, answers: NDArray[np.integer]) -> Array:
    """(k, n) 1[z = answer] − softmax of (k, n) logits."""
    return cross_entropy(logits, answers)[1]


def cross_entropy(logits: Array, answers: NDArray[np.integer]) -> tuple[Array, Array]:
    """(k,) losses, to full relative precision when they are small, and (k, n) 1[z = answer] − softmax."""
    at = np.arange(len(answers))
    best = logits.argmax(axis=1)
    highest = logits[at, best]
    error = -np.exp(logits - highest[:, None])
    error[at, best] = 0.0
    others = -error.sum(axis=1)
    losses = np.log1p(others) + (highest - logits[at, answers])
    error[at, best] = -1.0
    error /= 1 + others[:, None]
    error[at, answers] += 1
    return losses, error


def rest(slope: Array, trained: Recipe, sizes: Array | float = 0.0) -> Array | None:
    """The parameters at which decay balances minus the gradient; None where the decay is not known.

    `sizes` are the neurons' ‖(l, r, u)‖, for the cubic penalty.
    """
    if trained.optimizer == "adamw" and trained.decay > 0 and trained.cubic == 0:
        # AdamW's step at rest is g/(|g| + ε); |g| ≫ ε everywhere would leave ±1/λ only
        return np.asarray(slope / (trained.decay * (np.abs(slope) + trained.epsilon)))
    decay = trained.decay + 3 * trained.cubic * np.asarray(sizes)
    if trained.optimizer in ("adam", "sgd") and np.all(decay > 0):
        return np.asarray(slope / decay)
    return None


def still_moving(network: Network, before: Network, trained: Recipe) -> float | None:
    """1 / (ηλk) for an earlier network of the same training by AdamW, k steps before; None where it isn't one.

    AdamW's step is η(g / (|g| + ε) + λθ), so while a parameter moves slowly its mean over the k steps is the mean of
    its `rest` less (θ − θ_before) times this; means over the steps are those of both ends.
    """
    try:
        steps = int(network.metadata["steps"]) - int(before.metadata["steps"])
    except (KeyError, ValueError):
        return None
    same = before.unembed.shape == network.unembed.shape
    if trained.optimizer != "adamw" or not same or steps <= 0 or trained.rate * trained.decay <= 0:
        return None
    return 1 / (trained.rate * trained.decay * steps)


SLOPE_STEP = 1e-6
"""Half step of the derivative of activations other than ReLU, as a share of the neuron's range."""


def slopes(name: str, before: Array, range_: Array) -> Array:
    """φ' at the sums given, whose last axis is that of `range_`; ReLU's is 0 or 1, 0 at the kink."""
    if name == "relu":
        return np.asarray((before > 0) * 1.0)
    phi, step = activation(name), SLOPE_STEP * np.where(range_ > 0, range_, 1.0)
    return np.asarray((phi(before + step) - phi(before - step)) / (2 * step))
