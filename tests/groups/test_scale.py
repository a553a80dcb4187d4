"""Size and speed that must not slip: the table of S7, irreps of S6 and of order about 1,000."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from rhoset.groups import group, irreps

MEBIBYTE = 2**20


def test_s7_takes_little_more_than_its_table() -> None:
    tracemalloc.start()
    try:
        s7 = group("S7")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert s7.table.nbytes == 4 * 5040**2
    assert s7.table.dtype == np.int32
    assert peak < s7.table.nbytes + 5 * MEBIBYTE


def test_processor_time() -> None:
    """Limits many times what one core needs, as it may share its caches; a loop over pairs of S7 would break them."""
    limits = {"S7": 8.0, "S6": 8.0, "D500": 30.0, "PSL(2,13)": 15.0}
    for name, limit in limits.items():
        start = time.process_time()
        g = group(name)
        if name != "S7":
            irreps(g)
        assert time.process_time() - start < limit, name
