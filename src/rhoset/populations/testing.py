"""Tests and intervals for populations, with the power that they had.

References: Fisher 1935; Mann and Whitney, Ann. Math. Stat. 18 (1947) 50; Efron, Ann. Stat. 7 (1979) 1;
Holm, Scand. J. Stat. 6 (1979) 65; Cohen, Statistical Power Analysis (1988), section 6; Noether, J. Am. Stat. Assoc. 82
(1987) 645; Székely and Rizzo, InterStat (2004).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.shares import clopper_pearson

ALPHA = 0.05
"""Level of every test and one minus the confidence of every interval."""
POWER = 0.8
"""Power at which the least difference that would have been found is stated."""
SHUFFLES = 9999
"""Random relabellings in permutation tests; p values are multiples of 1e-4. Fewer are faster and coarser."""


@dataclass(frozen=True)
class ShareTest:
    """How often something is so in A and in B.

    Attributes
    ----------
    name
        What is counted.
    counts, totals
        In A and in B.
    intervals
        Clopper-Pearson, 95 %.
    p
        Fisher's exact test, two-sided.
    p_adjusted
        The same after Holm's correction over its family; equal to `p` until `holm` has been applied.
    detectable
        The least shares of B, below and above A's, that this test would have found with 80 % power (arcsine
        approximation); None where no share is far enough.
    """

    name: str
    counts: tuple[int, int]
    totals: tuple[int, int]
    intervals: tuple[tuple[float, float], tuple[float, float]]
    p: float
    p_adjusted: float
    detectable: tuple[float | None, float | None]


def share_test(name: str, counts: tuple[int, int], totals: tuple[int, int]) -> ShareTest:
    """Fisher's exact test of two shares with Clopper-Pearson intervals."""
    p = fisher_exact(counts, totals)
    a, b = map(clopper_pearson, counts, totals)
    intervals = ((a.low, a.high), (b.low, b.high))
    return ShareTest(name, counts, totals, intervals, p, p, detectable_shares(counts[0] / max(totals[0], 1), totals))


def fisher_exact(counts: tuple[int, int], totals: tuple[int, int]) -> float:
    """p value, two-sided: of all tables with these sums, the share of those that are no likelier than this one. Exact,
    in integers; scipy.stats, which has it too, takes two seconds to load.

    Examples
    --------
    >>> fisher_exact((3, 1), (4, 4)) == 34 / 70
    True
    """
    (a, b), found = totals, sum(counts)
    ways = {k: math.comb(a, k) * math.comb(b, found - k) for k in range(max(0, found - b), min(a, found) + 1)}
    return sum(way for way in ways.values() if way <= ways[counts[0]]) / sum(ways.values())


def detectable_shares(share: float, totals: tuple[int, int]) -> tuple[float | None, float | None]:
    """Shares below and above `share` that differ from it by the least that would be found (Cohen's h)."""
    if min(totals) == 0:
        return None, None
    h = _quantiles() * math.sqrt(1 / totals[0] + 1 / totals[1])
    angle = math.asin(math.sqrt(share))
    low, high = angle - h / 2, angle + h / 2
    return (math.sin(low) ** 2 if low >= 0 else None), (math.sin(high) ** 2 if high <= math.pi / 2 else None)


def _quantiles() -> float:
    return NormalDist().inv_cdf(1 - ALPHA / 2) + NormalDist().inv_cdf(POWER)


@dataclass(frozen=True)
class RankTest:
    """How a number is distributed in A and in B.

    Attributes
    ----------
    name, unit
        What, and in what.
    sizes
        Networks of A and B in which it is known.
    medians
        Of A and B.
    greater
        P(A > B) + P(A = B)/2 of one network of each; 0.5 without a difference.
    p, p_adjusted
        Mann and Whitney's test, two-sided; exact without ties up to 8 networks, otherwise asymptotic with the
        correction for ties.
    detectable
        The least |greater − 0.5| that would have been found with 80 % power (Noether); at most 0.5, None beyond.
    """

    name: str
    unit: str
    sizes: tuple[int, int]
    medians: tuple[float, float]
    greater: float
    p: float
    p_adjusted: float
    detectable: float | None


def rank_test(name: str, unit: str, a: Sequence[float], b: Sequence[float]) -> RankTest | None:
    """Mann and Whitney's test; None where one side has no number."""
    if not a or not b:
        return None
    total = len(a) + len(b)
    statistic, p = mann_whitney(a, b)
    detectable = _quantiles() / math.sqrt(12 * total * (len(a) / total) * (len(b) / total))
    greater = statistic / (len(a) * len(b))
    medians = (float(np.median(a)), float(np.median(b)))
    sizes = (len(a), len(b))
    return RankTest(name, unit, sizes, medians, greater, p, p, detectable if detectable <= 0.5 else None)


FEW = 8
"""Without ties and with at most so many networks on one side, Mann and Whitney's p value is exact."""


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """U of A, and its p value, two-sided: exact where there are few and no ties, else of the normal distribution with
    the correction for ties and for continuity; 1 where all numbers are equal.

    Examples
    --------
    >>> mann_whitney([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    (0.0, 0.1)
    """
    m, n, pooled = len(a), len(b), np.array([*a, *b], dtype=np.float64)
    _, place, times = np.unique(pooled, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[place]  # the mean of those that equal numbers share
    u = float(ranks[:m].sum()) - m * (m + 1) / 2
    most = max(u, m * n - u)
    if min(m, n) <= FEW and times.max() == 1:
        ways = _orders(m, n)
        return u, min(1.0, 2 * sum(ways[int(most) :]) / sum(ways))
    ties = float((times**3.0 - times).sum()) / ((m + n) * (m + n - 1))
    spread = math.sqrt(m * n / 12 * (m + n + 1 - ties))
    return u, min(1.0, math.erfc((most - m * n / 2 - 0.5) / spread / math.sqrt(2))) if spread else 1.0


def _orders(m: int, n: int) -> list[int]:
    """How many orders of m and n different numbers have each U, from 0 to m n: the Gaussian binomial coefficient."""
    ways = [1] + [0] * (m * n)
    for i in range(1, min(m, n) + 1):
        for u in range(m * n, max(m, n) + i - 1, -1):  # times 1 − q^(max + i)
            ways[u] -= ways[u - max(m, n) - i]
        for u in range(i, m * n + 1):  # over 1 − q^i
            ways[u] += ways[u - i]
    return ways


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values of a family.

    Examples
    --------
    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    out, worst = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        out[index] = worst
    return out


def resampled_means(values: NDArray[Any], rng: np.random.Generator, draws: int = 2000) -> NDArray[np.float64]:
    """(draws, ...) means of as many of the k rows of (k, ...) `values` as there are, drawn with replacement."""
    k = len(values)
    return np.asarray(rng.multinomial(k, np.full(k, 1 / k), size=draws) @ values / k)


def percentile_interval(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where 95 % of samples lie, along the first axis: of a function of `resampled_means`, its bootstrap interval."""
    low, high = np.quantile(samples, (ALPHA / 2, 1 - ALPHA / 2), axis=0)
    return low, high


def law_test(a: Sequence[Hashable], b: Sequence[Hashable], shuffles: int = SHUFFLES, seed: int = 0) -> float:
    """p value of the hypothesis that two samples of categories have one law: Pearson's χ² under random relabelling of
    the pooled sample (exact but for the number of `shuffles`).

    Examples
    --------
    >>> law_test(["x"] * 20, ["y"] * 20) < 0.001, law_test(["x", "y"] * 9, ["y", "x"] * 9) > 0.9
    (True, True)
    """
    kinds = {kind: k for k, kind in enumerate(dict.fromkeys([*a, *b]))}
    pooled = np.array([kinds[kind] for kind in (*a, *b)])
    totals = np.bincount(pooled, minlength=len(kinds))
    expected = totals * len(a) / max(len(pooled), 1)

    def statistic(labels: NDArray[np.bool_]) -> float:
        seen = np.bincount(pooled[labels], minlength=len(kinds))
        return float(((seen - expected) ** 2 / totals).sum())  # χ² but for a factor that shuffling keeps

    return shuffled(statistic, len(a), len(b), shuffles, seed)


def energy_test(
    distances: NDArray[np.float64], first: int, shuffles: int = SHUFFLES, seed: int = 0
) -> tuple[float, float]:
    """Székely and Rizzo's energy statistic of two samples from their matrix of distances, and its p value under random
    relabelling.

    Parameters
    ----------
    distances
        (k, k) symmetric; the first `first` are A. At least two on each side.

    Returns
    -------
    tuple
        2·mean d(A, B) − mean d(A, A') − mean d(B, B') over different networks, and p.
    """
    total = len(distances)

    def statistic(labels: NDArray[np.bool_]) -> float:
        x = labels.astype(np.float64)
        y = 1 - x
        inside_a, inside_b, across = x @ distances @ x, y @ distances @ y, x @ distances @ y
        a, b = x.sum(), y.sum()
        return float(2 * across / (a * b) - inside_a / (a * (a - 1)) - inside_b / (b * (b - 1)))

    labels = np.arange(total) < first
    return statistic(labels), shuffled(statistic, first, total - first, shuffles, seed)


def shuffled(statistic: Callable[[NDArray[np.bool_]], float], a: int, b: int, shuffles: int, seed: int) -> float:
    """(1 + number of relabellings with a statistic at least the observed) / (1 + relabellings)."""
    labels = np.arange(a + b) < a
    observed = statistic(labels)
    rng = np.random.default_rng(seed)
    level = observed - 1e-12 * (1 + abs(observed))
    above = sum(statistic(rng.permutation(labels)) >= level for _ in range(shuffles))
    return (1 + above) / (1 + shuffles)
