"""Write docs/cli.md from the commands themselves: `make reference`.

A test compares the file with what this script would write, so the page cannot go stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rhoset.cli._app import app

PAGE = Path(__file__).with_name("cli.md")
SHARED = {"--json", "--quiet", "--debug", "--version", "--help"}
HEAD = """# Command line

<!-- Written by docs/reference.py; run `make reference` after a change. -->

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

NET is a network file, a run folder (all its networks), a sweep (all networks of all its runs), a folder of network files,
or `RUN#3` (network 3 of a run).
GROUP is a name that `rhoset groups list` explains.
"""


def page() -> str:
    """The whole page."""
    context = click.Context(app, info_name="rhoset")
    parts = [HEAD]
    for name in app.list_commands(context):
        command = app.get_command(context, name)
        if command is not None:
            parts += _section(command, f"rhoset {name}", context)
    return "\n".join(parts).rstrip() + "\n"


def _section(command: click.Command, path: str, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=path.rsplit(" ", 1)[-1], parent=parent)
    if isinstance(command, click.Group):
        found = []
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                found += _section(inner, f"{path} {name}", context)
        return found
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {path}", "", *_paragraphs(command.help or ""), f"    {path} {usage}", ""]
    options = [p for p in command.params if isinstance(p, click.Option) and not SHARED.intersection(p.opts)]
    if options:
        lines += ["| option | meaning |", "|---|---|"]
        for option in options:
            record = option.get_help_record(context)
            if record is not None:
                flags, said = (" ".join(text.split()).replace("|", "\\|") for text in record)
                lines.append(f"| `{flags}` | {said} |")
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
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE, file=sys.stderr)
