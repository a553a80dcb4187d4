"""Importers: small files of each kind made here, and wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.importing import chughtai, same_function, save, solved, stander
from support.networks import random_factors

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.networks import (
    evaluate,
    export_arrays,
    export_torch,
    import_network,
    import_networks,
    logits,
    read_network,
    write_network,
)

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("kind", ["torch", "npz", "safetensors"])
@pytest.mark.parametrize(
    ("layout", "order"),
    [("chughtai", "sympy/opposite"), ("stander", "parity"), ("wu", "own"), ("stander", "own")],
)
def test_each_format_is_the_same_function(tmp_path: Path, layout: str, order: str, kind: str) -> None:
    network = solved(group("S4"), order)
    path = save(tmp_path / "model", export_arrays(network, layout), kind)
    found = import_networks(layout, path, "S4")[0]
    assert found.order == order
    assert found.accuracy == 1
    assert found.note == ""
    assert np.array_equal(found.network.table, network.table)
    same_function(found.network, network)
    assert found.network.factors
    assert evaluate(found.network).correct == 24**2


def test_imported_files_read_back_with_the_same_digest(tmp_path: Path) -> None:
    path = export_torch(solved(group("S4")), tmp_path / "m.pt", "stander")
    network = import_network("stander", path, "S4")
    assert read_network(write_network(tmp_path / "n.safetensors", network)).digest == network.digest


def test_chughtai_by_its_formula(tmp_path: Path) -> None:
    t = chughtai()
    network = import_network("chughtai", save(tmp_path / "model.pt", t), "C6")
    x, y = 2, 5
    h = np.maximum(np.concatenate([t["W_x"][x], t["W_y"][y]]) @ t["W"], 0)
    assert logits(network, x, y) == pytest.approx(h @ t["W_U"], rel=1e-5)
    assert set(network.factors) == set(random_factors())


@pytest.mark.parametrize("bias", [False, True])
def test_stander_by_its_formula(tmp_path: Path, bias: bool) -> None:
    t = stander(bias)
    full_run = {
        "model": {k: torch.from_numpy(np.array(v)) for k, v in t.items()},
        "config": {"vocab_size": 6},
        "checkpoint_epochs": [1, 2],
    }
    torch.save(full_run, tmp_path / "full_run.pth")
    network = import_network("stander", tmp_path / "full_run.pth", "C6")
    x, y = 2, 5
    both = np.concatenate([t["lembed.weight"][x], t["rembed.weight"][y]])
    h = np.maximum(t["linear.weight"] @ both + t.get("linear.bias", 0), 0)
    expected = t["unembed.weight"] @ h + t.get("unembed.bias", 0)
    assert logits(network, x, y) == pytest.approx(expected, rel=1e-5)
    assert bool(network.factors) is not bias  # a hidden bias has no place among the factors


def test_stander_with_one_linear_map_for_both(tmp_path: Path) -> None:
    t = stander(bias=False)
    t["linear.weight"] = t["linear.weight"][:, :4]
    network = import_network("stander", save(tmp_path / "m.pth", t), "C6")
    both = t["lembed.weight"][1] + t["rembed.weight"][4]
    h = np.maximum(t["linear.weight"] @ both, 0)
    assert logits(network, 1, 4) == pytest.approx(t["unembed.weight"] @ h, rel=1e-5)


def test_stander_with_spare_vocabulary(tmp_path: Path) -> None:
    g = group("S4")
    t = export_arrays(solved(g), "stander")
    spare = np.full((3, 16), 9.0, dtype=np.float32)
    for name in ("lembed.weight", "rembed.weight", "unembed.weight"):
        t[name] = np.vstack([t[name], spare])
    t["unembed.bias"] = np.concatenate([t["unembed.bias"], np.ones(3, dtype=np.float32)])
    with pytest.raises(RhosetError, match=r"outputs 24-26 .* largest on 99\.0% of the pairs.*--drop-outputs"):
        import_networks("stander", save(tmp_path / "m.pth", t), "S4")
    found = import_networks("stander", tmp_path / "m.pth", "S4", drop_outputs=True)[0]
    assert (found.network.order, found.accuracy) == (24, 1)
    assert "vocabulary has 27" in found.note
    with pytest.raises(RhosetError, match="order 24"):
        import_network(
            "chughtai",
            save(
                tmp_path / "c.pt",
                {
                    "W_x": t["lembed.weight"],
                    "W_y": t["rembed.weight"],
                    "W": t["linear.weight"].T,
                    "W_U": t["unembed.weight"].T,
                },
            ),
            "S4",
        )


def test_wu_instances(tmp_path: Path) -> None:
    g = group("S4")
    networks = [solved(g, seed=seed) for seed in range(3)]
    each = [export_arrays(network, "wu") for network in networks]
    t = {name: np.concatenate([arrays[name] for arrays in each]) for name in each[0]}
    path = save(tmp_path / "model.pt", t)
    found = import_networks("wu", path, "S4")
    assert [(one.instance, one.accuracy) for one in found] == [(0, 1), (1, 1), (2, 1)]
    for one, network in zip(found, networks):
        same_function(one.network, network)
    assert import_network("wu", path, "S4", instance=2).digest == found[2].network.digest
    with pytest.raises(RhosetError, match="3 networks: choose an instance from 0 to 2"):
        import_network("wu", path, "S4")
    with pytest.raises(RhosetError, match="no instance 3: it holds 3"):
        import_network("wu", path, "S4", instance=3)


def test_wu_variants(tmp_path: Path) -> None:
    f = random_factors(6)
    base = {"embedding_left": f["embed_left"], "embedding_right": f["embed_right"]}
    shared = {**base, "linear": f["hidden_left"], "unembedding": f["unembed"]}
    network = import_network("wu", save(tmp_path / "a.pt", shared), "C6", activation="gelu")
    assert network.activation == "gelu"
    assert np.array_equal(network.factors["hidden_left"], network.factors["hidden_right"])
    folded = {**base, "unembedding": np.ones((4, 6), dtype=np.float32)}
    network = import_network("wu", save(tmp_path / "b.pt", folded), "C6")
    assert not network.factors
    assert np.array_equal(network.left, f["embed_left"])


def test_factored_has_its_own_table(tmp_path: Path) -> None:
    t = {**random_factors(6), "cayley": group("C6").table}
    found = import_networks("factored", save(tmp_path / "f.safetensors", t, "safetensors"))[0]
    assert found.order == "file"
    assert np.array_equal(found.network.table, t["cayley"])
    with pytest.raises(RhosetError, match="has 6 elements, the group C5 has 5"):
        import_network("factored", tmp_path / "f.safetensors", "C5")


@pytest.mark.parametrize(
    ("format", "change", "words"),
    [
        ("chughtai", {"W_U": None}, "missing tensors W_U"),
        ("chughtai", {"W_U": None, "b": np.ones(3)}, "missing tensors W_U and extra tensors b"),
        ("chughtai", {"attn.W_K": np.ones(3)}, "extra tensors attn.W_K"),
        ("chughtai", {"W": np.ones((7, 7), np.float32)}, "'W' has shape (7, 7)"),
        ("chughtai", {"W_x": np.ones(6, np.float32)}, "'W_x' has shape (6,)"),
        ("chughtai", {"W_x": np.ones((6, 4), np.int64)}, "int64"),
        ("chughtai", {"W_x": np.full((6, 4), np.nan, np.float32)}, "not finite"),
        ("chughtai", {"W_U": np.ones((8, 6), np.float32)}, "(8, 6)"),
        ("chughtai", {"W_x": np.ones((5, 4), np.float32)}, "has 5 rows"),
        ("stander", {"linear.weight": np.ones((7, 5), np.float32)}, "(m, 8), or (m, 4)"),
        ("stander", {"unembed.bias": np.float32(1)}, "one axis"),
        ("stander", {"linear.bias": np.ones(6, np.float32)}, "expected (7,)"),
    ],
)
def test_wrong_tensors_are_named(tmp_path: Path, format: str, change: dict[str, Any], words: str) -> None:
    start = chughtai() if format == "chughtai" else stander()
    t = {k: v for k, v in {**start, **change}.items() if v is not None}
    with pytest.raises(RhosetError) as caught:
        import_network(format, save(tmp_path / "m.pt", t), "C6")
    assert words in str(caught.value)
    assert "m.pt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wu_wrong_tensors(tmp_path: Path) -> None:
    t = export_arrays(solved(group("S4")), "wu")
    for change, words in (
        ({"linear_left": None}, "linear_left and linear_right"),
        ({"linear": t["linear_left"]}, "linear alone"),
        ({"unembedding": np.ones((2, 16, 24), np.float32)}, "instances first"),
        ({"unembed_bias": np.ones(24, np.float32)}, "instances first"),
    ):
        arrays = {k: v for k, v in {**t, **change}.items() if v is not None}
        with pytest.raises(RhosetError, match=words):
            import_network("wu", save(tmp_path / "m.pt", arrays), "S4")


def test_unknown_format_and_missing_group(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", chughtai())
    with pytest.raises(RhosetError, match="known are chughtai, stander, wu, factored, mapping"):
        import_network("nanda", path)
    with pytest.raises(RhosetError, match="give --group"):
        import_network("chughtai", path)
