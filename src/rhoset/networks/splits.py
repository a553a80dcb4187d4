"""Which pairs training sees: drawn by a seed, so that a network's metadata say it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SPLIT_STREAM = 1
"""Keeps the split's random numbers apart from those of the epochs (2, in `rhoset.training.batches`)."""


def drawn_pairs(n: int, fraction: float, seed: int) -> NDArray[np.int64] | None:
    """Sorted flat positions x·n + y of the training pairs of a group of order n; None: all of them.

    Parameters
    ----------
    n
        Order of the group.
    fraction
        Share of the n² pairs, in (0, 1].
    seed
        Of the split.
    """
    if fraction == 1:
        return None
    count = max(1, round(fraction * n * n))
    return np.sort(np.random.default_rng([_SPLIT_STREAM, seed]).permutation(n * n)[:count]).astype(np.int64)
