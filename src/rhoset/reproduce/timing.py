"""How long the published check takes beside brute force: both as loops over the inputs, both on all inputs at once.

Like is timed with like: the same language, precision and care on both sides, in turns in one process, the least of some
repetitions. Nothing here proves anything.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.networks import Network
from rhoset.networks.activations import activation
from rhoset.networks.evaluation import sampled_pairs
from rhoset.reproduce.verifier.ideal import IdealNetwork

SAMPLE = 1_000
"""Inputs that the loops take; their times are scaled up."""
REPEATS = 5
"""Times are the least of this many."""
BLOCK = 1 << 17
"""Numbers in a block of hidden vectors of the vectorised versions: it stays in cache."""

Pairs = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Times:
    """Seconds for all inputs.

    Parameters
    ----------
    brute_one, check_one
        One input at a time.
    brute_all, check_all
        All inputs at once, in blocks.
    """

    brute_one: float
    check_one: float
    brute_all: float
    check_all: float


class Rivals:
    """The published check and brute force on one network, each in two ways that return how many inputs they count.

    Parameters
    ----------
    network
        Evaluated in its own precision.
    ideal
        Of the published verifier.
    """

    def __init__(self, network: Network, ideal: IdealNetwork) -> None:
        kind = network.left.dtype
        self.phi, self.table = activation(network.activation), np.asarray(network.table)
        self.left, self.right, self.unembed, self.bias = network.left, network.right, network.unembed, network.bias
        self.ideal_left, self.ideal_right = ideal.left.astype(kind), ideal.right.astype(kind)
        e = int(np.flatnonzero((self.table == np.arange(network.order)).all(axis=1))[0])
        at_identity = self.phi(ideal.left[e] + ideal.right[e]) @ ideal.unembed + ideal.bias
        self.wrong = float(np.delete(at_identity, e).max(initial=-np.inf))
        self.wrong += float(np.abs(network.bias - ideal.bias).max())
        longest, apart = (np.square(u).sum(axis=0).max() for u in (network.unembed, network.unembed - ideal.unembed))
        self.longest, self.apart = math.sqrt(longest), math.sqrt(apart)
        self.columns = np.ascontiguousarray(network.unembed.T)

    def brute_one(self, pairs: Pairs) -> int:
        """Right answers, one input at a time."""
        right, phi, table = 0, self.phi, self.table
        for x, y in pairs:
            right += bool((phi(self.left[x] + self.right[y]) @ self.unembed + self.bias).argmax() == table[x, y])
        return right

    def check_one(self, pairs: Pairs) -> int:
        """Inputs proved, one at a time."""
        proved, phi, table = 0, self.phi, self.table
        for x, y in pairs:
            hidden, held, own = (
                phi(self.left[x] + self.right[y]),
                phi(self.ideal_left[x] + self.ideal_right[y]),
                table[x, y],
            )
            rest = hidden - held
            error = self.longest * math.sqrt(rest @ rest) + self.apart * math.sqrt(held @ held)
            proved += bool(self.columns[own] @ hidden + self.bias[own] - self.wrong > error)
        return proved

    def brute_all(self) -> int:
        """Right answers, in blocks of rows."""
        right, n = 0, len(self.table)
        for rows in self._rows():
            hidden = self.phi(self.left[rows, None] + self.right).reshape(-1, self.left.shape[1])
            logits = hidden @ self.unembed
            logits += self.bias
            right += int((logits.argmax(axis=1).reshape(-1, n) == self.table[rows]).sum())
        return right

    def check_all(self) -> int:
        """Inputs proved, in blocks of rows."""
        proved = 0
        for rows in self._rows():
            own = self.table[rows]
            hidden = self.phi(self.left[rows, None] + self.right)
            logit = np.einsum("xym,xym->xy", hidden, self.columns[own]) + self.bias[own]
            held = self.phi(self.ideal_left[rows, None] + self.ideal_right)
            hidden -= held
            error = self.longest * _lengths(hidden) + self.apart * _lengths(held)
            proved += int((logit - self.wrong > error).sum())
        return proved

    def _rows(self) -> list[slice]:
        n, m = self.left.shape
        step = max(1, BLOCK // (n * m))
        return [slice(start, start + step) for start in range(0, n, step)]

    def times(self) -> Times:
        """Both ways, in turns."""
        pairs = np.stack(sampled_pairs(len(self.table), SAMPLE), axis=1).tolist()
        scale = len(self.table) ** 2 / len(pairs)
        work: list[Callable[[], object]] = [
            lambda: self.brute_one(pairs),
            lambda: self.check_one(pairs),
            self.brute_all,
            self.check_all,
        ]
        least = np.min([[_timed(one) for one in work] for _ in range(REPEATS)], axis=0)
        return Times(*(float(t) for t in least * [scale, scale, 1, 1]))


def _lengths(rows: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = np.sqrt(np.einsum("xym,xym->xy", rows, rows))
    return found


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
