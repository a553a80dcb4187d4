"""The networks that a command's NET arguments mean; one that fails costs itself only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rhoset.cli._output import Output
from rhoset.processes import in_turn

if TYPE_CHECKING:
    from rhoset.errors import Attempt
    from rhoset.report import RunView

Input = TypeVar("Input")
Result = TypeVar("Result")


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
) -> Iterator[Result]:
    """What the work on each input gives, in their order; an error costs its input only, unless it stands `alone`."""
    names, inputs = zip(*jobs, strict=True) if jobs else ((), ())
    with (out if len(names) > 1 else replace(out, quiet=True)).progress(doing, len(names)) as update:
        for done, (name, result) in enumerate(zip(names, in_turn(work, inputs, workers), strict=True)):
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
