"""The optimiser and the learning rate of a step, from the configuration; and their state as plain
tensors."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from rhoset.training.config import TrainConfig

_FUSED_SINCE = (2, 4)
"""First torch whose Adam has a fused step on the CPU."""


def make_optimizer(config: TrainConfig, named: Iterable[tuple[str, nn.Parameter]]) -> torch.optim.Optimizer:
    """Adam with L2 in the gradient, AdamW, or plain descent.

    Parameters
    ----------
    config
        The optimiser's settings; without `bias_decay`, parameters whose names end in ``bias`` form
        a group of their own that does not decay.
    named
        Parameters with their names.
    """
    parameters = _groups(config, list(named))
    fused = tuple(int(part) for part in torch.__version__.split(".")[:2]) >= _FUSED_SINCE
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=config.learning_rate,
            momentum=config.betas[0],
            weight_decay=config.weight_decay,
        )
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(
        parameters,
        lr=config.learning_rate,
        betas=config.betas,
        eps=config.epsilon,
        weight_decay=config.weight_decay,
        fused=fused or None,
    )


def _groups(config: TrainConfig, named: list[tuple[str, nn.Parameter]]) -> list[dict[str, Any]]:
    """Parameters in groups of equal decay, in their order."""
    if config.bias_decay:
        return [{"params": [p for _, p in named]}]
    decaying = [p for name, p in named if not name.endswith("bias")]
    biases = [p for name, p in named if name.endswith("bias")]
    return [{"params": decaying}, {"params": biases, "weight_decay": 0.0}]


def learning_rate(config: TrainConfig, step: int) -> float:
    """Learning rate of the step numbered from 1."""
    rate = config.learning_rate
    if config.warmup_steps:
        rate *= min(1.0, step / config.warmup_steps)
    if config.schedule == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * min(1.0, (step - 1) / config.max_steps)))
    return rate


def optimizer_tensors(optimizer: torch.optim.Optimizer, names: dict[nn.Parameter, str]) -> dict[str, Tensor]:
    """What the optimiser remembers, keyed ``PARAMETER.ENTRY``."""
    return {
        f"{name}.{entry}": value.detach()
        for parameter, name in names.items()
        for entry, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(
    optimizer: torch.optim.Optimizer, names: dict[nn.Parameter, str], tensors: dict[str, Tensor]
) -> None:
    """The inverse of `optimizer_tensors`, from a state's tensors: keyed ``optimizer.PARAMETER.ENTRY``."""
    for parameter, name in names.items():
        prefix = f"optimizer.{name}."
        optimizer.state[parameter] = {
            key[len(prefix) :]: value.clone() for key, value in tensors.items() if key.startswith(prefix)
        }
