"""The table of commands, and how errors become one line and an exit code.

Exit codes: 0 done; 1 the answer is no; 2 the input or the call is wrong; 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.util import find_spec

import click

from rhoset.cli._command import Denied, version_option
from rhoset.cli._output import print_json
from rhoset.errors import RhosetError

COMMANDS: dict[str, str] = {
    "groups": "groups",
    "train": "train",
    "explain": "explain",
    "certify": "certify",
    "check": "check",
    "formalize": "formalize",
    "report": "report",
    "import": "import_",
    "construct": "construct",
    "reproduce": "reproduce",
    "sweep": "sweep",
}
"""Command → module of `rhoset.cli`; the module binds the command to the name `command`."""

DONE, NO, WRONG, INTERRUPTED = 0, 1, 2, 130
BROKEN_PIPE = 141
"""As a shell reports a program that SIGPIPE ended (128 + 13)."""


class LazyGroup(click.Group):
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
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        # Not app.main(), which exits with 1 on a closed pipe; here 1 means that the answer is no.
        try:
            with app.make_context("rhoset", arguments) as context:
                app.invoke(context)
        except click.exceptions.Exit as end:  # --help and --version end so
            return end.exit_code
        finally:
            sys.stdout.flush()
        return DONE
    except Denied:
        return NO
    except (KeyboardInterrupt, click.Abort):
        print("rhoset: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except Exception as error:
        return _report(error, arguments)


def _report(error: Exception, arguments: list[str]) -> int:
    """Print one line about the error (a traceback before it with ``--debug``); return 2."""
    if "--debug" in arguments:
        traceback.print_exception(error)
    message, slug = describe(error)
    print(f"rhoset: {message}", file=sys.stderr)
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


def describe(error: Exception) -> tuple[str, str]:
    """One line for a human, and the stable name of the kind of error."""
    if isinstance(error, RhosetError):
        return str(error), error.slug
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "rhoset"
        return f"{_line(error.format_message())} (see: {command} --help)", "usage"
    if isinstance(error, click.ClickException):
        return _line(error.format_message()), "usage"
    if isinstance(error, OSError):
        reason = error.strerror or _line(str(error)) or type(error).__name__
        if error.errno == errno.ENOSPC:
            reason = "no space left on the disk; nothing half-written was kept"
        where = f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""
        return f"{where}{reason}", "file"
    if isinstance(error, MemoryError):
        return "out of memory; a smaller group or width would need less", "memory"
    text = _line(str(error))
    kind = type(error).__name__
    return f"unexpected {kind}{': ' + text if text else ''} (--debug shows where)", "unexpected"


def _line(text: str) -> str:
    return " ".join(text.split())
