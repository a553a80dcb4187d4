"""How far two networks are from each other as functions: on their centred logits, before any threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset.errors import RhosetError
from rhoset.groups import all_automorphisms
from rhoset.networks import Network, logits
from rhoset.networks.evaluation import sampled_pairs

NUMBERS = 1 << 26
"""Logits held at once, over all networks (float32: 256 MB, twice that with automorphisms). Where all pairs of inputs
are more, a random sample of them is used, always the same; distances then are estimates with a relative error of about
1/√(pairs)."""
CHUNK = 1 << 21
"""Numbers in float64 at a time in sums of products."""
COMPARISONS = 2e11
"""Most logits compared in a minimum over automorphisms (some minutes)."""


def distance_matrix(
    networks: Sequence[Network], *, scale_free: bool = False, automorphisms: bool = False
) -> NDArray[np.float64]:
    """(k, k) distances between networks on one table.

    Parameters
    ----------
    networks
        On one table; widths and activations may differ.
    scale_free
        Compare logits divided by their norm: the root of half the squared distance, √(1 − cos), in [0, √2]. Otherwise
        the root mean square difference over all inputs and answers, in nats.
    automorphisms
        The least distance over all automorphisms α of the group applied to one of the two, f(αa, αb)(αc). Renaming the
        elements by an automorphism gives a network that is as good; without this it counts as another function.

    Raises
    ------
    RhosetError
        ``mixed-groups`` for different tables; ``too-many-automorphisms``; ``too-dear`` when the minimum would take more
        than `COMPARISONS`.

    Notes
    -----
    A pseudometric on networks, a metric on functions: neurons may be permuted, split or rescaled. Each input's mean
    over the answers is taken off, so constants added to all logits do not count. Cost: each network is evaluated once,
    n³m; then n³ for each pair and automorphism.
    """
    table = networks[0].table
    for network in networks:
        if not np.array_equal(network.table, table):
            raise RhosetError(
                "the networks' multiplication tables differ: a distance is between functions on one group",
                slug="mixed-groups",
            )
    n = len(table)
    pairs = np.stack(sampled_pairs(n, max(1, NUMBERS // (n * len(networks)))), axis=1)
    moves = all_automorphisms(networks[0].group) if automorphisms else np.arange(n)[None]
    if automorphisms and len(moves) * len(networks) ** 2 / 2 * len(pairs) * n > COMPARISONS:
        raise RhosetError(
            f"{len(moves)} automorphisms for {len(networks)} networks of order {n} would compare more than"
            f" {COMPARISONS:.0e} logits; give fewer networks or leave the automorphisms out",
            slug="too-dear",
        )
    held = np.stack([centred_logits(network, pairs) for network in networks])
    squares = np.diag(inner_products(held, held)).copy()
    best = np.full((len(networks), len(networks)), -np.inf)
    for move in moves:
        plain = bool((move == np.arange(n)).all())
        moved = held if plain else np.stack([_moved(*of, pairs, move) for of in zip(networks, held, strict=True)])
        best = np.maximum(best, inner_products(held, moved))
    best = np.maximum(best, best.T)  # α runs over a group: the matrix is symmetric up to rounding
    if scale_free:
        norms = np.sqrt(np.where(squares > 0, squares, 1.0))
        found = np.sqrt(np.maximum(0.0, 1 - best / np.outer(norms, norms)))
    else:
        found = np.sqrt(np.maximum(0.0, squares[:, None] + squares - 2 * best) / (len(pairs) * n))
    np.fill_diagonal(found, 0.0)
    return np.asarray(found, dtype=np.float64)


def centred_logits(network: Network, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
    """(p, n) logits at pairs of inputs, each row's mean taken off."""
    rows = []
    step = max(1, (1 << 20) // max(network.order, network.width))
    for start in range(0, len(pairs), step):
        block = pairs[start : start + step]
        f = logits(network, block[:, 0], block[:, 1], np.float64)
        rows.append((f - f.mean(axis=1, keepdims=True)).astype(np.float32))
    return np.concatenate(rows)


def _moved(
    network: Network, held: NDArray[np.float32], pairs: NDArray[np.int64], move: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(p, n) f(αa, αb)(αc)."""
    n = network.order
    there = move[pairs]
    rows = held[there[:, 0] * n + there[:, 1]] if len(pairs) == n * n else centred_logits(network, there)
    return np.asarray(rows[:, move])


def inner_products(f: NDArray[np.float32], g: NDArray[np.float32]) -> NDArray[np.float64]:
    """(k, k) sums over inputs and answers of f_i · g_j for (k, p, n) logits, in float64."""
    found = np.zeros((len(f), len(g)))
    step = max(1, CHUNK // (len(f) * f.shape[2]))
    for start in range(0, f.shape[1], step):
        part = slice(start, start + step)
        found += f[:, part].reshape(len(f), -1).astype(np.float64) @ g[:, part].reshape(len(g), -1).astype(np.float64).T
    return found
