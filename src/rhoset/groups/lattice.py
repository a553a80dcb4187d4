"""All subgroups of a group up to conjugacy.

Every subgroup is generated, one step at a time, by elements of prime-power order, so joining the
representatives found so far with such elements reaches every class (cyclic extension without the
solvable restriction; Neubüser 1960).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups.arrays import mask_of
from rhoset.groups.cache import read_entry, remembered, write_entry
from rhoset.groups.primes import primes_of
from rhoset.groups.subgroups import Subgroup
from rhoset.groups.table import Group
from rhoset.groups.words import close

BoolArray = NDArray[np.bool_]

SUBGROUP_LIMIT = 60_000
"""Most subgroups (not classes) kept in the search; n/8 bytes and about 0.1 ms each."""

SUBGROUP_ORDER_LIMIT = 8_000
"""Largest order searched; time grows roughly as classes times elements of prime-power order."""

CACHE_FROM = 64
"""Orders below this are searched faster than an entry is read."""


@public
def subgroup_classes(group: Group) -> tuple[Subgroup, ...]:
    """One subgroup of each conjugacy class, by order, the trivial one first.

    Raises
    ------
    RhosetError
        ``group-too-large`` beyond SUBGROUP_ORDER_LIMIT; ``too-many-subgroups`` beyond
        SUBGROUP_LIMIT.

    Examples
    --------
    >>> from rhoset.groups import group
    >>> len(subgroup_classes(group("S4")))
    11
    """
    n = group.order
    if n > SUBGROUP_ORDER_LIMIT:
        raise RhosetError(
            f"{group.name} has order {n}: searching all its subgroups is limited to order"
            f" {SUBGROUP_ORDER_LIMIT}; give the subgroups you need (generated_subgroup)",
            slug="group-too-large",
        )
    return remembered("subgroup classes", group, lambda: _all_classes(group))


def _all_classes(group: Group) -> tuple[Subgroup, ...]:
    """The classes, through the cache on disk from CACHE_FROM on."""
    n = group.order
    stored = read_entry("subgroups", group) if n >= CACHE_FROM else None
    if stored is not None and set(stored) == {"masks"}:
        masks = np.unpackbits(stored["masks"], axis=1, count=n).astype(bool)
        return tuple(Subgroup(group, read_only(np.flatnonzero(mask))) for mask in masks)
    found = sorted(_search_all(group), key=lambda s: (s.order, s.elements.tolist()))
    if n >= CACHE_FROM:
        packed = np.packbits(np.array([h.mask for h in found]), axis=1)
        write_entry("subgroups", group, {"masks": packed})
    return tuple(found)


def _search_all(group: Group) -> list[Subgroup]:
    n = group.order
    least = _least_count(group)
    if least > SUBGROUP_LIMIT:
        raise _too_many(group, f"at least {least}")
    search = _Search(group)
    found = [search.add(mask_of(n, group.identity))]
    for h in found:
        candidates = search.useful(h)
        while len(candidates):
            joined = search.join(h, candidates[0])
            # Nothing lies between H and a subgroup of prime index over it.
            covered = joined if sum(primes_of(int(joined.sum() // h.sum())).values()) == 1 else h
            candidates = candidates[1:][~covered[candidates[1:]]]
            if not search.known(joined):
                found.append(search.add(joined))
    return [Subgroup(group, read_only(np.flatnonzero(mask))) for mask in found]


class _Search:
    """Working state: conjugation table, elements of prime-power order, subgroups seen."""

    def __init__(self, group: Group) -> None:
        self.group = group
        t, inverse, n = group.table, group.inverse, group.order
        self.conjugates = np.empty((n, n), dtype=np.int32)
        for g in range(n):
            self.conjugates[g] = t[t[g], inverse[g]]
        self.cyclic = self._cyclic_generators()
        self.seen: set[bytes] = set()
        self.pending: list[int] = []
        self.largest_proper = n // min(primes_of(n), default=1)
        self.generators: dict[bytes, list[int]] = {}

    def _cyclic_generators(self) -> NDArray[np.int64]:
        """One generator for each cyclic subgroup of prime-power order."""
        group = self.group
        out = []
        done = np.zeros(group.order, dtype=bool)
        for x in range(group.order):
            order = int(group.element_orders[x])
            if done[x] or len(primes_of(order)) != 1:
                continue
            powers = [group.identity]
            for _ in range(order - 1):
                powers.append(int(group.table[powers[-1], x]))
            done[[p for p in powers if group.element_orders[p] == order]] = True
            out.append(x)
        return np.array(out, dtype=np.int64)

    def useful(self, h: BoolArray) -> NDArray[np.int64]:
        """Generators outside H, one for each orbit of the normalizer of H."""
        outside = self.cyclic[~h[self.cyclic]]
        if not len(outside):
            return outside
        smallest = self.conjugates[self._normalizer(h)][:, outside].min(axis=0)
        first = np.unique(smallest, return_index=True)[1]
        return outside[np.sort(first)]

    def _normalizer(self, h: BoolArray) -> NDArray[np.intp]:
        """The elements g with gHg⁻¹ = H."""
        keep = np.ones(len(h), dtype=bool)
        for g in self.generators[_key(h)]:
            keep &= h[self.conjugates[:, g]]
        return np.flatnonzero(keep)

    def join(self, h: BoolArray, z: int) -> BoolArray:
        """The subgroup that H and z generate."""
        self.pending = [*self.generators[_key(h)], int(z)]
        return close(self.group.table, self.pending, h, self.largest_proper)

    def known(self, mask: BoolArray) -> bool:
        """True when the subgroup or a conjugate was added before."""
        return _key(mask) in self.seen

    def add(self, mask: BoolArray) -> BoolArray:
        """Record the subgroup with all its conjugates."""
        self.generators[_key(mask)] = self.pending
        elements = np.flatnonzero(mask)
        smallest = self.group.table[:, self._normalizer(mask)].min(axis=1)
        representatives = np.unique(smallest)
        images = np.zeros((len(representatives), len(mask)), dtype=bool)
        np.put_along_axis(images, self.conjugates[representatives][:, elements], True, axis=1)
        self.seen.update(row.tobytes() for row in np.packbits(images, axis=1))
        if len(self.seen) > SUBGROUP_LIMIT:
            raise _too_many(self.group, f"more than {SUBGROUP_LIMIT}")
        return mask


def _too_many(group: Group, how_many: str) -> RhosetError:
    return RhosetError(
        f"{group.name} has {how_many} subgroups, and searching them takes about a millisecond"
        f" each; the limit is {SUBGROUP_LIMIT}; give the subgroups you need (generated_subgroup)",
        slug="too-many-subgroups",
    )


def _least_count(group: Group) -> int:
    """Subgroups of the largest elementary abelian subgroup of the centre (Galois numbers)."""
    central = np.flatnonzero(np.isin(group.classes.labels, np.flatnonzero(group.classes.sizes == 1)))
    orders = group.element_orders[central]
    best = 1
    for p in sorted(set(orders.tolist())):
        if sum(primes_of(p).values()) == 1:
            rank = round(np.log(np.sum(orders == p) + 1) / np.log(p))
            before, count = 1, 2
            for r in range(1, rank):
                before, count = count, 2 * count + (p**r - 1) * before
            best = max(best, count)
    return best


def _key(mask: BoolArray) -> bytes:
    return np.packbits(mask).tobytes()
