"""Is every part of an explanation needed? Accuracy without each part, and which sets of parts are enough.

A part is taken away by setting its neurons to 0; the bias stays. Accuracies are of all n² pairs, exact but for rounding
in float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
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
        Of all parts together, so of the whole network but for its dead neurons.
    target
        Share of the pairs that a set of parts must get right to be *sufficient*; where none was asked for it must get
        right those that all parts do, so none may be lost for one that is won.
    parts
        Circuits and quadratures in their order, then what is left over (where it has live neurons).
    irreps
        The same for all the live neurons of an irrep.
    sufficient
        The smallest sufficient sets: those of which no proper subset is sufficient. Where there are too many parts to
        try all sets, one that was found by leaving out the least needed part again and again, or none.
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
        Accuracy that is enough, in [0, 1]; when left out, every pair that all parts get right must stay right.

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
    names, member = explanation.neuron_groups()
    parts = _used((name, np.flatnonzero(energy.live & (member == g))) for g, name in enumerate(names))
    irreps = _used((irrep.label, energy.neurons_of(k)) for k, irrep in enumerate(explanation.irreps))
    n = network.order
    exhaustive = len(parts) <= EXHAUSTIVE_PARTS
    count = 2 ** len(parts) if exhaustive else len(parts) ** 2 + 2 * len(parts)
    if float(n) ** 3 * (network.width + count + 2 * len(irreps)) > MINIMAL_OPERATIONS:
        raise RhosetError(
            f"minimality of {len(parts)} parts on {n} elements: more than {MINIMAL_OPERATIONS:.0g} operations;"
            " use faithfulness, which looks at a sample of the pairs",
            slug="minimal-too-large",
        )
    every = frozenset(range(len(parts)))
    right = _right(network, parts, list(_subsets(every)) if exhaustive else _around(parts))
    whole = right[every].pairs / n**2
    wanted = None if target is None else int(np.ceil(target * n**2 - 1e-9))
    if exhaustive:
        enough = {chosen for chosen, found in right.items() if found.enough(wanted)}
        smallest = sorted((s for s in enough if not any(t < s for t in enough)), key=lambda s: (len(s), sorted(s)))
        minimal = enough == {every}
    else:
        least = _descend(network, parts, every, wanted)
        smallest = [least] if least != every or right[every].enough(wanted) else []
        minimal = smallest == [every]
    return Minimality(
        accuracy=whole,
        target=whole if target is None else target,
        parts=_each(parts, right, n),
        irreps=_each(irreps, _right(network, irreps, _around(irreps)), n),
        sufficient=tuple(tuple(parts[g][0] for g in sorted(chosen)) for chosen in smallest),
        exhaustive=exhaustive,
        minimal=minimal,
    )


Chosen = frozenset[int]
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Parts = list[tuple[str, NDArray[np.intp]]]
"""Names and neurons."""


class Right(NamedTuple):
    """Of a set of parts: the number of right pairs, and of those that all parts together get right and it doesn't."""

    pairs: int
    lost: int

    def enough(self, wanted: int | None) -> bool:
        """So many right pairs; where none are named, every pair that all parts get right."""
        return self.lost == 0 if wanted is None else self.pairs >= wanted


def _used(parts: Iterable[tuple[str, NDArray[np.intp]]]) -> Parts:
    """Those that have neurons."""
    return [(name, neurons) for name, neurons in parts if neurons.size]


def _around(parts: Parts) -> list[Chosen]:
    """All parts, all but one, and each alone."""
    every = frozenset(range(len(parts)))
    return [every, *_one_less(every), *(frozenset({g}) for g in every)]


def _each(parts: Parts, right: dict[Chosen, Right], n: int) -> tuple[Without, ...]:
    """What each part is worth, by the right pairs of the sets of `_around`."""
    sets = _around(parts)[1:]
    pairs = zip(parts, sets, sets[len(parts) :], strict=False)
    return tuple(
        Without(name, len(own), right[less].pairs / n**2, right[alone].pairs / n**2)
        for (name, own), less, alone in pairs
    )


def _subsets(every: Chosen) -> Iterator[Chosen]:
    for size in range(len(every) + 1):
        yield from map(frozenset, combinations(sorted(every), size))


def _one_less(chosen: Chosen) -> Iterator[Chosen]:
    return (chosen - {g} for g in sorted(chosen))


def _descend(network: Network, parts: Parts, chosen: Chosen, wanted: int | None) -> Chosen:
    """Leave out the part whose loss costs least, while enough pairs stay right."""
    while chosen:
        right = _right(network, parts, list(_one_less(chosen)))
        best = max(sorted(right, key=sorted), key=lambda s: (right[s].enough(wanted), right[s].pairs))
        if not right[best].enough(wanted):
            break
        chosen = best
    return chosen


def _right(network: Network, parts: Parts, sets: Sequence[Chosen]) -> dict[Chosen, Right]:
    """The right pairs with the neurons of each set of parts alone; ties are wrong."""
    phi = activation(network.activation)
    left, right, unembed, bias = tables_of(network, np.float64)
    counts, lost = dict.fromkeys(sets, 0), dict.fromkeys(sets, 0)
    for x in range(network.order):
        hidden = phi(left[x] + right)
        written = [hidden[:, own] @ unembed[own] for _, own in parts]
        whole = _answered(written, range(len(parts)), bias, network.table[x])
        for chosen in counts:  # two sets may be one: without the other part, and alone
            answered = _answered(written, chosen, bias, network.table[x])
            counts[chosen] += int(answered.sum())
            lost[chosen] += int((whole & ~answered).sum())
    return {chosen: Right(counts[chosen], lost[chosen]) for chosen in counts}


def _answered(written: Sequence[Array], chosen: Iterable[int], bias: Array, answers: NDArray[np.int32]) -> Mask:
    """(n,) whether each pair of one x is right by what the chosen parts write, (n, n) each."""
    logits = sum((written[g] for g in sorted(chosen)), bias) + np.zeros((len(answers), 1))
    own = logits[np.arange(len(answers)), answers]
    return np.asarray((logits >= own[:, None]).sum(axis=1) == 1)
