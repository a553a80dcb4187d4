"""Names, conventions and product order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.groups import SMALL, named

from rhoset.errors import RhosetError
from rhoset.groups import (
    Group,
    center,
    cycles,
    cyclic,
    derived_subgroup,
    direct_product,
    family,
    finite_field,
    group,
    isomorphism,
    known_names,
    natural_gset,
    opposite,
    parse_cycles,
    permutation_group,
    semidirect_product,
)


def element(g: Group, one_line: list[int]) -> int:
    assert g.permutations is not None
    return int(np.flatnonzero((g.permutations == one_line).all(axis=1))[0])


def test_product_order_in_s3() -> None:
    """xy is x after y: p = (0 1), q = (1 2) give pq: 0→1, 1→2, 2→0."""
    s3 = group("S3")
    p, q = element(s3, [1, 0, 2]), element(s3, [0, 2, 1])
    assert s3.table[p, q] == element(s3, [1, 2, 0])
    assert s3.table[q, p] == element(s3, [2, 0, 1])
    assert "x after y" in s3.convention


def test_the_transposed_table_is_the_opposite_group() -> None:
    f21 = group("F21")
    other = opposite(f21)
    assert np.array_equal(other.table, f21.table.T)
    assert not np.array_equal(other.table, f21.table)
    inverse = f21.inverse
    assert np.array_equal(inverse[f21.table], other.table[np.ix_(inverse, inverse)])
    assert isomorphism(f21, other) is not None


@pytest.mark.parametrize("name", ["S4", "A5", "M11", "PSL(2,7)", "C2wrS3", "AGL(1,8)", "GL(2,3)"])
def test_permutations_are_a_left_action(name: str) -> None:
    g = named(name)
    points = g.permutations
    assert points is not None
    rng = np.random.default_rng(0)
    x, y = rng.integers(g.order, size=(2, 200))
    assert np.array_equal(points[g.table[x, y]], np.take_along_axis(points[x], points[y].astype(np.int64), axis=1))
    assert natural_gset(g).size == points.shape[1]


def test_cyclic_and_dihedral_follow_the_public_convention() -> None:
    c = group("C7").table
    d = group("D5").table
    x, y = np.ogrid[:7, :7]
    assert np.array_equal(c, (x + y) % 7)
    for i in range(10):
        for j in range(10):
            a, p, b, q = i % 5, i // 5, j % 5, j // 5
            wanted = (a + b) % 5 + 5 * q if p == 0 else (a - b) % 5 + 5 * (1 - q)
            assert d[i, j] == wanted


def test_q8_is_the_quaternions() -> None:
    q8 = group("Q8")
    at = {name: i for i, name in enumerate(q8.element_names)}
    for a, b, c in [("i", "j", "k"), ("j", "k", "i"), ("k", "i", "j"), ("i", "i", "-1")]:
        assert q8.table[at[a], at[b]] == at[c]
    assert q8.table[at["j"], at["i"]] == at["-k"]


@pytest.mark.parametrize("name", SMALL)
def test_families_state_their_convention_and_name_their_elements(name: str) -> None:
    g = named(name)
    assert g.convention
    assert g.name == name
    names = [g.element_name(x) for x in range(g.order)]
    assert len(set(names)) == g.order
    reached = {g.identity}
    frontier = [g.identity]
    while frontier:
        frontier = [y for x in frontier for s in g.generators if (y := int(g.table[x, s])) not in reached]
        reached.update(frontier)
    assert len(reached) == g.order
    assert len(g.generators) <= np.log2(g.order) + 1e-9


def test_every_listed_family_has_a_working_example() -> None:
    for known in known_names():
        assert known.meaning
        if known.pattern not in ("table:FILE", "SmallGroup(n,k)"):
            assert named(known.example).order > 1


def test_a_new_family_is_named_everywhere() -> None:
    @family("Twice<n>", "two copies of a cyclic group", "Twice3")
    def twice(n: int) -> Group:
        return direct_product([cyclic(n), cyclic(n)], f"Twice{n}")

    assert group("Twice3").order == 9
    assert group("Twice3xS3").order == 54
    assert known_names()[-8].example == "Twice3"
    family("Twice<n>", "the same again", "Twice2")(twice)
    assert [known.meaning for known in known_names()].count("two copies of a cyclic group") == 0
    for pattern, example in (("Q<k>", "Q8"), ("Thrice<n>", "Twice3"), ("CQ<n>", "C3")):
        with pytest.raises(RhosetError, match="that no other family has") as caught:
            family(pattern, "", example)(twice)
        assert pattern == "Q<k>" or caught.value.slug == "bad-family"


ORDERS = {
    "S3xC2": 12, "C3xS3": 18, "D12": 24, "Dic3": 12, "Q16": 16, "F42": 42, "AGL(1,9)": 72,
    "AGL(2,2)": 24, "GL(2,4)": 180, "SL(2,7)": 336, "PGL(2,5)": 120, "PSL(2,8)": 504,
    "PSL(2,9)": 360, "PSL(2,11)": 660, "GL(3,2)": 168, "C2wrS4": 384, "C2^5": 32,
    "(C2xC2)wrC2": 32, "C2xC3xC5": 30, "V4": 4, "M11": 7920, "L2(7)": 168, "Z6": 6, "S1": 1,
    "A1": 1, "A2": 1, "A3": 3, "D1": 2, "D2": 4, " S3 x C2 ": 12, "C15:C4(2)": 60,
}  # fmt: skip


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_names_give_groups_of_the_right_order(name: str, order: int) -> None:
    assert named(name).order == order


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("", "unknown-group"),
        ("X5", "unknown-group"),
        ("C0", "unknown-group"),
        ("D0", "unknown-group"),
        ("C", "unknown-group"),
        ("S3x", "unknown-group"),
        ("xS3", "unknown-group"),
        ("Q12", "unknown-group"),
        ("F15", "unknown-group"),
        ("F0", "unknown-group"),
        ("GL(2,6)", "unknown-group"),
        ("GL(0,2)", "unknown-group"),
        ("PSL(1,5)", "unknown-group"),
        ("C7:C5", "not-automorphisms"),
        ("C7:C3(3)", "not-automorphisms"),
        ("S8", "table-too-large"),
        ("A8", "table-too-large"),
        ("C999999999", "table-too-large"),
        ("C99999999999", "table-too-large"),
        ("C" + "9" * 5000, "table-too-large"),
        ("GL(999999,9)", "table-too-large"),
        ("S99999", "table-too-large"),
        ("C2^99999", "table-too-large"),
        ("GL(9,9)", "table-too-large"),
        ("S5wrS5", "table-too-large"),
        ("S7xS7", "table-too-large"),
        ("perm:(1 2 3", "bad-cycles"),
        ("perm:(1 1)", "bad-cycles"),
        ("perm:(0 1)", "bad-cycles"),
        ("perm:(1 99999999999999999999)", "bad-cycles"),
        ("perm:", "bad-cycles"),
        ("perm:(1 2 3 4 5 6 7 8);(1 2)", "table-too-large"),
        ("table:no-such-file.csv", "no-such-file"),
    ],
)
def test_wrong_names_are_refused(name: str, slug: str) -> None:
    with pytest.raises(RhosetError) as caught:
        group(name)
    assert caught.value.slug == slug


def test_cycles_round_trip() -> None:
    assert parse_cycles("(1 3 2)(4,5);()") == [[2, 0, 1, 4, 3], [0, 1, 2, 3, 4]]
    assert cycles([2, 0, 1, 4, 3]) == "(1 3 2)(4 5)"
    assert group("perm:(1 2 3 4 5)(6 7);(1 2)").order == 240
    with pytest.raises(RhosetError, match="holds each of 0 to 2 once"):
        permutation_group([[0, 0, 1]])
    with pytest.raises(RhosetError, match="at least one generator"):
        permutation_group([])


def test_long_bases_are_compared_exactly() -> None:
    """Ten swaps of disjoint pairs among 200 points would overflow an integer key."""
    gens = []
    for i in range(10):
        g = list(range(200))
        g[2 * i], g[2 * i + 1] = 2 * i + 1, 2 * i
        gens.append(g)
    big = permutation_group(gens)
    assert big.order == 1024
    assert big.is_abelian
    assert np.all(big.element_orders <= 2)


@pytest.mark.parametrize("q", [2, 3, 4, 5, 7, 8, 9, 16, 25, 27])
def test_finite_fields(q: int) -> None:
    f = finite_field(q)
    add, times = f.add, f.multiply
    every = np.arange(q)
    assert np.array_equal(times[1], every)
    assert np.array_equal(add[0], every)
    assert np.array_equal(times, times.T)
    left = times[every[:, None, None], add[None]]
    right = add[times[:, :, None], times[:, None, :]]
    assert np.array_equal(left, right)
    assert len(np.unique(times[f.primitive])) == q


def test_semidirect_products_check_the_action() -> None:
    c7, c3 = cyclic(7), cyclic(3)
    powers = np.array([1, 2, 4])[:, None] * np.arange(7) % 7
    assert isomorphism(semidirect_product(c7, c3, powers), group("F21")) is not None
    q8 = group("Q8")
    at = {name: i for i, name in enumerate(q8.element_names)}
    turn = dict(zip(["i", "j", "k", "-i", "-j", "-k"], ["j", "k", "i", "-j", "-k", "-i"]))
    once = np.array([at[turn.get(name, name)] for name in q8.element_names])
    action = np.array([np.arange(8), once, once[once]])
    product = semidirect_product(q8, c3, action)
    assert isomorphism(product, group("SL(2,3)")) is not None
    for a, h, b, k in np.ndindex(8, 3, 8, 3):
        assert product.table[3 * a + h, 3 * b + k] == 3 * q8.table[a, action[h, b]] + (h + k) % 3
    with pytest.raises(RhosetError, match="not a left action"):
        semidirect_product(c7, c3, np.array([1, 2, 2])[:, None] * np.arange(7) % 7)
    with pytest.raises(RhosetError, match="automorphism"):
        semidirect_product(c7, c7, (np.arange(7) + np.arange(7)[:, None]) % 7)
    with pytest.raises(RhosetError, match=r"shape \(7,\)"):
        semidirect_product(c7, c3, np.arange(7))


def test_tables_from_files(tmp_path: Path) -> None:
    s3 = group("S3").table
    np.save(tmp_path / "s3.npy", s3)
    np.savetxt(tmp_path / "s3.csv", s3, fmt="%d", delimiter=",", header="S3")
    for file in ("s3.npy", "s3.csv"):
        assert np.array_equal(group(f"table:{tmp_path / file}").table, s3)
    bad = {
        "ragged.csv": ("0,1\n1\n", "table-not-square", "row 1 has 1 entries"),
        "word.csv": ("0,1\n1,x\n", "table-not-integer", "row 1, column 1 holds 'x'"),
        "float.csv": ("0,1\n1,0.5\n", "table-not-integer", "'0.5'"),
        "empty.csv": ("", "table-empty", "empty"),
        "junk.npy": ("not numpy", "bad-table-file", "not a .npy"),
        "open.csv": ("0,1\n1,2\n", "table-not-closed", "row 1, column 1 holds 2"),
    }
    for file, (text, slug, words) in bad.items():
        (tmp_path / file).write_text(text)
        with pytest.raises(RhosetError) as caught:
            group(f"table:{tmp_path / file}")
        assert caught.value.slug == slug
        assert words in str(caught.value)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    np.save(tmp_path / "object.npy", np.array([[None]]), allow_pickle=True)
    for file in ("binary.csv", "object.npy"):
        with pytest.raises(RhosetError) as caught:
            group(f"table:{tmp_path / file}")
        assert caught.value.slug == "bad-table-file"


def test_center_and_derived_subgroup() -> None:
    assert center(group("Q8")).order == 2
    assert center(group("S4")).order == 1
    assert derived_subgroup(group("S4")).order == 12
    assert derived_subgroup(group("A5")).order == 60
    assert derived_subgroup(group("C12")).order == 1
    assert derived_subgroup(group("SL(2,3)")).order == 8
