"""A real irreducible representation by orthogonal matrices, and how well they multiply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rhoset.groups.arrays import row_blocks
from rhoset.groups.table import Group
from rhoset.summaries import Shown

FloatArray = NDArray[np.float64]
IrrepType = Literal["real", "complex", "quaternionic"]

DIVISION_DIMENSION: dict[str, int] = {"real": 1, "complex": 2, "quaternionic": 4}
"""Dimension of the endomorphism algebra by type."""


@dataclass(frozen=True, eq=False, repr=False)
class Irrep(Shown):
    """A real irreducible representation, by orthogonal matrices.

    Attributes
    ----------
    name
        Partition for symmetric groups ("[4,1]"), otherwise dimension and a letter ("3a").
    dim
        d.
    type
        "real", "complex" or "quaternionic": the endomorphism algebra.
    matrices
        (n, d, d), ``matrices[x] @ matrices[y]`` = ``matrices[table[x, y]]`` to 1e-12.
    character
        (n,) traces.
    rank
        d² / dim End: dimension of the span of the matrix entries as functions on G.
    """

    name: str
    dim: int
    type: IrrepType
    matrices: FloatArray
    character: FloatArray
    rank: int

    @property
    def frobenius_schur(self) -> int:
        """Indicator of the complex constituents: 1, 0 or −1."""
        return {"real": 1, "complex": 0, "quaternionic": -1}[self.type]

    @property
    def endomorphism_dim(self) -> int:
        """Dimension of the endomorphism algebra: 1, 2 or 4."""
        return DIVISION_DIMENSION[self.type]


def make_irrep(group: Group, name: str, kind: IrrepType, matrices: FloatArray) -> Irrep:
    """An :class:`Irrep` with character and rank filled in and the arrays read-only."""
    d = matrices.shape[1]
    matrices = np.ascontiguousarray(matrices, dtype=np.float64)
    character = np.trace(matrices, axis1=1, axis2=2)
    matrices.setflags(write=False)
    character.setflags(write=False)
    return Irrep(name, d, kind, matrices, character, d * d // DIVISION_DIMENSION[kind])


def extend(group: Group, gens: Sequence[int], images: Sequence[FloatArray], d: int) -> FloatArray:
    """(n, d, d) matrices of all elements from those of generators, layer by layer."""
    out = np.zeros((group.order, d, d))
    out[group.identity] = np.eye(d)
    seen = np.zeros(group.order, dtype=bool)
    seen[group.identity] = True
    layer = np.array([group.identity])
    while len(layer):
        grown = []
        for s, image in zip(gens, images):
            target = group.table[layer, s]
            fresh = ~seen[target]
            out[target[fresh]] = out[layer[fresh]] @ image
            seen[target[fresh]] = True
            grown.append(target[fresh])
        layer = np.concatenate(grown) if grown else layer[:0]
    return out


def defect(group: Group, matrices: FloatArray) -> float:
    """Largest entry of ρ(x)ρ(s) − ρ(xs) over generators s, and of ρ(x)ρ(x)ᵀ − 1."""
    d = matrices.shape[1]
    worst = float(np.abs(matrices[group.identity] - np.eye(d)).max())
    for rows in row_blocks(len(matrices), d * d):
        part = matrices[rows]
        gram = np.matmul(part, part.transpose(0, 2, 1)) - np.eye(d)
        worst = max(worst, float(np.abs(gram).max()))
        for s in group.generators:
            off = part @ matrices[s] - matrices[group.table[rows, s]]
            worst = max(worst, float(np.abs(off).max()))
    return worst
