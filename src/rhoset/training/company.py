"""In what company networks are trained, and by which arithmetic: their shape and the device decide, never how many
there are, so that on the processor a network has the same bits in every company."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rhoset.training.config import TrainConfig
from rhoset.training.instances import DEVICE_INSTANCES, InstanceTrainer, device_named
from rhoset.training.outcome import TrainingState
from rhoset.training.stacks.layout import stack_size, suits_stack
from rhoset.training.stacks.trainer import StackTrainer
from rhoset.training.together import Together
from rhoset.training.trainer import Trainer


def company_size(n: int, config: TrainConfig, device: str = "cpu") -> int:
    """How many networks of this shape are trained together at most."""
    if device != "cpu":
        return DEVICE_INSTANCES
    return stack_size(n, config) if suits_stack(n, config) else 1


@contextmanager
def company(
    table: NDArray[np.int32],
    configs: Sequence[TrainConfig],
    seeds: Sequence[int],
    *,
    states: Sequence[TrainingState | None] | None = None,
    threads: int = 1,
    device: str = "cpu",
) -> Iterator[Together]:
    """Networks ready to be trained together; inside the block the processor's threads are as they want them.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    configs, seeds
        One for each network, `company_size` at most; on a device the configurations are equal.
    states
        Where to go on, for each network; on a device at one step.
    threads
        Processor threads of a network that is trained by itself; a stack takes one.
    device
        ``cpu`` or another of torch's.

    Raises
    ------
    RhosetError
        ``bad-setting``, ``bad-device``.
    """
    if device != "cpu":
        yield InstanceTrainer(table, configs[0], seeds, device_named(device), states=states)
    elif suits_stack(len(table), configs[0]):
        with threadpool_limits(1, user_api="blas"):  # its products are small, and bits must not depend on the cores
            yield StackTrainer(table, configs, seeds, states)
    else:
        with cpu_threads(threads):
            yield Trainer(table, configs[0], seeds[0], states[0] if states else None)


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """torch with `count` threads inside the block; as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
