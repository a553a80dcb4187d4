"""The reading law: at a stationary point of training, what a neuron reads follows from what it writes.

With e(z) = 1[xy = z] − p(z | x, y) on the training pairs, minus the gradient in the table left is

    G(x, i) = mean over the training pairs (x, y) of φ'(l_i(x) + r_i(y)) Σ_z u_i(z) e(z),

and likewise in right. Where training has come to rest:

1. tables that are parameters themselves, decay λ as L2 in the gradient: L = G / λ;
2. L = E W, an embedding times a map, both with that decay: E and W are balanced, EᵀE = WWᵀ = (LᵀL)^{½} up to a
   rotation, and L = G (LᵀL)^{½} / λ: on the neurons' span, G is λ times the polar factor of L;
3. AdamW: E = g / (λ(|g| + ε)) entry by entry with g = GWᵀ, and W likewise with g = EᵀG.

**The kink.** ReLU has no derivative at 0, and training does not avoid the place: with l(x) = ⟨a, p⟩ and r(y) = −⟨a, p'⟩
a neuron is at 0 exactly on the pairs where the points p and p' agree, a fifth of all pairs for five points. There the
weights swing around the kink, and what acts is the mean of the two slopes, ½.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.explaining.gradients import Array, errors, rest, slopes, still_moving
from rhoset.explaining.spectrum import share_held, spectrum
from rhoset.explaining.trained import Recipe, recipe
from rhoset.explaining.writing import LAW_OPERATIONS
from rhoset.groups import irreps
from rhoset.networks import Network, activation
from rhoset.networks.evaluation import tables_of
from rhoset.summaries import Shown

KINK = 0.01
"""A pair is at a neuron's kink when |l + r| is at most this share of max|l| + max|r|. One trained S5 network has 18 %
of its pairs within 0.003, 22.5 % within 0.01 and 22.7 % within 0.1 (seed 1 of `wu2024`)."""

PILED_UP = 1.0
"""Pairs count as at the kink where a neuron has at least this many times as many of them as pairs at distance `KINK` to
five times that; evenly spread pairs have a quarter. Neurons of cyclic and dihedral groups have no pile."""


@dataclass(frozen=True, eq=False, repr=False)
class ReadingLaw(Shown):
    """What the law says that a network reads.

    Attributes
    ----------
    network, recipe
        Of what, and how it was trained.
    live
        (m,) bool: the neurons that are looked at.
    left, right
        (n, m) tables that the law gives, with slope ½ at the kink.
    sharp_left, sharp_right
        The same with slope 0 or 1 everywhere, as the floating-point sign has it.
    kink
        (m,) share of the training pairs at which the neuron is at its kink.
    """

    network: Network
    recipe: Recipe
    live: NDArray[np.bool_]
    left: Array
    right: Array
    sharp_left: Array
    sharp_right: Array
    kink: Array

    def shares(self) -> dict[str, float]:
        """Shares 1 − ‖table − said‖² / ‖table‖² over the live neurons, and the mean share of pairs at the kink."""
        of = self.network
        return {
            "left": self._share(of.left, self.left),
            "right": self._share(of.right, self.right),
            "sharp_left": self._share(of.left, self.sharp_left),
            "sharp_right": self._share(of.right, self.sharp_right),
            "kink": float(self.kink[self.live].mean()) if self.live.any() else 0.0,
        }

    def _share(self, table: NDArray[Any], said: Array) -> float:
        return share_held(table.astype(np.float64)[:, self.live], said[:, self.live])


@public
def reading_law(network: Network, split: Any = None, *, before: Network | None = None) -> ReadingLaw | None:
    """What each neuron must read, given what all write and which pairs training saw.

    Parameters
    ----------
    network
        A network whose metadata say how it was trained, see `recipe`.
    split
        Its training pairs, where they are others than the metadata say.
    before
        An earlier network of the same training. Where AdamW trains left and right themselves and they do not rest yet,
        what they moved by since is taken off, as in rule 2 of `rhoset.explaining.writing`.

    Returns
    -------
    ReadingLaw or None
        None where optimiser, decay or parametrisation are not known; where AdamW trained factors that the network does
        not hold; and where 2n³m multiply-adds are more than `rhoset.explaining.writing.LAW_OPERATIONS`.

    Raises
    ------
    RhosetError
        As `recipe` and `Network.group`.
    """
    trained = recipe(network, split)
    if trained is None or not _speaks(network, trained):
        return None
    slopes, sharp, kink = _slopes(network, trained.pairs)
    live = spectrum(network, tuple(irreps(network.group))).energy.live
    sides = zip(("left", "right") * 2, (*slopes, *sharp), strict=True)
    said = [_side(network, trained, side, slope) for side, slope in sides]
    weight = None if before is None or trained.architecture != "folded" else still_moving(network, before, trained)
    if before is not None and weight is not None:
        past = [slope for kind in _slopes(before, trained.pairs)[:2] for slope in kind]
        for k, side in enumerate(("left", "right") * 2):
            moved = np.asarray(getattr(network, side), dtype=np.float64) - getattr(before, side)
            said[k] = (said[k] + _side(before, trained, side, past[k])) / 2 - (weight - 0.5) * moved
    return ReadingLaw(network, trained, live, said[0], said[1], said[2], said[3], kink)


def read_by_pairs(network: Network, trained: Recipe) -> tuple[Array, Array] | None:
    """(n, m) each: left and right as the training pairs have them, with slope ½ at the kink.

    As `reading_law`, but where AdamW trained factors only the embedding is what rule 3 gives, its map the network's
    own: the product of two tables that both are off by a little is off by more. None where the law says nothing.
    """
    if not _speaks(network, trained):
        return None
    blunt, _, _ = _slopes(network, trained.pairs)
    if trained.architecture == "folded" or trained.optimizer != "adamw":
        return _side(network, trained, "left", blunt[0]), _side(network, trained, "right", blunt[1])
    read = []
    for side, slope in zip(("left", "right"), blunt, strict=True):
        hidden = np.asarray(network.factors[f"hidden_{side}"], dtype=np.float64)
        embed = rest(slope @ hidden.T, trained)
        if embed is None:
            return None
        read.append(np.asarray(embed @ hidden))
    return read[0], read[1]


def _speaks(network: Network, trained: Recipe) -> bool:
    """Whether the law can say something of a network, and for a cost that is allowed."""
    known = bool(trained.architecture) and trained.cubic == 0 and trained.decay > 0
    factored = trained.architecture == "factored"
    held = not (factored and trained.optimizer == "adamw") or bool(network.factors)
    return known and held and 2 * network.order**3 * network.width <= LAW_OPERATIONS


def _side(network: Network, trained: Recipe, side: str, slope: Array) -> Array:
    """(n, m) the table at rest by rules 1 to 3."""
    if trained.architecture == "folded":
        found = rest(slope, trained)
        return slope if found is None else found
    if trained.optimizer == "adamw":
        embed, hidden = (
            np.asarray(network.factors[f"{part}_{side}"], dtype=np.float64) for part in ("embed", "hidden")
        )
        first, second = rest(slope @ hidden.T, trained), rest(embed.T @ slope, trained)
        return slope if first is None or second is None else np.asarray(first @ second)
    _, sizes, axes = np.linalg.svd(np.asarray(getattr(network, side), dtype=np.float64), full_matrices=False)
    return np.asarray(slope @ (axes.T * sizes) @ axes / trained.decay)


def _slopes(network: Network, pairs: NDArray[np.bool_]) -> tuple[tuple[Array, Array], tuple[Array, Array], Array]:
    """Minus the gradients in left and right, (n, m) each, with slope ½ at the kink and without; (m,) kinks' shares."""
    phi, relu = activation(network.activation), network.activation == "relu"
    left, right, unembed, bias = tables_of(network, np.float64)
    range_ = np.abs(left).max(axis=0) + np.abs(right).max(axis=0)
    near, wide = _at_the_kink(left, right, pairs, range_)
    piled = relu & (near > PILED_UP * wide)
    count = int(pairs.sum())
    blunt, sharp = np.zeros((2, *left.shape)), np.zeros((2, *left.shape))
    for x in np.flatnonzero(pairs.any(axis=1)):
        y = np.flatnonzero(pairs[x])
        before = left[x] + right[y]
        back = errors(phi(before) @ unembed + bias, network.table[x, y]) @ unembed.T
        slope = slopes(network.activation, before, range_)
        half = np.where(piled & (np.abs(before) <= KINK * range_), 0.5, slope)
        for total, factor in ((sharp, slope), (blunt, half)):
            part = back * factor
            total[0, x] += part.sum(axis=0)
            total[1, y] += part
    blunt, sharp = blunt / count, sharp / count
    return (blunt[0], blunt[1]), (sharp[0], sharp[1]), np.where(piled, near, 0.0)


def _at_the_kink(left: Array, right: Array, pairs: NDArray[np.bool_], range_: Array) -> tuple[Array, Array]:
    """(m,) shares of the pairs with |l + r| within `KINK`, and from there to five times that; cost n²m."""
    near, wide = np.zeros(left.shape[1]), np.zeros(left.shape[1])
    for x, row in enumerate(pairs):
        distance = np.abs(left[x] + right[row])
        inside = distance <= KINK * range_
        near += inside.sum(axis=0)
        wide += ((distance <= 5 * KINK * range_) & ~inside).sum(axis=0)
    return near / int(pairs.sum()), wide / int(pairs.sum())
