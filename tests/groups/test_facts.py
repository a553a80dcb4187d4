"""Known answers: minimal ρ-sets of S5, types over the reals, D4 against Q8, A5's golden ratio."""

from __future__ import annotations

import numpy as np
import pytest
from support.groups import named
from support.public import PublicNetwork

from rhoset.groups import Group, group, irreps, minimal_rho_set, minimal_rho_set_sizes, recognise


def test_minimal_rho_sets_of_s5() -> None:
    s5 = group("S5")
    wanted = {
        "[5]": 1,
        "[1,1,1,1,1]": 2,
        "[4,1]": 5,
        "[2,2,1]": 6,
        "[2,1,1,1]": 10,
        "[3,2]": 10,
        "[3,1,1]": 20,
    }
    assert minimal_rho_set_sizes(s5, irreps(s5)) == wanted
    for rho in irreps(s5):
        assert minimal_rho_set(s5, rho).size == wanted[rho.name]


def test_types_over_the_reals() -> None:
    assert [(r.dim, r.type) for r in irreps(group("C3"))] == [(1, "real"), (2, "complex")]
    q8 = [(r.dim, r.type) for r in irreps(group("Q8"))]
    assert q8 == [(1, "real")] * 4 + [(4, "quaternionic")]


def test_d4_and_q8_share_characters_but_not_indicators() -> None:
    d4, q8 = (irreps(group(name)) for name in ("D4", "Q8"))
    assert d4[-1].frobenius_schur == 1
    assert q8[-1].frobenius_schur == -1
    complex_tables = []
    for g, all_irreps in ((group("D4"), d4), (group("Q8"), q8)):
        rows = []
        for rho in all_irreps:
            halved = rho.character / (2 if rho.type == "quaternionic" else 1)
            rows.append(sorted(np.round(halved[g.classes.representatives]).tolist()))
        complex_tables.append(sorted(rows))
    assert complex_tables[0] == complex_tables[1]


def test_a5_and_the_golden_ratio() -> None:
    a5 = group("A5")
    found = irreps(a5)
    assert [r.dim for r in found] == [1, 3, 3, 4, 5]
    fives = [c for c in range(5) if a5.element_orders[a5.classes.representatives[c]] == 5]
    golden = (1 + np.sqrt(5)) / 2
    values = {tuple(np.round(r.character[a5.classes.representatives[fives]], 9)) for r in found[1:3]}
    pair = (round(golden, 9), round(1 - golden, 9))
    assert values == {pair, pair[::-1]}


def test_the_public_tables_are_the_groups_they_say(public: PublicNetwork) -> None:
    """Arbitrary element orders, recognised and decomposed from the bare table."""
    from safetensors import safe_open

    with safe_open(public.path, "numpy") as file:
        table = file.get_tensor("cayley")
    g = Group("bare", table)
    said = public.name.split("_")[0]
    assert recognise(g) == said
    if g.order <= 60:
        known = [(r.dim, r.type) for r in irreps(named(said))]
        assert [(r.dim, r.type) for r in irreps(g)] == known


@pytest.mark.parametrize("name", ["S3", "Q8", "F21"])
def test_sum_of_ranks_is_the_order(name: str) -> None:
    g = group(name)
    assert sum(r.dim**2 // r.endomorphism_dim for r in irreps(g)) == g.order
