"""A real irreducible representation by orthogonal matrices, and how well they multiply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rhoset.groups.arrays import row_blocks
from rhoset.groups.table import Group
from rhoset.groups.words import spread
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
    label
        What people call it: "frequency k" for cyclic and dihedral groups, the name elsewhere.
    """

    name: str
    dim: int
    type: IrrepType
    matrices: FloatArray
    character: FloatArray
    rank: int
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label or self.name)

    def __repr__(self) -> str:
        return f"Irrep({self.label}, dim {self.dim}, {self.type})"

    def __str__(self) -> str:
        return self.label

    @property
    def is_trivial(self) -> bool:
        """True for the trivial irrep."""
        return is_trivial(self.character)

    @property
    def frobenius_schur(self) -> int:
        """Indicator of the complex constituents: 1, 0 or −1."""
        return {"real": 1, "complex": 0, "quaternionic": -1}[self.type]

    @property
    def endomorphism_dim(self) -> int:
        """Dimension of the endomorphism algebra: 1, 2 or 4."""
        return DIVISION_DIMENSION[self.type]


def is_trivial(character: FloatArray) -> bool:
    """True for the character of the trivial irrep: 1 everywhere."""
    return bool(np.all(character > 0.5))  # any other sums to 0


def frequency(group: Group, character: FloatArray) -> int | None:
    """f for an irrep of dimension 2, or of dimension 1 of a cyclic group, in which an element of greatest order o turns
    by 2πf/o, 0 ≤ f ≤ o/2; None for other irreps. The first such element of `cyclic` and `dihedral` is 1."""
    turning, dim = int(np.argmax(group.element_orders)), round(float(character[group.identity]))
    order = int(group.element_orders[turning])
    if dim != 2 and (dim != 1 or order != group.order):
        return None
    cosine = np.clip(float(character[turning]) / dim, -1.0, 1.0)
    return round(float(np.arccos(cosine)) * order / (2 * np.pi))


def irrep_label(group: Group, name: str, character: FloatArray) -> str:
    """ "frequency k" for the irreps of dimension 2 of cyclic and dihedral groups and k = n/2 of cyclic
    ones, otherwise the name."""
    orders, n = group.element_orders, group.order
    greatest = int(orders.max(initial=1))
    cyclic = greatest == n
    dihedral = 2 * greatest == n and greatest > 2 and int(np.sum(orders == 2)) >= greatest
    if name.startswith("[") or not (cyclic or dihedral):
        return name
    k = None if n == 2 else frequency(group, character)
    return f"frequency {k}" if k else name


def make_irrep(group: Group, name: str, kind: IrrepType, matrices: FloatArray) -> Irrep:
    """An :class:`Irrep` with character and rank filled in and the arrays read-only."""
    d = matrices.shape[1]
    matrices = np.ascontiguousarray(matrices, dtype=np.float64)
    character = np.trace(matrices, axis1=1, axis2=2)
    matrices.setflags(write=False)
    character.setflags(write=False)
    label = irrep_label(group, name, character)
    return Irrep(name, d, kind, matrices, character, d * d // DIVISION_DIMENSION[kind], label)


def extend(group: Group, gens: Sequence[int], images: Sequence[FloatArray]) -> FloatArray:
    """(n, d, d) matrices of all elements from those of generators, layer by layer."""
    d = len(images[0])
    out = np.zeros((group.order, d, d))
    out[group.identity] = np.eye(d)
    for k, source, target in spread(group.table, gens, group.identity):
        out[target] = out[source] @ images[k]
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
