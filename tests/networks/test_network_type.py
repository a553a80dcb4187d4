"""The network type: what it accepts, what it refuses, that nobody can change it."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from support.networks import cyclic_table, random_factors, random_network

from rhoset.errors import RhosetError
from rhoset.networks import ACTIVATIONS, Network, activation, fold_factors
from rhoset.networks.constructing import construct


def test_arrays_are_read_only_and_independent_of_the_caller() -> None:
    left = np.ones((3, 2))
    network = Network(left, left, np.ones((2, 3)), np.zeros(3), cyclic_table(3))
    left[0, 0] = 7
    assert network.left[0, 0] == 1
    for array in (network.left, network.right, network.unembed, network.bias, network.table):
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(FrozenInstanceError):
        network.left = left  # type: ignore[misc]
    with pytest.raises(TypeError):
        network.metadata["group"] = "S3"  # type: ignore[index]


def test_a_read_only_view_of_writable_memory_is_copied() -> None:
    owner = np.ones((3, 2))
    view = owner[:]
    view.setflags(write=False)
    network = Network(view, view, np.ones((2, 3)), np.zeros(3), cyclic_table(3))
    owner[0, 0] = 7
    assert network.left[0, 0] == 1


def test_order_width_group_and_repr() -> None:
    network = random_network(6, 4)
    assert (network.order, network.width) == (6, 4)
    assert network.group.name == "C6"
    assert network.group.order == 6
    assert "n=6, m=4" in repr(network)
    unnamed = replace(network, metadata={})
    assert unnamed.group.name == "group of order 6"


def test_element_names_come_from_the_metadata() -> None:
    network = replace(random_network(3), metadata={"elements": '[[0, 1], "b", "c"]'})
    assert network.group.element_names == ("0 1", "b", "c")
    for bad in ("[1", "[1, 1, 2]", "[1]", "{}", "[" * 100_000):
        assert replace(network, metadata={"elements": bad}).group.element_names == ()


def test_names_from_a_file_are_printable_and_short() -> None:
    nasty = "C5\x1b[31m\n\r\u2028" + "x" * 500
    network = replace(random_network(3), metadata={"group": nasty, "elements": '["a\\u001b", 2, 3]'})
    assert network.group.name == ("C5[31m" + "x" * 500)[:80]
    assert network.group.element_names == ("a", "2", "3")
    assert "\x1b" not in repr(network)
    assert replace(network, metadata={"group": "\n"}).group.name == "group of order 3"


def test_a_table_that_is_no_groups_is_read_but_has_no_group() -> None:
    table = np.zeros((2, 2), dtype=np.int32)
    network = Network(np.ones((2, 1)), np.ones((2, 1)), np.ones((1, 2)), np.zeros(2), table)
    with pytest.raises(RhosetError):
        _ = network.group


@pytest.mark.parametrize(
    ("change", "slug", "words"),
    [
        ({"left": np.ones((4, 7))}, "network-shape", "(4, 7)"),
        ({"left": np.ones(5)}, "network-shape", "expected (5, m)"),
        ({"right": np.ones((5, 6))}, "network-shape", "'right' has shape (5, 6), expected (5, 7)"),
        ({"unembed": np.ones((5, 7))}, "network-shape", "expected (7, 5)"),
        ({"bias": np.ones((5, 1))}, "network-shape", "expected (5,)"),
        ({"left": np.ones((5, 7), dtype=int)}, "network-dtype", "int64"),
        ({"right": np.ones((5, 7), dtype=complex)}, "network-dtype", "complex128"),
        ({"bias": np.array([0, 1, np.nan, 3, np.inf])}, "network-not-finite", "2 values"),
        ({"table": np.zeros((5, 4), dtype=int)}, "network-table", "(5, 4)"),
        ({"table": np.zeros((5, 5))}, "network-table", "float64"),
        ({"table": np.full((5, 5), 5)}, "network-table", "5 at row 0, column 0"),
        ({"table": np.full((5, 5), -1)}, "network-table", "-1"),
        ({"table": np.full((5, 5), 2**40)}, "network-table", str(2**40)),
        ({"table": np.zeros((0, 0), dtype=int)}, "network-table", "(0, 0)"),
        ({"activation": "softmax"}, "unknown-activation", "softmax"),
    ],
)
def test_refusals_say_what_is_wrong(change: dict[str, Any], slug: str, words: str) -> None:
    network = random_network()
    fields = {k: getattr(network, k) for k in ("left", "right", "unembed", "bias", "table")}
    with pytest.raises(RhosetError) as caught:
        Network(**{**fields, **change})
    assert caught.value.slug == slug
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folding_is_the_product_in_float64() -> None:
    factors = random_factors()
    network = fold_factors(factors, cyclic_table(5))
    expected = factors["embed_left"].astype(float) @ factors["hidden_left"].astype(float)
    assert network.left.dtype == np.float64
    assert np.array_equal(network.left, expected)
    assert np.array_equal(network.unembed, factors["unembed"])
    assert not network.bias.any()
    assert set(network.factors) == set(factors)


@pytest.mark.parametrize("missing", ["embed_left", "hidden_right", "unembed"])
def test_folding_names_what_is_missing(missing: str) -> None:
    factors = random_factors()
    del factors[missing]
    with pytest.raises(RhosetError, match=missing):
        fold_factors(factors, cyclic_table(5))


def test_folding_refuses_factors_that_do_not_fit() -> None:
    with pytest.raises(RhosetError, match="hidden_left"):
        fold_factors({**random_factors(), "hidden_left": np.ones((3, 7))}, cyclic_table(5))
    with pytest.raises(RhosetError, match="embed_right"):
        fold_factors({**random_factors(), "embed_right": np.ones((5, 3))}, cyclic_table(5))
    huge = {
        **random_factors(),
        "embed_left": np.full((5, 4), 1e200),
        "hidden_left": np.full((4, 7), 1e200),
    }
    with pytest.raises(RhosetError, match="not finite"):
        fold_factors(huge, cyclic_table(5))


def test_pickling_keeps_everything() -> None:
    network = fold_factors(random_factors(), cyclic_table(5), metadata={"group": "C5"})
    copy = pickle.loads(pickle.dumps(network))
    assert copy.digest == network.digest
    assert copy.metadata == network.metadata


def test_activations_by_definition() -> None:
    t = np.array([-2.0, -0.5, 0.0, 0.5, 3.0])
    from math import erf, exp

    by_hand = {
        "relu": [max(v, 0.0) for v in t],
        "gelu": [v * (1 + erf(v / 2**0.5)) / 2 for v in t],
        "silu": [v / (1 + exp(-v)) for v in t],
        "abs": [abs(v) for v in t],
        "square": [v * v for v in t],
        "linear": list(t),
    }
    assert set(by_hand) == set(ACTIVATIONS)
    for name, values in by_hand.items():
        assert activation(name)(t) == pytest.approx(values, rel=1e-14)
        assert activation(name)(t.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", ["S4", "C6", "D6", "A3", "S9", "Dic2", "Z6"])
def test_a_name_that_is_another_group_s_is_not_said(name: str) -> None:
    network = replace(construct("S3", "[2,1]", seed=1).network, metadata={"group": name})
    assert network.group.name == "group of order 6"
    assert network.group.order == 6


@pytest.mark.parametrize("name", ["S3", "D3", "some group", "SL(2,2)", "C0", "S0", "A0"])
def test_a_name_that_may_be_right_is_said(name: str) -> None:
    network = replace(construct("S3", "[2,1]", seed=1).network, metadata={"group": name})
    assert network.group.name in (name, "group of order 6" if name.endswith("0") else name)
