"""What an import says of orders, activations and outputs: nothing is taken silently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from rhoset.errors import RhosetError
from rhoset.groups import group
from rhoset.networks import evaluate, import_network, import_networks, read_network, write_network
from rhoset.networks.activations import ACTIVATIONS, activation_name
from rhoset.networks.constructing import construct

MAPPING = """
activation = "{activation}"
[tensors]
left = "left"
right = "right"
unembed = "unembed"
"""


def pairwise(n: int, spare: int = 0) -> dict[str, np.ndarray]:
    """Tables that add mod n rightly with ReLU, one neuron a pair, and `spare` further tokens."""
    pairs, v = np.arange(n * n), n + spare
    one_hot = np.eye(v, dtype=np.float32)
    left, right = one_hot[:, pairs // n] - 0.5, one_hot[:, pairs % n] - 0.5
    return {"left": left, "right": right, "unembed": one_hot[(pairs // n + pairs % n) % n]}


def squares(n: int) -> dict[str, np.ndarray]:
    """Tables that add mod n rightly with the square alone: Σ_k cos(ω(x + y − z)) by (a + b)² − (a − b)²."""
    angle = 2 * np.pi * np.arange(1, (n - 1) // 2 + 1)[None, :] * np.arange(n)[:, None] / n
    c, s = np.cos(angle), np.sin(angle)
    left = np.concatenate([c, c, s, s, s, s, c, c], axis=1)
    right = np.concatenate([c, -c, s, -s, c, -c, s, -s], axis=1)
    unembed = np.concatenate([c, -c, -c, c, s, -s, s, -s], axis=1).T
    return {name: array.astype(np.float32) for name, array in zip(("left", "right", "unembed"), (left, right, unembed))}


def written(
    folder: Path, tensors: dict[str, np.ndarray], activation: str = "relu", **metadata: str
) -> tuple[Path, Path]:
    path, plan = folder / "model.safetensors", folder / "map.toml"
    path.write_bytes(save({name: np.ascontiguousarray(a) for name, a in tensors.items()}, metadata=metadata or None))
    text = MAPPING.format(activation=activation)
    plan.write_text(text if activation else text.replace('activation = ""', ""))
    return path, plan


# Outputs that are no elements ---------------------------------------------------------------------


@pytest.fixture
def sixty(tmp_path: Path) -> tuple[Path, Path]:
    """A C59 network with a 60th embedding and output row whose logit always wins."""
    tensors = pairwise(59, spare=1)
    tensors["unembed"][:, 59] = 3.0
    tensors["left"][:59] += 0.01
    return written(tmp_path, tensors)


def test_dropped_outputs_are_refused_with_what_they_do(sixty: tuple[Path, Path]) -> None:
    with pytest.raises(RhosetError) as caught:
        import_network("mapping", sixty[0], "C59", sixty[1])
    assert caught.value.slug == "dropped-outputs"
    assert "output 59 is no element" in str(caught.value)
    assert "largest on 100.0% of 3481 pairs" in str(caught.value).replace("the pairs", "3481 pairs")
    assert "--drop-outputs" in str(caught.value)


@pytest.mark.parametrize("format", ["chughtai", "stander", "wu", "factored"])
def test_every_format_may_drop_outputs(format: str, tmp_path: Path) -> None:
    """A fifth token whose output wins always: refused with what to do, and with --drop-outputs said and left out."""
    t = pairwise(4, spare=1)
    t["unembed"][:, 4] = 3.0
    eye, both = np.eye(5, dtype=np.float32), np.concatenate([t["left"], t["right"]])
    tensors = {
        "chughtai": {"W_x": eye, "W_y": eye, "W": both, "W_U": t["unembed"]},
        "stander": {
            "lembed.weight": eye, "rembed.weight": eye, "linear.weight": both.T, "unembed.weight": t["unembed"].T,
        },
        "wu": {"embedding_left": t["left"], "embedding_right": t["right"], "unembedding": t["unembed"]},
        "factored": {
            "embed_left": eye, "embed_right": eye, "hidden_left": t["left"], "hidden_right": t["right"],
            "unembed": t["unembed"], "cayley": group("C4").table,
        },
    }[format]  # fmt: skip
    path, _ = written(tmp_path, tensors)
    with pytest.raises(RhosetError, match=r"--drop-outputs \(drop_outputs=True\)"):
        import_network(format, path, "C4")
    (found,) = import_networks(format, path, "C4", drop_outputs=True)
    assert (found.network.order, found.accuracy) == (4, 1)
    assert "output 4 is no element of the group; it is largest on 100.0% of the pairs" in found.note
    assert found.network.metadata["accuracy_over_all_outputs"] == "0.000000"


def test_dropped_outputs_are_recorded_in_the_file(sixty: tuple[Path, Path], tmp_path: Path) -> None:
    (found,) = import_networks("mapping", sixty[0], "C59", sixty[1], drop_outputs=True)
    assert found.accuracy == 1
    assert "output 59" in found.note
    assert "over all outputs the accuracy is 0.0%" in found.note
    again = read_network(write_network(tmp_path / "net.safetensors", found.network))
    assert again.metadata["dropped_outputs"] == "59"
    assert float(again.metadata["dropped_outputs_win"]) == 1
    assert float(again.metadata["accuracy_over_all_outputs"]) == 0
    assert again.metadata["import_note"] == found.note


def test_outputs_that_never_win_are_said_too(tmp_path: Path) -> None:
    path, plan = written(tmp_path, pairwise(5, spare=2))
    with pytest.raises(RhosetError, match=r"outputs 5-6 .* largest on 0\.0% of the pairs"):
        import_network("mapping", path, "C5", plan)
    (found,) = import_networks("mapping", path, "C5", plan, drop_outputs=True)
    assert found.network.metadata["accuracy_over_all_outputs"] == "1.000000"


def test_spare_inputs_alone_are_used_as_they_are(tmp_path: Path) -> None:
    tensors = pairwise(5, spare=1)
    tensors["unembed"] = tensors["unembed"][:, :5]
    path, plan = written(tmp_path, tensors)
    (found,) = import_networks("mapping", path, "C5", plan)
    assert found.accuracy == 1
    assert "vocabulary has 6 elements; the first 5" in found.note


# Orders -------------------------------------------------------------------------------------------


def test_a_wrong_order_that_is_asked_for_is_remarked(tmp_path: Path) -> None:
    g = group("S4")
    pairs = np.arange(24 * 24)
    one_hot = np.eye(24, dtype=np.float32)
    tensors = {
        "left": one_hot[:, pairs // 24] - 0.5,
        "right": one_hot[:, pairs % 24] - 0.5,
        "unembed": one_hot[g.table[pairs // 24, pairs % 24]],
    }
    path, plan = written(tmp_path, tensors)
    assert import_networks("mapping", path, "S4", plan)[0].note == ""
    (found,) = import_networks("mapping", path, "S4", plan, order="own/opposite")
    assert found.accuracy < 0.5
    assert "100.0% in the order 'own'" in found.note
    assert found.note.endswith("choose it with --order own")
    assert found.network.metadata["import_note"] == found.note
    assert import_networks("mapping", path, "S4", plan, order="own")[0].note == ""


def test_the_slow_search_is_gone(tmp_path: Path) -> None:
    """C2^6 relabelled: by the pruned search, in a moment."""
    g = group("C2^6")
    new = np.random.default_rng(0).permutation(64)
    old = np.argsort(new)
    table = new[g.table[np.ix_(old, old)]]
    pairs = np.arange(64 * 64)
    one_hot = np.eye(64, dtype=np.float16)
    tensors = {
        "left": one_hot[:, pairs // 64] - np.float16(0.5),
        "right": one_hot[:, pairs % 64] - np.float16(0.5),
        "unembed": one_hot[table[pairs // 64, pairs % 64]],
    }
    path, plan = written(tmp_path, tensors)
    (found,) = import_networks("mapping", path, "C2^6", plan, order="learned")
    assert found.accuracy == 1
    assert np.array_equal(found.network.table, table)


# Activations --------------------------------------------------------------------------------------


def test_a_forgotten_activation_is_named(tmp_path: Path) -> None:
    path, plan = written(tmp_path, squares(11), activation="")
    (found,) = import_networks("mapping", path, "C11", plan)
    assert found.network.activation == "relu"
    assert "with activation square; choose it with --activation square" in found.note
    (right,) = import_networks("mapping", path, "C11", plan, activation="Quad")
    assert (right.network.activation, right.accuracy, right.note) == ("square", 1, "")
    path, plan = written(tmp_path, squares(11), activation="ReLU")
    assert "--activation square" in import_networks("mapping", path, "C11", plan)[0].note


def test_a_forgotten_activation_beside_a_table_of_its_own(tmp_path: Path) -> None:
    t = squares(11)
    eye = np.eye(t["left"].shape[1], dtype=np.float32)
    factors = {"embed_left": t["left"], "embed_right": t["right"], "hidden_left": eye, "hidden_right": eye}
    tensors = {**factors, "unembed": t["unembed"], "cayley": group("C11").table}
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, tmp_path / "f.safetensors")
    (found,) = import_networks("factored", tmp_path / "f.safetensors")
    assert "--activation square" in found.note
    save_file(
        {k: np.ascontiguousarray(v) for k, v in tensors.items()}, tmp_path / "f.safetensors", {"activation": "Quad"}
    )
    (found,) = import_networks("factored", tmp_path / "f.safetensors")
    assert (found.network.activation, found.note) == ("square", "")
    with pytest.raises(RhosetError, match="its table has 11 elements, the group D6 has 12"):
        import_networks("factored", tmp_path / "f.safetensors", "D6")


def test_an_order_and_an_activation_together(tmp_path: Path) -> None:
    g, t = group("C11"), squares(11)
    old = np.random.default_rng(1).permutation(11)
    moved = {"left": t["left"][old], "right": t["right"][old], "unembed": t["unembed"][:, old]}
    path, plan = written(tmp_path, moved, activation="")
    with pytest.raises(RhosetError, match="choose it with --order learned --activation square") as caught:
        import_networks("mapping", path, g, plan)
    assert caught.value.slug == "element-order"
    with pytest.raises(RhosetError, match="give --activation square"):
        import_networks("mapping", path, g, plan, order="learned")
    (found,) = import_networks("mapping", path, g, plan, order="learned", activation="square")
    assert (found.accuracy, evaluate(found.network).accuracy) == (1, 1)


def test_an_activation_that_fits_is_not_called_into_question(tmp_path: Path) -> None:
    """A planted circuit is right with abs too, and steadier, which is no reason to leave the one that is stated."""
    planted = construct("A4", ["natural"], noise=0.01, seed=3).network
    old = np.random.default_rng(1).permutation(12)
    moved = {"left": planted.left[old], "right": planted.right[old], "unembed": planted.unembed[:, old]}
    path, plan = written(tmp_path, moved)
    with pytest.raises(RhosetError, match=r"choose it with --order learned$"):
        import_networks("mapping", path, group("A4"), plan)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("ReLU", "relu"),
        ("nn.ReLU()", "relu"),
        ("torch.nn.GELU", "gelu"),
        ("Quad", "square"),
        ("x^2", "square"),
        ("SiLU", "silu"),
        ("swish", "silu"),
        ("Abs", "abs"),
        (" identity ", "linear"),
        *((name, name) for name in ACTIVATIONS),
    ],
)
def test_spellings(spelling: str, name: str) -> None:
    assert activation_name(spelling) == name


@pytest.mark.parametrize("wrong", ["tanh", "gelu_tanh", "relu2", "", None, 3])
def test_what_is_no_spelling(wrong: Any) -> None:
    with pytest.raises(RhosetError, match="known are relu, gelu"):
        activation_name(wrong)


# Files that should be read ------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "model.", "module._orig_mod.", "_orig_mod.module.model."])
def test_names_with_wrappers(tmp_path: Path, prefix: str) -> None:
    t = pairwise(5)
    layout = {"embedding_left": t["left"], "embedding_right": t["right"], "unembedding": t["unembed"]}
    save_file({prefix + k: np.ascontiguousarray(v) for k, v in layout.items()}, tmp_path / "m.safetensors")
    assert import_networks("wu", tmp_path / "m.safetensors", "C5")[0].accuracy == 1
    path, plan = written(tmp_path, {prefix + name: array for name, array in t.items()})
    assert import_networks("mapping", path, "C5", plan)[0].accuracy == 1


def test_wrappers_inside_names(tmp_path: Path) -> None:
    t = pairwise(5)
    names = {"lembed._orig_mod.weight": t["left"], "rembed.weight": t["right"], "unembed.weight": t["unembed"].T}
    names["linear._orig_mod.weight"] = np.eye(25, dtype=np.float32)
    save_file({k: np.ascontiguousarray(v) for k, v in names.items()}, tmp_path / "m.safetensors")
    assert import_networks("stander", tmp_path / "m.safetensors", "C5")[0].accuracy == 1


def bfloat16(array: np.ndarray) -> tuple[bytes, np.ndarray]:
    """The bits of bfloat16 by cutting float32 in two, and the float32 that they are."""
    bits = np.ascontiguousarray(array, dtype="<f4").view("<u4") >> 16
    return bits.astype("<u2").tobytes(), (bits << 16).view("<f4")


def test_bfloat16(tmp_path: Path) -> None:
    t = pairwise(5)
    rng = np.random.default_rng(0)
    parts, header, data = {}, {}, b""
    for name, array in zip(("embedding_left", "embedding_right", "unembedding"), t.values()):
        noisy = (array + 0.01 * rng.standard_normal(array.shape)).astype(np.float32)
        raw, parts[name] = bfloat16(noisy)
        header[name] = {"dtype": "BF16", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    (tmp_path / "m.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    network = import_network("wu", tmp_path / "m.safetensors", "C5")
    assert network.left.dtype == np.float32
    assert np.array_equal(network.left, parts["embedding_left"].reshape(5, 25))
    assert np.array_equal(network.unembed, parts["unembedding"].reshape(25, 5))


def test_a_network_file_in_bfloat16_says_what_reads_it(tmp_path: Path) -> None:
    """The advice is the format that its layout has: tables, or factors."""
    layouts = {
        "mapping": ["left", "right", "unembed", "bias", "table"],
        "factored": ["embed_left", "embed_right", "hidden_left", "hidden_right", "unembed", "cayley"],
    }
    for form, names in layouts.items():
        header = {
            name: {"dtype": "BF16", "shape": [1] * (1 + (name != "bias")), "data_offsets": [2 * k, 2 * k + 2]}
            for k, name in enumerate(names)
        }
        text = json.dumps(header).encode()
        (tmp_path / "n.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(2 * len(names)))
        with pytest.raises(RhosetError, match=f"`rhoset import {form}` widens it"):
            read_network(tmp_path / "n.safetensors")


CONSTANT = """
[tensors]
embed_left = { name = "E", rows = [0, 5] }
embed_right = { name = "E", rows = [0, 5] }
embed_constant = { name = "E", index = 5 }
hidden_left = { name = "W", rows = [0, 4] }
hidden_right = { name = "W", rows = [4, 8] }
hidden_constant = { name = "W", rows = [8, 12] }
unembed = "U"
"""


def test_a_constant_third_token_is_a_hidden_bias(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    t = {"E": rng.standard_normal((6, 4)), "W": rng.standard_normal((12, 7)), "U": rng.standard_normal((7, 5))}
    save_file(t, tmp_path / "m.safetensors")
    (tmp_path / "map.toml").write_text(CONSTANT)
    network = import_network("mapping", tmp_path / "m.safetensors", "C5", tmp_path / "map.toml")
    from rhoset.networks import logits

    for x, y in ((0, 0), (1, 4), (3, 2)):
        hidden = np.maximum(np.concatenate([t["E"][x], t["E"][y], t["E"][5]]) @ t["W"], 0)
        assert logits(network, x, y) == pytest.approx(hidden @ t["U"], rel=1e-12)
    (tmp_path / "map.toml").write_text(CONSTANT.replace("hidden_constant", "#"))
    with pytest.raises(RhosetError, match="belong together"):
        import_network("mapping", tmp_path / "m.safetensors", "C5", tmp_path / "map.toml")
    (tmp_path / "map.toml").write_text(CONSTANT.replace("[8, 12]", "[8, 11]"))
    with pytest.raises(RhosetError, match="does not fit hidden_constant"):
        import_network("mapping", tmp_path / "m.safetensors", "C5", tmp_path / "map.toml")


def test_a_table_that_is_no_groups_is_refused_by_file(tmp_path: Path) -> None:
    t = pairwise(5)
    x = np.arange(5, dtype=np.int32)
    eye = np.eye(25, dtype=np.float32)
    factors = {"embed_left": t["left"], "embed_right": t["right"], "hidden_left": eye, "hidden_right": eye}
    save_file({**factors, "unembed": t["unembed"], "cayley": (x[:, None] - x) % 5}, tmp_path / "f.safetensors")
    with pytest.raises(RhosetError, match=r"f\.safetensors: .*no identity"):
        import_networks("factored", tmp_path / "f.safetensors")


def test_what_a_file_says_of_itself_is_kept(tmp_path: Path) -> None:
    """But what an import finds out: an accuracy that another claims, a format."""
    said = {
        "seed": "7",
        "source_commit": "abc",
        "element_order": "as counted",
        "measured_correct": "9/9",
        "group": "C5",
    }
    folded = squares(5) | {"table": group("C5").table}
    path, plan = written(tmp_path, folded, "square", **said, format="rhoset-network/99", measured_accuracy="0.1")
    plan.write_text(plan.read_text() + 'table = "table"\n')
    network = import_network("mapping", path, mapping=plan)
    kept = network.metadata
    assert {key: kept.get(key) for key in said} == said | {"measured_correct": None}
    assert kept["measured_accuracy"] == "1.000000"
    assert read_network(write_network(tmp_path / "n.safetensors", network)).metadata["seed"] == "7"


def test_a_forgotten_transpose_is_thought_of(tmp_path: Path) -> None:
    path, plan = written(tmp_path, {"left": np.eye(6), "right": np.eye(6), "unembed": np.eye(6)})
    assert "without its transpose" in import_network("mapping", path, "S3", mapping=plan).metadata["import_note"]
