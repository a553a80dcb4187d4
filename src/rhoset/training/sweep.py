"""Sweeps: a grid of runs from one TOML file, on this machine or a Dask cluster, into one table of
results.

    models = 4                       # networks in each cell
    first_seed = 0
    preset = "wu2024-all-pairs"

    [settings]                       # the same in every cell
    max_steps = 2000

    [grid]                           # every combination is a cell
    group = ["S4", "A5"]
    width = [64, 128]
    train_fraction = [0.4, 1.0]

Each cell is an ordinary run folder OUT/cells/NAME; OUT/results.csv has a row for each network, the
grid's columns first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhoset.arguments import public
from rhoset.errors import RhosetError, naming
from rhoset.groups import Group
from rhoset.networks import write_atomic
from rhoset.networks.runs import CELLS, RESULTS, SWEEP, Run
from rhoset.processes import cores
from rhoset.training.addresses import check_address
from rhoset.training.cluster import STACK_PIECE, train_on_cluster
from rhoset.training.config import TrainConfig
from rhoset.training.grid import GridFile, plain
from rhoset.training.manifest import TrainingRun, Wanted, open_or_create, require_trainable
from rhoset.training.member import finished_row
from rhoset.training.members import Job, jobs_of, train_members, worth_processes
from rhoset.training.pool import Failed, Finished, News, train_in_processes
from rhoset.training.population import prepared
from rhoset.training.presets import DEFAULT_PRESET, preset
from rhoset.training.runlock import allow_locks
from rhoset.training.stacks.layout import suits_stack

STATE_EVERY = 60.0
"""Seconds between saves of the state of a network in training on this machine."""

_FILE = GridFile("sweep", slug="bad-sweep")
_KEYS = ("models", "first_seed", "preset", "settings", "grid")


@dataclass(frozen=True, eq=False)
class Cell:
    """One combination of a sweep's grid.

    Parameters
    ----------
    name
        Of its folder, e.g. ``S4,width=64``.
    values
        The grid's columns, group included.
    group
        The group.
    config
        All settings.
    """

    name: str
    values: Mapping[str, Any]
    group: Group
    config: TrainConfig


@dataclass(frozen=True, eq=False)
class Sweep:
    """A sweep as its file says.

    Parameters
    ----------
    cells
        In the order of the grid, the last key fastest.
    models, first_seed
        Networks of each cell.
    text
        The file.
    """

    cells: tuple[Cell, ...]
    models: int
    first_seed: int
    text: str


@dataclass(frozen=True)
class SweepProgress:
    """A network of a sweep is finished.

    Parameters
    ----------
    cell
        The cell's name.
    row
        Its row in the table of results.
    done, total
        Networks finished, and in all.
    """

    cell: str
    row: Mapping[str, Any]
    done: int
    total: int


@public
def read_sweep(path: str | Path) -> Sweep:
    """Read and check a sweep file; groups are built here, so a wrong name is found before anything
    trains.

    Raises
    ------
    RhosetError
        ``bad-sweep``, or what the group's name or a setting raises, naming the file.
    """
    text = _FILE.read(path)
    with naming(path):
        return _parse(_FILE.parsed(text), text)


def _parse(said: dict[str, Any], text: str) -> Sweep:
    _FILE.known(said, _KEYS, "at the top")
    models, first_seed = _FILE.whole(said, "models", 1, 1), _FILE.whole(said, "first_seed", 0, 0)
    settings = said.get("settings", {})
    combinations = list(_FILE.combinations(said.get("grid", {}), settings))
    base = preset(str(said.get("preset", DEFAULT_PRESET))).replace(**settings)
    cells = []
    for values, of in combinations:
        changes = {k: v for k, v in values.items() if k != "group"}
        name = ",".join([plain(str(values["group"])), *(f"{k}={v}" for k, v in changes.items())])
        cells.append(Cell(name, values, of, base.replace(**changes)))
    return Sweep(tuple(cells), models, first_seed, text)


@public
def run_sweep(
    sweep: Sweep,
    out: str | Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[SweepProgress], None] | None = None,
) -> Run:
    """Train every network of a sweep; a sweep that was stopped goes on where it was.

    Parameters
    ----------
    sweep
        From `read_sweep`.
    out
        Folder for the sweep.
    workers
        Processes on this machine; the cores there are when None.
    cluster
        Address of a Dask scheduler (``tcp://host:8786``): trains there instead. Workers need rhoset
        and PyTorch, but no common file system: networks come back to this process, which alone
        writes.
    progress
        Called with every finished network.

    Returns
    -------
    Run
        The sweep's folder; `Run.results` is the table of results of all cells.

    Raises
    ------
    RhosetError
        ``run-settings-differ`` for a cell that is there with other settings, ``run-busy``,
        ``worker-died``, ``cluster`` when the scheduler cannot be reached.

    Notes
    -----
    Results are the same on this machine and on a cluster of such machines, bit for bit: every
    network is trained by one thread from its own seed.
    """
    path = Path(out)
    if cluster is not None:
        check_address(cluster)
    allow_locks(len(sweep.cells))
    for cell in sweep.cells:
        require_trainable(cell.group.table, cell.config)
    with ExitStack() as stack:
        stack.enter_context(prepared(path))
        foreign = {p.name for p in path.iterdir()} - {SWEEP, CELLS, RESULTS, ".lock"}
        if foreign:
            raise RhosetError(
                f"{path} holds {sorted(foreign)[0]!r}, which no sweep made; choose another folder",
                slug="run-exists",
            )
        write_atomic(path / SWEEP, sweep.text)
        runs: dict[Path, tuple[Cell, TrainingRun]] = {}
        for cell in sweep.cells:
            folder = path / CELLS / cell.name
            stack.enter_context(prepared(folder))
            training, _ = open_or_create(folder, Wanted(cell.group, cell.config, sweep.models, sweep.first_seed))
            runs[folder] = (cell, training)
        table = _Table(path, runs, sweep.models)
        jobs = table.jobs(workers or cores(), STACK_PIECE if cluster is not None else None)
        count = min(workers or (cores() if table.worth_processes() else 1), max(1, len(jobs)))
        events: Iterator[News | Finished | Failed]
        if cluster is not None:
            events = train_on_cluster(cluster, jobs)
        elif count > 1:
            events = train_in_processes(jobs, count, 1, STATE_EVERY)
        else:
            trained = {folder: training for folder, (_, training) in runs.items()}
            events = (
                Finished(run, row["index"], row)
                for run, indices in jobs
                for row in train_members(trained[run], indices, state_every=STATE_EVERY)
            )
        for event in events:
            if isinstance(event, Failed):
                name = runs[event.run][0].name
                raise RhosetError(f"cell {name}: {event.message}", slug=event.slug)
            if isinstance(event, Finished):
                table.add(event)
                if progress is not None:
                    cell = runs[event.run][0]
                    progress(SweepProgress(cell.name, event.row, table.done, table.total))
        table.save()
    return table.run


class _Table:
    """The tables of results of the cells and of the sweep."""

    def __init__(self, path: Path, runs: Mapping[Path, tuple[Cell, TrainingRun]], models: int) -> None:
        self.run, self.runs, self.models = Run(path, {}), runs, models
        self.rows: dict[tuple[Path, int], Mapping[str, Any]] = {
            (folder, index): row
            for folder, (_, training) in runs.items()
            for index in range(models)
            if (row := finished_row(training, index))
        }
        self.total = models * len(runs)
        self.save()

    @property
    def done(self) -> int:
        return len(self.rows)

    def jobs(self, shares: int, largest: int | None) -> list[Job]:
        """Networks to train: the stacks, then of the other cells the first network of each, then the second, so that
        every cell has some early."""
        single, stacks = list[Job](), list[Job]()
        for folder, (_, training) in self.runs.items():
            cut = jobs_of(training, self._missing(folder), shares, largest)
            (stacks if suits_stack(len(training.table), training.config) else single).extend(cut)
        return stacks + sorted(single, key=lambda job: job[1])

    def worth_processes(self) -> bool:
        """Whether what is left is work for more than one process."""
        return any(worth_processes(training, len(self._missing(folder))) for folder, (_, training) in self.runs.items())

    def _missing(self, folder: Path) -> list[int]:
        return [index for index in range(self.models) if (folder, index) not in self.rows]

    def add(self, event: Finished) -> None:
        self.rows[event.run, event.index] = event.row
        self.save(event.run)

    def save(self, only: Path | None = None) -> None:
        """Write the sweep's table, and those of the cells (or of one)."""
        rows = []
        for folder, (cell, training) in self.runs.items():
            mine = [self.rows[folder, i] for i in range(self.models) if (folder, i) in self.rows]
            if only is None or folder == only:
                training.run.write_results(mine)
            rows += [{**cell.values, **row, "run": f"{CELLS}/{cell.name}"} for row in mine]
        self.run.write_results(rows)
