"""Colours of irreps, shared by the page and all charts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from rhoset.report.views import IrrepView, NetworkView

COLOURS = 7
"""Number of irrep colours in the style sheet; with more irreps in use they recur. One more, grey,
is for irreps that no network uses."""

Colours = Mapping[str, int]
"""Irrep → number of its colour in the style sheet, the most used irrep first."""


def irrep_colours(irreps: Sequence[IrrepView], networks: Sequence[NetworkView]) -> Colours:
    """A colour for each irrep, those that most networks use first, then by energy: the first `COLOURS` differ."""
    uses = Counter(name for n in networks for name, _, _ in n.key)
    energy = defaultdict[str, float](float)
    for name, _, share in (used for n in networks for used in n.key):
        energy[name] += share
    ranked = sorted((i.name for i in irreps if uses[i.name]), key=lambda name: (-uses[name], -energy[name]))
    found = {name: rank % COLOURS for rank, name in enumerate(ranked)}
    return {**found, **{i.name: COLOURS for i in irreps if i.name not in found}}


def told_apart(colours: Colours) -> tuple[str, ...]:
    """The irreps in use whose colour no other has that comes before them."""
    return tuple(name for name, number in colours.items() if number < COLOURS)[:COLOURS]


def colour_order(colours: Colours) -> tuple[str, ...]:
    """The irreps so that the k-th has the k-th colour of the palette, counted around it.

    Those in use come first and in turn; fillers keep the grey eighth colour for the unused ones.
    """
    used = [name for name, number in colours.items() if number < COLOURS]
    unused = [name for name, number in colours.items() if number == COLOURS]
    order: list[str] = []
    for k, name in enumerate(used):
        if k and k % COLOURS == 0:
            order.append(unused.pop(0) if unused else f"\u2007{k}")
        order.append(name)
    while unused:
        while len(order) % (COLOURS + 1) != COLOURS:
            order.append(f"\u2007{len(order)}")
        order.append(unused.pop(0))
    return tuple(order)
