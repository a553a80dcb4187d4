"""Train what is missing, measure what is not measured, and write the results."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rhoset.errors import RhosetError
from rhoset.networks.atomic import write_json
from rhoset.networks.runs import MANIFEST, Run, open_run
from rhoset.processes import cores, in_turn
from rhoset.reading import read_json
from rhoset.reproduce.measure import METHODS, measure, wanting
from rhoset.reproduce.plan import Experiment, Population
from rhoset.reproduce.published import PUBLISHED
from rhoset.reproduce.summary import summarise

RESULTS = "results.json"
MEASURED = "measured"
"""Folder of a run with one JSON file for each measured network, so that a stopped run goes on."""

Told = Callable[[str, float], None]
"""Called with a text and the share of the whole work that is done."""

TRAINING_SHARE = 0.7
"""Share of the progress bar that training takes: about its share of the time on S5."""


def reproduce(
    experiment: Experiment,
    out: Path,
    *,
    workers: int | None = None,
    device: str | None = "cpu",
    methods: Sequence[str] = METHODS,
    progress: Told = lambda text, share: None,
) -> dict[str, Any]:
    """Run an experiment and return its results; goes on where an earlier call was stopped.

    Parameters
    ----------
    experiment
        `FULL` or `QUICK`.
    out
        Folder: a run for each population, and ``results.json``.
    workers
        Processes; as many as there are cores when None.
    device
        Where to train: ``cpu``, or a torch device such as ``cuda:0``. None: nothing is trained, and the networks that
        the folder holds are measured.
    methods
        Which certify every network; of one that was measured before only those that are missing are measured.
    progress
        Told what is being done and how much of it is.

    Returns
    -------
    dict
        ``experiment``, ``machines``, ``published``, ``populations`` (rows of `measure`), ``summary``.

    Raises
    ------
    RhosetError
        Training is not installed, or the folder holds other runs.
    """
    count = workers or cores()
    total = sum(_weight(p) for p in experiment.populations)
    done = 0.0
    rows: dict[str, list[dict[str, Any]]] = {}
    for population in experiment.populations:
        part = _weight(population) / total

        def tell(text: str, share: float, start: float = done, part: float = part) -> None:
            progress(text, start + part * share)

        run = _held(out / population.folder) if device is None else _trained(population, out, count, device, tell)
        if run is not None and run.indices:
            rows[population.name] = _measured(run, population.name, count, methods, tell, population.models)
        done += part
    held = {p.name: out / p.folder for p in experiment.populations if p.name in rows}
    return _results(experiment.name, out, rows, {name: machine(count) | _trained_on(held[name]) for name in rows})


def measure_runs(
    runs: Mapping[str, Path],
    out: Path,
    *,
    workers: int | None = None,
    methods: Sequence[str] = METHODS,
    progress: Told = lambda text, share: None,
) -> dict[str, Any]:
    """The same of runs that are there, finished or still growing: nothing is trained. Goes on as `reproduce` does.

    Parameters
    ----------
    runs
        Name in the tables → run folder. That of the paper's table is called `rhoset.reproduce.plan.MAIN`.
    out
        Folder for ``results.json``; what is measured of a network is kept in its run.
    workers, methods, progress
        As in `reproduce`.

    Raises
    ------
    RhosetError
        A folder is no run, or none holds a network.
    """
    count, rows = workers or cores(), {}
    for position, (name, path) in enumerate(runs.items()):

        def tell(text: str, share: float, position: int = position) -> None:
            progress(text, (position + share) / len(runs))

        found = _measured(open_run(path), name, count, methods, tell)
        if found:
            rows[name] = found
    return _results("runs", out, rows, {name: machine(count) | _trained_on(runs[name]) for name in rows})


def _results(
    name: str, out: Path, rows: Mapping[str, list[dict[str, Any]]], machines: Mapping[str, Any]
) -> dict[str, Any]:
    """The results, written into the folder."""
    if not rows:
        raise RhosetError(f"{out}: holds no network of the experiment; train some first", slug="nothing-to-measure")
    results = {
        "experiment": name,
        "machines": machines,
        "published": vars(PUBLISHED),
        "populations": rows,
        "summary": {population: summarise(found) for population, found in rows.items()},
    }
    write_json(out / RESULTS, results)
    return results


def _weight(population: Population) -> float:
    """Expected work of a population, in networks on S5."""
    from rhoset.groups import group

    return population.models * max(group(population.group).order / 120, 0.1) ** 2


def _trained(population: Population, out: Path, workers: int, device: str, tell: Told) -> Run:
    from rhoset.groups import group
    from rhoset.training import Progress, preset, train_population

    name, total = population.name, population.models

    def news(said: Progress) -> None:
        tell(f"training {name}: {said.done} of {total}", TRAINING_SHARE * said.done / total)

    tell(f"training {name}", 0.0)
    config = preset(population.preset).replace(**population.settings)
    path = out / population.folder
    train_population(group(population.group), config, total, path, workers=workers, progress=news, device=device)
    return open_run(path)


def _held(path: Path) -> Run | None:
    """The run in a folder, if there is one."""
    return open_run(path) if (path / MANIFEST).is_file() else None


def _measured(
    run: Run, name: str, workers: int, methods: Sequence[str], tell: Told, models: int | None = None
) -> list[dict[str, Any]]:
    """Rows of `measure` for the run's networks, or its first ones, with their seeds and training times."""
    trained = run.rows()
    indices = [k for k in run.indices if models is None or k < models]
    folder = run.path / MEASURED
    folder.mkdir(exist_ok=True)
    known = {k: read_json(folder / f"{k:04d}.json") for k in indices}
    missing = [k for k in indices if wanting(known[k], methods)]
    jobs = [(run.network_path(k), known[k]) for k in missing]
    for position, (index, row) in enumerate(zip(missing, _all(jobs, workers, methods), strict=True)):
        write_json(folder / f"{index:04d}.json", row)
        share = TRAINING_SHARE + (1 - TRAINING_SHARE) * (position + 1) / len(missing)
        tell(f"certifying {name}: {position + 1} of {len(missing)}", share)
    rows = []
    for index in indices:
        row = read_json(folder / f"{index:04d}.json") or {}
        said = trained.get(index, {})
        training = {key: said.get(key) for key in ("seed", "steps", "label")}
        rows.append({"index": index, **training, "training_seconds": said.get("seconds"), **row})
    return rows


Job = tuple[Path, dict[str, Any] | None]
"""A network, and its row so far."""


def _one(job: Job, methods: tuple[str, ...]) -> dict[str, Any]:
    return measure(job[0], methods, job[1])


def _all(jobs: list[Job], workers: int, methods: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row in in_turn(partial(_one, methods=tuple(methods)), jobs, min(workers, len(jobs))):
        yield row()


def _trained_on(path: Path) -> dict[str, Any]:
    """The machine that a run was trained on, as its manifest records it."""
    said = open_run(path).manifest.get("environment", {})
    where = said.get("accelerator") or said.get("processor")
    return {"trained_on": f"{where}, torch {said.get('torch')}"} if where else {}


def machine(workers: int) -> dict[str, Any]:
    """What the times depend on."""
    from rhoset.training.environment import environment

    said = environment(threads=1)
    kept = {key: said[key] for key in ("rhoset", "python", "numpy", "torch", "system", "processor")}
    return {**kept, "cores": os.cpu_count(), "workers": workers}
