"""Atomic writes: a reader sees the old file or the new one, never half of either."""

from __future__ import annotations

import errno
import json
import os
import secrets
from pathlib import Path

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.reading import as_json, no_file, shown


@public
def write_atomic(path: str | os.PathLike[str], data: bytes | str) -> Path:
    """Write ``data`` (text as UTF-8) to a temporary file beside ``path``, then rename it there.

    A symbolic link stays one: the file that it leads to is written.

    Returns the path. Raises RhosetError (slug ``cannot-write``) where the folder is missing or not
    writable, or a pipe or a device is there, which renaming would destroy; nothing is left behind then.
    """
    path = Path(path)
    if (other := no_file(path)) is not None:
        raise RhosetError(f"cannot write {shown(path)}: it {other}; give the name of a file", slug="cannot-write")
    content = data.encode(errors="surrogateescape") if isinstance(data, str) else data
    if not path.name:
        raise RhosetError(f"cannot write {shown(path)}: that is a folder; give a file", slug="cannot-write")
    try:
        place = Path(os.path.realpath(path)) if path.is_symlink() else path
        temporary = place.with_name(f".{place.name[:60]}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        try:
            with open(temporary, "xb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(temporary, place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from None
    except ValueError as error:  # a null character
        raise RhosetError(f"cannot write {shown(path)}: {error}; give another name", slug="cannot-write") from None
    return path


def write_json(path: Path, value: object) -> Path:
    """Write results as JSON, indented, as `rhoset.reading.as_json` has them; `rhoset.reading.read_json` reads them."""
    return write_atomic(path, json.dumps(as_json(value), indent=1, ensure_ascii=False) + "\n")


def make_folder(path: Path) -> Path:
    """The folder, made where it is not there; raises RhosetError (slug ``cannot-write``) where it can't be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"cannot make the folder {shown(path)}: {error.strerror or error}"
        raise RhosetError(said, slug="cannot-write") from None
    return path


def require_writable(path: Path) -> Path:
    """The path, where a file can be made beside it: said before something is computed for it.

    Raises RhosetError (slug ``cannot-write``) where the folder is missing or not writable.
    """
    try:
        folder = path.parent
        if not folder.exists():
            said = f"cannot write {shown(path)}: there is no folder {shown(folder)}; make it"
            raise RhosetError(said, slug="cannot-write")
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise cannot_write(path, error) from None
    return path


def require_new(path: Path, force: bool = False) -> Path:
    """The path; raises RhosetError (slug ``file-exists``) where something is there that `force` doesn't replace."""
    if path.exists() and not force:
        raise RhosetError(f"{path} is there already: choose another name or give --force", slug="file-exists")
    return path


def cannot_write(path: Path, error: OSError) -> RhosetError:
    """What to do about it depends on what went wrong."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        advice = "make room or choose another disk; nothing half-written was kept"
    elif error.errno == errno.ENAMETOOLONG:
        advice = "give a shorter name"
    elif path.is_dir():
        advice = "that is a folder; give a file"
    else:
        advice = "give a file in a folder that exists and is writable"
    return RhosetError(f"cannot write {shown(path)}: {error.strerror or error}; {advice}", slug="cannot-write")
