"""One job of a study: some networks of one setting trained, measured and certified, as arrays in one file.

The only module that knows the trainer: `trained` calls `rhoset.training.train_stack`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

import rhoset
from rhoset.errors import RhosetError
from rhoset.groups import Group, Irrep, irreps
from rhoset.networks import Network
from rhoset.populations.observables import observables
from rhoset.populations.stack import Stack, columns
from rhoset.training import TrainConfig

FORMAT = "rhoset-study-1"
"""Of the files of networks; another meaning gets another name."""

BUDGET = 3e9
"""Multiply-adds of training (n²·(m + n)·updates) that a job should hold, some tens of seconds: what a kill loses at
most. Smaller jobs are resumed more finely and trained in smaller stacks."""


@dataclass(frozen=True, eq=False)
class Job:
    """What a process, here or on a cluster, is told."""

    setting: str
    group: Group
    config: TrainConfig
    seeds: tuple[int, ...]
    at: tuple[int, ...]
    delta: float
    proofs: str


@dataclass(frozen=True, eq=False)
class TrainedNetworks:
    """What the trainer gave, in the order of the seeds.

    Attributes
    ----------
    stack
        The final networks.
    steps, converged, loss, accuracy, objective
        (k,) updates; whether the rule of convergence ended it; cross-entropy over the table (nats); share of right
        pairs; loss + λ‖θ‖².
    earlier
        Update → the networks then; those that had ended stand as they ended.
    """

    stack: Stack
    steps: NDArray[np.int64]
    converged: NDArray[np.bool_]
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    objective: NDArray[np.float64]
    earlier: dict[int, Stack]


def network_cost(group: Group, config: TrainConfig) -> int:
    """Multiply-adds of training one network to the last update: n²·(m + n)·updates."""
    n = group.order
    return n * n * (config.width + n) * config.max_steps


def job_size(group: Group, config: TrainConfig) -> int:
    """Networks in a job."""
    return max(1, int(BUDGET / network_cost(group, config)))


def trained(job: Job) -> TrainedNetworks:
    """Train the networks of a job with `rhoset.training.train_stack`."""
    from rhoset.training import train_stack

    found: list[Any] = sorted(
        train_stack(job.group.table, job.config, list(job.seeds), snapshots=job.at), key=lambda one: one.place
    )

    def stack(networks: Sequence[Network]) -> Stack:
        return Stack.of(job.group, columns(networks), job.config.activation)

    return TrainedNetworks(
        stack=stack([one.network for one in found]),
        steps=np.array([one.outcome.steps for one in found], dtype=np.int64),
        converged=np.array([one.converged for one in found]),
        loss=np.array([one.outcome.final.loss for one in found], dtype=np.float64),
        accuracy=np.array([one.outcome.final.accuracy for one in found], dtype=np.float64),
        objective=np.array([one.objective for one in found], dtype=np.float64),
        earlier={step: stack([one.snapshots.get(step, one.network) for one in found]) for step in job.at},
    )


def run_job(job: Job) -> bytes:
    """Train, measure and certify; a safetensors file of what is published.

    Tensors of k networks: ``left``, ``right`` (k, n, m), ``unembed`` (k, m, n) and ``bias`` (k, n) where it is not 0,
    in the precision of training; ``table`` (n, n); (k,) ``seed``, ``steps``, ``converged``, ``loss``, ``accuracy``,
    ``objective`` and ``right_pairs``, pairs that the checker proves right, −1 without a certificate;
    ``weights`` (k, r) b²; ``pure`` (k, m), the class that each neuron is pure for, −1 for none; ``weights_at``
    (s, k, r).
    """
    done = trained(job)
    known = irreps(job.group)
    seen = observables(done.stack.wide, known)
    pure = seen.pure(job.delta)
    arrays: dict[str, NDArray[Any]] = {
        "left": done.stack.left,
        "right": done.stack.right,
        "unembed": done.stack.unembed,
        "table": job.group.table,
        "seed": np.array(job.seeds, dtype=np.int64),
        "steps": done.steps,
        "converged": done.converged.astype(np.uint8),
        "loss": done.loss,
        "accuracy": done.accuracy,
        "objective": done.objective,
        "right_pairs": _proved(done.stack, job.proofs),
        "weights": seen.weights,
        "pure": np.where(pure.any(axis=2), pure.argmax(axis=2), -1).astype(np.int32),
        "weights_at": _over_time(done, job, known, seen.weights.shape),
    }
    if done.stack.bias.any():
        arrays["bias"] = done.stack.bias
    metadata: dict[str, Any] = {
        "format": FORMAT,
        "version": rhoset.__version__,
        "setting": job.setting,
        "group": job.group.name,
        "activation": job.config.activation,
        "config": {k: "inf" if v == float("inf") else v for k, v in job.config.to_dict().items()},
        "classes": list(seen.classes),
        "at": list(job.at),
        "delta": job.delta,
        "proofs": job.proofs,
    }
    return packed(arrays, metadata)


def packed(arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> bytes:
    """A safetensors file. What it is about stands under one key, as JSON: with several their order, and so the bytes,
    would change from call to call."""
    metadata = {"study": json.dumps(dict(about), sort_keys=True)}
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)


def unpacked(path: Path, setting: str | None = None) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and metadata of such a file.

    Raises RhosetError (slug ``bad-study-folder``) where it is not one, or not one of `setting`.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["study"])
            if about["format"] != FORMAT:
                raise ValueError(f"format {about['format']!r}, expected {FORMAT!r}")
            if setting not in (None, about["setting"]):
                raise ValueError(f"its networks are of {about['setting']!r}, expected {setting!r}")
            return {key: file.get_tensor(key) for key in file.keys()}, about  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise RhosetError(f"{path}: not a file of networks of a study ({error})", slug="bad-study-folder") from None


def _over_time(
    done: TrainedNetworks, job: Job, known: tuple[Irrep, ...], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    moments = [observables(done.earlier[step].wide, known).weights for step in job.at]
    return np.stack(moments) if moments else np.zeros((0, *shape))


def _proved(stack: Stack, method: str) -> NDArray[np.int64]:
    """(k,) pairs that the checker, asked about a certificate of `method`, counts as right; −1 without."""
    if method == "none":
        return np.full(len(stack), -1, dtype=np.int64)
    from rhoset.prove import certify  # for those who measure, not for those who divide the work

    right = []
    for index in range(len(stack)):
        verdict = certify(stack.network(index), method=method).verdict
        right.append(verdict.right if verdict.valid else 0)
    return np.array(right, dtype=np.int64)
