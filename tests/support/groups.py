"""The one list of groups that tests run over, and oracles made with GAP."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Group, group, parse_cycles, permutation_group

ORACLES = Path(__file__).parent.parent / "oracles"

SMALL = [
    "C1", "C2", "C3", "C4", "C12", "C2^3", "C3^2", "C2xC4", "S3", "D4", "D5", "D12", "Q8", "Q16",
    "Dic3", "Dic5", "A4", "S4", "A5", "S5", "F20", "F21", "C3xS3", "Q8xC3", "SL(2,3)", "GL(2,3)",
    "AGL(1,5)", "AGL(1,8)", "C7:C3", "C9:C3(4)", "C2wrC3", "C2wrS3", "S3wrC2", "PSL(2,7)",
    "SL(2,5)", "perm:(1 2 3 4 5)(6 7);(1 2)(6 7)",
]  # fmt: skip
"""Families, all three types of irreps, orders up to 168."""


@cache
def named(name: str) -> Group:
    """Each group once a test process."""
    return group(name)


@cache
def oracle(file: str) -> dict[str, Any]:
    """Contents of tests/oracles/FILE.json."""
    content: dict[str, Any] = json.loads((ORACLES / f"{file}.json").read_text(encoding="utf-8"))
    return content


def small_group(key: str) -> Group:
    """The group of an oracle "n,k", from the generators that GAP wrote."""
    generators = oracle("small_groups")[key]["generators"].replace("),(", ");(") or "()"
    return permutation_group(parse_cycles(generators.replace(",", " ")), f"SmallGroup({key})")


def fingerprint(g: Group, character: NDArray) -> str:
    """The multiset of (element order, value), written as scripts/make_group_oracles.py does."""
    values = np.round(character, 4) + 0.0
    counts = Counter(zip(g.element_orders.tolist(), values.tolist()))
    by_order: dict[int, list[str]] = {}
    for (order, value), count in sorted(counts.items()):
        by_order.setdefault(order, []).append(f"{value:.4g}*{count}")
    return "; ".join(f"{order}: {', '.join(parts)}" for order, parts in by_order.items())


def shuffled(g: Group, seed: int) -> tuple[Group, NDArray]:
    """A relabelled bare table and the new index of each element."""
    new = np.random.default_rng(seed).permutation(g.order)
    old = np.argsort(new)
    return Group("shuffled", new[g.table[np.ix_(old, old)]]), new
