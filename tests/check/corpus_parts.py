"""What the corpus of bad files is made from: a good pair, raw headers, tables that are nearly groups."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from .certificates import at_points, gap_tensors, low_rank, seen, written
from .harness import Cert, Net, certificate_bytes, network_bytes, plan_of
from .networks import Planted, plant
from .small_groups import SmallGroup, small_group


@dataclass(frozen=True)
class Pair:
    """The bytes of two files, and what the checker must say (empty: accepted)."""

    certificate: bytes
    network: bytes
    reason: str = ""
    status: str = "rejected"


def good_circuit() -> tuple[SmallGroup, Net, Planted]:
    """S3 by the circuit of its three points: nine neurons, every pair right with margin above 1."""
    group = small_group("S3")
    rows, columns = (a.ravel() for a in np.meshgrid(np.arange(3), np.arange(3), indexing="ij"))
    alpha = np.array([-1.5, 0.25, 2.0])
    circuit = Planted(
        group.natural,
        group.natural,
        0.5 - 1.5 * np.eye(3),
        np.arange(9),
        rows,
        columns,
        np.full(9, 2.0),
        alpha,
        -alpha,
        np.ones(9),
    )
    tensors = {k: v.astype(np.float32) for k, v in plant(group, [circuit], 9).items()}
    return group, Net(tensors, group.table.astype(np.int32), "relu", "good"), circuit


def good_pair(*names: str) -> tuple[SmallGroup, Net, Cert]:
    """A network and an accepted certificate with the tensors of all rules; circles proves nothing."""
    group, net, circuit = good_circuit()
    features = circuit.coupling[:, circuit.right].transpose(1, 0, 2).reshape(6, -1)
    signs = np.array([np.linalg.det(np.eye(3)[group.natural[g]]) for g in group.generators])
    tensors = {"generators": group.generators, "scale": np.ones(10), **low_rank(features, written(net, features))}
    tensors |= at_points([group.natural], written(net, seen([group.natural])), group)
    tensors |= gap_tensors([circuit.right], np.zeros(9, dtype=np.intp), circuit.columns, group)
    tensors |= {"gaps.left": circuit.rows}
    tensors |= {"circles0.matrices": signs[:, None, None] * np.eye(2), "circles.writing": np.zeros((10, 2))}
    tensors |= {"circles.reads": np.zeros(10, int)}
    return group, net, Cert(tensors, plan_of(*names), "real", "good", 36)


def swap_square(table: np.ndarray, x: int, y: int) -> np.ndarray:
    """Rows x and y exchanged."""
    table = table.copy()
    table[[x, y]] = table[[y, x]]
    return table


def moufang_free_loop() -> np.ndarray:
    """A Latin square of order 5 with an identity, every element its own inverse: a loop that is not associative."""
    return np.array(
        [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]], dtype=np.int32
    )


def raw(header: dict[str, Any] | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def _random_net(table: np.ndarray) -> Net:
    n, rng = len(table), np.random.default_rng(0)
    shapes = {"left": (n, 2), "right": (n, 2), "unembed": (2, n), "bias": (n,)}
    return Net({k: rng.normal(size=s).astype(np.float32) for k, s in shapes.items()}, table.astype(np.int32))


def table_case(table: np.ndarray, reason: str, generators: Any = None) -> Pair:
    net = _random_net(table)
    gens = np.arange(len(table)) if generators is None else np.array(generators)
    cert = Cert({"generators": gens}, plan_of("exact"))
    return Pair(certificate_bytes(net, cert), network_bytes(net), reason)
