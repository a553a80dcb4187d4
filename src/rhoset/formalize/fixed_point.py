"""Fixed point: how many places the machine integers of the proofs may keep, and what rule exact then counts.

A mirror of Rounding.v, Fold.v and Exact.v in ``proofs/``. Nothing is believed of it: it chooses numbers that the proved
functions then judge, and says which number a theorem should claim.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.formalize.reading import Stored

UNIT = 149
"""Every binary32 number is an integer times 2^-149."""
MACHINE = 62
"""Sums must stay below 2^62 (Machine.v)."""
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Binary places kept of what neurons read and write; of factors too, and how many their products drop."""

    reads: int
    writes: int
    embed: int = 0
    linear: int = 0
    dropped: int = 0


def choose_places(stored: Stored) -> Places:
    """As many places as fit the machine integers, evenly shared between reads and writes."""
    t = {name: np.abs(array.astype(np.float64)) for name, array in stored.tensors.items()}
    writes, bias = t["unembed"].sum(axis=0).max(), t["bias"].max()
    if not stored.factored:
        reads = t["left"].max() + t["right"].max()
        total = MACHINE - 1.5 - np.log2(max(2 * reads * writes + 2 * bias, 1e-30))
        return Places(_within((total + 1) // 2, reads), _within(total // 2, writes))
    sides = (t["embed_left"], t["hidden_left"]), (t["embed_right"], t["hidden_right"])
    embed, linear = max(e.sum(axis=1).max() for e, _ in sides), max(w.sum(axis=0).max() for _, w in sides)
    product = int(MACHINE - 0.5 - np.log2(max(max(e.max() for e, _ in sides) * linear, 1e-30)))
    p = (product + round(float(np.log2(max(linear, 1e-30) / max(embed, 1e-30))))) // 2
    q = product - p
    width = sum(len(w) for _, w in sides)
    dropped = max(0, int(np.ceil(np.log2(embed * 2.0**p + linear * 2.0**q + width) + 0.01)))
    reads = sum(e.max() * w.sum(axis=0).max() for e, w in sides)
    total = MACHINE - 1.5 - np.log2(max(2 * reads * writes + 2 * bias, 1e-30))
    return Places(product - dropped, _within(total - (product - dropped), writes), p, q, dropped)


def _within(places: float, largest: float) -> int:
    """Not below 0, not beyond the unit, and so that the largest number stays below 2^(MACHINE − 2)."""
    most = MACHINE - 2 - np.log2(max(float(largest), 2.0**-UNIT))
    return int(max(min(places, most, UNIT), 0))


def round_down(array: NDArray[np.float32], places: int) -> Ints:
    """⌊array · 2^places⌋, exactly.

    Raises
    ------
    OverflowError
        Where that leaves 63 bits.
    """
    if np.ldexp(np.abs(array.astype(np.float64)).max(initial=0.0), places) >= 2.0**MACHINE:
        raise OverflowError("more places than machine integers have")
    return np.floor(np.ldexp(array.astype(np.float64), places)).astype(np.int64)


def rounded(stored: Stored, places: Places) -> tuple[Ints, Ints, Ints, Ints]:
    """left (n, m), right (n, m), unembed (m, n), bias (n) of the rounded network."""
    t = stored.tensors
    if stored.factored:
        left, right = (
            (round_down(t[f"embed_{side}"], places.embed) @ round_down(t[f"hidden_{side}"], places.linear))
            >> places.dropped
            for side in ("left", "right")
        )
    else:
        left, right = round_down(t["left"], places.reads), round_down(t["right"], places.reads)
    return left, right, round_down(t["unembed"], places.writes), round_down(t["bias"], places.reads + places.writes)


def count_exact(stored: Stored, places: Places) -> int:
    """How many pairs rule exact of the proofs settles: its own arithmetic, n³m in int64.

    0 where its sums could leave 63 bits.
    """
    try:
        left, right, unembed, bias = rounded(stored, places)
    except OverflowError:
        return 0
    n, m = stored.order, stored.width
    reads = int(np.abs(left).max(initial=0)) + int(np.abs(right).max(initial=0))
    writes = int(np.abs(unembed).sum(axis=0).max(initial=0))
    known = 4 if stored.factored else 2
    need = 2 * (known * writes + m * (reads + known) + 1) + 1
    if 2 * (writes * reads + int(np.abs(bias).max(initial=0))) + need >= 1 << MACHINE:
        return 0
    right_pairs, rows = 0, np.arange(n)
    for x in range(n):
        logits = np.maximum(left[x] + right, 0) @ unembed + bias
        own = logits[rows, stored.table[x]]
        logits[rows, stored.table[x]] = np.iinfo(np.int64).min // 2
        right_pairs += int((own - need >= logits.max(axis=1)).sum()) if n > 1 else 1
    return right_pairs
