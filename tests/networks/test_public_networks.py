"""All 27 public networks, read as they are, agree with what their README measured."""

from __future__ import annotations

import pytest
from support.public import PublicNetwork

from rhoset.networks import evaluate, read_network


def test_accuracy_margin_and_loss(public: PublicNetwork) -> None:
    network = read_network(public.path)
    assert (network.order, network.width) == (public.order, public.width)
    assert network.metadata["group"] == public.group
    found = evaluate(network)
    # S5_width32_seed9 has a pair whose two largest logits differ by 4e-7.
    assert abs(found.correct - public.correct) <= (public.name == "S5_width32_seed9")
    assert found.margin == pytest.approx(public.margin, abs=5.1e-4)
    assert found.loss == pytest.approx(public.loss, rel=5e-4)


def test_factors_are_kept_and_named(public: PublicNetwork) -> None:
    network = read_network(public.path)
    assert set(network.factors) == {
        "embed_left",
        "embed_right",
        "hidden_left",
        "hidden_right",
        "unembed",
    }
    assert {str(factor.dtype) for factor in network.factors.values()} == {"float32"}
    assert network.left.dtype == "float64"
    assert len(network.digest) == 64
