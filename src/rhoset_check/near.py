"""Arrays that carry a bound on their own error: the one arithmetic that every rule is written in (THEOREMS.md, §1)."""

from __future__ import annotations

from collections.abc import Sequence
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
"""Range of what columns are scaled by, of a certificate's floats, and of nothing else."""


class Rejected(Exception):
    """The certificate is refused; the message is the reason."""


def require(condition: object, reason: str) -> None:
    """Reject unless the condition is true; a comparison with NaN is false and rejects."""
    if not bool(condition):
        raise Rejected(reason)


def up(value: Array | float) -> Array:
    """An upper bound of a non-negative number computed in float64 with at most a million roundings (Lemma 1)."""
    return np.asarray(value, dtype=np.float64) * (1.0 + 1e-9) + 1e-290


def precision(value: NDArray[Any]) -> str:
    """float32 or float64, whichever the floats are."""
    return "float64" if value.itemsize == 8 else "float32"


def gamma(terms: int, dtype: str) -> float:
    """γ_k, rounded up; infinite where k·u is too large for a bound (Lemma 1)."""
    product = terms * UNIT[dtype]
    return float("inf") if product > 0.01 else product / (1.0 - product) * (1.0 + 1e-9)


WHOLE = (slice(None),)
"""All columns, as one part."""


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
    def stacked(parts: Sequence[Near]) -> Near:
        """Row after row, of parts with equal columns; the worst error and size hold for all."""
        error, size = (np.max([getattr(part, name) for part in parts], axis=0) for name in ("error", "size"))
        return Near(np.concatenate([part.value.T for part in parts], axis=1).T, error, size)

    @staticmethod
    def beside(parts: Sequence[Near], rows: int, dtype: str) -> Near:
        """Side by side; without any, no columns."""
        nothing = Near(np.zeros((rows, 0), dtype), np.zeros(0), np.zeros(0))
        all_ = [nothing, *parts]
        value = np.concatenate([part.value.T for part in all_]).T
        return Near(value, np.concatenate([p.error for p in all_]), np.concatenate([p.size for p in all_]))

    @property
    def dtype(self) -> str:
        return precision(self.value)

    def rounded(self, value: NDArray[Any], error: Array, size: Array) -> Near:
        """The result of one rounded operation on every entry, exact operands erring by `error` (Lemma 2.1)."""
        dtype = precision(value)
        error = up(error + UNIT[dtype] * (size + error) + LOST[dtype])
        return Near(value, np.where(size + error < LARGEST[dtype], error, np.inf), up(size))

    def to(self, dtype: str) -> Near:
        """The same numbers stored in another precision."""
        if dtype == self.dtype:
            return self
        return self.rounded(self.value.astype(dtype), self.error, self.size)

    def __add__(self, other: Near) -> Near:
        return self.rounded(self.value + other.value, self.error + other.error, self.size + other.size)

    def __sub__(self, other: Near) -> Near:
        return self.rounded(self.value - other.value, self.error + other.error, self.size + other.size)

    def each(self, other: Near) -> Near:
        """Every row of this plus every row of the other, the other's running fastest."""
        value = (self.value[:, None] + other.value).reshape(len(self.value) * len(other.value), len(self.size))
        return self.rounded(value, self.error + other.error, self.size + other.size)

    def rows(self, index: Ints) -> Near:
        """Some of the rows."""
        columnwise = self.value.flags.f_contiguous  # take would first copy the whole of what is laid out otherwise
        value = self.value.T.take(index, axis=1).T if columnwise else self.value.take(index, axis=0)
        return Near(value, self.error, self.size)

    def some(self, value: NDArray[Any]) -> Near:
        """Entries of this, in an array of any shape; the worst error and size hold for all."""
        return Near(value, self.error.max(initial=0.0)[None], self.size.max(initial=0.0)[None])

    def at(self, row: Ints, column: Ints) -> Near:
        """Single entries, a row for each of `row`."""
        return self.some(self.value[row, column].reshape(len(row), -1))

    def columns(self, part: slice | Ints) -> Near:
        """Some of the columns; those of a list are contiguous in memory."""
        return Near(self.value.T[part].T, self.error[part], self.size[part])

    def scaled(self, factors: Array) -> Near:
        """Column by column times positive floats within `SCALES`, which may err by a rounding."""
        most = self.size + self.error
        error = self.error * factors + 2 * UNIT[self.dtype] * most * factors + LOST[self.dtype] * most
        return self.rounded(self.value * factors.astype(self.value.dtype), up(error), up(self.size * factors))

    def activate(self, activation: str) -> Near:
        """φ of every entry, in place of it (Lemma 2.2)."""
        value = self.value
        if activation == "square":
            error = up(self.error * (2 * self.size + self.error))
            return self.rounded(np.multiply(value, value, out=value), error, up(self.size * self.size))
        require(activation in ("relu", "abs", "linear"), f"no rule for activation {activation!r}")
        if activation == "relu":
            value = np.maximum(value, 0, out=value)
        elif activation == "abs":
            value = np.abs(value, out=value)
        return Near(value, self.error, self.size)

    def times(self, matrix: NDArray[Any], slack: Array | float = 0.0, parts: Sequence[slice] = WHOLE) -> Near:
        """The product with a matrix (columns, k), known to within `slack` for every entry (Lemma 2.3): those of each
        part of the columns with its rows, side by side, contiguous column by column."""
        return self.rounded(self.product(matrix, parts), *self.ends(matrix, slack, parts))

    def product(self, matrix: NDArray[Any], parts: Sequence[slice] = WHOLE) -> NDArray[Any]:
        """The value of `times`."""
        value, other = self.value.T, matrix.astype(self.value.dtype, copy=False).T
        found = [other[:, part] @ value[part] for part in parts]
        return (found[0] if len(found) == 1 else np.concatenate(found)).T

    def ends(
        self, matrix: NDArray[Any], slack: Array | float = 0.0, parts: Sequence[slice] = WHOLE
    ) -> tuple[Array, Array]:
        """Error and size of `times`, but for its last rounding."""
        dtype, sizes, most = self.dtype, np.abs(matrix).astype(np.float64), self.size + self.error
        terms = [len(most[part]) for part in parts]
        step = np.repeat([gamma(k + 3, dtype) for k in terms], terms)
        worse, step = self.error + step * most, step.max(initial=0.0)
        error, size = (np.concatenate([end[part] @ sizes[part] for part in parts]) for end in (worse, self.size))
        error = up(error) * (1 + step) + slack * up(most.sum()) + LOST[dtype] * (2 * max(terms) + up(most.sum()))
        finite = sizes.max(initial=0.0) < LARGEST[dtype]
        return up(error if finite else error + np.inf), up(size * (1 + step) + slack * up(self.size.sum()))

    def dot(self, other: Near) -> Near:
        """(rows, 1): the inner product of every row with the other's (Lemma 2.4)."""
        dtype, k = self.dtype, len(self.size)
        most = up(self.size + self.error), up(other.size + other.error)
        error = self.error @ most[1] + most[0] @ other.error + gamma(k + 2, dtype) * (most[0] @ most[1])
        product = np.einsum("ij,ij->i", self.value, other.value)[:, None]
        size = up(self.size @ other.size)
        return self.rounded(product, up(error + k * LOST[dtype])[None], np.asarray(size)[None])

    def length(self) -> Array:
        """(rows,): an upper bound of the Euclidean length of every row (Lemma 2.5)."""
        return self.lengths(WHOLE)[:, 0]

    def lengths(self, parts: Sequence[slice]) -> Array:
        """(rows, parts): of every part of every row."""
        value, dtype, most = self.value.T, self.dtype, self.size + self.error
        squares = np.stack([np.einsum("ij,ij->j", value[part], value[part]) for part in parts], axis=1)
        error = np.sqrt(up(np.array([np.square(self.error[part]).sum() for part in parts])))
        error = error + (2 * np.sqrt(len(most) * LOST[dtype]) if up(np.square(most).sum()) < LARGEST[dtype] else np.inf)
        return up(np.sqrt(squares).astype(np.float64) * (1.0 + gamma(len(most) + 4, dtype)) + error)

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


def lower_sum(terms: Sequence[Array]) -> Array:
    """A lower bound of the real sum of float64 arrays that broadcast (Lemma 1)."""
    sizes = sum(float(np.abs(term).max(initial=0.0)) for term in terms)
    return np.asarray(sum(terms[1:], terms[0])) - float(up(gamma(len(terms) + 1, "float64") * sizes))
