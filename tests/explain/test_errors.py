"""Every error of explaining and constructing, raised: one slug each, one line each."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from explain.planting import analysis_of, explained, planted, structure
from support.slugs import assert_all_tested, assert_raises

import rhoset.explaining.dividing
import rhoset.explaining.equivariance_of
import rhoset.explaining.parts_needed
from rhoset.explaining import (
    account,
    division,
    equivariance,
    explain,
    explain_steps,
    intervene,
    minimality,
    recipe,
    register,
    unregister,
)
from rhoset.groups import PointSet, coset_gset, group, subgroup_classes
from rhoset.networks import Network, Tables
from rhoset.networks.constructing import CircuitPlan, construct

S4 = planted("S4", "[3,1]").network


def wrong_shape() -> None:
    register("wrong shape")(lambda of: (Tables(of.network.left, of.network.right, of.network.unembed), {}))
    try:
        account(analysis_of("S4", S4), "wrong shape")
    finally:
        unregister("wrong shape")


def steps_of_two_groups() -> None:
    other = planted("A4", "3a").network
    explain_steps([(0, S4), (1, other)])


def too_large(module: ModuleType, limit: str, call: Callable[[], object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, limit, 1.0)
        call()


def weights_beyond_squares() -> Network:
    return Network(S4.left.astype(np.float64) * 1e200, S4.right, S4.unembed, S4.bias, S4.table)


CASES: dict[str, Callable[[], object]] = {
    "bad-enough": lambda: minimality(explained("S4", S4), target=1.5),
    "bad-plan": lambda: CircuitPlan("[3,1]", rows=0),
    "bad-split": lambda: recipe(S4, [24 * 24]),
    "construct-no-margin": lambda: construct("S4", ["[3,1]"], activation="linear"),
    "construct-unfaithful": lambda: construct("S4", ["[2,2]"]),
    "construct-width": lambda: construct("S4", ["[3,1]"], width=3),
    "division-too-large": lambda: too_large(
        rhoset.explaining.dividing, "DIVISION_OPERATIONS", lambda: division(explained("S4", S4))
    ),
    "equivariance-too-large": lambda: too_large(
        rhoset.explaining.equivariance_of, "EQUIVARIANCE_OPERATIONS", lambda: equivariance(S4)
    ),
    "explanation-exists": lambda: register("irreps")(lambda of: (Tables.zeros(1, 1), {})),
    "explanation-not-here": lambda: account(analysis_of("S4", S4), "training pairs"),
    "explanation-shape": wrong_shape,
    "irreps-of-another-group": lambda: explain(S4, real_irreps=structure("S5")[0]),
    "minimal-too-large": lambda: too_large(
        rhoset.explaining.parts_needed, "MINIMAL_OPERATIONS", lambda: minimality(explained("S4", S4))
    ),
    "mixed-groups": steps_of_two_groups,
    "neuron-out-of-range": lambda: intervene(explained("S4", S4), [10**6], "zero"),
    "no-irrep": lambda: construct("S4", ["natural"]).circuits[0].irrep,
    "unknown-explanation": lambda: account(analysis_of("S4", S4), "tea leaves"),
    "unknown-irrep": lambda: construct("S4", ["[9,1]"]),
    "unknown-mode": lambda: intervene(explained("S4", S4), [0], "melt"),
    "unknown-rho-set": lambda: construct("S4", ["[3,1]:size=5"]),
    "weights-overflow": lambda: explain(weights_beyond_squares()),
}


@pytest.mark.parametrize("slug", CASES)
def test_errors(slug: str) -> None:
    assert_raises(slug, CASES[slug])


def test_each_slug_of_the_rooms_is_raised_here() -> None:
    assert_all_tested(CASES, "explaining", "networks/constructing", "networks/circuits.py")


def test_groups_without_odd_permutations_have_no_sign() -> None:
    assert_raises("unknown-irrep", lambda: construct("A4", ["sign"]))


def test_points_of_a_permutation_representation_stand_in_for_a_rho_set() -> None:
    d5 = group("D5")
    points = PointSet.simplex(coset_gset(d5, subgroup_classes(d5)[1]))
    made = construct(d5, CircuitPlan("anything", left_set=points), dtype=np.float64)
    assert isinstance(made.network, Network)
    assert made.circuits[0].label == "points 5×5"
