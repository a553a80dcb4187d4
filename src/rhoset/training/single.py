"""Training one network in memory, by the arithmetic that its shape is always trained with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.training.config import TrainConfig
from rhoset.training.model import GroupNetwork
from rhoset.training.stacks.driving import Hooks, StackRun
from rhoset.training.stacks.layout import suits_stack
from rhoset.training.stacks.stack import one_blas_thread
from rhoset.training.stacks.trainer import StackTrainer
from rhoset.training.trainer import Outcome, Trainer, cpu_threads


@public
def train_network(
    table: NDArray[np.int32], config: TrainConfig, seed: int, threads: int = 1
) -> tuple[GroupNetwork, Outcome]:
    """Train one network on this machine's processor.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    config
        Settings.
    seed
        Of the weights.
    threads
        Processor threads; results are reproducible for a thread count. A shape that suits a stack takes one.

    Examples
    --------
    >>> import numpy as np
    >>> from rhoset.training import TrainConfig, train_network
    >>> table = ((np.arange(5)[:, None] + np.arange(5)) % 5).astype(np.int32)
    >>> network, outcome = train_network(table, TrainConfig(width=16, max_steps=200), seed=0)
    >>> outcome.label, outcome.steps
    ('generalised', 200)
    """
    if suits_stack(len(table), config):
        with one_blas_thread():
            (_, network, outcome, _), *_ = StackRun(StackTrainer(table, [config], [seed])).run(Hooks())
        return network, outcome
    with cpu_threads(threads):
        trainer = Trainer(table, config, seed)
        return trainer.network, trainer.run()
