"""What a stack is made of: which shapes are trained as stacks, how large one is, and where each parameter stands in
the flat vector of a network."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.training.config import TrainConfig
from rhoset.training.pairs import block_pairs

CACHE_BYTES = 1_500_000
"""Bytes that a whole stack may take (hidden values, their gradients, logits, parameters with their optimiser): below a
core's second-level cache. S3 at width 8 in float32: 190 networks with tables, 8 with embeddings of 256."""

MAX_NETWORKS = 256
"""Networks in a stack at most: beyond it a step's fixed cost no longer counts, and a kill loses more."""

PER_NETWORK = (
    "preset",
    "weight_decay",
    "learning_rate",
    "epsilon",
    "init",
    "init_scale",
    "split_seed",
    "max_steps",
    "min_steps",
    "stop_loss",
    "plateau_window",
    "plateau_tolerance",
    "plateau_loss",
    "convergence_tolerance",
    "convergence_updates",
    "checkpoints",
)
"""Settings in which the networks of one stack may differ."""


def suits_stack(n: int, config: TrainConfig) -> bool:
    """Whether networks of this shape are trained by the arithmetic of stacks, alone or together.

    It depends on the shape alone, never on how many networks there are: so a network has the same bits in every
    company. Shapes whose pairs fit in one block of the kernel are stacked; there the interpreter takes longer than
    the arithmetic.
    """
    return n * n <= block_pairs(n, config.width) and not (
        config.cubic_decay
        or config.sampled_outputs
        or config.curriculum
        or config.encoding_subgroup
        or not config.bias_decay
    )


def numbers_of(n: int, config: TrainConfig) -> int:
    """How many numbers a network takes in a stack: hidden values, gradients, logits, parameters, optimiser."""
    embeddings = 0 if config.architecture == "folded" else 2 * config.embed_dim * (n + config.width)
    parameters = embeddings + 3 * n * config.width
    return n * n * (3 * config.width + n) + 6 * parameters


def stack_size(n: int, config: TrainConfig) -> int:
    """How many networks of this shape go into one stack."""
    item = 8 if config.precision == "float64" else 4
    return max(1, min(MAX_NETWORKS, CACHE_BYTES // (item * numbers_of(n, config))))


def check_one_shape(configs: Sequence[TrainConfig]) -> None:
    """Raises RhosetError, ``bad-setting``, naming the setting, when the configurations can't share a stack."""
    first = configs[0]
    for config in configs:
        for field in dataclasses.fields(TrainConfig):
            if field.name not in PER_NETWORK and getattr(config, field.name) != getattr(first, field.name):
                raise RhosetError(
                    f"training setting {field.name} is {getattr(first, field.name)!r} and "
                    f"{getattr(config, field.name)!r} in one stack; it must be the same in all of its networks",
                    slug="bad-setting",
                )


@dataclass(frozen=True)
class Layout:
    """Names and shapes of a network's parameters, and their places in one flat vector.

    Parameters
    ----------
    shapes
        (name, shape), in the order of `GroupNetwork.named_parameters`.
    """

    shapes: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def size(self) -> int:
        """P, numbers in all."""
        return sum(math.prod(shape) for _, shape in self.shapes)

    def views(self, flat: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
        """The parameters (k, *shape) as views of the flat vectors (k, P)."""
        found, start = {}, 0
        for name, shape in self.shapes:
            end = start + math.prod(shape)
            found[name] = flat[:, start:end].reshape(len(flat), *shape)
            start = end
        if "left" in found:  # the two tables stand together: one array (k, 2n, m)
            n, m = dict(self.shapes)["left"]
            found["tables"] = flat[:, : 2 * n * m].reshape(len(flat), 2 * n, m)
        return found
