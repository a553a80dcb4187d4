"""Foreign files that want to run code or to fill the memory."""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rhoset.errors import MissingExtra, RhosetError
from rhoset.networks import import_network
from rhoset.networks.importing import load_tensors
from rhoset.networks.importing import tensors as module

torch = pytest.importorskip("torch")


class _Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_the_malicious_pickle_works_when_it_is_trusted(tmp_path: Path) -> None:
    """Shows that the tests below can fail."""
    torch.save({"W_x": _Touch(tmp_path / "owned")}, tmp_path / "m.pt")
    torch.load(tmp_path / "m.pt", weights_only=False)
    assert (tmp_path / "owned").exists()


@pytest.mark.parametrize("kind", ["torch", "torch-legacy", "pickle", "npz", "npy"])
@pytest.mark.parametrize("format", ["chughtai", "stander", "wu", "factored"])
def test_pickles_are_never_executed(tmp_path: Path, kind: str, format: str) -> None:
    bomb, path = _Touch(tmp_path / "owned"), tmp_path / "m.pt"
    if kind == "torch":
        torch.save({"model": {"W_x": torch.ones(2)}, "config": bomb}, path)
    elif kind == "torch-legacy":
        torch.save({"W_x": bomb}, path, _use_new_zipfile_serialization=False)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(bomb))
    else:
        array = np.array([bomb], dtype=object)
        with open(path, "wb") as handle:
            if kind == "npz":
                np.savez(handle, W_x=array)
            else:
                np.save(handle, array, allow_pickle=True)
    with pytest.raises(RhosetError) as caught:
        import_network(format, path, "S4")
    assert caught.value.slug in ("unsafe-pickle", "not-a-checkpoint")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04" + b"\x00" * 30,
        b"\x80\x02}",
        b"hello world " * 20,
        struct.pack("<Q", 1 << 50) + b"{",
        struct.pack("<Q", 2) + b"{}",
    ],
)
def test_damaged_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(data)
    with pytest.raises(RhosetError) as caught:
        import_network("chughtai", path, "S4")
    assert caught.value.slug in ("not-a-checkpoint", "unsafe-pickle", "checkpoint-tensors")


def test_every_cut_of_a_checkpoint_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"W_x": torch.ones(3, 2)}, buffer)
    data = buffer.getvalue()
    path = tmp_path / "m.pt"
    for end in range(0, len(data), 97):
        path.write_bytes(data[:end])
        with pytest.raises(RhosetError):
            load_tensors(path)


def test_an_expanded_tensor_is_not_made_real(tmp_path: Path) -> None:
    """A few bytes with stride 0 can claim any shape."""
    torch.save({"W_x": torch.ones(1, 1).expand(1 << 20, 1 << 20)}, tmp_path / "m.pt")
    with pytest.raises(RhosetError, match="more numbers than the file holds"):
        load_tensors(tmp_path / "m.pt")


def test_a_zip_bomb_is_refused_by_its_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TENSOR_BYTES", 1 << 20)
    with open(tmp_path / "m.npz", "wb") as handle:
        np.savez_compressed(handle, W_x=np.zeros((1 << 11, 1 << 7)))
    with pytest.raises(RhosetError, match="claims more than"):
        load_tensors(tmp_path / "m.npz")


@pytest.mark.parametrize("shape", ["(1000000, 1000000)", "(2, 3)", "(-1, 6)"])
def test_an_npz_header_that_does_not_fit_its_bytes(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("W_x.npy", member + b"\x00" * 20)
    with pytest.raises(RhosetError, match="W_x"):
        load_tensors(tmp_path / "m.npz")


def test_files_without_tensors(tmp_path: Path) -> None:
    for content in ([1, 2], {"a": 1}, {"model": 3}, {}):
        torch.save(content, tmp_path / "m.pt")
        with pytest.raises(RhosetError, match="no tensors"):
            load_tensors(tmp_path / "m.pt")
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(RhosetError):
            load_tensors(path)


def test_a_pickle_of_another_protocol_is_refused_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(pickle.dumps({"a": np.ones(3)}, protocol=4))
    with pytest.raises(RhosetError, match="something other than tensors"):  # warnings are errors in tests
        load_tensors(tmp_path / "m.pt")


def test_sparse_tensors_are_refused(tmp_path: Path) -> None:
    torch.save({"W_x": torch.eye(3).to_sparse()}, tmp_path / "m.pt")
    with pytest.raises(RhosetError):
        load_tensors(tmp_path / "m.pt")


def test_bfloat16_is_widened_exactly(tmp_path: Path) -> None:
    value = torch.tensor([1.5, -3.0e38], dtype=torch.bfloat16)
    torch.save({"a": value}, tmp_path / "m.pt")
    found = load_tensors(tmp_path / "m.pt")["a"]
    assert found.dtype == np.float32
    assert found.tolist() == value.tolist()


def test_tensors_from_a_gpu_load_without_one(tmp_path: Path) -> None:
    """The location tag of the storages is rewritten to cuda:0 in the file, as on a GPU machine."""
    buffer = io.BytesIO()
    torch.save({"W_x": torch.arange(6.0).reshape(3, 2)}, buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(tmp_path / "m.pt", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("data.pkl"):
                tagged = data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
                assert tagged != data
                data = tagged
            new.writestr(name, data)
    assert load_tensors(tmp_path / "m.pt")["W_x"].tolist() == [[0, 1], [2, 3], [4, 5]]


def test_without_torch_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"W_x": torch.ones(2)}, tmp_path / "m.pt")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"rhoset\[train\]"):
        import_network("chughtai", tmp_path / "m.pt", "S4")


@pytest.mark.parametrize(("extra", "loaded"), [("", False), ("import torch", True)])
def test_networks_need_no_torch(extra: str, loaded: bool) -> None:
    """A fresh process; the second case shows that the first can fail."""
    code = f"import sys, rhoset.networks\n{extra}\nprint('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == str(loaded)
