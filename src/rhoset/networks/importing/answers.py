"""What a network answers, and in which order of elements the answers are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.networks.evaluation import logits, margins_of, sampled_pairs
from rhoset.networks.importing.orders import Order
from rhoset.networks.network import Network

if TYPE_CHECKING:
    from rhoset.groups import Group

SAMPLE_PAIRS = 4096
"""Pairs on which orders of elements are compared; the accuracies are right to about 0.02."""

LATIN_ROWS = 4
"""Rows of answers that must be permutations before all n² answers are asked for."""


def in_blocks(
    function: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]], x: NDArray[Any], y: NDArray[Any], numbers: int
) -> NDArray[Any]:
    """A function of pairs, called on as many at a time as keep `numbers` numbers each in 16 MB."""
    step = max(1, (1 << 21) // max(numbers, 1))
    return np.concatenate([function(x[i : i + step], y[i : i + step]) for i in range(0, len(x), step)])


def answers_of(network: Network, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """The largest logit's element for each pair, in blocks."""

    def largest(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(logits(network, x, y).argmax(axis=-1))

    return in_blocks(largest, x, y, max(network.order, network.width))


def scores(network: Network, group: Group, orders: list[Order]) -> dict[Order, float]:
    """Accuracy on a sample of pairs in each order."""
    x, y = sampled_pairs(group.order, SAMPLE_PAIRS)
    answers = answers_of(network, x, y)
    return {o: float(np.mean(o.labels(group, x, y) == answers)) for o in orders}


def steadiness(network: Network, group: Group, order: Order) -> float:
    """Mean of the margins over their standard deviation, on a sample of pairs: high where the network does the same for
    every pair, as one does that is read with the activation it was trained with. Its scale does not matter."""
    x, y = sampled_pairs(group.order, SAMPLE_PAIRS)

    def of(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        return margins_of(logits(network, x, y, np.float64), order.labels(group, x, y))

    with np.errstate(all="ignore"):
        found = in_blocks(of, x, y, max(network.order, network.width))
        ratio = float(found.mean() / found.std())
    return ratio if ratio == ratio else -np.inf


def learned_order(network: Network, base: Group) -> Order | None:
    """The order in which the network's own answers are the table of ``base``, None where they are no group's table;
    RhosetError where they are another group's.

    Cost n³m where the first rows of answers are permutations, nothing to speak of where they are not.
    """
    from rhoset.groups import Group, isomorphism

    n = base.order
    rows = np.repeat(np.arange(min(n, LATIN_ROWS)), n)
    first = answers_of(network, rows, np.resize(np.arange(n), len(rows))).reshape(-1, n)
    if any(len(np.unique(row)) < n for row in first):
        return None
    x, y = (part.ravel() for part in np.indices((n, n)))
    try:
        own = Group(name="learned", table=answers_of(network, x, y).reshape(n, n).astype(np.int32))
    except RhosetError:
        return None
    old = isomorphism(own, base)
    if old is None:
        raise RhosetError(
            f"the network's answers form the table of a group of order {n}, but it is not"
            f" isomorphic to {base.name}; give the group it was trained on",
            slug="wrong-group",
        )
    return Order("learned", "the table that the network's answers form", old.astype(np.int64))
