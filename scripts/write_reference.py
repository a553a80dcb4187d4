"""Write docs/cli.md, docs/api.md, docs/errors.md and the pages below them from the source: `make reference`.

A test compares the files with what this script would write, so the pages cannot go stale.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import click

import rhoset
from rhoset.cli._app import app

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "rhoset"
SHARED = {"--json", "--quiet", "--debug", "--version", "--help"}
NOTE = "<!-- Written by scripts/write_reference.py; run `make reference` after a change. -->"
HEAD = f"""# Command line

{NOTE}

All commands take these options:

| option | meaning |
|---|---|
| `--json` | print one JSON object on standard output and nothing else there |
| `-q`, `--quiet` | no progress and no remarks on standard error |
| `--debug` | show the traceback of an error |
| `--version` | show the version |
| `-h`, `--help` | show the help |

Exit codes: **0** done; **1** the answer is no (a certificate that does not check, a bound below `--require`);
**2** the input or the call is wrong, with one line on standard error that says what, where and what would be right;
**130** interrupted.

NET is a network file, a run folder (all its networks), a sweep (all networks of all its runs), a folder of network
files, or `RUN#3` (network 3 of a run).
GROUP is a name that `rhoset groups list` explains.

| command | what it does |
|---|---|
"""


API_HEAD = f"""# Python

{NOTE}

Everything below is reached as `rs.NAME` after `import rhoset as rs`. Importing is quick; each name loads what it needs
on first use, and PyTorch is loaded only to train.
"""
ERRORS_HEAD = f"""# Errors

{NOTE}

Every error that bad input or a wrong call can cause is a `rhoset.RhosetError` with a message in one line and a stable
`slug`. The command line prints the message and exits with 2. The pages of the rooms have the messages; what stands in
braces there is filled in.
"""
TITLES = {
    "api": "In a few calls",
    "groups": "Groups",
    "networks": "Networks",
    "explaining": "Explanations",
    "prove": "Proving",
    "verdict": "Checking",
    "populations": "Populations",
    "display": "Pictures",
    "frameworks": "Other frameworks",
    "errors": "Errors",
}
"""Heading of the names of each room, in the order of the page."""
PARTS = {
    "groups": {
        "subgroups": ("Subgroups and G-sets", ("GSet", "Subgroup", "subgroup_classes")),
        "representations": ("Representations", ("Irrep", "irreps", "fourier", "inverse_fourier")),
        "rho-sets": ("ρ-sets", ("RhoSet", "RhoSetFamily", "minimal_rho_set", "rho_set_families")),
    },
    "networks": {"constructing": ("Networks made from ρ-sets", ("CircuitPlan", "Planted", "construct"))},
    "explaining": {
        "parts": ("Parts of an explanation", ("Circuit", "Quadrature")),
        "judged": ("How good an explanation is", ("Diagnosis", "diagnose", "faithfulness")),
        "laws": ("Laws of reading and writing", ("ReadingLaw", "WritingLaw", "reading_law", "writing_law")),
        "needed": ("What is needed", ("Division", "division", "equivariance", "minimality")),
    },
    "populations": {"compare": ("Two populations compared", ("compare",))},
    "frameworks": {
        "onnx": ("ONNX and outside verifiers", ("from_onnx", "to_onnx", "write_query")),
        "patching": ("Patching", ("activations", "logits_of", "without")),
    },
}
"""Rooms with more names than a page shows → part → its heading and names."""


def pages() -> dict[str, str]:
    """File name → the whole page."""
    return {**command_pages(), **api_pages(), **error_pages()}


def api_pages() -> dict[str, str]:
    """The names of `rhoset/__init__.pyi`: a page a room, and one that lists them."""
    rooms: dict[str, list[str]] = {}
    for name, module in rhoset._HOME.items():
        rooms.setdefault(module.split(".")[1], []).append(f"{module}.{name}")
    found, listed = {}, [API_HEAD, "| page | names |", "|---|---|"]
    for room, title in TITLES.items():
        names = rooms.pop(room)
        parts = PARTS.get(room, {})
        apart = {name for _, held in parts.values() for name in held}
        whole = tuple(bare for bare in map(_bare, names) if bare not in apart)
        for page, heading, held in [(room, title, whole), *((f"{room}-{part}", *one) for part, one in parts.items())]:
            full = [name for name in names if _bare(name) in held]
            listed.append(f"| [{heading}](api/{page}.md) | {', '.join(f'`{_bare(name)}`' for name in full)} |")
            found[f"api/{page}.md"] = "\n".join([f"# {heading}\n", f"{NOTE}\n", *(f"::: {name}\n" for name in full)])
        if missing := apart - set(map(_bare, names)):
            raise SystemExit(f"{room} has no {', '.join(sorted(missing))}")
    if rooms:
        raise SystemExit(f"rooms without a heading: {', '.join(rooms)}")
    return {"api.md": "\n".join(listed) + "\n", **found}


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def error_pages() -> dict[str, str]:
    """Every slug in the source, with the messages it comes with and the modules that raise it: a page a room."""
    rooms: dict[str, dict[str, tuple[list[str], list[str]]]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        parts = path.relative_to(SOURCE).parts
        for slug, message in slugs(path):
            found = rooms.setdefault(parts[0] if len(parts) > 1 else BELOW, {})
            messages, modules = found.setdefault(slug, ([], []))
            messages += [message] if message not in (*messages, "{…}") else []
            modules += [module] if module not in modules else []
    listed = [ERRORS_HEAD, "| raised in | slugs |", "|---|---|"]
    written = {}
    for room, found in sorted(rooms.items()):
        rows = []
        for slug, (messages, modules) in sorted(found.items()):
            said = "<br>".join(message.replace("|", "\\|").replace("<", "&lt;") for message in messages)
            rows.append(f"| `{slug}` | {said} | {', '.join(f'`{module}`' for module in modules)} |")
        listed.append(f"| [{room}](errors/{room}.md) | {', '.join(f'`{slug}`' for slug in sorted(found))} |")
        head = f"# Errors of {room}\n\n{NOTE}\n\n| slug | says | raised in |\n|---|---|---|\n"
        written[f"errors/{room}.md"] = head + "\n".join(rows) + "\n"
    return {"errors.md": "\n".join(listed) + "\n", **written}


BELOW = "basics"
"""Page of what modules beside the rooms raise."""


def slugs(path: Path) -> Iterator[tuple[str, str]]:
    """Slug and message of each error that a module makes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            for keyword in node.keywords:
                if keyword.arg == "slug" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value), _message(node.args[0])


def _message(node: ast.expr) -> str:
    """The text of a string, with names in braces for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_message(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        text = ast.unparse(node.value)
        return f"{{{text}}}" if text.isidentifier() or text.replace(".", "").isidentifier() else "{…}"
    return "{…}"


def command_pages() -> dict[str, str]:
    """A page a command, and one that lists them."""
    context = click.Context(app, info_name="rhoset")
    written, listed = {}, []
    for name in app.list_commands(context):
        command = app.get_command(context, name)
        if command is not None:
            page = "\n".join([f"{NOTE}\n", *_section(command, f"rhoset {name}", context)])
            written[f"cli/{name}.md"] = page.rstrip() + "\n"
            listed.append(f"| [`{name}`](cli/{name}.md) | {command.get_short_help_str(limit=200)} |")
    return {"cli.md": HEAD + "\n".join(listed) + "\n", **written}


def _section(command: click.Command, path: str, parent: click.Context, heading: str = "#") -> list[str]:
    context = click.Context(command, info_name=path.rsplit(" ", 1)[-1], parent=parent)
    if isinstance(command, click.Group):
        found = [f"{heading} {path}", ""]
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                found += _section(inner, f"{path} {name}", context, f"{heading}#")
        return found
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"{heading} {path}", "", *_paragraphs(command.help or ""), f"    {path} {usage}", ""]
    options = [p for p in command.params if isinstance(p, click.Option) and not SHARED.intersection(p.opts)]
    if options:
        lines += ["| option | meaning |", "|---|---|"]
        for option in options:
            record = option.get_help_record(context)
            if record is not None:
                flags, said = (escape(" ".join(text.split()), quote=False).replace("|", "&#124;") for text in record)
                lines.append(f"| <code>{flags}</code> | {said} |")
        lines.append("")
    if command.epilog:
        lines += ["Example:", "", f"    {command.epilog.removeprefix('Example:').strip()}", ""]
    return lines


def _paragraphs(text: str) -> list[str]:
    """The help's paragraphs, each on one line."""
    found: list[str] = []
    for paragraph in text.replace("\b\n", "").strip().split("\n\n"):
        found += [" ".join(paragraph.split()), ""]
    return found


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / "docs" / name).parent.mkdir(exist_ok=True)
        (ROOT / "docs" / name).write_text(text, encoding="utf-8")
        print(name, file=sys.stderr)
