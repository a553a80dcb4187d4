"""The account of a margin adds up, and says the same as the network."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from support.public import public_file

from rhoset import explain
from rhoset.networks import Network, evaluate, logits, read_network
from rhoset.networks.constructing import construct
from rhoset.report.account import account
from rhoset.report.answers import mean_account
from rhoset.report.collect import several
from rhoset.report.words import at_least


def networks() -> list[Network]:
    plans = [("S4", "[3,1]", 0.0), ("S4", "[3,1]", 0.05), ("D5", "2a", 0.03), ("C7", "2a", 0.02)]
    return [construct(group, [irrep], noise=noise, seed=3).network for group, irrep, noise in plans]


@pytest.mark.parametrize("inputs", [4, 49, 120, 14400])
def test_what_is_said_to_be_proved_is_proved(inputs: int):
    """A bound of 98.766 % is no 98.8 %, and all that are whole tenths of a percent are said as they are."""
    for right in range(inputs + 1):
        said = Fraction(at_least(right / inputs).removesuffix(" %")) / 100
        true = Fraction(right, inputs)
        assert said <= true
        assert true - said < Fraction(1, 1000)
        assert said == true or (1000 * true).denominator > 1


@pytest.mark.parametrize("network", networks(), ids=lambda n: n.metadata["group"])
def test_adds_up(network: Network):
    view = account(explain(network))
    assert view.ideal - sum(worst for _, worst, _ in view.terms) == pytest.approx(view.margin, abs=1e-9)
    assert view.mean_ideal - sum(mean for _, _, mean in view.terms) == pytest.approx(view.mean_margin, abs=1e-9)


@pytest.mark.parametrize("network", networks(), ids=lambda n: n.metadata["group"])
def test_is_the_networks_own_margin(network: Network):
    view = account(explain(network))
    assert view.margin == pytest.approx(evaluate(network, np.float64).margin, abs=1e-9)
    f = logits(network, *view.input, dtype=np.float64)
    assert network.table[view.input] == view.answers[0]
    assert f[view.answers[0]] - f[view.answers[1]] == pytest.approx(view.margin, abs=1e-9)


def test_public_network():
    network = read_network(public_file("S5_seed1.safetensors"))
    view = account(explain(network))
    assert view.ideal - sum(worst for _, worst, _ in view.terms) == pytest.approx(view.margin, abs=1e-9)
    assert view.margin == pytest.approx(evaluate(network, np.float64).margin, abs=1e-9)


def test_a_planted_network_loses_next_to_nothing():
    view = account(explain(construct("S4", ["[3,1]"]).network))
    assert view.margin == pytest.approx(view.ideal, rel=1e-4)


def test_the_mean_adds_up_too():
    run = several([construct("S4", ["[3,1]"], noise=0.03, seed=k).network for k in range(4)])
    mean = mean_account(run.networks)
    assert mean.ideal - sum(worst for _, worst, _ in mean.terms) == pytest.approx(mean.margin, abs=1e-9)
    assert mean.margin == pytest.approx(np.mean([n.account.margin for n in run.networks]), abs=1e-12)
