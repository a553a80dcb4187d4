"""Training on a Dask cluster: the same networks, trained elsewhere and written here."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rhoset.errors import RhosetError, needing
from rhoset.networks import write_atomic
from rhoset.networks.runs import FOLDERS, GROUP_FILE, MANIFEST, NETWORKS, RECORDS
from rhoset.training.addresses import CONNECT_SECONDS, check_address, no_scheduler
from rhoset.training.members import Job
from rhoset.training.pool import Failed, Finished, News

Key = TypeVar("Key", bound=Hashable)

STACK_PIECE = 32
"""Networks of a stack that go to a worker together: what a lost worker costs."""

RETRIES = 5
"""Times a call is made anew when the worker that made it is lost."""


def train_elsewhere(
    settings: dict[str, bytes], indices: tuple[int, ...]
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """What a worker does: train networks of a run in a folder of its own.

    Parameters
    ----------
    settings
        The run's files that say what to train (``run.toml``, ``group.safetensors``).
    indices
        Which networks.

    Returns
    -------
    tuple
        Their rows in the table of results, and their files by their path in the run.
    """
    import torch

    from rhoset.training.manifest import open_training_run
    from rhoset.training.members import train_members

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="rhoset-") as name:
        folder = Path(name)
        for part in FOLDERS:
            (folder / part).mkdir()
        for path, content in settings.items():
            (folder / path).write_bytes(content)
        rows = list(train_members(open_training_run(folder), indices, threads=1))
        made = [p for part in (NETWORKS, RECORDS) for p in sorted((folder / part).rglob("*"))]
        files = {str(p.relative_to(folder)): p.read_bytes() for p in made if p.is_file()}
    return rows, files


def train_on_cluster(address: str, jobs: Sequence[Job]) -> Iterator[News | Finished | Failed]:
    """Train networks on the cluster at `address`; files are written here as each network comes
    back.

    A worker that is lost takes only the network in training with it, and that one is trained again
    elsewhere.

    Raises
    ------
    RhosetError
        ``cluster`` when the scheduler does not answer; ``missing-extra`` without `rhoset[cluster]`.
    """
    settings = {run: {name: (run / name).read_bytes() for name in (MANIFEST, GROUP_FILE)} for run, _ in jobs}
    work = {(run, indices): (train_elsewhere, settings[run], indices) for run, indices in jobs}
    for (run, indices), future in cluster_answers(address, work):
        failure = future.exception()
        if failure is not None:
            slug = failure.slug if isinstance(failure, RhosetError) else "worker-died"
            said = " ".join(str(failure).split()) or type(failure).__name__
            yield Failed(run, indices[0], f"training network {indices[0]} failed: {said}", slug)
            return
        rows, files = future.result()
        for path, content in files.items():
            target = run / path
            target.parent.mkdir(exist_ok=True)
            write_atomic(target, content)
        for row in rows:
            yield Finished(run, row["index"], row)


def cluster_answers(address: str, work: Mapping[Key, tuple[Any, ...]]) -> Iterator[tuple[Key, Any]]:
    """Each key with the future of its call, a function and its arguments, as the cluster at `address` finishes it.

    A call whose worker is lost is made anew, `RETRIES` times. A future is released when the next one is asked for.

    Raises
    ------
    RhosetError
        ``cluster`` when the scheduler does not answer; ``missing-extra`` without `rhoset[cluster]`.
    """
    with needing("work on a Dask cluster", "cluster"):
        from distributed import Client, as_completed
    check_address(address)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise no_scheduler(address, str(error).split("\n")[0]) from None
    with client:
        futures = {client.submit(*call, retries=RETRIES, pure=False): key for key, call in work.items()}
        for future in as_completed(futures, loop=client.loop):
            yield futures[future], future
            future.release()
