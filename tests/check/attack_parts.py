"""What attacks are made of, and their register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .certificates import at_points, folded, gap_tensors, hidden, low_rank, seated, within
from .harness import Cert, Net, Tensors, plan_of
from .networks import Planted, draw_circuit, plant, random_tables
from .small_groups import (
    ORDERS,
    SmallGroup,
    random_action,
    random_group,
    shuffled,
    small_group,
)

Attack = Callable[[np.random.Generator], tuple[Net, Cert]]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    """Registered; certificates of rule even get the points by which neurons read x where they name none."""

    def made(rng: np.random.Generator) -> tuple[Net, Cert]:
        net, cert = function(rng)
        return net, seated(net, cert)

    ATTACKS[function.__name__] = made
    return function


def network(tensors: Tensors, group: SmallGroup, activation: str = "relu", dtype: type = np.float64) -> Net:
    return Net({k: v.astype(dtype) for k, v in tensors.items()}, group.table.astype(np.int32), activation, "attack")


def certificate(group: SmallGroup, plan: dict[str, Any], **tensors: Any) -> Cert:
    return Cert(within({"generators": group.generators, **tensors}), plan, "real", "attack")


def on_edge(net: Net, rng: np.random.Generator) -> Net:
    """The bias of one output z changed so that one pair with xy = z is wrong by very little.

    Other pairs with that product may be right: a bound that is only a little too good there counts one too many.
    """
    n, table = net.order, net.table
    f = (hidden(net) @ np.concatenate([folded(net)[2], folded(net)[3][None]])).reshape(n, n, n)
    z = int(rng.integers(n))
    x, y = np.nonzero(table == z)
    rival = np.where(np.arange(n) == z, -np.inf, f[x, y]).max(axis=1)
    need = rival - f[x, y, z]
    target = need[rng.integers(len(need))] if rng.random() < 0.5 else need.max()
    least = 1e-6 if net.tensors["bias"].dtype == np.float32 else 1e-9
    bias = net.tensors["bias"].astype(np.float64)
    bias[z] += target - max(least, 10.0 ** rng.uniform(-6, -1.5)) * max(abs(target), np.abs(f).max(), 1e-3)
    return replace(net, tensors={**net.tensors, "bias": bias.astype(net.tensors["bias"].dtype)})


def gaps(group: SmallGroup, sets: list[np.ndarray], block: Any, point: Any, **options: Any) -> Cert:
    """A certificate of rule gaps alone."""
    where = np.asarray(block, dtype=np.intp), np.asarray(point, dtype=np.intp)
    types = tuple(map(int, options.pop("types"))) if "types" in options else None
    tensors = gap_tensors(sets, *where, group, types)
    scale = {"scale": options.pop("scale")} if "scale" in options else {}
    tensors |= {"gaps.centred": np.asarray(options.pop("centred"))} if "centred" in options else {}
    return certificate(group, plan_of("gaps", **options), **tensors, **scale)


def low_options(n: int, rng: np.random.Generator) -> dict[str, Any]:
    """Any options of rule lowrank."""
    return {"samples": int(rng.choice([0, 0, 1, n])), "singles": int(rng.choice([0, 1, n]))}


def no_features(n: int, m: int) -> Tensors:
    """Nothing is written: δ is everything."""
    return low_rank(np.zeros((n, 0)), np.zeros((m + 1, 0)))


def everything(tensors: Tensors) -> Tensors:
    """unembed exactly: a feature for each output, and the bias in none."""
    written = np.concatenate([tensors["unembed"], 0 * tensors["unembed"][:1]])
    return low_rank(np.eye(written.shape[1]), written)


def everywhere(tensors: Tensors, group: SmallGroup) -> Tensors:
    """unembed at the points of the regular G-set, a share of every output at each: gaps are margins. The bias is not
    written."""
    n, place = group.order, group.table
    writing = np.zeros((len(tensors["unembed"]) + 1, n, n))
    for c in range(n):
        writing[:-1, c, place[:, c]] = tensors["unembed"] / n
    return at_points([place], writing.reshape(len(writing), -1), group)


def no_points(group: SmallGroup, m: int, rng: np.random.Generator) -> Tensors:
    """Nothing is written at points: δ is everything."""
    sets = [some_points(group, rng)]
    return at_points(sets, np.zeros((m + 1, sets[0].shape[1] ** 2)), group)


def some_points(group: SmallGroup, rng: np.random.Generator) -> np.ndarray:
    """A G-set of two points or more, one orbit or several."""
    action = random_action(group, rng, 6)
    return action if action.shape[1] > 1 else group.natural


def constant(group: SmallGroup, m: int, rng: np.random.Generator) -> Tensors:
    """Hidden activations that do not depend on the inputs: right for one output in n."""
    tensors = random_tables(group.order, m, rng)
    tensors["left"], tensors["right"] = (
        np.tile(np.abs(rng.normal(size=m)), (group.order, 1)),
        np.zeros((group.order, m)),
    )
    tensors["bias"] = np.zeros(group.order)
    return tensors


def all_left_over(rng: np.random.Generator) -> tuple[SmallGroup, Tensors, Tensors]:
    """A group, and weights whose unembed is to be written nowhere: δ is everything, with any scale or none."""
    group = random_group(rng, 6)
    n, m = group.order, int(rng.integers(1, 3))
    tensors = constant(group, m, rng)
    if rng.random() < 0.5:
        tensors["unembed"] = np.sign(rng.normal(size=(m, n)))
    if rng.random() < 0.3:  # all alike
        m = 12
        tensors |= {"left": np.repeat(tensors["left"][:, :1], m, axis=1), "right": np.zeros((n, m))}
        tensors["unembed"] = np.repeat(tensors["unembed"][:1], m, axis=0)
    return group, tensors, {"scale": 2.0 ** rng.integers(-3, 4, m + 1)} if rng.random() < 0.5 else {}


def regular(group: SmallGroup) -> np.ndarray:
    return group.table  # action[g, b] = g·b


def small_circuit(rng: np.random.Generator, extra: int) -> tuple[SmallGroup, Planted, Tensors]:
    """A full circuit that multiplies, with silent neurons."""
    names = [n for n in ("C2", "C3", "C4", "C2xC2", "S3", "A4", "S4", "D4", "C5") if ORDERS[n] <= 24]
    for _ in range(100):
        group = shuffled(small_group(str(rng.choice(names))), rng)
        circuit = draw_circuit(group, rng, 0)
        if circuit is not None and (circuit.coupling < 0).any() and len(set(circuit.alpha)) == len(circuit.alpha):
            coupling = np.where(circuit.coupling < 0, -1.0, 1 / (len(circuit.alpha) - 1))
            circuit = replace(circuit, coupling=coupling, weights=np.ones(len(circuit.neurons)))
            return group, circuit, plant(group, [circuit], len(circuit.neurons) + extra)
    raise AssertionError("no circuit in a hundred draws")
