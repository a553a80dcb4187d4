"""Shares of a population with their 95 % intervals, and quartiles: written once for every table, test and picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from rhoset.errors import RhosetError

CONFIDENCE = 0.95
"""Of every interval that does not say another."""

Bounds = tuple[float, float]
"""The ends of an interval."""


@dataclass(frozen=True)
class Share:
    """A share of a population.

    Parameters
    ----------
    count, total
        How many of how many.
    share
        count / total (nan when total is 0).
    low, high
        The interval of the function that made it; 0 and 1 when total is 0.
    """

    count: int
    total: int
    share: float
    low: float
    high: float


def wilson(count: int, total: int, confidence: float = CONFIDENCE) -> Share:
    """A share with Wilson's score interval, which stays inside [0, 1] and is sound for small populations.

    Parameters
    ----------
    count, total
        0 ≤ count ≤ total.
    confidence
        Two-sided, in (0, 1).

    Raises
    ------
    RhosetError
        ``bad-statistics``.

    Notes
    -----
    Wilson, J. Am. Stat. Assoc. 22 (1927) 209.

    Examples
    --------
    >>> s = wilson(45, 100)
    >>> round(s.low, 3), round(s.high, 3)
    (0.356, 0.548)
    """
    return _interval(count, total, confidence, _score)


def clopper_pearson(count: int, total: int, confidence: float = CONFIDENCE) -> Share:
    """A share with the exact interval: at least the confidence for every true share. Arguments and errors as `wilson`.

    Notes
    -----
    Clopper and Pearson, Biometrika 26 (1934) 404.

    Examples
    --------
    >>> s = clopper_pearson(0, 10)
    >>> s.low, round(s.high, 4)
    (0.0, 0.3085)
    """
    return _interval(count, total, confidence, _exact)


def _interval(count: int, total: int, confidence: float, bounds: Callable[[int, int, float], Bounds]) -> Share:
    """With these bounds; 0 and 1 where they are known to be."""
    if not 0 <= count <= total or not 0 < confidence < 1:
        raise RhosetError(
            f"count {count} of {total} at confidence {confidence}: need 0 ≤ count ≤ total and a confidence in (0, 1)",
            slug="bad-statistics",
        )
    if total == 0:
        return Share(0, 0, math.nan, 0.0, 1.0)
    low, high = bounds(count, total, (1 + confidence) / 2)
    return Share(count, total, count / total, low if count else 0.0, high if count < total else 1.0)


def _score(count: int, total: int, quantile: float) -> Bounds:
    z = NormalDist().inv_cdf(quantile)
    centre, size = (count + z * z / 2) / (total + z * z), z / (total + z * z)
    half = size * math.sqrt(count * (total - count) / total + z * z / 4)
    return centre - half, centre + half


def _exact(count: int, total: int, quantile: float) -> Bounds:
    from scipy.special import betaincinv  # scipy.stats takes five times as long to load

    low = float(betaincinv(max(count, 1), total - count + 1, 1 - quantile))
    return low, float(betaincinv(count + 1, max(total - count, 1), quantile))


def quartiles(values: Sequence[float]) -> tuple[float, float, float, float, float]:
    """Least, lower quartile, median, upper quartile, largest (linear interpolation); nan where there is no value.

    Examples
    --------
    >>> quartiles([1, 2, 3, 4, 5])
    (1.0, 2.0, 3.0, 4.0, 5.0)
    """
    import numpy as np

    least, lower, median, upper, most = (
        np.quantile(values, (0.0, 0.25, 0.5, 0.75, 1.0)) if len(values) else [math.nan] * 5
    )
    return float(least), float(lower), float(median), float(upper), float(most)
