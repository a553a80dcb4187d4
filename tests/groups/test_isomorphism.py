"""Isomorphisms and recognition."""

from __future__ import annotations

import numpy as np
import pytest
from support.groups import SMALL, named, oracle, shuffled, small_group

from rhoset.groups import Group, group, isomorphism, recognise


def assert_isomorphism(a: Group, b: Group, phi: np.ndarray | None) -> None:
    assert phi is not None
    assert len(np.unique(phi)) == a.order
    assert np.array_equal(phi[a.table], b.table[np.ix_(phi, phi)])


@pytest.mark.parametrize("name", [*SMALL, "S6", "A6", "PSL(2,11)", "C2^5"])
def test_a_shuffled_copy_is_isomorphic_and_recognised(name: str) -> None:
    g = named(name)
    other, _ = shuffled(g, 2)
    assert_isomorphism(g, other, isomorphism(g, other))
    found = recognise(other)
    if found is not None:
        assert_isomorphism(group(found), other, isomorphism(group(found), other))
    assert found is not None or name.startswith(("perm:", "Q8x", "C2wrS3"))


@pytest.mark.parametrize("order", [8, 12, 16, 18, 20, 24, 27, 32, 36])
def test_groups_of_one_order_are_told_apart(order: int) -> None:
    keys = [key for key in oracle("small_groups") if key.startswith(f"{order},")]
    groups = [small_group(key) for key in keys]
    for i, a in enumerate(groups):
        for j, b in enumerate(groups[: i + 1]):
            assert (isomorphism(a, b) is not None) == (i == j)


def test_different_orders_are_not_isomorphic() -> None:
    assert isomorphism(group("C2"), group("C3")) is None


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("C2xC3", "C6"), ("D3", "S3"), ("D2", "C2^2"), ("AGL(1,5)", "F20"), ("SL(2,4)", "A5"),
     ("PGL(2,5)", "S5"), ("C4xC2xC3", "C2xC12"), ("Dic2", "Q8"), ("PSL(2,9)", "A6"),
     ("C1", "C1"), ("C2wrC2", "D4"), ("GL(3,2)", "PSL(2,7)"), ("S3xC2", "D6")],
)  # fmt: skip
def test_names_of_isomorphic_families(name: str, wanted: str) -> None:
    assert recognise(shuffled(group(name), 4)[0]) == wanted
