"""Given what the neurons read and the training pairs, what they write is the one solution of a convex problem.

With left and right fixed, training minimises over unembed U (and the bias)

    F(U) = mean cross-entropy over the training pairs + Σ_{i,z} ψ(u_i(z)),

where ψ(u) = ½λu² for decay as L2 in the gradient, and ψ(u) = −ε(|u| + log(1 − λ|u|)/λ), |u| < 1/λ, for AdamW: the
points at which its step g/(|g| + ε) balances λu are those at which ψ' = −g. The cross-entropy is convex in U, and ψ is
strongly convex with ψ'' ≥ μ, μ = λ or ελ. So

1. F has one minimum U*, and a network at rest has U = U*;
2. ‖U − U*‖ ≤ ‖∇F(U)‖ / μ for every U (the bias at its best).

The law of `rhoset.explaining.writing` is ∇F(U) = 0 read off at the network itself; here the minimum is found. Where
Adam swings around it, the first is noisy, since small errors of U move the softmax and the sum over the pairs much; the
second is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rhoset.explaining.gradients import Array, cross_entropy
from rhoset.explaining.trained import Recipe
from rhoset.networks import Network, activation

STEPS = 200
"""Steps of L-BFGS at most. More bring U nearer to the minimum; `Decided.distance` says how near it is."""

GOOD_ENOUGH = 1e-3
"""The search stops when the distance to the minimum is at most this share of ‖U‖ (so shares hold to 1e-6)."""

DECIDED_OPERATIONS = 1e12
"""Multiply-adds that the search may take, about a minute; nothing is said of larger networks."""

EDGE = 1 - 1e-9
"""|u| stays below this share of AdamW's 1/λ, where the barrier is finite."""


@dataclass(frozen=True, eq=False)
class Decided:
    """The unembed that readings and training pairs decide.

    Attributes
    ----------
    unembed
        (m, n).
    bias
        (n,), the best one where training has a bias.
    distance
        ‖unembed − U*‖ ≤ distance · ‖unembed‖: the bound of statement 2.
    steps
        Evaluations of F.
    """

    unembed: Array
    bias: Array
    distance: float
    steps: int


def decided(network: Network, trained: Recipe, left: Array | None = None, right: Array | None = None) -> Decided | None:
    """What the neurons must write, from what they read and the training pairs alone.

    Parameters
    ----------
    network
        Its unembed and bias are where the search starts; the answer does not depend on them.
    trained
        Training pairs, optimiser, decay.
    left, right
        (n, m) other readings than the network's.

    Returns
    -------
    Decided or None
        None where the decay is not known, and where `STEPS` times 4·|pairs|·m·n multiply-adds are more than
        `DECIDED_OPERATIONS`.

    Notes
    -----
    S5, width 128, 40 % of the pairs: 2 to 10 s.
    """
    from scipy.optimize import minimize

    problem = Problem(network, trained, left, right)
    work = 4.0 * len(problem.answers) * network.width * network.order * STEPS
    if problem.curvature <= 0 or trained.cubic > 0 or work > DECIDED_OPERATIONS:
        return None
    edge = EDGE / trained.decay if trained.optimizer == "adamw" else np.inf
    start = problem.start(edge)
    limits = [(-edge, edge)] * network.unembed.size + [(None, None)] * (start.size - network.unembed.size)

    def near_enough(point: Array) -> None:
        if problem.distance <= GOOD_ENOUGH:
            raise StopIteration

    options = {"maxfun": STEPS, "maxiter": STEPS, "maxcor": 20, "ftol": 0.0, "gtol": 0.0}
    found = minimize(  # type: ignore[call-overload]
        problem.value, start, jac=True, method="L-BFGS-B", bounds=limits, options=options, callback=near_enough
    )
    problem.value(found.x)  # the last evaluation may have been of another point
    unembed, bias = problem.parts(found.x)
    return Decided(unembed, bias, problem.distance, problem.calls)


class Problem:
    """F / μ and its gradient, so that U is measured in its own size; see the module."""

    def __init__(self, network: Network, trained: Recipe, left: Array | None, right: Array | None) -> None:
        x, y = np.nonzero(trained.pairs)
        self.left = np.asarray(network.left if left is None else left, dtype=np.float64)
        self.right = np.asarray(network.right if right is None else right, dtype=np.float64)
        self.hidden = activation(network.activation)(self.left[x] + self.right[y])
        self.answers = network.table[x, y]
        self.unembed = np.asarray(network.unembed, dtype=np.float64)
        self.bias = np.asarray(network.bias, dtype=np.float64)
        self.trained = trained
        barrier = trained.optimizer == "adamw"
        known = trained.optimizer in ("adam", "sgd", "adamw")
        self.curvature = trained.decay * (trained.epsilon if barrier else 1.0) if known else 0.0
        self.barrier, self.calls, self.distance = barrier, 0, np.inf

    def start(self, edge: float) -> Array:
        """The network's own unembed and bias, inside the edge."""
        own = np.clip(self.unembed, -edge, edge).ravel()
        return np.concatenate([own, self.bias]) if self.trained.bias else own

    def parts(self, point: Array) -> tuple[Array, Array]:
        """(m, n) and (n,)."""
        size = self.unembed.size
        return point[:size].reshape(self.unembed.shape), point[size:] if self.trained.bias else self.bias

    def value(self, point: Array) -> tuple[float, Array]:
        """F / μ and its gradient; keeps the bound of statement 2 for this point."""
        self.calls += 1
        unembed, bias = self.parts(point)
        logits = self.hidden @ unembed + bias
        losses, error = cross_entropy(logits, self.answers)
        loss = float(losses.mean())
        slope = -(self.hidden.T @ error) / len(losses)
        decay, epsilon = self.trained.decay, self.trained.epsilon
        if self.barrier:
            size = np.abs(unembed)
            loss -= epsilon * float((size + np.log1p(-decay * size) / decay).sum())
            slope += epsilon * decay * unembed / (1 - decay * size)
        else:
            loss += decay / 2 * float((unembed**2).sum())
            slope += decay * unembed
        length = max(float(np.linalg.norm(unembed)), np.finfo(float).tiny)
        self.distance = float(np.linalg.norm(slope)) / self.curvature / length
        if not self.trained.bias:
            return loss / self.curvature, slope.ravel() / self.curvature
        pull = -error.mean(axis=0)
        if self.trained.bias == "decays":
            loss += decay / 2 * float((bias**2).sum())
            pull = pull + decay * bias
        return loss / self.curvature, np.concatenate([slope.ravel(), pull]) / self.curvature
