"""Networks as ONNX models and back.

The model has one input ``xy`` of shape (batch, 2n), x and y as two indicator vectors side by side, and one output
``logits`` (batch, n):

    xy → Gemm (2n, m) → activation → Gemm (m, n) → logits.

Two matrix products and one activation are what every runtime and every verifier of networks reads.
"""

from __future__ import annotations

import base64
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError, needing
from rhoset.networks import Network, write_atomic

if TYPE_CHECKING:
    from rhoset.groups import Group

OPSET = 20
"""Version of the standard operators: the first with Gelu."""
IR_VERSION = 9
LARGEST = 1 << 30
"""Largest model read, in bytes."""
LARGEST_TABLE = 4096
"""Largest order whose table is read from a model's metadata."""
OPERATORS = {"Relu": "relu", "Gelu": "gelu", "Abs": "abs"}
"""Operators that are an activation by themselves; the square is Mul(t, t), silu Mul(t, Sigmoid(t))."""


@public
def to_onnx(
    network: Network, path: str | os.PathLike[str], *, dtype: str | None = None, batch: int | None = None
) -> Path:
    """Write a network as an ONNX model (atomically); returns the path.

    Parameters
    ----------
    dtype
        ``float32`` or ``float64``; that of the tables by default (factors are folded in float64). Another type than
        the tables' rounds the weights: the model is then another function than the network, as its metadata says.
    batch
        A fixed number of inputs at once, as verifiers want (1); any number by default.

    Raises
    ------
    MissingExtra
        The package onnx is not installed.
    RhosetError
        Another dtype, a batch below 1 (slug ``bad-argument``).

    Notes
    -----
    The metadata holds the group's name, the multiplication table, the activation and the network's SHA-256, and
    `from_onnx` reads them back.
    """
    onnx = _onnx()
    if dtype not in (None, "float32", "float64"):
        raise RhosetError(f"dtype {dtype!r}: give float32 or float64", slug="bad-argument")
    kind = np.dtype(dtype or np.result_type(np.float32, network.left, network.unembed, network.bias))
    if batch is not None and not 1 <= batch < 2**31:
        raise RhosetError(f"batch is {batch}, expected 1 or more", slug="bad-argument")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    element = onnx.TensorProto.FLOAT if kind == np.float32 else onnx.TensorProto.DOUBLE
    n, m = network.order, network.width
    tensors = {
        "hidden.weight": np.vstack([network.left, network.right]),
        "hidden.bias": np.zeros(m),
        "unembed.weight": network.unembed,
        "unembed.bias": network.bias,
    }
    nodes = [
        helper.make_node("Gemm", ["xy", "hidden.weight", "hidden.bias"], ["pre"]),
        *_activation_nodes(helper, network.activation),
        helper.make_node("Gemm", ["hidden", "unembed.weight", "unembed.bias"], ["logits"]),
    ]
    size = batch if batch is not None else "batch"
    graph = helper.make_graph(
        nodes,
        "rhoset",
        [helper.make_tensor_value_info("xy", element, [size, 2 * n])],
        [helper.make_tensor_value_info("logits", element, [size, n])],
        [numpy_helper.from_array(np.ascontiguousarray(t, dtype=kind), name) for name, t in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    exact = all(np.array_equal(np.asarray(t, dtype=kind), t) for t in tensors.values())
    table = base64.b64encode(zlib.compress(network.table.astype("<i4").tobytes())).decode()
    about = {
        "group": network.metadata.get("group", ""),
        "activation": network.activation,
        "table": table,
        "network_sha256": network.digest if exact and not network.factors else "",
        "weights": "as stored" if exact else f"rounded to {kind}",
        "elements": network.metadata.get("elements", ""),
    }
    helper.set_model_props(model, {f"rhoset.{key}": value for key, value in about.items() if value})
    onnx.checker.check_model(model)
    return write_atomic(path, model.SerializeToString())


@public
def from_onnx(path: str | os.PathLike[str], group: Group | str | None = None) -> Network:
    """Read a network from an ONNX model: a linear map of (x, y), an activation, a linear map to the logits.

    Parameters
    ----------
    path
        A model as `to_onnx` writes it, or any other with one input of 2n numbers (x and y as indicator vectors), Gemm
        or MatMul and Add, and one activation.
    group
        The group or its name, where the model holds no table.

    Raises
    ------
    MissingExtra
        The package onnx is not installed.
    RhosetError
        No model, or one with another structure (slug ``bad-onnx``); the table is missing (``checkpoint-group``) or
        does not fit.
    """
    onnx = _onnx()
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise RhosetError(f"{path}: larger than {LARGEST >> 20} MiB", slug="bad-onnx")
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise RhosetError(f"{path}: {error.strerror or error}", slug="bad-onnx") from None
    except RhosetError:
        raise
    except Exception as error:  # the parser raises its own kinds
        raise RhosetError(f"{path}: not an ONNX model ({type(error).__name__})", slug="bad-onnx") from None
    first, activation, second = _layers(path, onnx, model.graph)
    about = {p.key.removeprefix("rhoset."): p.value for p in model.metadata_props if p.key.startswith("rhoset.")}
    table = _table(path, about.get("table", ""), group)
    n = len(table)
    (weight, hidden_bias), (unembed, bias) = first, second
    if weight.shape[0] != 2 * n or unembed.shape != (weight.shape[1], n):
        raise RhosetError(
            f"{path}: the maps are {weight.shape} and {unembed.shape}; for a group of {n} elements expected"
            f" ({2 * n}, m) and (m, {n})",
            slug="bad-onnx",
        )
    name = about.get("group", "") or (group if isinstance(group, str) else getattr(group, "name", ""))
    metadata = {"group": name, "source_format": "onnx", "source_file": path.name}
    if about.get("elements"):
        metadata["elements"] = about["elements"]
    left = weight[:n] + hidden_bias  # the hidden bias may as well be the left table's
    return Network(left, weight[n:], unembed, bias, table, activation, {}, {k: v for k, v in metadata.items() if v})


def _onnx() -> Any:
    with needing("an ONNX model", "onnx"):
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    return onnx


def _activation_nodes(helper: Any, name: str) -> list[Any]:
    if name == "linear":
        return [helper.make_node("Identity", ["pre"], ["hidden"])]
    if name == "square":
        return [helper.make_node("Mul", ["pre", "pre"], ["hidden"])]
    if name == "silu":
        return [helper.make_node("Sigmoid", ["pre"], ["gate"]), helper.make_node("Mul", ["pre", "gate"], ["hidden"])]
    operator = next(operator for operator, known in OPERATORS.items() if known == name)
    return [helper.make_node(operator, ["pre"], ["hidden"])]


Layer = tuple[NDArray[Any], NDArray[Any]]


def _layers(path: Path, onnx: Any, graph: Any) -> tuple[Layer, str, Layer]:
    """(weight, bias) of the first map, the activation, (weight, bias) of the second."""

    def bad(why: str) -> RhosetError:
        return RhosetError(
            f"{path}: {why}; expected a linear map (Gemm or MatMul and Add), an activation"
            f" ({', '.join(OPERATORS)}, a square, silu or none), a linear map",
            slug="bad-onnx",
        )

    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    layers: list[list[NDArray[Any]]] = []
    found: list[str] = []
    gated: set[str] = set()
    for node in graph.node:
        given = [name for name in node.input if name in tensors]
        if node.op_type in ("Gemm", "MatMul"):
            options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if not given or options.get("transA", 0) or {options.get("alpha", 1.0), options.get("beta", 1.0)} != {1.0}:
                raise bad(f"node {node.op_type} is no plain linear map")
            weight = tensors[given[0]].T if options.get("transB", 0) else tensors[given[0]]
            if weight.ndim != 2:
                raise bad(f"tensor {given[0]!r} has {weight.ndim} axes")
            offset = tensors[given[1]] if len(given) > 1 else np.zeros(weight.shape[1], weight.dtype)
            layers.append([weight, offset.reshape(-1)])
        elif node.op_type == "Add" and len(given) == 1 and layers:
            layers[-1][1] = layers[-1][1] + tensors[given[0]].reshape(-1)
        elif node.op_type in OPERATORS:
            found.append(OPERATORS[node.op_type])
        elif node.op_type == "Mul" and len(set(node.input)) == 1:
            found.append("square")
        elif node.op_type == "Sigmoid":
            gated.add(node.output[0])
        elif node.op_type == "Mul" and gated & set(node.input):
            found.append("silu")
        elif node.op_type not in ("Identity", "Flatten"):
            raise bad(f"operator {node.op_type} has no place in it")
    if len(layers) != 2 or len(found) > 1:
        raise bad(f"it has {len(layers)} linear maps and {len(found)} activations")
    (first, first_bias), (second, second_bias) = layers
    return (first, first_bias), found[0] if found else "linear", (second, second_bias)


def _table(path: Path, stored: str, group: Group | str | None) -> NDArray[np.int32]:
    if group is not None:
        from rhoset.groups import group as by_name

        return (by_name(group) if isinstance(group, str) else group).table
    if not stored:
        said = f"{path} does not say which group it was trained on: give group, such as 'S5'"
        raise RhosetError(said, slug="checkpoint-group")
    limit = LARGEST_TABLE**2 * 4
    try:
        engine = zlib.decompressobj()
        raw = engine.decompress(base64.b64decode(stored, validate=True), limit + 1)
        entries = np.frombuffer(raw, dtype="<i4")
    except (ValueError, zlib.error):
        raise RhosetError(f"{path}: its multiplication table cannot be read", slug="bad-onnx") from None
    n = int(np.sqrt(len(entries)) + 0.5)
    if n * n != len(entries) or n > LARGEST_TABLE:
        raise RhosetError(f"{path}: its multiplication table has {len(entries)} entries, no square", slug="bad-onnx")
    return entries.reshape(n, n).astype(np.int32)
