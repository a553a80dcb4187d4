"""The mean margin of a network as a function of the error w, split over the irreps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.pairs import activations_of
from rhoset.groups import Group, Irrep, project
from rhoset.networks import Network
from rhoset.report.views import MarginView

LOGITS = 4_000_000
"""Most logits evaluated for the mean margins; beyond it a fixed sample of left inputs stands for
all, and the figures are estimates."""
CLASSES = 14
"""Most conjugacy classes shown: those with the least margin."""
SHOWN = 0.01
"""Irreps that provide less than this share of the total are drawn together as `other`."""


def mean_logit(network: Network, group: Group) -> NDArray[np.float64]:
    """(n,): the mean over the inputs (x, y) of f(xwy | x, y), for each w.

    Cost n³m multiply-adds up to `LOGITS` logits, less beyond.
    """
    n = group.order
    rows = np.arange(n)
    if n**3 > LOGITS:
        count = max(1, LOGITS // n**2)
        rows = np.sort(np.random.default_rng(0).choice(n, count, replace=False))
    total, every, hidden = np.zeros(n), np.arange(n), activations_of(network)
    unembed, bias = network.unembed.astype(np.float64), network.bias.astype(np.float64)
    for x in rows:
        values = hidden(np.full(n, x), every) @ unembed + bias
        total += values.take(group.table[group.table[x]] + n * every).sum(axis=1)  # [w, y] → xwy
    return total / (len(rows) * n)


def margin_view(network: Network, group: Group, irreps: Sequence[Irrep]) -> MarginView | None:
    """Margins by class of w and by irrep; None for a group of one element."""
    if group.order == 1:
        return None
    mean = mean_logit(network, group)
    parts = np.array([project(rho, mean) for rho in irreps])
    margin = parts[:, [group.identity]] - parts  # (irreps, n)
    classes = group.classes
    by_class = np.array([margin[:, classes.labels == k].mean(axis=1) for k in range(1, len(classes))])
    order = np.argsort(by_class.sum(axis=1), kind="stable")[:CLASSES]
    weight = np.abs(by_class).sum(axis=0)
    shown = np.flatnonzero(weight >= SHOWN * weight.sum())
    others = np.setdiff1d(np.arange(len(irreps)), shown)
    table = np.column_stack([by_class[:, shown], by_class[:, others].sum(axis=1)])[order]
    return MarginView(
        classes=tuple(group.element_name(int(classes.representatives[1 + k])) for k in order),
        sizes=tuple(int(classes.sizes[1 + k]) for k in order),
        parts=tuple(tuple(round(float(v), 4) for v in row) for row in table),
        irreps=(*(irreps[int(k)].label for k in shown), "other"),
    )
