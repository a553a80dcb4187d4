"""What a reading that is not constant on its fibres can cost a margin, against fractions (Theorem 8, Lemma 9)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from rhoset_check.each import Circuit
from rhoset_check.files import Weights
from rhoset_check.group import permutation_action, prove_group
from rhoset_check.network import build_model

TABLE = np.add.outer(np.arange(4), np.arange(4)).astype(np.int32) % 4
PARITY = np.array([[1, 0]])


def circuit(left: float, right: np.ndarray, unembed: np.ndarray, activation: str) -> Circuit:
    """One neuron of C4 that sits at a point of its two cosets, tables in float64, rule in float32."""
    tensors = {"left": np.full((4, 1), left), "right": right[:, None], "unembed": unembed[None], "bias": np.zeros(4)}
    weights = Weights(tensors, TABLE, activation, "", "")
    model = build_model(weights, prove_group(TABLE, np.array([1])), "real")
    action, nothing = permutation_action(model.group, PARITY, "parity"), np.zeros(1, np.intp)
    return Circuit.of(model, nothing, action, nothing, "float32")


@pytest.mark.parametrize("activation", ["relu", "square"])
@pytest.mark.parametrize("left", [0.0, 0.5, -3.0])
@pytest.mark.parametrize("value", [1.0 + 2.0**-24 + 2.0**-40, -1.0 - 2.0**-24 - 2.0**-40, 1.0 + 2.0**-26, 3.3])
def test_a_reading_costs_no_more_than_is_said(activation: str, left: float, value: float) -> None:
    """Where rounding γ to float32 is all that is lost, the slope of the square must be that of the rounded γ."""
    unembed = np.array([-1.0, 0.25, 1.0, -0.5])
    found = circuit(left, np.full(4, value), unembed, activation)

    def phi(t: Fraction) -> Fraction:
        return max(t, Fraction(0)) if activation == "relu" else t * t

    gamma = Fraction(float(found.reads.value[0, 0]))
    lost = abs(phi(Fraction(left) + Fraction(value)) - phi(Fraction(left) + gamma))
    assert gamma != Fraction(value)
    for fibre in range(2):
        width = Fraction(float(np.ptp(unembed[fibre::2])))
        assert Fraction(float(found.fixed[0, 0])) >= width * lost
    assert Fraction(float(found.moved[0, 0])) >= Fraction(float(np.ptp(unembed))) * lost
