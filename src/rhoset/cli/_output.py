"""What a command says: results on standard output, everything else on standard error."""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from rhoset.errors import RhosetError
from rhoset.reading import as_json
from rhoset.summaries import cell, numeric_columns

Payload = Mapping[str, Any]
"""What a command returns: the JSON object that `--json` prints."""


@dataclass(frozen=True)
class Failure:
    """An input that failed while others were done."""

    input: str
    message: str
    slug: str


@dataclass
class Output:
    """The voice of one command call.

    With `json`, standard output carries the returned object alone and `say` and `table` are
    silent; with `quiet`, `note` and `progress` are silent.
    """

    json: bool = False
    quiet: bool = False
    debug: bool = False
    denied: bool = field(default=False, init=False)
    failures: list[Failure] = field(default_factory=list, init=False)

    def say(self, text: str = "") -> None:
        """Print a line of the result for a human (standard output; silent with `--json`)."""
        if not self.json:
            print(visible(text))

    def table(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        limit: int | None = None,
    ) -> None:
        """Print rows under headers in aligned columns (silent with `--json`).

        Numbers are aligned to the right; floats are printed with four significant digits. Of more
        than `limit` rows the first are printed, and how many are left out.
        """
        if self.json:
            return
        left_out = 0 if limit is None else len(rows) - limit
        if left_out > 0:
            rows = rows[:limit]
        cells = [[visible(cell(value).replace("\n", "\\n")) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
        numeric = numeric_columns(rows, len(headers))
        for line in [list(headers), *cells]:
            padded = [
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(line, widths, numeric, strict=True)
            ]
            self.say("  ".join(padded).rstrip())
        if left_out > 0:
            self.say(f"… {left_out} more")

    def note(self, text: str) -> None:
        """Print a remark (standard error; silent with `-q`)."""
        if not self.quiet:
            print(visible(text), file=sys.stderr)

    @contextmanager
    def attempt(self, name: str, *, alone: bool = False) -> Iterator[None]:
        """Let an error in the block cost this input only: it is recorded, and the command goes on.

        At the end the command prints one line for each and exits with 2. With `alone`, where there is no other input,
        the error is raised as it is.
        """
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit, BrokenPipeError):
            raise
        except BaseException as error:
            if alone or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
                raise
            if self.debug:
                traceback.print_exception(error)
            message, slug = describe(error)
            self.failures.append(Failure(name, message if name in message else f"{name}: {message}", slug))

    def say_failures(self) -> None:
        """Print one line for each input that failed (standard error, `-q` or not); the same line once."""
        for message in dict.fromkeys(failure.message for failure in self.failures):
            print(f"rhoset: {visible(message)}", file=sys.stderr)

    def no(self) -> None:
        """Record that the answer is no: the command will exit with 1."""
        self.denied = True

    @contextmanager
    def progress(self, description: str, total: float) -> Iterator[Callable[..., None]]:
        """A progress bar on standard error.

        Yields ``update(completed, description=None)``: how much of `total` is done so far, and
        optionally a new text before the bar. Silent with `-q`.
        """
        if self.quiet:
            yield lambda completed, description=None: None
            return
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        console = Console(stderr=True)
        if not console.is_terminal:
            said = [description]
            yield lambda completed, description=None: said.append(description or said[-1])
            print(f"{visible(said[-1])}: 100%", file=sys.stderr)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            Remaining(elapsed_when_finished=True),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(escape(visible(description)), total=total)

            def update(completed: float, description: str | None = None) -> None:
                bar.update(task, completed=completed, description=description and escape(visible(description)))

            try:
                yield update
            except BaseException:
                bar.live.transient = True  # no bar stays above the line that says what is wrong
                raise

    @contextmanager
    def counting(self, description: str) -> Iterator[Callable[[int, int], None]]:
        """`progress` over networks: a function of how many are done, and of how many."""
        with self.progress(description, 1) as update:
            yield lambda done, total: update(done / max(total, 1), f"network {done} of {total}")


@dataclass
class Recorded(Output):
    """Keeps the lines of the result, for another process to say."""

    lines: list[str] = field(default_factory=list, init=False)

    def say(self, text: str = "") -> None:
        """Keep a line (none with `--json`)."""
        if not self.json:
            self.lines.append(text)


def print_json(payload: object) -> None:
    """Print one JSON object on standard output; in ASCII where that cannot say all letters."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    print(json.dumps(as_json(payload), indent=2, ensure_ascii=encoding != "utf8"))


def describe(error: BaseException) -> tuple[str, str]:
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
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        return f"{where}{reason}", "file"
    if isinstance(error, MemoryError):
        return "out of memory; a smaller group or width would need less", "memory"
    if isinstance(error, RecursionError):
        return "nested too deeply", "unexpected"
    text = _line(str(error))
    if isinstance(error, RuntimeError) and ("allocate memory" in text or "out of memory" in text):  # PyTorch's
        return "out of memory; a smaller group or width would need less", "memory"
    kind = type(error).__name__
    return f"unexpected {kind}{': ' + text if text else ''} (--debug shows where)", "unexpected"


def visible(text: str) -> str:
    """A text as a terminal may have it: control characters, which file names may hold, are written out."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def _line(text: str) -> str:
    return " ".join(text.split())
