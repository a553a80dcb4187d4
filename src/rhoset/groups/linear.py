"""Matrix groups over small finite fields, as permutation groups on vectors or lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import gcd, prod

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups.laws import LARGE, require_order
from rhoset.groups.permutations import CONVENTION, permutation_group
from rhoset.groups.primes import primes_of
from rhoset.groups.table import Group

FIELD_LIMIT = 128
"""Largest field size; larger ones give groups beyond any table that fits."""


@dataclass(frozen=True, eq=False)
class Field:
    """GF(q), q = p^e: element i stands for the polynomial whose base-p digits are those of i.

    ``add`` and ``multiply`` are (q, q) tables; ``primitive`` generates the units.
    """

    q: int
    p: int
    add: NDArray[np.integer]
    multiply: NDArray[np.integer]
    primitive: int


def finite_field(q: int) -> Field:
    """GF(q) modulo the first irreducible polynomial in base-p order of its coefficients.

    Raises
    ------
    RhosetError
        ``unknown-group`` when q is not a prime power from 2 to FIELD_LIMIT.
    """
    primes = primes_of(q)
    if len(primes) != 1 or q > FIELD_LIMIT:
        raise RhosetError(f"GF({q}): q must be a prime power from 2 to {FIELD_LIMIT}", slug="unknown-group")
    ((p, e),) = primes.items()
    digits = np.array([[(i // p**j) % p for j in range(e)] for i in range(q)])
    weights = p ** np.arange(e)
    add = ((digits[:, None] + digits) % p @ weights).astype(np.int32)
    for low in product(range(p), repeat=e):
        multiply = _multiplication(digits, np.array(low[::-1]), p, weights)
        if np.all(np.sort(multiply[1:], axis=1) == np.arange(q)):
            break
    primitive = next(x for x in range(1, q) if _unit_order(multiply, x) == q - 1)
    return Field(q, p, add, multiply, primitive)


def _multiplication(
    digits: NDArray[np.integer], low: NDArray[np.integer], p: int, weights: NDArray[np.integer]
) -> NDArray[np.integer]:
    """(q, q) products of polynomials modulo t^e + Σ low[j] t^j."""
    e = digits.shape[1]
    long = np.zeros((len(digits), len(digits), 2 * e - 1), dtype=np.int64)
    for i in range(e):
        for j in range(e):
            long[:, :, i + j] += digits[:, None, i] * digits[None, :, j]
    for top in range(2 * e - 2, e - 1, -1):
        for j in range(e):
            long[:, :, top - e + j] -= long[:, :, top] * low[j]
    return np.asarray((long[:, :, :e] % p @ weights).astype(np.int32))


def _unit_order(multiply: NDArray[np.integer], x: int) -> int:
    power, k = x, 1
    while power != 1:
        power, k = int(multiply[power, x]), k + 1
    return k


def matrix_group(kind: str, d: int, q: int) -> Group:
    """GL, SL, PGL, PSL or AGL (``kind``) of degree d over GF(q).

    GL and SL permute the nonzero vectors, PGL and PSL the lines, AGL all vectors; vectors are
    listed with the last coordinate running fastest, lines by their vector with first nonzero
    entry 1.
    """
    name = f"{kind}({d},{q})" if kind != "AGL" or d > 1 else f"AGL(1,{q})"
    field = finite_field(q)
    if d < 1 or (d == 1 and kind in ("PGL", "PSL")):
        raise RhosetError(f"{name}: the degree must be at least 2", slug="unknown-group")
    require_order(name, matrix_order(kind, d, q))
    vectors = np.array(list(product(range(q), repeat=d)), dtype=np.int32)
    gens = [_act(field, m, vectors) for m in _matrices(field, d, special=kind in ("SL", "PSL"))]
    if kind == "AGL":
        shift = vectors.copy()
        shift[:, -1] = field.add[shift[:, -1], 1]
        gens.append(_index(shift, q))
        points = "vectors"
        keep = np.arange(len(vectors))
    elif kind in ("GL", "SL"):
        points = "nonzero vectors"
        keep = np.arange(1, len(vectors))
    else:
        points = "lines"
        nonzero = vectors != 0
        first = np.argmax(nonzero, axis=1)
        keep = np.flatnonzero(nonzero.any(axis=1) & (vectors[np.arange(len(vectors)), first] == 1))
        gens = [_normalised(field, vectors, g) for g in gens]
    place = np.full(len(vectors), -1)
    place[keep] = np.arange(len(keep))
    moved = [place[g[keep]] for g in gens] or [np.arange(len(keep))]
    convention = f"matrices over GF({q}) on column vectors, as permutations of the {points}; "
    return permutation_group(moved, name, convention + CONVENTION)


def matrix_order(kind: str, d: int, q: int) -> int:
    """The order of a `matrix_group`, LARGE where it is beyond any table."""
    if d * d * np.log2(q) > 60:
        return LARGE
    gl = int(prod(q**d - q**i for i in range(d)))
    common = gcd(d, q - 1)
    return {
        "GL": gl,
        "SL": gl // (q - 1),
        "PGL": gl // (q - 1),
        "PSL": gl // (q - 1) // common,
        "AGL": gl * int(q**d),
    }[kind]


def _matrices(field: Field, d: int, special: bool) -> list[NDArray[np.integer]]:
    """Elementary matrices with entries a basis of the field, and a diagonal one for GL."""
    out: list[NDArray[np.integer]] = []
    basis = [field.p**j for j in range(FIELD_LIMIT) if field.p**j < field.q]
    for i in range(d):
        for j in range(d):
            for a in basis:
                if i != j:
                    m = np.eye(d, dtype=np.int32)
                    m[i, j] = a
                    out.append(m)
    if not special and field.q > 2:
        m = np.eye(d, dtype=np.int32)
        m[0, 0] = field.primitive
        out.append(m)
    return out


def _act(field: Field, matrix: NDArray[np.integer], vectors: NDArray[np.integer]) -> NDArray[np.integer]:
    """Index of matrix · v for every vector v."""
    image = np.zeros_like(vectors)
    for i in range(vectors.shape[1]):
        for j in range(vectors.shape[1]):
            term = field.multiply[matrix[i, j], vectors[:, j]]
            image[:, i] = field.add[image[:, i], term]
    return _index(image, field.q)


def _index(vectors: NDArray[np.integer], q: int) -> NDArray[np.integer]:
    out = np.zeros(len(vectors), dtype=np.int64)
    for j in range(vectors.shape[1]):
        out = out * q + vectors[:, j]
    return out


def _normalised(field: Field, vectors: NDArray[np.integer], image: NDArray[np.integer]) -> NDArray[np.integer]:
    """Replace each image vector by the multiple whose first nonzero entry is 1."""
    v = vectors[image]
    lead = v[np.arange(len(v)), np.argmax(v != 0, axis=1)]
    inverse = np.argmax(field.multiply == 1, axis=1)
    scaled = field.multiply[inverse[lead][:, None], v]
    return _index(scaled, field.q)
