"""Plans with rule `circles`: around which circles neurons read, and what they write there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rhoset.prove.features import representable
from rhoset.prove.search import Candidate, Search
from rhoset_check.files import Certificate, CircleTensors
from rhoset_check.limits import MOST_ENTRIES
from rhoset_check.near import Array, Ints, Rejected

HARMONICS = {True: (0.75, 1.0, 0.5, 0.0), False: (0.25, 0.0, 0.5, 1.0)}
"""Irreps that neurons write beside what they read, those of most energy first, for each irrep that the network reads;
of abelian groups, and of others. On eight public networks the first costs at most 1.08 times the best."""
WALK = 9e-7
"""Seconds that a look takes for each pair of inputs and circle."""
NOTHING = 1e-9
"""Squares of coordinates of a circle whose sum is no larger are 0."""
QUARTER = np.array([[0.0, -1.0], [1.0, 0.0]])
"""A quarter of a turn."""


@dataclass(frozen=True, eq=False)
class Circles:
    """Which irreps the neurons read, and which of them the neurons of each irrep write."""

    search: Search
    walks: tuple[int, ...]
    """Places of irreps in the spectrum."""
    walk: Ints
    """(m + 1,)."""

    @staticmethod
    def of(search: Search) -> Circles | None:
        """By what each neuron writes most of, which is what it reads. None where one of these has more
        than two dimensions, or the network is no ReLU network."""
        spectrum, network, dominant = search.spectrum, search.subject.network, search.own
        walks = tuple(int(j) for j in np.unique(dominant[dominant >= 0]))
        if network.activation != "relu" or not walks or any(spectrum.irreps[j].dim > 2 for j in walks):
            return None
        return Circles(search, walks, np.append(np.searchsorted(walks, np.maximum(dominant, walks[0])), 0))

    def written(self, more: int) -> list[tuple[int, Ints]]:
        """Irreps, with the neurons that write them: what each walk reads, and so many more in all."""
        spectrum, neurons = self.search.spectrum, dict[int, list[Ints]]()
        small = [j for j, irrep in enumerate(spectrum.irreps) if irrep.dim <= 2 and not irrep.is_trivial]
        mine = [np.flatnonzero(self.walk == number) for number in range(len(self.walks))]
        energy = {
            (w, k): float(spectrum.energy[k, mine[w]].sum()) for w, j in enumerate(self.walks) for k in small if k != j
        }
        strongest = sorted(energy, key=lambda key: -energy[key])[:more]
        for w, k in [*enumerate(self.walks), *strongest]:
            neurons.setdefault(k, []).append(mine[w])
        return [(k, np.concatenate(neurons[k])) for k in sorted(neurons)]

    def turns(self, irrep: int) -> list[Array]:
        """(n, 2, 2) matrices, for each circle: the irrep in a basis whose first vector is where the circle begins.

        But in abelian groups an irrep of two rows has two circles; around the first go its neurons, which read D(x)a.
        """
        network, matrices = self.search.subject.network, self.search.spectrum.irreps[irrep].matrices
        if matrices.shape[1] == 1:
            return [matrices * np.eye(2)]
        if network.group.is_abelian:
            return [matrices]
        basis = np.eye(2)
        if irrep in self.walks:
            left = network.left[:, self.walk[:-1] == self.walks.index(irrep)].astype(np.float64)
            basis = np.linalg.svd(np.tensordot(left, matrices, (0, 0)).reshape(-1, 2))[2].T
        return [matrix.T @ matrices @ matrix for matrix in (basis, basis @ QUARTER)]

    def certificate(self, more: int) -> Certificate:
        """The plan where neurons write so many irreps beside those that they read."""
        subject, group = self.search.subject, self.search.subject.network.group
        unembed, left = subject.model.unembed, subject.model.left["float64"].value
        matrices, writing = list[Array](), list[Array]()
        read, reads = np.full(len(unembed), -1.0), np.zeros(len(unembed), np.intp)
        for k, mine in self.written(more):
            for turns in self.turns(k):
                circle, part = turns[:, :, 0], np.zeros((len(unembed), 2))
                part[mine] = unembed[mine] @ circle / np.maximum(np.square(circle).sum(axis=0), NOTHING)
                here = np.square(circle.T @ left).sum(axis=0) * [k == self.walks[walk] for walk in self.walk]
                reads[here > read] = len(matrices)
                read = np.maximum(read, here)
                matrices.append(representable(turns[np.array(group.generators)]))
                writing.append(part)
        given = CircleTensors(tuple(matrices), representable(np.concatenate(writing, axis=1)), reads)
        return subject.certificate("circles", "circles", given, singles=self.search.singles)


def circles(search: Search) -> list[Candidate]:
    """The plans, one for each number of irreps that neurons write; none where the rule does not apply."""
    irreps, found = search.irreps, list[Candidate]()
    small = sum(irrep.rank for irrep in irreps if irrep.dim <= 2)
    known = Circles.of(search) if 2 * small > search.subject.network.order else None
    if known is None:
        return found
    network = search.subject.network
    parts, seconds = HARMONICS[network.group.is_abelian], WALK * len(known.walks) * network.order**2
    for count in dict.fromkeys(round(more * len(known.walks)) for more in parts):
        if found and not search.may(seconds):
            break
        if 12 * sum(len(known.turns(j)) for j, _ in known.written(count)) * network.order**2 > MOST_ENTRIES:
            continue
        try:
            found.append(search.candidate(f"circles: {count} harmonics", known.certificate(count)))
            search.reckoned += seconds
        except Rejected:
            break
    return found
