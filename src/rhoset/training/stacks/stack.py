"""`train_stack`: networks of one shape in memory, in stacks on the processor or with an instance axis on a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.networks import Network
from rhoset.training.config import TrainConfig
from rhoset.training.instances import DEVICE_INSTANCES, device_named, train_instances
from rhoset.training.model import GroupNetwork
from rhoset.training.stacks.driving import Hooks, StackRun
from rhoset.training.stacks.layout import check_one_shape, stack_size, suits_stack
from rhoset.training.stacks.trainer import StackTrainer
from rhoset.training.trainer import Evaluated, Outcome, Trainer, cpu_threads


@dataclass(frozen=True, eq=False)
class Trained:
    """A network that `train_stack` trained.

    Parameters
    ----------
    place
        Its position in the list of seeds.
    seed, config
        What it was trained with.
    network
        The folded tables, in the precision of the configuration.
    outcome
        How training ended: steps, reason, evaluations.
    objective
        Training loss with the decay term ½·weight_decay·‖θ‖² at the end.
    snapshots
        The network at steps on the way.
    """

    place: int
    seed: int
    config: TrainConfig
    network: Network
    outcome: Outcome
    objective: float
    snapshots: Mapping[int, Network] = field(repr=False)

    @property
    def converged(self) -> bool:
        """Whether the rule of `convergence_tolerance` ended it."""
        return self.outcome.reason == "converged"


def one_blas_thread() -> AbstractContextManager[object]:
    """BLAS on one thread inside the block: a stack's products are too small to share, and bits must not depend on
    the number of cores."""
    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


@public
def train_stack(
    table: NDArray[np.int32],
    config: TrainConfig | Sequence[TrainConfig],
    seeds: Sequence[int],
    *,
    snapshots: Sequence[int] = (),
    emit: Callable[[int, Evaluated], None] | None = None,
    device: str = "cpu",
) -> Iterator[Trained]:
    """Train networks of one shape together; yields each as it ends.

    Parameters
    ----------
    table
        (n, n) multiplication table.
    config
        Settings: one for all, or one for each seed. In a list they must agree in all that shapes the arithmetic;
        decay, rates, initialisation, split and stopping rules may differ.
    seeds
        One for each network.
    snapshots
        Steps at which the network is kept, beside the log-spaced ones of `TrainConfig.checkpoints`.
    emit
        Called with (place, evaluation).
    device
        ``cpu``: in stacks as large as the cache allows, one after the other, on one thread; where the shape does not
        suit a stack, one by one. Otherwise a torch device: together there, equal to the processor's up to rounding.

    Returns
    -------
    Iterator
        `Trained`, in the order in which they end. A diverged network's weights are no numbers: its label says so, and
        `network` is the one it began as.

    Raises
    ------
    RhosetError
        ``bad-setting`` when the lists don't fit, ``bad-device``.

    Notes
    -----
    On the processor every network equals, bit for bit, that of `train_network` with its configuration and seed, in
    whatever company. 100 networks of S3, width 8: about 0.3 ms a step in float32.

    Examples
    --------
    >>> import numpy as np
    >>> from rhoset.training import TrainConfig, train_stack
    >>> table = ((np.arange(5)[:, None] + np.arange(5)) % 5).astype(np.int32)
    >>> config = TrainConfig(architecture="folded", width=16, max_steps=300)
    >>> found = list(train_stack(table, config, seeds=range(3)))
    >>> sorted(t.seed for t in found)
    [0, 1, 2]
    """
    seeds = list(seeds)
    configs = [config] * len(seeds) if isinstance(config, TrainConfig) else list(config)
    if len(configs) != len(seeds):
        raise RhosetError(
            f"{len(configs)} configurations for {len(seeds)} seeds; give one for each", slug="bad-setting"
        )
    if not seeds:
        return
    check_one_shape(configs)
    if device != "cpu":
        yield from _on_device(table, configs, seeds, snapshots, emit, device)
    elif suits_stack(len(table), configs[0]):
        yield from _in_stacks(table, configs, seeds, snapshots, emit)
    else:
        for place, (one, seed) in enumerate(zip(configs, seeds, strict=True)):
            yield _alone(table, one, seed, place, snapshots, emit)


class _Keeper:
    """Collects snapshots and makes the results."""

    def __init__(self, table: NDArray[np.int32], configs: Sequence[TrainConfig] | Mapping[int, TrainConfig]) -> None:
        self.table, self.configs = table, configs
        self.kept: dict[int, dict[int, Network]] = {}

    def snapshot(self, place: int, step: int, network: GroupNetwork) -> None:
        self.kept.setdefault(place, {})[step] = network.to_network(self.table, {})

    def result(self, place: int, network: GroupNetwork, outcome: Outcome, objective: float) -> Trained:
        config = self.configs[place]
        if outcome.label == "diverged":
            network = GroupNetwork(len(self.table), config, outcome.seed, network.get_parameter("unembed").dtype)
        found = network.to_network(self.table, {"seed": str(outcome.seed), "steps": str(outcome.steps)})
        return Trained(place, outcome.seed, config, found, outcome, objective, self.kept.pop(place, {}))


def _in_stacks(
    table: NDArray[np.int32],
    configs: Sequence[TrainConfig],
    seeds: Sequence[int],
    snapshots: Sequence[int],
    emit: Callable[[int, Evaluated], None] | None,
) -> Iterator[Trained]:
    size, keeper = stack_size(len(table), configs[0]), _Keeper(table, configs)
    for first in range(0, len(seeds), size):

        def tell(news: list[tuple[int, Evaluated]], first: int = first) -> None:
            for place, now in news:
                if emit is not None:
                    emit(first + place, now)

        def keep(place: int, step: int, network: GroupNetwork, first: int = first) -> None:
            keeper.snapshot(first + place, step, network)

        with one_blas_thread():
            trainer = StackTrainer(table, configs[first : first + size], seeds[first : first + size])
            run = StackRun(trainer, snapshots=snapshots).run(Hooks(tell, keep))
            for place, network, outcome, objective in run:
                yield keeper.result(first + place, network, outcome, objective)


def _alone(
    table: NDArray[np.int32],
    config: TrainConfig,
    seed: int,
    place: int,
    snapshots: Sequence[int],
    emit: Callable[[int, Evaluated], None] | None,
) -> Trained:
    keeper = _Keeper(table, {place: config})
    with cpu_threads(1):
        trainer = Trainer(table, config, seed)
        outcome = trainer.run(
            None if emit is None else partial(emit, place), partial(keeper.snapshot, place), snapshots=snapshots
        )
    return keeper.result(place, trainer.network, outcome, trainer.objective(outcome.final.train_loss))


def _on_device(
    table: NDArray[np.int32],
    configs: Sequence[TrainConfig],
    seeds: Sequence[int],
    snapshots: Sequence[int],
    emit: Callable[[int, Evaluated], None] | None,
    device: str,
) -> Iterator[Trained]:
    keeper, where = _Keeper(table, configs), device_named(device)
    for one in dict.fromkeys(configs):
        places = {seeds[place]: place for place, other in enumerate(configs) if other == one}
        if len(places) < sum(other == one for other in configs):
            raise RhosetError("a seed is there twice with the same settings; give each seed once", slug="bad-setting")
        several = list(places)
        for first in range(0, len(several), DEVICE_INSTANCES):

            def tell(seed: int, now: Evaluated, places: dict[int, int] = places) -> None:
                if emit is not None:
                    emit(places[seed], now)

            def keep(seed: int, step: int, network: GroupNetwork, places: dict[int, int] = places) -> None:
                keeper.snapshot(places[seed], step, network)

            here = several[first : first + DEVICE_INSTANCES]
            for network, outcome, objective in train_instances(table, one, here, where, tell, keep, snapshots):
                yield keeper.result(places[outcome.seed], network, outcome, objective)
