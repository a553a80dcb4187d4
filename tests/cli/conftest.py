"""Run command lines in this process, and a probe command that does as it is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import click
import pytest

from rhoset.cli import _app
from rhoset.cli._command import command
from rhoset.cli._output import Output, Payload


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def rhoset(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`rhoset("groups", "show", "S4")` → exit code and both streams."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = _app.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[Output], Payload]]:
    """A command `rhoset probe` that calls the function put into the list."""
    behaviour: list[Callable[[Output], Payload]] = []

    @command(example="rhoset probe --number 3", name="probe")
    @click.option("--number", type=int, default=0)
    def body(out: Output, number: int) -> Payload:
        """Do as told."""
        return behaviour[-1](out)

    module = ModuleType("rhoset.cli._probe")
    module.__spec__ = ModuleSpec("rhoset.cli._probe", None)
    module.command = body  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rhoset.cli._probe", module)
    monkeypatch.setitem(_app.COMMANDS, "probe", "_probe")
    return behaviour
