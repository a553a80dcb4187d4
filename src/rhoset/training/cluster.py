"""Training on a Dask cluster: the same networks, trained elsewhere and written here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rhoset.errors import MissingExtra, RhosetError
from rhoset.networks import write_atomic
from rhoset.training.pool import Failed, Finished, Job, News

CONNECT_SECONDS = 20
"""How long to wait for the scheduler."""

RETRIES = 5
"""Times a network is trained anew when the worker that trained it is lost."""


def train_elsewhere(settings: dict[str, bytes], index: int) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What a worker does: train network `index` of a run in a folder of its own.

    Parameters
    ----------
    settings
        The run's files that say what to train (``run.toml``, ``group.safetensors``).
    index
        Which network.

    Returns
    -------
    tuple
        Its row in the table of results, and its files by their path in the run.
    """
    import torch

    from rhoset.training.manifest import open_training_run
    from rhoset.training.member import train_member

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="rhoset-") as name:
        folder = Path(name)
        for part in ("networks", "records", "state"):
            (folder / part).mkdir()
        for path, content in settings.items():
            (folder / path).write_bytes(content)
        row = train_member(open_training_run(folder), index, threads=1)
        made = [p for part in ("networks", "records") for p in sorted((folder / part).rglob("*"))]
        files = {str(p.relative_to(folder)): p.read_bytes() for p in made if p.is_file()}
    return row, files


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
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise MissingExtra("training on a Dask cluster", "cluster") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        reason = str(error).split("\n")[0]
        raise RhosetError(
            f"no Dask scheduler answers at {address!r} ({reason}); start one with `dask scheduler` "
            "and give the address that it prints, such as tcp://127.0.0.1:8786",
            slug="cluster",
        ) from None
    with client:
        settings = {
            run: {name: (run / name).read_bytes() for name in ("run.toml", "group.safetensors")}
            for run in {run for run, _ in jobs}
        }
        futures = {
            client.submit(train_elsewhere, settings[run], index, retries=RETRIES, pure=False): (
                run,
                index,
            )
            for run, index in jobs
        }
        for future in as_completed(futures, loop=client.loop):
            run, index = futures[future]
            failure = future.exception()
            if failure is not None:
                slug = failure.slug if isinstance(failure, RhosetError) else "worker-died"
                said = " ".join(str(failure).split()) or type(failure).__name__
                yield Failed(run, index, f"training network {index} failed: {said}", slug)
                return
            row, files = future.result()
            for path, content in files.items():
                target = run / path
                target.parent.mkdir(exist_ok=True)
                write_atomic(target, content)
            future.release()
            yield Finished(run, index, row)
