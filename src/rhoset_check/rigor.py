"""Floating-point error bounds: the few facts that every rule rests on.

A sum of N rounded terms, in any order, fused or not, differs from the exact sum by at most
γ_N Σ|terms|, γ_N = N·u / (1 − N·u), u = 2⁻⁵³ for float64 and 2⁻²⁴ for float32 (Higham, 2002, §3.1).
A sum, product, quotient or square root of *non-negative* float64 numbers with at most a million roundings has a
relative error below 1.2e-10; `up` and `down` leave eight times that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNIT = {"float64": 2.0**-53, "float32": 2.0**-24}
TINY = {"float64": 2.0**-1022, "float32": 2.0**-126}
"""What one rounding can lose to underflow (generous: the smallest normal number, not the smallest subnormal)."""
UNDERFLOW = {"float64": 2.0**-400, "float32": 2.0**-60}
"""What all underflow in a rule together can change, for sizes of order one: below `CALM` ranges no product or square
of float64 numbers underflows unless it is that small; a float32 norm can lose the square root of 2⁻¹²⁶."""
INFLATE = 1.0 + 1e-9
EXP_SLACK = 1.0 + 1e-4
"""Trust in the C library: its exp, log and log1p are taken to be right to one part in ten thousand."""

Array = NDArray[np.float64]


LEAST, MOST = 2.0**-150, 2.0**150
"""Range of non-zero weights for every rule but `exact`; those of a certificate lie within 2^±100."""
CERTIFICATE_MOST = 2.0**100
SINGLE_MOST = 2.0**12
"""Bound of all weights, activations and certificate entries for float32 work; beyond it float64 is used."""


class Rejected(Exception):
    """The certificate or the network is refused; the message is the reason."""


def gamma(steps: int, arithmetic: str) -> float:
    """γ_steps, rounded up; infinite when too many steps for a bound."""
    nu = steps * UNIT[arithmetic]
    return float("inf") if nu > 0.01 else nu / (1.0 - nu) * INFLATE


def up(value: Array | float) -> Array:
    """An upper bound of a computed non-negative quantity (also of one that lost terms to underflow)."""
    return np.asarray(value, dtype=np.float64) * INFLATE + 1e-290


def require(condition: object, reason: str) -> None:
    """Reject unless the condition is true; a NaN comparison is false and rejects."""
    if not bool(condition):
        raise Rejected(reason)
