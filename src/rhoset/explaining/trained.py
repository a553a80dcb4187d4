"""How a network was trained, as far as its weights must fit it: which pairs training saw, and how the weights decay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.arrays import read_only
from rhoset.errors import RhosetError
from rhoset.groups.arrays import mask_of
from rhoset.networks import Network
from rhoset.networks.splits import drawn_pairs
from rhoset.summaries import Shown

CHUGHTAI = "bilal-chughtai/rep-theory-mech-interp"
"""Repository of the public checkpoints; their files name it. Optimiser and split are those of its ``train.py``."""


@dataclass(frozen=True, eq=False, repr=False)
class Recipe(Shown):
    """What fixes the stationary points of training.

    Attributes
    ----------
    pairs
        (n, n) bool: the training pairs (x, y).
    optimizer
        ``"adam"`` or ``"sgd"`` (decay is L2 in the gradient), ``"adamw"`` (decay beside it), or "" when unknown.
    decay, epsilon
        λ and ε of the optimiser; 0 when unknown.
    rate
        η, the learning rate of the last steps; 0 when unknown, or when it was lowered on the way.
    cubic
        λ of the penalty λ Σ (‖l‖² + ‖r‖² + ‖u‖²)^{3/2} on whole neurons; 0: none.
    architecture
        ``"folded"`` (the tables are the parameters), ``"factored"`` (embeddings times maps), or "" when unknown.
    bias
        ``"decays"``, ``"free"`` (trained without decay), or "" (none, or unknown).
    source
        Where this was read.
    """

    pairs: NDArray[np.bool_]
    optimizer: str = ""
    decay: float = 0.0
    epsilon: float = 0.0
    cubic: float = 0.0
    architecture: str = ""
    bias: str = ""
    source: str = "as given"
    rate: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", read_only(self.pairs, np.bool_))

    @property
    def fraction(self) -> float:
        """Share of the pairs that training saw."""
        return float(self.pairs.mean())


@public
def recipe(network: Network, split: Any = None) -> Recipe | None:
    """How a network was trained: by its metadata, or on the pairs given.

    Parameters
    ----------
    network
        One that `rhoset train` wrote (its metadata hold settings and seed), or one of the published checkpoints of
        Chughtai et al. (their files name repository, seed and share of the pairs).
    split
        Training pairs where the metadata do not say them: ``"all"``, an (n, n) array of bool, or positions x·n + y.

    Returns
    -------
    Recipe or None
        None where neither the metadata nor `split` say which pairs training saw.

    Raises
    ------
    RhosetError
        `split` is of another shape or names pairs that do not exist (slug ``bad-split``).

    Notes
    -----
    The splits of the published checkpoints are the first pairs of ``torch.randperm(n²)`` after
    ``torch.manual_seed(seed)``; they are drawn here without PyTorch, see `torch_permutation`.
    """
    n = network.order
    found = _trained_here(network.metadata, n) or _published(network.metadata, n)
    if split is None:
        return found
    pairs = _given(split, n)
    if found is None:
        return Recipe(pairs)
    return replace(found, pairs=pairs, source="as given")


def _trained_here(metadata: Mapping[str, str], n: int) -> Recipe | None:
    """From the settings that `rhoset train` writes; what a file of an older version lacks has its default."""
    if "config" not in metadata or "seed" not in metadata:
        return None
    try:
        config = json.loads(metadata["config"])
        unheard = any(config.get(name) for name in ("sampled_outputs", "hidden_bias", "encoding_subgroup"))
        if unheard or "optimizer" not in config:
            return None
        split = config.get("split_seed", 0)
        seed = int(metadata["seed"]) if split in ("own", None) else int(split)
        seen = drawn_pairs(n, float(config.get("train_fraction", 1.0)), seed)
        architecture = {"folded": "folded", "shared_embedding": ""}.get(config.get("architecture", ""), "factored")
        decays = "decays" if config.get("bias_decay", True) else "free"
        return Recipe(
            pairs=np.ones((n, n), dtype=bool) if seen is None else _mask(seen, n),
            optimizer=str(config["optimizer"]),
            decay=float(config.get("weight_decay", 0.0)),
            epsilon=float(config.get("epsilon", 0.0)),
            cubic=float(config.get("cubic_decay", 0.0)),
            architecture=architecture,
            bias=decays if config.get("unembed_bias", True) else "",
            source="its settings and seed",
            rate=0.0 if config.get("schedule") == "cosine" else float(config.get("learning_rate", 0.0)),
        )
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):  # settings that a stranger wrote
        return None


def _published(metadata: Mapping[str, str], n: int) -> Recipe | None:
    if metadata.get("source_repository") != CHUGHTAI:
        return None
    try:
        seed, fraction = int(metadata["seed"]), float(metadata["train_fraction"])
    except (KeyError, ValueError):
        return None
    if not (0 < fraction <= 1 and 0 <= seed < 2**32):
        return None
    seen = torch_permutation(n * n, seed)[: int(fraction * n * n)]
    return Recipe(_mask(seen, n), "adamw", 1.0, 1e-8, architecture="factored", source=f"the split of {CHUGHTAI}")


def _given(split: Any, n: int) -> NDArray[np.bool_]:
    if isinstance(split, str) and split == "all":
        return np.ones((n, n), dtype=bool)
    try:
        array = np.asarray(split)
    except (TypeError, ValueError):  # rows of unequal length, or no numbers at all
        array = np.zeros(0, dtype=object)
    if array.shape == (n, n) and array.dtype == bool and array.any():
        return array
    whole = array.ndim == 1 and array.size > 0 and np.issubdtype(array.dtype, np.integer)
    if whole and array.min() >= 0 and array.max() < n * n:
        return _mask(array, n)
    raise RhosetError(
        f"split of shape {array.shape} and type {array.dtype}: give 'all', ({n}, {n}) truth values of which one is"
        f" true, or positions x·{n} + y from 0 to {n * n - 1}",
        slug="bad-split",
    )


def _mask(positions: NDArray[np.integer], n: int) -> NDArray[np.bool_]:
    return mask_of(n * n, positions).reshape(n, n)


def torch_permutation(count: int, seed: int) -> NDArray[np.int64]:
    """``torch.randperm(count)`` after ``torch.manual_seed(seed)`` on a CPU, without PyTorch.

    A Fisher-Yates shuffle whose numbers are the 32-bit words of a Mersenne twister; cost `count`.
    """
    words = np.frombuffer(np.random.RandomState(seed).bytes(4 * count), dtype="<u4")
    order = np.arange(count)
    for i in range(count - 1):
        j = i + int(words[i]) % (count - i)
        order[i], order[j] = order[j], order[i]
    return order
