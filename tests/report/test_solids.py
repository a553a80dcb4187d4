"""ρ-sets as figures: the solids of S4 and A5, their edges and faces."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import rhoset as rs
from rhoset.groups import Group, group, irreps, rho_set_families
from rhoset.report.captions import solid_name
from rhoset.report.natural import with_names
from rhoset.report.solids import hull_faces, nearest_pairs, solid, viewing_axes


def figures(name: str, dim: int) -> list[str]:
    """Names of the solids of the families with one ρ-set, smallest first, over all irreps."""
    g = group(name)
    families = [f for rho in irreps(g) if rho.dim == dim for f in rho_set_families(g, rho)]
    return [solid_name(solid(f.rho_set())) for f in families if f.fixed_dim == 1]


def test_solids_of_s4():
    known = Counter(figures("S4", 3))
    assert known["a tetrahedron"] == 1
    assert known["an octahedron"] == 2
    assert known["a cube"] == 1


def test_solids_of_a5():
    known = Counter(figures("A5", 3))
    assert known["an icosahedron"] == 2
    assert known["a dodecahedron"] == 2
    assert known["an icosidodecahedron"] == 2


def test_simplex_of_s5():
    g = group("S5")
    four = [rho for rho in irreps(g) if rho.dim == 4]
    names = {solid_name(solid(rho_set_families(g, rho)[0].rho_set())) for rho in four}
    assert "a regular simplex with 5 corners" in names


@pytest.mark.parametrize("name", ["S4", "A5"])
def test_faces_are_closed_surfaces(name: str):
    g = group(name)
    for rho in (i for i in irreps(g) if i.dim == 3):
        for family in rho_set_families(g, rho):
            figure = solid(family.rho_set())
            pairs = Counter(frozenset((face[k], face[k - 1])) for face in figure.faces for k in range(len(face)))
            assert set(pairs.values()) == {2}, "every edge of a closed surface is on two faces"
            corners = {c for face in figure.faces for c in face}
            assert len(corners) - len(pairs) + len(figure.faces) == 2, "Euler"


@pytest.mark.parametrize("name", ["S3", "S4", "S5", "A5", "D5", "Q8"])
def test_axes_are_rotations(name: str):
    g = group(name)
    for rho in irreps(g):
        axes = viewing_axes(rho_set_families(g, rho)[0].rho_set())
        assert np.allclose(axes.T @ axes, np.eye(rho.dim), atol=1e-9)
        if rho.dim > 1:
            assert np.linalg.det(axes) == pytest.approx(1)


def test_simplex_is_seen_as_a_regular_polygon():
    g = group("S5")
    rho = next(i for i in irreps(g) if i.dim == 4 and rho_set_families(g, i)[0].size == 5)
    screen = np.array(solid(rho_set_families(g, rho)[0].rho_set()).points)[:, :2]
    assert np.allclose(np.linalg.norm(screen, axis=1), np.linalg.norm(screen[0]), atol=1e-3)


def test_a_crowd_has_no_edges():
    rng = np.random.default_rng(0)
    assert nearest_pairs(np.eye(60)) == ()
    assert len(nearest_pairs(rng.normal(size=(60, 3)))) >= 1


def test_flat_figures_have_no_faces():
    square = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    assert hull_faces(square) == ()


def test_weights_become_shares():
    g = group("S4")
    rho = next(i for i in irreps(g) if i.dim == 3)
    rho_set = rho_set_families(g, rho)[0].rho_set()
    weights = np.arange(len(rho_set.points), dtype=float)
    figure = solid(rho_set, weights)
    assert sum(figure.weights) == pytest.approx(1, abs=1e-3)
    assert figure.weights[0] == 0
    assert solid(rho_set, 0 * weights).weights == ()


def test_points_are_told_by_the_natural_action():
    """A table without names, relabelled: the points are those that S5 permutes, pairs of them, or ± them."""
    g = group("S5")
    places = np.random.default_rng(3).permutation(g.order)
    table = np.empty_like(g.table)
    table[np.ix_(places, places)] = places[g.table]
    bare = with_names(Group("S5", table))
    families = [f for rho in irreps(bare) if rho.dim in (4, 5) for f in rho_set_families(bare, rho, most=10)]
    seen = [solid(f.rho_set(), None, bare) for f in families if f.fixed_dim == 1]
    assert {view.said for view in seen} >= {
        "the 5 points that S5 permutes (a simplex)",
        "the 10 pairs of the 5 points that S5 permutes",
        "the 5 points that S5 permutes, each with both signs",
        "the 6 cosets of a subgroup of order 20 (a simplex)",
    }
    assert all(len(set(view.labels)) == len(view.points) for view in seen)


def test_names_in_one_line_form_are_read():
    """As published checkpoints have them: from 0, products from left to right."""
    g = group("S4")
    lines = [" ".join(map(str, row)) for row in np.argsort(g.permutations, axis=1)]
    read = with_names(Group("S4", g.table, tuple(lines)))
    assert np.array_equal(read.permutations, g.permutations)
    assert with_names(Group("C4", group("C4").table)).permutations is None


def test_a_circuit_is_drawn_with_the_points_that_its_group_permutes():
    """A network file has a bare table: the picture finds the names all the same."""
    circuit = rs.explain(rs.construct("S4", ["[3,1]"]).network).circuits[0]
    drawn = rs.plot(circuit).figure.rows
    assert sorted(row["label"] for row in drawn if row["kind"] == "point") == ["1", "2", "3", "4"]
    assert {row["b"] for row in rs.plot(circuit, "slots").figure.rows} == {"1", "2", "3", "4"}
