"""From a run folder to what the report shows."""

from __future__ import annotations

import multiprocessing
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rhoset import __version__
from rhoset.errors import RhosetError
from rhoset.groups import Group
from rhoset.networks import Network, read_network
from rhoset.networks.runs import MANIFEST, open_networks, open_run, run_of
from rhoset.report.sections import Structure, network_view, structure
from rhoset.report.views import IrrepView, NetworkView, RunView

CIRCUIT_HISTORY = 12
"""Most networks of a report whose snapshots are all explained (about 0.15 s each for S5)."""


@dataclass(frozen=True)
class _Job:
    """One network to look at, as a worker is told."""

    name: str
    index: int
    path: Path
    row: Mapping[str, Any]
    first: Path
    circuit_history: bool


def collect(
    spec: str | Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    workers: int = 1,
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

    Raises
    ------
    RhosetError
        As `rhoset.networks.runs.open_networks`; and ``mixed-groups`` when the networks' tables
        differ.

    Cost: about a second a network for S5.
    """
    named = open_networks(spec)
    run = open_run(Path(spec)) if (Path(spec) / MANIFEST).is_file() else None
    rows: dict[Path, Mapping[Any, Mapping[str, Any]]] = {}
    jobs = []
    for position, (_, path) in enumerate(named):
        home = run_of(path) or path.parent
        if home not in rows:
            made = open_run(home).results() if (home / MANIFEST).is_file() else []
            rows[home] = {row.get("index"): row for row in made}
        number = int(path.stem) if path.stem.isdigit() else position
        index = number if run is not None else position
        name = f"Network {index}" if run is not None else f"{home.name} #{number}" if rows[home] else path.stem
        history = len(named) <= CIRCUIT_HISTORY
        jobs.append(_Job(name, index, path, rows[home].get(number, {}), named[0][1], history))
    views = []
    progress(0, len(jobs))
    for view in _views(jobs, min(workers, len(jobs))):
        views.append(view)
        progress(len(views), len(jobs))
    shared = _structure_of(named[0][1])
    facts = _facts(spec, shared.group, run.manifest if run is not None else {})
    return _run_view(tuple(views), shared, facts)


def single(network: Network) -> RunView:
    """The view of one network in memory, without certificates and history."""
    shared = structure(network)
    view = network_view(network, shared, "Network", 0, None, {})
    return _run_view((view,), shared, _facts(network.digest, shared.group, {}))


def several(networks: Sequence[Network]) -> RunView:
    """The view of networks in memory, all of one group.

    Raises RhosetError (slug ``mixed-groups``) where their tables differ.
    """
    shared = structure(networks[0])
    views = []
    for k, network in enumerate(networks):
        if not np.array_equal(network.table, shared.group.table):
            raise RhosetError(
                f"network {k}: its multiplication table differs from that of the first one; a picture is about"
                " networks of one group",
                slug="mixed-groups",
            )
        views.append(network_view(network, shared, f"Network {k}", k, None, {}))
    return _run_view(tuple(views), shared, _facts("in memory", shared.group, {}))


def _views(jobs: Sequence[_Job], workers: int) -> Iterator[NetworkView]:
    if workers <= 1:
        yield from map(_view, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        try:
            yield from pool.map(_view, jobs)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


_known: dict[tuple[Path, str], Structure] = {}
"""The structure of the group of the first network; a worker finds it once."""


def _structure_of(first: Path) -> Structure:
    network = read_network(first)
    key = (first, network.digest)
    if key not in _known:
        _known.clear()
        _known[key] = structure(network)
    return _known[key]


def _view(job: _Job) -> NetworkView:
    shared, network = _structure_of(job.first), read_network(job.path)
    if not np.array_equal(network.table, shared.group.table):
        raise RhosetError(
            f"{job.path}: its multiplication table differs from that of {job.first}; a report is"
            " about networks of one group",
            slug="mixed-groups",
        )
    return network_view(network, shared, job.name, job.index, job.path, job.row, job.circuit_history)


def _run_view(views: tuple[NetworkView, ...], shared: Structure, facts: dict[str, str]) -> RunView:
    name = shared.group.name
    return RunView(
        title=f"{len(views)} network{'s' if len(views) > 1 else ''} on {name}",
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
