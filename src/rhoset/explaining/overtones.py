"""The group's part of what is read: the counterpart for readings of rule 4 of `rhoset.explaining.writing`.

By the reading law left is, up to a scale, the mean over the pairs of φ'(l(x) + r(y)) Σ_z u(z) e(z). Where training saw
all pairs and the error is a class function of z(xy)⁻¹, the inner sum is the neuron's own row u at xy, filtered irrep by
irrep. With

    t_i(x) = mean over y of φ'(l_i(x) + r_i(y)) u_i(xy),

and the same for right, l_i and r_i are Σ_σ q_σ P_σ t_i: one scalar an irrep for the whole network. φ' of ReLU is a
step, and a step along a wave is a series of its *odd* harmonics: so a neuron of frequency f reads 3f too, with the
phase that its own wave gives it. (It writes the even ones, 2f, since ReLU itself has those.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rhoset.explaining.gradients import Array, slopes
from rhoset.explaining.spectrum import own_parts
from rhoset.explaining.writing import filtered
from rhoset.groups import Irrep
from rhoset.networks import Network, Tables

Mask = NDArray[np.bool_]


def mean_read(tables: Tables, network: Network) -> tuple[Array, Array]:
    """(m, n) each: t of left and right for neurons with these (m, n) tables; cost n²m."""
    written = tables.unembed - tables.unembed.mean(axis=1, keepdims=True)
    range_ = np.abs(tables.left).max(axis=1) + np.abs(tables.right).max(axis=1)
    left, right = np.zeros(tables.left.shape), np.zeros(tables.right.shape)
    for x, row in enumerate(network.table):
        fired = slopes(network.activation, (tables.left[:, x, None] + tables.right).T, range_).T * written[:, row]
        left[:, x] = fired.mean(axis=1)
        right += fired
    return left, right / network.order


def off_own(irreps: Sequence[Irrep], dominant: NDArray[np.int32], table: Array) -> Array:
    """(m, n) rows without their means and without their part in the neuron's own irrep."""
    rows = np.asarray(table - table.mean(axis=1, keepdims=True))
    return rows - own_parts(irreps, dominant, rows)


def overtones_read(
    own: Tables, exact: Tables, network: Network, irreps: tuple[Irrep, ...], dominant: NDArray[np.int32]
) -> tuple[Array, Array, Array]:
    """What neurons read off their own irreps, as the group has it.

    Parameters
    ----------
    own
        The network's tables, (m, n), to which the scalars are fitted.
    exact
        Those of the ideal network, from which t is computed; rows of 0 are left out.
    network, irreps, dominant
        Table and activation; the irreps, and (m,) the index of each neuron's own.

    Returns
    -------
    Two (m, n) tables to be added to the ideal left and right, 0 where the neuron is left out, and (r,) the scalars: one
    an irrep, the same for both sides.
    """
    held = np.any(exact.unembed != 0, axis=1)
    return scaled_off_own(own, mean_read(exact, network), irreps, dominant, held)


def scaled_off_own(
    own: Tables, said: tuple[Array, Array], irreps: tuple[Irrep, ...], dominant: NDArray[np.int32], held: Mask
) -> tuple[Array, Array, Array]:
    """The parts off the neurons' own irreps of two (m, n) tables of readings, times the scalars, one an irrep and the
    same for both sides, with which they come nearest to `own`; (r,) the scalars. Rows that are not `held` are 0."""
    means, read = (
        np.concatenate([off_own(irreps, dominant, table) for table in tables])
        for tables in (said, (own.left, own.right))
    )
    both = np.concatenate([held, held])
    found, scalars = filtered(irreps, means, read, both)
    left, right = np.split(found * both[:, None], 2)
    return left, right, scalars
