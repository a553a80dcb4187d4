"""Which order of elements and which activation a foreign network was trained with, judged by its answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rhoset.errors import RhosetError
from rhoset.networks.activations import ACTIVATIONS
from rhoset.networks.importing.answers import learned_order, scores, steadiness
from rhoset.networks.importing.orders import Order, find_order, known_orders
from rhoset.networks.network import Network
from rhoset.summaries import percentage

if TYPE_CHECKING:
    from rhoset.groups import Group

NEAR_CHANCE = 0.1
"""An accuracy below 1/n plus this is called near chance."""

BETTER = 0.1
"""Another order or activation is named when the network's accuracy with it is higher by more than this. Lower values
would name orders that agree by luck for badly trained networks."""

EQUAL = 0.02
"""Accuracies on the sample that differ by less than this count as equal; what fits shows in the margins then."""

ASK_BELOW = 0.6
"""Below this accuracy the network's own answers are tried as a table. A network that has learned a group answers
rightly on at most 3/4 of the pairs of a different one, and mostly far fewer."""

LEARNED_MAX_ORDER = 400
"""Largest group for which the network's own answers are tried as a table (n³m operations)."""

NATIVE_ORDERS = {
    "chughtai": ("sympy/opposite", "cycle/opposite", "own"),
    "stander": ("parity/opposite", "parity", "own/opposite", "own"),
}
"""For each format the orders that its authors' code is known to use, in order of preference; other formats have
``own``."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read the network: an order, an activation, and the accuracy on a sample of pairs."""

    order: Order
    activation: str
    accuracy: float


@dataclass(frozen=True, eq=False)
class Choice:
    """The order that is taken and what a user should know."""

    order: Order
    notes: tuple[str, ...]


def choose(network: Network, base: Group, format: str, order: str | None) -> Choice:
    """The order of the elements, with remarks.

    Parameters
    ----------
    network
        With the activation that the file or the user states, or ``relu``; its table does not matter.
    base
        The group.
    format
        Whose code made the file.
    order
        The user's order, or None for the format's own.

    Raises
    ------
    RhosetError
        The order is unknown (slug ``unknown-order``); none is given and another than the format's fits
        (``element-order``); the answers are the table of another group (``wrong-group``).
    """
    if order == "learned":
        return _learned(network, base)
    orders = known_orders(base)
    assumed = (
        _assumed(network, base, format, orders) if order is None else _read(network, base, find_order(base, order))
    )
    best = _best(network, base, assumed, orders)
    if order is None and best.order is not assumed.order:
        raise RhosetError(_better(base, assumed, best), slug="element-order")
    notes = []
    if best is not assumed:
        notes.append(_better(base, assumed, best))
    elif assumed.accuracy < 1 / base.order + NEAR_CHANCE:
        notes.append(
            f"accuracy {assumed.accuracy:.1%} is near chance: the network is untrained, its elements are in another"
            f" order than {assumed.order.name} ({assumed.order.description}){_layout(format)}; tried"
            f" {', '.join(o.name for o in orders)}, and the activations {', '.join(ACTIVATIONS)}"
        )
    return Choice(assumed.order, tuple(notes))


def _layout(format: str) -> str:
    """What else may be wrong where the user says which tensor is what."""
    return ", or the mapping takes a square tensor without its transpose" if format == "mapping" else ""


def better_activation(network: Network, base: Group) -> str:
    """A remark naming the activation with which the network answers as its own table says, where it is not the one it
    is read with; otherwise empty."""
    own = Order("file", "the table in the file", known_orders(base)[0].old)
    assumed = _read(network, base, own)
    best = _steadiest(network, base, [assumed, *_others(network, base, [own], assumed)])
    return _better(base, assumed, best) if best.accuracy > assumed.accuracy + BETTER else ""


def _read(network: Network, base: Group, order: Order) -> Reading:
    return Reading(order, network.activation, scores(network, base, [order])[order])


def _assumed(network: Network, base: Group, format: str, orders: list[Order]) -> Reading:
    """The best of the orders of the format's authors."""
    names = {order.name: order for order in orders}
    native = [names[name] for name in NATIVE_ORDERS.get(format, ("own",)) if name in names]
    found = scores(network, base, native)
    best = max(native, key=lambda order: found[order])
    return Reading(best, network.activation, found[best])


def _others(network: Network, base: Group, orders: list[Order], assumed: Reading) -> list[Reading]:
    """All readings that could be better by more than `BETTER`."""
    if assumed.accuracy >= 1 - BETTER:
        return []
    readings = []
    for activation in ACTIVATIONS:
        found = scores(replace(network, activation=activation), base, orders)
        readings += [Reading(order, activation, accuracy) for order, accuracy in found.items()]
    return readings


def _best(network: Network, base: Group, assumed: Reading, orders: list[Order]) -> Reading:
    """The reading that fits; the assumed one unless another is better by more than `BETTER`."""
    best = _steadiest(network, base, [assumed, *_others(network, base, orders, assumed)])
    if best.accuracy > assumed.accuracy + BETTER:
        return best
    if assumed.accuracy < ASK_BELOW and base.order <= LEARNED_MAX_ORDER:
        for activation in dict.fromkeys((network.activation, *ACTIVATIONS)):
            found = learned_order(replace(network, activation=activation), base)
            if found is not None:
                readings = [assumed, *_others(network, base, [found], assumed)]
                return _steadiest(network, base, readings)
    return assumed


def _steadiest(network: Network, base: Group, readings: list[Reading]) -> Reading:
    """The reading of highest accuracy; of several that are as accurate those with the activation that is stated, and
    of them the one whose margins are steadiest."""
    top = max(reading.accuracy for reading in readings)
    near = [reading for reading in readings if reading.accuracy > top - EQUAL]
    near = [reading for reading in near if reading.activation == network.activation] or near
    if len(near) == 1:
        return near[0]
    return max(near, key=lambda r: steadiness(replace(network, activation=r.activation), base, r.order))


def _learned(network: Network, base: Group) -> Choice:
    found = learned_order(network, base)
    if found is None:
        orders = ((a, learned_order(replace(network, activation=a), base)) for a in ACTIVATIONS)
        fitting = [Reading(found, a, 1.0) for a, found in orders if found is not None]
        if fitting:
            best = _steadiest(network, base, fitting)
            raise RhosetError(
                f"with activation {network.activation} the network's answers are not the table of a group; with"
                f" {best.activation} they are: give --activation {best.activation}",
                slug="unknown-order",
            )
        raise RhosetError("the network's answers are not the table of a group", slug="unknown-order")
    return Choice(found, (f"the table is what the network answers; it is isomorphic to {base.name}'s",))


def _options(assumed: Reading, best: Reading) -> str:
    order = f"--order {best.order.name}" if best.order is not assumed.order else ""
    activation = f"--activation {best.activation}" if best.activation != assumed.activation else ""
    return " ".join(filter(None, (order, activation)))


def _better(base: Group, assumed: Reading, best: Reading) -> str:
    """What fits better, for a remark or an error."""
    ways = []
    for reading in (assumed, best):
        order = f"in the order {reading.order.name!r} ({reading.order.description})"
        activation = f"with activation {reading.activation}"
        parts = [
            order if best.order is not assumed.order else "",
            activation if best.activation != assumed.activation else "",
        ]
        ways.append(" ".join(filter(None, parts)))
    return (
        f"the network is right on {percentage(assumed.accuracy)} of the pairs of {base.name} {ways[0]}, but on"
        f" {percentage(best.accuracy)} {ways[1]}; choose it with {_options(assumed, best)}"
    )
