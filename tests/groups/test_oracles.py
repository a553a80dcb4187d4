"""Everything GAP says about all groups of order at most 60 and the named families."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.groups import fingerprint, named, oracle, small_group

from rhoset.groups import (
    Group,
    Irrep,
    irrep_data,
    irreps,
    minimal_rho_set_sizes,
    recognise,
    rho_set_families,
    subgroup_classes,
)
from rhoset.groups.components import Component

SMALL_KEYS = list(oracle("small_groups"))
NAMED_KEYS = list(oracle("named_groups"))


def classes_of(g: Group) -> list[list[int]]:
    orders = g.element_orders[g.classes.representatives]
    return sorted([int(o), int(s)] for o, s in zip(orders, g.classes.sizes))


def test_the_oracles_cover_every_group_of_order_up_to_60() -> None:
    assert len(SMALL_KEYS) == 312


def compare(g: Group, expected: dict, found: Sequence[Irrep] | Sequence[Component]) -> None:
    assert g.order == expected["order"]
    assert classes_of(g) == expected["classes"]
    assert len(subgroup_classes(g)) == expected["subgroup_classes"]
    least = minimal_rho_set_sizes(g, found)
    indicator = {"real": 1, "complex": 0, "quaternionic": -1}
    rows = sorted(
        [
            rho.dim,
            rho.type,
            least[rho.name],
            indicator[rho.type],
            rho.dim if rho.type == "real" else rho.dim // 2,
            fingerprint(g, rho.character),
        ]
        for rho in found
    )
    assert rows == expected["irreps"]


@pytest.mark.parametrize("order", range(1, 61))
def test_small_groups(order: int) -> None:
    keys = [key for key in SMALL_KEYS if key.startswith(f"{order},")]
    assert keys
    for key in keys:
        g = small_group(key)
        compare(g, oracle("small_groups")[key], irreps(g))


LARGE = ("S7", "A7", "M11")


@pytest.mark.parametrize("name", [key for key in NAMED_KEYS if key not in LARGE])
def test_named_groups(name: str) -> None:
    g = named(name)
    compare(g, oracle("named_groups")[name], irreps(g))


@pytest.mark.parametrize(
    "name", ["A7", pytest.param("S7", marks=[pytest.mark.slow, pytest.mark.ends_within(1200)]), "M11"]
)
def test_large_groups_by_characters(name: str) -> None:
    """Everything but the matrices."""
    g = named(name)
    compare(g, oracle("named_groups")[name], [part for _, part in irrep_data(g)])


@pytest.mark.parametrize("key", ["12,3", "18,3", "20,1", "24,3", "32,50", "48,29", "54,8", "60,7"])
def test_families_of_rho_sets_contain_the_least_ones(key: str) -> None:
    g = small_group(key)
    by_name = minimal_rho_set_sizes(g, irreps(g))
    for rho in irreps(g):
        assert rho_set_families(g, rho)[0].size == by_name[rho.name]


def test_abelian_groups_are_recognised_by_gaps_structure() -> None:
    checked = 0
    for key, row in oracle("small_groups").items():
        parts = row["structure"].replace(" ", "").split("x")
        if all(p.startswith("C") and p[1:].isdigit() for p in parts):
            name = recognise(small_group(key))
            assert name is not None
            sizes: list[int] = []
            for factor in name.split("x"):
                base, _, power = factor[1:].partition("^")
                sizes += [int(base)] * int(power or 1)
            assert sorted(sizes) == sorted(int(p[1:]) for p in parts)
            checked += 1
    assert checked > 80
