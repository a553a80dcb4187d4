"""Named tensors from a foreign file: safetensors, NumPy ``.npz``, or a PyTorch checkpoint.

Nothing in a file is executed: PyTorch files are read with ``weights_only=True``, NumPy files with
``allow_pickle=False``. Sizes that a file claims are compared with what it holds before arrays are
made.
"""

from __future__ import annotations

import math
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError, needing
from rhoset.networks.arrays import as_array
from rhoset.networks.tensorfile import not_tensors, open_tensors
from rhoset.reading import require_file

Tensors = dict[str, NDArray[Any]]

MAX_TENSOR_BYTES = 1 << 33
"""Largest total of tensors that is read from a foreign file (8 GiB); a larger claim is refused."""

STATE_KEYS = ("model", "state_dict", "model_state_dict")
"""Keys under which checkpoints keep their tensors beside other things."""

WRAPPERS = ("module.", "model.", "net.")
"""Prefixes of all names that are left away."""


def load_tensors(path: str | os.PathLike[str]) -> Tensors:
    """The named tensors of a file; what kind it is shows in its first bytes.

    A PyTorch file may hold its tensors under one of `STATE_KEYS`.

    Raises
    ------
    RhosetError
        ``not-a-checkpoint``: missing, damaged, or no tensors in it. ``unsafe-pickle``: it would run
        code or build objects other than tensors and plain containers; it was not run.
        ``MissingExtra``: a PyTorch file and no PyTorch.
    """
    path = require_file(path, "a checkpoint file", "not-a-checkpoint")
    try:
        with open(path, "rb") as handle:
            head = handle.read(64)
        if head[:2] == b"PK":
            return _zip(path)
        if why := not_tensors(head):
            raise _unreadable(path, why)
        if head[8:9] == b"{":
            return _safetensors(path)
        return _torch(path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    except zipfile.BadZipFile as error:
        raise _unreadable(path, str(error)) from None


def without_wrappers(tensors: Tensors) -> Tensors:
    """The tensors by the names that they had before ``torch.compile``, a parallel wrapper or a surrounding module put
    ``_orig_mod.``, ``module.``, ``model.`` or ``net.`` in front; as they are where two names would become one."""
    names = {name: re.sub(r"(^|\.)_orig_mod\.", r"\1", name) for name in tensors}
    for prefix in WRAPPERS * 2:
        if names and all(name.startswith(prefix) for name in names.values()):
            names = {old: name.removeprefix(prefix) for old, name in names.items()}
    return {names[old]: array for old, array in tensors.items()} if len(set(names.values())) == len(names) else tensors


def _unreadable(path: Path, why: str) -> RhosetError:
    return RhosetError(
        f"{path}: not a readable checkpoint ({why}); expected a PyTorch, safetensors or .npz file",
        slug="not-a-checkpoint",
    )


def _zip(path: Path) -> Tensors:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MAX_TENSOR_BYTES:
            raise _unreadable(path, f"it claims more than {MAX_TENSOR_BYTES} bytes")
        if members and all(member.filename.endswith(".npy") for member in members):
            return {member.filename.removesuffix(".npy"): _npy(path, archive, member) for member in members}
    return _torch(path)


def _npy(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """One array, after its header's size was found to be what the archive holds."""
    name = member.filename
    try:
        with archive.open(member) as handle:
            shape, dtype = _npy_header(handle)
            if dtype.hasobject:
                raise RhosetError(
                    f"{path}: array {name!r} holds Python objects; they are refused",
                    slug="unsafe-pickle",
                )
            if math.prod(shape) * dtype.itemsize + handle.tell() != member.file_size:
                raise ValueError(f"shape {shape} does not fit its {member.file_size} bytes")
        with archive.open(member) as handle:
            array: NDArray[Any] = np.lib.format.read_array(handle, allow_pickle=False)
            return array
    except RhosetError:
        raise
    except Exception as error:  # numpy raises many kinds for a damaged header
        raise _unreadable(path, f"array {name!r}: {error}") from None


def _npy_header(handle: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(handle)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(handle)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(handle)
    return shape, dtype


def _safetensors(path: Path) -> Tensors:
    try:
        file = open_tensors(path)
        return file.read(file.entries)
    except RhosetError as error:
        raise RhosetError(str(error), slug="not-a-checkpoint") from None


def _torch(path: Path) -> Tensors:
    with needing(f"reading the PyTorch file {path.name}", "train"):
        import torch
    try:
        with warnings.catch_warnings():  # of pickles that torch did not write
            warnings.simplefilter("ignore", UserWarning)
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        wanted = re.search(r"GLOBAL ([\w.]+)", str(error))  # torch's own advice, to load it unsafely, is not passed on
        what = f"it asks for {wanted[1][:80]}" if wanted else "its pickle is no plain state dict"
        raise RhosetError(
            f"{path}: holds something other than tensors and was not opened further ({what});"
            " save the plain state dict: torch.save(model.state_dict(), path)",
            slug="unsafe-pickle",
        ) from None
    except Exception as error:  # a damaged file makes torch raise nearly any kind
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise _unreadable(path, why) from None
    state = _state(loaded)
    if not state:
        raise RhosetError(
            f"{path}: no tensors in it; expected a state dict, plain or under one of {', '.join(STATE_KEYS)}",
            slug="not-a-checkpoint",
        )
    size = path.stat().st_size
    arrays: Tensors = {}
    for name, tensor in state.items():
        if tensor.is_sparse or tensor.is_quantized or tensor.layout != torch.strided:
            raise _unreadable(path, f"tensor {name!r} is not a dense one")
        if tensor.numel() * tensor.element_size() > size:
            raise _unreadable(path, f"tensor {name!r} claims more numbers than the file holds")
        arrays[name] = as_array(tensor)
    return arrays


def _state(loaded: Any) -> dict[str, Any]:
    """Names and tensors of a state dict, possibly one level down."""
    import torch

    if not isinstance(loaded, Mapping):
        return {}
    for key in STATE_KEYS:
        if isinstance(loaded.get(key), Mapping):
            return _state(loaded[key])
    return {str(k): v for k, v in loaded.items() if isinstance(v, torch.Tensor)}
