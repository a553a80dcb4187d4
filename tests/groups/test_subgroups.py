"""Subgroups, cosets, double cosets, G-sets, ρ-sets."""

from __future__ import annotations

import numpy as np
import pytest
from support.groups import SMALL, named, shuffled

from rhoset.errors import RhosetError
from rhoset.groups import (
    Subgroup,
    coset_gset,
    double_cosets,
    fixed_space,
    generated_subgroup,
    group,
    gset_from_permutations,
    irrep,
    irreps,
    left_cosets,
    minimal_rho_set_sizes,
    natural_gset,
    orbit_of,
    point_stabilizer,
    quotient,
    regular_gset,
    rho_set_families,
    rho_set_family,
    right_cosets,
    subgroup,
    subgroup_classes,
)


@pytest.mark.parametrize("name", SMALL)
def test_classes_are_subgroups_no_two_conjugate(name: str) -> None:
    g = named(name)
    found = subgroup_classes(g)
    seen: set[bytes] = set()
    for h in found:
        subgroup(g, h.elements)
        assert generated_subgroup(g, h.generators).order == h.order
        assert g.order % h.order == 0
        conjugates = {h.conjugate(x).elements.tobytes() for x in range(g.order)}
        assert len(conjugates) == g.order // h.normalizer().order
        assert not conjugates & seen
        seen |= conjugates
    assert (found[0].order, found[-1].order) == (1, g.order)


@pytest.mark.parametrize("name", ["S3", "Q8", "D4", "A4", "C2^3", "C12"])
def test_classes_are_all_subgroups_by_brute_force(name: str) -> None:
    g = named(name)
    every = {generated_subgroup(g, [x]).elements.tobytes() for x in range(g.order)}
    while True:
        sets = [np.frombuffer(s, dtype=np.int32) for s in every]
        grown = every | {generated_subgroup(g, np.union1d(a, b)).elements.tobytes() for a in sets for b in sets}
        if grown == every:
            break
        every = grown
    listed = {h.conjugate(x).elements.tobytes() for h in subgroup_classes(g) for x in range(g.order)}
    assert listed == every


def test_cosets_and_double_cosets() -> None:
    s4 = group("S4")
    h, k = generated_subgroup(s4, [1]), generated_subgroup(s4, [10])
    left, right = left_cosets(s4, h), right_cosets(s4, h)
    for x in range(24):
        assert set(np.flatnonzero(left == left[x])) == set(s4.table[x, h.elements].tolist())
        assert set(np.flatnonzero(right == right[x])) == set(s4.table[h.elements, x].tolist())
    assert np.all(left[h.elements] == 0)
    assert np.all(right[h.elements] == 0)
    both = double_cosets(s4, h, k)
    for x in range(24):
        product = s4.table[s4.table[h.elements, x][:, None], k.elements[None]]
        assert set(np.flatnonzero(both == both[x])) == set(product.ravel().tolist())


def test_wrong_subgroups_are_refused() -> None:
    s3 = group("S3")
    with pytest.raises(RhosetError, match="not a subgroup: ") as caught:
        subgroup(s3, [0, 1, 2])
    assert caught.value.slug == "not-a-subgroup"
    for bad in ([], [7], [-1]):
        with pytest.raises(RhosetError, match="between 0 and 5"):
            subgroup(s3, bad)
    with pytest.raises(RhosetError, match="not all between"):
        generated_subgroup(s3, [6])
    with pytest.raises(RhosetError, match="not normal"):
        quotient(s3, generated_subgroup(s3, [1]))


def test_quotients() -> None:
    s4 = group("S4")
    klein = next(h for h in subgroup_classes(s4) if h.order == 4 and h.is_normal())
    small, labels = quotient(s4, klein)
    assert small.order == 6
    assert not small.is_abelian
    assert np.array_equal(labels[s4.table], small.table[np.ix_(labels, labels)])
    assert klein.core().order == 4
    assert subgroup_classes(s4)[1].core().order == 1


def test_normalizer_and_index() -> None:
    s5 = group("S5")
    five = generated_subgroup(s5, [int(np.flatnonzero(s5.element_orders == 5)[0])])
    assert five.normalizer().order == 20
    assert five.index == 24
    assert five.mask.sum() == 5


@pytest.mark.parametrize("name", ["S4", "Q8", "F21", "SL(2,3)", "C2wrS3"])
def test_coset_gsets_are_left_actions(name: str) -> None:
    g = named(name)
    for h in subgroup_classes(g):
        gset = coset_gset(g, h)
        again = gset_from_permutations(g, gset.action)
        assert again.stabilizer.elements.tolist() == h.elements.tolist()
        for x in range(g.order):
            assert np.array_equal(gset.action[g.table[x]], gset.action[x][gset.action])
        assert gset.is_transitive
        assert gset.size == h.index


def test_actions_are_checked() -> None:
    s3 = group("S3")
    good = np.array(natural_gset(s3).action)
    assert point_stabilizer(s3, good, 2).order == 2
    wrong = good.copy()
    wrong[[1, 2]] = wrong[[2, 1]]
    for bad in (good[:5], good.astype(float), good + 1, good[:, :0], wrong, good[s3.inverse]):
        with pytest.raises(RhosetError) as caught:
            gset_from_permutations(s3, bad)
        assert caught.value.slug == "not-an-action"
    moved = good.copy()
    moved[s3.identity] = [1, 0, 2]
    with pytest.raises(RhosetError, match="identity"):
        gset_from_permutations(s3, moved)
    with pytest.raises(RhosetError, match="no natural action"):
        natural_gset(shuffled(s3, 0)[0])
    two = np.hstack([good, good + 3])
    gset = gset_from_permutations(s3, two)
    assert gset.orbits.tolist() == [0, 0, 0, 1, 1, 1]
    assert not gset.is_transitive


@pytest.mark.parametrize("name", ["C1", "C12", "S4", "Q8", "A5", "F21", "SL(2,3)", "C3xS3", "D12"])
def test_rho_sets_are_orbits_of_distinct_unit_vectors(name: str) -> None:
    g = named(name)
    for rho in irreps(g):
        for family in rho_set_families(g, rho):
            found = family.rho_set()
            assert found.size == family.size == family.stabilizer.index
            for x in range(g.order):
                moved = found.points @ rho.matrices[x].T
                assert np.abs(found.points[found.gset.action[x]] - moved).max() < 1e-12
            assert np.abs(np.linalg.norm(found.points, axis=1) - 1).max() < 1e-12
            distance = np.linalg.norm(found.points[:, None] - found.points, axis=2)
            assert (distance + np.eye(found.size)).min() > 1e-4


@pytest.mark.parametrize("name", ["S4", "Q8", "SL(2,3)", "C3xS3", "D12", "A5", "C2wrS3"])
def test_families_are_exactly_the_stabilizers(name: str) -> None:
    """A class is listed if and only if no larger subgroup fixes the same space."""
    g = named(name)
    for rho in irreps(g):
        listed = {family.stabilizer.elements.tobytes() for family in rho_set_families(g, rho)}
        all_listed = {
            Subgroup(g, np.frombuffer(h, dtype=np.int32)).conjugate(x).elements.tobytes()
            for h in listed
            for x in range(g.order)
        }
        for h in subgroup_classes(g):
            basis = fixed_space(rho, h)
            if len(basis):
                fixes = np.abs(rho.matrices @ basis.T - basis.T).max(axis=(1, 2)) < 1e-9
                assert (h.elements.tobytes() in all_listed) == (fixes.sum() == h.order)


def test_rho_set_arguments_are_checked() -> None:
    s4 = group("S4")
    rho = irrep(s4, "[3,1]")
    family = rho_set_family(s4, rho, generated_subgroup(s4, []))
    assert (family.fixed_dim, family.size) == (3, 24)
    assert family.rho_set([1.0, 0.5, 0.2]).size == 24
    for bad in ([1.0], [0.0, 0.0, 0.0], [np.nan, 0.0, 0.0]):
        with pytest.raises(RhosetError, match="3 numbers, not all zero"):
            family.rho_set(bad)
    with pytest.raises(RhosetError, match="moves the vector"):
        orbit_of(rho, natural_gset(s4), np.array([1.0, 0.0, 0.0]))
    points = np.array(natural_gset(s4).action)
    doubled = gset_from_permutations(s4, np.hstack([points, points + 4]))
    with pytest.raises(RhosetError, match="reaches 4 of the 8 points"):
        orbit_of(rho, doubled, np.array([1.0, 0.0, 0.0]))
    with pytest.raises(RhosetError, match="fixes no vector"):
        rho_set_family(s4, rho, generated_subgroup(s4, range(24)))


def test_young_subgroup_rho_set_of_s7() -> None:
    """The 7 points of [6,1], without forming all irreps or all subgroups."""
    s7 = group("S7")
    rho = irrep(s7, "[6,1]")
    h = point_stabilizer(s7, natural_gset(s7).action, 0)
    family = rho_set_family(s7, rho, h)
    assert (family.size, family.fixed_dim) == (7, 1)
    simplex = family.rho_set().points
    assert np.abs(simplex @ simplex.T - (7 / 6 * np.eye(7) - 1 / 6)).max() < 1e-12


def test_minimal_sizes_do_not_depend_on_the_labels() -> None:
    g = group("GL(2,3)")
    other, _ = shuffled(g, 5)
    sizes = [minimal_rho_set_sizes(h, irreps(h)) for h in (g, other)]
    assert sizes[0] == sizes[1]


def test_too_many_subgroups_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rhoset.groups.lattice.SUBGROUP_LIMIT", 300)
    with pytest.raises(RhosetError, match="more than 300 subgroups") as caught:
        subgroup_classes(group("C2xS5"))
    with pytest.raises(RhosetError, match="at least 374 subgroups"):
        subgroup_classes(group("C2^5"))
    assert caught.value.slug == "too-many-subgroups"


def test_regular_gset() -> None:
    q8 = group("Q8")
    assert regular_gset(q8).size == 8
    assert regular_gset(q8).stabilizer.order == 1


def test_too_large_orders_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rhoset.groups.lattice.SUBGROUP_ORDER_LIMIT", 23)
    with pytest.raises(RhosetError, match="limited to order 23") as caught:
        subgroup_classes(group("S4"))
    assert caught.value.slug == "group-too-large"
