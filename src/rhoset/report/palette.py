"""Colours of irreps and marks of methods, shared by all charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rhoset.report.views import IrrepView, NetworkView

COLOURS = 7
"""Number of irrep colours in the style sheet; with more irreps in use they recur. One more, grey,
is for irreps that no network uses."""
METHODS = ("exhaustive", "irrep", "equivariant", "orbit", "mixture", "coset", "paper")
SHAPES = {
    "exhaustive": "M-5-5H5V5H-5Z",
    "irrep": "M0-6L6 5H-6Z",
    "equivariant": "M0-6.5L6.5 0L0 6.5L-6.5 0Z",
    "orbit": "M-5.5 0A5.5 5.5 0 1 0 5.5 0A5.5 5.5 0 1 0 -5.5 0Z",
    "mixture": "M0-7L2-2.2L7-2L3 1.3L4.4 6.3L0 3.4L-4.4 6.3L-3 1.3L-7-2L-2-2.2Z",
    "coset": "M0 6L6-5H-6Z",
    "paper": "M-6-2H-2V-6H2V-2H6V2H2V6H-2V2H-6Z",
}
"""Method → the outline of its mark, about 12 units wide around the origin."""

Colours = Mapping[str, int]
"""Irrep → number of its colour in the style sheet."""


def irrep_colours(irreps: Sequence[IrrepView], networks: Sequence[NetworkView]) -> Colours:
    """A colour for each irrep, the most used first, so that neighbours in use differ."""
    uses = Counter(name for n in networks for name, _, _ in n.key)
    ranked = sorted((i.name for i in irreps if uses[i.name]), key=lambda name: -uses[name])
    found = {name: rank % COLOURS for rank, name in enumerate(ranked)}
    return {i.name: found.get(i.name, COLOURS) for i in irreps}


def method_family(method: str) -> str:
    """The family that a method's mark stands for: `orbit-uniform` is drawn as `orbit`."""
    return next((known for known in METHODS if method.startswith(known)), "exhaustive")
