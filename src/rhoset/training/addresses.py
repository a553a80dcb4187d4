"""Addresses of Dask schedulers, checked before anything that takes long is loaded."""

from __future__ import annotations

import socket

from rhoset.errors import RhosetError

SCHEMES = ("tcp", "tls", "ucx", "ws", "wss")
"""Protocols of a scheduler's address."""

CONNECT_SECONDS = 20
"""How long to wait for the scheduler."""


def no_scheduler(address: str, reason: str) -> RhosetError:
    """The error that no scheduler answers there."""
    return RhosetError(
        f"no Dask scheduler answers at {address!r} ({reason}); start one with `dask scheduler` "
        "and give the address that it prints, such as tcp://127.0.0.1:8786",
        slug="cluster",
    )


def check_address(address: str) -> None:
    """Refuses what no scheduler can answer at, before Dask tries: its attempts go on in threads of their own.

    Raises
    ------
    RhosetError
        ``cluster``.
    """
    scheme, mark, place = address.partition("://")
    near = place if mark else address
    if not mark or scheme not in SCHEMES or not place:
        raise RhosetError(
            f"cluster address {address!r}: it must be one of {', '.join(f'{s}://' for s in SCHEMES)} followed by "
            f"HOST:PORT, such as tcp://{near.strip() or '127.0.0.1:8786'}",
            slug="cluster",
        )
    if scheme not in ("tcp", "tls"):
        return
    host, mark, port = place.rpartition(":")
    if not mark or not port.isdigit() or not 0 < int(port) < 65536:
        raise RhosetError(
            f"cluster address {address!r}: the port is missing or no number from 1 to 65535; a scheduler's usual one "
            f"is {scheme}://{place.partition(':')[0]}:8786",
            slug="cluster",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise no_scheduler(address, error.strerror or str(error) or type(error).__name__) from None
