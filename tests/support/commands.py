"""Every command as the package itself lists them, with arguments that would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from rhoset.cli._app import app


@dataclass(frozen=True)
class Command:
    """A command: the words that call it, and its parameters."""

    words: tuple[str, ...]
    click: click.Command

    @property
    def name(self) -> str:
        return " ".join(self.words)

    @property
    def arguments(self) -> list[click.Parameter]:
        return [p for p in self.click.params if isinstance(p, click.Argument)]

    @property
    def options(self) -> list[click.Option]:
        return [p for p in self.click.params if isinstance(p, click.Option)]


def commands(group: click.Group = app, words: tuple[str, ...] = ()) -> Iterator[Command]:
    """All commands, those of groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, (*words, name))
        else:
            yield Command((*words, name), found)


def metavar(parameter: click.Parameter) -> str:
    return (parameter.metavar or parameter.name or "").strip(".").upper()


ENDINGS = {"formalize": ".v", "plot": ".svg", "formation": ".svg", "table": ".csv"}
"""Command → ending of the file that it writes, where that is no network."""


@dataclass(frozen=True)
class Good:
    """Arguments that a command takes, by metavar; a new command with new metavars falls back to a missing file."""

    folder: Path

    def of(self, command: Command, parameter: click.Parameter) -> str:
        out = str(self.folder / "out" / command.words[-1])
        known = {
            "NET": "good.safetensors",
            "CERT": "good.auto.cert",
            "RUN": "good.safetensors",
            "FILE": "model.safetensors",
            "TOML": "map.toml",
            "A": "good.safetensors",
            "B": "good.safetensors",
        }
        name = metavar(parameter)
        if isinstance(parameter, click.Option) and ("out" in parameter.opts or "--out" in parameter.opts):
            return out + ENDINGS.get(command.name, ".safetensors")
        if name == "FILE" and command.name == "sweep":
            return str(self.folder / "sweep.toml")
        if name in known:
            return str(self.folder / known[name])
        return {"GROUP": "C3", "NAME": "C3", "FORMAT": "wu", "PLAN": "[2,1]"}.get(name, "missing")

    def call(self, command: Command, instead: dict[str, str] | None = None) -> list[str]:
        """The command line with required parameters filled, some with other values; options last."""
        instead = dict(instead or {})
        if "mapping" in instead:
            instead["format_"] = "mapping"
        line = [*command.words]
        line += [instead.get(argument.name or "", self.of(command, argument)) for argument in command.arguments]
        for option in command.options:
            if option.name in instead:
                line += [option.opts[0], instead[option.name]]
            elif option.required:
                line += [option.opts[0], self.of(command, option)]
        return line
