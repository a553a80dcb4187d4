"""Small networks that proofs are searched for: ideal, noisy, partial, random, zero."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from support.groups import named

from rhoset.networks import Network
from rhoset.networks.constructing import construct


def random_tables(name: str, width: int, activation: str = "relu", seed: int = 0) -> Network:
    group = named(name)
    rng = np.random.default_rng(seed)
    n = group.order
    left, right = rng.standard_normal((2, n, width)).astype(np.float32)
    unembed = rng.standard_normal((width, n)).astype(np.float32)
    bias = rng.standard_normal(n).astype(np.float32)
    return Network(left, right, unembed, bias, group.table, activation)


def fitted(name: str, width: int, seed: int = 0) -> Network:
    """Random hidden layer, unembed by least squares: right on many pairs, explained by nothing."""
    net = random_tables(name, width, seed=seed)
    n = net.order
    hidden = np.maximum(net.left[:, None, :] + net.right[None, :, :], 0).reshape(n * n, width)
    wanted = np.eye(n)[net.table.reshape(-1)]
    unembed = np.linalg.lstsq(hidden.astype(float), wanted, rcond=None)[0].astype(np.float32)
    return Network(net.left, net.right, unembed, np.zeros(n, np.float32), net.table)


def zero(name: str, width: int = 4) -> Network:
    group = named(name)
    n = group.order
    tables = [np.zeros(shape, np.float32) for shape in ((n, width), (n, width), (width, n), (n,))]
    return Network(*tables, group.table)


NETWORKS: dict[str, Callable[[], Network]] = {
    "S3": lambda: construct("S3", ["[2,1]", "sign"], noise=0.02, seed=1).network,
    "S4": lambda: construct("S4", ["natural"], noise=0.03, seed=2).network,
    "S4-noisy": lambda: construct("S4", ["natural"], noise=0.6, seed=3).network,
    "A4": lambda: construct("A4", ["natural"], noise=0.02, seed=4, width=20).network,
    "S3-abs": lambda: construct("S3", ["natural"], seed=5, activation="abs").network,
    "C7-fitted": lambda: fitted("C7", 30),
    "Q8-fitted": lambda: fitted("Q8", 24),
    "C7-random": lambda: random_tables("C7", 10),
    "Q8-square": lambda: random_tables("Q8", 12, "square"),
    "S3-zero": lambda: zero("S3"),
    "C1": lambda: random_tables("C1", 3),
}


@cache
def network(key: str) -> Network:
    return NETWORKS[key]()
