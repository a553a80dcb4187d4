"""Atomic writes: a reader sees the old file or the new one, never half of either."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from rhoset.errors import RhosetError


def write_atomic(path: str | os.PathLike[str], data: bytes | str) -> Path:
    """Write ``data`` (text as UTF-8) to a temporary file beside ``path``, then rename it there.

    Returns the path. Raises RhosetError (slug ``cannot-write``) where the folder is missing or not
    writable; nothing is left behind then.
    """
    path = Path(path)
    content = data.encode() if isinstance(data, str) else data
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            with open(temporary, "xb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RhosetError(
            f"cannot write {path}: {error.strerror or error}; give a file in a folder that exists and is writable",
            slug="cannot-write",
        ) from None
    return path
