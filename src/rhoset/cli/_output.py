"""What a command says: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Payload = Mapping[str, Any]
"""What a command returns: the JSON object that `--json` prints."""


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

    def say(self, text: str = "") -> None:
        """Print a line of the result for a human (standard output; silent with `--json`)."""
        if not self.json:
            print(text)

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
        cells = [[_cell(value) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
        numeric = [bool(rows) and all(isinstance(row[k], int | float) for row in rows) for k in range(len(headers))]
        for line in [list(headers), *cells]:
            padded = [
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(line, widths, numeric, strict=True)
            ]
            print("  ".join(padded).rstrip())
        if left_out > 0:
            print(f"… {left_out} more")

    def note(self, text: str) -> None:
        """Print a remark (standard error; silent with `-q`)."""
        if not self.quiet:
            print(text, file=sys.stderr)

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
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            Remaining(elapsed_when_finished=True),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(description, total=total)

            def update(completed: float, description: str | None = None) -> None:
                bar.update(task, completed=completed, description=description)

            yield update


def to_json(value: object) -> Any:
    """Turn numpy values, paths and non-finite floats into what JSON can say (NaN, ±∞ → null)."""
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    return str(value)


def print_json(payload: object) -> None:
    """Print one JSON object on standard output."""
    print(json.dumps(to_json(payload), indent=2, ensure_ascii=False))


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
