"""Orders of a group's elements, and which of them a network was trained on.

A checkpoint is a list of rows; which element each row stands for is the convention of the code that
trained it. Orders are written relative to a group of `rhoset.groups`: position i of the checkpoint
is element ``old[i]`` there, and the product may be the opposite one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups.permutations import parities
from rhoset.networks.importing.schreier import sympy_order

if TYPE_CHECKING:
    from rhoset.groups import Group

MAX_SYMPY_DEGREE = 8
"""Largest degree of S_n or A_n, and MAX_SYMPY_DIHEDRAL of D_n, for which sympy's order is made."""

MAX_SYMPY_DIHEDRAL = 400
"""Largest n for which sympy's order of D_n is made; larger ones take seconds."""


@dataclass(frozen=True, eq=False)
class Order:
    """One order of a group's elements.

    Attributes
    ----------
    name
        What ``--order`` takes: a layout, with ``/opposite`` where the label of (x, y) is yx.
    description
        One sentence.
    old
        (n,) element of the group at each position.
    opposite
        True where the label of (x, y) is the group's product yx.
    """

    name: str
    description: str
    old: NDArray[np.int64]
    opposite: bool = False

    def labels(self, group: Group, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        """The right label for positions x and y."""
        new = np.empty(group.order, dtype=np.int32)
        new[self.old] = np.arange(group.order, dtype=np.int32)
        first, second = (y, x) if self.opposite else (x, y)
        found: NDArray[Any] = new[group.table[self.old[first], self.old[second]]]
        return found

    def table(self, group: Group) -> NDArray[np.int32]:
        """(n, n) the group's table in this order."""
        every = np.arange(group.order)
        return self.labels(group, every[:, None], every[None, :]).astype(np.int32)


def known_orders(group: Group) -> list[Order]:
    """The orders that published code uses for this group, the group's own first.

    ``own``: as in `rhoset.groups`. For S_k and A_k: ``sympy`` (Chughtai et al. 2023), ``cycle`` (A5
    from a 5-cycle and a double transposition, in sympy's order; the same authors), ``parity``
    (even ones first, then by one-line form; Stander et al. 2024). For D_n: ``interleaved``
    (r^0, r^0 s, r^1, …), ``sympy``. Each also with the opposite product unless the group is
    abelian; for D_n that is the same as writing reflections s r^a instead of r^a s.
    """
    orders = [Order("own", "the order of rhoset's own table", np.arange(group.order))]
    orders += _permutation_orders(group) + _dihedral_orders(group)
    if group.is_abelian:
        return orders
    opposites = [Order(f"{o.name}/opposite", f"{o.description}, opposite product", o.old, True) for o in orders]
    return [order for pair in zip(orders, opposites) for order in pair]


def find_order(group: Group, name: str) -> Order:
    """The known order of that name.

    Raises RhosetError (slug ``unknown-order``) where the group has none.
    """
    orders = {order.name: order for order in known_orders(group)}
    if name not in orders:
        raise RhosetError(
            f"unknown order {name!r} of the elements of {group.name}: known are"
            f" {', '.join(orders)}, and learned (the table that the network's own answers form)",
            slug="unknown-order",
        )
    return orders[name]


def _permutation_orders(group: Group) -> list[Order]:
    match = re.fullmatch(r"([SA])(\d+)", group.name)
    points = group.permutations
    if not match or points is None or not 3 <= int(match[2]) <= MAX_SYMPY_DEGREE:
        return []
    k = int(match[2])
    if points.shape[1] != k:
        return []
    kinds = [("sympy", "sympy's order of its named group", _sympy_generators(match[1], k))]
    if match[1] == "A" and k == 5:
        double = [0, 2, 1, 4, 3]
        kinds.append(("cycle", "sympy's order of <(0 1 2 3 4), (1 2)(3 4)>", [_cycle(5), double]))
    orders = []
    place = {tuple(p): i for i, p in enumerate(points.tolist())}
    for name, description, generators in kinds:
        places = [place.get(tuple(p), -1) for p in sympy_order(generators).tolist()]
        if sorted(places) == list(range(group.order)):
            orders.append(Order(name, description, np.array(places)))
    if match[1] == "S":
        by_parity = np.lexsort((*points.T[::-1], parities(points)))
        orders.append(Order("parity", "even permutations first, then by one-line form", by_parity))
    return orders


def _sympy_generators(family: str, k: int) -> list[list[int]]:
    """The generators that sympy's SymmetricGroup and AlternatingGroup use."""
    if family == "S":
        return [_cycle(k), [1, 0, *range(2, k)]]
    three = [1, 2, 0, *range(3, k)]
    long = _cycle(k) if k % 2 else [0, *range(2, k), 1]
    return [three] if three == long else [three, long]


def _dihedral_orders(group: Group) -> list[Order]:
    match = re.fullmatch(r"D(\d+)", group.name)
    if not match or int(match[1]) < 2 or group.order != 2 * int(match[1]):
        return []
    n = int(match[1])
    a = np.arange(n)
    interleaved = np.column_stack([a, a + n]).ravel()
    orders = [Order("interleaved", "r^0, r^0 s, r^1, r^1 s, …", interleaved)]
    if 3 <= n <= MAX_SYMPY_DIHEDRAL:
        points = sympy_order([_cycle(n), list(range(n))[::-1]])
        rotation = points[:, 1] == (points[:, 0] + 1) % n
        # r^a takes 0 to a; r^a s takes 0 to a + n - 1, where s reverses the points.
        old = np.where(rotation, points[:, 0], (points[:, 0] + 1) % n + n)
        orders.append(Order("sympy", "sympy's order of DihedralGroup", old.astype(np.int64)))
    return orders


def _cycle(k: int) -> list[int]:
    return [*range(1, k), 0]
