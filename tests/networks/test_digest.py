"""Digests: recomputed here from their definition, byte by byte."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace

import numpy as np
import pytest
from support.networks import cyclic_table, random_factors, random_network

from rhoset.networks import Network, fold_factors, table_digest


def _expected(items: list[tuple[str, np.ndarray]], activation: str) -> str:
    data = b"rhoset-network-v1\n"
    for name, array in items:
        code = {"float16": "<f2", "float32": "<f4", "float64": "<f8"}[array.dtype.name]
        letter = {"<f2": "e", "<f4": "f", "<f8": "d"}[code]
        numbers = [float(v) for v in array.ravel()]
        data += f"{name}\n{code}\n{','.join(map(str, array.shape))}\n".encode()
        data += struct.pack(f"<{len(numbers)}{letter}", *numbers) + b"\n"
    return hashlib.sha256(data + activation.encode()).hexdigest()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_of_tables(dtype: type) -> None:
    network = random_network(dtype=dtype)
    names = ("left", "right", "unembed", "bias")
    assert network.digest == _expected([(n, getattr(network, n)) for n in names], "relu")


@pytest.mark.parametrize("bias", [False, True])
def test_of_factors(bias: bool) -> None:
    factors = random_factors()
    if bias:
        factors["bias"] = np.arange(5, dtype=np.float32)
    network = fold_factors(factors, cyclic_table(5), activation="gelu")
    order = ["embed_left", "embed_right", "hidden_left", "hidden_right", "unembed", "bias"]
    items = [(name, factors[name]) for name in order if name in factors]
    assert network.digest == _expected(items, "gelu")


def test_only_what_decides_the_outputs_counts() -> None:
    network = random_network()
    assert replace(network, metadata={}).digest == network.digest
    changed = np.array(network.left)
    changed[0, 0] = np.nextafter(changed[0, 0], np.float32(np.inf))
    for other in (
        replace(network, left=changed),
        replace(network, left=network.left.astype(np.float64)),
        replace(network, activation="abs"),
        Network(network.right, network.left, network.unembed, network.bias, network.table),
    ):
        assert other.digest != network.digest


def test_big_endian_and_strided_arrays_have_the_same_digest() -> None:
    network = random_network()
    other = replace(
        network,
        left=network.left.astype(">f4"),
        right=np.asfortranarray(network.right),
        bias=np.repeat(network.bias, 2)[::2],
    )
    assert other.digest == network.digest


def test_table_digest_is_the_groups() -> None:
    network = random_network()
    data = b"rhoset-table-v1" + struct.pack("<Q", 5)
    data += struct.pack("<25i", *(int(v) for v in network.table.ravel()))
    assert table_digest(network.table) == hashlib.sha256(data).hexdigest()
    assert network.group.digest == table_digest(network.table)
