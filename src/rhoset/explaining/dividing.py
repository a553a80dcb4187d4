"""How irreps divide the outputs: which wrong answers each tells from the right one, on average and on every pair.

The margin of a pair (x, y) against the output xwy is a sum over the neurons, so over the irreps that they live in:

    f(xy) − f(xwy) = Σ_ρ M_ρ(w; x, y) + the bias's part.

A bi-equivariant network has M_ρ(w) alone. What a trained one has beyond its mean over the pairs, K_ρ(w), is the error
of its circuits (uneven, partial, or a quadrature with few nodes). A bound that adds up the irreps knows the worst of
each; here stands whether that can be enough:

    least of Σ_ρ K_ρ  ≥  least of the true margin  ≥  least over w of Σ_ρ min over (x, y) of M_ρ(w; x, y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhoset.arguments import public
from rhoset.errors import RhosetError
from rhoset.explaining.explanation import Explanation
from rhoset.explaining.gradients import Array
from rhoset.groups.transform import at_translates
from rhoset.networks import activation
from rhoset.networks.evaluation import tables_of
from rhoset.summaries import Shown

DIVISION_OPERATIONS = 2e11
"""Multiply-adds and additions that may be spent, a few seconds to a minute; larger networks are refused."""


NEEDED = 0.05
"""A class of outputs needs a part when the others' mean margin against it is at most this share of the whole."""


@dataclass(frozen=True)
class ClassMargins:
    """Margins against the outputs xwy with w in one conjugacy class.

    Attributes
    ----------
    representative, element
        An element of the class, and its name.
    size
        Elements of the class.
    mean, least
        By part: over the pairs and the class.
    total_mean, total_least
        Of the network's margins.
    needs
        The parts without which hardly a mean margin would be left, see `NEEDED`.
    """

    representative: int
    element: str
    size: int
    mean: tuple[float, ...]
    least: tuple[float, ...]
    total_mean: float
    total_least: float
    needs: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Division(Shown):
    """Margins against every w = x⁻¹zy⁻¹, split by the irrep of the neurons.

    Attributes
    ----------
    parts
        Labels of the irreps that dominate a live neuron, strongest first, then ``"the rest"``: bias and dead neurons.
    mean, least
        (parts, n): K_ρ(w), and the least M_ρ(w; x, y) over the pairs; 0 at w = e.
    joint
        (n,) least true margin against w over the pairs.
    identity
        Index of e.
    classes
        The margins by conjugacy class, without that of e.
    settled
        Shares of the pairs on which margins that are added up per pair are enough: ``by_part``, each part known by its
        least margin over all outputs; ``by_class``, by its least over each conjugacy class of w. No bound that knows
        less of the outputs than this can settle more.
    """

    parts: tuple[str, ...]
    mean: Array
    least: Array
    joint: Array
    identity: int
    classes: tuple[ClassMargins, ...]
    settled: dict[str, float]

    def __repr__(self) -> str:
        said = ", ".join(f"{name} {value:.2f}" for name, value in self.summary().items())
        return f"Division({', '.join(self.parts)}: {said})"

    def summary(self) -> dict[str, float]:
        """Least margins over w ≠ e: ``mean`` of Σ K_ρ, ``joint`` of the network, ``apart`` when the worst of each part
        is taken for each w, ``coarse`` when the part's worst over all w is; and ``error``, ``errors`` the largest
        deviation from the mean, of the whole and of the parts added up."""
        others = np.delete(np.arange(self.mean.shape[1]), self.identity)
        mean, least, joint = self.mean[:, others], self.least[:, others], self.joint[others]
        errors = (mean - least).max(axis=1, initial=0.0)
        ideal = float(mean.sum(axis=0).min(initial=np.inf))  # no other output: nothing can be wrong
        return {
            "mean": ideal,
            "joint": float(joint.min(initial=np.inf)),
            "apart": float(least.sum(axis=0).min(initial=np.inf)),
            "coarse": ideal - float(errors.sum()),
            "error": float((mean.sum(axis=0) - joint).max(initial=0.0)),
            "errors": float(errors.sum()),
        }


@public
def division(explanation: Explanation) -> Division:
    """Which outputs each irrep of a network tells from the right one.

    Parameters
    ----------
    explanation
        Of `rhoset.explaining.explain`.

    Raises
    ------
    RhosetError
        The network is too large: n³(m + parts) above `DIVISION_OPERATIONS` (slug ``division-too-large``).

    Notes
    -----
    Cost n³m for the logits and n³ additions for each part, memory n² parts: S5 of width 128 0.3 s.

    Examples
    --------
    >>> import rhoset as rs
    >>> network = rs.construct("S4", ["[3,1]", "sign"], seed=1).network
    >>> found = division(rs.explain(network))
    >>> round(found.summary()["errors"], 6)
    0.0
    """
    network, energy = explanation.network, explanation.energy
    group, n = network.group, network.order
    kept = sorted(set(energy.dominant[energy.live].tolist()), key=lambda k: -energy.by_irrep()[k])
    if float(n) ** 3 * (network.width + len(kept) + 2) > DIVISION_OPERATIONS:
        raise RhosetError(
            f"division of {network!r}: n³(m + parts) is more than {DIVISION_OPERATIONS:.0g}; a network of fewer"
            " elements or neurons is needed",
            slug="division-too-large",
        )
    neurons = [energy.neurons_of(k) for k in kept]
    neurons.append(np.flatnonzero(~energy.live))
    phi, table = activation(network.activation), network.table
    left, right, unembed, bias = tables_of(network, np.float64)
    total, least = np.zeros((len(neurons), n)), np.full((len(neurons), n), np.inf)
    joint = np.full(n, np.inf)
    rows, labels = np.arange(n), group.classes.labels
    by_class = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[by_class], prepend=-1))
    others = np.arange(len(starts)) != labels[group.identity]
    settled = {"by_part": 0, "by_class": 0}
    for x in rows:
        hidden = phi(left[x] + right)
        logits = np.stack([hidden[:, chosen] @ unembed[chosen] for chosen in neurons])
        logits[-1] += bias
        moved = at_translates(logits, table, x, rows)
        margins = moved[:, :, group.identity, None] - moved  # [part, y, w]
        total += margins.sum(axis=1)
        np.minimum(least, margins.min(axis=1), out=least)
        whole = margins.sum(axis=0)
        worst = np.minimum.reduceat(margins[:, :, by_class], starts, axis=2)[..., others]
        np.minimum(joint, whole.min(axis=0), out=joint)
        settled["by_part"] += int((worst.min(axis=2, initial=np.inf).sum(axis=0) > 0).sum())
        settled["by_class"] += int((worst.sum(axis=0).min(axis=1, initial=np.inf) > 0).sum())
    parts = (*(explanation.irreps[k].label for k in kept), "the rest")
    mean = total / n**2
    classes = _classes(explanation, parts, mean, least, joint)
    return Division(parts, mean, least, joint, int(group.identity), classes, {k: v / n**2 for k, v in settled.items()})


def _classes(
    explanation: Explanation, parts: tuple[str, ...], mean: Array, least: Array, joint: Array
) -> tuple[ClassMargins, ...]:
    group = explanation.network.group
    labels: NDArray[np.int32] = group.classes.labels
    found = []
    for k, representative in enumerate(group.classes.representatives.tolist()):
        if representative == group.identity:
            continue
        inside = labels == k
        means = mean[:, inside].mean(axis=1)
        whole = float(means.sum())
        names = group.element_names
        found.append(
            ClassMargins(
                representative=representative,
                element=names[representative] if names else str(representative),
                size=int(inside.sum()),
                mean=tuple(means.tolist()),
                least=tuple(least[:, inside].min(axis=1).tolist()),
                total_mean=whole,
                total_least=float(joint[inside].min()),
                needs=tuple(
                    part for part, value in zip(parts, means.tolist(), strict=True) if whole - value <= NEEDED * whole
                ),
            )
        )
    return tuple(found)
