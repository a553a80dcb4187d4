"""One process at a time writes to a run. The system drops the lock when its holder dies, however it
dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rhoset.errors import RhosetError
from rhoset.networks.atomic import cannot_write

LOCK_FILE = ".lock"

SPARE_FILES = 256
"""Files that a process has open beside its locks."""


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Holds the run's lock inside the block.

    Raises
    ------
    RhosetError
        ``run-busy`` when another process holds it, ``cannot-write`` when the file cannot be written.
    """
    path = run / LOCK_FILE
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        try:
            _lock(handle)
        except OSError:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            raise RhosetError(
                f"{run}: process {holder} is training here; wait for it or choose another folder",
                slug="run-busy",
            ) from None
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:  # the disk is full: nobody else holds the file, and it says nothing
            path.unlink(missing_ok=True)
            raise cannot_write(path, error) from None
        yield
    finally:
        os.close(handle)


def allow_locks(count: int) -> None:
    """Let this process hold so many locks at once, each an open file.

    Raises RhosetError (slug ``too-many-files``) where the system allows fewer.
    """
    if os.name == "nt":  # pragma: no cover - not run in CI
        return
    import resource

    needed = count + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise RhosetError(
                f"{count} runs at once need {needed} open files, and the system allows {hard}; divide the sweep",
                slug="too-many-files",
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _lock(handle: int) -> None:
    if os.name == "nt":  # pragma: no cover - not run in CI
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
