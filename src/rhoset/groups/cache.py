"""A content-hashed cache on disk for what is dear to compute: irreps and subgroup classes.

One file for each kind and table, named by the table's digest: 32 bytes SHA-256 of the rest, then
safetensors. A file that does not match its hash, or does not parse, counts as absent. Writing is
atomic, so any number of processes may share the folder and it may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from rhoset.groups.table import Group

T = TypeVar("T")

CACHE_VERSION = 1
"""Raise when the meaning of stored entries changes; older entries are then never read."""

ENTRY_LIMIT = 1 << 27
"""Largest entry written or read, in bytes."""


def cache_folder() -> Path | None:
    """Where entries live: RHOSET_CACHE, else XDG_CACHE_HOME/rhoset, else ~/.cache/rhoset.

    None, and no caching, when RHOSET_CACHE is empty or "off".
    """
    chosen = os.environ.get("RHOSET_CACHE")
    if chosen is not None:
        return None if chosen in ("", "off") else Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "rhoset"
    except RuntimeError:
        return None


def entry_path(kind: str, group: Group) -> Path | None:
    """The file of one entry, or None when caching is off."""
    folder = cache_folder()
    return None if folder is None else folder / f"{kind}-{CACHE_VERSION}-{group.digest}.bin"


def read_entry(kind: str, group: Group) -> Mapping[str, NDArray[Any]] | None:
    """Arrays of an entry; None when there is none or it is damaged."""
    path = entry_path(kind, group)
    if path is None:
        return None
    try:
        if path.stat().st_size > ENTRY_LIMIT:
            return None
        raw = path.read_bytes()
        if hashlib.sha256(raw[32:]).digest() != raw[:32]:
            return None
        return load(raw[32:])
    except (OSError, SafetensorError, ValueError, KeyError):
        return None


def write_entry(kind: str, group: Group, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Store arrays; silently nothing when they are too large or the folder cannot be written."""
    path = entry_path(kind, group)
    if path is None or sum(a.nbytes for a in arrays.values()) > ENTRY_LIMIT // 2:
        return
    body = save({name: np.ascontiguousarray(a) for name, a in arrays.items()})
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as out:
            out.write(hashlib.sha256(body).digest() + body)
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def remembered(key: str, group: Group, compute: Callable[[], T]) -> T:
    """``compute()``, kept as long as the group object lives (as its cached properties are)."""
    memory: dict[str, Any] = group.__dict__.setdefault("_remembered", {})
    if key not in memory:
        memory[key] = compute()
    found: T = memory[key]
    return found


SHARED = 4
"""Groups that `shared_group` keeps: the last few, since a table of 5,040 elements takes 100 MB."""

_shared: OrderedDict[tuple[str, tuple[Any, ...]], Group] = OrderedDict()


def shared_group(name: str, table: NDArray[np.int32], element_names: tuple[str, ...], convention: str) -> Group:
    """The group of these; one object for equal ones among the last few, so that what is found of a group (irreps,
    subgroups, cosets) is found once for a run of networks. The key is the table's content. A name that is another
    group's (see `rhoset.groups.names.misnamed`) is left out.

    Raises RhosetError where the table is no group's.
    """
    from rhoset.groups.names import misnamed

    digest = hashlib.sha256(np.ascontiguousarray(table)).hexdigest()
    key = (digest, (name, element_names, convention))
    found = _shared.pop(key, None)
    if found is None:
        found = Group(name=name, table=table, element_names=element_names, convention=convention)
        if misnamed(found):
            found = replace(found, name=f"group of order {found.order}")
    _shared[key] = found
    while len(_shared) > SHARED:
        _shared.popitem(last=False)
    return found
