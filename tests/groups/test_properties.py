"""Properties on random groups: products, semidirect products, random relabellings."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.groups import fingerprint, named, shuffled

from rhoset.groups import (
    Group,
    cyclic_semidirect,
    direct_product,
    energies,
    fourier,
    inverse_fourier,
    irreps,
    isomorphism,
    minimal_rho_set_sizes,
    opposite,
    permutation_group,
    subgroup_classes,
)

FACTORS = ["C2", "C3", "C4", "S3", "Q8", "D4", "C5", "A4"]


@st.composite
def groups(draw: st.DrawFn) -> Group:
    """A group of order at most about 100, its elements in random order."""
    kind = draw(st.sampled_from(["product", "semidirect", "permutations"]))
    if kind == "product":
        names = draw(st.lists(st.sampled_from(FACTORS), min_size=1, max_size=2))
        g = direct_product([named(name) for name in names])
    elif kind == "semidirect":
        m = draw(st.integers(3, 16))
        units = [r for r in range(1, m) if np.gcd(r, m) == 1]
        r = draw(st.sampled_from(units))
        order = next(k for k in range(1, m) if pow(r, k, m) == 1)
        k = order * draw(st.integers(1, 2))
        g = cyclic_semidirect(m, min(k, 12) if 12 % order == 0 else order, r)
    else:
        gens = draw(st.lists(st.permutations(range(4)), min_size=1, max_size=3))
        g = permutation_group(gens)
    return shuffled(g, draw(st.integers(0, 2**32 - 1)))[0]


@given(groups(), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_irreps_are_complete_and_orthogonal(g: Group, seed: int) -> None:
    rng = np.random.default_rng(seed)
    all_irreps = irreps(g)
    assert sum(rho.rank for rho in all_irreps) == g.order
    x, y = rng.integers(g.order, size=(2, 100))
    for rho in all_irreps:
        off = rho.matrices[x] @ rho.matrices[y] - rho.matrices[g.table[x, y]]
        assert np.abs(off).max() < 1e-12
        gram = rho.matrices @ rho.matrices.transpose(0, 2, 1)
        assert np.abs(gram - np.eye(rho.dim)).max() < 1e-12
    f = rng.standard_normal(g.order)
    assert np.isclose(energies(all_irreps, f).sum(), np.sum(f**2), rtol=1e-10)
    back = inverse_fourier(all_irreps, fourier(all_irreps, f))
    assert np.abs(back - f).max() < 1e-10


@given(groups(), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_nothing_depends_on_the_labels(g: Group, seed: int) -> None:
    other, new = shuffled(g, seed)
    assert np.array_equal(np.sort(g.classes.sizes), np.sort(other.classes.sizes))
    assert np.array_equal(g.element_orders, other.element_orders[new])
    assert g.is_abelian == other.is_abelian
    a, b = irreps(g), irreps(other)
    for ours_, theirs_ in zip(a, b, strict=True):
        assert (ours_.name, ours_.type) == (theirs_.name, theirs_.type)
        assert fingerprint(g, ours_.character) == fingerprint(other, theirs_.character)
    ours = sorted(tuple(np.round(r.character, 6) + 0.0) for r in a)
    theirs = sorted(tuple(np.round(r.character[new], 6) + 0.0) for r in b)
    assert ours == theirs
    assert len(subgroup_classes(g)) == len(subgroup_classes(other))
    sizes = [sorted(minimal_rho_set_sizes(h, r).values()) for h, r in ((g, a), (other, b))]
    assert sizes[0] == sizes[1]


@given(groups())
@settings(max_examples=25, deadline=None)
def test_the_opposite_group_is_isomorphic_by_inversion(g: Group) -> None:
    other = opposite(g)
    assert np.array_equal(g.inverse[g.table], other.table[np.ix_(g.inverse, g.inverse)])
    assert isomorphism(g, other) is not None
    assert np.array_equal(other.table, g.table) == g.is_abelian
