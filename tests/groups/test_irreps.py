"""Real irreps: homomorphism, orthogonality, types, names, G-set modules."""

from __future__ import annotations

import numpy as np
import pytest
from support.groups import SMALL, fingerprint, named, shuffled

from rhoset.errors import RhosetError
from rhoset.groups import (
    Group,
    coset_gset,
    generated_subgroup,
    group,
    gset_irreps,
    irrep,
    irrep_data,
    irreps,
    isomorphism,
    natural_gset,
    regular_gset,
)

TOLERANCE = 1e-12


@pytest.mark.parametrize("name", SMALL)
def test_homomorphism_on_all_pairs(name: str) -> None:
    g = named(name)
    for rho in irreps(g):
        for x in range(g.order):
            off = rho.matrices[x] @ rho.matrices - rho.matrices[g.table[x]]
            assert np.abs(off).max() < TOLERANCE


@pytest.mark.parametrize("name", SMALL)
def test_matrix_entries_are_orthogonal(name: str) -> None:
    """Over all irreps the entries' Gram matrix is a multiple of a projection of rank n."""
    g = named(name)
    all_irreps = irreps(g)
    assert sum(rho.rank for rho in all_irreps) == g.order
    blocks = []
    for rho in all_irreps:
        d = rho.dim
        gram = np.einsum("nij,nkj->nik", rho.matrices, rho.matrices)
        assert np.abs(gram - np.eye(d)).max() < TOLERANCE
        scale = np.sqrt(d / rho.endomorphism_dim / g.order)
        block = rho.matrices.reshape(g.order, -1) * scale
        singular = np.linalg.svd(block, compute_uv=False)
        assert np.sum(singular > 1e-6) == rho.rank == d * d // rho.endomorphism_dim
        blocks.append(block)
    table = np.hstack(blocks)
    assert np.abs(table @ table.T - np.eye(g.order)).max() < 1e-11


@pytest.mark.parametrize("name", SMALL)
def test_characters(name: str) -> None:
    g = named(name)
    for rho in irreps(g):
        assert np.abs(np.trace(rho.matrices, axis1=1, axis2=2) - rho.character).max() < TOLERANCE
        by_class = [np.ptp(rho.character[g.classes.labels == c]) for c in range(len(g.classes))]
        assert max(by_class) < TOLERANCE
        norm = np.mean(rho.character**2)
        assert norm == pytest.approx(rho.endomorphism_dim, abs=1e-10)
        square = np.mean(rho.character[np.diagonal(g.table)])
        wanted = {"real": 1, "complex": 0, "quaternionic": -2}[rho.type]
        assert square == pytest.approx(wanted, abs=1e-10)
        assert not rho.matrices.flags.writeable
        assert rho.matrices.flags.c_contiguous


@pytest.mark.parametrize("name", SMALL)
def test_irrep_by_name_and_data_agree_with_all(name: str) -> None:
    g = named(name)
    everything = irreps(g)
    data = irrep_data(g)
    assert [rho.name for rho in everything] == [label for label, _ in data]
    assert len({rho.name for rho in everything}) == len(everything)
    for rho, (label, part) in zip(everything, data):
        assert (part.dim, part.type, part.rank) == (rho.dim, rho.type, rho.rank)
        assert np.abs(part.character - rho.character).max() < 1e-9
        if rho.dim < 4:
            assert np.array_equal(irrep(g, label).matrices, rho.matrices)
    assert np.all(everything[0].character == 1)


def test_unknown_irreps_are_refused_with_the_known_ones() -> None:
    with pytest.raises(RhosetError, match=r"no irrep '\[4,2\]'; it has \[5\], \[4,1\]") as caught:
        irrep(group("S5"), "[4,2]")
    assert caught.value.slug == "unknown-irrep"
    with pytest.raises(RhosetError, match="it has 1a, frequency 1"):
        irrep(group("C3"), "3a")
    assert irrep(group("S5"), "sign").name == "[1,1,1,1,1]"
    assert irrep(group("S5"), "[4, 1]").dim == 4
    assert irrep(group("C3"), "trivial").dim == 1


@pytest.mark.parametrize("name", ["S4", "S5", "Q8", "SL(2,3)", "F21", "C12", "A5", "C3xS3", "D12", "C2wrS3"])
def test_relabelling_changes_nothing_but_the_order(name: str) -> None:
    """Names, types, and characters up to an automorphism follow the elements."""
    g = named(name)
    other, new = shuffled(g, seed=3)
    before, after = irreps(g), irreps(other)
    assert [(r.name, r.type, r.rank) for r in before] == [(r.name, r.type, r.rank) for r in after]
    for r, s in zip(before, after):
        assert fingerprint(g, r.character) == fingerprint(other, s.character)
    moved = {tuple(np.round(r.character[new], 6) + 0.0) for r in after}
    assert moved == {tuple(np.round(r.character, 6) + 0.0) for r in before}


def test_partition_names_follow_the_shape() -> None:
    """χ of a transposition in [4,1] is 2, in [2,1,1,1] is −2, from any table of S5."""
    for table in (group("S5"), shuffled(group("S5"), 1)[0], group("PGL(2,5)")):
        orders = table.element_orders
        sizes = table.classes.sizes[table.classes.labels]
        swap = int(np.flatnonzero((orders == 2) & (sizes == 10))[0])
        found = {rho.name: round(float(rho.character[swap])) for rho in irreps(table)}
        wanted = {"[5]": 1, "[4,1]": 2, "[3,2]": 1, "[3,1,1]": 0, "[2,2,1]": -1}
        assert found == wanted | {"[2,1,1,1]": -2, "[1,1,1,1,1]": -1}


def test_s6_by_natural_points_fixes_the_outer_automorphism() -> None:
    s6 = group("S6")
    points = s6.permutations
    assert points is not None
    fixed = (points == np.arange(6)).sum(axis=1)
    assert np.abs(irrep(s6, "[5,1]").character - (fixed - 1)).max() < TOLERANCE
    bare = Group("bare", s6.table)
    assert sorted(r.dim for r in irreps(bare)) == [1, 1, 5, 5, 5, 5, 9, 9, 10, 10, 16]


def test_names_are_deterministic() -> None:
    one, two = irreps(group("PSL(2,7)")), irreps(group("PSL(2,7)"))
    for a, b in zip(one, two):
        assert a.name == b.name
        assert np.array_equal(a.matrices, b.matrices)


@pytest.mark.parametrize("name", ["S4", "A5", "SL(2,3)", "F21", "Q8", "C2wrS3", "PSL(2,7)"])
def test_gset_modules_hold_what_characters_say(name: str) -> None:
    g = named(name)
    everything = {rho.name: rho for rho in irreps(g)}
    for s in g.generators:
        gset = coset_gset(g, generated_subgroup(g, [s]))
        fixed = (gset.action == np.arange(gset.size)).sum(axis=1)
        wanted = {
            label
            for label, rho in everything.items()
            if round(float(np.mean(rho.character * fixed)) / rho.endomorphism_dim) > 0
        }
        inside = gset_irreps(g, gset)
        assert {rho.name for rho in inside} == wanted
        for rho in inside:
            assert rho.type == everything[rho.name].type
            for x in range(g.order):
                off = rho.matrices[x] @ rho.matrices - rho.matrices[g.table[x]]
                assert np.abs(off).max() < TOLERANCE
    assert {r.name for r in gset_irreps(g, regular_gset(g))} == set(everything)
    last = list(everything)[-1]
    assert [r.name for r in gset_irreps(g, regular_gset(g), names={last})] == [last]


def test_large_groups_say_what_to_do_instead() -> None:
    with pytest.raises(RhosetError, match=r"order 7920: .* 0\.5 GB and about .* seconds.*gset_irreps") as caught:
        irreps(named("M11"))
    assert caught.value.slug == "group-too-large"


def test_large_groups_by_one_irrep() -> None:
    """S7 by Young's form, M11 by its 11 points: no array of all irreps is formed."""
    s7 = group("S7")
    rho = irrep(s7, "[6,1]")
    points = s7.permutations
    assert points is not None
    assert np.abs(rho.character - ((points == np.arange(7)).sum(axis=1) - 1)).max() < TOLERANCE
    m11 = named("M11")
    trivial, ten = gset_irreps(m11, natural_gset(m11))
    assert (trivial.name, ten.name, ten.type) == ("1a", "10a", "real")
    x, y = np.random.default_rng(1).integers(m11.order, size=(2, 500))
    off = ten.matrices[x] @ ten.matrices[y] - ten.matrices[m11.table[x, y]]
    assert np.abs(off).max() < TOLERANCE


def test_recognised_copies_share_irreps() -> None:
    """An importer can align orders: pull irreps back along an isomorphism."""
    s5 = group("S5")
    other, _ = shuffled(s5, 8)
    phi = isomorphism(s5, other)
    assert phi is not None
    for rho in irreps(other):
        pulled = rho.matrices[phi]
        for s in s5.generators:
            assert np.abs(pulled @ pulled[s] - pulled[s5.table[:, s]]).max() < TOLERANCE


@pytest.mark.parametrize("name", ["C5", "C12", "C97", "D4", "D7", "D59", "D61"])
def test_irreps_of_cyclic_and_dihedral_groups_are_named_by_frequency(name: str) -> None:
    """ "frequency k" turns the element 1 by 2πk/n; the label finds the irrep, and so does the name."""
    g = group(name)
    n = g.order if name.startswith("C") else g.order // 2
    found = {rho.label: rho for rho in irreps(g)}
    waves = {label: rho for label, rho in found.items() if label.startswith("frequency")}
    assert set(waves) == {f"frequency {k}" for k in range(1, (n if name.startswith("C") else n - 1) // 2 + 1)}
    for label, rho in waves.items():
        k = int(label.split()[1])
        assert rho.character[1] == pytest.approx(rho.dim * np.cos(2 * np.pi * k / n))
        assert irrep(g, label).name == irrep(g, rho.name).name == rho.name
    assert {part.label for _, part in irrep_data(g)} == set(found)


@pytest.mark.parametrize("name", ["S3", "S4", "Q8", "Dic3", "C2xC4", "F21", "SL(2,3)", "C1", "C2"])
def test_other_irreps_are_called_by_their_names(name: str) -> None:
    assert all(rho.label == rho.name == str(rho) for rho in irreps(named(name)))
