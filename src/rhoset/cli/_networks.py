"""The networks that a command's NET arguments mean; one that fails costs itself only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rhoset.cli._output import Output
from rhoset.processes import in_turn, one_thread

if TYPE_CHECKING:
    from rhoset.errors import Attempt
    from rhoset.report import RunView

Input = TypeVar("Input")
Result = TypeVar("Result")

LARGE = 1 << 20
"""Bytes of a network file from which on its products are worth several threads: S6, not S5."""

LATE = ("numpy.ma", "numpy.random")
"""What numpy loads when it is first asked for: it sorts with the one, and whoever samples needs the other."""

LOOKED_AT = 64
"""Files of a folder whose size is looked at."""

PLACES = ("*.safetensors", "networks/*.safetensors", "cells/*/networks/*.safetensors")
"""Where networks lie in a folder, a run and a sweep: `rhoset.networks.runs` knows, but it loads numpy."""


def share_cores(specs: Sequence[str], workers: int | None) -> None:
    """Before numpy is loaded: products get one thread where networks are small, whose threads would wait for one
    another, or where processes will share the cores, which then begin as copies of this one."""
    sizes = list[int]()
    for spec in specs:
        with suppress(OSError, ValueError):  # who opens it says what is wrong
            place, whole = Path(spec), os.path.exists(spec) or "#" not in spec
            place = place if whole else Path(spec.rpartition("#")[0])
            files = chain([place], *(place.glob(pattern) for pattern in PLACES))
            found = (os.stat(file).st_size for file in files if os.path.isfile(file))
            sizes += islice(found, LOOKED_AT if whole else 1)
    if max(sizes, default=0) < LARGE or (workers != 1 and len(sizes) > 1):
        one_thread()


def network_files(out: Output, specs: Sequence[str]) -> list[tuple[str, Path]]:
    """The label and the file of each network; an argument that means none, and a cell of a sweep that is no run, is
    recorded as a failure.

    Raises RhosetError where there is one argument and it means none.
    """
    from rhoset.networks.runs import open_networks

    found: list[tuple[str, Path]] = []
    for spec in specs:
        with out.attempt(spec, alone=len(specs) == 1):
            found += open_networks(spec, out.attempt)
    return found


def require_there(*specs: str) -> None:
    """Raise what opening them would for arguments that name nothing, before what the command needs is loaded."""
    from rhoset.networks.runs import open_networks

    for spec in specs:
        if not Path(spec).exists() and not Path(spec.rpartition("#")[0] or spec).exists():
            open_networks(spec)


def attempts(out: Output, specs: Sequence[str]) -> Attempt:
    """Around each of several inputs: an error costs that input only, unless the command is about that one alone."""
    return lambda name: out.attempt(name, alone=[name] == list(specs))


def one_by_one(
    out: Output,
    doing: str,
    work: Callable[[Input], Result],
    jobs: Sequence[tuple[str, Input]],
    workers: int,
    alone: bool,
    needs: Sequence[str],
) -> Iterator[Result]:
    """What the work on each input gives, in their order; an error costs its input only, unless it stands `alone`.

    Several processes begin as copies of this one: modules that the work `needs` are loaded once, here.
    """
    for module in (*needs, *LATE) if workers > 1 else ():
        import_module(module)
    names, inputs = zip(*jobs, strict=True) if jobs else ((), ())
    results = in_turn(work, inputs, workers)
    results = chain(list(islice(results, 1)), results)  # processes begin now, before the bar has its thread
    with (out if len(names) > 1 else replace(out, quiet=True)).progress(doing, len(names)) as update:
        for done, (name, result) in enumerate(zip(names, results, strict=True)):
            with out.attempt(name, alone=alone):
                yield result()
            update(done + 1, name)


def report_unread(out: Output, view: RunView) -> None:
    """Record files beside the networks that could not be read as failures; remark on certificates that do not check."""
    from rhoset.errors import RhosetError

    for network in view.networks:
        for file, why in network.unread:
            with out.attempt(file):
                raise RhosetError(why, slug="unreadable")
        unread = {file for file, _ in network.unread}
        for certificate in network.certificates:
            if certificate.valid is False and not any(file.endswith(f"/{certificate.path}") for file in unread):
                out.note(f"{network.name}: {certificate.path} does not check: {certificate.reason}")
