"""Reading safetensors files: the header first, every size in it compared with the file before anything is allocated.

The format is 8 bytes (the header's length, little-endian), the header (a JSON object: for each tensor ``dtype``,
``shape`` and ``data_offsets``, and perhaps ``__metadata__``), then the numbers. It is read here and not by a library,
so that whatever a file holds leads to one line, and so that bfloat16, which numpy lacks, can be read.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.reading import require_file

MAX_HEADER = 100_000_000
"""Largest header, in bytes, as in the reference implementation."""

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How the text begins that Git LFS leaves in place of a file it has not fetched."""

DTYPES = {
    "BOOL": "?", "I8": "i1", "U8": "u1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4", "I64": "<i8",
    "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2",
}  # fmt: skip
"""Type in a file → numpy's; BF16 is read as its bits and widened to float32, which holds every one exactly."""


@dataclass(frozen=True)
class Entry:
    """One tensor of a file: type, shape, and where its bytes are."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class TensorFile:
    """A safetensors file whose header has been checked."""

    path: Path
    entries: dict[str, Entry]
    metadata: dict[str, str]

    def read(self, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """Tensors by name.

        Raises RhosetError (slug ``not-a-network``) where the file cannot be read any more, ``network-dtype`` for a type
        that numpy has not.
        """
        found: dict[str, NDArray[Any]] = {}
        try:
            with open(self.path, "rb") as handle:
                for name in names:
                    found[name] = self._one(handle, name)
        except OSError as error:
            raise self.refused(error.strerror or str(error)) from None
        return found

    def _one(self, handle: Any, name: str) -> NDArray[Any]:
        entry = self.entries[name]
        if entry.dtype not in DTYPES:
            raise RhosetError(
                f"{self.path}: tensor {name!r} is of type {entry.dtype}; readable are {', '.join(DTYPES)}",
                slug="network-dtype",
            )
        handle.seek(entry.start)
        array = np.fromfile(handle, dtype=DTYPES[entry.dtype], count=math.prod(entry.shape))
        if array.nbytes != entry.end - entry.start:
            raise self.refused("it became shorter while it was read")
        if entry.dtype == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        try:
            return array.reshape(entry.shape)
        except ValueError:
            raise self.refused(f"tensor {name[:80]!r} has a shape that no array has") from None

    def refused(self, why: str) -> RhosetError:
        """The error about this file."""
        return _refused(self.path, why)


def open_tensors(path: str | os.PathLike[str]) -> TensorFile:
    """Read and check the header of a safetensors file.

    Raises
    ------
    RhosetError
        No file, or no safetensors file, or a damaged one (slug ``not-a-network``).
    """
    place = require_file(path, "a .safetensors file", "not-a-network")
    try:
        size = place.stat().st_size
        with open(place, "rb") as handle:
            head = handle.read(64)
            length = int.from_bytes(head[:8], "little")
            if len(head) < 8 or not 2 <= length <= min(MAX_HEADER, size - 8) or head[8:9] != b"{":
                raise _refused(place, not_tensors(head) or "its first bytes are no safetensors header")
            handle.seek(8)
            header = json.loads(handle.read(length).decode("utf-8"), object_pairs_hook=_unique)
    except OSError as error:
        raise _refused(place, error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:
        raise _refused(place, f"damaged header, {str(error)[:100]}") from None
    metadata = header.pop("__metadata__", {}) or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _refused(place, "damaged header, metadata must be texts")
    entries = {name: _entry(place, name, value, 8 + length) for name, value in header.items()}
    place_of = sorted((entry.start, entry.end) for entry in entries.values())
    ends = [8 + length, *(end for _, end in place_of)]
    if [start for start, _ in place_of] != ends[:-1] or ends[-1] != size:
        raise _refused(place, "damaged, the tensors of its header do not fill the file exactly")
    return TensorFile(place, entries, metadata)


def _entry(path: Path, name: str, value: Any, base: int) -> Entry:
    try:
        dtype, shape, (start, end) = value["dtype"], value["shape"], value["data_offsets"]
        sizes = [*shape, start, end]
        good = isinstance(dtype, str) and all(type(size) is int and 0 <= size < 1 << 62 for size in sizes)
    except (TypeError, KeyError, ValueError):
        good = False
    if not good or end < start:
        raise _refused(path, f"damaged header, tensor {name[:80]!r} has no valid type, shape and place")
    if dtype in DTYPES and math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize != end - start:
        raise _refused(
            path, f"damaged header, tensor {name[:80]!r} of shape {tuple(shape)} does not have {end - start} bytes"
        )
    return Entry(dtype, tuple(shape), base + start, base + end)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _refused(path: Path, why: str) -> RhosetError:
    return RhosetError(
        f"{path}: not a safetensors file or damaged ({why}); `rhoset import` reads other formats", slug="not-a-network"
    )


def not_tensors(head: bytes) -> str:
    """What a file is that should hold tensors and begins with these bytes (64 or so); empty where it does not show."""
    if head.startswith(LFS_POINTER):
        return "it is a Git LFS pointer, not the file itself: fetch it with `git lfs pull`"
    if not head:
        return "it is empty"
    if head.startswith(b"\x93NUMPY"):
        return "it is a single NumPy array (.npy), which has no names"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"[", b"<") and _printable(head):
        return "it is a text (" + ("HTML or XML" if text[:1] == b"<" else "JSON") + "), not tensors"
    return "it is a text, not tensors" if _printable(head) else ""


def _printable(head: bytes) -> bool:
    return all(byte >= 32 or byte in (9, 10, 13) for byte in head)
