"""Orders of elements: sympy's without sympy, and isomorphisms."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.public import public_file

from rhoset.errors import RhosetError
from rhoset.groups import Group, group, isomorphism
from rhoset.networks import read_network
from rhoset.networks.importing import known_orders, sympy_order
from rhoset.networks.importing.orders import find_order

NAMES = ["S3", "S4", "S5", "S6", "A4", "A5", "A6", "D3", "D4", "D5", "D12", "C7", "F21"]


@pytest.mark.parametrize("name", NAMES)
def test_every_order_is_a_permutation_and_gives_a_groups_table(name: str) -> None:
    g = group(name)
    orders = known_orders(g)
    assert orders[0].name == "own"
    assert len({order.name for order in orders}) == len(orders)
    assert np.array_equal(orders[0].table(g), g.table)
    for order in orders:
        assert sorted(order.old) == list(range(g.order))
        if g.order <= 120:
            assert isomorphism(g, Group("other", order.table(g))) is not None


def test_labels_are_the_tables_entries() -> None:
    g = group("S4")
    for order in known_orders(g):
        x, y = np.array([0, 5, 23]), np.array([7, 7, 1])
        assert np.array_equal(order.labels(g, x, y), order.table(g)[x, y])


def test_parity_order_by_definition() -> None:
    g = group("S4")
    points = g.permutations[find_order(g, "parity").old].tolist()

    def odd(p: list[int]) -> int:
        return sum(p[i] > p[j] for i in range(4) for j in range(i + 1, 4)) % 2

    assert points == sorted(points, key=lambda p: (odd(p), p))


@pytest.mark.parametrize(("name", "order"), [("S5", "sympy"), ("A5", "cycle")])
def test_sympys_order_is_the_published_one(name: str, order: str) -> None:
    network = read_network(public_file(f"{name}_seed1.safetensors"))
    g = group(name)
    found = find_order(g, f"{order}/opposite")
    assert g.permutations is not None
    assert g.permutations[found.old].tolist() == json.loads(network.metadata["elements"])
    assert np.array_equal(found.table(g), network.table)


def _sympy(generators: list[list[int]]) -> list[list[int]]:
    from sympy.combinatorics import Permutation, PermutationGroup

    found = PermutationGroup([Permutation(g) for g in generators])
    return [p.array_form for p in found.generate()]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(3, 6).flatmap(
        lambda k: st.lists(st.permutations(range(k)).filter(lambda p: p != sorted(p)), min_size=1, max_size=3)
    )
)
def test_sympys_order_of_any_generators(generators: list[list[int]]) -> None:
    pytest.importorskip("sympy")
    assert sympy_order(generators).tolist() == _sympy(generators)


@pytest.mark.parametrize("family", ["Symmetric", "Alternating", "Dihedral"])
@pytest.mark.parametrize("k", [4, 5, 6])
def test_sympys_named_groups(family: str, k: int) -> None:
    pytest.importorskip("sympy")
    from sympy.combinatorics import named_groups

    sympy_group = getattr(named_groups, f"{family}Group")(k)
    elements = [p.array_form for p in sympy_group.generate()]
    if family == "Dihedral":
        g = group(f"D{k}")
        place = {tuple(p): i for i, p in enumerate(elements)}
        # sympy's product is x then y
        table = [[place[tuple(q[b] for b in p)] for q in elements] for p in elements]
        orders = [find_order(g, name).table(g) for name in ("sympy", "sympy/opposite")]
        assert any(np.array_equal(table, found) for found in orders)
    else:
        g = group(f"{family[0]}{k}")
        assert g.permutations[find_order(g, "sympy").old].tolist() == elements


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("D4", "Q8", False),
        ("C6", "C2xC3", True),
        ("C4", "C2^2", False),
        ("S4", "PGL(2,3)", True),
        ("A5", "PSL(2,5)", True),
        ("S5", "PGL(2,5)", True),
        ("D6", "S3xC2", True),
        ("S4", "SL(2,3)", False),
        ("C1", "C1", True),
    ],
)
def test_isomorphism(a: str, b: str, same: bool) -> None:
    g, h = group(a), group(b)
    found = isomorphism(g, h)
    assert (found is not None) is same
    if found is not None:
        assert np.array_equal(found[g.table], h.table[np.ix_(found, found)])


def test_unknown_order() -> None:
    with pytest.raises(RhosetError, match="known are own, own/opposite, sympy"):
        find_order(group("S4"), "lexicographic")
