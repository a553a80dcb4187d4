"""Potentials for rule `gaps`: what is taken off all outputs alike so that gaps grow (THEOREMS.md, Theorem 4).

A circuit's table M[d, c'] says what the neurons at c write to outputs with zc = d where yc = c', d and c' carried to
x = e. A rival's loss at a point is M[d, d] − M[d, c']. Only sums of it around the cycles of w enter a margin, so
g(c') − g(d) may be added; the best g for two points that are exchanged makes both losses equal.
"""

from __future__ import annotations

import numpy as np

from rhoset.groups import coset_means
from rhoset.networks import Network
from rhoset.networks.activations import activation
from rhoset.prove.gaps import GapReading
from rhoset_check.near import Array, Ints

XS = 192
"""The tables are averaged over so many x, evenly spaced."""


def potentials(network: Network, reading: GapReading) -> tuple[Array | None, ...]:
    """(q, q) g_c(c') for each G-set of the reading; None for sets of one point.

    Cost k q² for each of `XS` x and k neurons.
    """
    xs = np.unique(np.linspace(0, network.order - 1, XS).astype(np.intp))
    return tuple(
        None
        if place.shape[1] == 1
        else np.stack(
            [
                balanced(table(network, np.flatnonzero((reading.block == j) & (reading.point == c)), place, c, xs))
                for c in range(place.shape[1])
            ]
        )
        for j, place in enumerate(reading.places)
    )


def table(network: Network, neurons: Ints, place: Ints, c: int, xs: Ints) -> Array:
    """(q, q) M[d, c'] of the neurons at c, by means over fibres and over the xs."""
    q, phi = place.shape[1], activation(network.activation)
    reads, writes = (coset_means(side[:, neurons].T, place[:, c]) for side in (network.right, network.unembed.T))
    hidden = phi(network.left[xs][:, neurons, None] + reads)  # (x, k, c')
    carried = writes[:, place[xs]].transpose(1, 0, 2)  # (x, k, d): what is written where zc = x·d
    return np.asarray(carried.reshape(-1, q).T @ hidden.reshape(-1, q)) / len(xs)


def balanced(m: Array) -> Array:
    """(q,) the g that makes M[d, d] − M[d, c'] + g(c') − g(d) as nearly symmetric as can be, with mean 0."""
    g = (np.diag(m) + m.mean(axis=0) - m.mean(axis=1)) / 2
    return np.asarray(g - g.mean())
