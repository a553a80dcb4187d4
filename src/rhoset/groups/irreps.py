"""Real irreducible representations of any finite group, from its table.

Method. The class sums span the centre of the group algebra; a random real class function that
is even (c(g) = c(g⁻¹)) acts on it by a symmetric k × k matrix whose eigenspaces belong to the
real irreps. The unit element projected onto an eigenspace is the central idempotent e_ρ, which
gives character, type and dimension (Serre, Linear Representations of Finite Groups, §6.5,
§13.2). Inside the ideal of e_ρ, a random even function acts from the right by a symmetric matrix
that commutes with left multiplication; each of its eigenspaces is one copy of ρ, whatever its
type, because the commutant is a matrix algebra over ℝ, ℂ or ℍ.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups.table import Group, row_blocks

FloatArray = NDArray[np.float64]
IrrepType = Literal["real", "complex", "quaternionic"]

IRREP_ORDER_LIMIT = 2_600
"""Largest order for which all irreps are formed from a table; time grows as n³, memory as n²."""

GAP_THRESHOLD = 1e-7
"""Eigenvalues (spectrum scaled to [−1, 1]) nearer than this are one; a wrong merge or split shows
as a dimension that is not a whole number, and then another random function is tried."""

HOMOMORPHISM_TOLERANCE = 1e-12
"""Largest entry of ρ(x)ρ(s) − ρ(xs) and of ρρᵀ − 1 that is accepted."""

ATTEMPTS = 20
"""Random functions tried before giving up."""

DIVISION_DIMENSION: dict[str, int] = {"real": 1, "complex": 2, "quaternionic": 4}
"""Dimension of the endomorphism algebra by type."""


@dataclass(frozen=True, eq=False)
class Irrep:
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


@dataclass(frozen=True, eq=False)
class Component:
    """One isotypic component of ℝ[G]: the data of an irrep that need no matrices.

    ``idempotent`` (n,) is the central idempotent e, a function on G with e∗e = e.
    """

    dim: int
    type: IrrepType
    rank: int
    character: FloatArray
    idempotent: FloatArray


def components(group: Group) -> tuple[Component, ...]:
    """The isotypic components of the real group algebra, in canonical order.

    Cost: kn + k³ for k conjugacy classes. Order: dimension, trivial first, type, then character
    values on the classes, so that it does not depend on the order of the elements except
    between irreps that an automorphism may exchange.

    Raises
    ------
    RhosetError
        ``irreps-failed`` when no random function separates the components (never observed).
    """
    for seed in range(ATTEMPTS):
        found = _components(group, np.random.default_rng(seed))
        if found is not None:
            return tuple(sorted(found, key=lambda c: _sort_key(group, c)))
    raise RhosetError(
        f"{group.name}: the classes could not be separated numerically in {ATTEMPTS} attempts",
        slug="irreps-failed",
    )


def _components(group: Group, rng: np.random.Generator) -> list[Component] | None:
    classes, n = group.classes, group.order
    k = len(classes)
    labels = classes.labels
    values = rng.standard_normal(k)
    inverse_class = labels[group.inverse[classes.representatives]]
    values = values + values[inverse_class]
    positions = labels[group.table[group.inverse[:, None], classes.representatives[None]]]
    flat = positions.astype(np.int64) * k + np.arange(k)
    weights = np.broadcast_to(values[labels][:, None], flat.shape)
    matrix = np.bincount(flat.ravel(), weights.ravel(), k * k).reshape(k, k)
    root = np.sqrt(classes.sizes.astype(float))
    # On normalised class sums 1_K / √|K| the action is symmetric.
    symmetric = matrix / root[:, None] * root[None, :]
    symmetric = (symmetric + symmetric.T) / 2
    eigenvalues, vectors = np.linalg.eigh(symmetric)
    scale = max(np.abs(eigenvalues).max(), 1e-300)
    cuts = np.flatnonzero(np.diff(eigenvalues / scale) > GAP_THRESHOLD) + 1
    found = []
    for space in np.split(np.arange(k), cuts):
        v = vectors[:, space]
        e = v @ v[0] / root
        component = _component(group, e)
        if component is None or len(space) != (2 if component.type == "complex" else 1):
            return None
        found.append(component)
    return found if sum(c.rank for c in found) == n else None


def _component(group: Group, e: FloatArray) -> Component | None:
    """Dimension and type from the class values of a central idempotent; None when inconsistent."""
    labels, n = group.classes.labels, group.order
    rank = n * e[0]
    if abs(rank - round(rank)) > 1e-3 or rank < 0.5:
        return None
    on_group = e[labels]
    square = np.diagonal(group.table)
    indicator = on_group[square].sum() / on_group[group.identity] / n
    r = round(rank)
    kind: IrrepType
    if abs(indicator) < 0.5 / np.sqrt(r):
        kind, dim = "complex", np.sqrt(2 * r)
    elif indicator > 0:
        kind, dim = "real", np.sqrt(r)
    else:
        kind, dim = "quaternionic", 2 * np.sqrt(r)
    if abs(dim - round(dim)) > 1e-6:
        return None
    d = round(dim)
    character = on_group * (d / on_group[group.identity])
    return Component(d, kind, r, character, on_group)


def _sort_key(group: Group, c: Component) -> tuple:
    on_classes = np.round(c.character[group.classes.representatives], 6) + 0.0
    trivial = bool(np.all(on_classes == on_classes[0]))
    kind = ("real", "complex", "quaternionic").index(c.type)
    classes = group.classes
    orders = group.element_orders[classes.representatives]
    fingerprint = sorted(zip(orders.tolist(), classes.sizes.tolist(), (-on_classes).tolist()))
    return (c.dim, not trivial, kind, fingerprint, tuple(-on_classes))


def component_names(parts: tuple[Component, ...]) -> tuple[str, ...]:
    """Dimension and a letter, in order: "1a", "1b", "2a", …; after z comes aa."""
    counts: dict[int, int] = {}
    names = []
    for part in parts:
        i = counts.get(part.dim, 0)
        counts[part.dim] = i + 1
        names.append(f"{part.dim}{_letters(i)}")
    return tuple(names)


def _letters(i: int) -> str:
    out = ""
    i += 1
    while i:
        i, rest = divmod(i - 1, 26)
        out = string.ascii_lowercase[rest] + out
    return out


def irrep_of_component(group: Group, part: Component, name: str) -> Irrep:
    """Matrices of one irrep: an eigenspace of a random even function inside its ideal.

    Cost: n²(R + d²) for rank R. Raises ``irreps-failed`` when the matrices are not a
    homomorphism to HOMOMORPHISM_TOLERANCE after ATTEMPTS random functions.
    """
    if part.dim == 1:
        return make_irrep(group, name, part.type, np.sign(part.character)[:, None, None])
    for seed in range(ATTEMPTS):
        basis = _one_copy(group, part, np.random.default_rng(seed))
        if basis is None:
            continue
        matrices = representation_on(group, basis)
        if defect(group, matrices) <= HOMOMORPHISM_TOLERANCE:
            return make_irrep(group, name, part.type, matrices)
    raise RhosetError(
        f"{group.name}: irrep {name} could not be found to {HOMOMORPHISM_TOLERANCE:g}",
        slug="irreps-failed",
    )


def make_irrep(group: Group, name: str, kind: IrrepType, matrices: FloatArray) -> Irrep:
    """An :class:`Irrep` with character and rank filled in and the arrays read-only."""
    d = matrices.shape[1]
    matrices = np.ascontiguousarray(matrices, dtype=np.float64)
    character = np.trace(matrices, axis1=1, axis2=2)
    matrices.setflags(write=False)
    character.setflags(write=False)
    return Irrep(name, d, kind, matrices, character, d * d // DIVISION_DIMENSION[kind])


def _one_copy(group: Group, part: Component, rng: np.random.Generator) -> FloatArray | None:
    """(n, d) orthonormal basis of one copy of the irrep inside functions on G."""
    n, d = group.order, part.dim
    ideal = _ideal_basis(group, part, rng)
    even = rng.standard_normal(n)
    even = even + even[group.inverse]
    # The matrix c(x⁻¹y) commutes with left multiplication.
    moved = np.empty_like(ideal)
    for rows in row_blocks(n):
        moved[rows] = even[group.table[group.inverse[rows]]] @ ideal
    eigenvalues, vectors = np.linalg.eigh(ideal.T @ moved)
    values = eigenvalues.reshape(-1, d)
    centres = values.mean(axis=1)
    if np.abs(values - centres[:, None]).max() > 1e-6 * np.abs(eigenvalues).max():
        return None
    distance = np.abs(centres[:, None] - centres[None]) + np.diag(np.full(len(centres), np.inf))
    chosen = int(np.argmax(distance.min(axis=1)))
    return ideal @ vectors[:, chosen * d : (chosen + 1) * d]


def _ideal_basis(group: Group, part: Component, rng: np.random.Generator) -> FloatArray:
    """(n, R) orthonormal basis of the two-sided ideal of the component."""
    n = group.order
    start = rng.standard_normal((n, part.rank))
    for _ in range(2):
        image = np.empty_like(start)
        for rows in row_blocks(n):
            image[rows] = part.idempotent[group.table[group.inverse[rows]]] @ start
        start = np.linalg.qr(image)[0]
    return start


def representation_on(group: Group, basis: FloatArray) -> FloatArray:
    """(n, d, d) left translation (g·f)(x) = f(g⁻¹x) on the span of orthonormal functions (n, d).

    An error ε in the invariance of the span enters the homomorphism law as ε² only.
    """
    n, d = basis.shape
    out = np.empty((n, d, d))
    for rows in row_blocks(n, n * d):
        moved = basis[group.table[group.inverse[rows]]]
        out[rows] = np.matmul(basis.T, moved)
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


def irreps(group: Group) -> tuple[Irrep, ...]:
    """All real irreps, trivial first, then by dimension.

    Raises
    ------
    RhosetError
        ``group-too-large`` beyond IRREP_ORDER_LIMIT, with an estimate of time and memory.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> [(r.name, r.dim, r.type) for r in irreps(group("C3"))]
    [('1a', 1, 'real'), ('2a', 2, 'complex')]
    """
    require_small(group)
    parts = components(group)
    names = component_names(parts)
    return tuple(irrep_of_component(group, p, name) for p, name in zip(parts, names))


def require_small(group: Group) -> None:
    """Refuse orders beyond IRREP_ORDER_LIMIT, with an estimate."""
    n = group.order
    if n > IRREP_ORDER_LIMIT:
        seconds = 20 * (n / 1000) ** 3
        raise RhosetError(
            f"{group.name} has order {n}: all its irreps would take about {8 * n * n / 1e9:.2g} GB"
            f" and {seconds / 60:.2g} minutes; the limit is {IRREP_ORDER_LIMIT}. Ask for one irrep"
            " by name (symmetric groups) or decompose a G-set (gset_irreps)",
            slug="group-too-large",
        )


