"""Every figure compiles, is saved in every format, and shows the numbers that it was given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.groups import group, irreps, minimal_rho_set
from rhoset.report.charts import Figure
from rhoset.report.charts.figure import ENDINGS
from rhoset.report.pictures import NETWORK, RUN, picture
from rhoset.report.points import moves, rigid
from rhoset.report.sections import quadrature_view, structure
from rhoset.report.solids import solid, viewing_axes

HEADS = {"html": b"<!doctype html>", "svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG", "json": b"{"}


def rho_set(name: str = "S4"):
    g = group(name)
    return minimal_rho_set(g, next(rho for rho in irreps(g) if rho.dim == 3))


@pytest.mark.parametrize("ending", ENDINGS)
def test_saved(ending: str, tmp_path: Path):
    path = rs.plot(rho_set()).save(tmp_path / f"f.{ending}")
    assert path.read_bytes().lstrip().startswith(HEADS[ending])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["f.doc", "f", "f.svgz"])
def test_unknown_endings_are_refused_before_anything_is_written(name: str, tmp_path: Path):
    with pytest.raises(RhosetError, match=r"\.svg, \.pdf") as caught:
        rs.plot(rho_set()).save(tmp_path / name)
    assert caught.value.slug == "bad-ending"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def dihedral():
    """A trained-like network: one frequency of D5, all directions."""
    return rs.construct("D5", ["2a"], noise=0.01, seed=1).network


def test_every_picture_of_a_network_compiles(dihedral):
    from rhoset.report.collect import several

    run = several([dihedral])
    nothing = {"cost", "costs", "reasons", "quadrature", "training", "formation", "frontier"}
    for kind in {*RUN, *NETWORK} - nothing:
        assert picture(run, kind).text("svg").startswith(b"<svg"), kind
    for kind in nothing:
        with pytest.raises(RhosetError) as caught:
            picture(run, kind)
        assert caught.value.slug == "no-picture"


def test_a_figure_is_an_altair_chart():
    chart = rs.plot(rho_set()).chart
    assert chart.properties(width=100).to_dict()["width"] == 100


def test_marks_of_a_bar_chart_have_the_lengths_of_the_numbers():
    rows = [
        {"irrep": "a", "share": 1.0, "low": 0.9, "high": 1.0, "line": "a", "said": "", "interval": "", "dim": 1},
        {"irrep": "b", "share": 0.25, "low": 0.2, "high": 0.3, "line": "b", "said": "", "interval": "", "dim": 1},
    ]
    svg = Figure("learned", rows, "said", ("a", "b"), (), 2).text("svg").decode()
    import re

    bars = [float(m) for m in re.findall(r'aria-roledescription="bar" d="M0,[\d.]+h([\d.]+)', svg)]
    assert len(bars) == 2
    assert bars[1] / bars[0] == pytest.approx(0.25)


def test_a_quadrature_lies_on_its_circle():
    network = rs.construct("D7", ["2a"], noise=0.05, seed=2).network
    irrep = next(i for i in structure(network).irreps if i.name == "2a")
    rng = np.random.default_rng(0)
    from rhoset.explaining import Quadrature

    b, a, c = rng.normal(size=(3, 9, 2)) * np.array([1, 7, 1])[:, None, None]
    b[:] = b[0]  # complex type: what is drawn is a
    view = quadrature_view(Quadrature(irrep, np.arange(9), b, c, a, a, np.ones(9), np.zeros((9, 2)), 0.1))
    assert view.reads == "a"
    assert view.irrep == "frequency 1"
    for vectors in (view.left, view.right):
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)


@pytest.mark.parametrize("name", ["S4", "A5", "Q8", "S5"])
def test_moves_are_the_group_elements(name: str):
    g = group(name)
    for rho in irreps(g):
        points = minimal_rho_set(g, rho)
        axes = viewing_axes(points)
        view = solid(points)
        assert len(set(view.labels)) == len(points.points)
        for move in moves(points, axes, g):
            at = np.array(view.points)
            for angle, u, v in move.turns:
                a, b = at @ u, at @ v
                at = at + np.outer(np.cos(angle) * a - np.sin(angle) * b - a, u)
                at = at + np.outer(np.sin(angle) * a + np.cos(angle) * b - b, v)
            for w in move.mirrors:
                at = at - 2 * np.outer(at @ np.array(w), w)
            assert np.allclose(at, np.array(view.points)[list(move.points)], atol=2e-3)


def test_rigid_parts_multiply_to_the_matrix():
    rng = np.random.default_rng(1)
    for d in range(1, 8):
        matrix = np.linalg.qr(rng.normal(size=(d, d)))[0]
        turns, mirrors = rigid(matrix)
        built = np.eye(d)
        for angle, u, v in turns:
            c, s = np.cos(angle), np.sin(angle)
            turn = np.eye(d) + (c - 1) * (np.outer(u, u) + np.outer(v, v)) + s * (np.outer(v, u) - np.outer(u, v))
            built = turn @ built
        for w in mirrors:
            built = (np.eye(d) - 2 * np.outer(w, w)) @ built
        assert np.allclose(built, matrix)
        assert len(mirrors) == int(np.linalg.det(matrix) < 0)


def test_points_of_a_natural_action_have_its_numbers():
    g = group("S4")
    rho = next(r for r in irreps(g) if r.name == "[3,1]")
    points = minimal_rho_set(g, rho)
    view = solid(points)
    assert sorted(view.labels) == ["1", "2", "3", "4"]
    for b, label in enumerate(view.labels):
        fixes_b = points.gset.action[:, b] == b
        fixes_label = g.permutations[:, int(label) - 1] == int(label) - 1
        assert np.array_equal(fixes_b, fixes_label)
    assert view.said == "the 4 points that S4 permutes (a tetrahedron)"


def test_json_is_the_specification(tmp_path: Path):
    spec = json.loads(rs.plot(rho_set()).save(tmp_path / "f.json").read_text(encoding="utf-8"))
    assert "vega-lite" in spec["$schema"]


@pytest.mark.parametrize(("used", "unused"), [(0, 3), (3, 0), (3, 4), (7, 2), (9, 60), (20, 1)])
def test_a_name_has_the_same_colour_in_page_and_charts(used: int, unused: int):
    from rhoset.report.palette import COLOURS, colour_order

    colours = {f"u{k}": k % COLOURS for k in range(used)} | {f"n{k}": COLOURS for k in range(unused)}
    order = colour_order(colours)
    assert len(set(order)) == len(order)
    for name, number in colours.items():
        assert order.index(name) % (COLOURS + 1) == number, name
