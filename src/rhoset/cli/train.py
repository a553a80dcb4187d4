"""`rhoset train`: a population of networks into a run folder."""

from __future__ import annotations

import math
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rhoset.cli._command import command as make_command
from rhoset.cli._output import Output, Payload
from rhoset.cli._types import FOLDER, SEED, WORKERS
from rhoset.errors import RhosetError
from rhoset.reading import as_toml, read_text
from rhoset.summaries import counted, percentage

if TYPE_CHECKING:
    from rhoset.training import Progress, TrainConfig

LIVE_ROWS = 12
"""Networks in the live table: those in training, then those finished last."""

NEWS_EVERY = 15.0
"""Seconds between lines about networks in training, where there is no terminal for a table."""

FLOPS = 5e10
"""Floating-point operations a second that a guess of a step's time assumes of one core."""

LONG_STEP = 60.0
"""Seconds of a step from which on a user is told of it beforehand."""

_SHORT = (
    ("width", "width", int, "Hidden neurons."),
    ("fraction", "train_fraction", float, "Share of the pairs to train on."),
    ("activation", "activation", str, "relu, gelu, silu, abs, square or linear."),
    ("architecture", "architecture", str, "factored, concatenated, shared_embedding, folded, encoded."),
    ("batch", "batch", int, "Pairs a step; 0: all."),
    ("steps", "max_steps", int, "Steps at most."),
    ("checkpoints", "checkpoints", int, "Snapshots at log-spaced steps."),
)
"""Options for the settings that are changed most: option, setting, type, help."""


def _settings_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option, setting, kind, text in reversed(_SHORT):
        function = click.option(f"--{option}", setting, type=kind, default=None, help=text)(function)
    return function


@make_command(example="rhoset train S5 --models 3 --out runs/s5")
@click.argument("group_name", metavar="GROUP")
@click.option("--models", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option("--out", "folder", type=FOLDER, default=None, help="Run folder [runs/GROUP].")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the first.")
@click.option("--preset", "preset_name", default=None, help="A paper's settings [wu2024-all-pairs].")
@click.option("--config", "file", type=click.Path(), default=None, help="Settings in TOML.")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Any setting.")
@_settings_options
@click.option("--workers", type=WORKERS, default=None, help="Processes [the cores].")
@click.option("--threads", type=WORKERS, default=1, help="Threads for each network [1].")
@click.option("--device", default="cpu", help="cpu [default], or a GPU such as cuda:0.")
def command(
    out: Output,
    group_name: str,
    models: int,
    folder: Path | None,
    seed: int,
    preset_name: str | None,
    file: str | None,
    changes: tuple[str, ...],
    workers: int | None,
    threads: int,
    device: str,
    **short: Any,
) -> Payload:
    """Train networks on GROUP, with seeds SEED, SEED + 1, … into a run folder.

    A run that was stopped goes on when the command is given again; with more --models it grows.
    Settings are those of --preset, then --config, then the other options.
    """
    from rhoset.groups import group

    config = _config(preset_name, file, changes, short)
    chosen = group(group_name)
    from rhoset.training import train_population  # loads PyTorch: only when the call is right

    path = Path(folder or Path("runs") / "".join(c if c.isalnum() else "_" for c in chosen.name))
    if said := long_steps(chosen.order, config):
        out.note(said)
    with _watch(out, chosen.name, config.max_steps) as progress:
        found = train_population(
            chosen,
            config,
            models,
            path,
            first_seed=seed,
            workers=workers,
            threads=threads,
            progress=progress,
            device=device,
        )
    for note in found.notes:
        out.note(f"{path}: {note}")
    rows = [dict(row) for row in found.rows if row["index"] < models]
    columns = ["index", "seed", "label", "loss", "accuracy", "steps", "seconds"]
    out.table(columns, [[row[c] for c in columns] for row in rows], limit=40)
    for row in rows:
        if row["sample"]:
            share = (
                f"{percentage(row['accuracy_low'], 2)} to {percentage(row['accuracy_high'], 2)} with 95 % confidence"
            )
            out.say(f"network {row['index']}: accuracy from a sample of {row['sample']} pairs: {share}")
    out.say(f"\n{counted(len(rows), 'network')} in {path}")
    return {"run": str(path), "group": chosen.name, "models": rows, "notes": list(found.notes)}


def long_steps(order: int, config: TrainConfig) -> str | None:
    """What to say where a step is so long that nothing would be heard for minutes; None otherwise."""
    pairs = config.batch or round(config.train_fraction * order**2)
    seconds = 6 * pairs * (config.sampled_outputs or order) * config.width / FLOPS
    if seconds < LONG_STEP:
        return None
    return (
        f"a step takes {pairs:,} pairs through {config.sampled_outputs or order:,} outputs, about {_clock(seconds)} on "
        "one core; for large groups see --batch, architecture encoded and sampled_outputs in docs/training.md"
    )


def _config(preset_name: str | None, file: str | None, changes: tuple[str, ...], short: dict[str, Any]) -> TrainConfig:
    from rhoset.training import preset
    from rhoset.training.presets import DEFAULT_PRESET

    settings: dict[str, Any] = {}
    if file is not None:
        settings = as_toml(read_text(file, "settings in TOML", "bad-setting"), file, "bad-setting")
    preset_name = preset_name or str(settings.pop("preset", None) or DEFAULT_PRESET)
    settings.pop("preset", None)
    for change in changes:
        settings |= _change(change)
    settings |= {name: value for name, value in short.items() if value is not None}
    return preset(preset_name).replace(**settings)


def _change(text: str) -> dict[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise RhosetError(f"--set {text}: expected NAME=VALUE, such as learning_rate=0.003")
    try:
        return {name.strip(): tomllib.loads(f"value = {value}")["value"]}
    except tomllib.TOMLDecodeError:
        return {name.strip(): value.strip()}


@contextmanager
def _watch(out: Output, title: str, max_steps: int) -> Iterator[Callable[[Progress], None] | None]:
    """A live table on a terminal; elsewhere a line for each finished network and, `NEWS_EVERY` seconds or more apart,
    for an evaluation on the way, the first one at once; nothing with -q."""
    if out.quiet:
        yield None
        return
    if not sys.stderr.isatty():
        spoke = -math.inf

        def report(news: Progress) -> None:
            nonlocal spoke
            if news.now is not None and time.monotonic() - spoke >= NEWS_EVERY:
                spoke, now = time.monotonic(), news.now
                out.note(
                    f"seed {news.seed}  step {now.step}  loss {now.loss:.4g}  accuracy {percentage(now.accuracy, 2)}"
                )
            if news.row is not None:
                row = news.row
                out.note(
                    f"{news.done}/{news.total}  seed {news.seed}  {row['label']}  loss "
                    f"{row['loss']:.4g}  accuracy {percentage(row['accuracy'], 2)}  {counted(row['steps'], 'step')}"
                    + (f"  {_clock(news.seconds_left)} left" if news.seconds_left else "")
                )

        yield report
        return
    from rich.console import Console
    from rich.live import Live

    table = _LiveTable(title, max_steps)
    with Live(console=Console(stderr=True), refresh_per_second=4) as live:

        def show(news: Progress) -> None:
            table.add(news)
            live.update(table.render())

        yield show


class _LiveTable:
    """The networks in training and those finished last."""

    def __init__(self, title: str, max_steps: int) -> None:
        self.title, self.max_steps = title, max_steps
        self.latest: dict[int, Progress] = {}
        self.head = ""

    def add(self, news: Progress) -> None:
        self.latest.pop(news.index, None)
        self.latest[news.index] = news
        left = "" if news.seconds_left is None else f", {_clock(news.seconds_left)} left"
        self.head = f"{self.title}: {news.done} of {news.total} done{left}"

    def render(self) -> Any:
        from rich.table import Table

        table = Table(title=self.head, title_justify="left")
        for name in ("seed", "step", "loss", "accuracy", ""):
            table.add_column(name, justify="left" if name == "" else "right")
        order = sorted(self.latest.values(), key=lambda p: p.row is not None)
        running = [p for p in order if p.row is None]
        done = [p for p in order if p.row is not None][::-1]
        for news in (running + done)[:LIVE_ROWS]:
            if news.row is not None:
                row = news.row
                values = (row["steps"], row["loss"], row["accuracy"], row["label"])
            else:
                assert news.now is not None
                values = (news.now.step, news.now.loss, news.now.accuracy, "training")
            step, loss, accuracy, what = values
            table.add_row(str(news.seed), str(step), f"{loss:.4f}", percentage(accuracy, 2), str(what))
        return table


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
