"""Rule `coset`: cosets alone, no output evaluated (COSET.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rhoset_check.files import Tensors
from rhoset_check.group import permutation_action
from rhoset_check.near import LOST, UNIT, Array, Ints, Near, gamma, require, up
from rhoset_check.network import Model
from rhoset_check_baselines.judging import MOST_ENTRIES, Head, read_head

MOST_SETS, ROWS = 512, 256
"""Sets of a certificate; right answers whose margins are formed at a time (memory, not meaning)."""


@dataclass(frozen=True)
class CosetCertificate:
    """Everything that the certificate says, decoded: G-sets, and the neurons that read cosets."""

    head: Head
    actions: tuple[Ints, ...]
    """(generators, points) each: permutations by which the generators act."""
    neurons: Ints
    sets: Ints
    left: Ints
    right: Ints

    def rule(self, model: Model) -> CosetRule:
        """The rule for one network."""
        return CosetRule(self, model)


def read_coset(path: Path, n: int, m: int) -> CosetCertificate:
    """Decode a certificate for n elements and m neurons; shapes and sizes before any tensor is loaded."""
    file = Tensors(path, "certificate")
    head = read_head(file, "coset", {"sets": (int,)}, n)
    count, r, k = head.plan["sets"], len(head.generators), file.length("neurons", 0)
    require(count <= MOST_SETS, f"plan: at most {MOST_SETS} sets")
    sizes = [file.length(f"set{j}.left", 1) for j in range(count)]
    require(all(sizes) and n * sum(sizes) <= MOST_ENTRIES, "a set is missing, or sets are too large")
    actions = tuple(file.indices(f"set{j}.left", q, r, q) for j, q in enumerate(sizes))
    neurons, sets = file.indices("neurons", m, k), file.indices("sets", max(count, 1), k)
    require(count or not k, "neurons: there is no set")
    most = np.array([*sizes, 1])[sets]
    require((most.astype(np.float64) ** 2).sum() <= MOST_ENTRIES, "the neurons' sets are too large")
    points = [file.indices(name, max([*sizes, 1]), k) for name in ("left", "right")]
    require(all((p < most).all() for p in points), "left, right: no such point of the set")
    require(len(np.unique(neurons)) == k, "a neuron has two entries")
    return CosetCertificate(head, actions, neurons, sets, *points)


@dataclass(frozen=True)
class _Circuit:
    """Neurons of one coset: `inside` is {z : z·d = b}; what they take off inside at least and at most."""

    inside: Array
    on: float
    off: float


class CosetRule:
    """The ideal network, and its margin for every right answer, once."""

    def __init__(self, certificate: CosetCertificate, model: Model) -> None:
        require(model.activation in ("relu", "abs", "square"), "rule coset is for relu, abs and square")
        n, m = model.order, model.width - 1
        self.model = model
        self.left, self.right = np.zeros((n, m)), np.zeros((n, m))
        stored = model.unembed
        self.ideal = stored[:-1].copy()
        actions = [permutation_action(model.group, images, f"set{j}") for j, images in enumerate(certificate.actions)]
        circuits, tables = [], 0
        places = np.stack([certificate.sets, certificate.left, certificate.right], axis=1)
        for j, b, d in np.unique(places, axis=0):
            neurons = certificate.neurons[(places == (j, b, d)).all(axis=1)]
            circuits.append(self._circuit(actions[j], int(b), int(d), neurons))
            tables += actions[j].shape[1] ** 2 * len(neurons)
        self.readings = Near.exact(self.left), Near.exact(self.right)
        self.longest = float(up(np.sqrt(up(np.square(stored[:-1]).sum(axis=0)).max())))
        away = up(np.abs(stored[:-1] - self.ideal) * (1 + 2 * UNIT["float64"]) + LOST["float64"])
        self.apart = float(up(np.sqrt(up(np.square(away).sum(axis=0)).max())))
        self.least = self._margins(circuits, stored[-1])
        self.margin = float(self.least.max())
        self.operations = 4 * n * n * m + 2 * n * n * len(circuits) + tables

    def _circuit(self, action: Ints, b: int, d: int, neurons: Ints) -> _Circuit:
        """Means of readings over cosets and of unembed inside and outside; the two numbers of a circuit."""
        group, q, unembed = self.model.group, action.shape[1], self.model.unembed
        at_x, at_y, inside = action[group.inverse, b], action[:, d], action[:, d] == b
        alpha, reading = (
            _means(side["float64"].value[:, neurons], at, q)
            for side, at in ((self.model.left, at_x), (self.model.right, at_y))
        )
        self.left[:, neurons], self.right[:, neurons] = alpha[at_x], reading[at_y]
        within, beyond = _means(unembed[neurons].T, np.where(inside, 0, 1), 2)  # of no outputs: 0
        within = np.minimum(within, beyond)
        self.ideal[neurons] = np.where(inside, within[:, None], beyond[:, None])
        c, other = (index.reshape(-1) for index in np.divmod(np.arange(q * q), q))
        heights = (Near.exact(alpha).rows(c) + Near.exact(reading).rows(other)).activate(self.model.activation)
        drop = beyond - within
        slack = UNIT["float64"] * float(np.abs(drop).max()) + LOST["float64"]
        taken = heights.times(drop[:, None], slack)
        least, most = taken.lower[:, 0], -replace(taken, value=-taken.value).lower[:, 0]
        on = float(least[c != other].min(initial=np.inf)) if q > 1 else 0.0
        return _Circuit(inside.astype(np.float64), max(on, 0.0), float(most[c == other].max()))

    def _margins(self, circuits: list[_Circuit], bias: Array) -> Array:
        """(n,) lower bounds of the ideal network's least margin where the right answer is z."""
        n, least = self.model.order, np.empty(self.model.order)
        inside = np.stack([np.zeros(n), *(c.inside for c in circuits)])
        on, off = (np.array([0.0, *(getattr(c, name) for c in circuits)]) for name in ("on", "off"))
        size = 2 * np.abs(bias).max() + float(up(on.sum() + np.abs(off).sum()))
        error = up(gamma(2 * len(on) + 8, "float64") * size + LOST["float64"] * len(on))
        for start in range(0, n, ROWS):
            own, rows = inside[:, start : start + ROWS].T, np.arange(start, min(n, start + ROWS))
            margins = bias[rows, None] - bias + ((1 - own) * on) @ inside - (own * off) @ (1 - inside)
            margins[rows - start, rows] = np.inf
            least[rows] = margins.min(axis=1) - error
        return least

    def bounds(self, x: Ints, y: Ints) -> tuple[Array, Array]:
        """(pairs,): lower bounds of the least margin, and upper bounds of a margin's distance from the ideal one."""
        hidden = self.model.hidden(x, y, "float64").columns(slice(0, -1))
        held = (self.readings[0].rows(x) + self.readings[1].rows(y)).activate(self.model.activation)
        rest = (hidden - held).length()
        distance = up(2 * up(self.longest * rest + self.apart * held.length()))
        margin = self.least[self.model.products(x, y)]
        return margin - distance - up(gamma(3, "float64") * (np.abs(margin) + distance)), distance


def _means(values: Array, label: Ints, count: int) -> Array:
    """(points, neurons) the mean over each fibre, 0 where it is empty."""
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, label, values)
    found: Array = sums / np.maximum(np.bincount(label, minlength=count), 1)[:, None]
    return found
