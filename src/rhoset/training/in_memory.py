"""Networks of one shape trained in memory: `train_network` one, `train_stack` several, in the company that their shape
asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.networks import Network
from rhoset.training.company import company, company_size
from rhoset.training.config import TrainConfig
from rhoset.training.model import GroupNetwork, first_network
from rhoset.training.outcome import Evaluated, Outcome
from rhoset.training.stacks.layout import check_one_shape
from rhoset.training.together import Hooks, Training


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
    with company(table, [config], [seed], threads=threads) as trainer:
        ((_, network, outcome, _),) = Training(trainer).run(Hooks())
    return network, outcome


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
    kept: dict[int, dict[int, Network]] = {}
    for places in _companies(len(table), configs, device):

        def tell(news: list[tuple[int, Evaluated]], places: list[int] = places) -> None:
            for place, now in news:
                if emit is not None:
                    emit(places[place], now)

        def keep(place: int, step: int, network: GroupNetwork, places: list[int] = places) -> None:
            kept.setdefault(places[place], {})[step] = network.to_network(table, {})

        here = [configs[place] for place in places]
        with company(table, here, [seeds[place] for place in places], device=device) as trainer:
            for place, network, outcome, objective in Training(trainer, snapshots=snapshots).run(Hooks(tell, keep)):
                at, config, dtype = places[place], here[place], network.get_parameter("unembed").dtype
                if outcome.label == "diverged":
                    network = first_network(table, config, outcome.seed, dtype)
                found = network.to_network(table, {"seed": str(outcome.seed), "steps": str(outcome.steps)})
                yield Trained(at, outcome.seed, config, found, outcome, objective, kept.pop(at, {}))


def _companies(n: int, configs: Sequence[TrainConfig], device: str) -> Iterator[list[int]]:
    """The places of the networks that are trained together, company after company; of one configuration on a device."""
    size = company_size(n, configs[0], device)
    for one in dict.fromkeys(configs) if device != "cpu" else (None,):
        places = [place for place, config in enumerate(configs) if one is None or config == one]
        yield from (places[start : start + size] for start in range(0, len(places), size))
