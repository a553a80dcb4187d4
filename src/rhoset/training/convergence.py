"""When a network has converged: for so many updates in a row, the relative change of its objective and that of its
parameters are both below a tolerance.

The objective is the training loss with its decay term, ½·weight_decay·‖θ‖²: the function whose gradient Adam with L2
follows. The change of the update t is known when the loss after it is, that is, before the update t + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.training.config import TrainConfig


class Convergence:
    """The rule for each network of a stack.

    Parameters
    ----------
    configs
        `convergence_tolerance` (0: never), `convergence_updates` and `weight_decay` of each.
    """

    def __init__(self, configs: Sequence[TrainConfig]) -> None:
        self.objective = np.full(len(configs), np.nan)
        self.moves = np.full(len(configs), np.inf)
        self.quiet = np.zeros(len(configs), np.int64)
        self.done: tuple[int, ...] = ()
        self._columns(configs)

    def _columns(self, configs: Sequence[TrainConfig]) -> None:
        self.configs = list(configs)
        self.tolerance = np.array([c.convergence_tolerance for c in configs])
        self.updates = np.array([c.convergence_updates for c in configs])
        self.half_decay = 0.5 * np.array([c.weight_decay for c in configs])
        self.wanted = bool(self.tolerance.any())

    def look(self, losses: NDArray[np.float64], weights: NDArray[Any]) -> tuple[int, ...]:
        """Before an update: the training losses (k,) at the weights (k, P). Returns the places that have converged."""
        if not self.wanted:
            return ()
        objective = losses + self.half_decay * _squares(weights)
        change = np.abs(objective - self.objective)
        still = (change < self.tolerance * np.abs(self.objective)) & (self.moves < self.tolerance)
        self.quiet = np.where(still, self.quiet + 1, 0)
        self.objective = objective
        self.done = tuple(int(i) for i in np.flatnonzero((self.quiet >= self.updates) & (self.tolerance > 0)))
        return self.done

    def moved(self, change: NDArray[Any], weights: NDArray[Any]) -> None:
        """After an update: what was subtracted, and the new weights."""
        if self.wanted:
            self.moves = np.sqrt(_squares(change) / _squares(weights))

    def state(self, place: int) -> NDArray[np.float64]:
        """What the rule remembers of one network."""
        return np.array([self.objective[place], self.moves[place], float(self.quiet[place])])

    def restore(self, place: int, state: NDArray[np.float64]) -> None:
        """The inverse of `state`."""
        self.objective[place], self.moves[place] = state[0], state[1]
        self.quiet[place] = int(state[2])

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these networks only."""
        rows = list(places)
        self.objective, self.moves, self.quiet = self.objective[rows], self.moves[rows], self.quiet[rows]
        self.done = ()
        self._columns([self.configs[i] for i in rows])


def _squares(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Squared norms (k,) in float64: a product of a row with itself for each network."""
    wide = rows.astype(np.float64, copy=False)
    return np.asarray(np.matmul(wide[:, None, :], wide[:, :, None]))[:, 0, 0]
