"""The primes of a whole number, and orders of residues."""

from __future__ import annotations


def primes_of(n: int) -> dict[int, int]:
    """The primes of n, ascending, each with its exponent; none for n < 2. Cost √n divisions."""
    found: dict[int, int] = {}
    p = 2
    while n > 1:
        p = p if p * p <= n else n
        while n % p == 0:
            found[p] = found.get(p, 0) + 1
            n //= p
        p += 1
    return found


def has_order(residue: int, k: int, m: int) -> bool:
    """Whether k is the least exponent ≥ 1 with residue^k = 1 mod m."""
    one = 1 % m
    return pow(residue, k, m) == one and all(pow(residue, k // p, m) != one for p in primes_of(k))
