"""From a run folder to what the report shows."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rhoset import __version__
from rhoset.errors import Attempt, RhosetError, naming, raising
from rhoset.groups import Group
from rhoset.networks import Network, read_network
from rhoset.networks.runs import MANIFEST, Run, RunRows, open_networks, open_run
from rhoset.processes import in_turn
from rhoset.reading import shown
from rhoset.report.sections import Named, Structure, network_view, structure
from rhoset.report.views import IrrepView, NetworkView, RunView
from rhoset.summaries import counted

CIRCUIT_HISTORY = 12
"""Most networks of a report whose snapshots are all explained (about 0.15 s each for S5)."""


@dataclass(frozen=True)
class _Job:
    """One network to look at, as a worker is told."""

    label: str
    path: Path
    named: Named
    first: Path


def collect(
    spec: str | Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    workers: int = 1,
    attempt: Attempt = raising,
    accounts: bool = False,
) -> RunView:
    """Explain, evaluate and re-check the networks that `spec` means.

    Parameters
    ----------
    spec
        A run folder, ``RUN#3``, a sweep, a network file or a folder of network files, all of one group.
    progress
        Called with (networks done, networks in all).
    workers
        Processes. More than one only from a program whose main module can be imported.
    attempt
        Around each network: a caller who gives one says what an error costs, and the view is of the others, those of
        the group that most of them have. Without it the first error is raised.
    accounts
        Whether to set every account of the weights side by side, half a second a network more.

    Raises
    ------
    RhosetError
        As `rhoset.networks.runs.open_networks`; ``mixed-groups`` when the networks' tables differ; ``no-such-network``
        where none is left.

    Cost: about a second a network for S5.
    """
    source = _source(spec, attempt, accounts)
    first, *others = source.groups
    for jobs in others:
        for job in jobs:
            with attempt(job.label):
                raise RhosetError(
                    f"{job.path}: its multiplication table differs from that of {first[0].path}; this is about networks"
                    " of one group",
                    slug="mixed-groups",
                )
    return _collected(replace(source, groups=[first]), first, progress, workers, attempt)


def collect_each(
    spec: str | Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    workers: int = 1,
    attempt: Attempt = raising,
    accounts: bool = False,
) -> list[RunView]:
    """`collect` for networks of several groups: a view for each multiplication table, that of most networks first."""
    source = _source(spec, attempt, accounts)
    sizes = [len(jobs) for jobs in source.groups]

    def view(k: int) -> RunView:
        def tell(done: int, of: int) -> None:
            progress(sum(sizes[:k]) + done, sum(sizes))

        return _collected(source, source.groups[k], tell, workers, attempt)

    return [view(k) for k in range(len(sizes))]


@dataclass(frozen=True)
class _Source:
    """The networks that `spec` means, and those that can be read by their multiplication tables."""

    spec: str | Path
    run: Run | None
    named: list[tuple[str, Path]]
    groups: list[list[_Job]]
    accounts: bool


def _source(spec: str | Path, attempt: Attempt, accounts: bool) -> _Source:
    named = open_networks(spec, attempt)
    run = open_run(Path(spec)) if (Path(spec) / MANIFEST).is_file() else None
    groups = _by_table(_jobs(named, run, attempt), attempt)
    if not groups:
        raise RhosetError(f"{shown(spec)}: no network is left that could be read", slug="no-such-network")
    return _Source(spec, run, named, groups, accounts)


def _collected(
    source: _Source, jobs: list[_Job], progress: Callable[[int, int], None], workers: int, attempt: Attempt
) -> RunView:
    few, first = len(jobs) <= CIRCUIT_HISTORY, jobs[0].path
    jobs = [
        replace(job, first=first, named=replace(job.named, circuit_history=few, accounts=source.accounts))
        for job in jobs
    ]
    views = []
    progress(0, len(jobs))
    for done, (job, result) in enumerate(zip(jobs, in_turn(_view, jobs, min(workers, len(jobs))), strict=True)):
        with attempt(job.label):
            views.append(result())
        progress(done + 1, len(jobs))
    if not views:
        raise RhosetError(f"{shown(source.spec)}: no network is left that could be explained", slug="no-such-network")
    shared = _structure_of(first)
    facts = _facts(source.spec, shared.group, source.run.manifest if source.run is not None else {})
    seen = {view.index for view in views}
    elsewhere = {job.label for other in source.groups for job in other} - {job.label for job in jobs}
    bad = [
        label
        for position, (label, path) in enumerate(source.named)
        if label not in elsewhere and _index(path, position, source.run) not in seen
    ]
    if bad:
        facts["Left out"] = f"{len(bad)} of {len(source.named)} networks that could not be read: {', '.join(bad)}"
    if elsewhere:
        facts["Of other groups"] = f"{counted(len(elsewhere), 'network')}, in the reports beside this one"
    return _run_view(tuple(views), shared, facts)


def _jobs(named: Sequence[tuple[str, Path]], run: Run | None, attempt: Attempt) -> Iterator[_Job]:
    rows = RunRows(attempt)
    for position, (label, path) in enumerate(named):
        home, row = rows.of(path)
        index = _index(path, position, run)
        name = path.stem if home is None else f"{home.path.name} #{_index(path, position, home)}"
        name = name if run is None else f"Network {index}"
        yield _Job(label, path, Named(name, index, path, row), path)


def _index(path: Path, position: int, run: Run | None) -> int:
    return int(path.stem) if run is not None and path.stem.isdigit() else position


def _by_table(jobs: Iterable[_Job], attempt: Attempt) -> list[list[_Job]]:
    """Those whose network can be read, by their multiplication tables, the table that most of them have first."""
    tables: dict[str, list[_Job]] = {}
    for job in jobs:
        with attempt(job.label):
            network = read_network(job.path)
            with naming(job.path):
                tables.setdefault(network.group.digest, []).append(job)
    return sorted(tables.values(), key=len, reverse=True)


def several(networks: Sequence[Network]) -> RunView:
    """The view of networks in memory, without certificates and history.

    Raises RhosetError (slug ``mixed-groups``) where their tables differ.
    """
    shared, alone = structure(networks[0]), len(networks) == 1
    views = []
    for k, network in enumerate(networks):
        if not np.array_equal(network.table, shared.group.table):
            raise RhosetError(
                f"network {k}: its multiplication table differs from that of the first one; a picture is about"
                " networks of one group",
                slug="mixed-groups",
            )
        views.append(network_view(network, shared, Named("Network" if alone else f"Network {k}", k)))
    return _run_view(tuple(views), shared, _facts(networks[0].digest if alone else "in memory", shared.group, {}))


_known: dict[tuple[Path, str, str], Structure] = {}
"""The structure of the group of the first network; a worker finds it once."""


def _structure_of(first: Path) -> Structure:
    network = read_network(first)
    key = (first, network.digest, network.group.name)
    if key not in _known:
        _known.clear()
        _known[key] = structure(network)
    return _known[key]


def _view(job: _Job) -> NetworkView:
    shared, network = _structure_of(job.first), read_network(job.path)
    return network_view(network, shared, job.named)


def _run_view(views: tuple[NetworkView, ...], shared: Structure, facts: dict[str, str]) -> RunView:
    name = shared.group.name
    return RunView(
        title=f"{counted(len(views), 'network')} on {name}",
        group=name,
        order=shared.group.order,
        irreps=tuple(IrrepView(i.label, i.dim, i.type, shared.sizes.get(i.name)) for i in shared.irreps),
        networks=views,
        facts=facts,
    )


def _facts(spec: str | Path, group: Group, manifest: Mapping[str, Any]) -> dict[str, str]:
    facts = {"Networks": str(spec), "Group": f"{group.name}, order {group.order}"}
    if group.convention:
        facts["Elements"] = group.convention
    config = manifest.get("config", {})
    if isinstance(config, Mapping):
        facts["Training"] = ", ".join(f"{k} {v}" for k, v in config.items() if v not in ("", None))
    facts["Table (SHA-256)"] = group.digest
    facts["Versions"] = f"rhoset {__version__}, Python {platform.python_version()}, numpy {np.__version__}"
    return {name: value for name, value in facts.items() if value}
