"""One copy of an irrep, cut out of the functions on the cosets of a cyclic subgroup.

The functions on G/H hold f/e copies of ρ, where H fixes f dimensions of ρ and e = dim End ρ, so a
cyclic H with small f > 0 makes the isotypic part small: d·f/e instead of d²/e dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.groups.arrays import BLOCK_ENTRIES
from rhoset.groups.cache import remembered
from rhoset.groups.representation import FloatArray, extend
from rhoset.groups.subgroups import generated_subgroup, left_cosets, representatives
from rhoset.groups.table import Group

EXTRA_MULTIPLIERS = 6
"""Random elements beside the generators from which all matrices are multiplied up; with them
words are short (about log n factors) and rounding errors do not pile up."""

CONDITION_LIMIT = 1e-7
"""Least ratio of diagonal entries in the QR factorisation of translates of the idempotent."""

CLUSTER_TOLERANCE = 1e-7
"""Spread allowed within the d equal eigenvalues of one copy, relative to the largest."""


@dataclass(frozen=True, eq=False)
class CosetModule:
    """Functions on the k left cosets of a cyclic subgroup H.

    ``labels`` (n,) coset of each element, ``representatives`` (k,), ``members`` (k, |H|) elements of each.
    """

    labels: NDArray[np.integer]
    representatives: NDArray[np.integer]
    members: NDArray[np.integer]


def power_counts(group: Group) -> NDArray[np.int64]:
    """(k, k) how many powers g, g², …, 1 of each class's representative lie in each class."""

    def compute() -> NDArray[np.int64]:
        classes = group.classes
        reps, k = classes.representatives, len(classes)
        orders = group.element_orders[reps]
        counts = np.zeros((k, k), dtype=np.int64)
        power = np.full(k, group.identity)
        for step in range(int(orders.max())):
            going = np.flatnonzero(orders > step)
            counts[going, classes.labels[power[going]]] += 1
            power = group.table[power, reps]
        return counts

    return remembered("power counts", group, compute)


def best_cyclic_class(group: Group, character: FloatArray, division_dim: int) -> tuple[int, int]:
    """The class whose cyclic subgroup gives fewest copies f/e > 0, and that number."""
    counts = power_counts(group)
    on_classes = character[group.classes.representatives]
    orders = counts.sum(axis=1)
    copies = np.rint(counts @ on_classes / orders / division_dim).astype(int)
    usable = np.flatnonzero(copies > 0)
    chosen = min(usable, key=lambda c: (copies[c], -orders[c], c))
    return int(chosen), int(copies[chosen])


def coset_module(group: Group, generator: int) -> CosetModule:
    """The module of the cyclic subgroup that ``generator`` generates."""
    subgroup = generated_subgroup(group, [generator])
    labels = left_cosets(group, subgroup)
    chosen = representatives(labels)
    return CosetModule(labels, chosen, group.table[np.ix_(chosen, subgroup.elements)])


def one_copy(
    group: Group,
    idempotent: FloatArray,
    character: FloatArray,
    dim: int,
    division_dim: int,
    rng: np.random.Generator,
) -> FloatArray | None:
    """(n, d, d) matrices of the irrep with this central idempotent; None when unlucky.

    Cost: n·d·c for c copies in the module (translates, one even function), k(dc)² for the
    orthonormal basis, n d³ for all matrices from those of a few elements.
    """
    c, copies = best_cyclic_class(group, character, division_dim)
    module = coset_module(group, int(group.classes.representatives[c]))
    basis = _isotypic_basis(group, module, idempotent, dim * copies, rng)
    if basis is None:
        return None
    if copies > 1:
        basis = _eigenspace(group, module, basis, dim, rng)
        if basis is None:
            return None
    extra = rng.integers(group.order, size=EXTRA_MULTIPLIERS)
    multipliers = [*group.generators, *(int(x) for x in extra)]
    images = [_image(group, module, basis, s) for s in multipliers]
    return extend(group, multipliers, images)


def _isotypic_basis(
    group: Group, module: CosetModule, e: FloatArray, dim: int, rng: np.random.Generator
) -> FloatArray | None:
    """(k, dim) orthonormal basis of the isotypic part, from random translates of e."""
    k = len(module.representatives)
    if dim > k:
        return None
    count = min(k, 2 * dim + 8)
    while True:
        chosen = np.sort(rng.permutation(k)[:count])
        translates = _translates(group, module, e, module.representatives[chosen])
        mixed = translates @ rng.standard_normal((count, dim))
        q, r = np.linalg.qr(mixed)
        diagonal = np.abs(np.diagonal(r))
        if diagonal.min() > CONDITION_LIMIT * diagonal.max():
            return q
        if count == k:
            return None
        count = min(k, 4 * count)


def _translates(group: Group, module: CosetModule, e: FloatArray, elements: NDArray[np.integer]) -> FloatArray:
    """(k, m) functions xH ↦ Σ_h e(y⁻¹xh) for each of the m elements y."""
    members = module.members
    out = np.empty((len(members), len(elements)))
    step = max(1, BLOCK_ENTRIES // members.size)
    for start in range(0, len(elements), step):
        rows = group.inverse[elements[start : start + step]]
        values = e[group.table[rows][:, members]]
        out[:, start : start + step] = values.sum(axis=2).T
    return out


def _eigenspace(
    group: Group, module: CosetModule, basis: FloatArray, dim: int, rng: np.random.Generator
) -> FloatArray | None:
    """(k, d) best separated eigenspace of a random symmetric matrix in the commutant; cost n d c a term."""
    moved = np.zeros(basis.shape)
    for weight in rng.standard_normal(8 + dim // 8):
        w = int(rng.integers(group.order))
        for x in (w, int(group.inverse[w])):
            moved += weight * basis[module.labels[group.table[module.members, x]]].sum(axis=1)
    inner: FloatArray = basis.T @ moved
    eigenvalues, vectors = np.linalg.eigh((inner + inner.T) / 2)
    values = eigenvalues.reshape(-1, dim)
    centres = values.mean(axis=1)
    scale = np.abs(eigenvalues).max()
    if np.abs(values - centres[:, None]).max() > CLUSTER_TOLERANCE * scale:
        return None
    distance = np.abs(centres[:, None] - centres[None]) + np.diag(np.full(len(centres), np.inf))
    chosen = int(np.argmax(distance.min(axis=1)))
    if distance[chosen].min() < 1e3 * CLUSTER_TOLERANCE * scale:
        return None
    return np.asarray(basis @ vectors[:, chosen * dim : (chosen + 1) * dim])


def _image(group: Group, module: CosetModule, basis: FloatArray, s: int) -> FloatArray:
    """(d, d) matrix of s: (s·f)(x) = f(s⁻¹x), made orthogonal by two Newton steps.

    An error ε in the invariance of the span enters the homomorphism law as ε² only.
    """
    moved = basis[module.labels[group.table[group.inverse[s], module.representatives]]]
    image = basis.T @ moved
    for _ in range(2):
        image = 1.5 * image - 0.5 * image @ image.T @ image
    return np.asarray(image)
