"""How nearly a network is equivariant in each argument, left and right apart.

The logits, centred over the outputs, are split into the mean over a symmetry and the rest:

    left   f(gz | gx, y) = f(z | x, y): what depends on x⁻¹z and y alone;
    right  f(zh | x, yh) = f(z | x, y): what depends on x and zy⁻¹ alone;
    both   what depends on w = x⁻¹zy⁻¹ alone (bi-equivariance);
    class  what depends on the conjugacy class of w alone.

Each share is the energy of that mean over the energy of all centred logits: 1 says that the symmetry is exact. Measured
of the function itself, with no explanation in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.groups import coset_means
from rhoset.groups.transform import at_translates
from rhoset.networks import Network, activation
from rhoset.networks.evaluation import tables_of
from rhoset.summaries import Shown

EQUIVARIANCE_OPERATIONS = 2e12
"""Multiply-adds (n³m) that the logits may take, about two minutes; larger networks are refused."""


@dataclass(frozen=True, eq=False, repr=False)
class Equivariance(Shown):
    """Shares of the centred logits' energy that symmetries keep.

    Attributes
    ----------
    left, right, both, by_class
        In [0, 1]; both ≤ left, right and by_class ≤ both.
    margin
        κ(e) − max κ(w) over w ≠ e of the bi-equivariant part κ(w): its margin on every pair.
    kernel
        (n,) κ(w).
    """

    left: float
    right: float
    both: float
    by_class: float
    margin: float
    kernel: NDArray[np.float64]


@public
def equivariance(network: Network) -> Equivariance:
    """Shares of the logits that are equivariant in the left argument, the right one, both; by class.

    Raises RhosetError where the table is no group's, or n³m is more than `EQUIVARIANCE_OPERATIONS` (slug
    ``equivariance-too-large``). Cost n³m multiply-adds and 4n³ additions, memory 2n²: S5 of width 128 0.1 s.

    Examples
    --------
    >>> import rhoset as rs
    >>> found = equivariance(rs.construct("S4", ["[3,1]"], seed=1).network)
    >>> round(found.both, 6)
    1.0
    """
    group, n = network.group, network.order
    if float(n) ** 3 * network.width > EQUIVARIANCE_OPERATIONS:
        raise RhosetError(
            f"equivariance of {network!r}: n³m is more than {EQUIVARIANCE_OPERATIONS:.0g}; a network of fewer elements"
            " or neurons is needed",
            slug="equivariance-too-large",
        )
    phi, table = activation(network.activation), group.table
    left, right, unembed, bias = tables_of(network, np.float64)
    unembed, bias = unembed - unembed.mean(axis=1, keepdims=True), bias - bias.mean()
    rows = np.arange(n)
    total, by_right = 0.0, 0.0
    of_left = np.zeros((n, n))  # [y, v], v = x⁻¹z
    for x in rows:
        logits = phi(left[x] + right) @ unembed + bias
        total += float((logits**2).sum())
        of_left += logits[:, table[x]]
        # z = vy: what depends on x and v
        of_right = logits[rows[None, :], table].mean(axis=1)
        by_right += n * float((of_right**2).sum())
    of_left /= n
    kernel = at_translates(of_left, table, group.identity, rows).mean(axis=0)
    labels = group.classes.labels
    by_class = coset_means(kernel[None], labels)[0]
    size = total if total > 0 else np.inf
    others = np.delete(kernel, group.identity)
    return Equivariance(
        left=n * float((of_left**2).sum()) / size,
        right=by_right / size,
        both=n**2 * float((kernel**2).sum()) / size,
        by_class=n**2 * float((by_class[labels] ** 2).sum()) / size,
        margin=float(kernel[group.identity] - others.max(initial=-np.inf)),
        kernel=kernel,
    )
