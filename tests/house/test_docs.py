"""The documentation is run: its Python, its commands; the command reference is fresh; links lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import click
import pytest

from rhoset.cli import main
from rhoset.cli._app import app
from rhoset.errors import MissingExtra

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
RUN = ["tutorial.md", "training.md", "your-own-network.md", "networks.md", "frameworks.md", "extending.md"]
"""Pages whose blocks are run, in order, in one folder."""

BLOCK = re.compile(r"(<!-- not run -->\n)?^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    run: bool

    @property
    def commands(self) -> list[list[str]]:
        """The words of each `rhoset` command in a console block."""
        lines = self.text.replace("\\\n", " ").splitlines()
        found = [shlex.split(line, comments=True) for line in lines]
        return [words[1:] for words in found if words[:1] == ["rhoset"]]


def trains(block: Block) -> bool:
    """True where running the block needs PyTorch."""
    return "rhoset.training" in block.text or any(words[0] in ("train", "sweep") for words in block.commands)


def blocks(page: Path) -> list[Block]:
    return [Block(m[2], m[3], m[1] is None) for m in BLOCK.finditer(page.read_text("utf-8"))]


@pytest.mark.parametrize("name", RUN)
def test_blocks_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    if any(block.run and trains(block) for block in blocks(DOCS / name)):
        pytest.importorskip("torch")
    namespace: dict[str, object] = {}
    ran = 0
    for block in blocks(DOCS / name):
        if not block.run:
            continue
        if block.language == "python":
            try:
                exec(compile(block.text, name, "exec"), namespace)
            except MissingExtra as missing:
                pytest.skip(str(missing))
            ran += 1
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "console":
            for words in block.commands:
                assert main([*words, "-q"]) == 0, words
                ran += 1
    assert ran >= 2


def test_what_the_tutorial_says_of_its_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    network, text = str(tmp_path / "net.safetensors"), (DOCS / "tutorial.md").read_text("utf-8")
    assert main(["construct", "S4", "--irrep", "[3,1]", "--noise", "0.02", "--out", network, "-q"]) == 0
    capsys.readouterr()
    assert main(["certify", network, "--objective", "operations", "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["certificates"]
    assert "less than a tenth of the work" in text
    assert said["operations"] < 0.1 * said["exhaustive_operations"]
    assert "576 pairs" in " ".join(text.split())
    assert said["right"] == said["inputs"] == 576


def test_python_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (block,) = [b for b in blocks(ROOT / "README.md") if b.language == "python"]
    exec(compile(block.text, "README.md", "exec"), {})
    assert "a tetrahedron" in (tmp_path / "picture.html").read_text(encoding="utf-8")


def test_examples(tmp_path: Path):
    """The scripts in examples/ run; the demo is run by CI in a clean clone."""
    ran = []
    for script in sorted((ROOT / "examples").glob("*.py")):
        if script.name != "demo.py":
            done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            ran.append(script.name)
    assert len(ran) >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path):
    """Every command line that the docs show is one that rhoset would understand."""
    for block in blocks(page):
        if block.language in ("console", "bash", "sh"):
            for words in block.commands:
                understood(words)


def understood(words: list[str]) -> None:
    context = click.Context(app, info_name="rhoset")
    command: click.Command | None = app
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, name
        context = click.Context(command, info_name=name, parent=context)
    command.make_context(context.info_name, list(words))


def test_that_test_can_fail():
    with pytest.raises(click.UsageError):
        understood(["groups", "show", "--nonsense", "S4"])
    with pytest.raises(AssertionError):
        understood(["nonsense"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:|#", target):
            continue
        path, _, _ = target.partition("#")
        assert (page.parent / path).exists(), f"{page.name}: {target}"


def test_pages_are_in_the_site():
    nav = (ROOT / "mkdocs.yml").read_text("utf-8")
    for page in DOCS.glob("*.md"):
        assert page.name in nav, page.name


def reference() -> ModuleType:
    """scripts/write_reference.py."""
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "scripts" / "write_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_is_fresh():
    written = reference().pages()
    for name, text in written.items():
        assert (DOCS / name).read_text("utf-8") == text, f"{name}: run `make reference`"
    folders = [DOCS / room for room in ("api", "cli", "errors")]
    kept = {f"{page.parent.name}/{page.name}" for folder in folders for page in folder.glob("*.md")}
    assert kept <= set(written), "a page of a room that is gone: remove it"


def two_slugs_of_one_meaning(said: dict[str, set[str]]) -> set[str]:
    """Of slugs with their messages: messages under two slugs, and things called both unknown and no such."""
    homes: dict[str, set[str]] = {}
    for slug, messages in said.items():
        for message in messages:
            bare = re.sub(r"\{[^}]*\}", "{}", message)
            if len(re.sub(r"\{\}|\W", "", bare)) > 2 * len("not TOML"):  # more than the words of a library's reason
                homes.setdefault(bare, set()).add(slug)
    found = {message for message, slugs in homes.items() if len(slugs) > 1}
    things = [slug.removeprefix("no-such-") for slug in said if slug.startswith("no-such-")]
    return found | {thing for thing in things if f"unknown-{thing}" in said}


def test_one_meaning_has_one_slug():
    module = reference()
    said: dict[str, set[str]] = {}
    for path in sorted((ROOT / "src" / "rhoset").rglob("*.py")):
        for slug, message in module.slugs(path):
            said.setdefault(slug, set()).add(message)
    allowed = {"{}: not a readable TOML file ({})"}  # of a sweep and of a study: the file to mend is another
    assert two_slugs_of_one_meaning(said) <= allowed


def test_two_slugs_would_be_seen():
    said = {
        "a": {"{x}: nobody writes there today"},
        "b": {"{y}: nobody writes there today"},
        "c": {"{x}"},
        "d": {"{x}"},
    }
    assert two_slugs_of_one_meaning(said) == {"{}: nobody writes there today"}
    assert two_slugs_of_one_meaning({"unknown-irrep": {""}, "no-such-irrep": {""}}) == {"irrep"}


def commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        found += commands(inner, (*path, name))
    return found


@pytest.mark.parametrize(("path", "command"), commands(app), ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_every_command_has_help_an_example_and_the_shared_options(path, command):
    assert command.help
    assert command.epilog.startswith("Example:")
    example = shlex.split(command.epilog.removeprefix("Example:"))
    assert example[0] == "rhoset"
    assert tuple(example[1 : 1 + len(path)]) == path
    understood(example[1:])
    options = {flag for p in command.params if isinstance(p, click.Option) for flag in p.opts}
    assert {"--json", "-q", "--debug", "--version"} <= options
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{path} {option.name}"
