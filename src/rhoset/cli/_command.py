"""The decorator that turns a function into a command with the options that all commands share."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from typing import Any

import click

from rhoset import __version__
from rhoset.cli._output import Output, Payload, print_json

Body = Callable[..., Payload]
"""A command's function: takes an `Output` first, then its options; returns the JSON object."""


class Denied(Exception):
    """The command did its work and the answer is no (exit code 1)."""


class Incomplete(Exception):
    """The command did what it could; some inputs could not be read or done, and that was said (exit code 2)."""


class CommandGroup(click.Group):
    """A group of commands that names the nearest one when a command is unknown."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Commands are {', '.join(known)}."
            raise click.UsageError(f"No such command {name!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)


def command(
    *, example: str, name: str | None = None, parent: click.Group | None = None
) -> Callable[[Body], click.Command]:
    """Make a function a command with ``--json``, ``-q``, ``--debug``, ``--version``, ``--help``.

    Parameters
    ----------
    example
        One line that a user could type, shown at the end of ``--help``.
    name
        Name on the command line; the function's name with ``-`` for ``_`` when omitted.
    parent
        The click group that the command belongs to (`groups show`), if any.

    The function's docstring is the help text. It is called as ``body(out, **options)``, prints for
    a human through `out`, and returns the object that ``--json`` prints. ``out.no()`` makes the
    exit code 1; a `RhosetError` makes it 2, and so does an input that failed in ``out.attempt``.
    """

    def decorate(body: Body) -> click.Command:
        @functools.wraps(body)
        def callback(json_: bool, quiet: bool, debug: bool, **options: Any) -> None:
            out = Output(json=json_, quiet=quiet, debug=debug)
            refuse_empty(click.get_current_context())
            try:
                payload = body(out, **options)
            except Exception:
                out.say_failures()
                raise
            if out.failures:
                payload = {**payload, "failures": [vars(failure) for failure in out.failures]}
            if json_:
                print_json(payload)
            if out.failures:
                out.say_failures()
                raise Incomplete
            if out.denied:
                raise Denied

        wrapped: Callable[..., None] = callback
        for option in reversed(shared_options()):
            wrapped = option(wrapped)
        made = click.command(
            name=name or body.__name__.rstrip("_").replace("_", "-"),
            epilog=f"Example:  {example}",
            context_settings={"help_option_names": ["-h", "--help"]},
        )(wrapped)
        if parent is not None:
            parent.add_command(made)
        return made

    return decorate


def refuse_empty(ctx: click.Context) -> None:
    """Raise click's BadParameter for an argument or option that is an empty text, which names nothing."""
    for param in ctx.command.params:
        value = ctx.params.get(param.name or "")
        if value == "" or (isinstance(value, tuple) and "" in value):
            raise click.BadParameter("'' is empty.", ctx, param)


def shared_options() -> list[Callable[[Callable[..., None]], Callable[..., None]]]:
    """The options of every command, in the order of its help."""
    return [
        click.option("--json", "json_", is_flag=True, help="Print one JSON object and no text."),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no remarks."),
        click.option("--debug", is_flag=True, help="Show the traceback of an error."),
        version_option,
    ]


version_option = click.version_option(__version__, prog_name="rhoset", message="%(prog)s %(version)s")
"""``--version``, for commands and for groups of commands."""
