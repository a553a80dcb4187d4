"""Tables and factors speak of one function, whichever of them is replaced (hypothesis)."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks import cyclic_table, random_factors, random_network

from rhoset.errors import RhosetError
from rhoset.networks import Network, evaluate, fold_factors, logits, read_network, write_network
from rhoset.networks.digest import FACTOR_TENSORS, TABLE_TENSORS
from rhoset.prove import certify
from rhoset_check.files import read_network as read_by_the_checker

N, M, E = 5, 7, 4


def _factored(seed: int, bias: bool) -> Network:
    factors = random_factors(N, E, M, seed)
    if bias:
        factors["bias"] = np.arange(N, dtype=np.float32)
    return fold_factors(factors, cyclic_table(N))


def by_formula(tensors: Mapping[str, Any]) -> np.ndarray:
    """(n, n, n) logits from factors or tables, written out anew."""
    wide = {name: np.asarray(array, dtype=np.float64) for name, array in tensors.items()}
    if "embed_left" in wide:
        left = np.einsum("ne,em->nm", wide["embed_left"], wide["hidden_left"])
        right = np.einsum("ne,em->nm", wide["embed_right"], wide["hidden_right"])
    else:
        left, right = wide["left"], wide["right"]
    hidden = np.maximum(left[:, None] + right[None], 0)
    return np.einsum("xym,mz->xyz", hidden, wide["unembed"]) + wide.get("bias", 0.0)


def holds_together(network: Network, expected: np.ndarray, folder: Path) -> None:
    """Evaluation, digest, file, checker and certificate speak of the expected logits."""
    x, y = np.indices((N, N))
    assert np.allclose(logits(network, x, y, np.float64), expected, rtol=1e-6, atol=1e-6)
    path = write_network(folder / "net.safetensors", network)
    again = read_network(path)
    assert again.digest == network.digest == read_by_the_checker(path).digest
    assert np.allclose(logits(again, x, y, np.float64), expected, rtol=1e-6, atol=1e-6)
    assert pickle.loads(pickle.dumps(network)).digest == network.digest
    ordered = np.sort(expected, axis=2)
    right = np.take_along_axis(expected, network.table[:, :, None].astype(int), axis=2)[:, :, 0]
    correct = int(np.count_nonzero((right == ordered[..., -1]) & (ordered[..., -1] > ordered[..., -2])))
    assert evaluate(network).correct == correct
    verdict = certify(network, method="exhaustive").verdict
    assert (verdict.network, verdict.right) == (network.digest, correct)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_tensor_replaced_in_turn(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("net")
    seed, bias = data.draw(st.integers(0, 1000)), data.draw(st.booleans())
    network = _factored(seed, bias) if data.draw(st.booleans()) else random_network(N, M, seed)
    holds_together(network, by_formula(network.factors or _tables(network)), folder)
    rng = np.random.default_rng(seed)
    for _ in range(data.draw(st.integers(1, 3))):
        before = network.digest
        names = [*TABLE_TENSORS, *(f"factor {name}" for name in network.factors)]
        name = data.draw(st.sampled_from(names))
        zeroed = data.draw(st.booleans())
        if name.startswith("factor "):
            factors = dict(network.factors)
            factors[name[7:]] = _changed(factors[name[7:]], zeroed, rng)
            network = replace(network, factors=factors)
            assert set(network.factors) == set(factors)
            holds_together(network, by_formula(factors), folder)
        else:
            tables = _tables(network)
            tables[name] = _changed(tables[name], zeroed, rng)
            network = replace(network, **{name: tables[name]})
            assert not network.factors
            holds_together(network, by_formula(tables), folder)
        assert network.digest != before


def _tables(network: Network) -> dict[str, np.ndarray]:
    return {name: getattr(network, name) for name in TABLE_TENSORS}


def _changed(array: np.ndarray, zeroed: bool, rng: np.random.Generator) -> np.ndarray:
    changed = np.array(array)
    if zeroed and changed[::2].any():
        changed[::2] = 0
    else:
        changed += rng.standard_normal(changed.shape).astype(changed.dtype)
    return changed


def test_half_of_the_unembedding_taken_away() -> None:
    """The case that was certified with the original's bound."""
    network = _factored(1, bias=False)
    ablated = replace(network, unembed=np.zeros_like(network.unembed))
    assert ablated.digest != network.digest
    assert evaluate(ablated).correct == certify(ablated).verdict.right == 0


def test_what_changes_no_number_keeps_the_factors() -> None:
    network = _factored(2, bias=True)
    for same in (
        replace(network, metadata={"a": "b"}),
        replace(network, activation="ReLU"),
        replace(network, left=network.left.copy()),
        replace(network, factors=dict(network.factors)),
        pickle.loads(pickle.dumps(network)),
    ):
        assert set(same.factors) == {*FACTOR_TENSORS, "bias"}
        assert same.digest == network.digest
    tables = replace(network, factors={})
    assert tables.digest != network.digest
    assert np.array_equal(tables.left, network.left)
    assert replace(network, factors=None).digest == tables.digest  # type: ignore[arg-type]


def test_factors_of_another_network_are_refused() -> None:
    one, other = _factored(1, bias=True), _factored(2, bias=True)
    with pytest.raises(RhosetError, match="plain dict") as caught:
        replace(one, factors=other.factors)
    assert caught.value.slug == "network-factors"
    assert replace(one, factors=dict(other.factors)).digest == other.digest
    with pytest.raises(RhosetError, match="unknown factors embed"):
        replace(one, factors={**other.factors, "embed": other.left})
    with pytest.raises(RhosetError, match="missing factors unembed"):
        replace(one, factors={k: v for k, v in other.factors.items() if k != "unembed"})


def test_nobody_can_write_into_them() -> None:
    network = _factored(3, bias=False)
    with pytest.raises(TypeError):
        network.factors["unembed"] = network.unembed  # type: ignore[index]
    for array in (*network.factors.values(), *_tables(network).values()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
