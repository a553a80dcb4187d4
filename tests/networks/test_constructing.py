"""Constructed networks: right answers, bi-equivariance, a planted truth that is the network."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhoset.errors import RhosetError
from rhoset.groups import Group, group, irreps, rho_set_families
from rhoset.networks import Network, evaluate, logits
from rhoset.networks.constructing import CircuitPlan, Planted, construct, parse_plan

_group = cache(group)

FULL: list[tuple[str, list[str], dict[str, Any]]] = [
    ("S4", ["natural"], {}),
    ("S5", ["[4,1]", "sign"], {}),
    ("S5", ["[2,2,1]"], {}),
    ("S5", ["[4,1]:size=10"], {}),
    ("S5", ["[4,1]:directions=2,split=0.9"], {}),
    ("S5", ["[4,1]:directions=2,split=0.5", "[2,1,1,1]:strength=0.3", "sign"], {"rescale": 1}),
    ("A5", ["3a", "4a:paired=true"], {"width": 300}),
    ("Q8", ["4a"], {}),
    ("C7", ["2a", "2b"], {"shuffle": False}),
    ("F21", ["6a"], {}),
    ("C3xS3", ["4a"], {}),
    ("PSL(2,7)", ["natural"], {}),
    ("AGL(1,8)", ["natural:split=0.5"], {}),
    ("S4", ["natural:split=0.5"], {"activation": "abs"}),
]
"""Networks with every slot filled."""


def _margins(network: Network, x: Any, y: Any) -> np.ndarray:
    f = logits(network, x, y)
    right = network.table[x, y][..., None]
    own = np.take_along_axis(f, right, -1)[..., 0].copy()
    np.put_along_axis(f, right, -np.inf, -1)
    return own - f.max(axis=-1)


@pytest.mark.parametrize(("name", "plans", "options"), FULL, ids=lambda v: str(v)[:40])
def test_full_circuits_answer_rightly_with_the_margin_asked_for(
    name: str, plans: list[str], options: dict[str, Any]
) -> None:
    planted = construct(_group(name), plans, margin=7.5, dtype=np.float64, **options)
    assert planted.margin == 7.5
    found = evaluate(planted.network)
    assert found.accuracy == 1
    assert found.margin == pytest.approx(7.5, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_full_circuits_are_bi_equivariant(data: st.DataObject) -> None:
    name, plans, options = data.draw(st.sampled_from(FULL))
    g = _group(name)
    planted = construct(g, plans, dtype=np.float64, **options)
    a, x, y, b = (data.draw(st.integers(0, g.order - 1)) for _ in range(4))
    f = logits(planted.network, x, y)
    moved = logits(planted.network, g.table[a, x], g.table[y, b])
    z = g.table[g.table[a], b]  # a z b for every z
    assert np.allclose(moved[z], f, atol=1e-9 * np.abs(f).max())


@pytest.mark.parametrize(
    ("name", "plans"),
    [
        ("S5", ["[4,1]:rows=4"]),
        ("S5", ["[4,1]:columns=3", "sign"]),
        ("S5", ["[4,1]:rows=3", "[2,2,1]:rows=4"]),
        ("S5", ["[4,1]", "[2,2,1]:rows=3,columns=3"]),
    ],
)
def test_missing_slots(name: str, plans: list[str]) -> None:
    planted = construct(_group(name), plans, dtype=np.float64, seed=1)
    assert planted.margin == pytest.approx(10)
    assert evaluate(planted.network).margin == pytest.approx(10, rel=1e-9)
    missing = planted.circuits[-1] if "columns=3" in plans[-1] else planted.circuits[0]
    plan = planted.plans[-1] if "columns=3" in plans[-1] else planted.plans[0]
    counts = missing.slot_counts
    rows, columns = counts.any(axis=1).sum(), counts.any(axis=0).sum()
    assert (rows, columns) == (
        plan.rows or len(counts),
        plan.columns or counts.shape[1],
    )
    assert not counts.all()


def test_slots_that_do_not_determine_the_product_are_reported() -> None:
    planted = construct("S5", ["[4,1]:rows=2", "sign"], dtype=np.float64)
    assert planted.margin is not None
    assert planted.margin <= 1e-6
    assert evaluate(planted.network).accuracy < 1


@pytest.mark.parametrize(("name", "plans", "options"), FULL, ids=lambda v: str(v)[:40])
def test_the_planted_truth_is_the_ideal_network(name: str, plans: list[str], options: dict[str, Any]) -> None:
    g = _group(name)
    planted = construct(g, plans, dtype=np.float64, seed=3, **options)
    _is_truth(g, planted)


def _is_truth(g: Group, planted: Planted) -> None:
    """Every table entry from the planted circuits, by the formula of their docstring."""
    used: set[int] = set()
    for c in planted.circuits:
        left, right = c.left_set.gset.action, c.right_set.gset.action
        assert np.allclose(c.coupling, c.left_set.points @ c.right_set.points.T)
        for i in range(0, len(c.rows), 7):
            k, b, q = c.neurons[i], c.rows[i], c.columns[i]
            assert np.allclose(planted.ideal.left[:, k], c.alpha[i][left[g.inverse, b]])
            assert np.allclose(planted.ideal.right[:, k], c.gamma[i][right[:, q]])
            assert np.allclose(planted.ideal.unembed[k], c.weight[i] * c.coupling[b, right[:, q]])
        used |= set(c.neurons.tolist())
    dead = [i for i in range(planted.ideal.width) if i not in used]
    assert not planted.ideal.left[:, dead].any()
    assert not planted.ideal.unembed[dead].any()


@pytest.mark.parametrize("name", ["S5", "A5"])
def test_points_are_a_rho_set(name: str) -> None:
    """The group permutes the points by an orthogonal map: inner products are kept."""
    g = _group(name)
    plans = ["natural", "sign"] if name == "S5" else ["natural", "3a"]
    for c in construct(g, plans).circuits:
        gram = c.left_set.points @ c.left_set.points.T
        for element in range(0, g.order, 7):
            move = c.left_set.gset.action[element]
            assert np.allclose(gram[np.ix_(move, move)], gram)
        assert np.allclose(np.diag(gram), 1)


def test_split_slots_hold_different_vectors_and_change_nothing() -> None:
    whole = construct("S5", ["[4,1]"], dtype=np.float64, shuffle=False, rescale=1)
    split = construct("S5", ["[4,1]:split=0.9"], dtype=np.float64, shuffle=False, rescale=1)
    c = split.circuits[0]
    assert (c.slot_counts == 2).all()
    spread = c.alpha.std(axis=0) / np.abs(c.alpha).mean()
    assert spread.max() > 0.05
    x, y = np.indices((120, 120))
    assert np.allclose(logits(whole.network, x, y), logits(split.network, x, y))


def test_noise_is_relative_and_reproducible() -> None:
    planted = construct("S5", ["[4,1]"], noise=0.05, seed=4)
    for name, axis in (("left", 0), ("right", 0), ("unembed", 1)):
        noisy, ideal = getattr(planted.network, name), getattr(planted.ideal, name)
        relative = np.sqrt(((noisy - ideal) ** 2).mean(axis=axis) / (ideal**2).mean(axis=axis))
        assert relative.min() > 0.03
        assert relative.max() < 0.07
    again = construct("S5", ["[4,1]"], noise=0.05, seed=4)
    other = construct("S5", ["[4,1]"], noise=0.05, seed=5)
    assert planted.network.digest == again.network.digest != other.network.digest
    assert planted.ideal.digest == construct("S5", ["[4,1]"], seed=4).network.digest
    assert 0.95 < evaluate(planted.network).accuracy < 1
    assert evaluate(construct("S5", ["[4,1]"], noise=0.01, seed=4).network).accuracy == 1


def test_shuffling_and_rescaling_hide_the_structure() -> None:
    plain = construct("S5", ["[4,1]"], shuffle=False, rescale=1, dtype=np.float64).ideal
    hidden = construct("S5", ["[4,1]"], rescale=4, width=40, dtype=np.float64)
    sizes = np.linalg.norm(hidden.ideal.left, axis=0)
    live = sizes[sizes > 0]
    assert np.allclose(np.linalg.norm(plain.left, axis=0), np.linalg.norm(plain.left[:, 0]))
    assert live.max() / live.min() > 3
    assert list(hidden.circuits[0].neurons) != sorted(hidden.circuits[0].neurons)


def test_given_sets() -> None:
    g = _group("S5")
    irrep = {i.name: i for i in irreps(g)}["[3,2]"]
    points = rho_set_families(g, irrep)[0].rho_set()
    planted = construct(g, CircuitPlan("anything", left_set=points))
    assert evaluate(planted.network).accuracy == 1
    same = points.negative()
    again = construct(g, CircuitPlan("anything", left_set=points, right_set=same))
    assert again.network.digest == planted.network.digest


@pytest.mark.parametrize(
    ("arguments", "slug", "words"),
    [
        ({"irreps": ["sign"]}, "construct-unfaithful", "60 elements act as the identity"),
        ({"irreps": ["[1,1,1,1,1]"]}, "construct-unfaithful", "faithful"),
        ({"irreps": ["[6,1]"]}, "unknown-irrep", "[4,1]"),
        ({"irreps": ["[4,1]:size=7"]}, "unknown-rho-set", "sizes are 5"),
        ({"irreps": ["natural:size=7"]}, "unknown-rho-set", "sizes are 5"),
        ({"irreps": []}, "bad-plan", "at least one irrep"),
        ({"irreps": ["[4,1]:colour=3"]}, "bad-plan", "colour=3"),
        ({"irreps": ["[4,1]:rows"]}, "bad-plan", "cannot read 'rows'"),
        ({"irreps": ["[4,1]:rows=x"]}, "bad-plan", "rows=x"),
        ({"irreps": ["[4,1]:paired=perhaps"]}, "bad-plan", "paired=perhaps"),
        ({"irreps": ["[4,1]:rows=0"]}, "bad-plan", "rows is 0"),
        ({"irreps": ["[4,1]:rows=6"]}, "bad-plan", "6 rows of slots wanted, there are 5"),
        ({"irreps": ["[4,1]:split=1"]}, "bad-plan", "split is 1"),
        ({"irreps": ["[4,1]:strength=nan"]}, "bad-plan", "strength is nan"),
        ({"irreps": ["[4,1]:split=0.1"], "activation": "gelu"}, "bad-plan", "gelu"),
        ({"irreps": ["[4,1]"], "activation": "tanh"}, "unknown-activation", "tanh"),
        ({"irreps": ["[4,1]"], "activation": "linear"}, "construct-no-margin", "linear"),
        ({"irreps": ["[4,1]"], "width": 24}, "construct-width", "need 25 neurons, 24 were"),
        ({"irreps": ["[4,1]"], "noise": -1}, "bad-plan", "noise is -1"),
        ({"irreps": ["[4,1]"], "rescale": 0.5}, "bad-plan", "rescale is 0.5"),
    ],
)
def test_refusals(arguments: dict[str, Any], slug: str, words: str) -> None:
    with pytest.raises(RhosetError) as caught:
        construct(_group("S5"), **arguments)
    assert caught.value.slug == slug
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["D4", "D5", "D7"])
def test_a_margin_that_is_a_rounding_is_none(name: str) -> None:
    """In D5 what a linear network's slots cancel leaves 1e-17, which was scaled up to the margin."""
    with pytest.raises(RhosetError, match="do not single out") as caught:
        construct(_group(name), ["2a"], activation="linear")
    assert caught.value.slug == "construct-no-margin"


def test_plans_from_text() -> None:
    assert parse_plan("[4,1]") == CircuitPlan("[4,1]")
    assert parse_plan("3a:rows=2,columns=3,split=0.25,strength=2,directions=4,size=6,paired=false") == CircuitPlan(
        "3a", 6, 4, 0.25, 2, 3, 2.0, False
    )


def test_a_group_without_a_natural_action() -> None:
    with pytest.raises(RhosetError, match="no natural action"):
        construct("D5", ["natural"])


@pytest.mark.parametrize("name", ["S6", "A6", "PSL(2,11)"])
def test_larger_groups_need_no_irreps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import rhoset.groups as groups

    def forbidden(*_: object) -> None:
        raise AssertionError("asked for irreps")

    monkeypatch.setattr(groups, "irreps", forbidden)
    planted = construct(name, ["natural:directions=2,split=0.5"], noise=0.002, seed=1)
    n = planted.network.order
    x, y = np.random.default_rng(0).integers(n, size=(2, 400))
    assert (_margins(planted.network, x, y) > 0).all()
    assert _margins(planted.ideal, x, y).min() > 9.99


@pytest.mark.slow
@pytest.mark.ends_within(900)
@pytest.mark.parametrize(("name", "width"), [("S7", None), ("A7", None), ("M11", 1000)])
def test_thousands_of_elements(name: str, width: int | None) -> None:
    import resource

    planted = construct(name, ["natural:directions=4,split=0.4"], noise=0.01, width=width)
    n = planted.network.order
    x, y = np.random.default_rng(0).integers(n, size=(2, 64))
    assert (_margins(planted.network, x, y) > 0).all()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 << 20
