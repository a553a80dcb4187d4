"""Network files: round trips, the layouts that are read, and hostile ones."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save, save_file
from support.networks import cyclic_table, random_factors, random_network

from rhoset.errors import RhosetError
from rhoset.networks import (
    Network,
    fold_factors,
    read_network,
    read_parameters,
    write_atomic,
    write_network,
)
from rhoset_check.files import Unreadable
from rhoset_check.files import read_network as read_stored

TABLES = ("left", "right", "unembed", "bias", "table")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_round_trip_keeps_types_values_and_digest(tmp_path: Path, dtype: type) -> None:
    network = random_network(dtype=dtype)
    path = write_network(tmp_path / "net.safetensors", network, {"embed_left": np.ones((2, 3))})
    again = read_network(path)
    for name in TABLES:
        assert np.array_equal(getattr(again, name), getattr(network, name))
        assert getattr(again, name).dtype == getattr(network, name).dtype
    assert again.digest == network.digest
    assert again.metadata == {
        "group": "C5",
        "format": "rhoset-network/1",
        "activation": "relu",
    }
    assert not again.factors
    assert read_parameters(path).keys() == {"embed_left"}


@pytest.mark.parametrize("written", ["rhoset-network/1", "pt", "", "np"])
def test_formats_that_are_read(written: str, tmp_path: Path) -> None:
    tensors = {name: np.ascontiguousarray(getattr(random_network(), name)) for name in TABLES}
    save_file(tensors, tmp_path / "net.safetensors", metadata={"format": written})
    assert read_network(tmp_path / "net.safetensors").digest == random_network().digest


@pytest.mark.parametrize("written", ["rhoset-network/2", "rhoset-network/99", "rhoset-network/", "rhoset-network/1.1"])
def test_a_later_version_is_refused(written: str, tmp_path: Path) -> None:
    """By the reader and by the checker: its tensors may mean something else."""
    tensors = {name: np.ascontiguousarray(getattr(random_network(), name)) for name in TABLES}
    save_file(tensors, tmp_path / "net.safetensors", metadata={"format": written})
    with pytest.raises(RhosetError, match=f"its format is '{written}'; this version of rhoset reads") as raised:
        read_network(tmp_path / "net.safetensors")
    assert raised.value.slug == "network-format"
    with pytest.raises(Unreadable, match=f"its format is '{written}'"):
        read_stored(tmp_path / "net.safetensors")


def test_factored_round_trip(tmp_path: Path) -> None:
    factors = {**random_factors(), "bias": np.linspace(-1, 1, 5, dtype=np.float32)}
    network = fold_factors(factors, cyclic_table(5), activation="gelu", metadata={"seed": "3"})
    again = read_network(write_network(tmp_path / "net.safetensors", network))
    assert again.digest == network.digest
    assert again.activation == "gelu"
    assert again.metadata["seed"] == "3"
    assert set(again.factors) == set(factors)
    assert np.array_equal(again.bias, factors["bias"].astype(float))


def test_bare_five_tensors_are_a_network(tmp_path: Path) -> None:
    network = random_network()
    save_file({k: np.array(getattr(network, k)) for k in TABLES}, tmp_path / "bare.safetensors")
    again = read_network(tmp_path / "bare.safetensors")
    assert again.activation == "relu"
    assert again.digest == network.digest


def test_tables_decide_where_factors_ride_along(tmp_path: Path) -> None:
    network = random_network()
    tensors = {k: np.array(getattr(network, k)) for k in TABLES} | random_factors(m=9)
    tensors["unembed"] = np.array(network.unembed)
    tensors["cayley"] = np.zeros((5, 5), dtype=np.int32)
    save_file(tensors, tmp_path / "both.safetensors")
    again = read_network(tmp_path / "both.safetensors")
    assert not again.factors
    assert again.digest == network.digest
    assert np.array_equal(again.table, network.table)


def test_the_table_may_be_called_cayley_and_have_any_integer_type(tmp_path: Path) -> None:
    network = random_network()
    tensors = {k: np.array(getattr(network, k)) for k in TABLES[:4]}
    tensors["cayley"] = network.table.astype(np.uint8)
    save_file(tensors, tmp_path / "net.safetensors")
    again = read_network(tmp_path / "net.safetensors")
    assert again.table.dtype == np.int32
    assert np.array_equal(again.table, network.table)


def test_parameters_must_not_hide_the_networks_own_tensors(tmp_path: Path) -> None:
    with pytest.raises(RhosetError, match="'unembed'"):
        write_network(tmp_path / "a", random_network(), {"unembed": np.ones((7, 5))})
    factored = fold_factors(random_factors(), cyclic_table(5))
    for name in ("left", "table", "bias", "embed_left"):
        with pytest.raises(RhosetError, match=name):
            write_network(tmp_path / "a", factored, {name: np.ones((5, 7))})
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_network(tmp_path / "net.safetensors", random_network(seed=1))
    before = path.read_bytes()

    def full_disk(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(RhosetError, match="No space left"):
        write_network(path, random_network(seed=2))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


def test_writing_into_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RhosetError) as caught:
        write_atomic(tmp_path / "no" / "file", b"x")
    assert caught.value.slug == "cannot-write"


def _file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "net.safetensors"
    path.write_bytes(data)
    return path


def _tensors() -> dict[str, np.ndarray]:
    network = random_network()
    return {name: np.array(getattr(network, name)) for name in TABLES}


def _header(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


HUGE = {"dtype": "F32", "shape": [1 << 31, 1 << 31], "data_offsets": [0, 1 << 62]}

HOSTILE = {
    "empty": b"",
    "text": b"not a network at all, only some words in a file",
    "pickle": b"\x80\x04\x95" + b"\x00" * 64,
    "zip": b"PK\x03\x04" + b"\x00" * 64,
    "header longer than the file": struct.pack("<Q", 1 << 40) + b"{}",
    "header of 2^64 - 1 bytes": b"\xff" * 8 + b"{}",
    "header is no JSON": _header(b"{{{{"),
    "header is a list": _header([]),
    "deep header": _header(b"[" * 100_000),
    "no tensors": _header({}),
    "sizes beyond the file": _header({"left": HUGE}),
    "negative shape": _header({"left": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 0]}}),
    "overlap": _header(
        {
            "left": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "right": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
        },
        b"\x00" * 12,
    ),
    "unknown type": _header({"left": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}, b"\x00" * 4),
    "trailing bytes": save({"left": np.ones((2, 2), dtype=np.float32)}) + b"\x00" * 100,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    path = _file(tmp_path, HOSTILE[kind])
    for reader in (read_network, read_parameters):
        with pytest.raises(RhosetError) as caught:
            reader(path)
        assert caught.value.slug in ("not-a-network", "network-tensors")
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "slug", "words"),
    [
        ({"right": None}, "network-tensors", "missing tensors right"),
        ({"bias": None, "table": None}, "network-tensors", "missing tensors bias, table"),
        ({"left": np.ones((4, 7), np.float32)}, "network-shape", "table of 5 elements"),
        ({"left": np.ones((5, 7), np.int32)}, "network-dtype", "I32"),
        ({"unembed": np.ones((7, 5, 1), np.float32)}, "network-shape", "(7, 5, 1)"),
        ({"unembed": np.ones((6, 5), np.float32)}, "network-shape", "expected (7, 5)"),
        ({"bias": np.full(5, np.nan, np.float32)}, "network-not-finite", "5 values"),
        ({"table": np.zeros((5, 5), np.float32)}, "network-dtype", "F32"),
        ({"table": np.zeros((0, 0), np.int32)}, "network-table", "(0, 0)"),
        ({"table": np.full((5, 5), 7, np.int32)}, "network-table", "7 at row 0"),
    ],
)
def test_bad_tensors_are_named(tmp_path: Path, change: dict[str, np.ndarray | None], slug: str, words: str) -> None:
    tensors = {k: v for k, v in {**_tensors(), **change}.items() if v is not None}
    with pytest.raises(RhosetError) as caught:
        read_network(_file(tmp_path, save(tensors)))
    assert caught.value.slug == slug
    assert words in str(caught.value)


def test_bad_activation_in_the_metadata(tmp_path: Path) -> None:
    data = save(_tensors(), metadata={"activation": "softmax"})
    with pytest.raises(RhosetError, match="unknown activation 'softmax'"):
        read_network(_file(tmp_path, data))
    assert read_network(_file(tmp_path, save(_tensors(), {"activation": "GELU"}))).activation == "gelu"


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(RhosetError, match="no such file"):
        read_network(tmp_path / "none.safetensors")
    with pytest.raises(RhosetError, match="is a folder"):
        read_network(tmp_path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_mutation_of_a_good_file_escapes(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Bytes cut, flipped or inserted: a network or one RhosetError, never another exception."""
    good = save(_tensors(), metadata={"group": "C5", "activation": "relu"})
    kind = data.draw(st.sampled_from(["cut", "flip", "insert"]))
    at = data.draw(st.integers(0, min(len(good) - 1, 700)))
    if kind == "cut":
        bad = good[:at]
    elif kind == "flip":
        bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    else:
        bad = good[:at] + data.draw(st.binary(min_size=1, max_size=9)) + good[at:]
    path = tmp_path_factory.getbasetemp() / "mutated.safetensors"
    path.write_bytes(bad)
    try:
        network = read_network(path)
    except RhosetError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert isinstance(network, Network)


def test_a_pipe_is_not_replaced_and_a_link_is_followed(tmp_path: Path) -> None:
    """Renaming a file to /dev/null, as root, would leave a machine without it."""
    pipe, link, other = tmp_path / "pipe", tmp_path / "link", tmp_path / "there" / "file"
    os.mkfifo(pipe)
    with pytest.raises(RhosetError, match="pipe: it is a pipe or a device, not a file; give the name of a file"):
        write_atomic(pipe, b"x")
    assert pipe.is_fifo()
    other.parent.mkdir()
    link.symlink_to(other)
    for data in (b"new", b"again"):
        assert write_atomic(link, data) == link
        assert link.is_symlink()
        assert other.read_bytes() == data
    assert [p.name for p in other.parent.iterdir()] == ["file"]
