"""Orbits of vectors and of pairs, cosets, isotypic parts: each against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.groups import named, shuffled

from rhoset.errors import RhosetError
from rhoset.groups import (
    GSet,
    PointSet,
    Subgroup,
    automorphisms,
    coset_gset,
    coset_means,
    double_cosets,
    fixed_points,
    group,
    irrep_data,
    irreps,
    isotypic_projector,
    left_cosets,
    natural_gset,
    orbit,
    orbitals,
    representatives,
    rho_set_families,
    subgroup_classes,
)
from rhoset.groups.arrays import orbit_labels

NAMES = ["S4", "A5", "F21", "SL(2,3)", "D5", "Q8"]


def test_a_zero_vector_has_no_orbit() -> None:
    s4 = named("S4")
    for vector in (np.zeros(3), [np.nan, 0.0, 0.0], [np.inf, 0.0, 0.0]):
        with pytest.raises(RhosetError, match="give a non-zero vector") as caught:
            orbit(s4, irreps(s4)[1], vector)
        assert caught.value.slug == "zero-vector"


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 10**6))
def test_orbits_are_rho_sets(name: str, seed: int) -> None:
    g = named(name)
    rng = np.random.default_rng(seed)
    all_irreps = irreps(g)
    irrep = all_irreps[rng.integers(1, len(all_irreps))]
    families = rho_set_families(g, irrep)
    family = families[rng.integers(len(families))]
    found = orbit(g, irrep, rng.normal(size=family.fixed_dim) @ family.basis)
    x = rng.integers(g.order)
    moved = found.points @ irrep.matrices[x].T
    np.testing.assert_allclose(moved, found.points[found.gset.action[x]], atol=1e-9)
    assert found.size == g.order // found.gset.stabilizer.order
    action = found.gset.action
    for automorphism in automorphisms(found.gset):
        assert np.array_equal(automorphism[action], action[:, automorphism])
    opposite = found.antipodes()
    near = np.abs(found.points[:, None] + found.points).max(axis=2) < 1e-6
    assert (opposite is None) == (not near.any())
    if opposite is not None:
        assert near[np.arange(found.size), opposite].all()
    np.testing.assert_array_equal(found.negative().points, -found.points)


@pytest.mark.parametrize("name", [*NAMES, "S5"])
def test_families_from_given_subgroups_are_the_same(name: str) -> None:
    """Over G and over G / ker ρ the same stabilizers are found."""
    g = named(name)
    for irrep in irreps(g)[1:]:
        mine = [(f.size, f.fixed_dim) for f in rho_set_families(g, irrep, subgroup_classes(g))]
        assert mine == [(f.size, f.fixed_dim) for f in rho_set_families(g, irrep)]
        few = rho_set_families(g, irrep, subgroup_classes(g), most=6)
        assert [(f.size, f.fixed_dim) for f in few] == [pair for pair in mine if pair[0] <= 6]


@pytest.mark.parametrize("name", NAMES)
def test_orbits_of_pairs(name: str) -> None:
    g = named(name)
    generators = list(g.generators)
    sets = [coset_gset(g, h) for h in subgroup_classes(g) if h.index <= 12]
    for left in sets:
        for right in sets:
            label = orbitals(left.action[generators], right.action[generators])
            expected = {
                frozenset(zip(left.action[:, b].tolist(), right.action[:, c].tolist()))
                for b in range(left.size)
                for c in range(right.size)
            }
            pairs = [frozenset(map(tuple, np.argwhere(label == k).tolist())) for k in range(label.max() + 1)]
            assert set(pairs) == expected
            assert len(pairs) == len(expected)


def test_orbits_of_pairs_of_the_trivial_group() -> None:
    one = group("C1")
    gset = GSet(np.zeros((1, 2), dtype=np.int32) + np.arange(2, dtype=np.int32), Subgroup(one, np.zeros(1, np.int32)))
    generators = list(one.generators)
    assert orbitals(gset.action[generators], gset.action[generators]).max() == 3


@pytest.mark.parametrize("name", NAMES)
def test_isotypic_parts_of_a_permutation_module(name: str) -> None:
    g = named(name)
    for h in subgroup_classes(g):
        gset = coset_gset(g, h)
        projectors = [isotypic_projector(gset, part) for _, part in irrep_data(g)]
        np.testing.assert_allclose(sum(projectors), np.eye(gset.size), atol=1e-9)
        for projector in projectors:
            np.testing.assert_allclose(projector @ projector, projector, atol=1e-9)
        trivial = next(p for p, (_, part) in zip(projectors, irrep_data(g)) if part.is_trivial)
        np.testing.assert_allclose(trivial, 1 / gset.size, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_conjugates_and_coset_means(name: str) -> None:
    g, _ = shuffled(named(name), seed=2)
    rng = np.random.default_rng(1)
    for h in subgroup_classes(g):
        conjugates = h.conjugates()
        assert len(conjugates) == g.order // h.normalizer().order
        assert {c.elements.tobytes() for c in conjugates} == {h.conjugate(x).elements.tobytes() for x in range(g.order)}
        labels = left_cosets(g, h)
        assert np.array_equal(labels[representatives(labels)], np.arange(h.index))
        table = rng.normal(size=(2, g.order))
        means = coset_means(table, labels)[:, labels]
        np.testing.assert_allclose(means, table[:, g.table[:, h.elements]].mean(axis=2), atol=1e-12)
        both = double_cosets(g, h, conjugates[-1])
        averaged = table[:, g.table[g.table[h.elements]][:, :, conjugates[-1].elements]].mean(axis=(1, 3))
        np.testing.assert_allclose(coset_means(table, both)[:, both], averaged, atol=1e-12)
        own = np.stack([labels, np.roll(labels, 1)])
        each = coset_means(table, own)
        np.testing.assert_allclose(each[1], coset_means(table[1:], own[1])[0], atol=1e-12)


def test_fixed_points_and_simplex() -> None:
    s5 = named("S5")
    natural = natural_gset(s5)
    assert fixed_points(natural, natural.stabilizer).tolist() == [0]
    points = PointSet.simplex(natural)
    gram = points.points @ points.points.T
    np.testing.assert_allclose(gram, 1.25 * np.eye(5) - 0.25, atol=1e-12)
    with pytest.raises(ValueError, match="read-only"):
        points.points[0] = 0


@given(st.integers(1, 12).flatmap(lambda n: st.lists(st.permutations(range(n)), min_size=1, max_size=3)))
def test_orbit_labels_are_those_of_a_walk(images: list[list[int]]):
    labels, label = np.full(len(images[0]), -1), 0
    for start in range(len(labels)):
        if labels[start] >= 0:
            continue
        queue = [start]
        while queue:
            point = queue.pop()
            if labels[point] < 0:
                labels[point] = label
                queue += [image[point] for image in images]
        label += 1
    assert orbit_labels(np.array(images)).tolist() == labels.tolist()
