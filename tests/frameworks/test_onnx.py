"""ONNX models: judged by onnx's own reference evaluator; queries by VNN-LIB's parser and an outside verifier."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.public import public_file

import rhoset as rs
from rhoset.errors import RhosetError
from rhoset.frameworks import query
from rhoset.networks import Network, logits, read_network

onnx = pytest.importorskip("onnx", reason="ONNX models need the extra onnx")

ACTIVATIONS = ("relu", "gelu", "silu", "abs", "square", "linear")


def random_network(activation: str = "relu", dtype=np.float32, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    shapes = ((6, 9), (6, 9), (9, 6), (6,))
    return Network(*(rng.normal(size=s).astype(dtype) for s in shapes), rs.group("S3").table, activation)


def indicators(n: int, x: np.ndarray, y: np.ndarray, dtype) -> np.ndarray:
    return np.hstack([np.eye(n, dtype=dtype)[x], np.eye(n, dtype=dtype)[y]])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_model_is_the_network(activation: str, dtype, tmp_path: Path):
    from onnx.reference import ReferenceEvaluator

    network = random_network(activation, dtype)
    path = rs.to_onnx(network, tmp_path / "f.onnx")
    x, y = np.divmod(np.arange(36), 6)
    said = ReferenceEvaluator(str(path)).run(None, {"xy": indicators(6, x, y, dtype)})[0]
    assert said.dtype == dtype
    assert np.allclose(said, logits(network, x, y), atol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_there_and_back(activation: str, tmp_path: Path):
    network = random_network(activation)
    back = rs.from_onnx(rs.to_onnx(network, tmp_path / "f.onnx"))
    assert back.activation == activation
    assert back.digest == network.digest
    assert np.array_equal(back.table, network.table)


def test_names_travel(tmp_path: Path):
    network = rs.construct("S4", ["[3,1]"]).network
    back = rs.from_onnx(rs.to_onnx(network, tmp_path / "f.onnx"))
    assert back.group.name == "S4"
    assert back.group.element_name(5) == network.group.element_name(5)


def test_a_public_network(tmp_path: Path):
    network = read_network(public_file("A5_seed1.safetensors"))
    back = rs.from_onnx(rs.to_onnx(network, tmp_path / "f.onnx"))
    assert rs.evaluate(back).correct == rs.evaluate(network).correct
    assert rs.evaluate(back).loss == pytest.approx(rs.evaluate(network).loss, rel=1e-6)


def test_models_that_torch_exports_are_read(tmp_path: Path):
    """Transposed Gemm, MatMul and Add, as exporters write them."""
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    network = random_network()
    weight = np.vstack([network.left, network.right])
    offset = np.arange(9, dtype=np.float32)
    tensors = {"w": np.ascontiguousarray(weight.T), "b": offset, "u": network.unembed, "c": network.bias}
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["in", "w", "b"], ["t"], transB=1),
            helper.make_node("Relu", ["t"], ["h"]),
            helper.make_node("MatMul", ["h", "u"], ["p"]),
            helper.make_node("Add", ["p", "c"], ["out"]),
        ],
        "g",
        [helper.make_tensor_value_info("in", 1, [None, 12])],
        [helper.make_tensor_value_info("out", 1, [None, 6])],
        [numpy_helper.from_array(np.array(t), name) for name, t in tensors.items()],
    )
    path = tmp_path / "g.onnx"
    path.write_bytes(helper.make_model(graph, ir_version=9).SerializeToString())
    found = rs.from_onnx(path, "S3")
    from onnx.reference import ReferenceEvaluator

    x, y = np.divmod(np.arange(36), 6)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    said = ReferenceEvaluator(model).run(None, {"in": indicators(6, x, y, np.float32)})[0]
    assert np.allclose(said, logits(found, x, y), atol=1e-5)
    with pytest.raises(RhosetError) as caught:
        rs.from_onnx(path)
    assert caught.value.slug == "checkpoint-group"
    with pytest.raises(RhosetError) as caught:
        rs.from_onnx(path, "S4")
    assert caught.value.slug == "bad-onnx"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\x09\x12\xff\xff\xff\xff"])
def test_other_files_are_refused(content: bytes, tmp_path: Path):
    path = tmp_path / "f.onnx"
    path.write_bytes(content)
    with pytest.raises(RhosetError) as caught:
        rs.from_onnx(path, "S3")
    assert caught.value.slug == "bad-onnx"


def test_the_query_says_the_negation():
    network = random_network()
    text = query(network, 2, 4)
    answer = int(network.table[2, 4])
    assert text.count("(assert (== X[0,") == 12
    assert "(assert (== X[0, 2] 1.0))" in text
    assert "(assert (== X[0, 10] 1.0))" in text
    assert text.count(f"Z[0, {answer}])") == 5
    with pytest.raises(RhosetError):
        query(network, 6, 0)
    with pytest.raises(RhosetError):
        query(network, 0, 0, radius=-1)


@pytest.mark.parametrize("radius", [0.0, 0.01])
def test_the_query_parses(radius: float, tmp_path: Path):
    vnnlib = pytest.importorskip("vnnlib", reason="VNN-LIB's own parser is not installed")
    model, asked = rs.write_query(random_network(), 1, 2, tmp_path, radius=radius)
    assert model.is_file()
    parsed = vnnlib.parse_query_file(str(asked))
    assert len(parsed.networks) == 1
    assert len(parsed.assertions) == (13 if radius == 0 else 25)


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("radius", [0.0, 1e-5])
def test_an_outside_verifier_reads_the_very_files(right: bool, radius: float, tmp_path: Path):
    """Marabou's own command takes the model and the query of version 1 as they were written."""
    pytest.importorskip("onnxruntime", reason="Marabou reads models with onnxruntime, which is not installed")
    pytest.importorskip("maraboupy", reason="the verifier Marabou is not installed")
    network = rs.construct("S3", ["[2,1]"], seed=1).network
    if not right:
        unembed = np.array(network.unembed)
        unembed[:, [0, 1]] = unembed[:, [1, 0]]
        network = Network(network.left, network.right, unembed, network.bias, network.table)
    x, y = next((int(x), int(y)) for x, y in np.argwhere(network.table == 0))
    model, asked = rs.write_query(network, x, y, tmp_path, radius=radius, version=1)
    assert (int(np.argmax(logits(network, x, y))) == network.table[x, y]) == right
    words = [sys.executable, "-W", "ignore", "-m", "maraboupy", str(model), str(asked)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    answers = [line.strip() for line in done.stdout.splitlines() if line.strip() in ("sat", "unsat")]
    assert answers == ["unsat" if right else "sat"], done.stdout


@pytest.mark.parametrize("radius", [0.0, 1e-5])
def test_version_1_says_the_same_as_version_2(radius: float):
    network = random_network()
    old, new = (query(network, 1, 2, radius=radius, version=version) for version in (1, 2))
    answer = int(network.table[1, 2])
    assert old.count("declare-const") == 18
    assert old.count(f"Y_{answer})") == new.count(f"Z[0, {answer}])") == 5
    assert re.search(r"[0-9]e-?[0-9]", old.split("claim holds.")[1]) is None, "no exponents: not every reader has them"
    with pytest.raises(RhosetError) as caught:
        query(network, 1, 2, version=3)
    assert caught.value.slug == "bad-version"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from rhoset.cli import main

    rs.write_network(tmp_path / "n.safetensors", random_network())
    words = ["export", str(tmp_path / "n.safetensors"), "--out", str(tmp_path / "claim")]
    assert main([*words, "--input", "1,2", "--input", "0,0", "--vnnlib", "1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [Path(p).name for p in said["queries"]] == ["right-1-2.vnnlib", "right-0-0.vnnlib"]
    assert rs.from_onnx(said["model"]).digest == random_network().digest
    for bad in ("1", "1,2,3", "a,b", "-1,2", "6,0"):
        assert main([*words, "--input", bad]) == 2
    assert main(words) == 0
    assert main([*words[:-1], str(tmp_path / "claim.onnx")]) == 2, "a folder is asked for"


def verified(model: Path, network: Network, x: int, y: int) -> list[str]:
    """Marabou's answers, one for each wrong output: can its logit reach the right one's?"""
    pytest.importorskip("onnxruntime", reason="Marabou reads models with onnxruntime, which is not installed")
    marabou = pytest.importorskip("maraboupy.Marabou", reason="the verifier Marabou is not installed")
    n, answer = network.order, int(network.table[x, y])
    said = []
    for z in range(n):
        if z == answer:
            continue
        asked = marabou.read_onnx(str(model))
        for place, variable in enumerate(asked.inputVars[0].flatten()):
            value = 1.0 if place in (x, n + y) else 0.0
            asked.setLowerBound(variable, value)
            asked.setUpperBound(variable, value)
        out = asked.outputVars[0].flatten()
        asked.addInequality([out[answer], out[z]], [1.0, -1.0], 0.0)
        said.append(asked.solve(verbose=False)[0])
    return said


@pytest.mark.parametrize("right", [True, False])
def test_an_outside_verifier_agrees(right: bool, tmp_path: Path):
    network = rs.construct("S3", ["[2,1]"], seed=1).network
    if not right:
        unembed = np.array(network.unembed)
        unembed[:, [0, 1]] = unembed[:, [1, 0]]
        network = Network(network.left, network.right, unembed, network.bias, network.table)
    x, y = next((int(x), int(y)) for x, y in np.argwhere(network.table == 0))
    model, _ = rs.write_query(network, x, y, tmp_path)
    answers = verified(model, network, x, y)
    assert len(answers) == 5
    truth = int(np.argmax(logits(network, x, y))) == network.table[x, y]
    assert truth == right
    assert all(answer == "unsat" for answer in answers) == right
