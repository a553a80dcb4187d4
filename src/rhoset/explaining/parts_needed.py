"""Is every part of an explanation needed? Accuracy without each part, and which sets of parts are enough.

A part is taken away by setting its neurons to 0; the bias stays. Accuracies are of all n² pairs, exact but for rounding
in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.explaining.contributions import neuron_groups
from rhoset.explaining.explanation import Explanation
from rhoset.networks import Network, activation
from rhoset.networks.evaluation import tables_of
from rhoset.summaries import Shown

EXHAUSTIVE_PARTS = 8
"""Up to so many parts, all sets of them are tried (256 at most); above, sets are only searched locally."""

MINIMAL_OPERATIONS = 2e11
"""Multiply-adds and additions that may be spent; larger networks are refused."""


@dataclass(frozen=True)
class Without:
    """One part: how many neurons it has, the accuracy without it, and with it alone."""

    part: str
    neurons: int
    accuracy: float
    alone: float


@dataclass(frozen=True, eq=False, repr=False)
class Minimality(Shown):
    """Which parts of a network are needed.

    Attributes
    ----------
    accuracy
        Of the whole network.
    target
        Share of the pairs that a set of parts must get right to be *sufficient*.
    parts
        Circuits and quadratures in their order, then what is left over (where it has live neurons).
    irreps
        The same for all the live neurons of an irrep.
    sufficient
        The smallest sufficient sets: those of which no proper subset is sufficient. Where there are too many parts to
        try all sets, one that was found by leaving out the least needed part again and again.
    exhaustive
        Whether all sets were tried.
    minimal
        Whether the set of all parts is the only sufficient one (exhaustive), or no single part can go (local).
    """

    accuracy: float
    target: float
    parts: tuple[Without, ...]
    irreps: tuple[Without, ...]
    sufficient: tuple[tuple[str, ...], ...]
    exhaustive: bool
    minimal: bool


@public
def minimality(explanation: Explanation, target: float | None = None) -> Minimality:
    """Accuracy without each circuit, quadrature and irrep, and the smallest sets of parts that are enough.

    Parameters
    ----------
    explanation
        Of `rhoset.explaining.explain`.
    target
        Accuracy that is enough, in [0, 1]; the network's own when left out: no pair may be lost.

    Raises
    ------
    RhosetError
        `target` is no accuracy (slug ``bad-enough``); or the network is so large that this would need more than
        `MINIMAL_OPERATIONS` (slug ``minimal-too-large``).

    Notes
    -----
    Cost n³m for the logits of the parts and n³ additions for each of 2^k sets of k parts, k ≤ `EXHAUSTIVE_PARTS`, or
    for each of about k² sets above: S5 with three parts 0.2 s.
    """
    if target is not None and not 0 <= target <= 1:
        raise RhosetError(f"target {target}: must be an accuracy from 0 to 1", slug="bad-enough")
    network, energy = explanation.network, explanation.energy
    names, member = neuron_groups(explanation)
    member = np.where(energy.live, member, -1)
    used = [g for g in range(len(names)) if (member == g).any()]
    labels = [names[g] for g in used]
    groups = [np.flatnonzero(member == g) for g in used]
    by_irrep = [np.flatnonzero(energy.live & (energy.dominant == k)) for k in range(len(explanation.irreps))]
    kept = [k for k, neurons in enumerate(by_irrep) if neurons.size]
    irreps = [explanation.irreps[k].label for k in kept]
    n = network.order
    exhaustive = len(groups) <= EXHAUSTIVE_PARTS
    count = 2 ** len(groups) if exhaustive else len(groups) ** 2 + 2 * len(groups)
    if float(n) ** 3 * (network.width + count + 2 * len(kept)) > MINIMAL_OPERATIONS:
        raise RhosetError(
            f"minimality of {len(groups)} parts on {n} elements: more than {MINIMAL_OPERATIONS:.0g} operations;"
            " use faithfulness, which looks at a sample of the pairs",
            slug="minimal-too-large",
        )
    every = frozenset(range(len(groups)))
    first = list(_subsets(every)) if exhaustive else [every, *_one_less(every), *(frozenset({g}) for g in every)]
    right = _right(network, groups, first)
    whole = right[every] / n**2
    wanted = int(np.ceil((whole if target is None else target) * n**2 - 1e-9))
    if exhaustive:
        enough = {chosen for chosen, count in right.items() if count >= wanted}
        smallest = sorted((s for s in enough if not any(t < s for t in enough)), key=lambda s: (len(s), sorted(s)))
        minimal = enough == {every}
    else:
        smallest = [_descend(network, groups, every, wanted)]
        minimal = smallest == [every] and right[every] >= wanted
    each = (_without(labels[g], groups[g], right, every, g, n) for g in sorted(every))
    irrep_sets = frozenset(range(len(kept)))
    wanted_sets = [irrep_sets, *_one_less(irrep_sets), *(frozenset({k}) for k in irrep_sets)]
    by = _right(network, [by_irrep[k] for k in kept], wanted_sets)
    return Minimality(
        accuracy=whole,
        target=whole if target is None else target,
        parts=tuple(each),
        irreps=tuple(_without(irreps[k], by_irrep[kept[k]], by, irrep_sets, k, n) for k in sorted(irrep_sets)),
        sufficient=tuple(tuple(labels[g] for g in sorted(chosen)) for chosen in smallest),
        exhaustive=exhaustive,
        minimal=minimal,
    )


Chosen = frozenset[int]


def _without(
    name: str, neurons: NDArray[np.intp], right: dict[Chosen, int], every: Chosen, part: int, n: int
) -> Without:
    return Without(name, len(neurons), right[every - {part}] / n**2, right[frozenset({part})] / n**2)


def _subsets(every: Chosen) -> Iterator[Chosen]:
    for size in range(len(every) + 1):
        yield from map(frozenset, combinations(sorted(every), size))


def _one_less(chosen: Chosen) -> Iterator[Chosen]:
    return (chosen - {g} for g in sorted(chosen))


def _descend(network: Network, groups: Sequence[NDArray[np.intp]], chosen: Chosen, wanted: int) -> Chosen:
    """Leave out the part whose loss costs least, while enough pairs stay right."""
    while chosen:
        right = _right(network, groups, list(_one_less(chosen)))
        best = max(sorted(right, key=sorted), key=lambda s: right[s])
        if right[best] < wanted:
            break
        chosen = best
    return chosen


def _right(network: Network, groups: Sequence[NDArray[np.intp]], sets: Sequence[Chosen]) -> dict[Chosen, int]:
    """The number of right pairs with the neurons of each set of groups alone; ties are wrong."""
    phi = activation(network.activation)
    left, right, unembed, bias = tables_of(network, np.float64)
    counts = dict.fromkeys(sets, 0)
    rows = np.arange(network.order)
    for x in rows:
        hidden = phi(left[x] + right)
        parts = [hidden[:, group] @ unembed[group] for group in groups]
        for chosen in counts:
            logits = sum((parts[g] for g in sorted(chosen)), bias) + np.zeros((len(rows), 1))
            own = logits[rows, network.table[x]]
            counts[chosen] += int(((logits >= own[:, None]).sum(axis=1) == 1).sum())
    return counts
