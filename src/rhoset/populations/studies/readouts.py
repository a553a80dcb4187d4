"""What a study's question wants read off: tables with intervals and tests, one function a readout."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import irreps
from rhoset.populations.studies.results import KeySet, SettingResults, StudyResults
from rhoset.populations.studies.spec import readout
from rhoset.populations.testing import holm, law_test, percentile_interval, resampled_means
from rhoset.shares import clopper_pearson

RELABELLINGS = 1999
"""Of a test between two settings; there are many in a study."""
DRAWS = 9999
"""Random draws of tests by simulation and of bootstrap intervals."""


@dataclass(frozen=True)
class Readout:
    """A table that answers a question, with one sentence on how it is made.

    Attributes
    ----------
    name, title, method
        Of the readout.
    headers, rows
        The table.
    """

    name: str
    title: str
    method: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


@readout
def same_class(results: StudyResults) -> Readout:
    """How often all neurons of a network end pure for one and the same class."""
    rows = []
    for of in results.settings:
        pure = of.arrays["pure"]
        same = (pure[:, :1] >= 0).all(axis=1) & (pure == pure[:, :1]).all(axis=1)
        every = (pure >= 0).all(axis=1)
        share = clopper_pearson(int(same.sum()), len(same))
        settled = int((same & of.converged).sum())
        found = (share.total, share.count, share.share, share.low, share.high)
        rows.append((of.setting.name, *found, int((every & ~same).sum()), settled))
    return Readout(
        "same_class",
        "All neurons pure for the same class",
        f"Neurons are ({results.settings[0].delta:g}, [ρ])-pure; exact 95 % intervals (Clopper-Pearson) over seeds.",
        (
            "setting",
            "networks",
            "same class",
            "share",
            "low",
            "high",
            "all pure, different classes",
            "same class, converged",
        ),
        tuple(rows),
    )


@readout
def law_changes(results: StudyResults) -> Readout:
    """How the law of key sets changes when one column of the grid does."""
    pairs = []
    for a, b in combinations(results.settings, 2):
        differ = [k for k in a.setting.values if a.setting.values[k] != b.setting.values[k]]
        if len(differ) == 1 and differ[0] != "group":
            pairs.append((a, b, differ[0]))
    found: list[tuple[Any, ...]] = []
    for a, b, key in pairs:
        sets = [of.key_sets(squared=True) for of in (a, b)]
        loose = [of.key_sets() for of in (a, b)]
        ps = [law_test(one, two, shuffles=RELABELLINGS) for one, two in (loose, sets)]
        found.append((a, b, key, *ps, loose, sets))
    first, second = holm([f[3] for f in found]), holm([f[4] for f in found])
    rows = [
        (
            a.setting.name,
            f"{key}={b.setting.values[key]}",
            total_variation(*loose),
            p,
            total_variation(*sets),
            p2,
        )
        for (a, b, key, _, _, loose, sets), p, p2 in zip(found, first, second, strict=True)
    ]
    least = min(1.0, len(found) / (1 + RELABELLINGS))
    return Readout(
        "law_changes",
        "How the law of key sets changes with one setting",
        "Total variation distance of the observed laws, and p values by random relabelling (χ²), corrected by Holm over"
        " the table; first for b ≥ ε, then for b² ≥ ε. A large p means that no difference was found; the least that"
        f" {RELABELLINGS} relabellings can give is {least:.2g}. Where only decay differs, networks of one seed start"
        " alike, and the p values err to the large side.",
        ("from", "to", "distance, b ≥ ε", "p", "distance, b² ≥ ε", "p (b² ≥ ε)"),
        tuple(rows),
    )


def total_variation(a: Sequence[KeySet], b: Sequence[KeySet]) -> float:
    """Half the sum of the differences of the shares."""
    first, second = Counter(a), Counter(b)
    return math.fsum(abs(first[s] / len(a) - second[s] / len(b)) for s in {*first, *second}) / 2  # in any order


@readout
def over_time(results: StudyResults) -> Readout:
    """Shares of the key sets after each of the study's moments and at the end, those seen at least twice at the end."""
    rows: list[tuple[Any, ...]] = []
    for of in results.settings:
        final = [entry for entry in of.law(squared=True) if entry["count"] >= min(2, len(of))]
        moments: list[tuple[str, int | None]] = [(str(step), m) for m, step in enumerate(of.at)]
        for label, moment in [*moments, ("end", None)]:
            sets = of.key_sets(squared=True, moment=moment)
            for entry in final:
                found = clopper_pearson(sum(s == tuple(entry["set"]) for s in sets), len(sets))
                rows.append((of.setting.name, label, entry["label"], *astuple(found)))
    return Readout(
        "over_time",
        "Key sets over training",
        "Key sets with b² ≥ ε; exact 95 % intervals. A network that had ended counts as it ended.",
        ("setting", "updates", "key set", "count", "networks", "share", "low", "high"),
        tuple(rows),
    )


@readout
def proportions(results: StudyResults) -> Readout:
    """Shares of pure neurons by class beside those proportional to Σ d² and Σ d³."""
    rows: list[tuple[Any, ...]] = []
    rng = np.random.default_rng(0)
    for of in results.settings:
        nu = of.multiplicities
        dims = complex_dimensions(of)
        square = np.array([count * d**2 for count, d in dims], dtype=float)
        cube = np.array([count * d**3 for count, d in dims], dtype=float)
        low, high = percentile_interval(_shares(resampled_means(nu, rng)))
        share = _shares(nu.sum(axis=0))
        for c, name in enumerate(of.classes):
            rows.append(
                (
                    of.setting.name,
                    of.labels[name],
                    dims[c][1],
                    float(nu[:, c].mean()),
                    float(share[c]),
                    float(low[c]),
                    float(high[c]),
                    float(square[c] / square.sum()),
                    float(cube[c] / cube.sum()),
                )
            )
    return Readout(
        "proportions",
        "Pure neurons by class, and what two heuristics predict",
        "Share of each class among the pure neurons, 95 % bootstrap interval over whole networks (neurons of one"
        " network are not independent), beside shares proportional to Σ d² (dimension of the isotypic part) and"
        " Σ d³, the sums over the complex irreps of the class.",
        ("setting", "class", "d", "ν", "share of the pure", "low", "high", "Σ d²", "Σ d³"),
        tuple(rows),
    )


def complex_dimensions(of: SettingResults) -> list[tuple[int, int]]:
    """(number, dimension) of the complex irreps in each class."""
    known = {irrep.name: irrep for irrep in irreps(of.setting.group)}
    found = []
    for name in of.classes:
        irrep = known[name]
        number = 2 if irrep.type == "complex" else 1
        found.append((number, irrep.dim if irrep.type == "real" else irrep.dim // 2))
    return found


def _shares(pure: NDArray[np.float64]) -> NDArray[np.float64]:
    total = pure.sum(axis=-1, keepdims=True)
    return np.asarray(pure / np.where(total > 0, total, 1.0))


@readout
def growth(results: StudyResults) -> Readout:
    """How the mean spectral count grows with the order of the group: least squares of log N on log n."""
    rng = np.random.default_rng(0)
    rows: list[tuple[Any, ...]] = []
    families: dict[tuple[Any, ...], list[SettingResults]] = {}
    for of in results.settings:
        rest = tuple((k, v) for k, v in of.setting.values.items() if k != "group")
        families.setdefault(rest, []).append(of)
        counts = of.counts
        low, high = percentile_interval(resampled_means(counts, rng))
        share = counts.mean() / max(1, len(of.classes))
        right = int(of.correct.sum())
        found = (float(counts.mean()), float(low), float(high), share, "")
        rows.append((of.setting.name, of.setting.group.order, len(of), right, *found))
    for rest, members in families.items():
        if len(members) < 3:
            continue
        orders = np.log([of.setting.group.order for of in members])
        means = np.stack([of.counts.mean(keepdims=True) for of in members])
        drawn = np.stack([resampled_means(of.counts, rng) for of in members])
        (middle,), slopes = (np.polyfit(orders, np.log(np.maximum(m, 1e-9)), 1)[0] for m in (means, drawn))
        low, high = percentile_interval(slopes)
        name = ", ".join(f"{k}={v}" for k, v in rest) or "all"
        rows.append((name, "", "", "", "", "", "", "", f"N ∝ n^{middle:.2f} ({low:.2f} to {high:.2f})"))
    return Readout(
        "growth",
        "Spectral count against the order of the group",
        "Mean N_δ with a 95 % bootstrap interval, and as a share of all classes; the last rows have the exponent of a"
        " power law through the means, with a bootstrap interval over networks. It says nothing beyond these orders.",
        ("setting", "n", "networks", "right everywhere", "mean N", "low", "high", "share of classes", "fit"),
        tuple(rows),
    )


@readout
def uniform_sets(results: StudyResults) -> Readout:
    """Given its size k, is the key set of a cyclic group of prime order a uniform k-set of frequencies?"""
    rows: list[tuple[Any, ...]] = []
    rng = np.random.default_rng(0)
    for of in results.settings:
        p = of.setting.group.order
        half = (p - 1) // 2
        turning = [int(of.labels[name].removeprefix("f=")) for name in of.classes]
        place = dict(zip(of.classes, turning, strict=True))
        sets = [frozenset(place[name] for name in s) for s in of.key_sets(squared=True)]
        for k in sorted({len(s) for s in sets}):
            chosen = [s for s in sets if len(s) == k]
            if not 1 < k < half - 1 or len(chosen) < 5:  # transitive on 1-sets and their complements: nothing to test
                continue
            orbits = orbits_of_sets(p, k)
            observed = np.array([sum(s in orbit for s in chosen) for orbit in orbits])
            expected = np.array([len(orbit) for orbit in orbits]) / math.comb(half, k)
            p_value = simulated(observed, expected, rng)
            doubling = float(np.mean([doubled(s, p) for s in chosen]))
            baseline = float(np.mean([doubled(s, p) for orbit in orbits for s in orbit]))
            p_doubling = _doubling(chosen, orbits, p, rng)
            rows.append((of.setting.name, k, len(chosen), len(orbits), p_value, doubling, baseline, p_doubling))
    ps = holm([row[4] for row in rows] + [row[7] for row in rows])
    rows = [(*row, ps[i], ps[len(rows) + i]) for i, row in enumerate(rows)]
    return Readout(
        "uniform_sets",
        "Are all k-sets of frequencies equally likely?",
        "Key sets with b² ≥ ε of one size k. Multiplication by units keeps the ensemble, so only orbits of k-sets can"
        " differ: χ² of their counts against their sizes, p by simulation. Doubling: mean number of pairs f, ±2f in the"
        " set, beside that of uniform k-sets. Corrected by Holm over both columns; a large p means that no preference"
        " was found.",
        (
            "setting",
            "k",
            "networks",
            "orbits",
            "p orbits",
            "doubling pairs",
            "if uniform",
            "p doubling",
            "p orbits, corrected",
            "p doubling, corrected",
        ),
        tuple(rows),
    )


def orbits_of_sets(p: int, k: int) -> list[set[frozenset[int]]]:
    """Orbits of the k-sets of frequencies 1 … (p−1)/2 under multiplication by units mod p (p prime)."""
    left = {frozenset(s) for s in combinations(range(1, (p - 1) // 2 + 1), k)}
    orbits = []
    while left:
        start = next(iter(left))
        orbit = {frozenset(min(t * f % p, -t * f % p) for f in start) for t in range(1, (p - 1) // 2 + 1)}
        orbits.append(orbit)
        left -= orbit
    return sorted(orbits, key=lambda orbit: (len(orbit), sorted(map(sorted, orbit))))


def doubled(frequencies: frozenset[int], p: int) -> int:
    """Number of f in the set with ±2f in it too."""
    return sum(min(2 * f % p, -2 * f % p) in frequencies for f in frequencies)


def simulated(observed: NDArray[np.int64], expected: NDArray[np.float64], rng: np.random.Generator) -> float:
    """p value of χ² of counts against expected shares, by `DRAWS` multinomial draws."""
    total = int(observed.sum())

    def statistic(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(((counts - total * expected) ** 2 / (total * expected)).sum(axis=-1))

    draws = statistic(rng.multinomial(total, expected / expected.sum(), size=DRAWS))
    return float((1 + (draws >= statistic(observed) - 1e-9).sum()) / (1 + DRAWS))


def _doubling(
    chosen: Sequence[frozenset[int]], orbits: Sequence[set[frozenset[int]]], p: int, rng: np.random.Generator
) -> float:
    """Two-sided p value of the mean number of doubled frequencies among uniform k-sets, by simulation."""
    values, counts = np.unique([doubled(s, p) for orbit in orbits for s in orbit], return_counts=True)
    shares = counts / counts.sum()
    seen, middle = float(np.mean([doubled(s, p) for s in chosen])), float(values @ shares)
    draws = rng.multinomial(len(chosen), shares, size=DRAWS) @ values / len(chosen)
    away = np.abs(draws - middle) >= abs(seen - middle) - 1e-9
    return float((1 + away.sum()) / (1 + DRAWS))
