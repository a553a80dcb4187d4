"""The table of commands, and how errors become one line and an exit code.

Exit codes: 0 done; 1 the answer is no; 2 it could not be read, done or said; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any, TextIO, cast

import click

from rhoset.cli._command import CommandGroup, Denied, Incomplete, version_option
from rhoset.cli._output import describe, print_json, visible
from rhoset.errors import INTERRUPTED

COMMANDS: dict[str, str] = {
    "groups": "groups",
    "train": "train",
    "explain": "explain",
    "certify": "certify",
    "check": "check",
    "formalize": "formalize",
    "report": "report",
    "plot": "plot",
    "formation": "formation",
    "import": "import_",
    "export": "export",
    "construct": "construct",
    "table": "table",
    "compare": "compare",
    "study": "study",
    "reproduce": "reproduce",
    "sweep": "sweep",
}
"""Command → module of `rhoset.cli`; the module binds the command to the name `command`."""

DONE, NO, WRONG = 0, 1, 2

RESUMED = ("train", "study", "sweep", "reproduce")
"""Commands that go on where they were when they are given again."""


class LazyGroup(CommandGroup):
    """A click group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if find_spec(f"rhoset.cli.{COMMANDS[name]}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"rhoset.cli.{COMMANDS[cmd_name]}").command
        return command


@click.group(
    cls=LazyGroup,
    epilog="Example:  rhoset train S5 --models 3 --out runs/s5",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@version_option
def app() -> None:
    """Networks that learn a finite group's operation: train, explain, prove, check."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; never raises for bad input."""
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    with _streams() as said:
        if not said:
            print("rhoset: the standard output is closed, so nothing could be said; send it to a file", file=sys.stderr)
            return WRONG
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    try:
        # Not app.main(), which exits with 1 on a closed pipe; here 1 means that the answer is no.
        try:
            with app.make_context("rhoset", arguments) as context, warnings.catch_warnings():
                if "--debug" not in arguments:  # what overflows is said by the results
                    warnings.simplefilter("ignore", RuntimeWarning)
                app.invoke(context)
        except click.exceptions.Exit as end:  # --help and --version end so
            return end.exit_code
        finally:
            sys.stdout.flush()
        return DONE
    except Denied:
        return NO
    except Incomplete:
        return WRONG
    except (KeyboardInterrupt, click.Abort):
        resumed = "; the same command goes on from here" if arguments[0] in RESUMED else ""
        print(f"rhoset: interrupted{resumed}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return WRONG
    except BaseException as error:  # some libraries' panics are no Exception
        return _report(error, arguments)


def _report(error: BaseException, arguments: list[str]) -> int:
    """Print one line about the error (a traceback before it with ``--debug``); return 2."""
    if "--debug" in arguments:
        traceback.print_exception(error)
    message, slug = describe(error)
    print(f"rhoset: {visible(message)}", file=sys.stderr)
    try:
        if "--json" in arguments:
            print_json({"error": {"message": message, "slug": slug}})
        sys.stdout.flush()
    except OSError:
        _drop_output()
    return WRONG


def _drop_output() -> None:
    """Let what is left for a standard output that cannot be written go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class _Patient:
    """A standard error that cannot fail: what it cannot say is lost, and the work goes on."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream: Any = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _streams() -> Iterator[bool]:
    """Standard streams that any text and any state of the terminal will do; False where there is no output."""
    before, lost = sys.stderr, None
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if before is None:  # closed: its descriptor is filled, lest a file that is opened later be written to
        lost = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = cast(TextIO, _Patient(before or lost))
    try:
        yield sys.stdout is not None
    finally:
        sys.stderr.flush()
        sys.stderr = before
        if lost is not None:
            lost.close()
