"""Opening files that a user named: what is there, in one line, when it is no file that can be read; and what JSON can
say, for files that this library writes and reads."""

from __future__ import annotations

import json
import math
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rhoset.errors import RhosetError

TEXT_BYTES = 1 << 24
"""Largest text file (settings, mappings) that is read: 16 MiB."""


OTHER = "is a pipe or a device, not a file"
"""What is said of what can be neither read nor replaced."""

NAME_LENGTH = 80
"""Characters of a name from a file that are kept."""


def require_file(path: str | os.PathLike[str], expected: str, slug: str) -> Path:
    """The path where a regular file is there that may be read.

    Parameters
    ----------
    expected
        What would be right, such as ``a .safetensors file``.
    slug
        Of the error.

    Raises
    ------
    RhosetError
        Nothing is there, a folder, a pipe or a device, or there is no permission. A pipe is not opened: that would wait
        for its writer.
    """
    try:
        place = Path(path)
        mode = place.stat().st_mode
        if stat.S_ISREG(mode):
            with open(place, "rb"):  # nothing else tells whether it may be read
                pass
    except FileNotFoundError:
        what = "no such file"
    except (OSError, ValueError, TypeError) as error:
        what = getattr(error, "strerror", None) or str(error)
    else:
        if stat.S_ISREG(mode):
            return place
        what = "is a folder" if stat.S_ISDIR(mode) else OTHER
    raise RhosetError(f"{shown(path)}: {what}; expected {expected}", slug=slug)


def no_file(path: Path) -> str | None:
    """What is said of a pipe, a socket or a device; None where something else is there, or nothing."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    return None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else OTHER


def read_text(path: str | os.PathLike[str], expected: str, slug: str) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark.

    Raises RhosetError as `require_file` does, and where it is larger than `TEXT_BYTES` or not UTF-8.
    """
    place = require_file(path, expected, slug)
    try:
        if place.stat().st_size > TEXT_BYTES:
            raise RhosetError(f"{shown(path)}: larger than {TEXT_BYTES} bytes; expected {expected}", slug=slug)
        return place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RhosetError(f"{shown(path)}: not a text in UTF-8; expected {expected}", slug=slug) from None
    except OSError as error:
        raise RhosetError(f"{shown(path)}: {error.strerror or error}; expected {expected}", slug=slug) from None


def as_toml(text: str, path: str | os.PathLike[str], slug: str) -> dict[str, Any]:
    """What a text in TOML says; raises RhosetError, naming the file, where it is none."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RhosetError(f"{shown(path)}: not TOML ({error})", slug=slug) from None


def read_json(path: Path, unread: list[tuple[str, str]] | None = None) -> dict[str, Any] | None:
    """The JSON object in a file that this library wrote; None where there is none that can be read.

    One that is there and cannot be read is added to `unread`: (file, why).
    """
    why = "not a JSON object"
    try:
        found = json.loads(read_text(path, "a JSON object", "unreadable"))
    except (ValueError, RecursionError):
        found = None
    except RhosetError as error:
        found, why = None, str(error)
    if isinstance(found, dict):
        return found
    if unread is not None and os.path.lexists(path):
        unread.append((str(path), why))
    return None


def as_json(value: object) -> Any:
    """Turn numpy values, paths and non-finite floats into what JSON can say (NaN, ±∞ → null)."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "tolist"):
        return as_json(value.tolist())
    return str(value)


def plain(text: str, length: int = NAME_LENGTH) -> str:
    """Text from a file without control characters and line breaks, cut to a length: it is shown in
    terminals and reports."""
    kept = text if text.isprintable() else "".join(letter for letter in text if letter.isprintable())
    return kept[:length].strip()


def shown(path: object) -> str:
    """A path as errors show it."""
    try:
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else repr(path)
    except (TypeError, ValueError):
        text = repr(path)
    return text if text.isprintable() and text else repr(text)
