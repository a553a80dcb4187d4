"""Arrays that carry a bound on their own error: the one arithmetic that every rule is written in (THEOREMS.md, §1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

UNIT = {"float64": 2.0**-53, "float32": 2.0**-24}
LOST = {"float64": 2.0**-1022, "float32": 2.0**-126}
"""What one rounding can lose to underflow: the smallest normal number, so that flushing to zero is covered too."""
LARGEST = {"float64": 2.0**1000, "float32": 2.0**120}
"""Beyond this size nothing is claimed: overflow makes an error infinite, and an infinite error proves nothing."""
SCALES = 2.0**-60, 2.0**60
"""Range of a certificate's floats, and of nothing else."""
ACTIVATIONS: dict[str, tuple[str, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    "relu": ("max(t, 0)", lambda t: np.maximum(t, np.zeros(t.shape[-1], t.dtype), out=t)),  # quicker than with one 0
    "abs": ("|t|", lambda t: np.abs(t, out=t)),
    "square": ("t²", lambda t: np.multiply(t, t, out=t)),
    "linear": ("t", lambda t: t),
}
"""φ by its name: how a statement writes it, and φ of floats in place of them."""


class Rejected(Exception):
    """The certificate is refused; the message is the reason."""


def require(condition: object, reason: str) -> None:
    """Reject unless the condition is true; a comparison with NaN is false and rejects."""
    if not bool(condition):
        raise Rejected(reason)


def up(value: Array | float) -> Array:
    """An upper bound of a non-negative number made in float64 with at most two million roundings (Lemma 1)."""
    return np.multiply(value, 1.0 + 1e-9, dtype=np.float64) + 1e-290


def precision(value: NDArray[Any]) -> str:
    """float32 or float64, whichever the floats are."""
    return "float64" if value.itemsize == 8 else "float32"


def gamma(terms: int, dtype: str) -> float:
    """γ_k, rounded up; infinite where k·u is too large for a bound (Lemma 1)."""
    product = terms * UNIT[dtype]
    return float("inf") if product > 0.01 else product / (1.0 - product) * (1.0 + 1e-9)


@dataclass(frozen=True)
class Near:
    """Real numbers t with |t − value| ≤ error and |t| ≤ size, column by column (Lemma 2).

    `value` is (…, columns), float32 or float64; `error` and `size` are (columns,), or (1,) for all, float64.
    """

    value: NDArray[Any]
    error: Array
    size: Array

    @staticmethod
    def exact(value: NDArray[Any]) -> Near:
        """Floats that are the real numbers themselves."""
        size = np.abs(value).max(axis=tuple(range(value.ndim - 1)), initial=0.0).astype(np.float64)
        return Near(value, np.zeros(len(size)), size)

    @staticmethod
    def beside(*parts: Near) -> Near:
        """Side by side."""
        value = np.concatenate([part.value.T for part in parts]).T
        return Near(value, np.concatenate([p.error for p in parts]), np.concatenate([p.size for p in parts]))

    def rounded(self, value: NDArray[Any], error: Array, size: Array) -> Near:
        """The result of one rounded operation on every entry, exact operands erring by `error` (Lemma 2.1)."""
        dtype = precision(value)
        error = up(error + UNIT[dtype] * (size + error) + LOST[dtype])
        return Near(value, np.where(size + error < LARGEST[dtype], error, np.inf), up(size))

    def to(self, dtype: str) -> Near:
        """The same numbers stored in another precision."""
        value = self.value.astype(dtype, copy=False)
        same = (value == self.value).all()  # nothing is lost
        return Near(value, self.error, self.size) if same else self.rounded(value, self.error, self.size)

    def __add__(self, other: Near) -> Near:
        return self.rounded(self.value + other.value, self.error + other.error, self.size + other.size)

    def __sub__(self, other: Near) -> Near:
        return self.rounded(self.value - other.value, self.error + other.error, self.size + other.size)

    def outer(self, other: Near) -> Near:
        """Every row of this plus every row of the other, the other's running fastest."""
        value = (self.value[:, None] + other.value).reshape(len(self.value) * len(other.value), len(self.size))
        return self.rounded(value, self.error + other.error, self.size + other.size)

    def rows(self, index: slice | Ints) -> Near:
        """Some of the rows."""
        if isinstance(index, slice) or not self.value.flags.c_contiguous:  # of which take would first copy the whole
            return Near(self.value[index], self.error, self.size)
        return Near(self.value.take(index, axis=0), self.error, self.size)

    def some(self, value: NDArray[Any]) -> Near:
        """Entries of this, in an array of any shape; the worst error and size hold for all."""
        return Near(value, self.error.max(initial=0.0)[None], self.size.max(initial=0.0)[None])

    def columns(self, part: slice | Ints) -> Near:
        """Some of the columns; those of a list are contiguous in memory."""
        return Near(self.value.T[part].T, self.error[part], self.size[part])

    def activate(self, activation: str) -> Near:
        """φ of every entry, in place of it (Lemma 2.2)."""
        value = ACTIVATIONS[activation][1](self.value)
        if activation != "square":
            return Near(value, self.error, self.size)
        return self.rounded(value, up(self.error * (2 * self.size + self.error)), up(self.size * self.size))

    def times(self, matrix: NDArray[Any], slack: Array | float = 0.0) -> Near:
        """The product with a matrix (columns, k), known to within `slack` for every entry (Lemma 2.3); contiguous by
        columns."""
        return self.product(matrix, slack)(self)

    def product(self, matrix: NDArray[Any], slack: Array | float = 0.0) -> Callable[[Near], Near]:
        """What `times` does, for all numbers that err as these do and are no larger; bounds are formed once."""
        ends, factor = self.ends(matrix, slack), matrix.astype(self.value.dtype, copy=False)
        return lambda other: other.rounded(np.matmul(other.value, factor, order="F"), *ends)

    def ends(self, matrix: NDArray[Any], slack: Array | float = 0.0) -> tuple[Array, Array]:
        """Error and size of `times`, but for its last rounding."""
        dtype, sizes, most = precision(self.value), np.abs(matrix).astype(np.float64), self.size + self.error
        terms = int((sizes > 0).sum(axis=0).max(initial=0))  # what is multiplied by 0 adds no rounding
        step, total, lost = gamma(terms + 3, dtype), up(most.sum()), LOST[dtype]
        error = up((self.error + step * most) @ sizes) * (1 + step) + slack * total + lost * (3 * terms + 2 * total)
        finite = sizes.max(initial=0.0) < LARGEST[dtype]
        return up(error if finite else error + np.inf), up((self.size @ sizes) * (1 + step) + slack * total)

    def dot(self, other: Near) -> Near:
        """(rows, 1): the inner product of every row with the other's (Lemma 2.4)."""
        dtype, k = precision(self.value), len(self.size)
        most = up(self.size + self.error), up(other.size + other.error)
        error = self.error @ most[1] + most[0] @ other.error + gamma(k + 2, dtype) * (most[0] @ most[1])
        product = np.einsum("ij,ij->i", self.value, other.value)[:, None]
        size = up(self.size @ other.size)
        return self.rounded(product, up(error + 3 * k * LOST[dtype])[None], np.asarray(size)[None])

    def lengths(self, weights: Array) -> Array:
        """(rows, k): upper bounds of √Σ_i (W_i t_i)² for every column W of `weights`, none negative (Lemma 2.5)."""
        dtype, k, squares = precision(self.value), len(self.size), np.square(weights)
        sums = (np.square(self.value) @ squares.astype(dtype)).astype(np.float64)
        lost = 3.0 * LOST[dtype] * up(squares.sum(axis=0) + up(np.square(self.size + self.error).sum()) + 2 * k)
        error = np.sqrt(up(np.square(self.error[:, None] * weights).sum(axis=0))) + np.sqrt(lost)
        return np.fmin(up(np.sqrt(sums) * (1.0 + gamma(k + 6, dtype)) + error), np.inf)  # NaN: it overflowed

    def length(self) -> Array:
        """(rows,): an upper bound of the Euclidean length of every row."""
        return self.lengths(np.ones((len(self.size), 1)))[:, 0]

    @property
    def slack(self) -> Array:
        """Real numbers are no further than this from what a sum of value and slack in float64 gives."""
        return up(self.error + 2.0**-51 * (self.size + self.error))

    @property
    def lower(self) -> Array:
        """No real number here is smaller."""
        return self.value.astype(np.float64) - self.slack

    @property
    def upper(self) -> Array:
        """No real number here is larger."""
        return self.value.astype(np.float64) + self.slack

    def most(self) -> Array:
        """(rows,): no real number in a row is larger."""
        return self.some(self.value.max(axis=1, initial=-np.inf)).upper


def lower_sum(terms: Iterable[Array]) -> Array:
    """A lower bound of the real sum of float64 arrays that broadcast, made one after another (Lemma 1)."""
    total, sizes, count = np.zeros(()), 0.0, 0
    for count, term in enumerate(terms, start=1):
        total = term if count == 1 else total + term
        sizes += float(term.max(initial=0.0)) - float(term.min(initial=0.0))  # at least every |term|
    return total - float(up(gamma(count + 1, "float64") * sizes))
