"""A network of a cyclic group reads many waves: those in use are named, drawn and told apart, the others counted."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rhoset as rs
from rhoset.explaining import diagnose, explain
from rhoset.networks import Network
from rhoset.report import RunView, render
from rhoset.report.answers import answers
from rhoset.report.charts.figure import PAPER_WIDTH
from rhoset.report.charts.network import loss_figure, margins_figure
from rhoset.report.collect import several
from rhoset.report.palette import COLOURS, irrep_colours

N, STRONG, FAINT = 37, range(1, 10), range(10, 15)


def waves() -> Network:
    """Neurons that read waves around C37 in random phases, six of each of nine frequencies, one faint one of five."""
    rng = np.random.default_rng(5)
    frequencies = np.array([f for f in STRONG for _ in range(6)] + list(FAINT))
    size = np.where(np.isin(frequencies, FAINT), 0.05, 1 + 0.1 * (12 - frequencies))
    p, q = rng.uniform(0, 2 * np.pi, size=(2, len(frequencies)))
    angle = 2 * np.pi * np.outer(np.arange(N), frequencies) / N
    left, right, unembed = (size * np.cos(angle + phase) for phase in (p, q, p + q))
    return Network(left, right, unembed.T, np.zeros(N), rs.group(f"C{N}").table, metadata={"group": f"C{N}"})


@pytest.fixture(scope="module")
def run() -> RunView:
    return several([waves()])


def test_frequencies_in_use_are_named(run: RunView):
    said = answers(run).learned[0]
    assert said.startswith("It uses frequencies 1, 2, 3, 4, 5, 6, 7, 8 and 9. 5 neurons are in smaller parts."), said


def test_the_strongest_quadrature_comes_first_and_faint_ones_are_not_drawn(run: RunView):
    view, page = run.networks[0], render(run)
    assert view.quadratures[0].irrep == view.key[0][0]
    assert page.count('class="chart quadrature"') == len(STRONG)
    assert "5 neurons of frequencies 10, 11, 12, 13 and 14." in page


def test_no_two_irreps_of_a_chart_share_a_colour(run: RunView):
    view = run.networks[0]
    figure = margins_figure(view.margins, irrep_colours(run.irreps, run.networks))
    places = [figure.domain.index(name) % (COLOURS + 1) for name in figure.shown]
    assert len(set(places)) == len(places) == COLOURS + 1
    assert figure.shown[-1] == "other"
    for k, parts in enumerate(view.margins.parts):
        assert sum(row["part"] for row in figure.rows if row["place"] == k) == pytest.approx(sum(parts))


def test_small_terms_are_one_bar(run: RunView):
    view = run.networks[0].account
    joined = view.joined
    assert joined[-1][0] == "others"
    assert len(joined) < len(view.terms)
    assert sum(worst for _, worst, _ in joined) == pytest.approx(sum(worst for _, worst, _ in view.terms))
    assert len(loss_figure(view).rows) <= len(joined) + 2


def test_a_legend_fits_the_width(run: RunView):
    figure = margins_figure(run.networks[0].margins, irrep_colours(run.irreps, run.networks))
    found = re.search(r'Symbol legend[^>]*><g [^>]*><path [^>]*d="M0,0h([\d.]+)v', figure.text("svg").decode())
    assert 0 < float(found[1]) <= PAPER_WIDTH


def test_findings_list_frequencies_once():
    said = "\n".join(diagnose(explain(waves())).said)
    assert re.search(r"irreps \(frequencies (\d+, )*\d+ and \d+\)", said), said
