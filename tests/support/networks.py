"""Small networks made on the spot."""

from __future__ import annotations

from typing import Any

import numpy as np

from rhoset.networks import Network


def cyclic_table(n: int) -> np.ndarray:
    """Table of the cyclic group of order n."""
    return ((np.arange(n)[:, None] + np.arange(n)) % n).astype(np.int32)


def random_network(n: int = 5, m: int = 7, seed: int = 0, dtype: Any = np.float32) -> Network:
    """A network of random tables on the cyclic group of order n."""
    rng = np.random.default_rng(seed)
    tables = [rng.standard_normal(shape).astype(dtype) for shape in [(n, m), (n, m), (m, n), (n,)]]
    return Network(*tables, cyclic_table(n), metadata={"group": f"C{n}"})


def random_factors(n: int = 5, e: int = 4, m: int = 7, seed: int = 0) -> dict[str, np.ndarray]:
    """Random float32 factors of a network."""
    rng = np.random.default_rng(seed)
    shapes = {
        "embed_left": (n, e),
        "embed_right": (n, e),
        "hidden_left": (e, m),
        "hidden_right": (e, m),
        "unembed": (m, n),
    }
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
