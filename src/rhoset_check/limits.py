"""What a certificate may ask for: work and memory, from the shapes in its header alone (FORMAT.md, "Limits")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from rhoset_check.near import require

SECOND = 2 * 10**10
"""Multiply-adds of a matrix product in a second, generously: the free part of the limit of work."""
PASS, CALL = 64, 10**5
"""What a step on one number outside a product, and a call of numpy, cost in multiply-adds of a product."""
MOST_ENTRIES = 1 << 24
"""Entries of any table that a certificate makes the checker form beside the two files."""
MOST_HEADER = 1 << 22
"""Bytes of a file's header: what names and shapes may take before any limit of theirs can be asked for."""
MOST_SETS = 512
"""G-sets, or circles, of a certificate."""
MOST_KINDS = 64
"""Rule points: elements move points of its sets in so many ways at most."""


def rows_at_once(n: int, m: int) -> int:
    """Rows of pairs, one x each, that are settled together: enough for numpy, few enough for memory."""
    return max(8, (1 << 21) // (n * max(n, m + 1)))


def exhaustive(n: int, m: int) -> int:
    """What evaluating every output of every pair takes, in multiply-adds of a product; single outputs, by the rules'
    bounds or from all neurons, may take as much once more."""
    return n * n * (m * n + PASS * (m + n) + 30 * CALL * max(n, m) // (1 << 19)) + 30 * CALL


@dataclass
class Budget:
    """What single outputs may still take, in multiply-adds, and how many more pairs may be evaluated whole. Decides no
    bound's truth."""

    work: float
    exact: int
    spent: Counter[str] = field(default_factory=Counter)
    """For readers: what each stage had to do."""

    def pay(self, what: str, count: int, price: int = 0) -> None:
        """So many of these are done, at this price each."""
        self.spent[what] += count
        self.work -= count * price


def limit(rule: str, sizes: Sequence[int], there: Container[str], samples: int, n: int, m: int) -> None:
    """Refuse, from shapes alone, what would take more work or memory than exhaustive evaluation can excuse: `sizes` of
    its sets (of circles 2, of lowrank the number of features) and the names of the tensors that are `there`.

    Work: what the rule does for all pairs, at most twice `exhaustive` and half a second; single outputs have the same
    once more (`settle.prepare`). Memory: no table of more than `MOST_ENTRIES`; where several of one size stand side by
    side, all of them. FORMAT.md has the terms.
    """
    rules = {"circles": _circles_limit, "points": _points_limit, "lowrank": _lowrank_limit, "gaps": _gaps_limit}
    work, tables = rules[rule](sizes, there, samples, n, m) if rule in rules else (0, [0])
    require(max(tables) <= MOST_ENTRIES, "the certificate's sets, circles or features are too large")
    most = 2 * exhaustive(n, m) + SECOND / 2
    require(work <= most, "the certificate asks for far more work than exhaustive evaluation")


def _points_limit(sizes: Sequence[int], _: object, samples: int, n: int, m: int) -> tuple[int, list[int]]:
    """Multiply-adds of rule points, single outputs apart; entries of its tables."""
    k, points, kinds = sum(q * q for q in sizes), sum(sizes), min(n, MOST_KINDS)
    chunk = (1 << 19) // max(m + 1, 2 * k, 4 * kinds) + 1
    once = m * (3 * n * n + 2 * n * k + k * k) + PASS * n * (m * (4 * samples + 20) + n + 10 * points)
    each_pair = (k + 1) * m + kinds * points + PASS * (8 * m + 10 * k + 20 * points + kinds * (len(sizes) + 4) + 10)
    calls = 10 * samples + (40 + 30 * len(sizes)) * (n + n * n // chunk + 3)
    return once + n * n * each_pair + CALL * calls, [6 * k * (m + n) + 8 * n * m, 2 * k * k]


def _lowrank_limit(sizes: Sequence[int], _: object, samples: int, n: int, m: int) -> tuple[int, list[int]]:
    """Multiply-adds of rule lowrank, single outputs apart; entries of its tables."""
    k, chunk = sum(sizes), min(n * n, (1 << 19) // max(n, m) + 1)
    once = m * (n * (n + 2 * k) + k * k) + PASS * n * m * (4 * samples + 20)
    each_pair, calls = k * (m + n) + PASS * (3 * m + 2 * n), 10 * samples + 60 * (n + n * n // chunk + 3)
    return once + n * n * each_pair + CALL * calls, [6 * k * (m + n) + 8 * n * m, 2 * k * k, 3 * k * chunk]


def _circles_limit(sizes: Sequence[int], _: object, samples: int, n: int, m: int) -> tuple[int, list[int]]:
    """The same of rule circles; terms that come and go are limited where they are counted (`circles.along`)."""
    circles = len(sizes)
    each_pair = 3 * circles * circles + 40 * circles + 12 * m + 8 * n + 200
    calls = 60 * m + 320 * circles + 40 * n * n * max(n, m) // (1 << 18)
    work = PASS * (n * n * each_pair + (n + 96) * n * 4 * m) + CALL * calls
    return work, [12 * circles * n * n, 40 * n * m]


def _gaps_limit(sizes: Sequence[int], there: Container[str], _: int, n: int, m: int) -> tuple[int, list[int]]:
    """The same of rule even, or each, whose sums are limited where they are counted (`EvenRule.plan`)."""
    rows, points, most = min(n, rows_at_once(n, m)), sum(sizes), max(sizes, default=0)
    kinds, used, each_x = most if "gaps.types" in there else 1, min(m + 1, most), most * (most + 2)
    tables, work, passes = [5 * points * max(n, m), 9 * n * (m + 1), 2 * used * most**3], PASS * 16 * n * m * most, 0
    if "gaps.centred" in there or "gaps.each" in there:
        tables += [(used // 2 + 12) * n * n + 4 * n * sum(q * q for q in sizes)]
        work, passes = work + 3 * n * m * points * most, (4 * points + 40) * n * n
    if "gaps.each" in there:
        tables += [8 * m * most**2, rows * (8 * m * most + 2 * sum(min(q, m) * q * q for q in sizes))]
        passes += 20 * m * most**2 + n * (40 * m * most + 8 * points * most**2)
        work, calls = work + n * most * most * m, (n // rows + 4) * 50 * points
    else:
        tables += [(3 * (m + 1) + used * used) * most * each_x, (kinds + 1) * points * most**2]
        tables += [(used // 3 + 1) * max(1 << 19, min(n, 1 << 11) * each_x) + 3 * max(1 << 19, n * each_x)]
        passes += 30 * m * most**3 + n * points * most * (most + 2) * (used + 8) + 30 * kinds * n * n
        calls = 300 * len(sizes) + points * (2 * most + 40) + n * n * kinds // (1 << 15)
    return work + PASS * passes + CALL * (calls + min(m + 1, points) ** 2), tables  # of columns every two may be joined
