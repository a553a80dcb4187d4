"""The state of a network in training as one safetensors file, written atomically; no pickles."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from rhoset.networks import write_atomic
from rhoset.training.outcome import Evaluated, TrainingState

_FORMAT = "rhoset-training-state/1"


def write_state(path: Path, state: TrainingState, identity: str) -> None:
    """Save `state`; `identity` says which network of which settings it belongs to."""
    said = {
        "format": _FORMAT,
        "identity": identity,
        "step": str(state.step),
        "seconds": repr(state.seconds),
        "losses": json.dumps(state.losses),
        "history": json.dumps([e.to_list() for e in state.history]),
    }
    write_atomic(path, save(state.tensors, metadata=said))


def read_state(path: Path, identity: str) -> TrainingState | None:
    """The saved state, or None when there is none, it is damaged, or it belongs to something else:
    training then starts from the beginning, which costs time but never correctness."""
    try:
        with safe_open(path, framework="pt") as file:
            said = file.metadata() or {}
            if said.get("format") != _FORMAT or said.get("identity") != identity:
                return None
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name).clone() for name in list(file.keys())}
        return TrainingState(
            tensors=tensors,
            step=int(said["step"]),
            losses=[float(v) for v in json.loads(said["losses"])],
            history=[Evaluated.from_list(v) for v in json.loads(said["history"])],
            seconds=float(said["seconds"]),
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
