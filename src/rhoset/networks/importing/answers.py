"""What a network answers, and in which order of elements the answers are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.evaluation import logits
from rhoset.networks.importing.orders import Order, isomorphism, known_orders
from rhoset.networks.network import Network

if TYPE_CHECKING:
    from rhoset.groups import Group

SAMPLE_PAIRS = 4096
"""Pairs on which orders of elements are compared; the accuracies are right to about 0.02."""


def scores(network: Network, group: Group) -> dict[Order, float]:
    """Accuracy on a sample of pairs in each known order."""
    x, y = sample_pairs(group.order)
    answers = answers_of(network, x, y)
    return {o: float(np.mean(o.labels(group, x, y) == answers)) for o in known_orders(group)}


def sample_pairs(n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Positions (x, y): all pairs of a small group, otherwise `SAMPLE_PAIRS` of them."""
    if n * n <= SAMPLE_PAIRS:
        pairs = np.arange(n * n)
    else:
        pairs = np.random.default_rng(0).choice(n * n, SAMPLE_PAIRS, replace=False)
    return pairs // n, pairs % n


def answers_of(network: Network, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """The largest logit's element for each pair, in blocks."""
    step = max(1, (1 << 21) // max(network.order, network.width, 1))
    blocks = [logits(network, x[i : i + step], y[i : i + step]).argmax(axis=-1) for i in range(0, len(x), step)]
    return np.concatenate(blocks)


def learned_order(network: Network, base: Group, path: Path) -> Order | None:
    """The order in which the network's own answers are the table of ``base``, None where they are
    no group's table; RhosetError where they are another group's."""
    from rhoset.groups import Group

    n = base.order
    x, y = (part.ravel() for part in np.indices((n, n)))
    try:
        own = Group(name="learned", table=answers_of(network, x, y).reshape(n, n).astype(np.int32))
    except RhosetError:
        return None
    old = isomorphism(base, own)
    if old is None:
        raise RhosetError(
            f"{path}: the network's answers form the table of a group of order {n}, but it is not"
            f" isomorphic to {base.name}; give the group it was trained on",
            slug="wrong-group",
        )
    return Order("learned", "the table that the network's answers form", old)
