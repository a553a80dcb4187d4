"""Which pairs are for training, and which of them a step sees. Nothing here keeps state: a batch is
a function of (seed, step), so training resumes in the middle without a generator to save."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.splits import drawn_pairs
from rhoset.training.config import TrainConfig
from rhoset.training.curriculum import Curriculum

_EPOCH_STREAM, _DRAWN_STREAM = 2, 3
"""Keep the random numbers of epochs and of draws apart from those of the split (1, in `rhoset.networks.splits`)."""


def training_pairs(n: int, config: TrainConfig, seed: int) -> NDArray[np.int64] | None:
    """Sorted flat positions x·n + y of the training pairs; None: all of them.

    Parameters
    ----------
    n
        Order of the group.
    config
        `train_fraction` and `split_seed`.
    seed
        The network's, used when `split_seed` is None.
    """
    return drawn_pairs(n, config.train_fraction, seed if config.split_seed is None else config.split_seed)


class Batches:
    """Minibatches of the training pairs by step.

    Parameters
    ----------
    pairs
        (k,) flat positions.
    config
        `batch`, at most k, and `replacement`.
    seed
        Of the order of the pairs, a new one each epoch; or of the pairs that each step draws.
    curriculum
        Whose stages draw from the pairs of a subgroup's elements, with `replacement`; None: without stages.

    Raises
    ------
    RhosetError
        ``bad-setting`` when the batch is larger than the training set.
    """

    def __init__(
        self, pairs: NDArray[np.int64], config: TrainConfig, seed: int, curriculum: Curriculum | None = None
    ) -> None:
        batch = config.batch or len(pairs)
        if batch > len(pairs):
            raise RhosetError(
                f"training setting batch is {batch}, but there are only {len(pairs)} training "
                "pairs; it must be at most that, or 0 for all of them",
                slug="bad-setting",
            )
        self.pairs, self.batch, self.seed = pairs, batch, seed
        self.per_epoch = len(pairs) // batch
        self.replacement, self.curriculum = config.replacement, curriculum
        self._epoch, self._order = -1, pairs
        self._stage = 0, pairs

    def at(self, step: int) -> NDArray[np.int64]:
        """The pairs of the step numbered from 1, some of them several times where they are drawn with replacement."""
        if self.replacement:
            generator = np.random.default_rng([_DRAWN_STREAM, self.seed, step])
            pairs = self._inside(step)
            return pairs[generator.integers(0, len(pairs), self.batch)]
        epoch, place = divmod(step - 1, self.per_epoch)
        if epoch != self._epoch:
            generator = np.random.default_rng([_EPOCH_STREAM, self.seed, epoch])
            self._epoch, self._order = epoch, generator.permutation(self.pairs)
        return self._order[place * self.batch : (place + 1) * self.batch]

    def _inside(self, step: int) -> NDArray[np.int64]:
        """The training pairs that a step draws from; those of the last stage asked for are kept."""
        if self.curriculum is None or not self.curriculum.stages:
            return self.pairs
        elements, n = self.curriculum.among(step), self.curriculum.order
        if elements != self._stage[0]:
            self._stage = elements, self.pairs[(self.pairs < elements * n) & (self.pairs % n < elements)]
        return self._stage[1]


def log_spaced(count: int, last: int) -> frozenset[int]:
    """About `count` distinct steps from 1 to `last`, evenly spaced in the logarithm."""
    if not count:
        return frozenset()
    return frozenset(int(s) for s in np.unique(np.geomspace(1, last, count).round().astype(int)))
