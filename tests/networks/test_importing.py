"""Importers: small files of each kind made here, broken ones, and the two published originals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from support.networks import random_factors
from support.public import public_file

from rhoset.errors import RhosetError
from rhoset.groups import Group, PointSet, group, natural_gset, regular_gset
from rhoset.networks import (
    Network,
    evaluate,
    export_arrays,
    export_torch,
    import_network,
    import_networks,
    logits,
    read_network,
    write_network,
)
from rhoset.networks.constructing import CircuitPlan, construct
from rhoset.networks.importing import known_orders

torch = pytest.importorskip("torch")


def _solved(g: Group, order: str = "own", seed: int = 0) -> Network:
    """A network of accuracy 1 on the group with its elements in another known order."""
    points = PointSet.simplex(natural_gset(g) if g.permutations is not None else regular_gset(g))
    network = construct(g, CircuitPlan("natural", left_set=points), seed=seed).network
    chosen = next(o for o in known_orders(g) if o.name == order)
    table = chosen.table(g)
    # f(z|x, y) for the own order; with the opposite product x and y change places.
    left, right = network.left[chosen.old], network.right[chosen.old]
    if chosen.opposite:
        left, right = right, left
    return Network(left, right, network.unembed[:, chosen.old], network.bias, table)


def _save(path: Path, arrays: dict[str, Any], kind: str = "torch") -> Path:
    if kind == "torch":
        torch.save({name: torch.from_numpy(np.array(a)) for name, a in arrays.items()}, path)
    elif kind == "npz":
        with open(path, "wb") as handle:
            np.savez(handle, **arrays)
    else:
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, path)
    return path


def _same_function(a: Network, b: Network) -> None:
    x, y = np.indices((a.order, a.order))
    f, g = logits(a, x, y, np.float64), logits(b, x, y, np.float64)
    assert np.allclose(f, g, rtol=1e-5, atol=1e-4 * np.abs(f).max())


# Each format, each file type --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["torch", "npz", "safetensors"])
@pytest.mark.parametrize(
    ("layout", "order"),
    [("chughtai", "sympy/opposite"), ("stander", "parity"), ("wu", "own"), ("stander", "own")],
)
def test_each_format_is_the_same_function(tmp_path: Path, layout: str, order: str, kind: str) -> None:
    network = _solved(group("S4"), order)
    path = _save(tmp_path / "model", export_arrays(network, layout), kind)
    found = import_networks(layout, path, "S4")[0]
    assert found.order == order
    assert found.accuracy == 1
    assert found.note == ""
    assert np.array_equal(found.network.table, network.table)
    _same_function(found.network, network)
    assert found.network.factors
    assert evaluate(found.network).correct == 24**2


def test_imported_files_read_back_with_the_same_digest(tmp_path: Path) -> None:
    path = export_torch(_solved(group("S4")), tmp_path / "m.pt", "stander")
    network = import_network("stander", path, "S4")
    assert read_network(write_network(tmp_path / "n.safetensors", network)).digest == network.digest


def _chughtai() -> dict[str, np.ndarray]:
    f = random_factors(6)
    hidden = np.vstack([f["hidden_left"], f["hidden_right"]])
    return {"W_x": f["embed_left"], "W_y": f["embed_right"], "W": hidden, "W_U": f["unembed"]}


def _stander(bias: bool = True) -> dict[str, np.ndarray]:
    f = random_factors(6)
    arrays = {
        "lembed.weight": f["embed_left"],
        "rembed.weight": f["embed_right"],
        "linear.weight": np.vstack([f["hidden_left"], f["hidden_right"]]).T,
        "unembed.weight": f["unembed"].T,
    }
    if bias:
        arrays["unembed.bias"] = np.linspace(-1, 1, 6, dtype=np.float32)
        arrays["linear.bias"] = np.linspace(-2, 1, 7, dtype=np.float32)
    return arrays


def test_chughtai_by_its_formula(tmp_path: Path) -> None:
    t = _chughtai()
    network = import_network("chughtai", _save(tmp_path / "model.pt", t), "C6")
    x, y = 2, 5
    h = np.maximum(np.concatenate([t["W_x"][x], t["W_y"][y]]) @ t["W"], 0)
    assert logits(network, x, y) == pytest.approx(h @ t["W_U"], rel=1e-5)
    assert set(network.factors) == set(random_factors())


@pytest.mark.parametrize("bias", [False, True])
def test_stander_by_its_formula(tmp_path: Path, bias: bool) -> None:
    t = _stander(bias)
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
    t = _stander(bias=False)
    t["linear.weight"] = t["linear.weight"][:, :4]
    network = import_network("stander", _save(tmp_path / "m.pth", t), "C6")
    both = t["lembed.weight"][1] + t["rembed.weight"][4]
    h = np.maximum(t["linear.weight"] @ both, 0)
    assert logits(network, 1, 4) == pytest.approx(t["unembed.weight"] @ h, rel=1e-5)


def test_stander_with_spare_vocabulary(tmp_path: Path) -> None:
    g = group("S4")
    t = export_arrays(_solved(g), "stander")
    spare = np.full((3, 16), 9.0, dtype=np.float32)
    for name in ("lembed.weight", "rembed.weight", "unembed.weight"):
        t[name] = np.vstack([t[name], spare])
    t["unembed.bias"] = np.concatenate([t["unembed.bias"], np.ones(3, dtype=np.float32)])
    with pytest.raises(RhosetError, match=r"outputs 24-26 .* largest on 99\.0% of the pairs.*--drop-outputs"):
        import_networks("stander", _save(tmp_path / "m.pth", t), "S4")
    found = import_networks("stander", tmp_path / "m.pth", "S4", drop_outputs=True)[0]
    assert (found.network.order, found.accuracy) == (24, 1)
    assert "vocabulary has 27" in found.note
    with pytest.raises(RhosetError, match="order 24"):
        import_network(
            "chughtai",
            _save(
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
    networks = [_solved(g, seed=seed) for seed in range(3)]
    each = [export_arrays(network, "wu") for network in networks]
    t = {name: np.concatenate([arrays[name] for arrays in each]) for name in each[0]}
    path = _save(tmp_path / "model.pt", t)
    found = import_networks("wu", path, "S4")
    assert [(one.instance, one.accuracy) for one in found] == [(0, 1), (1, 1), (2, 1)]
    for one, network in zip(found, networks):
        _same_function(one.network, network)
    assert import_network("wu", path, "S4", instance=2).digest == found[2].network.digest
    with pytest.raises(RhosetError, match="3 networks: choose an instance from 0 to 2"):
        import_network("wu", path, "S4")
    with pytest.raises(RhosetError, match="no instance 3: it holds 3"):
        import_network("wu", path, "S4", instance=3)


def test_wu_variants(tmp_path: Path) -> None:
    f = random_factors(6)
    base = {"embedding_left": f["embed_left"], "embedding_right": f["embed_right"]}
    shared = {**base, "linear": f["hidden_left"], "unembedding": f["unembed"]}
    network = import_network("wu", _save(tmp_path / "a.pt", shared), "C6", activation="gelu")
    assert network.activation == "gelu"
    assert np.array_equal(network.factors["hidden_left"], network.factors["hidden_right"])
    folded = {**base, "unembedding": np.ones((4, 6), dtype=np.float32)}
    network = import_network("wu", _save(tmp_path / "b.pt", folded), "C6")
    assert not network.factors
    assert np.array_equal(network.left, f["embed_left"])


def test_factored_has_its_own_table(tmp_path: Path) -> None:
    t = {**random_factors(6), "cayley": group("C6").table}
    found = import_networks("factored", _save(tmp_path / "f.safetensors", t, "safetensors"))[0]
    assert found.order == "file"
    assert np.array_equal(found.network.table, t["cayley"])
    with pytest.raises(RhosetError, match="has 6 elements, the group C5 has 5"):
        import_network("factored", tmp_path / "f.safetensors", "C5")


# Mapping ----------------------------------------------------------------------------------------

MAPPING = """
group = "C6"
activation = "gelu"
ignore = ["step", "opt.*"]
[tensors]
embed_left = "E.weight"
embed_right = {{ name = "E.weight" }}
hidden_left = {{ name = "fc.weight", transpose = true, rows = [0, 4] }}
hidden_right = {{ name = "fc.weight", transpose = true, rows = [4, 8] }}
hidden_bias = "fc.bias"
unembed = {{ name = "all", index = 1, columns = [0, 6] }}
bias = "out.bias"
{extra}
"""


def _mapped_arrays() -> dict[str, np.ndarray]:
    t = _stander()
    rng = np.random.default_rng(5)
    return {
        "E.weight": t["lembed.weight"],
        "fc.weight": t["linear.weight"],
        "fc.bias": t["linear.bias"],
        "all": rng.standard_normal((2, 7, 9)).astype(np.float32),
        "out.bias": t["unembed.bias"],
        "step": np.array(3),
        "opt.moment": np.ones(2),
    }


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_mapping_by_its_formula(tmp_path: Path, kind: str) -> None:
    t = _mapped_arrays()
    plan = tmp_path / "map.toml"
    plan.write_text(MAPPING.format(extra=""))
    network = import_network("mapping", _save(tmp_path / "m", t, kind), mapping=plan)
    from scipy.special import erf

    both = np.concatenate([t["E.weight"][3], t["E.weight"][4]])
    pre = t["fc.weight"] @ both + t["fc.bias"]
    h = pre * (1 + erf(pre / 2**0.5)) / 2
    expected = h @ t["all"][1][:, :6] + t["out.bias"]
    assert logits(network, 3, 4) == pytest.approx(expected, rel=1e-5)
    assert network.metadata["group"] == "C6"


def test_mapping_of_folded_tables_with_a_table(tmp_path: Path) -> None:
    network = _solved(group("S4"))
    t = {"a": network.left, "b": network.right, "c": network.unembed, "t": network.table}
    plan = tmp_path / "map.toml"
    plan.write_text('[tensors]\nleft = "a"\nright = "b"\nunembed = "c"\ntable = "t"\n')
    found = import_networks("mapping", _save(tmp_path / "m.npz", t, "npz"), mapping=plan)[0]
    assert (found.order, found.accuracy) == ("file", 1)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("[[", "not TOML"),
        ("tabel = 't'", "unknown roles tabel"),
        ("left = 'a'", "missing roles right"),
        ("left = 'a'\nright = 'b'", "not both"),
        ("table = 3", "table is 3"),
        ("table = { name = 't', indx = 1 }", "unknown options indx"),
        ("table = { name = 't', rows = [3, 1] }", "rows is [3, 1]"),
        ("table = { name = 't', index = -1 }", "index is -1"),
        ("table = { name = 't', transpose = 1 }", "transpose is 1"),
        ("table = 'nowhere'", "missing tensors nowhere"),
        ("table = { name = 'all', index = 2 }", "no index 2"),
        ("table = { name = 'step', rows = [0, 1] }", "no rows 0 to 1"),
        ("table = 'all'", "3 axes are left, expected 2"),
    ],
)
def test_mappings_that_are_wrong(tmp_path: Path, extra: str, words: str) -> None:
    plan = tmp_path / "map.toml"
    plan.write_text(MAPPING.format(extra=extra))
    path = _save(tmp_path / "m.npz", _mapped_arrays(), "npz")
    with pytest.raises(RhosetError) as caught:
        import_network("mapping", path, mapping=plan)
    assert words in str(caught.value)


def test_mapping_names_tensors_it_says_nothing_about(tmp_path: Path) -> None:
    plan = tmp_path / "map.toml"
    plan.write_text(MAPPING.format(extra=""))
    path = _save(tmp_path / "m.npz", {**_mapped_arrays(), "attention.W_Q": np.ones(3)}, "npz")
    with pytest.raises(RhosetError, match=r"neither used nor ignored: attention\.W_Q"):
        import_network("mapping", path, mapping=plan)
    for change in ("group = 5\n", "ignore = 'x'\n", "color = 1\n", "activation = 'tanh'\n"):
        plan.write_text(change + '[tensors]\nleft = "a"\nright = "b"\nunembed = "c"\n')
        with pytest.raises(RhosetError):
            import_network("mapping", path, mapping=plan)
    with pytest.raises(RhosetError, match="no such file"):
        import_network("mapping", path, mapping=tmp_path / "none.toml")
    with pytest.raises(RhosetError, match="belong together"):
        import_network("mapping", path)


# Wrong tensors ----------------------------------------------------------------------------------


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
        ("chughtai", {"W_x": np.ones((5, 4), np.float32)}, "has 5 elements"),
        ("stander", {"linear.weight": np.ones((7, 5), np.float32)}, "(m, 8), or (m, 4)"),
        ("stander", {"unembed.bias": np.float32(1)}, "one axis"),
        ("stander", {"linear.bias": np.ones(6, np.float32)}, "expected (7,)"),
    ],
)
def test_wrong_tensors_are_named(tmp_path: Path, format: str, change: dict[str, Any], words: str) -> None:
    start = _chughtai() if format == "chughtai" else _stander()
    t = {k: v for k, v in {**start, **change}.items() if v is not None}
    with pytest.raises(RhosetError) as caught:
        import_network(format, _save(tmp_path / "m.pt", t), "C6")
    assert words in str(caught.value)
    assert "m.pt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wu_wrong_tensors(tmp_path: Path) -> None:
    t = export_arrays(_solved(group("S4")), "wu")
    for change, words in (
        ({"linear_left": None}, "linear_left and linear_right"),
        ({"linear": t["linear_left"]}, "linear alone"),
        ({"unembedding": np.ones((2, 16, 24), np.float32)}, "instances first"),
        ({"unembed_bias": np.ones(24, np.float32)}, "instances first"),
    ):
        arrays = {k: v for k, v in {**t, **change}.items() if v is not None}
        with pytest.raises(RhosetError, match=words):
            import_network("wu", _save(tmp_path / "m.pt", arrays), "S4")


def test_unknown_format_and_missing_group(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.pt", _chughtai())
    with pytest.raises(RhosetError, match="known are chughtai, stander, wu, factored, mapping"):
        import_network("nanda", path)
    with pytest.raises(RhosetError, match="give --group"):
        import_network("chughtai", path)


# Orders of elements -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("S4", "sympy"),
        ("S4", "parity"),
        ("S5", "own/opposite"),
        ("D6", "own/opposite"),
        ("D6", "sympy"),
        ("D5", "interleaved"),
        ("D5", "interleaved/opposite"),
        ("A5", "cycle/opposite"),
    ],
)
def test_another_order_is_noticed_and_named(tmp_path: Path, name: str, order: str) -> None:
    g = group(name)
    path = _save(tmp_path / "m.pt", export_arrays(_solved(g, order), "wu"))
    with pytest.raises(RhosetError) as caught:
        import_network("wu", path, g)
    assert caught.value.slug == "element-order"
    assert f"--order {order}" in str(caught.value)
    found = import_networks("wu", path, g, order=order)[0]
    assert (found.accuracy, found.order) == (1, order)


def test_an_order_that_nobody_knows_is_learned_from_the_answers(tmp_path: Path) -> None:
    g = group("S4")
    network = _solved(g)
    old = np.random.default_rng(3).permutation(24)
    t = export_arrays(
        Network(
            network.left[old],
            network.right[old],
            network.unembed[:, old],
            network.bias,
            network.table,
        ),
        "wu",
    )
    path = _save(tmp_path / "m.pt", t)
    with pytest.raises(RhosetError, match="--order learned"):
        import_network("wu", path, "S4")
    found = import_networks("wu", path, "S4", order="learned")[0]
    assert found.accuracy == 1
    assert "isomorphic" in found.note
    new = np.argsort(old)
    assert np.array_equal(found.network.table, new[g.table[np.ix_(old, old)]])


def test_a_network_of_another_group_is_noticed(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.pt", export_arrays(_solved(group("S4")), "wu"))
    with pytest.raises(RhosetError, match="not isomorphic to C24"):
        import_network("wu", path, "C24")
    with pytest.raises(RhosetError, match="has 24 elements, the group has order 60"):
        import_network("wu", path, "A5")


def test_chance_is_said(tmp_path: Path) -> None:
    f = random_factors(60, 4, 8)
    t = {
        "embedding_left": f["embed_left"],
        "embedding_right": f["embed_right"],
        "linear_left": f["hidden_left"],
        "linear_right": f["hidden_right"],
        "unembedding": f["unembed"],
    }
    found = import_networks("wu", _save(tmp_path / "m.pt", t), "A5")[0]
    assert "near chance" in found.note
    assert found.network.metadata["import_note"] == found.note


def test_unknown_orders(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.pt", _chughtai())
    with pytest.raises(RhosetError, match="known are own, and learned"):
        import_network("chughtai", path, "C6", order="sympy")
    with pytest.raises(RhosetError, match="no table of its own"):
        import_network("chughtai", path, "C6", order="file")
    with pytest.raises(RhosetError, match="not the table of a group"):
        import_network("chughtai", path, "C6", order="learned")


# The published originals ------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "order"), [("A5", "cycle/opposite"), ("D59", "own")])
@pytest.mark.parametrize("given", [True, False])
def test_published_originals(name: str, order: str, given: bool) -> None:
    path = public_file(f"original/{name}_MLP_seed1/model.pt")
    neutral = read_network(public_file(f"{name}_seed1.safetensors"))
    found = import_networks("chughtai", path, name if given else None)[0]
    assert found.order == order
    assert found.accuracy == 1
    assert found.network.digest == neutral.digest
    assert np.array_equal(found.network.table, neutral.table)
    assert found.network.group.name == name


def test_a_published_original_with_the_wrong_group() -> None:
    path = public_file("original/D59_MLP_seed1/model.pt")
    with pytest.raises(RhosetError) as caught:
        import_network("chughtai", path, "C118")
    assert caught.value.slug == "wrong-group"
