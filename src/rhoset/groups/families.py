"""Families of groups that have a formula for their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike

from rhoset.errors import RhosetError
from rhoset.groups.arrays import IntArray
from rhoset.groups.gsets import gset_from_permutations
from rhoset.groups.laws import capped_power, require_order
from rhoset.groups.naming import family
from rhoset.groups.permutations import CONVENTION, parse_cycles, permutation_group
from rhoset.groups.primes import has_order, primes_of
from rhoset.groups.table import Group


@family("C<n>", "cyclic, order n", "C5", "Z<n>", order=lambda n: n)
def cyclic(n: int) -> Group:
    """C_n: residues, xy = x + y mod n."""
    every = np.arange(n, dtype=np.int32)
    table = (every[:, None] + every) % n
    return Group(f"C{n}", table, convention=f"residues 0 to {n - 1}; xy is x + y mod {n}")


@family("D<n>", "dihedral, order 2n", "D4", order=lambda n: 2 * n)
def dihedral(n: int) -> Group:
    """D_n of order 2n: r^0 … r^(n−1), then r^0 s … r^(n−1) s, with s r s = r⁻¹."""
    names = tuple(_word(a, p) for p in range(2) for a in range(n))
    return Group(
        f"D{n}",
        _inverting(n, 0),
        names,
        f"index a + {n}p for r^a s^p, with s r s = r^-1; words are multiplied left to right",
    )


@family("Dic<n>", "dicyclic, order 4n", "Dic3", order=lambda n: 4 * n)
def dicyclic(n: int) -> Group:
    """Dic_n of order 4n: a^i, then a^i x, with x² = a^n, x a x⁻¹ = a⁻¹."""
    names = tuple(_word(a, p, "ax") for p in range(2) for a in range(2 * n))
    return Group(
        f"Dic{n}",
        _inverting(2 * n, n),
        names,
        f"index i + {2 * n}p for a^i x^p, with x^2 = a^{n}, x a x^-1 = a^-1; words are multiplied left to right",
    )


@family("Q<n>", "generalised quaternion, order n = 8, 16, …", "Q8", order=lambda n: n)
def quaternion(order: int) -> Group:
    """Generalised quaternion group of order 8, 16, 32, …: the dicyclic group of that order."""
    if order < 8 or order & (order - 1):
        raise RhosetError(
            f"Q{order}: generalised quaternion groups have order 8, 16, 32, …; for other orders 4n use Dic<n>",
            slug="unknown-group",
        )
    base = dicyclic(order // 4)
    names = base.element_names
    if order == 8:
        names = ("1", "i", "-1", "-i", "j", "k", "-j", "-k")
    return Group(f"Q{order}", base.table, names, base.convention)


def _inverting(m: int, square: int) -> IntArray:
    """Table of a^i x^p with x a x⁻¹ = a⁻¹, x² = a^square, a^m = 1."""
    i = np.tile(np.arange(m, dtype=np.int32), 2)
    p = np.repeat(np.array([0, 1], dtype=np.int32), m)
    both = p[:, None] & p
    a = (i[:, None] + (1 - 2 * p)[:, None] * i + square * both) % m
    return np.asarray(a + m * (p[:, None] ^ p))


def _word(a: int, p: int, letters: str = "rs") -> str:
    power = {0: "", 1: letters[0]}.get(a, f"{letters[0]}^{a}")
    return power + letters[1] * p or "1"


@family("S<k>", "symmetric on k ≤ 7 points", "S5", order=lambda k: _factorial(k))
def symmetric(degree: int) -> Group:
    """S_k on k points."""
    swap = [1, 0, *range(2, degree)][:degree]
    turn = [*range(1, degree), 0]
    return permutation_group([swap, turn] if degree > 1 else [[0]], f"S{degree}")


@family("A<k>", "alternating on k ≤ 7 points", "A5", order=lambda k: _factorial(k) // 2 or min(k, 1))
def alternating(degree: int) -> Group:
    """A_k on k points."""
    gens = []
    for c in range(2, degree):
        g = list(range(degree))
        g[0], g[1], g[c] = 1, c, 0
        gens.append(g)
    return permutation_group(gens or [list(range(degree))], f"A{degree}")


def direct_product(factors: Sequence[Group], name: str = "") -> Group:
    """Tuples of elements, the last factor running fastest, multiplied factor by factor."""
    if not factors:
        raise RhosetError("a direct product needs at least one factor", slug="unknown-group")
    name = name or "x".join(f.name for f in factors)
    require_order(name, prod(f.order for f in factors))
    table = factors[0].table
    names = [[f.element_name(x) for x in range(f.order)] for f in factors]
    labels = names[0]
    for f, own in zip(factors[1:], names[1:]):
        wide = table[:, None, :, None] * np.int32(f.order) + f.table[None, :, None, :]
        table = wide.reshape(len(table) * f.order, -1)
        labels = [f"{a},{b}" for a in labels for b in own]
    parts = "; ".join(f"{f.name}: {f.convention}" for f in factors if f.convention)
    convention = f"tuples, the last factor running fastest ({parts})"
    return Group(name, table, tuple(f"({label})" for label in labels), convention)


def semidirect_product(normal: Group, complement: Group, action: ArrayLike, name: str = "") -> Group:
    """N ⋊ H: pairs (a, h) with (a, h)(b, k) = (a·h(b), hk), the H part running fastest.

    Parameters
    ----------
    action
        (|H|, |N|): ``action[h, a]`` = h(a), automorphisms of N with (hk)(a) = h(k(a)).

    Raises
    ------
    RhosetError
        ``not-automorphisms`` when a row is no automorphism or the rows are no homomorphism.
    """
    n, h = normal.order, complement.order
    name = name or f"{normal.name}:{complement.name}"
    require_order(name, n * h)
    try:
        moves = gset_from_permutations(complement, action).action
    except RhosetError as error:
        raise RhosetError(f"{name}: {error}", slug="not-automorphisms") from None
    if moves.shape[1] != n:
        raise RhosetError(f"{name}: the action has shape {moves.shape}; give ({h}, {n})", slug="not-automorphisms")
    for s in complement.generators:
        if not np.array_equal(moves[s][normal.table], normal.table[np.ix_(moves[s], moves[s])]):
            raise RhosetError(
                f"{name}: element {s} of {complement.name} does not act as an automorphism of {normal.name}",
                slug="not-automorphisms",
            )
    first = normal.table[:, moves].astype(np.int32)  # (a, h, b) -> a·h(b)
    table = first[:, :, :, None] * np.int32(h) + complement.table[None, :, None, :]
    names = tuple(f"({normal.element_name(a)},{complement.element_name(b)})" for a in range(n) for b in range(h))
    convention = "pairs (a,h), h running fastest; (a,h)(b,k) = (a h(b), hk)"
    return Group(name, table.reshape(n * h, n * h), names, convention)


@family(
    "C<m>:C<k>",
    "semidirect product, generator of C_k multiplying by an r of order k",
    "C7:C3",
    order=lambda m, k: m * k,
)
@family("C<m>:C<k>(<r>)", "the same for a given r", "C7:C3(2)", order=lambda m, k, r: m * k)
def cyclic_semidirect(m: int, k: int, multiplier: int | None = None, name: str = "") -> Group:
    """C_m ⋊ C_k where the generator of C_k multiplies residues mod m by ``multiplier``.

    Without a multiplier: the least one of multiplicative order exactly k.
    """
    name = name or f"C{m}:C{k}" + (f"({multiplier})" if multiplier is not None else "")
    r = multiplier
    if r is None:
        r = next((s for s in range(1, m + 1) if has_order(s, k, m)), None)
    if r is None or pow(r, k, m) != 1 % m:
        raise RhosetError(
            f"{name}: no residue mod {m} has order {k}"
            if r is None
            else f"{name}: {r}^{k} is not 1 mod {m}, so C{k} does not act this way on C{m}",
            slug="not-automorphisms",
        )
    powers = np.array([pow(r, j, m) for j in range(k)], dtype=np.int64)
    action = powers[:, None] * np.arange(m) % m
    out = semidirect_product(cyclic(m), cyclic(k), action, name)
    law = f"(a,h)(b,k) = (a + {r}^h b mod {m}, h + k mod {k})"
    return replace(out, convention=f"pairs (a,h), h running fastest; {law}")


@family("F<pk>", "Frobenius group C_p : C_k", "F21", order=lambda n: n)
def frobenius(order: int) -> Group:
    """F_n: C_p ⋊ C_k, n = pk with p the largest prime factor and k > 1 a divisor of p − 1."""
    require_order(f"F{order}", order)
    p = max(primes_of(order), default=1)
    k = order // p if p > 1 else 0
    if k < 2 or (p - 1) % k:
        raise RhosetError(
            f"F{order}: a Frobenius group C_p : C_k needs order p·k with p prime and k a divisor"
            " of p − 1, such as F20, F21, F42",
            slug="unknown-group",
        )
    return cyclic_semidirect(p, k, name=f"F{order}")


def wreath_product(base: Group, top: Group, name: str = "") -> Group:
    """base ≀ top, top permuting the copies as it permutes its points.

    The top group's natural action counts (degree of a permutation group); a group without one
    acts on itself from the left. Elements are permutations of (copies × base elements).
    """
    images = top.permutations if top.permutations is not None else top.table
    copies = images.shape[1]
    name = name or f"{base.name}wr{top.name}"
    require_order(name, capped_power(base.order, copies) * top.order)
    points, own = base.permutations, base.table
    local = own if points is None else points
    width = local.shape[1]
    every = np.arange(copies * width)
    gens = [(images[s][:, None] * width + np.arange(width)).ravel() for s in top.generators]
    for start in np.unique(images.min(axis=0)):  # a copy of each orbit
        for s in base.generators:
            g = every.copy()
            g[start * width : (start + 1) * width] = start * width + local[s]
            gens.append(g)
    convention = f"permutations of {copies} copies of {width} points; " + CONVENTION
    return permutation_group(gens or [every], name, convention)


@family(
    "C<p>^<k>",
    "power of a cyclic group (elementary abelian for p prime)",
    "C2^3",
    "Z<p>^<k>",
    order=lambda p, k: k and capped_power(p, k),
)
def elementary_abelian(p: int, rank: int) -> Group:
    """C_p^rank: vectors over the integers mod p, the last coordinate running fastest."""
    out = direct_product([cyclic(p)] * rank, f"C{p}^{rank}")
    return replace(out, convention=f"vectors mod {p}, the last coordinate running fastest; xy is x + y")


@family("M11", "Mathieu group on 11 points", "M11", order=lambda: 7920)
def mathieu11() -> Group:
    """M11 on 11 points (generators of the ATLAS: order 2 and order 4)."""
    return permutation_group(parse_cycles("(2 10)(4 11)(5 7)(8 9);(1 4 3 8)(2 5 6 9)"), "M11")


def opposite(group: Group, name: str = "") -> Group:
    """The opposite group: the transposed table, x∘y = yx."""
    convention = f"opposite of: {group.convention}" if group.convention else ""
    return Group(name or f"{group.name}^op", group.table.T, group.element_names, convention)


def relabel(group: Group, new_index: ArrayLike, name: str = "") -> Group:
    """The same group with element x called ``new_index[x]``."""
    new = np.asarray(new_index, dtype=np.int64)
    old = np.argsort(new)
    if not np.array_equal(new[old], np.arange(group.order)):
        raise RhosetError(
            f"{group.name}: new_index must hold each of 0 to {group.order - 1} once",
            slug="not-a-permutation",
        )
    table = new[group.table[np.ix_(old, old)]].astype(np.int32)
    names = tuple(group.element_names[x] for x in old) if group.element_names else ()
    points = None if group.permutations is None else group.permutations[old]
    return Group(name or group.name, table, names, "relabelled; " + group.convention, points)


def _factorial(k: int) -> int:
    """k!, that of 20 beyond it; 0 where there is no group."""
    return factorial(min(k, 20)) if k > 0 else 0
