"""The optimisers of `rhoset.training.optimizers` on flat vectors (k, P), one network a row, in elementary operations
that are correctly rounded: a row's result does not depend on the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.training.config import TrainConfig
from rhoset.training.optimizers import learning_rate

Array = NDArray[Any]

PART = 16_384
"""Numbers of a vector that a step goes through at once: the five vectors' parts stay in a core's cache."""


class StackOptimizer:
    """Adam with L2 in the gradient, AdamW (decoupled), or descent with momentum.

    Parameters
    ----------
    configs
        One for each row; they agree in optimiser and `betas`.
    size
        P.
    dtype
        Of the vectors.
    """

    def __init__(self, configs: Sequence[TrainConfig], size: int, dtype: Any) -> None:
        self.configs, self.dtype = list(configs), dtype
        self.kind, self.betas = configs[0].optimizer, configs[0].betas
        self.first = np.zeros((len(configs), size), dtype)
        self.second = np.zeros((len(configs), size if self.kind != "sgd" else 0), dtype)
        self._rows = max(1, PART // size)
        self._scratch = np.empty_like(self.first[: self._rows])
        self._columns()

    def _columns(self) -> None:
        self.decay = self._column([c.weight_decay for c in self.configs])
        self.epsilon = self._column([c.epsilon for c in self.configs])
        self.any_decay = any(c.weight_decay for c in self.configs)
        rates = {(c.learning_rate, c.weight_decay, c.max_steps) for c in self.configs}
        self._alike = len(rates) == 1

    def _column(self, values: Sequence[float]) -> Array:
        return np.array(values, dtype=self.dtype)[:, None]

    def _each(self, value: Callable[[TrainConfig, int], float], steps: NDArray[np.int64]) -> Any:
        """A number for each row (k, 1), or one for all where all rows are at one step with the same settings."""
        if self._alike and (steps == steps[0]).all():
            return self.dtype(value(self.configs[0], int(steps[0])))
        return self._column([value(c, int(s)) for c, s in zip(self.configs, steps, strict=True)])

    def step(self, weights: Array, gradient: Array, steps: NDArray[np.int64]) -> Array:
        """One step; returns the change that was subtracted, without a decoupled decay.

        Parameters
        ----------
        weights, gradient
            (k, P); the weights are changed, the gradient is overwritten with the change.
        steps
            Number of this step for each row, from 1.
        """
        rates = self._each(learning_rate, steps)
        shrink: Any = None
        unbias: Any = None
        if self.kind == "adamw" and self.any_decay:
            shrink = self._each(lambda c, s: 1 - learning_rate(c, s) * c.weight_decay, steps)
        if self.kind != "sgd":
            slow, slower = self.betas
            rates = self._each(lambda c, s: learning_rate(c, s) / (1 - slow**s), steps)
            unbias = self._each(lambda c, s: (1 - slower**s) ** 0.5, steps)
        for start in range(0, len(weights), self._rows):
            here = slice(start, start + self._rows)
            columns = (_rows_of(c, here) for c in (rates, shrink, unbias))
            self._part(here, weights[here], gradient[here], *columns)
        return gradient

    def _part(self, here: slice, weights: Array, gradient: Array, rates: Any, shrink: Any, unbias: Any) -> None:
        """The step of some rows, while their vectors are in the cache."""
        first, scratch = self.first[here], self._scratch[: len(weights)]
        if self.any_decay and self.kind != "adamw":
            np.multiply(weights, self.decay[here], out=scratch)
            gradient += scratch
        if self.kind == "sgd":
            first *= self.dtype(self.betas[0])
            first += gradient
            np.multiply(first, rates, out=gradient)
            weights -= gradient
            return
        if shrink is not None:
            weights *= shrink
        second, (slow, slower) = self.second[here], self.betas
        first *= self.dtype(slow)
        np.multiply(gradient, self.dtype(1 - slow), out=scratch)
        first += scratch
        second *= self.dtype(slower)
        np.multiply(gradient, gradient, out=scratch)
        scratch *= self.dtype(1 - slower)
        second += scratch
        np.sqrt(second, out=scratch)
        scratch /= unbias
        scratch += self.epsilon[here]
        np.divide(first, scratch, out=gradient)
        gradient *= rates
        weights -= gradient

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these rows only."""
        rows = list(places)
        self.configs = [self.configs[i] for i in rows]
        self.first, self.second = self.first[rows], self.second[rows]
        self._columns()


def _rows_of(column: Any, here: slice) -> Any:
    """A part of a column (k, 1); one number for all rows stays."""
    return column[here] if isinstance(column, np.ndarray) and column.ndim else column
