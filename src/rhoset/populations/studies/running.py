"""Running a study: jobs to processes here or on a Dask cluster, one file a setting, resumed where it was.

    DIR/study.toml                   what was asked for
    DIR/settings.json                every setting in full, with its seeds
    DIR/parts/SETTING.0000.safetensors   jobs that are done, until their setting is
    DIR/checkpoints/SETTING.safetensors  final networks and what was measured of them
    DIR/networks.csv, results.json, study.md, *.svg

Every file is written atomically: a study killed at any moment loses at most the jobs in work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhoset.errors import Attempt, RhosetError, raising
from rhoset.networks import write_atomic
from rhoset.networks.atomic import make_folder
from rhoset.populations.studies.page import write_results
from rhoset.populations.studies.results import StudyResults, checkpoint, collect, joined, part_of
from rhoset.populations.studies.spec import Study
from rhoset.populations.studies.work import Job, job_size, network_cost, packed, run_job, unpacked
from rhoset.processes import as_they_end, cores

Runner = Callable[[Job], bytes]


@dataclass(frozen=True)
class StudyProgress:
    """A job is done: `done` of `total` networks are there, the last ones of `setting`."""

    setting: str
    done: int
    total: int


def run_study(
    study: Study,
    out: str | Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[StudyProgress], None] | None = None,
    runner: Runner = run_job,
) -> StudyResults:
    """Train, measure and certify every network of a study; goes on where it was stopped.

    Parameters
    ----------
    study
        From `read_study`.
    out
        Folder.
    workers
        Processes on this machine; the cores there are when None. 1 works in this process.
    cluster
        Address of a Dask scheduler, instead.
    progress
        Called after every job.
    runner
        What does a job; for tests.

    Raises
    ------
    RhosetError
        The folder holds something else or another study (``run-exists``, ``run-settings-differ``), another process
        works there (``run-busy``), PyTorch is missing (``missing-extra``), no scheduler answers (``cluster``), a
        process was killed (``worker-died``).

    Notes
    -----
    A network depends on its setting and seed alone, so the results are the same however many processes there are.
    """
    from rhoset import training

    _ = training.train_stack  # says what to do where PyTorch is missing
    from rhoset.training.addresses import check_address
    from rhoset.training.runlock import locked

    if cluster is not None:
        check_address(cluster)
    folder = Path(out)
    _prepare(folder, study)
    with locked(folder):
        jobs = {part: job for part, job in _jobs(study, folder).items() if not _is_there(part, job.setting)}
        total = study.models * len(study.settings)
        done = total - sum(len(job.seeds) for job in jobs.values())
        if progress is not None:
            progress(StudyProgress("", done, total))
        for part, data in _work(jobs, workers, cluster, runner):
            write_atomic(part, data)
            done += len(jobs[part].seeds)
            if progress is not None:
                progress(StudyProgress(jobs[part].setting, done, total))
            _join(study, folder, jobs[part].setting)
        for setting in study.settings:
            _join(study, folder, setting.name)
        results = collect(study, folder)
        write_results(results, folder)
    return results


def study_so_far(study: Study, out: str | Path, attempt: Attempt = raising) -> StudyResults:
    """Results and page of a study from the networks that are there, while it runs or after it was stopped.

    Nothing is trained. A file that does not open is left out, and `attempt` says what its error costs. The page,
    results.json and networks.csv say how many networks are missing; the next whole run replaces them.

    Raises
    ------
    RhosetError
        No network is there yet, or no study (``bad-study-folder``); another study (``run-settings-differ``).
    """
    folder = Path(out)
    if not (folder / "settings.json").is_file():
        raise RhosetError(f"{folder}: no study was begun there; run it without --so-far", slug="bad-study-folder")
    _same_study(folder, study)
    results = collect(study, folder, so_far=True, attempt=attempt)
    write_results(results, folder)
    return results


_OWN = ("study.toml", "settings.json", "parts", "checkpoints", "networks.csv", "results.json", "study.md", ".lock")


def _prepare(folder: Path, study: Study) -> None:
    if folder.exists() and not folder.is_dir():
        raise RhosetError(f"{folder} is a file; give a folder for the study", slug="run-exists")
    for part in ("parts", "checkpoints"):
        make_folder(folder / part)
    foreign = [e.name for e in folder.iterdir() if e.name not in _OWN and e.suffix not in (".svg", ".tmp")]
    if foreign:
        raise RhosetError(
            f"{folder} holds {sorted(foreign)[0]!r}, which no study made; choose another folder", slug="run-exists"
        )
    write_atomic(folder / "settings.json", _same_study(folder, study))
    write_atomic(folder / "study.toml", study.text)


def _same_study(folder: Path, study: Study) -> str:
    """What the folder's settings.json is to say; raises where it says something else."""
    wanted = json.dumps(described(study), indent=1, ensure_ascii=False) + "\n"
    place = folder / "settings.json"
    if place.is_file() and (kept := place.read_text(encoding="utf-8")) != wanted:
        hasty = '"quick": true' in kept
        form = "" if hasty == study.quick else f"; it was begun {'with' if hasty else 'without'} --quick"
        raise RhosetError(
            f"{folder} holds a study with other settings ({place.name} differs{form}); choose another folder",
            slug="run-settings-differ",
        )
    return wanted


def described(study: Study) -> dict[str, Any]:
    """Everything that decides a study's networks and what is measured of them, as JSON can hold it."""
    return {
        "study": study.name,
        "quick": study.quick,
        "seeds": [study.seeds.start, study.seeds.stop - 1],
        "epsilon": study.epsilon,
        "delta": study.delta,
        "at": list(study.at),
        "proofs": study.proofs,
        "settings": [
            {
                "name": setting.name,
                "group": setting.group.name,
                "table_sha256": setting.group.digest,
                "tau": setting.tau,
                "decay": setting.decay,
                "config": {k: v if v != float("inf") else "inf" for k, v in setting.config.to_dict().items()},
            }
            for setting in study.settings
        ],
    }


def _jobs(study: Study, folder: Path) -> dict[Path, Job]:
    """Part file → job, of the settings whose checkpoint is not there yet; cheapest settings first, so that a study
    that is stopped has as many as it can."""
    jobs: dict[Path, Job] = {}
    for setting in sorted(study.settings, key=lambda s: network_cost(s.group, s.config)):
        if _is_there(checkpoint(folder, setting), setting.name):
            continue
        size = job_size(setting.group, setting.config)
        for first in range(0, study.models, size):
            seeds = tuple(study.seeds[first : first + size])
            job = Job(setting.name, setting.group, setting.config, seeds, study.at, study.delta, study.proofs)
            jobs[part_of(folder, setting, first)] = job
    return jobs


def _is_there(path: Path, setting: str) -> bool:
    """Whether a whole file of the setting is there; one that does not open, or is another's, is done again."""
    if not path.is_file():
        return False
    try:
        unpacked(path, setting)
    except RhosetError:
        return False
    return True


def _join(study: Study, folder: Path, name: str) -> None:
    """Make a setting's file of its parts when all are there, and remove them."""
    setting = next(s for s in study.settings if s.name == name)
    if _is_there(checkpoint(folder, setting), setting.name):
        return
    size = job_size(setting.group, setting.config)
    parts = [part_of(folder, setting, first) for first in range(0, study.models, size)]
    if not all(_is_there(part, name) for part in parts):
        return
    write_atomic(checkpoint(folder, setting), packed(*joined(parts)))
    for part in parts:
        part.unlink()


def _work(
    jobs: dict[Path, Job], workers: int | None, cluster: str | None, runner: Runner
) -> Iterator[tuple[Path, bytes]]:
    if cluster is not None:
        yield from _on_cluster(jobs, cluster, runner)
        return
    from concurrent.futures.process import BrokenProcessPool  # which loads sockets and logging

    try:
        yield from as_they_end(runner, jobs, min(workers or cores(), max(1, len(jobs))))
    except BrokenProcessPool:
        raise RhosetError(
            "a process of the study was killed (out of memory?); what was done is kept: give the command again,"
            " with fewer --workers where memory is short",
            slug="worker-died",
        ) from None


def _on_cluster(jobs: dict[Path, Job], address: str, runner: Runner) -> Iterator[tuple[Path, bytes]]:
    from rhoset.training.cluster import cluster_answers

    for part, future in cluster_answers(address, {part: (runner, job) for part, job in jobs.items()}):
        yield part, future.result()
