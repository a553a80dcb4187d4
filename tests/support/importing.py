"""Foreign checkpoints made here: solved networks in known orders, files of each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from rhoset.groups import Group, PointSet, natural_gset, regular_gset
from rhoset.networks import (
    Network,
    logits,
)
from rhoset.networks.constructing import CircuitPlan, construct
from rhoset.networks.importing import known_orders
from support.networks import random_factors

torch = pytest.importorskip("torch")


def solved(g: Group, order: str = "own", seed: int = 0) -> Network:
    """A network of accuracy 1 on the group with its elements in another known order."""
    points = PointSet.simplex(natural_gset(g) if g.permutations is not None else regular_gset(g))
    network = construct(g, CircuitPlan("natural", left_set=points), seed=seed).network
    chosen = next(o for o in known_orders(g) if o.name == order)
    table = chosen.table(g)
    # f(z|x, y) for the own order; with the opposite product x and y change places.
    left, right = network.left[chosen.old], network.right[chosen.old]
    if chosen.opposite:
        left, right = right, left
    return Network(left, right, network.unembed[:, chosen.old], network.bias, table)


def save(path: Path, arrays: dict[str, Any], kind: str = "torch") -> Path:
    if kind == "torch":
        torch.save({name: torch.from_numpy(np.array(a)) for name, a in arrays.items()}, path)
    elif kind == "npz":
        with open(path, "wb") as handle:
            np.savez(handle, **arrays)
    else:
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, path)
    return path


def same_function(a: Network, b: Network) -> None:
    x, y = np.indices((a.order, a.order))
    f, g = logits(a, x, y, np.float64), logits(b, x, y, np.float64)
    assert np.allclose(f, g, rtol=1e-5, atol=1e-4 * np.abs(f).max())


def chughtai() -> dict[str, np.ndarray]:
    f = random_factors(6)
    hidden = np.vstack([f["hidden_left"], f["hidden_right"]])
    return {"W_x": f["embed_left"], "W_y": f["embed_right"], "W": hidden, "W_U": f["unembed"]}


def stander(bias: bool = True) -> dict[str, np.ndarray]:
    f = random_factors(6)
    arrays = {
        "lembed.weight": f["embed_left"],
        "rembed.weight": f["embed_right"],
        "linear.weight": np.vstack([f["hidden_left"], f["hidden_right"]]).T,
        "unembed.weight": f["unembed"].T,
    }
    if bias:
        arrays["unembed.bias"] = np.linspace(-1, 1, 6, dtype=np.float32)
        arrays["linear.bias"] = np.linspace(-2, 1, 7, dtype=np.float32)
    return arrays
