"""Isomorphisms between tables, and the name of a group given by a bare table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray
from rhoset.groups.linear import matrix_order
from rhoset.groups.naming import order_by_name
from rhoset.groups.primes import primes_of
from rhoset.groups.table import Group
from rhoset.groups.words import spread

TRIES = 50_000
"""Partial images of the generators examined before the search gives up."""

AUTOMORPHISMS = 5000
"""Most automorphisms that are listed; each is a table of n elements."""

SEMIDIRECT_LIMIT = 800
"""Largest order for which all cyclic semidirect products are compared in :func:`recognise`."""


def element_invariants(group: Group) -> IntArray:
    """(n, 6) numbers of each element that every isomorphism keeps.

    Order, size of the class, number of square and of cube roots, class sizes of square and cube.
    """
    n, t = group.order, group.table
    every = np.arange(n)
    size = group.classes.sizes[group.classes.labels]
    square = t[every, every]
    cube = t[square, every]
    roots = [np.bincount(p, minlength=n) for p in (square, cube)]
    columns = (group.element_orders, size, *roots, size[square], size[cube])
    return np.array(columns, dtype=np.int32).T


def isomorphism(first: Group, second: Group) -> IntArray | None:
    """(n,) φ with φ[xy] = φ[x]φ[y], or None when the groups are not isomorphic.

    Images of the first group's generators are tried in increasing order among elements with the
    same invariants, the first generator up to conjugacy; the answer is deterministic, and one of
    |Aut| possible ones.

    Raises
    ------
    RhosetError
        ``isomorphism-undecided`` when TRIES partial images did not settle it.

    Notes
    -----
    Each try costs about n operations for each generator.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> isomorphism(group("C6"), group("C2xC3")) is not None
    True
    """
    if first.order != second.order:
        return None
    if np.array_equal(first.table, second.table):
        return read_only(np.arange(first.order))
    a, b = element_invariants(first), element_invariants(second)
    kinds, kind, counts = np.unique(a, axis=0, return_inverse=True, return_counts=True)
    kinds_b, counts_b = np.unique(b, axis=0, return_counts=True)
    if not (np.array_equal(kinds, kinds_b) and np.array_equal(counts, counts_b)):
        return None
    rarity = counts[kind.ravel()]
    gens = sorted(first.generators, key=lambda s: (rarity[s], s))
    candidates = [np.flatnonzero((b == a[s]).all(axis=1)) for s in gens]
    if gens:
        candidates[0] = np.intersect1d(candidates[0], second.classes.representatives)
    for tries, phi in _search(first, second, gens, candidates):
        if tries > TRIES:
            raise RhosetError(
                f"{first.name} and {second.name}: {TRIES} images of generators did not decide"
                " whether they are isomorphic",
                slug="isomorphism-undecided",
            )
        if phi is not None:
            return phi
    return None


def all_automorphisms(group: Group, limit: int = AUTOMORPHISMS) -> IntArray:
    """(|Aut|, n) all automorphisms, the identity among them.

    Raises
    ------
    RhosetError
        ``too-many-automorphisms`` beyond `limit`.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> len(all_automorphisms(group("S3"))), len(all_automorphisms(group("Q8")))
    (6, 24)
    """
    gens, invariants = list(group.generators), element_invariants(group)
    candidates = [np.flatnonzero((invariants == invariants[s]).all(axis=1)) for s in gens]
    found: list[IntArray] = []
    for _, phi in _search(group, group, gens, candidates):
        found += [] if phi is None else [phi]
        if len(found) > limit:
            raise RhosetError(
                f"{group.name} has more than {limit} automorphisms; distances up to automorphism are not computed",
                slug="too-many-automorphisms",
            )
    return np.array(found)


def _search(
    first: Group, second: Group, gens: list[int], candidates: list[NDArray[np.intp]]
) -> Iterator[tuple[int, IntArray | None]]:
    """The isomorphisms that send each generator to one of its candidates, each as it is found with the number of
    partial images tried so far; None after each that leads nowhere."""
    if not gens:
        yield 0, read_only(np.full(1, second.identity))
        return
    tries, open_ = 0, [iter(candidates[0])]
    images: list[int] = []
    while open_:
        image = next(open_[-1], None)
        if image is None:
            open_.pop()
            images = images[:-1]
            continue
        tries += 1
        tried = [*images, int(image)]
        phi = extend_homomorphism(first, second, gens[: len(tried)], tried)
        if phi is None or len(tried) == len(gens):
            yield tries, None if phi is None or (phi < 0).any() else read_only(phi)
        else:
            images = tried
            open_.append(iter(candidates[len(tried)]))


def extend_homomorphism(first: Group, second: Group, gens: list[int], images: list[int]) -> NDArray[np.int64] | None:
    """The injective homomorphism on ⟨gens⟩ with these images, −1 elsewhere; None if none exists."""
    phi = np.full(first.order, -1, dtype=np.int64)
    phi[first.identity] = second.identity
    for k, source, target in spread(first.table, gens, first.identity):
        phi[target] = second.table[phi[source], images[k]]
    inside = np.flatnonzero(phi >= 0)
    for s, image in zip(gens, images):
        if not np.array_equal(phi[first.table[inside, s]], second.table[phi[inside], image]):
            return None
    return phi if len(np.unique(phi[inside])) == len(inside) else None


def recognise(group: Group) -> str | None:
    """A name that :func:`rhoset.groups.group` turns into an isomorphic group, or None.

    Complete for abelian groups; otherwise families, their products with abelian groups, and
    cyclic semidirect products of the same order are tried.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> recognise(group("perm:(1 2 3);(4 5)"))
    'C6'
    """
    from rhoset.groups.names import group as named

    if group.is_abelian:
        return abelian_name(abelian_invariants(group))
    histogram = np.bincount(group.element_orders)
    for name in _candidates(group.order):
        try:
            other = named(name)
            if not np.array_equal(np.bincount(other.element_orders), histogram):
                continue
            if isomorphism(other, group) is not None:
                return name
        except RhosetError:
            continue
    return None


def abelian_invariants(group: Group) -> tuple[int, ...]:
    """Invariant factors d₁ | d₂ | … of an abelian group, without 1s."""
    orders = group.element_orders
    powers: list[list[int]] = []
    for p in primes_of(group.order):
        # |{x : x^(p^e) = 1}| / |{x : x^(p^(e−1)) = 1}| = p^(number of factors at least p^e)
        counts = [1]
        while len(counts) < 2 or counts[-1] > counts[-2]:
            counts.append(int(np.sum(p ** len(counts) % orders == 0)))
        ranks = [round(np.log(b / a) / np.log(p)) for a, b in pairwise(counts)]
        powers.append([p ** sum(1 for r in ranks if r > i) for i in range(ranks[0])])
    length = max((len(q) for q in powers), default=0)
    factors = [int(np.prod([q[i] for q in powers if i < len(q)])) for i in range(length)]
    return tuple(sorted(factors))


def abelian_name(invariants: tuple[int, ...]) -> str:
    """``(2, 2, 4)`` as ``"C2^2xC4"``."""
    parts = []
    for d in sorted(set(invariants)):
        times = invariants.count(d)
        parts.append(f"C{d}" if times == 1 else f"C{d}^{times}")
    return "x".join(parts) or "C1"


def _candidates(n: int) -> Iterator[str]:
    """Names of nonabelian groups of order n, simple families first."""
    yield from _families(n)
    for small in range(6, n // 2 + 1):
        if n % small == 0:
            factor = n // small
            cofactors = [f"C{factor}"]
            cofactors += [f"C{p}^{e}" for p in (2, 3) for e in (2, 3) if p**e == factor]
            for name in _families(small):
                yield from (f"{c}x{name}" for c in cofactors)
                if factor == small:
                    yield f"{name}x{name}"
    for k in range(2, n // 2 + 1 if n <= SEMIDIRECT_LIMIT else 2):
        if n % k == 0:
            m = n // k
            yield from (f"C{m}:C{k}({r})" for r in range(2, m) if pow(r, k, m) == 1)


def _families(n: int) -> Iterator[str]:
    permuting = "S3", "S4", "S5", "S6", "S7", "A4", "A5", "A6", "A7", "M11"
    yield from (name for name in permuting if order_by_name(name) == n)
    if n % 2 == 0 and n >= 8:
        yield f"D{n // 2}"
    if n % 4 == 0 and n >= 8:
        yield f"Q{n}" if n & (n - 1) == 0 else f"Dic{n // 4}"
    yield f"F{n}"
    for q in (2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19):
        kinds = (("AGL", 1), ("SL", 2), ("PSL", 2), ("PGL", 2), ("GL", 2))
        yield from (f"{kind}({d},{q})" for kind, d in kinds if matrix_order(kind, d, q) == n)
    copies = {"C2": 2, "C3": 3, "C4": 4, "S3": 3}
    orders = {"C2": 2, "C3": 3, "C4": 4, "S3": 6}
    for base in orders:
        yield from (f"{base}wr{top}" for top in orders if orders[base] ** copies[top] * orders[top] == n)
