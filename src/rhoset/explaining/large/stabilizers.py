"""Subgroups that a neuron's tables do not see: H with l(hx) ≈ l(x), K with r(yk) ≈ r(y).

A table is nearly constant on the right cosets Hx exactly when translating it by h ∈ H hardly
changes it. The change is estimated on a sample of the x for every h at once; the elements of small
change generate H. Nothing is assumed of the group, and no list of its subgroups is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rhoset.groups import Group, Subgroup, generated_subgroup

Side = Literal["left", "right"]

SAMPLES = 192
"""Elements x at which a translate is compared with the table. The change of a table that is
constant on cosets is the noise alone, so its estimate errs by √(2/SAMPLES), 10 %, of the noise."""

CONCENTRATED = 0.5
"""A subgroup counts while translating by its elements changes the tables by at most this share of
their variance (1 is the change by an element that decorrelates them)."""

JUMP = 2.0
"""A subgroup of the chain is kept when the elements that the next one adds change the tables at
least this many times as much as its own do. Smaller values keep more subgroups: slower, not
wrong."""

FLOOR = 1e-7
"""Change below which a table counts as exactly constant on cosets (float32 tables)."""


@dataclass(frozen=True, eq=False)
class Translates:
    """Sampled elements x and where every h moves them: `moved[s, h]` = h·x_s, or x_s·h for
    side "right". (samples, n); made once for all neurons."""

    chosen: NDArray[np.intp]
    moved: NDArray[np.intp]


def translates(group: Group, side: Side, samples: int = SAMPLES) -> Translates:
    """The translates of `samples` elements (all, if there are no more), the same ones each time."""
    n = group.order
    chosen = np.arange(n)
    if n > samples:
        chosen = np.sort(np.random.default_rng(n).choice(n, samples, replace=False))
    moved = group.table[:, chosen].T if side == "left" else group.table[chosen]
    return Translates(chosen, np.ascontiguousarray(moved, dtype=np.intp))


def translation_gaps(sampled: Translates, tables: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """(n,) for each h the mean over sampled x of (f(hx) − f(x))² / 2 var f, averaged over the
    tables f (n,).

    0 where every table is unchanged, about 1 where the translate has nothing to do with the table,
    at most 2. Tables without variance are left out; all 1 if none is left. Cost n · samples
    for each table.
    """
    total, used = np.zeros(sampled.moved.shape[1]), 0
    for table in tables:
        centred = np.asarray(table, dtype=np.float64)
        centred = centred - centred.mean()
        variance = float(np.square(centred).mean())
        if not variance > 0:
            continue
        values = (centred / np.sqrt(2 * variance)).astype(np.float32)
        change = values.take(sampled.moved)
        change -= values[sampled.chosen][:, None]
        total += np.einsum("sh,sh->h", change, change) / len(change)
        used += 1
    return total / used if used else np.ones(len(total))


def stabilizers(group: Group, gaps: NDArray[np.float64], least_order: int = 2) -> list[Subgroup]:
    """Subgroups whose elements all have small gaps, the smallest subgroup first.

    A chain is grown by the element of least gap outside; it is kept at every jump (`JUMP`) and at
    its end, where a subgroup would lose `CONCENTRATED`. Noise usually leaves one, the stabilizer of
    the neuron's point; the largest kept one is its block's or the like.

    Cost n log n and that of a closure for each of at most log₂ n steps.
    """
    order = np.argsort(gaps, kind="stable")
    current = generated_subgroup(group, [])
    generators: list[int] = []
    chain: list[tuple[Subgroup, float]] = []
    while current.order < group.order:
        fresh = int(order[~current.mask[order]][0])
        larger = generated_subgroup(group, [*generators, fresh])
        added = larger.mask & ~current.mask
        gap = float(gaps[added].mean())
        if current.order > 1:
            chain.append((current, gap))
        if float(gaps[larger.elements].mean()) > CONCENTRATED:
            break
        generators.append(fresh)
        current = larger
    kept = []
    for subgroup, next_gap in chain:
        own = float(gaps[subgroup.elements].sum()) / (subgroup.order - 1)
        if next_gap >= JUMP * own + FLOOR and subgroup.order >= least_order:
            kept.append(subgroup)
    return kept
