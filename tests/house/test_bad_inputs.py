"""What goes wrong, over all commands: files, permissions, pipes, streams, encodings, options out of range.

The commands and their parameters come from the package, so that a new command is covered when it is added.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from safetensors.numpy import save_file
from support.commands import Command, Good, commands

from rhoset.cli import main
from rhoset.cli._types import Number, Writable
from rhoset.networks import write_network
from rhoset.networks.constructing import construct

COMMANDS = list(commands())
IDS = [command.name for command in COMMANDS]
SECONDS = 300
"""A call that takes longer hangs."""


@pytest.fixture(scope="module")
def good() -> Iterator[Good]:
    """A network, a certificate, a checkpoint and a sweep that are right, in a folder that anyone may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "out").mkdir()
        (folder / "out").chmod(0o777)
        write_network(folder / "good.safetensors", construct("S3", ["[2,1]", "[1,1,1]"], seed=1).network)
        assert main(["certify", str(folder / "good.safetensors"), "-q", "--json"]) == 0
        eye = np.eye(9, dtype=np.float32)
        pairs = np.arange(9)
        tables = {"embedding_left": eye[pairs // 3], "embedding_right": eye[pairs % 3], "unembedding": eye}
        save_file(
            {k: np.ascontiguousarray(v[:3] if "emb" in k[:3] else v) for k, v in tables.items()},
            folder / "model.safetensors",
        )
        (folder / "map.toml").write_text('[tensors]\nleft = "a"\nright = "b"\nunembed = "c"\n')
        (folder / "sweep.toml").write_text('models = 1\n[settings]\nmax_steps = 1\n[grid]\ngroup = ["C3"]\n')
        yield Good(folder)


@contextmanager
def in_time() -> Iterator[None]:
    def late(number: int, frame: object) -> None:
        raise TimeoutError(f"took more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written to the current folder is written where nothing is."""
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Call a command line; the exit code and what it wrote."""

    def call(arguments: list[str]) -> tuple[int, str, str]:
        capfd.readouterr()
        with in_time():
            code = main(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return call


def refused(ran: tuple[int, str, str], *, codes: tuple[int, ...] = (2,)) -> None:
    """Exit code 2, one line, nothing else."""
    code, out, err = ran
    assert code in codes, (code, out, err)
    if code == 2:
        assert out == "", out
        assert err.startswith("rhoset: "), err
        assert err.count("\n") == 1, err
        assert err.endswith("\n")
    assert "Traceback" not in err
    assert not re.search(r"unexpected \w+(Error|Exception|Warning)", err), err


# Files --------------------------------------------------------------------------------------------


def truncated(good: Good, place: Path) -> None:
    data = (good.folder / "good.safetensors").read_bytes()
    place.write_bytes(data[: len(data) // 2])


KINDS: dict[str, Callable[[Good, Path], object]] = {
    "missing": lambda good, place: None,
    "empty": lambda good, place: place.write_bytes(b""),
    "folder": lambda good, place: place.mkdir(),
    "pipe": lambda good, place: os.mkfifo(place),
    "text": lambda good, place: place.write_text("hello\nworld … ≠ ± \x1b[31m\n"),
    "json": lambda good, place: place.write_text('{"left": [1, 2]}'),
    "lfs": lambda good, place: place.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n"),
    "bytes": lambda good, place: place.write_bytes(bytes(range(256)) * 40),
    "truncated": truncated,
    "dangling": lambda good, place: place.symlink_to("nowhere"),
    "loop": lambda good, place: place.symlink_to(place),
    "socket folder": lambda good, place: (place.mkdir(), os.mkfifo(place / "run.toml")),
}
NAMES = ["x", "ρ …", "a\nb", "x" * 300, "\udc80", "-"]


def path_parameters() -> Iterator[Any]:
    for command in COMMANDS:
        for parameter in [*command.arguments, *command.options]:
            known = {"GROUP", "NAME", "FORMAT", "PLAN"}
            if getattr(parameter, "is_flag", False) or not isinstance(
                parameter.type, click.Path | click.types.StringParamType
            ):
                continue
            if (parameter.metavar or "").upper() in known or isinstance(parameter.type, Writable):
                continue
            if (
                isinstance(parameter, click.Option)
                and not isinstance(parameter.type, click.Path)
                and not parameter.required
            ):
                continue
            yield pytest.param(command, parameter, id=f"{command.name} {parameter.name}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("command", "parameter"), list(path_parameters()))
def test_bad_files(
    command: Command, parameter: click.Parameter, kind: str, good: Good, run: Callable[..., Any], tmp_path: Path
) -> None:
    if (command.name, parameter.name, kind) == ("train", "file", "empty"):
        pytest.skip("no settings are settings")
    place = tmp_path / "bad.safetensors"
    KINDS[kind](good, place)
    before = left_in(good.folder)
    line = good.call(command, {str(parameter.name): str(place)})
    certificate = command.name == "check" and parameter.name == "certificate"
    refused(run(line), codes=(1, 2) if certificate else (2,))
    assert left_in(good.folder) == before


def left_in(folder: Path) -> list[str]:
    """What lies in a folder, but for what is kept of the networks that could be read."""
    return sorted(set(os.listdir(folder)) - {".measured"})


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize(("command", "parameter"), list(path_parameters()))
def test_names_that_are_not_there(
    command: Command, parameter: click.Parameter, name: str, good: Good, run: Callable[..., Any], tmp_path: Path
) -> None:
    refused(run(good.call(command, {str(parameter.name): str(tmp_path / name)})))
    refused(run(good.call(command, {str(parameter.name): ""})))


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.getuid() != 0, reason="only root can become someone else")
@pytest.mark.parametrize(("command", "parameter"), list(path_parameters()))
def test_no_permission(command: Command, parameter: click.Parameter, good: Good, run: Callable[..., Any]) -> None:
    if (command.name, parameter.name) == ("formation", "place"):
        pytest.skip("reads what lies beside the file, not the file")
    name = good.of(command, parameter)
    secret = good.folder / f"secret{Path(name).suffix}"
    if not Path(name).is_file():
        shutil.copy(good.folder / "good.safetensors", secret)
    else:
        shutil.copy(name, secret)
    run(good.call(command, {str(parameter.name): str(good.folder / "none")}))  # whatever is imported is imported now
    secret.chmod(0)
    os.seteuid(65534)
    try:
        ran = run(good.call(command, {str(parameter.name): str(secret)}))
    finally:
        os.seteuid(0)
        secret.unlink()
    refused(ran)
    assert "Permission denied" in ran[2]


# Options ------------------------------------------------------------------------------------------


def bad_values(option: click.Option) -> list[str]:
    kind = option.type
    if isinstance(kind, click.IntRange):
        values = ["x", "", "1.5", "nan", str(10**30)]
        values += [str(kind.min - 1)] if kind.min is not None else []
        return values if kind.max is not None else [v for v in values if v != str(10**30)]
    if isinstance(kind, Number):
        return ["x", "", "nan", "inf", "-inf", str(kind.low - 1), "1e400"]
    if isinstance(kind, click.Choice):
        return ["nonsense", ""]
    if isinstance(kind, Writable):
        return ["-", "\0", ""]
    if kind in (click.INT, click.FLOAT):
        return ["x", ""]
    return []


def option_cases() -> Iterator[Any]:
    for command in COMMANDS:
        for option in command.options:
            for value in bad_values(option):
                yield pytest.param(command, option, value, id=f"{command.name} {option.opts[0]} {value!r}")


@pytest.mark.parametrize(("command", "option", "value"), list(option_cases()))
def test_options_out_of_range(
    command: Command, option: click.Option, value: str, good: Good, run: Callable[..., Any]
) -> None:
    ran = run(good.call(command, {str(option.name): value}))
    refused(ran)
    assert option.opts[0] in ran[2]
    assert "━" not in ran[2]


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_no_number_is_taken_unchecked(command: Command) -> None:
    for option in command.options:
        assert option.type not in (click.INT, click.FLOAT) or command.name == "train", option.opts


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_an_unknown_option_and_a_surplus_argument(command: Command, good: Good, run: Callable[..., Any]) -> None:
    refused(run([*good.call(command), "--nonsense"]))
    if not any(argument.nargs == -1 for argument in command.arguments):
        refused(run([*good.call(command), "superfluous"]))
    wrong = command.words[-1][:-1] + "xx"
    ran = run([*command.words[:-1], wrong])
    refused(ran)
    assert repr(wrong) in ran[2]


def outputs() -> Iterator[Any]:
    for command in COMMANDS:
        for option in command.options:
            if isinstance(option.type, Writable):
                yield pytest.param(command, option, id=f"{command.name} {option.opts[0]}")


@pytest.mark.parametrize(("command", "option"), list(outputs()))
def test_a_pipe_or_device_is_not_written_to(
    command: Command, option: click.Option, good: Good, run: Callable[..., Any], tmp_path: Path
) -> None:
    """With --force too: renaming a file to it would destroy it."""
    place = tmp_path / "pipe"
    os.mkfifo(place)
    force = ["--force"] if any("--force" in other.opts for other in command.options) else []
    ran = run([*good.call(command, {str(option.name): str(place)}), *force])
    refused(ran)
    assert "is a pipe or a device" in ran[2]
    assert place.is_fifo()


@pytest.mark.parametrize(("command", "option"), list(outputs()))
def test_a_file_in_a_folder_that_is_not_there(
    command: Command, option: click.Option, good: Good, run: Callable[..., Any], tmp_path: Path
) -> None:
    """No command makes the folder of a file that it is told to write; folders that are named are made."""
    assert isinstance(option.type, Writable)
    if option.type.folder:
        return
    place = tmp_path / "none" / Path(good.of(command, option)).name
    ran = run(good.call(command, {str(option.name): str(place)}))
    refused(ran)
    assert str(place.parent) in ran[2]
    assert not place.parent.exists()


# Streams ------------------------------------------------------------------------------------------

ENCODINGS = ["ascii", "latin-1", "cp1252", "utf-8"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "line", [["groups", "list"], ["groups", "show", "S3"], ["explain", "NET"], ["check", "CERT", "--network", "NET"]]
)
@pytest.mark.parametrize("json_too", [False, True])
def test_any_encoding(
    encoding: str, line: list[str], json_too: bool, good: Good, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, raw_err = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="strict"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw_err, encoding=encoding, errors="strict"))
    names = {"NET": "good.safetensors", "CERT": "good.auto.cert"}
    called = [str(good.folder / names[word]) if word in names else word for word in line]
    assert main([*called, *(["--json"] if json_too else [])]) == 0
    text = raw.getvalue().decode(encoding)
    if json_too:
        assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_help_in_any_encoding(command: Command, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="strict"))
    assert main([*command.words, "--help"]) == 0
    assert b"Example" in raw.getvalue()


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_a_closed_output(command: Command, good: Good, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be said the exit code is 2, whatever the answer would be, and nothing is begun."""
    before = sorted(os.listdir(good.folder))
    error = io.StringIO()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", error)
    for line in ([*command.words, "--help"], good.call(command)):
        assert main(line) == 2
    assert error.getvalue().count("rhoset: the standard output is closed") == 2
    assert sorted(os.listdir(good.folder)) == before


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_closed_errors(command: Command, good: Good, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", None)
    assert main([*command.words, "--nonsense"]) == 2
    assert out.getvalue() == ""


CHECK = ["check", "CERT", "--network", "NET"]


@pytest.mark.parametrize(
    "words", [["--help"], ["groups", "list"], CHECK, [*CHECK, "--json"], ["check", "WRONG", "--network", "NET"]]
)
@pytest.mark.parametrize("state", ["closed", "full", "read end closed", "errors closed", "errors full", "both closed"])
def test_real_streams(state: str, words: list[str], good: Good) -> None:
    """In a process of its own: closed and full outputs, with valid and invalid certificates."""
    shutil.copy(good.folder / "good.auto.cert", good.folder / "wrong.cert")
    other = good.folder / "other.safetensors"
    write_network(other, construct("S3", ["[2,1]", "[1,1,1]"], seed=2).network)
    names = {"NET": "good.safetensors", "CERT": "good.auto.cert", "WRONG": "wrong.cert"}
    line = [str(good.folder / names[word]) if word in names else word for word in words]
    if "WRONG" in words:
        line[-1] = str(other)
    redirect = {
        "closed": ">&-",
        "full": ">/dev/full",
        "read end closed": "",
        "errors closed": "2>&-",
        "errors full": "2>/dev/full",
        "both closed": ">&- 2>&-",
    }[state]
    call = " ".join(f"'{word}'" for word in (sys.executable, "-m", "rhoset", *line))
    read, write = os.pipe()
    os.close(read)
    out = write if state == "read end closed" else subprocess.PIPE
    shell = ["bash", "-c", f"{call} {redirect}"]
    done = subprocess.run(shell, stdout=out, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    os.close(write)
    answer = 1 if "WRONG" in words else 0
    assert done.returncode == (answer if state.startswith("errors") else 2), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 1
